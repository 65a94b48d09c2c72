//! The event loop with sources and a backend made of a few lines each: what
//! is read, in which order, what is accounted for, and which errors end it.

use super::*;
use crate::analysis::{HistogramInfo, RegionInfo};
use crate::backend::{CompiledPlan, Pass};
use crate::batch::{Batch, Request, RequestedColumn, Values};
use crate::bins::{Axis, AxisKind};
use crate::error::Error;
use crate::hist::FillData;
use crate::plan::Plan;
use crate::read::{ColumnReader, Identity, ReadStats, Source};
use crate::schema::{Branch, Schema, Shape, StoredType};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A file of `events` events whose only column, `x`, counts them; `broken` is
/// the first event that cannot be read.
struct Counter {
    schema: Schema,
    identity: Identity,
    broken: u64,
}

impl Counter {
    fn new(path: &Path, events: u64, stored: StoredType, broken: u64) -> Self {
        let x = Branch {
            name: "x".into(),
            title: String::new(),
            stored: Some(stored),
            shape: Shape::Scalar,
            unsupported: None,
            bytes: 0,
            compressed_bytes: 0,
            baskets: 1,
            compression: "none".into(),
        };
        let identity = Identity { path: path.display().to_string(), ..Identity::default() };
        let schema = Schema { tree: "Events".into(), events, branches: vec![x] };
        Counter { schema, identity, broken }
    }
}

impl Source for Counter {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn columns(&self, _: &Request) -> Result<Box<dyn ColumnReader>> {
        Ok(Box::new(CounterReader { broken: self.broken }))
    }
}

struct CounterReader {
    broken: u64,
}

impl ColumnReader for CounterReader {
    fn read(&mut self, range: Range<u64>) -> Result<Batch> {
        if range.contains(&self.broken) {
            return Err(Error::input(format!("event {} is broken", self.broken)));
        }
        let x = range.clone().map(|e| e as i32).collect();
        Ok(Batch {
            first_event: range.start,
            events: (range.end - range.start) as usize,
            offsets: Vec::new(),
            columns: vec![Values::I32(x)],
            narrowed: 1,
            ..Batch::default()
        })
    }

    fn stats(&self) -> ReadStats {
        ReadStats { bytes: 10, ..ReadStats::default() }
    }

    fn cluster_starts(&self) -> &[u64] {
        &[0]
    }
}

/// A plan whose passes this makes.
struct Passes<F>(F);

impl<P: Pass + 'static, F: Fn() -> P + Send> CompiledPlan for Passes<F> {
    fn pass(&self) -> Result<Box<dyn Pass>> {
        Ok(Box::new((self.0)()))
    }

    fn set_parameters(&mut self, _: &[f64]) -> Result<()> {
        Ok(())
    }
}

/// Fills one cell with the events and checks that batches are consecutive.
struct Tally;

struct TallyPass {
    fill: FillData,
}

impl Backend for Tally {
    fn name(&self) -> String {
        "tally".into()
    }

    fn compile(&self, _: &Arc<Plan>) -> Result<Box<dyn CompiledPlan>> {
        Ok(Box::new(Passes(|| TallyPass { fill: FillData::new(4, false) })))
    }
}

impl Pass for TallyPass {
    fn push(&mut self, batch: Arc<Batch>) -> Result<()> {
        let Values::I32(x) = &batch.columns[0] else { panic!("x is an int32") };
        for (i, event) in x.iter().enumerate() {
            assert_eq!(*event as u64, batch.first_event + i as u64);
            self.fill.fill(1 + (*event as usize) % 2);
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Partial> {
        Ok(Partial { events: self.fill.entries(), fills: vec![self.fill] })
    }
}

fn compiled() -> Compiled {
    let mut compiled = Compiled::default();
    let columns = vec![RequestedColumn { branch: "x".into(), counter: None }];
    compiled.plan.request.columns = columns;
    compiled.regions = vec![RegionInfo {
        name: "odd".into(),
        cuts: vec!["is odd".into()],
        watches: Vec::new(),
        counts: 0,
        weighted: None,
        missing: None,
    }];
    let axes = vec![Axis { kind: AxisKind::Integer { low: 0, high: 2 }, label: "parity".into() }];
    compiled.histograms = vec![HistogramInfo {
        name: "parity".into(),
        title: String::new(),
        base: "parity".into(),
        variation: None,
        region: "odd".into(),
        axes,
        fill: 0,
    }];
    compiled
}

/// Files named by their number of events; `-` before it: a float32 column;
/// `!` before it: event 500 is broken; anything else is missing.
fn open(path: &Path) -> Result<Box<dyn Source>> {
    let name = path.to_str().unwrap();
    let events = name
        .trim_start_matches(['-', '!'])
        .parse()
        .map_err(|_| Error::input(format!("{name}: no such file")))?;
    let stored = if name.starts_with('-') { StoredType::F32 } else { StoredType::U16 };
    let broken = if name.starts_with('!') { 500 } else { u64::MAX };
    Ok(Box::new(Counter::new(path, events, stored, broken)))
}

fn outcome(files: &str, options: &RunOptions) -> Result<Outcome> {
    outcome_of(&Tally, files, options)
}

/// What one thread gives, for which reading and computing take turns; three must give
/// the same, for which they overlap.
fn outcome_of(backend: &dyn Backend, files: &str, options: &RunOptions) -> Result<Outcome> {
    let files: Vec<PathBuf> = files.split_whitespace().map(PathBuf::from).collect();
    let inputs = Inputs::with_opener(files, open);
    let [one, three] = [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| run(&compiled(), &inputs, backend, options, &mut ()))
    });
    match (&one, &three) {
        (Ok(one), Ok(three)) => {
            assert_eq!(one.partial.fills, three.partial.fills);
            assert_eq!(one.ledger, three.ledger);
        }
        (Err(one), Err(three)) => assert_eq!(one.to_string(), three.to_string()),
        _ => panic!("one thread: {:?}, three: {:?}", one.err(), three.err()),
    }
    one
}

/// Cannot compile, or not compute.
struct Refuses {
    compiles: bool,
}

impl Backend for Refuses {
    fn name(&self) -> String {
        "refuses".into()
    }

    fn defers_columns(&self) -> bool {
        true
    }

    fn compile(&self, _: &Arc<Plan>) -> Result<Box<dyn CompiledPlan>> {
        match self.compiles {
            true => Ok(Box::new(Passes(|| Refusal))),
            false => Err(Error::input("too many kernels")),
        }
    }
}

struct Refusal;

impl Pass for Refusal {
    fn push(&mut self, _: Arc<Batch>) -> Result<()> {
        Err(Error::input("event 3 has too many pairs"))
    }

    fn finish(self: Box<Self>) -> Result<Partial> {
        unreachable!("nothing was pushed")
    }
}

#[test]
fn every_event_is_processed_once_whatever_the_chunks() {
    for chunk_events in [None, Some(1), Some(97), Some(1000), Some(1_000_000)] {
        let options = RunOptions { chunk_events, max_events: None, ..RunOptions::default() };
        let outcome = outcome("1000 0 301", &options).unwrap();
        assert_eq!(outcome.partial.fills[0].counts, [0, 651, 650, 0], "{chunk_events:?}");
        let ledger = &outcome.ledger;
        assert!(ledger.balances() && ledger.skipped.is_empty(), "{ledger:?}");
        assert_eq!((ledger.files_planned, ledger.files_processed), (3, 3));
        assert_eq!((ledger.events_planned, ledger.events_processed), (1301, 1301));
        assert_eq!(ledger.narrowed, ledger.batches);
        assert_eq!(outcome.timings.read.bytes, 20, "two files were read");
    }
}

#[test]
fn events_beyond_the_limit_are_skipped_and_accounted_for() {
    for (limit, processed, files) in [(0, 0, 0), (10, 10, 1), (1000, 1000, 1), (1001, 1001, 2)] {
        let options =
            RunOptions { chunk_events: Some(97), max_events: Some(limit), ..RunOptions::default() };
        let outcome = outcome("1000 301", &options).unwrap();
        let ledger = &outcome.ledger;
        assert!(ledger.balances(), "{ledger:?}");
        assert_eq!(ledger.events_processed, processed);
        assert_eq!(ledger.files_processed, files);
        assert_eq!(ledger.skipped[0].reason, format!("beyond --events {limit}"));
        let each: u64 = outcome.inputs.iter().map(|i| i.processed).sum();
        assert_eq!(each, processed);
    }
}

#[test]
fn more_files_than_stay_open() {
    let files = "3 ".repeat(200);
    let outcome = outcome(&files, &RunOptions::default()).unwrap();
    assert_eq!(outcome.ledger.events_processed, 600);
    assert_eq!(outcome.ledger.files_processed, 200);
}

#[test]
fn errors_name_the_file_and_end_the_run() {
    let table = [
        ("", ErrorKind::Usage, "no input files"),
        ("10 nothing 10", ErrorKind::Input, "nothing: no such file"),
        ("10 -20", ErrorKind::Analysis, "10: branch x is uint16, but float32 in -20; leave"),
        ("10 !1000 10", ErrorKind::Input, "event 500 is broken"),
    ];
    for (files, kind, message) in table {
        let options =
            RunOptions { chunk_events: Some(7), max_events: None, ..RunOptions::default() };
        let Err(error) = outcome(files, &options) else { panic!("{files} runs") };
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().starts_with(message), "{error}");
    }
}

/// A file that cannot be opened, and one that breaks while it is read, leave
/// nothing behind but their line in the ledger.
#[test]
fn bad_files_are_left_out_if_asked() {
    let bad = ["10 nothing 20", "nothing 30", "30 !1000", "!1000 10 nothing !2000 20"];
    for files in bad {
        let options =
            RunOptions { chunk_events: Some(7), skip_bad_files: true, ..RunOptions::default() };
        let outcome = outcome(files, &options).unwrap();
        let ledger = &outcome.ledger;
        assert!(ledger.balances(), "{ledger:?}");
        let wrong = files.split(' ').filter(|f| f.starts_with(['n', '!'])).count() as u64;
        assert_eq!((ledger.files_unreadable, ledger.files_skipped()), (wrong, wrong), "{files}");
        assert_eq!(ledger.events_processed, 30, "{files}");
        assert_eq!(outcome.partial.events, 30, "{files}");
        assert!(ledger.skipped.iter().all(|s| s.reason.starts_with("unreadable: ")));
    }
    let options = RunOptions { skip_bad_files: true, ..RunOptions::default() };
    let Err(error) = outcome("nothing nowhere", &options) else { panic!("no file is readable") };
    assert_eq!(error.to_string(), "nothing: no such file");
    assert!(outcome("10 -20", &options).is_err(), "another type is no bad file");
}

#[test]
fn what_the_backend_refuses_is_no_fault_of_a_file() {
    let options = RunOptions { skip_bad_files: true, ..RunOptions::default() };
    for (compiles, message) in [(false, "too many kernels"), (true, "event 3 has too many pairs")] {
        let outcome = outcome_of(&Refuses { compiles }, "1000 10 500000 20", &options);
        assert_eq!(outcome.err().expect("it is refused").to_string(), message);
    }
}

#[test]
fn what_is_open_for_its_schema_is_not_opened_again() {
    let opened = Mutex::new(Vec::new());
    let inputs = Inputs::with_opener(["10", "20"], |path| {
        opened.lock().unwrap().push(path.display().to_string());
        open(path)
    });
    inputs.schema(&RunOptions::default()).unwrap();
    let outcome = run(&compiled(), &inputs, &Tally, &RunOptions::default(), &mut ()).unwrap();
    assert_eq!(outcome.ledger.events_processed, 30);
    assert_eq!(*opened.lock().unwrap(), ["10", "20"]);
}

#[test]
fn a_missing_branch_is_named_with_its_file() {
    let inputs = Inputs::with_opener(["10", "20"], |path| {
        let mut source = Counter::new(path, 10, StoredType::I32, u64::MAX);
        if path == Path::new("20") {
            source.schema.branches.clear();
        }
        Ok(Box::new(source))
    });
    let Err(error) = run(&compiled(), &inputs, &Tally, &RunOptions::default(), &mut ()) else {
        panic!("a file without the branch runs")
    };
    assert_eq!(
        error.to_string(),
        "20: no branch x in tree Events, which the analysis reads; \
         leave the file out, or say what to take instead: `input: defaults: x: ...`"
    );
}

#[test]
fn cutflows_and_totals_come_from_the_fills() {
    let outcome = outcome("1000 301", &RunOptions::default()).unwrap();
    let flows = cutflows(&compiled(), &outcome.partial.fills);
    assert_eq!(flows[0].all.events, 1301);
    assert_eq!(flows[0].cuts[0].passed, Yield { events: 650, sumw: 650.0, sumw2: 650.0 });
    assert_eq!(flows[0].selected().events, 650);
    let totals = &histogram_totals(&compiled(), &outcome.partial.fills)[0];
    assert_eq!((totals.entries, totals.underflow, totals.overflow), (1301, 0, 0));
}

/// Writes a file anew, as it was, while it is read.
struct Rewrites(PathBuf);

impl Backend for Rewrites {
    fn name(&self) -> String {
        "rewrites".into()
    }

    fn compile(&self, _: &Arc<Plan>) -> Result<Box<dyn CompiledPlan>> {
        let path = self.0.clone();
        Ok(Box::new(Passes(move || RewritesPass(path.clone()))))
    }
}

struct RewritesPass(PathBuf);

impl Pass for RewritesPass {
    fn push(&mut self, _: Arc<Batch>) -> Result<()> {
        let bytes = std::fs::read(&self.0).unwrap();
        std::fs::write(&self.0, bytes).unwrap();
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Partial> {
        Ok(Partial { events: 0, fills: Vec::new() })
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.root");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    std::fs::copy(data.join("muons_rntuple.root"), &path).unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    std::fs::File::options().append(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    let inputs = Inputs::new([path.clone(), data.join("leaves_rntuple.root")], None);
    let backend = Rewrites(path.clone());
    let (compiled, options) = (Compiled::default(), RunOptions::default());
    let error = run(&compiled, &inputs, &backend, &options, &mut ()).err().unwrap();
    let expected = format!("{}: the file changed during the run", path.display());
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert_eq!(error.kind(), ErrorKind::Input);
}
