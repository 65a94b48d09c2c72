//! Cuts that compare with a parameter that has a slope.

use super::events::{Case, deviation, gradient, try_gradient};
use crate::support::Table;

fn table() -> Table {
    Table::parse(
        "x: float32 = 0.25 | 0.75 | 1 | 2 | 3.5\n\
         w: float32 = 1 | -1 | 2 | 0.5 | 3\n\
         Jet_pt: float32[nJet] = 50 30 | 20 | | 45 15 | 70 60 50",
    )
}

/// A histogram of `x` in a region of one cut, or with a weight.
fn analysis(cut: &str, weight: &str) -> String {
    format!(
        "parameters:\n  t: {{start: 1.5, slope: 2}}\n  s: {{start: 20, slope: k}}\n  \
         k: {{start: 0.125}}\n\
         define:\n  above: x > t\n  late: above and w > 0\n\
         regions:\n  r:\n    - cut: {cut}\n\
         histograms:\n  h:\n    value: x\n    weight: {weight}\n    bins: [4, 0, 4]\n    \
         regions: [r]\n    soft: {{bandwidth: 0.5}}\n"
    )
}

#[test]
fn conditions_are_products_and_complements() {
    let above = "sigmoid(2 * (x - t))";
    let cases = [
        ("x > t", above.to_owned()),
        ("t <= x", above.to_owned()),
        ("above", above.to_owned()),
        ("not above", format!("1 - {above}")),
        ("late", format!("{above} * float(w > 0)")),
        ("0.5 < x < t", "float(0.5 < x) * sigmoid(2 * (t - x))".to_owned()),
        ("x < t or w > 1", format!("1 - (1 - (1 - {above})) * (1 - float(w > 1))")),
        ("above and MET_like > s", format!("{above} * sigmoid(k * (10 * x - s))")),
    ];
    for (cut, weight) in cases {
        let (cut, always) = (cut.replace("MET_like", "10 * x"), "true");
        let of = |cut: &str, weight: &str| {
            gradient(&analysis(cut, weight), &table(), &[], Case::DOUBLE).swap_remove(0)
        };
        let (found, wanted) = (of(&cut, "w"), of(always, &format!("w * ({weight})")));
        let values = |of: &gpuana::gradient::Differentiated| -> Vec<f64> {
            (0..6).map(|c| of.histogram.value(c)).collect()
        };
        let off = deviation(&values(&found), &values(&wanted));
        assert!(off < 1e-14, "{cut}: {off:e}");
        let flat = |rows: &[Vec<f64>]| rows.concat();
        let off = deviation(&flat(&found.jacobian), &flat(&wanted.jacobian));
        assert!(off < 1e-13, "{cut}: {off:e}");
    }
}

#[test]
fn a_missing_value_fails_the_cut() {
    let text = analysis("Jet[1].pt > s", "w");
    let found = gradient(&text, &table(), &[], Case::DOUBLE).swap_remove(0);
    assert_eq!((found.histogram.entries, found.histogram.missing), (3, 0));
    let by_threshold: f64 = found.jacobian.iter().map(|row| row[1]).sum();
    assert!(by_threshold < -0.01, "{by_threshold}");
}

/// Conditions whose operands may be missing, beside weights that say the same. A chain
/// is an `and`, which two cuts are as well.
#[test]
fn missing_operands_are_neither_true_nor_false() {
    let first = "default(sigmoid(k * (Jet[0].pt - s)), 0)";
    let second = "default(sigmoid(k * (Jet[1].pt - s)), 0)";
    let not_second = "default(1 - sigmoid(k * (Jet[1].pt - s)), 0)";
    let above = "sigmoid(2 * (x - t))";
    let cases = [
        ("Jet[0].pt > s and Jet[1].pt > s", format!("{first} * {second}")),
        ("s < Jet[0].pt < 60", format!("{first} * float(Jet[0].pt < 60)")),
        ("Jet[1].pt > s and x > 0.5", format!("{second} * float(x > 0.5)")),
        ("x > 0.5 and Jet[1].pt > s", format!("float(x > 0.5) * {second}")),
        ("above and Jet[1].pt > 20", format!("{above} * default(float(Jet[1].pt > 20), 0)")),
        ("Jet[1].pt > s or above", format!("1 - (1 - {second}) * (1 - {above})")),
        (
            "Jet[1].pt > 20 or above",
            format!("1 - (1 - default(float(Jet[1].pt > 20), 0)) * (1 - {above})"),
        ),
        ("not (Jet[1].pt > s)", not_second.to_owned()),
        ("not (Jet[1].pt > s and above)", format!("1 - (1 - {not_second}) * (1 - (1 - {above}))")),
        ("not (Jet[1].pt > s or above)", format!("{not_second} * (1 - {above})")),
        ("not (not (Jet[1].pt > s))", second.to_owned()),
    ];
    for (cut, weight) in cases {
        let of = |cut: &str, weight: &str| {
            gradient(&analysis(cut, weight), &table(), &[], Case::DOUBLE).swap_remove(0)
        };
        let weight = weight.replace("), 0)", "), 0.0)");
        let (found, wanted) = (of(cut, "w"), of("true", &format!("w * ({weight})")));
        let values = |of: &gpuana::gradient::Differentiated| -> Vec<f64> {
            (0..6).map(|c| of.histogram.value(c)).collect()
        };
        let off = deviation(&values(&found), &values(&wanted));
        assert!(off < 1e-14, "{cut}: {off:e}");
        let off = deviation(&found.jacobian.concat(), &wanted.jacobian.concat());
        assert!(off < 1e-13, "{cut}: {off:e}");
    }
}

/// One cut of two comparisons is two cuts of one, to the bit.
#[test]
fn a_conjunction_is_two_cuts() {
    for (whole, parts) in [
        ("Jet[0].pt > s and Jet[1].pt > s", ["Jet[0].pt > s", "Jet[1].pt > s"]),
        ("t < Jet[1].pt < s", ["t < Jet[1].pt", "Jet[1].pt < s"]),
        ("Jet[1].pt > s and above", ["Jet[1].pt > s", "above"]),
    ] {
        let two = format!("{}\n    - other: {}", parts[0], parts[1]);
        for case in Case::SINGLE.and_others() {
            let of = |cut: &str| gradient(&analysis(cut, "w"), &table(), &[], case).swap_remove(0);
            let (one, two) = (of(whole), of(&two));
            assert_eq!(one.histogram.entries, two.histogram.entries, "{whole}");
            let values = |of: &gpuana::gradient::Differentiated| -> Vec<f64> {
                (0..6).map(|c| of.histogram.value(c)).collect()
            };
            assert_eq!(values(&one), values(&two), "{whole}");
            assert_eq!(one.jacobian, two.jacobian, "{whole}");
        }
    }
}

/// With steep slopes an event passes if and only if it passes the hard cut.
#[test]
fn steep_cuts_are_hard_ones() {
    let conditions = [
        "above",
        "Jet[1].pt > s",
        "Jet[0].pt < s",
        "Jet[2].pt > 40",
        "w > 0.75",
        "s < Jet[0].pt < 60",
        "Jet[1].pt < s < Jet[0].pt",
    ];
    let mut cuts: Vec<String> = Vec::new();
    for a in conditions {
        for b in conditions {
            cuts.push(format!("({a}) and not ({b})"));
            cuts.push(format!("not (({a}) or not ({b}))"));
            cuts.push(format!("not (not ({a}) and ({b})) and (({b}) or x > t)"));
        }
    }
    let backend = gpuana::backend::cpu::CpuBackend::default();
    let steep = [("k", 1e4), ("t", 1.55), ("s", 20.5)];
    for cut in cuts {
        let text = analysis(&cut, "w").replace("slope: 2", "slope: 10000");
        let text =
            text.replace("start: 1.5,", "start: 1.55,").replace("start: 20,", "start: 20.5,");
        let smooth = gradient(&text, &table(), &steep, Case::DOUBLE).swap_remove(0);
        let analysis = gpuana::config::parse(&text).expect("it parses");
        let compiled = gpuana::lang::check::compile(&analysis, &text, &table().schema());
        let compiled = compiled.expect("it checks");
        let partial = super::events::run(&backend, &compiled, &table());
        let hard = compiled.histograms[0].finished(&partial.fills);
        for cell in 0..6 {
            let (found, wanted) = (smooth.histogram.value(cell), hard.value(cell));
            // The hard one is in single precision.
            assert!((found - wanted).abs() < 1e-6, "{cut}, cell {cell}: {found} {wanted}");
        }
    }
}

/// A parameter with a slope is not told to have one.
#[test]
fn advice_is_not_what_was_done() {
    let text = analysis("count(Jet[pt > s]) > s", "w");
    let error = try_gradient(&text, &table(), &[]).err().unwrap_or_default();
    assert!(error.contains("its `slope` makes comparisons of numbers in cuts smooth"), "{error}");
    assert!(!error.contains("give the parameter a `slope`"), "{error}");
}

#[test]
fn a_run_cuts_hard() {
    let text = analysis("x > t", "w");
    let analysis = gpuana::config::parse(&text).expect("it parses");
    let schema = table().schema();
    let compiled = gpuana::lang::check::compile(&analysis, &text, &schema).expect("it checks");
    let partial =
        super::events::run(&gpuana::backend::cpu::CpuBackend::default(), &compiled, &table());
    let histogram = compiled.histograms[0].finished(&partial.fills);
    assert_eq!(histogram.entries, 2);
}

#[test]
fn what_has_no_smooth_form_is_refused() {
    let cases = [
        ("any(Jet.pt > s)", "has no smooth form"),
        ("count(Jet) == s", "has no smooth form"),
        ("if above then w > 0 else w > 1", "has no smooth form"),
        ("count(Jet[pt > s]) > s", "jumps with the parameter `s`"),
    ];
    for (cut, expected) in cases {
        let error = try_gradient(&analysis(cut, "w"), &table(), &[]).err().unwrap_or_default();
        assert!(error.contains(expected), "{cut}: {error}");
    }
}
