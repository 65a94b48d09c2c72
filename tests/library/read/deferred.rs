//! What only a few events need is read of those baskets alone that have such events,
//! and nothing else tells: neither results nor errors.

use gpuana::analysis::Compiled;
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::error::Result;
use gpuana::run::{self, Inputs, Outcome, RunOptions};
use gpuana::{config, lang};
use std::path::{Path, PathBuf};

/// Where the UUID of a file begins: a copy with another one is another file.
const UUID: usize = 47;

/// 60 events in three baskets of each branch.
fn leaves() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/leaves_lz4.root")
}

fn compiled(cut: &str, inputs: &Inputs<'_>) -> Compiled {
    let text = format!(
        "regions:\n  few:\n    - cut: {cut}\nhistograms:\n  late:\n    value: \
         sum(exp(sin(X.float32)) + log(abs(cos(X.int16)) + 1)) + sqrt(abs(s.int16))\n    bins: \
         [40, 0, 40]\n    regions: [few]\n  each:\n    value: exp(sin(X.float32)) * \
         cosh(sin(X.int32)) * (1 + float(X.int64 > 0))\n    bins: [30, 0, 4]\n    regions: [few]\n"
    );
    let analysis = config::parse(&text).unwrap_or_else(|d| panic!("{cut}: {}", d[0].message));
    let schema = inputs.schema(&RunOptions::default()).expect("they open");
    lang::check::compile(&analysis, &text, &schema).unwrap_or_else(|d| panic!("{}", d[0].message))
}

/// What one thread gives, and three as well.
fn run(file: &Path, cut: &str, options: &RunOptions) -> Result<Outcome> {
    let inputs = Inputs::new(vec![file.to_owned()], None);
    let compiled = compiled(cut, &inputs);
    let backend = CpuBackend::new(Precision::Single);
    let [one, three] = [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| run::run(&compiled, &inputs, &backend, options, &mut ()))
    });
    match (&one, &three) {
        (Ok(one), Ok(three)) => assert_eq!(one.partial.fills, three.partial.fills),
        (one, three) => {
            let text = |outcome: &Result<Outcome>| outcome.as_ref().err().map(|e| e.to_string());
            assert_eq!(text(one), text(three), "{cut}");
        }
    }
    one
}

/// The batches meet inside a basket of each column, so that nothing comes late.
fn at_once() -> RunOptions {
    RunOptions { chunk_events: Some(53), ..RunOptions::default() }
}

#[test]
fn baskets_without_events_are_not_read() {
    let bytes = |outcome: &Outcome| outcome.timings.read.compressed_bytes;
    // cut, events that pass, how many of the late columns' three baskets have such
    let table = [
        ("s.uint8 == 1", 0, 0),
        ("s.uint8 == 254", 1, 1),
        ("s.uint8 == 127", 1, 1),
        ("s.float32 > 6200", 2, 2),
        ("s.uint8 == 57 or s.uint8 == 0", 2, 2),
        ("s.float32 > 6000", 4, 3),
    ];
    for (cut, events, baskets) in table {
        let outcome = run(&leaves(), cut, &RunOptions::default()).unwrap();
        let whole = run(&leaves(), cut, &at_once()).unwrap();
        assert_eq!(outcome.partial.fills, whole.partial.fills, "{cut}");
        assert_eq!(outcome.partial.events, 60, "{cut}");
        let entries: Vec<u64> = outcome.partial.fills.iter().map(|fill| fill.entries()).collect();
        assert!(entries.contains(&events), "{cut}: {entries:?}");
        // Five columns with baskets of much the same size, one of which the cut reads.
        let part = bytes(&outcome) as f64 / bytes(&whole) as f64;
        let expected = [0.08..0.16, 0.35..0.45, 0.65..0.75, 1.0..1.001];
        assert!(expected[baskets].contains(&part), "{cut}: {part} of the bytes");
    }
}

#[test]
fn chunks_of_one_basket_give_the_same() {
    for cut in ["s.uint8 == 254", "s.float32 > 6200", "s.uint8 > 100"] {
        let whole = run(&leaves(), cut, &at_once()).unwrap();
        for chunk in [1, 20, 40] {
            let options = RunOptions { chunk_events: Some(chunk), ..RunOptions::default() };
            let outcome = run(&leaves(), cut, &options).unwrap();
            assert_eq!(outcome.partial.fills, whole.partial.fills, "{cut}, {chunk} events");
        }
    }
}

#[test]
fn a_damaged_basket_is_named_when_an_event_needs_it() {
    let mut bytes = std::fs::read(leaves()).expect("it is there");
    let name = b"\x07TBasket\x07X_int64";
    let places = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(name));
    let places: Vec<usize> = places.collect();
    assert_eq!(places.len(), 3, "its baskets");
    bytes[places[1] + 150] ^= 0xff;
    bytes[UUID] ^= 1;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("damaged.root");
    std::fs::write(&file, bytes).expect("it is written");

    // Event 41 is in another one.
    let good = run(&file, "s.uint8 == 0", &RunOptions::default());
    assert_eq!(good.expect("these baskets are fine").partial.events, 60);
    let bad = || run(&file, "s.uint8 == 127", &RunOptions::default());
    let error = bad().err().expect("event 26 is in it").to_string();
    let parts =
        ["damaged.root: tree nested/deeper/Events: branch X_int64: basket 1 at byte ", "LZ4"];
    parts.iter().for_each(|part| assert!(error.contains(part), "{error}"));

    // The file is to blame, and can be left out.
    let mut other = std::fs::read(leaves()).expect("it is there");
    other[UUID] ^= 2;
    let again = folder.path().join("again.root");
    std::fs::write(&again, other).expect("it is written");
    let inputs = Inputs::new(vec![leaves(), file.clone(), again], None);
    let compiled = compiled("s.uint8 == 127", &inputs);
    let options = RunOptions { skip_bad_files: true, ..RunOptions::default() };
    let backend = CpuBackend::new(Precision::Single);
    let outcome = run::run(&compiled, &inputs, &backend, &options, &mut ()).unwrap();
    assert_eq!((outcome.partial.events, outcome.ledger.files_unreadable), (120, 1));
    assert!(outcome.ledger.skipped[0].reason.contains("X_int64"), "{:?}", outcome.ledger.skipped);
}

#[test]
fn a_wrong_count_is_noticed_where_its_lists_come_late() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/leaves_none.root");
    let mut bytes = std::fs::read(shipped).expect("it is there");
    let name = b"\x07TBasket\x02nX";
    // A basket's key has 34 bytes before the names; its length is at the 14th, its own place at
    // the 18th. The tree was written twice with two baskets each: the third is of the newer one.
    let is_basket = |at: &usize| {
        let place = bytes[at + 18..at + 26].iter().fold(0, |word, b| word << 8 | usize::from(*b));
        bytes[at + 34..].starts_with(name) && place == *at
    };
    let basket = (0..bytes.len() - 100).filter(is_basket).nth(2).expect("a basket of its own");
    let counts = basket + usize::from(bytes[basket + 15]);
    let (first, second) = bytes[counts + 4..counts + 12].split_at_mut(4);
    assert_ne!(first, second, "equal counts");
    first.swap_with_slice(second);
    bytes[UUID] ^= 1;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("swapped.root");
    std::fs::write(&file, bytes).expect("it is written");

    let deferred = run(&file, "s.uint8 == 168", &RunOptions::default());
    let at_once = run(&file, "s.uint8 == 168", &at_once());
    for outcome in [deferred, at_once] {
        let error = outcome.err().expect("the baskets disagree").to_string();
        assert!(error.contains("basket 0 at byte ") && error.contains(": event 1 has "), "{error}");
    }
    // No list is read of this basket: nothing says that its counts are wrong.
    let none = run(&file, "s.uint8 == 0", &RunOptions::default());
    assert_eq!(none.expect("is not noticed").partial.events, 61);
}
