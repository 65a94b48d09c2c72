//! Files of several NanoAOD versions in one run: other integer types, branches
//! that some of them lack, and luminosity sections that are not certified.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

mod chain;

/// `Jet_nConstituents` and `Jet_puId` are `int32`, `run` is `uint32`.
const V9: &str = "tests/data/nano_dy.root";
/// The same, but `Jet_nConstituents` is `uint8`.
const V8: &str = "tests/data/nanoaod_2015.root";
/// 1000 recorded events; `run` is `int32`, `Jet_puId` is `bool`, and there is no
/// `Jet_nConstituents`.
const DATA: &str = "examples/data/Run2012B_SingleMu_1000.root";

const HISTOGRAMS: &str = "
histograms:
  run: {value: float(run), bins: [100, 0, 250000]}
  jets: {value: nJet, bins: [20, 0, 20]}
  pileup: {value: Jet.puId + 0, bins: [8, 0, 8]}
  constituents: {value: Jet.nConstituents, bins: [10, 0, 50]}
  vertices: {value: PV.npvs, bins: [10, 0, 50], weight: PV.npvsGood}
";

/// Values of all histograms in order, `run.json`, and what was printed.
type Ran = (Vec<Vec<f64>>, Value, String);

/// Runs `analysis` over files: the histograms' values in order, and `run.json`.
/// An error is what the program said.
fn run(analysis: &str, files: &[&str]) -> Result<Ran, String> {
    let folder = tempfile::tempdir().unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::write(folder.path().join("a.yaml"), analysis).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gpuana"))
        .args(["run", "a.yaml", "--backend", "cpu", "--chunk-events", "33", "--files"])
        .args(files.iter().map(|file| here.join(file)))
        .current_dir(folder.path())
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(String::from_utf8(output.stderr).unwrap());
    }
    let json = |name: &str| -> Value {
        let text = fs::read_to_string(folder.path().join("a.out").join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let histograms = json("histograms.json");
    let histograms = histograms.as_object().unwrap().values().map(|h| {
        let values = h["storage"]["values"].as_array().unwrap();
        values.iter().map(|v| v.as_f64().unwrap()).collect()
    });
    Ok((histograms.collect(), json("run.json"), String::from_utf8(output.stdout).unwrap()))
}

fn sum(parts: &[Vec<Vec<f64>>]) -> Vec<Vec<f64>> {
    let mut total = parts[0].clone();
    for part in &parts[1..] {
        for (a, b) in total.iter_mut().flatten().zip(part.iter().flatten()) {
            *a += b;
        }
    }
    total
}

#[test]
fn versions_add_up_in_any_order() {
    let defaults = "{Jet_nConstituents: 12, PV_npvsGood: 1}";
    let analysis = format!("input: {{defaults: {defaults}}}\n{HISTOGRAMS}");
    let files = [V9, V8, DATA];
    let alone: Vec<_> = files.iter().map(|f| run(&analysis, &[f])).collect();
    // By itself the recorded file has flags, which do not add; beside others, integers.
    assert!(alone[2].as_ref().is_err_and(|e| e.contains("Jet.puId")), "{:?}", alone[2]);
    let mut orders = Vec::new();
    for order in [[0, 1, 2], [1, 2, 0], [1, 0, 2], [2, 0, 1], [2, 1, 0]] {
        let (found, record, said) = run(&analysis, &order.map(|k| files[k])).unwrap();
        let absent = &record["ledger"]["defaults"];
        let expected = concat!(
            r#"[{"branch":"Jet_nConstituents","files":1,"events":1000},"#,
            r#"{"branch":"PV_npvsGood","files":1,"events":1000}]"#
        );
        assert_eq!(absent.to_string(), expected);
        let line = "PV_npvsGood is not in 1 file: its default in 1 000 events";
        assert!(said.replace(',', " ").contains(line), "{said}");
        orders.push(found);
    }
    let simulated: Vec<_> = alone[..2].iter().map(|a| a.clone().unwrap().0).collect();
    let recorded = analysis.replace("Jet.puId + 0", "if Jet.puId then 1 else 0");
    let expected = sum(&[simulated, vec![run(&recorded, &[DATA]).unwrap().0]].concat());
    assert!(expected.iter().all(|h| h.iter().sum::<f64>() > 0.0), "{expected:?}");
    for found in orders {
        assert_eq!(found, expected);
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let with = |input: &str| format!("input: {{{input}}}\n{HISTOGRAMS}");
    for (input, files, expected) in [
        (
            "tree: Events",
            [V9, DATA],
            "no branch Jet_nConstituents in tree Events, which the analysis reads; leave the file \
             out, or say what to take instead: `input: defaults: Jet_nConstituents: ...`",
        ),
        (
            "defaults: {PV_npvsGood: true}",
            [V9, DATA],
            "`input: defaults: PV_npvsGood: true`: branch PV_npvsGood is int32: its default cannot \
             be true",
        ),
        ("defaults: {PV_npvsGood: 6.5}", [V8, DATA], "cannot be 6.5"),
        (
            "defaults: {PV_npvsGood: many}",
            [V9, V8],
            "the default of `PV_npvsGood` cannot be `many`",
        ),
        ("defaults: [PV_npvsGood]", [V9, V8], "`defaults` must be a mapping of branches"),
        ("defaults: {PV_npvs: 1}", [V9, DATA], "no branch Jet_nConstituents"),
    ] {
        let said = run(&with(input), &files).expect_err(input);
        let said: Vec<&str> = said.split_whitespace().collect();
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert!(said.join(" ").contains(&expected.join(" ")), "{input}: {said:?}");
    }
}

#[test]
fn certified_events_count() {
    let folder = tempfile::tempdir().unwrap();
    let golden = folder.path().join("golden.json");
    let histograms = "
histograms:
  section: {value: luminosityBlock, bins: [1000, 0, 1000]}
  muons: {value: Muon.pt, bins: [10, 0, 100]}
";
    let all = run(histograms, &[DATA]).unwrap().0;
    let sections: Vec<usize> = (0..all[0].len()).filter(|bin| all[0][*bin] > 0.0).collect();
    assert!(sections.len() > 1, "{sections:?}");
    let analysis = format!("input: {{golden: {}}}\n{histograms}", golden.display());
    // A bin is a section, after the underflow.
    let (first, last) = (sections[1] - 1, sections[sections.len() - 1] - 1);
    let certified = |run: u32| format!(r#"{{"{run}": [[{first}, {last}]], "1": [[1, 9]]}}"#);
    let number = {
        let run_of = "histograms:\n  run: {value: run, bins: [20000, 185000, 205000]}\n";
        let found = run(run_of, &[DATA]).unwrap().0;
        185_000 + found[0].iter().position(|n| *n > 0.0).unwrap() as u32 - 1
    };
    fs::write(&golden, certified(number)).unwrap();
    let (kept, record, said) = run(&analysis, &[DATA]).unwrap();
    let mut expected = all[0].clone();
    expected[sections[0]] = 0.0;
    assert_eq!(kept[0], expected);
    assert!(kept[1].iter().sum::<f64>() < all[1].iter().sum::<f64>());
    let events = &record["ledger"]["events"];
    let left_out = all[0][sections[0]] as u64;
    assert_eq!(events["planned"], 1000);
    assert_eq!(events["processed"], 1000 - left_out);
    assert_eq!(record["ledger"]["skipped"][0]["reason"], "not certified by golden.json");
    assert!(said.contains("not certified by golden.json"), "{said}");
    // Another run's sections certify nothing.
    fs::write(&golden, certified(number + 1)).unwrap();
    let (kept, record, _) = run(&analysis, &[DATA]).unwrap();
    assert_eq!(kept.iter().flatten().sum::<f64>(), 0.0);
    assert_eq!(record["ledger"]["events"]["skipped"], 1000);
    fs::remove_file(&golden).unwrap();
    assert!(run(&analysis, &[DATA]).unwrap_err().contains("golden.json: No such file"));
}
