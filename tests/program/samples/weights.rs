//! Weights of simulation and of data: forms and places, with yields worked out by
//! hand. `mc` has 40 events and generator weights, `obs` 1000 events and none.

use super::{Place, located};

/// A weight and what it makes of `mc` and `obs`, by where it stands: at the top (and in
/// a region and a histogram alike), of the process `mc`, of the sample `mc`, of the
/// sample `obs`; `None` where it is refused.
type Row = (&'static str, [Option<[f64; 2]>; 4]);

/// It reads what only a generator knows, and is 0.5.
const GENERATOR: &str = "if genWeight > 0 then 0.5 else 0.5";

const MC: Option<[f64; 2]> = Some([20.0, 1000.0]);

const ROWS: &[Row] = &[
    ("0.5", [None, MC, MC, None]),
    ("GENERATOR", [MC, MC, MC, None]),
    ("defined", [MC, MC, MC, None]),
    ("by_kind", [Some([20.0, 250.0]), MC, MC, Some([40.0, 250.0])]),
    ("{simulation: GENERATOR}", [MC, MC, MC, None]),
    ("{data: 0.25}", [Some([40.0, 250.0]), Some([40.0, 1000.0]), None, Some([40.0, 250.0])]),
    (
        "{all: 0.25}",
        [Some([10.0, 250.0]), Some([10.0, 1000.0]), Some([10.0, 1000.0]), Some([40.0, 250.0])],
    ),
    (
        "{simulation: defined, data: 0.25, all: 2}",
        [Some([40.0, 500.0]), Some([40.0, 1000.0]), None, None],
    ),
];

/// The sections of an analysis with a weight at one of these places.
fn analysis(place: &str, weight: &str) -> String {
    let at = |wanted: &str, indent: &str| match place == wanted {
        true => format!("\n{indent}weight: {weight}"),
        false => String::new(),
    };
    let process = match place {
        "process" => format!("processes:\n  mc:{}", at("process", "    ")),
        _ => String::new(),
    };
    let text = format!(
        "
samples:
  mc:
    files: SIMULATED{}
  obs:
    files: EVENTS
    kind: data{}
{process}{}
define:
  defined: {GENERATOR}
  by_kind: if is_data then 0.25 else defined
regions:
  every:
    cuts:
      - every: (is_data or genWeight != 0) and count(Muon) >= 0{}
histograms:
  n:
    value: count(Muon)
    integers: [0, 9]
    regions: [every]
    name: \"{{sample}}\"{}
",
        at("mc", "    "),
        at("obs", "    "),
        at("top", ""),
        at("region", "    "),
        at("histogram", "    "),
    );
    located(&text)
}

#[test]
fn forms_and_places() {
    let place = Place::new("");
    let places =
        [("top", 0), ("region", 0), ("histogram", 0), ("process", 1), ("mc", 2), ("obs", 3)];
    for (weight, expected) in ROWS {
        let weight = weight.replace("GENERATOR", GENERATOR);
        for (at, column) in places {
            place.write("analysis.yaml", &analysis(at, &weight));
            let done = place.run("run analysis.yaml --backend cpu");
            let what = format!("{weight} at {at}: {}{}", done.stdout, done.stderr);
            match expected[column] {
                None => assert_eq!(done.code, 3, "{what}"),
                Some(expected) => {
                    assert_eq!(done.code, 0, "{what}");
                    let sums: Vec<f64> = place.sums().iter().map(|(_, sum, _)| *sum).collect();
                    assert_eq!(sums, expected, "{what}");
                }
            }
        }
    }
}

#[test]
fn the_summary_says_who_got_which_factor() {
    let place = Place::new("");
    place.write("analysis.yaml", &analysis("top", "defined"));
    let done = place.analyse("", 0);
    for line in
        ["defined  all  mc", "defined  all  obs      not: simulation only: it reads genWeight"]
    {
        assert!(done.stdout.contains(line), "{line}: {}", done.stdout);
    }
    let samples = &place.json("run.json")["samples"];
    assert_eq!(samples["mc"]["weights"][0]["applied"], true);
    assert_eq!(samples["obs"]["weights"][0]["applied"], false);
    place.write("analysis.yaml", &analysis("top", "2"));
    let done = place.analyse("", 3);
    for form in ["`weight: {simulation: 2}`", "`weight: {data: 2}`", "`weight: {all: 2}`"] {
        assert!(done.stderr.contains(form), "{form}: {}", done.stderr);
    }
}

#[test]
fn variations_of_what_only_simulation_has_do_nothing_to_data() {
    let place = Place::new("");
    let vary = "vary:
  isr:
    weight:
      up: 'if genWeight > 0 then 2 else 2'
    defined:
      down: 0.125
";
    place.write("analysis.yaml", &format!("{}{vary}", analysis("top", "defined")));
    place.analyse("", 0);
    let sums = place.sums();
    let found: Vec<_> = sums.iter().map(|(name, sum, _)| (name.as_str(), *sum)).collect();
    assert_eq!(found, [("mc", 20.0), ("mc_isr_up", 40.0), ("mc_isr_down", 5.0), ("obs", 1000.0)]);
}

/// What a weight asks is followed through definitions: variations of these, fields of one
/// name in several collections, and operands that are no conditions.
#[test]
fn what_is_asked_through_definitions() {
    let place = Place::new("");
    let with = |weight: &str, defines: &str| {
        analysis("top", weight).replace("define:\n", &format!("define:\n{defines}"))
    };
    let by_use = "  use: not is_data\n  sf: if use then 0.5 else 0.25\n";
    let vary = "vary:\n  unused:\n    use:\n      up: use and false\n";
    place.write("analysis.yaml", &(with("sf", by_use) + vary));
    place.analyse("", 0);
    let sums = place.sums();
    let found: Vec<_> = sums.iter().map(|(name, sum, _)| (name.as_str(), *sum)).collect();
    assert_eq!(found, [("mc", 20.0), ("mc_unused_up", 10.0), ("obs", 250.0)]);
    let fields = "  Jet.sf: if hadronFlavour == 5 then 2 else 1\n  Muon.sf: 1 + pt\n  \
                  sf: default(Muon[0].sf, 1)\n";
    for (weight, defines, said) in [
        ("sf", fields, "does not say whether it is for simulation or data"),
        ("is_data or genWeight", "", "`or` takes true or false, found a real number"),
    ] {
        place.write("analysis.yaml", &with(weight, defines));
        let done = place.analyse("", 3);
        assert!(done.stderr.contains(said), "{weight}: {}", done.stderr);
    }
}
