//! `gpuana explain --event`: where an event is, and what the analysis makes of it.

use super::check::defined;
use super::elements::Event;
use super::fail::Result;
use gpuana::analysis::{Compiled, RegionInfo, Watch, Watched};
use gpuana::batch::{Batch, Request, RequestedColumn, Values};
use gpuana::diag::nearest;
use gpuana::error::{Error, ErrorKind};
use gpuana::read::Source;
use gpuana::report::number::counted;
use gpuana::report::text_table::{Style, Table};
use gpuana::run::RunOptions;
use gpuana::samples::Sample;
use gpuana::session::Bound;
use std::cmp::Ordering;
use std::fmt::Write;

/// The branches by which an event is known everywhere.
const IDENTITY: [&str; 3] = ["run", "luminosityBlock", "event"];

/// Events that are looked through at once.
const PORTION: u64 = 100_000;

/// An event as a user names it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    /// Its number over all files, from 0.
    Entry(u64),
    /// Run, luminosity section and number.
    Identity([u64; 3]),
}

impl std::str::FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Which, String> {
        let numbers: Option<Vec<u64>> = text.split(':').map(|n| n.trim().parse().ok()).collect();
        match numbers.as_deref() {
            Some([entry]) => Ok(Which::Entry(*entry)),
            Some([run, lumi, event]) => Ok(Which::Identity([*run, *lumi, *event])),
            _ => Err("an event is its number, as `17`, or RUN:LUMI:EVENT".to_owned()),
        }
    }
}

/// The samples to look at: that of a name, or all; one that is none without samples.
pub(crate) fn chosen<'a>(bound: &'a Bound, name: Option<&str>) -> Result<Vec<Option<&'a Sample>>> {
    let all = bound.samples();
    let Some(name) = name else {
        let some = all.iter().map(Some);
        return Ok(if all.is_empty() { vec![None] } else { some.collect() });
    };
    if let Some(sample) = all.iter().find(|sample| sample.name == name) {
        return Ok(vec![Some(sample)]);
    }
    let names: Vec<&str> = all.iter().map(|sample| sample.name.as_str()).collect();
    let near = nearest(name, names.iter().copied());
    let next = match (near, names.is_empty()) {
        (_, true) => "the analysis has none".to_owned(),
        (Some(near), _) => format!("did you mean `{near}`? There are {}", names.join(", ")),
        (None, _) => format!("there are {}", names.join(", ")),
    };
    Err(usage(format!("--sample {name}: there is no such sample; {next}")))
}

fn usage(message: String) -> super::fail::Failure {
    Error::new(ErrorKind::Usage, message).into()
}

/// All that there is to say about one event of these samples.
pub(crate) fn explained(
    bound: &Bound,
    samples: &[Option<&Sample>],
    which: &Which,
    style: Style,
) -> Result<String> {
    let (mut passed, mut unnamed) = (0, None);
    for sample in samples {
        let inputs = bound.inputs_of_one(*sample);
        let schema = bound.schema(&inputs, &RunOptions::default())?;
        for path in inputs.files() {
            let source = inputs.open(path)?;
            let events = source.schema().events;
            let entry = match which {
                Which::Entry(entry) => entry.checked_sub(passed).filter(|left| *left < events),
                Which::Identity(wanted) => match lacking(source.as_ref()) {
                    None => sought(source.as_ref(), *wanted)?,
                    Some(name) => {
                        unnamed = Some(format!("{} has no branch {name}", path.display()));
                        None
                    }
                },
            };
            if let Some(entry) = entry {
                let compiled = bound.compile_watched(&schema, *sample)?;
                let batch = source.columns(&compiled.plan.request)?.read(entry..entry + 1)?;
                let place = place(source.as_ref(), *sample, entry)?;
                return Shown { compiled: &compiled, style }.event(&place, batch);
            }
            passed += events;
        }
    }
    let of = match samples {
        [Some(sample)] => format!("the sample {}", sample.name),
        _ => "the input".to_owned(),
    };
    let events = counted(passed, "event");
    Err(usage(match which {
        Which::Entry(entry) => {
            format!("--event {entry}: {of} has {events}, counted from 0")
        }
        Which::Identity([run, lumi, event]) => {
            let but = unnamed.map(|why| format!(", as far as they have names: {why}"));
            let but = but.unwrap_or_default();
            format!("--event {run}:{lumi}:{event}: it is none of the {events} of {of}{but}")
        }
    }))
}

/// `Event 17 of a.root, sample ttbar: run 1, luminosity section 2, event 3`.
fn place(source: &dyn Source, sample: Option<&Sample>, entry: u64) -> Result<String> {
    let mut text = format!("Event {entry} of {}", source.identity().path);
    if let Some(sample) = sample {
        let _ = write!(text, ", sample {}", sample.name);
    }
    if lacking(source).is_none() {
        let batch = identities(source, entry..entry + 1)?;
        let [run, lumi, event] = [0, 1, 2].map(|k| whole(&batch.columns[k], 0));
        let _ = write!(text, ": run {run}, luminosity section {lumi}, event {event}");
    }
    Ok(text)
}

fn identities(source: &dyn Source, events: std::ops::Range<u64>) -> Result<Batch> {
    let column = |name: &str| RequestedColumn { branch: name.to_owned(), counter: None };
    let request = Request { columns: IDENTITY.map(column).to_vec(), ..Request::default() };
    Ok(source.columns(&request)?.read(events)?)
}

/// An integer of a column as the file has it.
fn whole(values: &Values, at: usize) -> u64 {
    match values {
        Values::I32(v) => v[at] as u64,
        Values::I64(v) => v[at] as u64,
        _ => 0,
    }
}

/// The first branch that names events and that a file has not.
fn lacking(source: &dyn Source) -> Option<&'static str> {
    IDENTITY.into_iter().find(|name| source.schema().branch(name).is_none())
}

/// Where in a file the event of this run, luminosity section and number is.
fn sought(source: &dyn Source, wanted: [u64; 3]) -> Result<Option<u64>> {
    let events = source.schema().events;
    let mut start = 0;
    while start < events {
        let end = events.min(start + PORTION);
        let batch = identities(source, start..end)?;
        let is = |at: &usize| (0..3).all(|k| whole(&batch.columns[k], *at) == wanted[k]);
        if let Some(at) = (0..batch.events).find(is) {
            return Ok(Some(start + at as u64));
        }
        start = end;
    }
    Ok(None)
}

/// What is shown of an analysis.
struct Shown<'a> {
    compiled: &'a Compiled,
    style: Style,
}

impl Shown<'_> {
    /// Stored values, definitions, then region by region the cuts, then weights.
    fn event(&self, place: &str, batch: Batch) -> Result<String> {
        let mut text = format!("{}\n", self.style.bold(place));
        for table in super::elements::stored(&self.compiled.plan, &batch) {
            let _ = write!(text, "\n{}", table.render(self.style));
        }
        let mut event = Event::new(&self.compiled.plan, batch);
        let of = |kind| self.compiled.watches.iter().filter(move |watch| watch.kind == kind);
        let definitions: Vec<_> =
            defined(self.compiled).map(|watch| (watch.name.clone(), watch)).collect();
        text.push_str(&self.values("Definition", &definitions, &mut event)?);
        for region in self.compiled.regions.iter().filter(|r| !r.cuts.is_empty()) {
            text.push_str(&self.region(region, &mut event)?);
        }
        let weights: Vec<_> =
            of(Watched::Weight).map(|watch| (format!("of region {}", watch.name), watch)).collect();
        text.push_str(&self.values("Weight", &weights, &mut event)?);
        Ok(text)
    }

    /// A table of named values; nothing if there are none.
    fn values(
        &self,
        title: &str,
        watches: &[(String, &Watch)],
        event: &mut Event,
    ) -> Result<String> {
        if watches.is_empty() {
            return Ok(String::new());
        }
        let mut table = Table::new([title, "value", "is"]).left(&[1, 2]);
        for (name, watch) in watches {
            let value = event.text(watch.value, watch.valid)?;
            table.row([format!("  {name}"), value, watch.source.clone()]);
        }
        Ok(format!("\n{}", table.render(self.style)))
    }

    /// The cuts of a region: those passed, the first one failed, and what the
    /// others say by themselves; of each the values that decide it.
    fn region(&self, region: &RegionInfo, event: &mut Event) -> Result<String> {
        let fills = &self.compiled.plan.fills;
        let passed = usize::try_from(event.integer(fills[region.counts].axes[0].1)?).unwrap_or(0);
        let missing = match region.missing {
            Some(fill) => event.integer(fills[fill].mask)? != 0,
            None => false,
        };
        let verdict = match region.cuts.get(passed) {
            None => "passes all cuts".to_owned(),
            Some(cut) if missing => format!("fails at `{cut}`, where a value is missing"),
            Some(cut) => format!("fails at `{cut}`"),
        };
        let mut text = format!("\n{}: {verdict}\n", self.style.bold(&region.name));
        for (i, (label, watch)) in region.cuts.iter().zip(&region.watches).enumerate() {
            let watch = &self.compiled.watches[*watch];
            let mut values = Vec::new();
            for part in watch.parts.iter().filter(|part| part.source != watch.source) {
                let value = event.text(part.value, part.valid)?;
                values.push(format!("{} = {value}", part.source));
            }
            if i > passed {
                values.push(format!("by itself: {}", event.text(watch.value, watch.valid)?));
            }
            let values = match values.is_empty() {
                true => String::new(),
                false => format!(" ({})", values.join(", ")),
            };
            let line = format!("{label}: {}{values}", watch.source);
            let line = match i.cmp(&passed) {
                Ordering::Less => format!("  pass  {line}"),
                Ordering::Equal => self.style.warn(&format!("  FAIL  {line}")),
                Ordering::Greater => self.style.dim(&format!("     -  {line}")),
            };
            let _ = writeln!(text, "{line}");
        }
        Ok(text)
    }
}
