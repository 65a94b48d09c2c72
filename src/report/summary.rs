//! The summary that ends a run: cutflows, histograms, time, ledger. At most
//! 100 columns and a screen or two, whatever the analysis.

use super::RunRecord;
use super::number::{bytes, counted, grouped, percent, rate, seconds, sum};
use super::text_table::{Style, Table};
use crate::run::{Cutflow, HistogramTotals};
use crate::warning::Warnings;

/// Most lines of cutflows and of histograms that are shown.
const MOST_CUTS: usize = 40;
const MOST_HISTOGRAMS: usize = 30;
/// Columns of a line of text.
const WIDTH: usize = 100;
/// Most warnings that are shown.
const MOST_WARNINGS: usize = 20;

/// Longest label that is shown whole.
const LABEL: usize = 40;

/// The summary as text, with a final newline.
pub fn summary(record: &RunRecord, style: Style) -> String {
    let parts = [
        heading(record, style),
        super::samples::table(&record.samples).map_or(String::new(), |t| t.render(style) + "\n"),
        super::weights::table(record).map_or(String::new(), |t| t.render(style) + "\n"),
        cutflow_table(&record.cutflows).map_or(String::new(), |t| t.render(style) + "\n"),
        histogram_table(&record.histograms).map_or(String::new(), |t| t.render(style) + "\n"),
        super::costs::table(record).map_or(String::new(), |t| t.render(style) + "\n"),
        time_lines(record, style),
        ledger_lines(record, style),
        warnings(&record.warnings, style),
        output_line(record, style),
    ];
    parts.concat()
}

fn heading(record: &RunRecord, style: Style) -> String {
    format!("{}  {}\n\n", style.bold(&record.analysis), record.device)
}

/// One table of all regions that have cuts.
fn cutflow_table(cutflows: &[Cutflow]) -> Option<Table> {
    let regions: Vec<&Cutflow> = cutflows.iter().filter(|c| !c.cuts.is_empty()).collect();
    if regions.is_empty() {
        return None;
    }
    let weighted = regions.iter().any(|c| c.weighted);
    let missing = regions.iter().flat_map(|c| &c.cuts).any(|row| row.missing > 0);
    let mut heading = vec!["Cutflow", "events"];
    heading.extend(weighted.then_some("weighted"));
    heading.extend(["of last", "of all"]);
    heading.extend(missing.then_some("missing"));
    let mut table = Table::new(heading).widest(LABEL);
    let (mut lines, mut shown) = (0, 0);
    for flow in &regions {
        if shown > 0 && lines + 1 + flow.cuts.len() > MOST_CUTS {
            break;
        }
        region_rows(&mut table, flow, weighted, missing);
        lines += 1 + flow.cuts.len();
        shown += 1;
    }
    let more = regions.len() - shown;
    if more > 0 {
        table.note(format!("... and {}; see cutflow.json", counted(more as u64, "more region")));
    }
    Some(table)
}

fn region_rows(table: &mut Table, flow: &Cutflow, weighted: bool, missing: bool) {
    let mut first = vec![flow.region.clone(), grouped(flow.all.events)];
    first.extend(weighted.then(|| sum(flow.all.sumw)));
    table.row(first);
    for (i, cut) in flow.cuts.iter().enumerate() {
        let events = cut.passed.events as f64;
        let mut row = vec![format!("  {}", cut.label), grouped(cut.passed.events)];
        row.extend(weighted.then(|| sum(cut.passed.sumw)));
        row.push(percent(events, flow.before(i).events as f64));
        row.push(percent(events, flow.all.events as f64));
        row.extend(missing.then(|| some(cut.missing)));
        table.row(row);
    }
}

fn histogram_table(histograms: &[HistogramTotals]) -> Option<Table> {
    if histograms.is_empty() {
        return None;
    }
    let bad = histograms.iter().any(|h| h.bad_weight > 0);
    let mut heading = vec!["Histogram", "region", "entries", "sum", "underflow", "overflow"];
    heading.extend(["NaN", "missing"]);
    heading.extend(bad.then_some("bad weight"));
    let mut table = Table::new(heading).left(&[1]).widest(LABEL / 2);
    for h in histograms.iter().take(MOST_HISTOGRAMS) {
        let mut row = vec![h.name.clone(), h.region.clone(), grouped(h.entries), sum(h.sum)];
        row.extend([h.underflow, h.overflow, h.nan, h.missing].map(some));
        row.extend(bad.then(|| some(h.bad_weight)));
        table.row(row);
    }
    let more = histograms.len().saturating_sub(MOST_HISTOGRAMS);
    if more > 0 {
        let text = format!("... and {}; see run.json", counted(more as u64, "more histogram"));
        table.note(text);
    }
    Some(table)
}

/// A count; nothing for none, so that the rest stands out.
fn some(n: u64) -> String {
    if n == 0 { "-".to_owned() } else { grouped(n) }
}

fn time_lines(record: &RunRecord, style: Style) -> String {
    let stages = record.stages();
    let list = |summed: bool| {
        let shown = stages.iter().filter(|s| s.summed == summed && s.time.as_micros() >= 50);
        shown.map(|s| format!("{} {}", s.name, seconds(s.time))).collect::<Vec<_>>().join(", ")
    };
    let speed = rate(record.ledger.events_processed, record.timings.total);
    let mut text = format!("{}   {} ({speed})\n", style.bold("Time"), seconds(record.total()));
    let kernels = record.timings.kernels.map(seconds).unwrap_or_default();
    let lines = [
        ("", list(false)),
        ("reader, summed over threads: ", list(true)),
        ("kernels, by the device's clock: ", kernels),
    ];
    for (what, stages) in lines {
        if !stages.is_empty() {
            text.push_str(&format!("       {}\n", style.dim(&format!("{what}{stages}"))));
        }
    }
    text
}

fn ledger_lines(record: &RunRecord, style: Style) -> String {
    let l = &record.ledger;
    let account = |planned: u64, processed: u64, skipped: u64, what: &str| {
        let planned = counted(planned, what);
        format!(
            "{planned} planned = {} processed + {} skipped",
            grouped(processed),
            grouped(skipped)
        )
    };
    let files = account(l.files_planned, l.files_processed, l.files_skipped(), "file");
    let events = account(l.events_planned, l.events_processed, l.events_skipped(), "event");
    let size = bytes(record.timings.read.compressed_bytes);
    let mut text = format!("{} {events}\n       {files}; {size} read\n", style.bold("Ledger"));
    let mut warn = |line: String| text.push_str(&format!("       {}\n", style.warn(&line)));
    for s in l.skipped.iter().filter(|s| s.events > 0 || s.files > 0) {
        let what = match s.events {
            0 => counted(s.files, "file"),
            events => counted(events, "event"),
        };
        warn(format!("skipped {what} {}", s.reason));
    }
    for d in &l.defaulted {
        let (files, events) = (counted(d.files, "file"), counted(d.events, "event"));
        warn(format!("{} is not in {files}: its default in {events}", d.branch));
    }
    if let Some(first) = record.shared.first() {
        let [a, b] = &first.samples;
        let files = counted(record.shared.len() as u64, "file");
        let are = if record.shared.len() == 1 { "is" } else { "are" };
        warn(format!(
            "{files} {are} in two samples, and in both counted: {} in {a} and {b}",
            first.path
        ));
    }
    if l.narrowed > 0 {
        let values = counted(l.narrowed, "double");
        warn(format!("{values} rounded to single precision (--precision f64 keeps them)"));
    }
    let total = |part: fn(&HistogramTotals) -> u64| record.histograms.iter().map(part).sum::<u64>();
    for (n, what) in
        [(total(|h| h.nan), "a NaN value"), (total(|h| h.bad_weight), "a NaN or infinite weight")]
    {
        if n > 0 {
            let noun = if n == 1 { "entry" } else { "entries" };
            warn(format!("not filled: {} histogram {noun} with {what}", grouped(n)));
        }
    }
    let unweighted = |c: &Cutflow| (c.bad_weight + c.missing_weight, c.region.clone());
    if let Some((n, region)) = record.cutflows.iter().map(unweighted).max().filter(|(n, _)| *n > 0)
    {
        let n = counted(n, "event");
        warn(format!("not in weighted yields (region {region}): {n} without a finite weight"));
    }
    text
}

/// What may not mean what it seems to; nothing if there is none.
pub fn warnings(all: &Warnings, style: Style) -> String {
    let mut text = String::new();
    for warning in all.iter().take(MOST_WARNINGS) {
        for (k, line) in wrapped(&warning.to_string(), WIDTH - 8).iter().enumerate() {
            let head = if k == 0 { "Warning" } else { "       " };
            text.push_str(&format!("{} {}\n", style.bold(head), style.warn(line)));
        }
    }
    if let Some(more) = all.iter().len().checked_sub(MOST_WARNINGS).filter(|n| *n > 0) {
        text.push_str(&format!("        ... and {}\n", counted(more as u64, "more warning")));
    }
    text
}

/// The words of a text in lines of at most so many characters, longer words apart.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn output_line(record: &RunRecord, style: Style) -> String {
    let plots = counted(record.pictures as u64, "picture");
    let mut files = vec!["histograms.json", "histograms.root", "cutflow.json", "run.json"];
    files.extend(record.more_outputs.iter().map(String::as_str));
    let files = files.join(", ");
    let stacks = match record.stacks as u64 {
        0 => String::new(),
        n => format!(", {} in stacks/", counted(n, "stack")),
    };
    format!("{} {}: {files}, {plots} in plots/{stacks}\n", style.bold("Output"), record.output)
}
