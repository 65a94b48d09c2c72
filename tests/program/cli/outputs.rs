//! One folder for several runs, from outside: it is of the last one, whole.

use super::{EVENTS, Place, absolute, json};
use std::fs;
use std::path::{Path, PathBuf};

/// All files below a folder, by their paths from it.
fn files(folder: &Path) -> Vec<String> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    let name = |p: PathBuf| p.strip_prefix(folder).expect("below it").display().to_string();
    let mut names: Vec<String> = found.into_iter().map(name).collect();
    names.sort();
    names
}

fn write(place: &Place, name: &str, histograms: &str) {
    let input = format!("input: {{files: [\"{}\"]}}", absolute(EVENTS));
    let text = format!("{input}\nhistograms:\n{histograms}");
    fs::write(place.path(name), text).expect("a file is written");
}

const MET: &str = "  met: {value: MET.pt, bins: [9, 0, 90]}\n";

#[test]
fn a_folder_is_of_the_last_run() {
    let place = Place::new();
    let soft = "  old: {value: MET.pt, bins: [9, 0, 90], soft: {bandwidth: 1 bins}}\n";
    write(&place, "first.yaml", &format!("{MET}{soft}"));
    write(&place, "second.yaml", MET);
    assert_eq!(place.run("run first.yaml --backend cpu -o out").code, 0);
    let out = place.path("out");
    assert!(out.join("soft.json").is_file() && out.join("plots/old.svg").is_file());
    assert_eq!(place.run("run second.yaml --backend cpu -o out").code, 0);
    let expected =
        ["cutflow.json", "histograms.json", "histograms.root", "plots/met.svg", "run.json"];
    assert_eq!(files(&out), expected);
    let record = json(&fs::read_to_string(out.join("run.json")).expect("a record"));
    let outputs = record["outputs"].as_object().expect("outputs by name");
    let mut names: Vec<&str> = outputs.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, expected[..4], "all but the record itself");

    assert_eq!(place.run("run first.yaml --backend cpu -o out").code, 0);
    fs::write(out.join("plots/old.svg"), "edited").expect("a file is written");
    let strict = place.run("run second.yaml --backend cpu -o out --strict");
    assert_eq!(strict.code, 3);
    assert!(strict.stderr.contains("plots/old.svg is of an earlier run"), "{}", strict.stderr);
    assert!(out.join("soft.json").is_file(), "nothing is written, nothing removed");
    let done = place.run("run second.yaml --backend cpu -o out");
    assert!(done.stdout.contains("[kept]"), "{}", done.stdout);
    assert!(out.join("plots/old.svg").is_file() && !out.join("soft.json").exists());
}

#[test]
fn commands_do_not_write_one_folder_at_a_time() {
    let place = Place::new();
    write(&place, "first.yaml", MET);
    fs::create_dir(place.path("out")).expect("a folder");
    let folder = fs::File::open(place.path("out")).expect("a folder");
    folder.lock().expect("a lock");
    let done = place.run("run first.yaml --backend cpu -o out");
    assert_eq!((done.code, done.stdout.as_str()), (5, ""));
    assert!(done.stderr.contains("another command is writing to out"), "{}", done.stderr);
    assert_eq!(files(&place.path("out")), [""; 0]);
    drop(folder);
    assert_eq!(place.run("run first.yaml --backend cpu -o out").code, 0);
}

#[test]
fn scalars_are_computed_as_histograms_are() {
    let place = Place::new();
    // Of the 1000 events 234 have two muons.
    let sections = "
regions: {muons: [{two: count(Muon) >= 2}]}
histograms:
  met: {value: MET.pt, bins: [9, 0, 90], regions: [all]}
scalars:
  sum: {sum: 'if count(Muon) >= 2 then 1.5 else 100', region: muons}
  mean: {mean: 'if count(Muon) >= 2 then 1.0 else 0.0', weight: 2, region: all}
";
    let plain = format!("input: {{files: [\"{}\"]}}\n{sections}", absolute(EVENTS));
    let samples = format!(
        "luminosity: 10\nsamples: {{zz: {{files: \"{}\", cross_section: 50}}}}\n{sections}",
        absolute(EVENTS)
    );
    let cases = [
        (plain, [("sum_muons", 351.0, 234.0), ("mean", 0.234, 2000.0)]),
        (samples, [("sum_muons_zz", 175.5, 117.0), ("mean_zz", 0.234, 1000.0)]),
    ];
    for (text, expected) in cases {
        fs::write(place.path("case.yaml"), text).expect("a file is written");
        let done = place.run("run case.yaml --backend cpu -o out");
        assert_eq!((done.code, done.stderr.as_str()), (0, ""));
        assert!(done.stdout.contains("scalars.json") && !done.stdout.contains("mean_zz"));
        let text = fs::read_to_string(place.path("out/scalars.json")).expect("scalars");
        let found = json(&text);
        let found = found.as_object().expect("an object of scalars");
        assert_eq!(found.len(), expected.len(), "{text}");
        for (name, value, weights) in expected {
            let is = |key: &str, wanted: f64| {
                let number = found[name][key].as_f64().expect("a number");
                // Entries are rounded to single precision.
                assert!((number - wanted).abs() <= 1e-6 * wanted, "{name} {key}: {number}");
            };
            is("value", value);
            is("sum_of_weights", weights);
        }
        let files = files(&place.path("out/plots"));
        assert_eq!(files.len(), 1, "a scalar has no picture: {files:?}");
    }
    let wrong = "scalars: {sum: {sum: MET.pt, weight: Jet.pt}}";
    let text = format!("input: {{files: [\"{}\"]}}\n{wrong}", absolute(EVENTS));
    fs::write(place.path("case.yaml"), text).expect("a file is written");
    let done = place.run("run case.yaml --backend cpu -o out");
    assert_eq!(done.code, 3, "{}", done.stdout);
    assert!(done.stderr.contains("one entry an event"), "{}", done.stderr);
}
