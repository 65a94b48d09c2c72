//! The ttbar analysis of the Analysis Grand Challenge against ROOT: all 124
//! histograms, from skims of small synthetic samples.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Relative: event weights and four-vectors are of single precision here, of
/// double precision in ROOT.
const CLOSE: f64 = 1e-6;

fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).expect("the file is JSON")
}

fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().expect("a list of numbers");
    list.iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn close(found: &[f64], expected: &[f64]) -> bool {
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= CLOSE * a.abs().max(b.abs()))
}

#[test]
fn all_histograms_are_those_of_root() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = top.join("tests/data/agc");
    let folder = tempfile::tempdir().expect("a folder for the test");
    let output = Command::new(env!("CARGO_BIN_EXE_gpuana"))
        .args(["run", "--backend", "cpu", "--fileset"])
        .arg(data.join("inputs.json"))
        .arg("--output")
        .arg(folder.path())
        .arg(top.join("examples/agc/ttbar.yaml"))
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let reference = json(&data.join("reference.json"));
    let reference = reference.as_object().expect("histograms by name");
    let found = json(&folder.path().join("agc.json"));
    let full = json(&folder.path().join("histograms.json"));
    assert_eq!(reference.len(), 124);
    assert_eq!(found.as_object().map(serde_json::Map::len), Some(124));
    let edges: Vec<f64> = (0..=25).map(|i| 50.0 + 20.0 * f64::from(i)).collect();
    for (name, expected) in reference {
        assert_eq!(numbers(&found[name]["edges"]), edges, "{name}");
        let contents = numbers(&found[name]["contents"]);
        let variances = numbers(&full[name]["storage"]["variances"]);
        assert!(close(&contents, &numbers(&expected["contents"])), "{name}: {contents:?}");
        assert!(close(&variances, &numbers(&expected["sumw2"])), "{name}: {variances:?}");
    }
}
