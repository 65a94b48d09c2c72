//! Cuts that compare with a parameter that has a slope.

use crate::events::{Case, deviation, gradient, try_gradient};
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

#[test]
fn a_run_cuts_hard() {
    let text = analysis("x > t", "w");
    let analysis = gpuana::config::parse(&text).expect("it parses");
    let schema = table().schema();
    let compiled = gpuana::lang::check::compile(&analysis, &text, &schema).expect("it checks");
    let partial =
        crate::events::run(&gpuana::backend::cpu::CpuBackend::default(), &compiled, &table());
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
