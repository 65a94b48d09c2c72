//! Which files and which events an input names: each case is run, and what came of it
//! stands in `tests/samples/inputs.txt`
//! (`UPDATE=1 cargo test --test program samples::inputs` writes it anew).

use crate::support::arrow;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

const TEXT: &str = include_str!("../../samples/inputs.txt");

const MET: &str = "histograms:\n  met: {value: MET.pt, bins: [5, 0, 10]}\n";
const JETS: &str = "histograms:\n  n: {value: count(Jet), integers: [0, 3]}\n  \
                    pt: {value: Jet.pt, bins: [5, 0, 10]}\n";
const NUMBER: &str = "histograms:\n  number: {value: number, bins: [5, 0, 10]}\n";
const FLAG: &str = "histograms:\n  met: {value: MET.pt, bins: [5, 0, 10], regions: [hlt]}\n\
                    regions:\n  hlt:\n    - fires: HLT_Mu\n";
const ANY: &str = "histograms:\n  met: {value: MET.pt, bins: [5, 0, 10], regions: [hlt]}\n\
                   regions:\n  hlt:\n    - fires: HLT_Mu or HLT_Ele\n";
const RUNS: &str = "histograms:\n  events: {value: genEventCount_ > 0, boolean: true}\n";
const TAUS: &str = "histograms:\n  n: {value: count(Tau), integers: [0, 3]}\n";

/// The files: a path, and the columns as a table.
const FILES: &[(&str, &str)] = &[
    ("a.arrow", "MET_pt: float32 = 1 | 3 | 5"),
    ("b.arrow", "MET_pt: float32 = 7 | 9"),
    ("deep/top.arrow", "MET_pt: float32 = 1"),
    ("deep/x/one.arrow", "MET_pt: float32 = 3"),
    ("deep/x/y/two.arrow", "MET_pt: float32 = 5"),
    ("links/a.arrow", "MET_pt: float32 = 2"),
    ("loops/a.arrow", "MET_pt: float32 = 2.5"),
    ("names/a.arrow", "MET_pt: float32 = 4"),
    ("names/other", "MET_pt: float32 = 6"),
    ("same/one.arrow", "MET_pt: float32 = 8"),
    (
        "new.arrow",
        "MET_pt: float32 = 1 | 3 | 5\nJet_pt: float32[nJet] = 5 3 | | 4\nTau_pt: float32[nTau] = 1 | | ",
    ),
    ("old.arrow", "MET_pt: float32 = 2 | 4"),
    (
        "hlt.arrow",
        "MET_pt: float32 = 1 | 3 | 5\nHLT_Mu: bool = 1 | 0 | 1\nHLT_n: int32 = 1 | 2 | 3",
    ),
    ("byte.arrow", "number: uint8 = 1 | 3"),
    ("int.arrow", "number: int32 = 5 | -7"),
    ("long.arrow", "number: int64 = 7 | 4294967297"),
    ("real.arrow", "number: float32 = 7.5 | 9.5"),
    ("flag.arrow", "number: bool = 1 | 0"),
];

/// A folder with the files, links to them, and filesets.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    for (name, text) in FILES {
        fs::create_dir_all(here.join(name).parent().expect("a folder")).expect("a folder");
        arrow::write(&here.join(name), text, usize::MAX);
    }
    for name in ["none.arrow", "nothing.arrow"] {
        arrow::write(&here.join(name), "HLT_Mu: bool = 1", 0);
    }
    fs::create_dir(here.join("folders")).expect("a folder");
    fs::create_dir(here.join("folders/inner")).expect("a folder");
    fs::copy(here.join("same/one.arrow"), here.join("same/copy.arrow")).expect("a copy");
    fs::hard_link(here.join("same/one.arrow"), here.join("same/hard.arrow")).expect("a link");
    links(here);
    let nano = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/nano_dy.root");
    fs::copy(nano, here.join("nano.root")).expect("is shipped");
    folder
}

#[cfg(unix)]
fn links(here: &Path) {
    use std::os::unix::ffi::OsStrExt;
    let link = |target: &str, path: &str| {
        std::os::unix::fs::symlink(target, here.join(path)).expect("a link");
    };
    link("one.arrow", "same/soft.arrow");
    link("/nonexistent/b.arrow", "links/b.arrow");
    link("l.arrow", "loops/l.arrow");
    link("..", "deep/x/up");
    let odd = std::ffi::OsStr::from_bytes(b"names/d\xe4ta.arrow");
    fs::rename(here.join("names/other"), here.join(odd)).expect("a name");
}

/// What is tried: a title, sections of the analysis, arguments. A title with `both` is
/// run with the files in the other order, too, and gives the same.
const CASES: &[(&str, &str, &str, &str)] = &[
    ("a file twice", "files: [a.arrow, a.arrow]", MET, ""),
    ("by another path", "files: [a.arrow, ./deep/../a.arrow]", MET, ""),
    ("by a link", "files: [same/one.arrow, same/soft.arrow]", MET, ""),
    ("by a hard link", "files: [same/hard.arrow, same/one.arrow]", MET, ""),
    ("a copy", "files: [same/one.arrow, same/copy.arrow]", MET, ""),
    ("patterns that overlap", "files: ['?.arrow', a.arrow]", MET, ""),
    ("twice on the command line", "tree: Events", MET, "--files a.arrow b.arrow a.arrow"),
    ("twice is no bad file", "files: [a.arrow, a.arrow]", MET, "--skip-bad-files"),
    ("files without events may be alike", "files: [none.arrow, a.arrow, nothing.arrow]", MET, ""),
    ("a file without events lacks branches, both", "files: [none.arrow, a.arrow]", MET, ""),
    ("no events at all", "files: [none.arrow]", FLAG, ""),
    ("a link that leads nowhere", "files: ['links/*.arrow']", MET, ""),
    ("the same, skipped", "files: ['links/*.arrow']", MET, "--skip-bad-files"),
    ("a link to itself", "files: ['loops/*.arrow']", MET, ""),
    ("a link to itself, skipped", "files: ['loops/*.arrow']", MET, "--skip-bad-files"),
    ("folders at any depth, with a loop", "files: ['deep/**/*.arrow']", MET, ""),
    ("names that are not UTF-8", "files: ['names/*.arrow']", MET, ""),
    ("a folder that is no folder", "files: ['*/*.arrow']", MET, ""),
    ("no such file", "files:\n    - a.arrow\n    - bb.arrow", MET, ""),
    ("no such file, skipped", "files: [a.arrow, bb.arrow]", MET, "--skip-bad-files"),
    ("no such folder", "files: [dep/top.arrow]", MET, ""),
    ("a folder", "files: [deep]", MET, ""),
    ("a folder of folders", "files: [folders]", MET, ""),
    ("a folder without files", "files: [folders/inner]", MET, ""),
    ("a file and its tree", "files: ['a.arrow:Events']", MET, ""),
    ("other patterns", "files: ['{a,b}.arrow']", MET, ""),
    ("a pattern that nothing fits", "files: [a.arrow, '*.root.bak']", MET, ""),
    ("a pattern that the shell left", "tree: Events", MET, "--files ?.arrow"),
    ("no such file on the command line", "tree: Events", MET, "--files aa.arrow"),
    ("steps", "tree: Events", MET, "--fileset steps.json"),
    ("steps and a limit", "tree: Events", MET, "--fileset steps.json --events 1"),
    ("steps that end too late", "tree: Events", MET, "--fileset late.json"),
    ("another number of events", "tree: Events", MET, "--fileset number.json"),
    ("another UUID", "tree: Events", MET, "--fileset uuid.json"),
    ("a tree", "", RUNS, "--fileset treename.json"),
    ("a key twice", "tree: Events", MET, "--fileset twice.json"),
    ("a file twice in a fileset", "tree: Events", MET, "--fileset again.json"),
    ("a file in two samples", "tree: Events", MET, "--fileset shared.json"),
    ("a member that is not known", "tree: Events", MET, "--fileset chunks.json"),
    ("a file of a fileset", "tree: Events", MET, "--fileset absent.json"),
    ("a branch that a file lacks, both", "files: [hlt.arrow, old.arrow]", FLAG, ""),
    ("a collection that a file lacks, both", "files: [new.arrow, old.arrow]", JETS, ""),
    ("declared empty, both", "files: [new.arrow, old.arrow]\n  defaults: {Jet: []}", JETS, ""),
    ("by what counts it, both", "files: [new.arrow, old.arrow]\n  defaults: {nJet: 0}", JETS, ""),
    (
        "by both and its field, both",
        "files: [new.arrow, old.arrow]\n  defaults: {nJet: 0, Jet_pt: 0}",
        JETS,
        "",
    ),
    (
        "by a pattern, both",
        "files: [new.arrow, old.arrow]\n  defaults: {'J*': [], 'HLT_*': false}",
        JETS,
        "",
    ),
    ("its field alone, both", "files: [new.arrow, old.arrow]\n  defaults: {Jet_pt: 0}", JETS, ""),
    ("one of two collections", "files: [new.arrow, old.arrow]\n  defaults: {Jet: []}", TAUS, ""),
    ("no file has it", "files: [old.arrow]\n  defaults: {Tau: []}", TAUS, ""),
    (
        "no file has it, with a field",
        "files: [old.arrow]\n  defaults: {Jet: [], Jet_pt: 0.0}",
        JETS,
        "",
    ),
    ("no file has it, and it is not used", "files: [a.arrow]\n  defaults: {Tau: []}", MET, ""),
    (
        "a sample without a collection",
        "tree: Events\n  defaults: {Jet: []}",
        JETS,
        "--fileset without.json",
    ),
    ("a sample without events", "tree: Events", MET, "--fileset empty.json"),
    ("two elements", "files: [new.arrow, old.arrow]\n  defaults: {nJet: 2}", JETS, ""),
    ("a number for a collection", "files: [new.arrow, old.arrow]\n  defaults: {Jet: 0}", JETS, ""),
    ("an empty number", "files: [new.arrow, old.arrow]\n  defaults: {MET: []}", MET, ""),
    (
        "flags by a pattern, both",
        "files: [hlt.arrow, old.arrow]\n  defaults: {'HLT_M*': false, 'HLT_*': 0}",
        FLAG,
        "",
    ),
    (
        "a pattern of another type, both",
        "files: [hlt.arrow, old.arrow]\n  defaults: {'HLT_*': 0}",
        FLAG,
        "",
    ),
    ("a flag that no file has", "files: [hlt.arrow]\n  defaults: {HLT_Ele: false}", ANY, ""),
    ("integers of three widths, both", "files: [byte.arrow, int.arrow, long.arrow]", NUMBER, ""),
    ("integers and real numbers, both", "files: [int.arrow, real.arrow]", NUMBER, ""),
    ("flags and integers, both", "files: [flag.arrow, int.arrow]", NUMBER, ""),
    ("certified by what is not there", "files: [a.arrow]\n  golden: golden.json", MET, ""),
    ("certified without end", "files: [a.arrow]\n  golden: /dev/zero", MET, ""),
    ("runs twice", "files: [a.arrow]\n  golden: doubled.json", MET, ""),
];

const FILESETS: &[(&str, &str)] = &[
    (
        "steps.json",
        r#"{"d": {"files": {"a.arrow": {"object_path": null, "steps": [[0, 1], [2, 3]], "num_entries": 3}, "b.arrow": {"steps": []}}}}"#,
    ),
    ("late.json", r#"{"d": {"files": {"a.arrow": {"steps": [[0, 4]]}}}}"#),
    ("number.json", r#"{"d": {"files": {"a.arrow": {"num_entries": 4}}}}"#),
    ("uuid.json", r#"{"d": {"files": {"nano.root": {"object_path": "Events", "uuid": "a0-b1"}}}}"#),
    ("treename.json", r#"{"d": {"files": ["nano.root"], "treename": "Runs"}}"#),
    ("twice.json", "{\"d\": [\"a.arrow\"],\n \"d\": [\"b.arrow\"]}"),
    ("shared.json", r#"{"d": ["a.arrow"], "e": ["b.arrow", "./a.arrow"]}"#),
    ("without.json", r#"{"d": ["old.arrow"], "e": ["new.arrow"]}"#),
    ("empty.json", r#"{"d": ["none.arrow"], "e": ["a.arrow"]}"#),
    ("again.json", r#"{"d": ["a.arrow", "./a.arrow"]}"#),
    ("chunks.json", r#"{"d": {"files": ["a.arrow"], "max_chunks": 1}}"#),
    ("absent.json", r#"{"d": {"files": {"aa.arrow": "Events"}}}"#),
    ("golden.json", r#"{"1": [[1, 2]]}"#),
    ("doubled.json", "{\"1\": [[1, 2]],\n\"1\": [[3, 4]]}"),
];

/// Runs an analysis: exit code, errors, the ledger, histograms.
fn outcome(here: &Path, analysis: &str, arguments: &str) -> String {
    fs::write(here.join("a.yaml"), analysis).expect("it is written");
    let _ = fs::remove_dir_all(here.join("a.out"));
    let output = Command::new(env!("CARGO_BIN_EXE_gpuana"))
        .args(["run", "a.yaml", "--backend", "cpu"])
        .args(arguments.split_whitespace())
        .current_dir(here)
        .output()
        .expect("the program starts");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut text = format!("exit {}\n{}", output.status.code().unwrap_or(-1), said(&output.stderr));
    let out = said(&output.stdout);
    let lines = out.lines().skip_while(|line| !line.starts_with("Ledger"));
    for line in lines.take_while(|line| !line.starts_with("Output")) {
        let bytes_read = line.rsplit_once("; ").filter(|(_, rest)| rest.ends_with(" read"));
        let line = bytes_read.map_or(line, |(line, _)| line);
        let _ = writeln!(text, "{}", line.trim_start_matches("Ledger").trim());
    }
    if let Ok(json) = fs::read_to_string(here.join("a.out/histograms.json")) {
        let all: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        for (name, histogram) in all.as_object().expect("an object") {
            let _ = writeln!(text, "{name} {}", histogram["storage"]["values"]);
        }
    }
    text
}

/// The list of files backwards.
fn reversed(input: &str) -> String {
    let (head, rest) = input.split_once('[').expect("a list");
    let (list, tail) = rest.split_once(']').expect("its end");
    let files: Vec<&str> = list.split(", ").collect();
    format!("{head}[{}]{tail}", files.into_iter().rev().collect::<Vec<_>>().join(", "))
}

#[cfg(unix)]
#[test]
fn every_file_and_event_is_processed_skipped_or_refused() {
    let folder = folder();
    let here = folder.path();
    for (name, text) in FILESETS {
        fs::write(here.join(name), text).expect("it is written");
    }
    let mut all = String::new();
    for (title, input, histograms, arguments) in CASES {
        let section = |input: &str| match input {
            "" => String::new(),
            input => format!("input:\n  {input}\n"),
        };
        let found = outcome(here, &format!("{}{histograms}", section(input)), arguments);
        assert!(!found.contains("panicked"), "{title}: {found}");
        if title.ends_with(", both") {
            let other = section(&reversed(input));
            let other = outcome(here, &format!("{other}{histograms}"), arguments);
            assert_eq!(found, other, "{title}");
        }
        let arguments = if arguments.is_empty() { "" } else { &format!("$ {arguments}\n") };
        let _ = writeln!(all, "== {title}\n{}\n{arguments}{found}", input.replace("\n  ", "\n"));
    }
    if std::env::var_os("UPDATE").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/inputs.txt");
        fs::write(path, &all).expect("a snapshot can be written");
    } else {
        assert!(all == TEXT, "{all}");
    }
}

/// Files that are good are not left out because few may be open.
#[cfg(unix)]
#[test]
fn few_descriptors_are_enough_for_many_files() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..100 {
        let path = folder.path().join(format!("{number}.arrow"));
        arrow::write(&path, &format!("MET_pt: float32 = {number}"), usize::MAX);
    }
    let analysis = format!("input: {{files: ['*.arrow']}}\n{MET}");
    fs::write(folder.path().join("a.yaml"), analysis).expect("it is written");
    let program = env!("CARGO_BIN_EXE_gpuana");
    for (limit, codes) in [(20, [0].as_slice()), (9, &[0, 4, 5])] {
        let command =
            format!("ulimit -n {limit}; exec {program} run a.yaml --backend cpu --skip-bad-files");
        let output = Command::new("sh").args(["-c", &command]).current_dir(folder.path()).output();
        let output = output.expect("the shell starts");
        let code = output.status.code().expect("it ends");
        let said = [output.stderr, output.stdout].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(codes.contains(&code), "{limit}: {code}: {said}");
    }
}
