//! In which order samples, the terms of a combination and files come shows in no number.

use super::{EVENTS, Place, SIMULATED, path};
use serde_json::Value;
use std::fs;

const SAMPLES: [&str; 4] = [
    "  a: {files: EVENTS, cross_section: 0.1, process: qcd}\n",
    "  b: {files: SIMULATED, cross_section: 0.7, process: qcd}\n",
    "  c: {files: EVENTS, cross_section: 1.3, process: qcd}\n",
    "  d: {files: [FILES], cross_section: 0.3, process: qcd}\n",
];
const TERMS: [&str; 4] = ["a: 0.3", "b: -1.7", "c: 1.1", "d: 1.0e-9"];
/// Orders of four things.
const ORDERS: [[usize; 4]; 5] =
    [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1], [3, 0, 1, 2]];

fn outputs(samples: [usize; 4], terms: [usize; 4]) -> [Value; 2] {
    let mut files = [path(EVENTS), path(SIMULATED)];
    files.rotate_left(samples[0] % 2);
    let listed: String = samples.iter().map(|k| SAMPLES[*k]).collect();
    let combined = terms.map(|k| TERMS[k]).join(", ");
    let text = format!("\nluminosity: 7.3\nsamples:\n{listed}combine:\n  mix: {{{combined}}}\n");
    let place = Place::new(&text.replace("FILES", &files.join(", ")));
    let text = fs::read_to_string(place.0.path().join("analysis.yaml")).expect("it is there");
    let named = "    weight: {simulation: MET.pt}\n    name: \"{name}_{region}_{process}\"";
    place.write(
        "analysis.yaml",
        &text.replace("    regions: [all, muons]", &format!("    regions: [all, muons]\n{named}")),
    );
    place.analyse("", 0);
    ["histograms.json", "cutflow.json"].map(|name| place.json(name))
}

#[test]
fn no_order_of_samples_terms_and_files_shows() {
    let first = outputs(ORDERS[0], ORDERS[0]);
    assert!(first[0].get("met_muons_mix").is_some(), "{}", first[0]);
    for (samples, terms) in ORDERS[1..].iter().zip(&ORDERS) {
        assert_eq!(outputs(*samples, *terms), first, "{samples:?} {terms:?}");
    }
}
