//! One chain of twelve files: all formats, trees of three writers (ROOT, uproot 5 and 3),
//! several NanoAOD versions, one file without events, some without a collection. The
//! same histograms in any order, and those of an independent program
//! (`tests/data/chain/make.py`).

use super::run;
use serde_json::Value;

const REFERENCE: &str = include_str!("../../data/chain/reference.json");

const ANALYSIS: &str = "
input:
  defaults: {MET_pt: 12.5, Jet_nConstituents: 12, Jet_puId: 3, 'HLT_*': false, Tau: []}
regions:
  isolated:
    - an isolated muon: HLT_IsoMu24
histograms:
  met: {value: MET.pt, bins: [10, 0, 200], regions: [all, isolated]}
  vertices: {value: PV.npvs, bins: [10, 0, 60], regions: [all]}
  jets: {value: count(Jet), bins: [12, 0, 12], regions: [all]}
  jet_pt: {value: Jet.pt, bins: [12, 0, 240], regions: [all]}
  constituents: {value: Jet.nConstituents, bins: [10, 0, 60], regions: [all]}
  pileup: {value: Jet.puId, bins: [8, 0, 8], regions: [all]}
  charge: {value: sum(Muon.charge), bins: [7, -3, 4], regions: [all]}
  taus: {value: count(Tau), bins: [5, 0, 5], regions: [all]}
  tau_pt: {value: Tau.pt, bins: [10, 0, 100], regions: [all]}
";

/// The histograms' names in the reference, in the order of the output.
const NAMES: [&str; 10] = [
    "met",
    "met_isolated",
    "vertices",
    "jets",
    "jet_pt",
    "constituents",
    "pileup",
    "charge",
    "taus",
    "tau_pt",
];

#[test]
fn twelve_files_give_the_same_in_any_order() {
    let reference: Value = serde_json::from_str(REFERENCE).expect("JSON");
    let reference = reference.as_object().expect("an object of files");
    let files: Vec<String> = reference.keys().map(|name| format!("tests/data/{name}")).collect();
    assert_eq!(files.len(), 12);

    let mut expected: Vec<Vec<f64>> = Vec::new();
    for name in NAMES {
        let mut sum: Vec<f64> = Vec::new();
        for file in reference.values() {
            let cells = file["histograms"][name].as_array().expect("cells");
            sum.resize(cells.len(), 0.0);
            let cells = cells.iter().map(|cell| cell.as_f64().expect("a number"));
            sum.iter_mut().zip(cells).for_each(|(sum, cell)| *sum += cell);
        }
        expected.push(sum);
    }

    let orders = [(0, 1), (0, 11), (3, 5), (7, 7), (10, 1)];
    for (first, step) in orders {
        let order: Vec<&str> = (0..12).map(|k| files[(first + k * step) % 12].as_str()).collect();
        let (found, record, _) = run(ANALYSIS, &order).unwrap_or_else(|e| panic!("{order:?}: {e}"));
        for ((name, found), expected) in NAMES.iter().zip(&found).zip(&expected) {
            assert_eq!(found, expected, "{name} of {order:?}");
        }
        let ledger = &record["ledger"];
        assert_eq!(ledger["files"]["processed"], 12);
        assert_eq!(ledger["events"]["processed"], 4513);
        let mut absent: Vec<String> = ledger["defaults"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|d| {
                format!("{} {} {}", d["branch"].as_str().unwrap_or("?"), d["files"], d["events"])
            })
            .collect();
        absent.sort();
        assert_eq!(
            absent,
            [
                "HLT_IsoMu24 4 413",
                "Jet_nConstituents 4 4000",
                "Jet_puId 3 223",
                "MET_pt 1 20",
                "nTau 2 203"
            ]
        );
    }
}
