//! What `explain` prints, word for word, of an analysis and of events.

use super::{EVENTS, Place, absolute};
use std::fs;
use std::path::Path;

/// `UPDATE=1` writes it anew.
#[test]
fn explain_in_words() {
    let samples = "
luminosity: 1
samples:
  data: {files: [EVENTS], kind: data}
  ttbar: {files: [TTBAR], cross_section: 831.76}
define:
  Jet.far: abs(eta) > 2.4
  jets: Jet[pt > 30 and not far]
  leading: jets[0].pt
  pair: pairs(jets).min_by(abs(mass - 91.2))
weight: {all: 1.5}
regions:
  base:
    - one muon: count(Muon) >= 1 and nJet < 100
    - 4 jets: count(jets) >= 4
  tight:
    - base
    - hard: leading > 100
    - far away: not any(Jet.far) or nJet > 1000
histograms:
  ht: {value: sum(jets.pt), bins: [1, 0, 100], regions: [base, tight]}
";
    let place = Place::new();
    let ttbar = "tests/data/agc/ttbar__nominal.root";
    let paths = [EVENTS, ttbar].map(absolute);
    let text = samples.replace("EVENTS", &paths[0]).replace("TTBAR", &paths[1]);
    fs::write(place.path("samples.yaml"), text).expect("written");
    let mut found = String::new();
    for arguments in [
        "analysis.yaml",
        "analysis.yaml --event 0",
        "analysis.yaml --event 194711:299:263142897",
        "samples.yaml --event 1001",
        "samples.yaml --sample data --event 12",
        "samples.yaml --sample ttbar --event 5000",
        "samples.yaml --sample tbar --event 1",
        "samples.yaml --event 1:2:3",
        "samples.yaml --event 1:2",
    ] {
        let done = place.run(&format!("explain {arguments}"));
        let text = format!("$ explain {arguments}\n{}{}", done.stdout, done.stderr);
        found += &text.replace(&paths[0], "EVENTS").replace(&paths[1], "TTBAR");
    }
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/explain.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(expected.parent().expect("a folder")).expect("a folder");
        fs::write(&expected, &found).expect("a snapshot can be written");
    }
    assert_eq!(found, fs::read_to_string(expected).unwrap_or_default());
    let done = place.run("explain analysis.yaml --plan");
    assert!(done.stdout.contains("fills:"), "{}", done.stderr);
    let done = place.run("explain analysis.yaml --wgsl");
    assert!(done.stdout.contains("@compute"), "{}", done.stderr);
}
