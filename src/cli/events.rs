//! Which events a command goes through, and in which portions.

use gpuana::run::RunOptions;

#[derive(clap::Args)]
pub(crate) struct EventArgs {
    /// Events a batch; no result depends on it [default: as many as suit the backend, about
    /// 200,000 at most]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) chunk_events: Option<u64>,
    /// Memory to stay within, as 512MB or 2GiB: events are taken in batches that
    /// fit, however large the files are [default: 2GB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<u64>,
    /// Stop after this many events (of each sample, if there are samples)
    #[arg(long, value_name = "N")]
    events: Option<u64>,
}

impl EventArgs {
    /// How to go through the events.
    pub(crate) fn options(&self) -> RunOptions {
        RunOptions {
            chunk_events: self.chunk_events,
            memory: self.memory,
            max_events: self.events,
            skip_bad_files: false,
        }
    }
}

/// Bytes of a text like `512MB`, `1.5 GiB` or `800000000`.
fn size(text: &str) -> std::result::Result<u64, String> {
    let letters = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(letters);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1u64,
        "k" | "kb" => 1000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err("units are kB, MB, GB, KiB, MiB and GiB".to_owned()),
    };
    let number: f64 = number.trim().parse().map_err(|_| "a number and a unit, as 512MB")?;
    let bytes = number * factor as f64;
    let range = 1e6..1e15;
    range.contains(&bytes).then_some(bytes as u64).ok_or("1 MB at least".to_owned())
}
