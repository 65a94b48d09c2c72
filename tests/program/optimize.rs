//! `scan` and `optimize` from the command line, and objectives and scalars of
//! `grad`: values, files, and what is said of mistakes.

use serde_json::Value;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// Events of two kinds, by the sign of a muon's eta.
const ANALYSIS: &str = "
parameters:
  met: {start: 5, range: [0, 60], slope: 0.2}
  width: {start: 5, range: [2, 20]}
  scale: {start: 0, range: [-0.5, 0.5], prior: 0.1}
define:
  lead: Muon.max_by(pt)
  seen: lead.pt * (1 + scale)
regions:
  r:
    - lead: lead.eta > -5
    - met: CUT
histograms:
  s:
    value: lead.pt
    bins: [5, 0, 50]
    weight: if lead.eta > 0 then 0.2 else 0.0
    soft: {bandwidth: width, flow: fold}
    regions: [r]
    name: s
  b:
    value: seen
    bins: [5, 0, 50]
    weight: 1 / (1 + 0.02 * MET.pt)
    soft: {bandwidth: width, flow: fold}
    regions: [r]
    name: b
scalars:
  mean_pt: {mean: lead.pt, weight: 1 / (1 + 0.02 * met), region: r, name: mean_pt}
  sum_pt: {sum: Muon.pt, name: sum_pt}
objectives:
  z: {significance: {signal: s, background: b, uncertainty: [stat, 0.1]}}
  mu: {sigma_mu: {signal: s, background: b}}
  mine: {expression: sum(s) / sqrt(sum(b)) + 0 * mean_pt}
";

struct Place(TempDir);

impl Place {
    fn new(cut: &str) -> Place {
        let place = Place(tempfile::tempdir().expect("a folder"));
        let file = Path::new(TOP).join("examples/data/Run2012B_SingleMu_1000.root");
        let input = format!("input: {{files: [{}]}}\n", file.display());
        place.write("a.yaml", &(input + &ANALYSIS.replace("CUT", cut)));
        place
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("a file is written");
    }

    /// Exit code and both outputs.
    fn gpuana(&self, arguments: &str) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gpuana"));
        let command = command.args(arguments.split_whitespace()).current_dir(self.0.path());
        let output = command.output().expect("the program starts");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap_or(-1), String::from_utf8(text).expect("UTF-8"))
    }

    fn json(&self, arguments: &str, file: &str) -> Value {
        let (code, text) = self.gpuana(&format!("{arguments} --backend cpu -o out"));
        assert_eq!(code, 0, "{text}");
        let path = self.0.path().join("out").join(file);
        serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON")
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    let all = value.as_array().expect("a list");
    all.iter().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect()
}

/// The gradient of each objective and scalar is the slope of its values.
#[test]
fn gradients_are_slopes() {
    let place = Place::new("MET.pt > met");
    let at = |met: f64| {
        let arguments = format!("grad a.yaml --set met={met} --precision f64 --binary");
        place.json(&arguments, "gradients.json")
    };
    let (low, here, high) = (at(19.99), at(20.0), at(20.01));
    for (group, name) in [
        ("objectives", "z"),
        ("objectives", "mu"),
        ("objectives", "mine"),
        ("scalars", "mean_pt"),
        ("scalars", "sum_pt"),
    ] {
        let value = |of: &Value| of[group][name]["value"].as_f64().expect("a number");
        let slope = (value(&high) - value(&low)) / 0.02;
        let gradient = numbers(&here[group][name]["gradient"])[0];
        assert!((slope - gradient).abs() <= 1e-5 * slope.abs(), "{name}: {slope} {gradient}");
    }
    let bytes = std::fs::read(place.0.path().join("out/gradients.bin")).expect("a file");
    let word = |k: usize| <[u8; 8]>::try_from(&bytes[8 * k..8 * k + 8]).expect("8 bytes");
    assert_eq!(&bytes[..8], b"GPUANA1\n");
    assert_eq!([1, 2, 3].map(|k| u64::from_le_bytes(word(k))), [3, 2, 7]);
    // Two histograms of 7 cells: three columns and three of the Jacobian.
    assert_eq!(bytes.len(), 8 * (3 + 2 * (1 + 7 * 6)));
    let jacobian: Vec<f64> = (4 + 21..4 + 42).map(|k| f64::from_le_bytes(word(k))).collect();
    let rows = high["histograms"]["s"]["jacobian"].as_array().expect("rows");
    assert_eq!(jacobian, rows.iter().flat_map(numbers).collect::<Vec<_>>());
}

/// `stat_w2p2` takes the variance of what a bin holds, which is no more than `stat`'s;
/// where bins are hard both are the same.
#[test]
fn two_variances_of_a_bin() {
    let place = Place::new("MET.pt > met");
    let text = std::fs::read_to_string(place.0.path().join("a.yaml")).expect("the analysis");
    place.write("shares.yaml", &text.replace("[stat, 0.1]", "stat_w2p2"));
    place.write("whole.yaml", &text.replace("[stat, 0.1]", "stat"));
    let at = |file: &str, met: f64| {
        let arguments = format!("grad {file}.yaml --set met={met} --precision f64");
        place.json(&arguments, "gradients.json")["objectives"]["z"].clone()
    };
    let value = |of: &Value| of["value"].as_f64().expect("a number");
    let (low, here, high) = (at("shares", 19.99), at("shares", 20.0), at("shares", 20.01));
    let (slope, gradient) = ((value(&high) - value(&low)) / 0.02, numbers(&here["gradient"])[0]);
    assert!((slope - gradient).abs() <= 1e-5 * slope.abs(), "{slope} {gradient}");
    assert!(value(&here) > 1.001 * value(&at("whole", 20.0)));
    let scan = |file: &str| {
        place.json(&format!("scan {file}.yaml met=0:40:3 --objective z"), "landscape.json")
    };
    let (shares, whole) = (scan("shares"), scan("whole"));
    // Squares beside a histogram are rounded to single precision one by one.
    for (shares, whole) in numbers(&shares["hard"]).iter().zip(numbers(&whole["hard"])) {
        assert!((shares / whole - 1.0).abs() < 1e-7, "{shares} {whole}");
    }
    assert_ne!(shares["soft"], whole["soft"]);
}

/// From one pass, or point by point where the cut is written in another way: the
/// same values; smooth ones come near with steep slopes.
#[test]
fn landscapes_agree() {
    let scan = "scan a.yaml met=0:40:21 --objective z --quiet";
    let one = Place::new("MET.pt > met").json(scan, "landscape.json");
    let each = Place::new("not MET.pt <= met").json(scan, "landscape.json");
    assert_eq!([&one, &each].map(|v| v["hard_from_one_pass"] == true), [true, false]);
    assert_eq!(one["hard"], each["hard"]);
    let (hard, soft) = (numbers(&one["hard"]), numbers(&one["soft"]));
    assert_eq!([hard.len(), soft.len()], [21, 21]);
    for gradient in one["soft_gradient"].as_array().expect("gradients") {
        assert_eq!(numbers(gradient).len(), 3);
    }
    let place = Place::new("MET.pt > met");
    let both = place.json("scan a.yaml met=0:40:5 width=2:4:3 --objective mu", "landscape.json");
    assert_eq!(numbers(&both["soft"]).len(), 15);
    assert_eq!(both["goal"], "minimize");
    for picture in ["landscape_hard", "landscape_smooth"] {
        let path = place.0.path().join(format!("out/plots/{picture}.svg"));
        assert!(std::fs::read_to_string(path).expect("a picture").contains("<svg"));
    }
}

/// Two starts at opposite corners end in the same place, within 1 % of the ranges.
#[test]
fn starts_meet() {
    let place = Place::new("MET.pt > met");
    for more in [
        "",
        "--straight-through --evaluations 40 --anneal 1:4:2 --over met",
        "--objective mine --anneal 1:1:1 --evaluations 20",
    ] {
        let objective = if more.contains("--objective") { "" } else { "--objective z" };
        let arguments = format!("optimize a.yaml {objective} {more} --start low --start high");
        let found = place.json(&arguments, "optimize.json");
        let ends = [0, 1].map(|k| found["starts"][k]["end"]["parameters"]["met"].as_f64());
        let [a, b] = ends.map(|x| x.expect("a number"));
        let allowed = if more.contains("straight") { 6.0 } else { 0.6 };
        assert!((a - b).abs() <= allowed, "{more}: {a} {b}");
        let checkpoint = place.0.path().join("out/checkpoint.json");
        let checkpoint = std::fs::read_to_string(checkpoint).expect("a checkpoint");
        let checkpoint: Value = serde_json::from_str(&checkpoint).expect("JSON");
        assert_eq!(checkpoint["at"]["met"], found["starts"][1]["end"]["parameters"]["met"]);
    }
}

/// From a checkpoint in the middle the same comes out as in one go.
#[test]
fn optimisations_go_on() {
    let place = Place::new("MET.pt > met");
    let arguments =
        "optimize a.yaml --objective z --evaluations 12 --anneal 1:4:3 --start low --start high";
    let whole = place.json(arguments, "optimize.json");
    let out = place.0.path().join("out");
    let read = |name: &str| std::fs::read_to_string(out.join(name)).expect("a file");
    let (text, last) = (read("optimize.json"), read("checkpoint.json"));
    let mut checkpoint: Value = serde_json::from_str(&last).expect("JSON");
    // The second start after its first stage, and the first one before its last.
    for (done, stage) in [(1, 1), (0, 2)] {
        let course = &whole["starts"][done];
        let stops = course["path"].as_array().expect("a list").iter();
        let stops: Vec<Value> =
            stops.filter(|stop| stop["stage"].as_u64() < Some(stage)).cloned().collect();
        let starts = whole["starts"].as_array().expect("a list");
        checkpoint["starts"] = starts[..done].to_vec().into();
        checkpoint["start"] = course["start"].clone();
        checkpoint["next_stage"] = stage.into();
        checkpoint["at"] = stops.last().expect("a stop")["parameters"].clone();
        checkpoint["path"] = stops.into();
        std::fs::write(out.join("checkpoint.json"), checkpoint.to_string()).expect("a file");
        std::fs::remove_file(out.join("optimize.json")).expect("a file");
        place.json(&format!("{arguments} --resume"), "optimize.json");
        assert_eq!((read("optimize.json"), read("checkpoint.json")), (text.clone(), last.clone()));
    }
    for (arguments, damage, expected) in [
        ("optimize a.yaml --objective z --resume", None, "anneal was [1.0,4.0,3] and is"),
        ("optimize a.yaml --objective mu --resume", None, "is of the objective \"z\", not `mu`"),
        (arguments, Some("{"), "no checkpoint: EOF"),
        (arguments, Some("{\"objective\": \"z\"}"), "method was null and is \"lbfgs\""),
        (arguments, Some(""), "leave out --resume"),
    ] {
        std::fs::write(out.join("checkpoint.json"), damage.unwrap_or(&last)).expect("a file");
        let resumed = format!("{} --resume", arguments.replace(" --resume", ""));
        let found = place.gpuana(&format!("{resumed} --backend cpu -o out"));
        assert!(found.0 == 2 && found.1.contains(expected), "{expected}: {found:?}");
    }
}

/// The example, on the files of the repository.
#[test]
fn examples_run() {
    let place = Place::new("MET.pt > met");
    let example = |name: &str| format!("{TOP}/examples/differentiable/{name}.yaml");
    let fileset = format!("--fileset {TOP}/tests/data/agc/inputs.json");
    let scan = format!("scan {} btag=0.1:0.9:9 --objective purity", example("cut_landscape"));
    assert_eq!(place.json(&scan, "landscape.json")["hard_from_one_pass"], true);
    let optimize = format!(
        "optimize {} {fileset} --start low --start high --evaluations 15",
        example("optimize_agc")
    );
    let found = place.json(&optimize, "optimize.json");
    let ends = [0, 1].map(|k| found["starts"][k]["end"]["parameters"].clone());
    for (name, size) in [("jet_pt", 45.0), ("btag", 0.8), ("lepton_pt", 50.0), ("width", 50.0)] {
        let [a, b] = ends.each_ref().map(|end| end[name].as_f64().expect("a number"));
        assert!((a - b).abs() <= 0.01 * size, "{name}: {a} {b}");
    }
    let seen = |of: &Value| of["hard"]["all"].as_f64().expect("a number");
    assert!(seen(&found["nominal"]) > 0.0);
}

#[test]
fn mistakes_are_explained() {
    let place = Place::new("MET.pt > met");
    let text = std::fs::read_to_string(place.0.path().join("a.yaml")).expect("the analysis");
    let z = "z: {significance: {signal: s, background: b, uncertainty: [stat, 0.1]}}";
    for (name, old, new) in [
        ("names", z, "z: {significance: {signal: ss, background: b}}"),
        ("call", "sum(s) / sqrt", "sum(s) / sqroot"),
        ("bins", "sum(s) / sqrt(sum(b))", "s / sqrt(sum(b))"),
        ("field", "mean: lead.pt", "mean: lead.ptt"),
        ("plain", z, "z: {significance: {signal: s, background: b}, goal: maximize}"),
    ] {
        assert!(text.contains(old), "{old}");
        place.write(&format!("{name}.yaml"), &text.replace(old, new));
    }
    let table = [
        ("grad names.yaml", 3, "there is no soft histogram or scalar `ss`"),
        ("check names.yaml", 3, "did you mean `s`?"),
        ("grad call.yaml", 3, "did you mean `sqrt`?"),
        ("grad bins.yaml", 3, "add them up: `sum(...)`"),
        ("check field.yaml", 3, "did you mean `pt`?"),
        ("check plain.yaml", 0, "fine"),
        ("scan a.yaml met", 2, "choose one by --objective: there are z, mu, mine"),
        ("scan a.yaml met --objective x", 2, "there is no objective `x`"),
        (
            "scan a.yaml mett --objective z",
            2,
            "there is no parameter `mett`: there are met, width, scale",
        ),
        ("scan a.yaml met=1:2 --objective z", 2, "the form is NAME=LOW:HIGH:POINTS"),
        ("scan a.yaml met=0:99:9 --objective z", 2, "outside its range from 0 to 60"),
        ("scan a.yaml met met --objective z", 2, "`met` is named twice"),
        ("optimize a.yaml --objective z --start met=a", 2, "the form is NAME=VALUE"),
        ("optimize a.yaml --objective z --start met=99", 2, "outside its range"),
        ("optimize a.yaml --objective z --anneal 1:2", 2, "the form is FROM:TO:STAGES"),
        ("optimize a.yaml --objective z --memory 60MB --events 10", 0, "held-out half"),
    ];
    for (arguments, code, expected) in table {
        let (found, said) = place.gpuana(&format!("{arguments} --backend cpu"));
        let found =
            if arguments.starts_with("check") { place.gpuana(arguments) } else { (found, said) };
        assert!(found.0 == code && found.1.contains(expected), "{arguments}: {found:?}");
    }
}
