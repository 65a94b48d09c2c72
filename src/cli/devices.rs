//! `gpuana devices`: which GPUs there are, and which one `auto` takes.

use super::fail::Result;
use super::stdout;
use gpuana::backend::gpu::{AdapterReport, Choice, Gpu, adapters};
use gpuana::report::number::bytes;
use gpuana::report::text_table::{Style, Table};
use serde_json::{Value, json};

#[derive(clap::Args)]
#[command(after_help = "\
Each device is opened and computes a small test; one that deviates in a single bit is not used.

Example:
  gpuana devices")]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A device, and how it computes exactly, or why it does not.
struct Tested {
    adapter: AdapterReport,
    mode: std::result::Result<String, String>,
}

/// Prints the devices.
pub(crate) fn run(args: &Args) -> Result {
    let tested: Vec<Tested> =
        adapters().into_iter().enumerate().map(|(i, adapter)| test(i, adapter)).collect();
    let text = if args.json {
        format!("{:#}\n", tested.iter().map(to_json).collect::<Value>())
    } else {
        to_text(&tested, stdout::stdout_style())
    };
    stdout::print(&text)?;
    Ok(())
}

fn test(position: usize, adapter: AdapterReport) -> Tested {
    let choice = Choice { adapter: Some(position.to_string()), mode: None };
    let mode = Gpu::open(&choice).map(|gpu| gpu.mode().to_string()).map_err(|e| e.to_string());
    Tested { adapter, mode }
}

/// The position of the device that `--backend auto` takes.
fn auto(tested: &[Tested]) -> Option<usize> {
    tested.first().filter(|t| t.adapter.is_hardware() && t.mode.is_ok()).map(|_| 0)
}

fn to_text(tested: &[Tested], style: Style) -> String {
    if tested.is_empty() {
        return "no GPU, and no software one: install a Vulkan driver (Mesa's runs on any CPU); \
                --backend cpu always works\n"
            .to_owned();
    }
    let mut table = Table::new(["", "device", "kind", "by", "driver", "buffers", "exact"])
        .left(&[1, 2, 3, 4, 6]);
    for (i, t) in tested.iter().enumerate() {
        let a = &t.adapter;
        let exact = t.mode.as_deref().unwrap_or("no").to_owned();
        let (kind, size) = (a.kind.to_string(), bytes(a.largest_buffer));
        table.row([
            i.to_string(),
            a.name.clone(),
            kind,
            a.backend.clone(),
            a.driver.clone(),
            size,
            exact,
        ]);
    }
    let mut text = table.render(style);
    for t in tested {
        if let Err(why) = &t.mode {
            text.push_str(&style.warn(&format!("{}: {why}\n", t.adapter.name)));
        }
    }
    let taken = match auto(tested) {
        Some(i) => format!("device {i}"),
        None => "the CPU".to_owned(),
    };
    text.push_str(&style.dim(&format!("--backend auto takes {taken}")));
    text + "\n"
}

fn to_json(tested: &Tested) -> Value {
    let a = &tested.adapter;
    json!({
        "name": a.name,
        "kind": a.kind.to_string(),
        "backend": a.backend,
        "driver": a.driver,
        "largest_buffer": a.largest_buffer,
        "timestamps": a.timestamps,
        "exact": tested.mode.as_ref().ok(),
        "deviates": tested.mode.as_ref().err(),
    })
}
