//! Partial results: which analyses are one plan, what does not merge, and files that were
//! damaged. That parts in any order are the same bytes: `differential/parts.rs`.
#![allow(clippy::print_stdout, reason = "how many mutations ran belongs in the log")]

use crate::support::Table;
use crate::support::random::Random;
use gpuana::analysis::Compiled;
use gpuana::backend::Backend;
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::error::{Error, ErrorKind};
use gpuana::hist::FillData;
use gpuana::kernels::{Kernel, ShareSum};
use gpuana::partial::{
    Covered, ExpectedInput, FileMark, InputKey, PartialResult, PlanHash, Ranges, SampleResult,
};
use gpuana::run::{self, Inputs, RunOptions};
use gpuana::schema::{DefaultValue, Literal};
use gpuana::{config, lang};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ANALYSIS: &str = "\
parameters:
  t: {start: 1.5}
define:
  high: x > t
  y: x * 0.1
  unused: x * 3
regions:
  r:
    - cut: high
histograms:
  h:
    value: x
    weight: w
    bins: [4, 0, 4]
    regions: [all, r]
  s:
    value: y
    weight: w
    bins: [4, 0, 4]
    soft: {bandwidth: 0.5}
  c:
    value: n
    bins: [4, 0, 4]
    label: number
";

fn table() -> Table {
    Table::parse(
        "x: float32 = 0.25 | 0.75 | 1 | 2 | 3.5 | nan\n\
         w: float32 = 1 | -1 | 2 | 0.5 | 3e30 | 1e-30\n\
         n: int32 = 1 | 2 | 3 | 1 | 0 | 0",
    )
}

fn compile(text: &str) -> Compiled {
    let analysis = config::parse(text).unwrap_or_else(|d| panic!("{text}\n{d:?}"));
    let schema = table().schema();
    lang::check::compile(&analysis, text, &schema).unwrap_or_else(|d| panic!("{text}\n{d:?}"))
}

fn hash(compiled: &Compiled) -> PlanHash {
    PlanHash::new(compiled, Precision::Single, &[], None)
}

#[test]
fn which_analyses_are_one_plan() {
    let first = hash(&compile(ANALYSIS));
    assert_eq!(hash(&compile(ANALYSIS)), first);
    assert_eq!(hash(&compile(ANALYSIS).for_run()).total, first.total);
    for (from, to) in [
        ("label: number", "label: \"number of jets\""),
        ("unused: x * 3", "unused: x * 4"),
        ("  unused: x * 3\n", ""),
        ("  unused: x * 3", "  unused: x * 3\n  more: sqrt(x)"),
        ("high", "above"),
        ("bins: [4, 0, 4]", "bins: [4, 0.0, 4.0]"),
    ] {
        let text = ANALYSIS.replace(from, to);
        assert_ne!(text, ANALYSIS, "{from}");
        assert_eq!(hash(&compile(&text)).total, first.total, "{from} -> {to}");
    }
    for (from, to, differs) in [
        ("start: 1.5", "start: 1.25", "definition `high`"),
        ("x > t", "x >= t", "definition `high`"),
        ("x * 0.1", "x * 0.10000000000000002", "definition `y`"),
        ("cut: high", "cut: not high", "region `r`"),
        ("bandwidth: 0.5", "bandwidth: 0.25", "histogram `s`"),
        ("bandwidth: 0.5", "bandwidth: 0.5, kernel: logistic", "histogram `s`"),
        ("bandwidth: 0.5", "bandwidth: 0.5, flow: fold", "histogram `s`"),
        ("bandwidth: 0.5", "bandwidth: 0.5, mode: all-bin", "histogram `s`"),
        ("value: n\n    bins: [4, 0, 4]", "value: n\n    bins: [4, 0, 5]", "histogram `c`"),
        ("  c:", "  d:", "histogram `c`"),
    ] {
        let text = ANALYSIS.replace(from, to);
        assert_ne!(text, ANALYSIS, "{from}");
        let Ok(analysis) = config::parse(&text) else { panic!("{text}") };
        let compiled = lang::check::compile(&analysis, &text, &table().schema()).unwrap();
        let other = hash(&compiled);
        assert_ne!(other.total, first.total, "{from} -> {to}");
        let said = first.difference(&other);
        assert!(said.iter().any(|s| s.starts_with(differs)), "{from} -> {to}: {said:?}");
    }
}

#[test]
fn how_events_are_read_is_part_of_the_plan() {
    let compiled = compile(ANALYSIS);
    let first = hash(&compiled);
    let double = PlanHash::new(&compiled, Precision::Double, &[], None);
    assert_ne!(double.total, first.total);
    let of = |value| [DefaultValue { branch: "w".to_owned(), value: Literal::Integer(value) }];
    let defaults = [0, 1].map(|k| PlanHash::new(&compiled, Precision::Single, &of(k), None));
    assert_ne!(defaults[0].total, defaults[1].total);
    assert_eq!(defaults[0].difference(&defaults[1]), ["the defaults of branches differs"]);
    let folder = tempfile::tempdir().unwrap();
    let golden = |text: &str| {
        let path = folder.path().join("golden.json");
        std::fs::write(&path, text).unwrap();
        let golden = run::Golden::read(&path).unwrap();
        PlanHash::new(&compiled, Precision::Single, &[], Some(&golden)).total
    };
    let whole = golden("{\"1\": [[1, 9]], \"2\": [[3, 3]]}");
    assert_eq!(golden("{\"2\": [[3, 3]], \"1\": [[4, 9], [1, 3]]}"), whole);
    assert_ne!(golden("{\"2\": [[3, 3]], \"1\": [[5, 9], [1, 3]]}"), whole);
    assert_ne!(golden("{}"), first.total);
}

#[test]
fn tables_of_share_sums_are_part_of_the_plan() {
    // Bits of one number of a table, which no expression shows.
    let compiled = compile(ANALYSIS);
    let soft = compiled.plan.fills.iter().find(|fill| fill.soft.is_some()).unwrap().clone();
    let (axis, value) = soft.axes[0].clone();
    let numbers = |last: f64| {
        let mut plan = compiled.plan.clone();
        let axes = vec![(axis.clone(), soft.soft.as_ref().unwrap().axes[0])];
        let numbers = vec![0.5, 1.0, 2.0, 3.0, 4.0, last];
        let sum: Arc<dyn Kernel> = Arc::new(ShareSum::new(axes, numbers));
        plan.fills[0].weight = Some(plan.ir.call(&sum, &[value]));
        plan
    };
    let of = |last: f64| hash(&Compiled { plan: numbers(last), ..compiled.clone() }).total;
    let first = of(5.0);
    assert_eq!(of(5.0), first);
    assert_ne!(of(5.0f64.next_up()), first);
}

/// The events of a range of the table, as part of a file.
fn part(compiled: &Compiled, range: std::ops::Range<usize>) -> PartialResult {
    let backend = CpuBackend::default();
    let mut pass = backend.pass(&compiled.plan).unwrap();
    pass.push(Arc::new(table().batch(&compiled.plan.request, range.clone()))).unwrap();
    let filled = pass.finish().unwrap();
    let key = InputKey {
        tree: "Events".to_owned(),
        size: 1000,
        mark: FileMark::Uuid("00000000-0000-0000-0000-000000000001".to_owned()),
    };
    let covered = Covered {
        name: "a.root".to_owned(),
        events: 6,
        ranges: Ranges::new(std::iter::once(range.start as u64..range.end as u64)).unwrap(),
        processed: range.len() as u64,
        uncertified: 0,
        absent: vec!["HLT_x".to_owned()],
    };
    let sample = SampleResult {
        plan: hash(compiled),
        fills: filled.fills.iter().map(FillData::exact).collect(),
        inputs: BTreeMap::from([(key, covered)]),
        unreadable: BTreeSet::new(),
    };
    PartialResult::new(Some("ttbar"), sample)
}

#[test]
fn what_does_not_merge_is_named() {
    let compiled = compile(ANALYSIS);
    let (a, b) = (part(&compiled, 0..3), part(&compiled, 2..6));
    let refusal = |a: PartialResult, b: &PartialResult| -> Error {
        a.merged(b, ["a.gpart", "b.gpart"]).unwrap_err()
    };
    let error = refusal(a.clone(), &b);
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(
        error.to_string(),
        "sample `ttbar`: both a.gpart and b.gpart have the events [2, 3) of a.root: they would \
         count twice"
    );
    let other = compile(&ANALYSIS.replace("x > t", "x >= t"));
    let error = refusal(a.clone(), &part(&other, 3..6));
    assert_eq!(error.kind(), ErrorKind::Usage);
    let said = error.to_string();
    assert!(said.contains("are of different plans: definition `high` differs; "), "{said}");
    let mut double = part(&compiled, 3..6);
    double.samples.values_mut().for_each(|s| s.plan.precision = Precision::Double);
    let said = refusal(a.clone(), &double).to_string();
    assert_eq!(
        said,
        "a.gpart is in single precision and b.gpart in double precision: they do not merge"
    );
    let mut newer = part(&compiled, 3..6);
    newer.version = "9.9.9".to_owned();
    assert!(refusal(a.clone(), &newer).to_string().contains("and b.gpart by gpuana 9.9.9"));
    let mut longer = part(&compiled, 3..6);
    let inputs = longer.samples.values_mut().flat_map(|s| s.inputs.values_mut());
    inputs.for_each(|input| input.events = 7);
    let error = refusal(a.clone(), &longer);
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("disagree on how many events"), "{error}");
    // Another file, or another sample, is no overlap.
    let mut elsewhere = part(&compiled, 0..3);
    let sample = elsewhere.samples.remove(&Some("ttbar".to_owned())).unwrap();
    elsewhere.samples.insert(Some("zjets".to_owned()), sample);
    let both = a.merged(&elsewhere, ["a.gpart", "b.gpart"]).unwrap();
    assert_eq!(both.samples.len(), 2);
}

#[test]
fn holes_are_what_is_planned_and_in_no_part() {
    let compiled = compile(ANALYSIS);
    let (first, last) = (part(&compiled, 0..2), part(&compiled, 5..6));
    let done = last.merged(&first, ["b", "a"]).unwrap();
    let sample = &done.samples[&Some("ttbar".to_owned())];
    let ledger = sample.ledger();
    assert!(ledger.balances());
    assert_eq!((ledger.events_processed, ledger.defaulted[0].events), (3, 3));
    let ranges = Ranges::new(std::iter::once(0..6)).unwrap();
    let input = ExpectedInput { name: "a.root".to_owned(), ranges };
    let key = sample.inputs.keys().next().unwrap().clone();
    let planned = BTreeMap::from([(key, input)]);
    let expected = [Some("ttbar".to_owned()), Some("zjets".to_owned())];
    let holes = done.holes(&expected.map(|name| (name, planned.clone())).into());
    let told: Vec<_> = holes.iter().map(|h| (h.sample.as_deref(), h.ranges.to_string())).collect();
    let all = [(Some("ttbar"), "[2, 5)".to_owned()), (Some("zjets"), "[0, 6)".to_owned())];
    assert_eq!(told, all);
}

/// Mutations to try: `GPUANA_PARTIAL_MUTATIONS`, else few.
fn mutations() -> u64 {
    let text = std::env::var("GPUANA_PARTIAL_MUTATIONS").ok();
    text.map_or(50, |text| text.parse().expect("GPUANA_PARTIAL_MUTATIONS is a number"))
}

fn mutated(bytes: &[u8], dice: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = |n: usize| (dice.word() % n.max(1) as u64) as usize;
    match at(4) {
        0 => (0..=at(3)).for_each(|_| {
            let bit = at(8 * bytes.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
        }),
        1 => bytes.truncate(at(bytes.len())),
        2 => {
            // A length, or whatever else stands there, becomes a large one.
            let start = at(bytes.len() - 8);
            bytes[start..start + 8].copy_from_slice(&(u64::MAX >> at(64)).to_le_bytes());
        }
        _ => {
            // Two pieces change places.
            let length = 1 + at(40);
            let (a, b) = (at(bytes.len() - length), at(bytes.len() - length));
            let piece = bytes[a..a + length].to_vec();
            bytes.copy_within(b..b + length, a);
            bytes[b..b + length].copy_from_slice(&piece);
        }
    }
    bytes
}

#[test]
fn damage_is_an_error_and_never_another_histogram() {
    let whole = part(&compile(ANALYSIS), 0..6);
    let bytes = whole.encode();
    assert_eq!(PartialResult::decode(&bytes, "a.gpart").unwrap(), whole);
    let (mut dice, mut refused) = (Random::new(7), 0);
    for _ in 0..mutations() {
        let damaged = mutated(&bytes, &mut dice);
        match PartialResult::decode(&damaged, "a.gpart") {
            Ok(read) => assert_eq!(read, whole),
            Err(error) => {
                refused += 1;
                assert!(error.to_string().starts_with("a.gpart: "), "{error}");
                let kinds = [ErrorKind::Input, ErrorKind::Unsupported];
                assert!(kinds.contains(&error.kind()), "{error}");
            }
        }
        // The same with a hash that fits: what is read is what stands there.
        let content = &damaged[..damaged.len().saturating_sub(16)];
        let mut sealed = content.to_vec();
        sealed.extend(xxhash_rust::xxh3::xxh3_128(content).to_le_bytes());
        if let Ok(read) = PartialResult::decode(&sealed, "a.gpart") {
            assert_eq!(read.encode(), sealed);
            // Neither merging nor filling may panic.
            let _ = read.clone().merged(&whole, ["a", "b"]);
            let plan = compile(ANALYSIS).plan;
            for sample in read.samples.values() {
                let _ = (sample.filled(&plan), sample.ledger());
            }
        }
    }
    println!("{} mutations, {refused} refused", mutations());
}

#[test]
fn damage_says_what_is_wrong() {
    let bytes = part(&compile(ANALYSIS), 0..6).encode();
    let said = |bytes: &[u8]| PartialResult::decode(bytes, "a.gpart").unwrap_err().to_string();
    assert_eq!(said(b"PK\x03\x04"), "a.gpart: this is no partial result of gpuana");
    let cut = said(&bytes[..bytes.len() - 1]);
    assert_eq!(cut, "a.gpart: the partial result is damaged: its hash is of other bytes");
    let mut newer = bytes.clone();
    newer[8] = 2;
    assert!(said(&newer).contains("has version 2 of its format"), "{}", said(&newer));
}

#[test]
fn files_are_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("0.gpart");
    let (first, second) = (part(&compile(ANALYSIS), 0..3), part(&compile(ANALYSIS), 3..6));
    first.write(&path).unwrap();
    assert_eq!(PartialResult::read(&path).unwrap(), first);
    second.write(&path).unwrap();
    assert_eq!(PartialResult::read(&path).unwrap(), second);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(
        PartialResult::read(&folder.path().join("1.gpart")).unwrap_err().kind(),
        ErrorKind::Input
    );
    let error = first.write(&folder.path().join("none/0.gpart")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Output);
}

/// The partial result of a run over some events of a file.
fn ran(path: &Path, steps: &[(u64, u64)], chunk: u64) -> (Compiled, PartialResult) {
    let text =
        "histograms:\n  met:\n    value: MET_sumEt\n    weight: MET_pt\n    bins: [20, 0, 2000]\n";
    let mut file = run::InputFile::from(PathBuf::from(path));
    file.events.steps = Some(steps.iter().map(|(a, b)| *a..*b).collect());
    let inputs = Inputs::new([file], None);
    let options = RunOptions { chunk_events: Some(chunk), ..RunOptions::default() };
    let schema = inputs.schema(&options).unwrap();
    let analysis = config::parse(text).unwrap();
    let compiled = lang::check::compile(&analysis, text, &schema).unwrap();
    let plan = hash(&compiled);
    let compiled = compiled.for_run();
    let outcome = run::run(&compiled, &inputs, &CpuBackend::default(), &options, &mut ()).unwrap();
    let partial = PartialResult::of_run(None, plan, &inputs, &outcome).unwrap();
    (compiled, partial)
}

#[test]
fn runs_over_parts_of_a_file_make_the_run_over_all() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/nano_dy.root");
    let folder = tempfile::tempdir().unwrap();
    let moved = folder.path().join("nano_dy.root");
    std::fs::copy(&path, &moved).unwrap();
    let (compiled, whole) = ran(&path, &[(0, 40)], 1000);
    let (_, middle) = ran(&path, &[(10, 12), (14, 26)], 7);
    let (_, rest) = ran(&moved, &[(0, 10), (12, 14), (26, 40)], 64);
    let merged = middle.merged(&rest, ["a", "b"]).unwrap();
    assert_eq!(merged, whole);
    assert_eq!(merged.encode(), whole.encode());
    let sample = &merged.samples[&None];
    assert_eq!(sample.inputs.values().next().unwrap().ranges.to_string(), "[0, 40)");
    let fills = sample.filled(&compiled.plan).unwrap();
    assert!(compiled.histograms[0].finished(&fills).entries > 0);
}
