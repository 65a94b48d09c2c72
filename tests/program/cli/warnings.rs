//! Warnings from outside: which analyses give which, where they are shown, and
//! that `--strict` makes errors of them.

use super::{EVENTS, Place, absolute, json};
use std::fs;

/// What is wrong, an analysis without its input, and its warnings as `line code`.
const CASES: &[(&str, &str, &[&str])] = &[
    ("nothing", "histograms: {met: {value: MET.pt, bins: [9, 0, 90]}}", &[]),
    (
        "a histogram and a scalar of no region where there is one",
        "regions: {two: [{two: count(Muon) == 2}]}
histograms:
  met: {value: MET.pt, bins: [9, 0, 90]}
  all: {value: MET.pt, bins: [9, 0, 90], regions: [all]}
  two: {value: MET.pt, bins: [9, 0, 90], regions: [two]}
scalars:
  sum: {sum: MET.pt}",
        &["4 no-region", "8 no-region"],
    ),
    (
        "candidates of candidates, of which one is used as it is",
        "define:
  z: pairs(Muon)[charge == 0]
  zz: pairs(z)
  used: pairs(pairs(Jet))
  apart: zz[(a, b) => disjoint(a, b)]
  by_hand: zz[(a, b) => a[0] not in b and a[1] not in b].sort_by(mass)
  third: cross(z, Muon)
  unlike: cross(z, Jet)
histograms:
  n: {value: count(apart), integers: [0, 9]}
  m: {value: by_hand.mass, bins: [9, 0, 900]}
  k: {value: count(unlike), integers: [0, 9]}
  j: {value: \"used[0].mass\", bins: [9, 0, 900]}
  l: {value: \"min(third[mass > 20].mass)\", bins: [9, 0, 900]}",
        &["5 shared-members", "8 shared-members"],
    ),
    (
        "variations and a histogram of what is nowhere",
        "vary:
  high: {weight: {up: 'Jet[50].pt', down: 2}}
  low: {weight: {up: 'Muon[40].pt * Jet[50].pt'}}
histograms:
  a: {value: MET.pt, bins: [9, 0, 90]}
  b: {value: 'Electron[30].pt', bins: [9, 0, 90]}
  c: {value: 'Jet[0].pt', bins: [9, 0, 90]}",
        &["null all-missing", "null all-missing", "null all-missing"],
    ),
    (
        "integers in bins",
        "histograms:
  a: {value: count(Jet), bins: [10, 0, 15]}
  b: {value: count(Jet), bins: [10, 0, 20]}
  c: {value: count(Jet), bins: [20, 0, 10]}
  d: {value: 'Muon.charge', bins: [2, -1.5, 1.5]}
  e: {value: count(Jet) / 1, bins: [10, 0, 15]}
  f: {value: count(Jet), integers: [0, 15]}",
        &["3 uneven-bins", "6 uneven-bins"],
    ),
    ("cutflows only", "regions: {two: [{two: count(Muon) == 2}]}", &["null no-histogram"]),
];

#[test]
fn warnings_have_codes_and_lines() {
    let place = Place::new();
    for (k, (what, analysis, expected)) in CASES.iter().enumerate() {
        let text = format!("input: {{files: [\"{}\"]}}\n{analysis}\n", absolute(EVENTS));
        fs::write(place.path("case.yaml"), text).expect("a file is written");
        let done = place.run("run case.yaml --backend cpu --json");
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{what}");
        let record = json(&done.stdout);
        let warnings = record["warnings"].as_array().expect("a list of warnings");
        let found: Vec<String> = warnings
            .iter()
            .map(|w| format!("{} {}", w["line"], w["code"].as_str().expect("a code")))
            .collect();
        assert_eq!(found, *expected, "{what}: {warnings:#?}");
        let done = place.run("run case.yaml --backend cpu");
        for warning in warnings {
            let code = format!("[{}]", warning["code"].as_str().expect("a code"));
            assert!(done.stdout.contains(&code), "{what}: {}", done.stdout);
        }
        let strict = format!("strict{k}");
        let done = place.run(&format!("run case.yaml --backend cpu --strict -o {strict}"));
        assert_eq!(done.code, if expected.is_empty() { 0 } else { 3 }, "{what}: {}", done.stderr);
        assert_eq!(place.path(&strict).exists(), expected.is_empty(), "{what}");
    }
}

#[test]
fn other_commands_show_warnings_too() {
    let place = Place::new();
    let done = place.run("check analysis.yaml");
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let warning = "Warning line 15: the histogram `jet_pt` names no region and gets all events";
    assert!(done.stdout.contains(warning), "{}", done.stdout);
    let done = place.run("check analysis.yaml --strict");
    assert_eq!((done.code, done.stdout.as_str()), (3, ""));
    let error = "error: analysis.yaml: line 15: the histogram `jet_pt` names no region";
    assert!(done.stderr.contains(error), "{}", done.stderr);
    let text = format!(
        "input: {{files: [\"{}\"]}}\nparameters: {{dead: {{start: 1}}}}\nhistograms:\n  \
         met: {{value: MET.pt, bins: [9, 0, 90], soft: {{bandwidth: 1 bins}}}}\n",
        absolute(EVENTS)
    );
    fs::write(place.path("case.yaml"), text).expect("a file is written");
    let done = place.run("grad case.yaml --backend cpu --quiet");
    assert_eq!((done.code, done.stdout.as_str()), (0, ""));
    assert!(done.stderr.contains("[no-effect]"), "{}", done.stderr);
    let done = place.run("grad case.yaml --backend cpu --strict -o strict");
    assert_eq!((done.code, place.path("strict").exists()), (3, false), "{}", done.stderr);
}

#[test]
fn what_is_missing_everywhere_is_named() {
    let place = Place::new();
    let text = format!(
        "input: {{files: [\"{}\"]}}\nvary:\n  high: {{weight: {{up: 'Jet[50].pt'}}}}\nhistograms:\n  \
         met: {{value: MET.pt, bins: [9, 0, 90]}}\n",
        absolute(EVENTS)
    );
    fs::write(place.path("case.yaml"), text).expect("a file is written");
    let record = json(&place.run("run case.yaml --backend cpu --json").stdout);
    let expected = "the variation `high_up` is empty in `met_high_up`: a value is missing in every \
                    entry; it reads `Jet_pt`";
    assert_eq!(record["warnings"][0]["text"], expected);
}

#[test]
fn an_analysis_that_asks_for_nothing_is_refused() {
    let place = Place::new();
    let text = format!("input: {{files: [\"{}\"]}}\ndefine: {{a: MET.pt}}\n", absolute(EVENTS));
    fs::write(place.path("case.yaml"), text).expect("a file is written");
    for command in ["run", "check"] {
        let done = place.run(&format!("{command} case.yaml"));
        assert_eq!((done.code, done.stdout.as_str()), (3, ""), "{command}");
        assert!(
            done.stderr.contains("case.yaml: the analysis has no histograms"),
            "{}",
            done.stderr
        );
    }
}
