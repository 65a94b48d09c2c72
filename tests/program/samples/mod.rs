//! Samples from outside: how they are scaled, named and added up, what is
//! accounted for, and what happens to files that cannot be read.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

mod inputs;
mod order;
mod weights;

/// 1000 events.
const EVENTS: &str = "examples/data/Run2012B_SingleMu_1000.root";

/// Where the UUID of a file of less than 2 GB begins.
const UUID: usize = 47;

/// 40 events, and a tree `Runs` with one sum of generator weights.
const SIMULATED: &str = "tests/data/nano_dy.root";

/// Without the sections of samples.
const ANALYSIS: &str = "
regions:
  muons:
    - two muons: count(Muon) >= 2
histograms:
  met:
    value: MET.pt
    bins: [4, 0, 80]
    regions: [all, muons]
";

struct Place(TempDir);

struct Done {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Place {
    /// A folder with an analysis of these sections, a file that is broken, and the events
    /// in another file, `other.root`.
    fn new(samples: &str) -> Place {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let place = Place(folder);
        place.write("analysis.yaml", &format!("{}{ANALYSIS}", located(samples)));
        let bytes = fs::read(path(EVENTS)).expect("the example's events are there");
        let half = &bytes[..bytes.len() / 2];
        fs::write(place.0.path().join("half.root"), half).expect("a file is written");
        let mut other = bytes;
        other[UUID] ^= 1;
        fs::write(place.0.path().join("other.root"), other).expect("a file is written");
        place
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("a file is written");
    }

    fn run(&self, arguments: &str) -> Done {
        let output = Command::new(env!("CARGO_BIN_EXE_gpuana"))
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .output()
            .expect("the program starts");
        Done {
            code: output.status.code().expect("the program ends by itself"),
            stdout: String::from_utf8(output.stdout).expect("output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("errors are UTF-8"),
        }
    }

    /// Runs the analysis; it must end with this code.
    fn analyse(&self, arguments: &str, code: i32) -> Done {
        let done = self.run(&format!("run analysis.yaml --backend cpu {arguments}"));
        assert_eq!(done.code, code, "{}{}", done.stdout, done.stderr);
        done
    }

    fn json(&self, name: &str) -> Value {
        let path = self.0.path().join("analysis.out").join(name);
        let text = fs::read_to_string(path).expect("the output is there");
        serde_json::from_str(&text).expect("the output is JSON")
    }

    /// Value and variance of the sum over all cells of each histogram.
    fn sums(&self) -> Vec<(String, f64, f64)> {
        let histograms = self.json("histograms.json");
        let histograms = histograms.as_object().expect("an object of histograms");
        histograms
            .iter()
            .map(|(name, h)| {
                let sum = |key: &str| {
                    let cells = h["storage"][key].as_array().expect("cells");
                    cells.iter().map(|c| c.as_f64().expect("a number")).sum::<f64>()
                };
                let variances = match h["storage"]["type"].as_str() {
                    Some("int") => "values",
                    _ => "variances",
                };
                (name.clone(), sum("values"), sum(variances))
            })
            .collect()
    }
}

fn path(file: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file).display().to_string()
}

/// A text with the places of the files in it.
fn located(text: &str) -> String {
    text.replace("EVENTS", &path(EVENTS)).replace("SIMULATED", &path(SIMULATED))
}

fn near(sums: &[(String, f64, f64)], expected: &[(&str, f64, f64)]) {
    let names: Vec<&str> = sums.iter().map(|s| s.0.as_str()).collect();
    assert_eq!(names, expected.iter().map(|e| e.0).collect::<Vec<_>>());
    for ((name, value, variance), (_, v, var)) in sums.iter().zip(expected) {
        // Sums of a few doubles, each scaled with one rounding.
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
        assert!(close(*value, *v) && close(*variance, *var), "{name}: {value} {variance}");
    }
}

/// Of the 1000 events 234 have two muons.
const IN_MUONS: f64 = 234.0;

#[test]
fn samples_are_scaled_named_and_combined() {
    let place = Place::new(
        "
luminosity: 10
samples:
  zz:
    files: EVENTS
    cross_section: 2 * 25
  ww_up:
    files: [EVENTS, other.root]
    cross_section: 30
    events: 4000
    process: ww
    variation: up
  data:
    files: EVENTS
    kind: data
combine:
  both:
    zz: 2
    data: -1
vary:
  norm:
    samples: [zz]
    weight:
      up: 1.5
output:
  flat_json: flat.json
",
    );
    let done = place.analyse("", 0);
    // 50 pb * 10 /pb / 1000; 30 pb * 10 /pb / 4000 of 2000 events.
    let (zz, ww) = (0.5, 0.075);
    let n = IN_MUONS;
    near(
        &place.sums(),
        &[
            ("met_zz", 500.0, 1000.0 * zz * zz),
            ("met_muons_zz", n * zz, n * zz * zz),
            ("met_zz_norm_up", 750.0, 2.25 * 1000.0 * zz * zz),
            ("met_muons_zz_norm_up", 1.5 * n * zz, 2.25 * n * zz * zz),
            ("met_ww_up", 2000.0 * ww, 2000.0 * ww * ww),
            ("met_muons_ww_up", 2.0 * n * ww, 2.0 * n * ww * ww),
            ("met_data", 1000.0, 1000.0),
            ("met_muons_data", n, n),
            ("met_both", 2.0 * 500.0 - 1000.0, 4.0 * 1000.0 * zz * zz + 1000.0),
            ("met_muons_both", 2.0 * n * zz - n, 4.0 * n * zz * zz + n),
        ],
    );
    for text in [
        "zz          1   1,000      1,000                50  5.000000e-1",
        "ww_up       2   2,000      4,000                30  7.500000e-2",
        "data        1   1,000                         data            -",
        "4,000 events planned = 4,000 processed + 0 skipped",
        "run.json, variations.json, flat.json, 10 pictures in plots/, 2 stacks in stacks/",
    ] {
        assert!(done.stdout.contains(text), "{text}: {}", done.stdout);
    }
    let varied = place.json("variations.json");
    let varied = varied.as_object().expect("an object of histograms");
    let lines: Vec<String> = varied
        .iter()
        .map(|(name, h)| {
            let [axis, own] = &h["axes"].as_array().expect("axes")[..] else { panic!("two axes") };
            let sums: Vec<f64> = h["storage"]["values"]
                .as_array()
                .expect("rows")
                .iter()
                .map(|row| row.as_array().expect("cells").iter().filter_map(Value::as_f64).sum())
                .collect();
            format!("{name} {} {} {sums:.6?}", axis["categories"], own["bins"])
        })
        .collect();
    assert_eq!(
        lines,
        [
            r#"met_all_zz ["nominal","norm_up"] 4 [500.000000, 750.000000]"#,
            r#"met_muons_zz ["nominal","norm_up"] 4 [117.000000, 175.500000]"#,
            r#"met_all_ww ["up"] 4 [150.000000]"#,
            r#"met_muons_ww ["up"] 4 [35.100000]"#,
        ]
    );
    let stack = place.0.path().join("analysis.out/stacks/met_muons.svg");
    let stack = fs::read_to_string(stack).expect("a stack");
    for text in ["zz", "Data", "Data / MC", "muons", "10 pb\u{207b}\u{b9}", "stat. \u{2295} syst."]
    {
        assert!(stack.contains(&format!(">{text}</text>")), "{text}: {stack}");
    }
    let flat = place.json("flat.json");
    assert_eq!(flat["met_zz"]["edges"].as_array().map(Vec::len), Some(5));
    assert_eq!(flat["met_zz"]["contents"].as_array().map(Vec::len), Some(6));
    let cutflow = place.json("cutflow.json");
    let selected = |of: &Value| of["regions"]["muons"]["selected"]["sumw"].as_f64();
    assert_eq!(selected(&cutflow["samples"]["ww_up"]), Some(2.0 * n * ww));
    assert_eq!(selected(&cutflow["mc"]), Some(n * zz), "a variation is not in the total");
    assert_eq!(selected(&cutflow["data"]), Some(n));
    let run = place.json("run.json");
    assert_eq!(run["samples"]["ww_up"]["normalisation"]["factor"], ww);
    assert_eq!(run["samples"]["ww_up"]["ledger"]["events"]["processed"], 2000);
    assert_eq!(run["samples"]["data"]["normalisation"], Value::Null);
    let check = place.run("check analysis.yaml");
    assert_eq!(check.code, 0, "{}", check.stderr);
    assert!(check.stdout.contains("4 files of 3 samples, 4,000 events"), "{}", check.stdout);
}

#[test]
fn samples_of_a_process_add_up_under_its_name() {
    let place = Place::new(
        "
luminosity: 1
samples:
  a: {files: EVENTS, cross_section: 1, process: qcd}
  b: {files: EVENTS, cross_section: 3, process: qcd}
  up: {files: EVENTS, cross_section: 4, process: qcd, variation: up}
  dy: {files: SIMULATED, cross_section: 7, sum_of_weights: Runs.genEventSumw_}
",
    );
    let text = fs::read_to_string(place.0.path().join("analysis.yaml")).expect("it is there");
    let text = text.replace("    regions: [all, muons]", "    name: \"{process}[.{variation}]\"");
    place.write("analysis.yaml", &text);
    place.analyse("", 0);
    let run = place.json("run.json");
    let dy = &run["samples"]["dy"]["normalisation"];
    let weights = dy["generated_events"].as_f64().expect("a sum of weights");
    assert!(weights != 40.0 && weights > 0.0, "{weights}");
    near(
        &place.sums(),
        &[
            ("qcd", 1000.0 * (0.001 + 0.003), 1000.0 * (1e-6 + 9e-6)),
            ("qcd.up", 4.0, 1000.0 * 16e-6),
            ("dy", 40.0 * 7.0 / weights, 40.0 * (7.0 / weights) * (7.0 / weights)),
        ],
    );
}

#[test]
fn a_file_as_cmssw_writes_it_is_run_over() {
    let place = Place::new("");
    let text = "
luminosity: 2
samples:
  dy: {files: FILE, cross_section: 5, sum_of_weights: Runs.genEventSumw}
histograms:
  muons: {value: count(Muon), integers: [0, 4]}
";
    place.write("analysis.yaml", &text.replace("FILE", &path("tests/data/central.root")));
    place.analyse("", 0);
    // 40 events with 0 to 4 muons in turns; their sum of weights is 10.
    let found = &place.json("histograms.json")["muons_dy"]["storage"]["values"];
    assert_eq!(*found, serde_json::json!([0.0, 8.0, 8.0, 8.0, 8.0, 8.0, 0.0]));
}

/// A file without events needs no branches, and its sum of weights counts.
#[test]
fn files_without_events_are_generated_too() {
    for files in ["SOME, EMPTY", "EMPTY, SOME"] {
        let files = files.replace("SOME", &path("tests/data/chain/some.root"));
        let files = files.replace("EMPTY", &path("tests/data/chain/empty.root"));
        let place = Place::new(&format!(
            "
luminosity: 1
samples:
  dy: {{files: [{files}], cross_section: 80, sum_of_weights: Runs.genEventSumw}}
"
        ));
        let text = fs::read_to_string(place.0.path().join("analysis.yaml")).expect("it is there");
        let (sections, _) = text.split_once("\nregions:").expect("regions");
        let histogram = "histograms: {met: {value: MET.pt, bins: [5, 0, 100]}}";
        place.write("analysis.yaml", &format!("{sections}\n{histogram}\n"));
        let done = place.analyse("", 0);
        let ledger = "2 files planned = 2 processed + 0 skipped";
        assert!(done.stdout.contains(ledger), "{}", done.stdout);
        let scale = &place.json("run.json")["samples"]["dy"]["normalisation"];
        assert_eq!((&scale["generated_events"], &scale["factor"]), (&40.0.into(), &2.0.into()));
        let values = &place.json("histograms.json")["met_dy"]["storage"]["values"];
        assert_eq!(values.to_string(), "[0.0,4.0,4.0,2.0,0.0,0.0,0.0]");
    }
}

const FILESET: &str = r#"{
  "tt": {
    "nominal": {"nevts_total": 9, "files": [
      {"path": "EVENTS", "nevts": 2000}, {"path": "other.root", "nevts": 1000}]},
    "ME_var": {"files": [{"path": "EVENTS", "nevts": 500}]}
  },
  "wjets": {"files": {"EVENTS": "Events"}, "metadata": {"process": "w", "nevts": 7}}
}"#;

#[test]
fn filesets_say_which_files() {
    let place = Place::new(
        "
luminosity: 10
samples:
  tt: {cross_section: 6}
  w: {cross_section: 1}
",
    );
    place.write("inputs.json", &located(FILESET));
    place.analyse("--fileset inputs.json", 0);
    let rows = |tt: f64, n: f64| {
        [
            ("met_tt", n * tt, n * tt * tt),
            ("met_muons_tt", n * 0.234 * tt, n * 0.234 * tt * tt),
            ("met_tt_ME_var", 120.0, 1000.0 * 0.12 * 0.12),
            ("met_muons_tt_ME_var", IN_MUONS * 0.12, IN_MUONS * 0.12 * 0.12),
            ("met_wjets", 10.0, 1000.0 * 0.01 * 0.01),
            ("met_muons_wjets", IN_MUONS * 0.01, IN_MUONS * 0.01 * 0.01),
        ]
    };
    near(&place.sums(), &rows(60.0 / 3000.0, 2000.0));
    let done = place.analyse("--fileset inputs.json --max-files-per-sample 1", 0);
    near(&place.sums(), &rows(60.0 / 2000.0, 1000.0));
    for text in [
        "4 files planned = 3 processed + 1 skipped",
        "skipped 1 file beyond --max-files-per-sample 1",
    ] {
        assert!(done.stdout.contains(text), "{text}: {}", done.stdout);
    }
    // Half the events stand for half of what was generated.
    place.analyse("--fileset inputs.json --max-files-per-sample 1 --events 500", 0);
    let (name, sum, _) = place.sums().swap_remove(0);
    assert_eq!((name.as_str(), sum), ("met_tt", 30.0));
}

#[test]
fn bad_files_fail_or_are_left_out() {
    let samples = "
luminosity: 10
samples:
  tt: {files: [half.root, EVENTS, nowhere.root], cross_section: 6}
";
    let place = Place::new(samples);
    let done = place.analyse("", 4);
    assert!(done.stderr.contains("half.root"), "{}", done.stderr);
    assert!(!place.0.path().join("analysis.out").exists(), "nothing is written");
    let done = place.analyse("--skip-bad-files", 7);
    assert!(done.stderr.contains("2 unreadable files left out"), "{}", done.stderr);
    assert!(done.stdout.contains("3 files planned = 1 processed + 2 skipped"), "{}", done.stdout);
    assert!(done.stdout.contains("skipped 1 file unreadable: "), "{}", done.stdout);
    let (_, sum, variance) = place.sums().swap_remove(0);
    near(&[("left".into(), sum, variance)], &[("left", 60.0, 1000.0 * 0.06 * 0.06)]);

    let place = Place::new(&samples.replace("n: 6", "n: 6, events: 3000"));
    let done = place.analyse("--skip-bad-files", 3);
    assert!(done.stderr.contains("cannot be corrected"), "{}", done.stderr);

    // A file that turns out to be damaged only when its events are read.
    let late = "
luminosity: 10
samples:
  tt: {files: [EVENTS, flipped.root], cross_section: 6GENERATED}
";
    let flip = |place: &Place| {
        let mut bytes = fs::read(path(EVENTS)).expect("the example's events are there");
        let baskets = bytes.len() / 10..bytes.len() * 8 / 10;
        baskets.step_by(300).for_each(|i| bytes[i] ^= 0x10);
        bytes[50] ^= 0x10; // its UUID: it is another file
        fs::write(place.0.path().join("flipped.root"), bytes).expect("a file is written");
    };
    let place = Place::new(&late.replace("GENERATED", ""));
    flip(&place);
    place.analyse("--skip-bad-files", 7);
    let (_, sum, variance) = place.sums().swap_remove(0);
    near(&[("left".into(), sum, variance)], &[("left", 60.0, 1000.0 * 0.06 * 0.06)]);
    let place = Place::new(&late.replace("GENERATED", ", events: 3000"));
    flip(&place);
    let done = place.analyse("--skip-bad-files", 3);
    assert!(done.stderr.contains("cannot be corrected"), "{}", done.stderr);

    // Without samples.
    let place = Place::new("input: {files: [half.root, EVENTS]}\n");
    place.analyse("", 4);
    place.analyse("--skip-bad-files", 7);
    assert_eq!(place.sums()[0].1, 1000.0);
}

/// A bad fileset or a wrong reference is named, with what there is.
#[test]
fn errors() {
    let good = "luminosity: 1\nsamples:\n  tt: {files: EVENTS, cross_section: 1}\n";
    let process = good.to_owned() + "vary:\n  v:\n    samples: [t]\n    weight: {up: 2}\n";
    let combine = good.to_owned() + "combine:\n  c: {dy: 1}\n";
    let table = [
        (good, "--files half.root", 2, "give their files by `--fileset"),
        ("input: {files: EVENTS}\n", "--max-files-per-sample 1", 2, "this has none"),
        ("luminosity: 1\nsamples:\n  tt: {cross_section: 1}\n", "", 3, "`tt` has no files"),
        (&combine, "", 3, "`dy`, which is not a sample: there are tt"),
        (&process, "", 3, "the process `t`, which is not there: there are tt"),
        (good, "--fileset other.json", 3, "`tz` is not under `samples`"),
        (good, "--fileset empty.json", 4, "`tt` has no files"),
        (good, "--fileset form.json", 4, "`tt.nominal` has neither the form"),
        (good, "--fileset half.root", 4, "half.root"),
        (good, "--fileset nowhere.json", 4, "nowhere.json"),
    ];
    for (samples, arguments, code, message) in table {
        let place = Place::new(samples);
        place.write("other.json", r#"{"tz": ["a.root"]}"#);
        place.write("empty.json", r#"{"tt": []}"#);
        place.write("form.json", r#"{"tt": {"nominal": ["a.root"]}}"#);
        let done = place.analyse(arguments, code);
        assert!(done.stderr.contains(message), "{message}: {}", done.stderr);
    }
    let place = Place::new(good);
    let text = located(good) + &ANALYSIS.replace("regions: [all", "name: same\n    regions: [all");
    place.write("analysis.yaml", &text);
    assert_eq!(place.run("run analysis.yaml").code, 3, "a name for two regions");
    let place = Place::new("input: {files: EVENTS}\n");
    let text = fs::read_to_string(place.0.path().join("analysis.yaml")).expect("it is there");
    place.write("analysis.yaml", &text.replace("80]", "80]\n    name: \"{region}{sample}\""));
    let done = place.analyse("", 3);
    assert!(done.stderr.contains("there are none: add `samples`"), "{}", done.stderr);
}
