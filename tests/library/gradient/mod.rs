//! Gradients from analysis to Jacobian: against derivatives by another program
//! (`tests/data/soft`), against finite differences, and the device's bits.
#![allow(clippy::print_stdout, reason = "the worst deviations belong in the log")]

mod agreement;
mod beyond;
mod events;
mod means;
mod oracles;
mod random;
mod resident;
mod second;
mod soft_cuts;
mod vjp;

use crate::support::Table;
use events::{Case, gradient, try_gradient};

fn table() -> Table {
    Table::parse("x: float32 = 1 | 2\nw: float32 = 1 | 1\nJet_pt: float32[nJet] = 50 30 | 20")
}

/// What has no derivative is refused, and said why.
#[test]
fn what_jumps_is_refused() {
    let soft = "bins: [4, 0, 4]\n    soft: {bandwidth: 1}";
    let cases = [
        ("regions:\n  r:\n    - cut: x > t\n", "x", "1", "[r]", "jumps with the parameter `t`"),
        ("", "x", "if x > t then 1 else 0", "[all]", "jumps with the parameter `t`"),
        ("", "x", "float(x > t)", "[all]", "jumps with the parameter `t`"),
        ("", "x", "floor(x * t)", "[all]", "jumps with the parameter `t`"),
        ("", "x", "float(count(Jet[pt > t]))", "[all]", "jumps with the parameter `t`"),
        ("", "x", "sum(Jet[pt > t].pt)", "[all]", "which elements a collection has depends on it"),
        ("", "Jet[pt > t].pt", "1", "[all]", "jumps with the parameter `t`"),
    ];
    for (regions, value, weight, of, expected) in cases {
        let text = format!(
            "parameters:\n  t: {{start: 30}}\n{regions}histograms:\n  h:\n    value: {value}\n    \
             weight: {weight}\n    regions: {of}\n    {soft}\n"
        );
        let error = match try_gradient(&text, &table(), &[]) {
            Ok(_) => panic!("no error:\n{text}"),
            Err(error) => error,
        };
        assert!(error.contains(expected), "{value} {weight}: {error}");
    }
    let hard =
        "parameters:\n  t: {start: 30}\nhistograms:\n  h:\n    value: x\n    bins: [4, 0, 4]\n";
    let error = try_gradient(hard, &table(), &[]).err().unwrap_or_default();
    assert!(error.contains("no soft histogram"), "{error}");
}

/// The best by a key that moves, and the order by it, are no jumps: derivatives
/// are those of the chosen element.
#[test]
fn a_chosen_element_passes_its_derivative() {
    let text = "
parameters:
  a: {start: 2}
histograms:
  best:
    value: Jet.max_by(pt * a).pt * a
    bins: [1, 0, 1000]
    soft: {kernel: triangular, bandwidth: 2000}
  sorted:
    value: Jet.sort_by(-pt * a)[0].pt * a
    bins: [1, 0, 1000]
    soft: {kernel: triangular, bandwidth: 2000}
";
    let found = gradient(text, &table(), &[], Case::DOUBLE);
    // Between edges at 0 and 1000 the share changes by (500 - x) / 2000^2 * 2 with x.
    let slope = |pt: f64| (1000.0 - 2.0 * 2.0 * pt) / 4e6 * pt;
    for result in found {
        let wanted = slope(50.0) + slope(20.0);
        let jacobian = result.jacobian[1][0];
        assert!((jacobian / wanted - 1.0).abs() < 1e-12, "{jacobian} {wanted}");
    }
}

/// Where a derivative is infinite the entry is left out of contents too.
#[test]
fn what_has_no_finite_derivative_is_dropped() {
    let text = "
parameters:
  a: {start: 1}
histograms:
  h:
    value: x
    weight: sqrt((x - 1) * a)
    bins: [1, 0, 4]
    soft: {kernel: uniform, bandwidth: 0.5}
";
    for case in [Case::DOUBLE, Case::SINGLE] {
        let found = gradient(text, &table(), &[], case).swap_remove(0);
        assert_eq!((found.dropped, found.histogram.entries), (1, 1));
        assert_eq!(found.histogram.value(1), 1.0);
        assert_eq!(found.jacobian[1], [0.5]);
    }
}

#[test]
fn parameters_are_set_within_their_ranges() {
    let text = "parameters:\n  a: {start: 1, range: [0, 2]}\n  h: {start: 1}\nhistograms:\n  h1:\n    \
                value: x\n    bins: [1, 0, 4]\n    soft: {bandwidth: h, flow: renorm}\n";
    let mut analysis = gpuana::config::parse(text).expect("it parses");
    for (name, value, expected) in [
        ("a", 3.0, "outside its range from 0 to 2"),
        ("b", 3.0, "there is no parameter `b`: there are a, h"),
        ("h", -1.0, "it must be above 0"),
        ("h", f64::NAN, "no number that can be computed with"),
        ("h", 401.0, "a bandwidth too wide for `flow: renorm`: at most 400"),
    ] {
        let error = analysis.set_parameter(name, value).expect_err("it is refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
    analysis.set_parameter("h", 2.5).expect("it is set");
    let soft = analysis.histograms[0].soft[0];
    assert_eq!((soft.bandwidth, analysis.parameters[1].value), (2.5, 2.5));
}

/// `gpuana run` fills what `gpuana grad` differentiates, and writes the second
/// estimate of variances beside it.
#[test]
fn a_run_writes_both_variances() {
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gpuana"));
    let args = ["run", "examples/differentiable/dijet.yaml", "--quiet", "--backend", "cpu", "-o"];
    let status = command.current_dir(top).args(args).arg(folder.path()).status().expect("it runs");
    assert!(status.success());
    let read = |name: &str| -> serde_json::Value {
        let text = std::fs::read_to_string(folder.path().join(name)).expect("a file");
        serde_json::from_str(&text).expect("JSON")
    };
    let (all, soft) = (read("histograms.json"), read("soft.json"));
    let (all, soft) = (&all["mjj_two_jets"]["storage"], &soft["mjj_two_jets"]);
    assert_eq!(all["values"], soft["contents"]);
    assert_eq!(all["variances"], soft["variances_w2p2"]);
    let numbers = |key: &str| -> Vec<f64> {
        soft[key].as_array().expect("a list").iter().filter_map(|x| x.as_f64()).collect()
    };
    let both = numbers("variances_w2p2").into_iter().zip(numbers("variances_w2p"));
    // Squares of small shares are lost beside large ones, where no entry is near.
    assert!(both.clone().all(|(lower, upper)| lower <= upper));
    assert!(both.clone().filter(|(lower, upper)| lower < upper).count() > 40);
    assert!(read("run.json")["more_outputs"].as_array().is_none_or(|all| !all.is_empty()));
}

/// `gpuana grad` on the example: a file that JSON readers understand, the same
/// for other chunks; and what the command line gets wrong.
#[test]
fn the_command_writes_the_jacobian() {
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let gpuana = |args: &[&str]| {
        let example = "examples/differentiable/dijet.yaml";
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gpuana"));
        let output =
            command.current_dir(top).args(["grad", example, "--backend", "cpu"]).args(args);
        let output = output.arg("--output").arg(folder.path()).output().expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), error, String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let read = || std::fs::read_to_string(folder.path().join("gradients.json")).expect("a file");
    let (code, error, shown) = gpuana(&[]);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{shown}");
    assert!(shown.contains("mjj_two_jets_jes_alpha"), "{shown}");
    let first = read();
    let json: serde_json::Value = serde_json::from_str(&first).expect("JSON");
    let names: Vec<&str> = json["parameters"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|p| p["name"].as_str())
        .collect();
    assert_eq!(names, ["alpha", "threshold", "slope", "width"]);
    let h = &json["histograms"]["mjj_two_jets_jes_alpha"];
    let length = |key: &str| h[key].as_array().map_or(0, Vec::len);
    let keys = ["edges", "values", "variances_w2p2", "variances_w2p", "jacobian", "second"];
    assert_eq!(keys.map(length), [51, 52, 52, 52, 52, 52]);
    assert_eq!(json["second"], serde_json::json!([["alpha", "width"]]));
    assert!(h["second"][20][0].as_f64().is_some_and(|d| d != 0.0), "{}", h["second"][20]);
    // Whatever the mass, nothing is lost: only the threshold changes the sum.
    let column = |k: usize| h["jacobian"].as_array().expect("rows").iter().map(move |row| &row[k]);
    let sum = |k: usize| column(k).filter_map(serde_json::Value::as_f64).sum::<f64>();
    let size =
        |k: usize| column(k).filter_map(serde_json::Value::as_f64).map(f64::abs).sum::<f64>();
    assert!(size(3) > 1.0 && sum(3).abs() < 1e-5 * size(3), "{} {}", sum(3), size(3));
    assert!(sum(1) < -1.0 && size(0) > 1.0, "{} {}", sum(1), size(0));
    assert_eq!(gpuana(&["--chunk-events", "7", "--quiet"]).0, Some(0));
    assert_eq!(read(), first);
    let (code, error, shown) = gpuana(&["--set", "alpha=0.1", "--check"]);
    // Kinks of |E^2 - p^2| and the like are far from any event.
    assert_eq!((code, error.as_str()), (Some(0), ""), "{shown}");
    let checked = shown.lines().filter(|l| l.contains("mjj_two_jets") && l.contains("e-"));
    assert_eq!(checked.count(), 4, "{shown}");
    assert_ne!(read(), first);
    for (set, expected) in [
        ("beta=1", "there is no parameter `beta`: there are alpha, threshold, slope, width"),
        ("alpha=1", "alpha = 1 is outside its range from -0.2 to 0.2"),
    ] {
        let (code, error, _) = gpuana(&["--set", set]);
        assert!(code == Some(2) && error.contains(expected), "{code:?} {error}");
    }
}
