//! The program from outside: help, exit codes, what is printed where, and
//! that nothing is left behind when something is wrong.

use crate::support::gpu;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

mod explain;
mod outputs;
mod warnings;

const EVENTS: &str = "examples/data/Run2012B_SingleMu_1000.root";

const ANALYSIS: &str = "
input:
  files: [EVENTS]
define:
  hard: Jet[pt > 30]
regions:
  dimuon:
    - two muons: count(Muon) >= 2
    - opposite charge: any(pairs(Muon)[charge == 0])
histograms:
  met:
    value: MET.pt
    bins: [20, 0, 100]
    regions: [all, dimuon]
  jet_pt:
    value: hard.pt
    bins: [20, 30, 130]
";

/// A folder with `analysis.yaml` in it, where the program runs.
struct Place {
    folder: TempDir,
}

/// What the program did.
struct Done {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Place {
    fn new() -> Place {
        Place::with(&[EVENTS])
    }

    /// With an analysis of these files.
    fn with(files: &[&str]) -> Place {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let files: Vec<String> = files.iter().map(|f| absolute(f)).collect();
        let text = ANALYSIS.replace("EVENTS", &files.join(", "));
        fs::write(folder.path().join("analysis.yaml"), text).expect("a file is written");
        Place { folder }
    }

    /// The same events in another file of the same name: one with another UUID.
    fn copy_of_events(&self) -> String {
        const UUID: usize = 47;
        let mut bytes = fs::read(absolute(EVENTS)).expect("the example's events are there");
        bytes[UUID] ^= 1;
        let name = Path::new(EVENTS).file_name().and_then(|name| name.to_str()).expect("a name");
        fs::write(self.path(name), bytes).expect("a file is written");
        self.path(name).display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &str) -> Done {
        let output: Output = self.command(arguments).output().expect("the program starts");
        Done {
            code: output.status.code().expect("the program ends by itself"),
            stdout: String::from_utf8(output.stdout).expect("output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("errors are UTF-8"),
        }
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gpuana"));
        command.args(arguments.split_whitespace()).current_dir(self.folder.path());
        command.stdin(Stdio::null());
        command
    }

    /// The names in the folder, hidden ones too.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder can be listed");
        let mut names: Vec<String> = entries
            .map(|e| e.expect("an entry").file_name().into_string().expect("a name in UTF-8"))
            .collect();
        names.sort();
        names
    }
}

/// Paths of the repository; others stay as they are.
fn absolute(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if path.exists() { path.display().to_string() } else { file.to_owned() }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn without_arguments_it_says_where_to_start() {
    let done = Place::new().run("");
    assert_eq!(done.code, 0, "{}", done.stderr);
    for word in ["gpuana run", "gpuana inspect", "histograms:"] {
        assert!(done.stdout.contains(word), "{word}: {}", done.stdout);
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let place = Place::new();
    for command in ["run", "check", "explain", "inspect", "devices", "completions"] {
        let done = place.run(&format!("{command} --help"));
        assert_eq!(done.code, 0, "{command}");
        assert!(done.stdout.contains("Example"), "{command}: {}", done.stdout);
        assert!(done.stdout.contains(&format!("  gpuana {command}")), "{command}");
    }
    let done = place.run("--help");
    for code in ["  0  ", "  2  ", "  3  ", "  4  ", "  5  ", "  6  ", "  7  "] {
        assert!(done.stdout.contains(code), "exit code {code} is documented");
    }
}

#[test]
fn completions_name_the_options() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = Place::new().run(&format!("completions {shell}"));
        assert_eq!(done.code, 0, "{shell}");
        assert!(done.stdout.contains("chunk-events"), "{shell}");
    }
}

#[test]
fn a_run_writes_everything_and_says_so() {
    let place = Place::new();
    let done = place.run("run analysis.yaml --backend cpu");
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    for text in [
        "1,000 events planned = 1,000 processed + 0 skipped",
        "1 file planned = 1 processed + 0 skipped",
        "two muons",
        "met_dimuon",
        "Output analysis.out",
    ] {
        assert!(done.stdout.contains(text), "{text}: {}", done.stdout);
    }
    assert!(done.stdout.lines().all(|l| l.chars().count() <= 110), "{}", done.stdout);
    assert!(!done.stdout.contains('\x1b'), "no colours in a pipe");
    assert_eq!(place.names(), ["analysis.out", "analysis.yaml"]);
    for file in ["histograms.json", "histograms.root", "cutflow.json", "run.json"] {
        assert!(place.path("analysis.out").join(file).is_file(), "{file}");
    }
    for picture in ["met.svg", "met_dimuon.svg", "jet_pt.svg"] {
        assert!(place.path("analysis.out/plots").join(picture).is_file(), "{picture}");
    }
}

#[test]
fn run_json_accounts_for_everything() {
    let place = Place::new();
    let done = place.run("run analysis.yaml --backend cpu --json --events 300 --threads 1");
    assert_eq!(done.code, 0, "{}", done.stderr);
    let record = json(&done.stdout);
    assert_eq!(record["ledger"]["events"]["planned"], 1000);
    assert_eq!(record["ledger"]["events"]["processed"], 300);
    assert_eq!(record["ledger"]["skipped"][0]["events"], 700);
    assert_eq!(record["backend"]["name"], "cpu");
    assert_eq!(record["backend"]["threads"], 1);
    assert_eq!(record["backend"]["gpu_dispatches"], 0);
    assert_eq!(record["inputs"][0]["processed"], 300);
    assert_eq!(record["inputs"][0]["uuid"].as_str().map(str::len), Some(36));
    assert_eq!(record["plan_hash"].as_str().map(str::len), Some(16));
    let written = fs::read_to_string(place.path("analysis.out/run.json")).expect("run.json");
    assert_eq!(json(&written)["plan_hash"], record["plan_hash"]);
}

/// A text with every time and every rate as `T`.
fn without_times(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut masked: Vec<&str> = Vec::new();
    let mut left = words.as_slice();
    while let [word, rest @ ..] = left {
        let number = word.parse::<f64>().is_ok();
        let unit = rest.first().is_some_and(|u| ["ms", "s", "k", "M"].contains(u));
        masked.push(if number && unit { "T" } else { word });
        left = if number && unit { &rest[1..] } else { rest };
    }
    masked.join(" ")
}

/// Sets every number at and below keys of times and rates to 0, if it can be one.
fn mask(value: &mut serde_json::Value, time: bool) {
    match value {
        serde_json::Value::Object(map) => map.iter_mut().for_each(|(key, value)| {
            let named = key == "wall" || key.ends_with("_overlapped") || key.contains("_per_");
            mask(value, time || named);
        }),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|v| mask(v, time)),
        number if time => {
            assert!(number.as_f64().is_some_and(|x| (0.0..1e12).contains(&x)), "{number}");
            *number = "T".into();
        }
        _ => {}
    }
}

#[test]
fn a_report_says_what_each_file_cost() {
    let place = Place::new();
    let both = [absolute(EVENTS), place.copy_of_events()];
    let done = place.run(&format!(
        "run analysis.yaml --backend cpu --report --threads 1 --events 1500 --files {}",
        both.join(" ")
    ));
    assert_eq!(done.code, 0, "{}", done.stderr);
    let text = without_times(&done.stdout);
    for line in [
        "File events /s bytes unpacked open wait compute read* decompress* decode*",
        "Run2012B_SingleMu_1000.root 1,000 T 15 kB 32 kB T T T T T T",
        "Run2012B_SingleMu_1000.root 500 T 15 kB 32 kB T T T T T T",
        "all files 1,500 T 31 kB 64 kB T T T T T T",
        "* summed over threads; beside the computation, but with one thread in turns with it",
        "run.json, report.json, 3 pictures",
    ] {
        assert!(text.contains(line), "{line}: {}", done.stdout);
    }
    let report = fs::read_to_string(place.path("analysis.out/report.json")).expect("a report");
    let mut report = json(&report);
    mask(&mut report, false);
    let file = |number: usize, events: u64| {
        serde_json::json!({
            "path": both[number], "sample": null, "bytes_on_disk": 293099, "events": events,
            "events_per_second": "T",
            "wall": {"open": "T", "wait": "T", "upload": "T", "compute": "T", "total": "T"},
            "bytes_read": 15253, "bytes_decompressed": 32124, "reader_thread_overlapped": "T",
            "summed_over_threads_overlapped": {"read": "T", "decompress": "T", "decode": "T"},
        })
    };
    assert_eq!(report["files"], serde_json::json!([file(0, 1000), file(1, 500)]));
    assert_eq!(
        report["total"],
        serde_json::json!({
            "files": 2, "events": 1500, "events_per_second": "T",
            "events_per_second_and_thread": "T", "events_per_second_of_program": "T",
            "bytes_per_second": "T",
            "wall": {
                "open": "T", "prepare": "T", "wait": "T", "upload": "T", "compute": "T",
                "write": "T", "total": "T", "program": "T",
            },
            "bytes_read": 2 * 15253, "bytes_decompressed": 2 * 32124,
            "reader_thread_overlapped": "T",
            "summed_over_threads_overlapped": {"read": "T", "decompress": "T", "decode": "T"},
        })
    );
    assert_eq!((&report["backend"], &report["threads"]), (&"cpu".into(), &1.into()));
}

#[test]
fn outputs_are_the_same_bytes_for_any_chunks_and_threads() {
    let place = Place::new();
    let variants = ["", "--chunk-events 97", "--chunk-events 1000 --threads 1", "--threads 2"];
    let mut first: Option<Vec<Vec<u8>>> = None;
    for (i, options) in variants.iter().enumerate() {
        let done = place.run(&format!("run analysis.yaml --backend cpu -q -o out{i} {options}"));
        assert_eq!((done.code, done.stdout.as_str()), (0, ""), "{}", done.stderr);
        let read = |name: &str| fs::read(place.path(&format!("out{i}")).join(name)).expect(name);
        let files = ["histograms.json", "histograms.root", "cutflow.json"].map(read).to_vec();
        assert!(first.get_or_insert_with(|| files.clone()) == &files, "{options}");
    }
}

#[test]
fn files_on_the_command_line_replace_those_of_the_analysis() {
    let place = Place::with(&["missing.root"]);
    let files = format!("{} {}", absolute(EVENTS), place.copy_of_events());
    let done = place.run(&format!("run analysis.yaml --json --backend cpu --files {files}"));
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(json(&done.stdout)["ledger"]["events"]["processed"], 2000);
}

#[test]
fn check_says_what_is_what() {
    let done = Place::new().run("check analysis.yaml");
    assert_eq!(done.code, 0, "{}", done.stderr);
    for text in ["fine with 1 file, 1,000 events", "hard: per event, a collection of Jet"] {
        assert!(done.stdout.contains(text), "{text}: {}", done.stdout);
    }
}

#[test]
fn the_analysis_in_the_readme_is_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).expect("the README");
    let blocks = readme.split("```yaml\n").skip(1).filter_map(|b| b.split("```").next());
    let whole: Vec<&str> = blocks.filter(|b| b.starts_with("input:")).collect();
    assert!(!whole.is_empty(), "the README shows a whole analysis");
    for text in whole {
        let place = Place::new();
        fs::write(place.path("readme.yaml"), text).expect("written");
        let done = place.run(&format!("check readme.yaml --files {}", absolute(EVENTS)));
        assert_eq!(done.code, 0, "{}", done.stderr);
    }
}

#[test]
fn mistakes_on_the_command_line() {
    let place = Place::new();
    let text = "
input: {files: [EVENTS]}
parameters:
  t: {start: 0.5, range: [0, 1]}
histograms:
  a: {value: MET.pt + t, bins: [1, 0, 9], soft: {bandwidth: 1}}
objectives:
  x: {expression: sum(a)}
  y: {expression: 2 * sum(a)}
"
    .replace("EVENTS", &absolute(EVENTS));
    fs::write(place.path("grid.yaml"), text).expect("written");
    for (grid, said) in [
        ("t=0.9:0.1:9", "0.9 is not below 0.1"),
        ("t=0.1:0.1:3", "0.1 is not below 0.1"),
        ("t=0.1:nan:9", "`nan` is no number"),
        ("t=0.1:0.9:0", "2 points at least"),
        ("t=0.1:0.9:1000000000", "1,000,000,000 points: at most 100,000"),
        ("t=0.1:0.9:many", "`many` is no number of points"),
        ("t=0.1:0.9", "NAME=LOW:HIGH:POINTS"),
        ("nope=0:1:3", "nope"),
        ("t=0:1:3", "choose one by --objective"),
    ] {
        let done = place.run(&format!("scan grid.yaml {grid}"));
        assert_eq!(done.code, 2, "{grid}: {}", done.stderr);
        assert!(done.stderr.contains(said), "{grid}: {}", done.stderr);
    }
}

#[test]
fn inspect_shows_a_tree() {
    let place = Place::new();
    let done = place.run(&format!("inspect {}", absolute(EVENTS)));
    assert!(done.stdout.contains("Jet_pt"), "{}", done.stderr);
    let done = place.run(&format!("inspect --json {}", absolute(EVENTS)));
    assert_eq!(json(&done.stdout)["trees"][0]["entries"], 1000);
}

#[test]
fn exit_codes() {
    let place = Place::new();
    fs::write(place.path("wrong.yaml"), ANALYSIS.replace("Jet[pt", "Jetz[pt")).expect("written");
    let wrong = format!("check wrong.yaml --files {}", absolute(EVENTS));
    fs::write(place.path("occupied"), "").expect("written");
    let table = [
        ("run", 2, "ANALYSIS.yaml"),
        ("run analysis.yaml --threads 0", 2, "--threads"),
        ("run analysis.yaml --backend gpu --precision f64", 2, "--backend cpu"),
        ("run missing.yaml", 3, "missing.yaml"),
        (wrong.as_str(), 3, "Jetz"),
        ("run analysis.yaml --files missing.root", 4, "missing.root"),
        ("run analysis.yaml --files missing*.root", 4, "missing*.root"),
        ("run analysis.yaml --backend cpu --output occupied", 5, "occupied"),
        ("inspect missing.root", 4, "missing.root"),
    ];
    for (arguments, code, text) in table {
        let done = place.run(arguments);
        assert_eq!(done.code, code, "{arguments}: {}", done.stderr);
        assert!(done.stderr.contains(text), "{arguments}: {}", done.stderr);
        assert_eq!(done.stdout, "", "{arguments}");
        assert!(!done.stderr.contains("panicked"), "{arguments}: {}", done.stderr);
    }
    assert_eq!(place.names(), ["analysis.yaml", "occupied", "wrong.yaml"]);
}

/// What never ends, or never begins, is not waited for.
#[cfg(unix)]
#[test]
fn devices_and_pipes_are_no_files() {
    let place = Place::new();
    let made = Command::new("mkfifo").arg(place.path("pipe")).status().expect("mkfifo starts");
    assert!(made.success(), "no pipe");
    let table = [
        ("run /dev/zero", 3, "/dev/zero: a device, where a file belongs"),
        ("run analysis.yaml --fileset /dev/zero", 4, "/dev/zero: a device, where a file belongs"),
        ("run analysis.yaml --files /dev/zero", 4, "/dev/zero: neither a file nor a folder"),
        ("run analysis.yaml --files pipe", 4, "pipe: neither a file nor a folder"),
        ("inspect pipe", 4, "pipe: neither a file nor a folder"),
    ];
    for (arguments, code, text) in table {
        let done = place.run(arguments);
        assert_eq!(done.code, code, "{arguments}: {}", done.stderr);
        assert!(done.stderr.contains(text), "{arguments}: {}", done.stderr);
    }
}

#[test]
fn damaged_files_are_named_and_nothing_is_written() {
    let good = fs::read(absolute(EVENTS)).expect("the example's events");
    let mut flipped = good.clone();
    let baskets = good.len() / 10..good.len() * 8 / 10;
    baskets.step_by(300).for_each(|i| flipped[i] ^= 0x10);
    flipped[50] ^= 0x10; // its UUID: it is another file
    let table: [(&str, &[u8]); 6] = [
        ("empty.root", b""),
        ("garbage.root", b"this is no ROOT file, but it has some length to it"),
        ("head.root", &good[..64]),
        ("half.root", &good[..good.len() / 2]),
        ("tail.root", &good[..good.len() - 1000]),
        ("flipped.root", &flipped),
    ];
    for (name, bytes) in table {
        let place = Place::new();
        fs::write(place.path(name), bytes).expect("written");
        // After a good file, so that the run is under way.
        let files = format!("{} {name}", absolute(EVENTS));
        let done = place.run(&format!("run analysis.yaml --backend cpu --files {files}"));
        assert_eq!(done.code, 4, "{name}: {}{}", done.stdout, done.stderr);
        assert!(done.stderr.contains(name), "{name}: {}", done.stderr);
        assert!(!done.stderr.contains("panicked"), "{name}: {}", done.stderr);
        let mut expected = ["analysis.yaml", name];
        expected.sort_unstable();
        assert_eq!(place.names(), expected, "nothing is written");
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let place = Place::new();
    let mut child = place
        .command(&format!("inspect {}", absolute(EVENTS)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_gpu_writes_the_same_bytes() {
    let place = Place::new();
    let done = place.run("run analysis.yaml --backend gpu --json -o gpu --chunk-events 300");
    if done.code == 6 {
        gpu::absent("a_gpu_writes_the_same_bytes", &done.stderr);
        return;
    }
    assert_eq!(done.code, 0, "{}", done.stderr);
    let record = json(&done.stdout);
    assert!(record["backend"]["gpu_dispatches"].as_u64() > Some(3), "{record:#}");
    let adapter = record["backend"]["device"].as_str().expect("a device is named");
    gpu::present("a_gpu_writes_the_same_bytes", 1, adapter);
    let done = place.run("run analysis.yaml --backend cpu -q -o cpu");
    assert_eq!(done.code, 0, "{}", done.stderr);
    for name in ["histograms.json", "histograms.root", "cutflow.json"] {
        let read = |folder: &str| fs::read(place.path(folder).join(name)).expect(name);
        assert!(read("gpu") == read("cpu"), "{name} differs on {adapter}");
    }
}
