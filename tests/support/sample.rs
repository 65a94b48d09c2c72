//! Histograms with every kind of axis and content, small enough to read.
//! Whoever includes this file has the types of `hist` in scope.

use super::{Axis, AxisKind, FillData, Histogram};

fn axis(kind: AxisKind, label: &str) -> Axis {
    Axis { kind, label: label.to_owned() }
}

/// A histogram with `entries(cell)` entries of `weight(cell, entry)`.
fn histogram(
    name: &str,
    title: &str,
    axes: Vec<Axis>,
    entries: impl Fn(usize) -> usize,
    weight: Option<&dyn Fn(usize, usize) -> f32>,
) -> Histogram {
    let cells = axes.iter().map(Axis::extent).product();
    let mut data = FillData::new(cells, weight.is_some());
    for cell in 0..cells {
        for entry in 0..entries(cell) {
            match weight {
                Some(weight) => data.fill_f32(cell, weight(cell, entry)),
                None => data.fill(cell),
            }
        }
    }
    (data.nan, data.missing) = (1, 2);
    Histogram::new(name, title, axes, &data)
}

/// The histograms; the first one is the smallest.
pub(crate) fn histograms() -> Vec<Histogram> {
    let regular = |bins, low, high| AxisKind::Regular { bins, low, high };
    let weight: &dyn Fn(usize, usize) -> f32 =
        &|cell, entry| 0.1 + cell as f32 * 0.37 - if entry % 7 == 0 { 0.5 } else { 0.0 };
    let peak = |cell: usize| {
        let z = (cell as f64 - 36.0) / 5.0;
        (400.0 * (-0.5 * z * z).exp() + 60.0 * (-(cell as f64) / 40.0).exp()) as usize
    };
    vec![
        histogram(
            "counts",
            "Missing energy",
            vec![axis(regular(4, 0.0, 4.0), "MET [GeV]")],
            |cell| [0, 1, 2, 3, 2, 1][cell],
            None,
        ),
        histogram(
            "mass",
            "Opposite-charge muon pairs",
            vec![axis(regular(60, 60.0, 120.0), "m(\u{3bc}\u{3bc}) [GeV]")],
            peak,
            None,
        ),
        histogram(
            "log_weighted",
            "",
            vec![axis(AxisKind::Log { bins: 20, low: 1.0, high: 1000.0 }, "jet pT [GeV]")],
            |cell| 2 + 5 * cell * (22 - cell) / 3,
            Some(weight),
        ),
        histogram(
            "variable_weighted",
            "Uneven bins",
            vec![axis(AxisKind::Variable { edges: vec![-1.0, 0.0, 0.5, 4.0] }, "x")],
            |cell| 3 * cell,
            Some(weight),
        ),
        histogram(
            "integers",
            "Jets",
            vec![axis(AxisKind::Integer { low: -1, high: 5 }, "number of jets")],
            |cell| 7 * cell % 5,
            None,
        ),
        histogram(
            "flag",
            "",
            vec![axis(AxisKind::Boolean, "passes the trigger")],
            |cell| 5 + cell,
            Some(weight),
        ),
        histogram(
            "flavour",
            "Flavours",
            vec![axis(AxisKind::Category { values: vec![13, -11, 22] }, "pdgId")],
            |cell| 4 - cell,
            None,
        ),
        histogram(
            "plane",
            "Two axes",
            vec![
                axis(regular(24, -3.0, 3.0), "\u{3b7}"),
                axis(AxisKind::Variable { edges: vec![0.0, 10.0, 20.0, 50.0, 80.0] }, "pT [GeV]"),
            ],
            |cell| (cell * cell + 3) % 23,
            Some(weight),
        ),
        histogram(
            "cube",
            "Three axes",
            vec![
                axis(regular(2, 0.0, 1.0), "x"),
                axis(AxisKind::Category { values: vec![1, 2] }, "kind"),
                axis(regular(3, 0.0, 3.0), "z"),
            ],
            |cell| cell % 4,
            Some(weight),
        ),
    ]
}
