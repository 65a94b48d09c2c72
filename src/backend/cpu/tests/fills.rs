//! Fills: masks, missing values, checks in their order, axes of all kinds.

use super::Fixture;
use crate::backend::cpu::{CpuBackend, Precision};
use crate::backend::{Backend, Partial};
use crate::bins::{Axis, AxisKind};
use crate::error::Error;
use crate::hist::FillData;
use crate::ir::{Const, NodeId, SpaceId};
use crate::plan::Fill;
use std::sync::Arc;

const NAN: f32 = f32::NAN;
const INF: f32 = f32::INFINITY;

fn axis(kind: AxisKind) -> Axis {
    Axis { kind, label: String::new() }
}

fn regular(bins: usize, low: f64, high: f64) -> Axis {
    axis(AxisKind::Regular { bins, low, high })
}

impl Fixture {
    fn fill(&mut self, axes: Vec<(Axis, NodeId)>, mask: NodeId, weight: Option<NodeId>) {
        let name = format!("fill {}", self.plan.fills.len());
        self.plan.fills.push(Fill { name, axes, mask, missing: None, weight, soft: None });
    }

    fn run(&self, precision: Precision) -> Result<Partial, Error> {
        let backend = CpuBackend::new(precision);
        let mut pass = backend.pass(&self.plan)?;
        pass.push(Arc::new(self.batch.clone()))?;
        pass.finish()
    }

    fn yes(&mut self) -> NodeId {
        self.ir().constant_node(Const::Bool(true))
    }
}

/// Counts or sums of weights by cell, then NaN, missing and bad weights if any.
fn text(data: &FillData) -> String {
    let mut out = format!("{:?}", data.counts);
    if data.sums.is_some() {
        let sums: Vec<f64> = (0..data.counts.len()).map(|c| data.sumw(c)).collect();
        let squares: Vec<f64> = (0..data.counts.len()).map(|c| data.sumw2(c)).collect();
        out += &format!(" {sums:?} {squares:?}");
    }
    for (name, n) in [("nan", data.nan), ("missing", data.missing), ("bad weight", data.bad_weight)]
    {
        if n > 0 {
            out += &format!(" {n} {name}");
        }
    }
    out
}

#[test]
fn values_of_elements_under_a_mask() {
    let mut f = Fixture::new();
    let jet = f.jet;
    let x = f.reals(jet, &[0.5, -1.0, NAN, 1.0, 1.5, INF, 0.0, -INF]);
    let mask = f.bools(jet, &[1, 1, 1, 1, 0, 1, 1, 1]);
    f.fill(vec![(regular(2, 0.0, 2.0), x)], mask, None);
    let partial = f.run(Precision::Single).unwrap();
    assert_eq!(partial.events, 4);
    assert_eq!(text(&partial.fills[0]), "[2, 2, 1, 1] 1 nan");
    assert_eq!(f.run(Precision::Double).unwrap(), partial, "the same in double precision");
}

#[test]
fn a_weight_is_looked_at_before_the_values() {
    let mut f = Fixture::new();
    let jet = f.jet;
    let x = f.reals(jet, &[0.5, 0.5, NAN, NAN, 1.5, 1.5, 1.5, -1.0]);
    let w = f.reals(jet, &[2.0, NAN, INF, 1.0, 0.5, -0.25, 1e-40, -INF]);
    let mask = f.bools(jet, &[1; 8]);
    let missing = f.bools(jet, &[0, 0, 0, 0, 0, 0, 0, 1]);
    f.fill(vec![(regular(2, 0.0, 2.0), x)], mask, Some(w));
    f.plan.fills[0].missing = Some(missing);
    let single = "[0, 1, 3, 0] [0.0, 2.0, 0.25, 0.0] [0.0, 4.0, 0.3125, 0.0] \
                  1 nan 1 missing 3 bad weight";
    assert_eq!(text(&f.run(Precision::Single).unwrap().fills[0]), single);
}

#[test]
fn axes_of_all_kinds_and_constants() {
    let mut f = Fixture::new();
    let event = SpaceId::EVENT;
    let x = f.reals(event, &[0.5, 1.5, 0.5, NAN]);
    let i = f.ints(event, &[3, -1, 4, 3]);
    let l = f.longs(event, &[1 << 40, 7, i64::MIN, 7]);
    let b = f.bools(event, &[1, 0, 1, 1]);
    let (yes, half) = (f.yes(), f.ir().real(0.5));
    let seven = f.ir().constant_node(Const::I32(7));
    let integer = || axis(AxisKind::Integer { low: 3, high: 5 });
    let category = || axis(AxisKind::Category { values: vec![7, 1 << 40] });
    let log = || axis(AxisKind::Log { bins: 1, low: 1.0, high: 10.0 });
    let variable = || axis(AxisKind::Variable { edges: vec![0.0, 0.5, 2.0] });
    let rows = [
        (vec![(integer(), i)], "[1, 2, 1, 0]"),
        (vec![(category(), l)], "[2, 1, 1]"),
        (vec![(category(), seven)], "[4, 0, 0]"),
        (vec![(axis(AxisKind::Boolean), b)], "[1, 3]"),
        (vec![(log(), x)], "[2, 1, 0] 1 nan"),
        (vec![(variable(), half)], "[0, 0, 4, 0]"),
        (vec![(axis(AxisKind::Boolean), b), (category(), l)], "[1, 0, 0, 1, 1, 1]"),
        (vec![(axis(AxisKind::Boolean), b), (log(), x)], "[0, 1, 0, 2, 0, 0] 1 nan"),
        (vec![(log(), x), (axis(AxisKind::Boolean), b)], "[0, 2, 1, 0, 0, 0] 1 nan"),
        (vec![], "[4]"),
    ];
    for (axes, _) in &rows {
        f.fill(axes.clone(), yes, None);
    }
    let partial = f.run(Precision::Single).unwrap();
    for ((axes, expected), data) in rows.iter().zip(&partial.fills) {
        assert_eq!(text(data), *expected, "{axes:?}");
    }
}

#[test]
fn masks_and_weights_that_are_constants() {
    let mut f = Fixture::new();
    let x = f.reals(SpaceId::EVENT, &[0.5, 1.5, 0.5, NAN]);
    let (yes, no) = (f.yes(), f.ir().constant_node(Const::Bool(false)));
    let (half, bad) = (f.ir().real(0.5), f.ir().real(f64::NAN));
    let bins = regular(2, 0.0, 2.0);
    for (mask, missing, weight, expected) in [
        (yes, None, None, "[0, 2, 1, 0] 1 nan"),
        (no, Some(yes), None, "[0, 0, 0, 0] 4 missing"),
        (
            yes,
            Some(no),
            Some(half),
            "[0, 2, 1, 0] [0.0, 1.0, 0.5, 0.0] [0.0, 0.5, 0.25, 0.0] 1 nan",
        ),
        (
            yes,
            None,
            Some(bad),
            "[0, 0, 0, 0] [0.0, 0.0, 0.0, 0.0] [0.0, 0.0, 0.0, 0.0] 4 bad weight",
        ),
    ] {
        f.plan.fills.clear();
        f.fill(vec![(bins.clone(), x)], mask, weight);
        f.plan.fills[0].missing = missing;
        assert_eq!(text(&f.run(Precision::Single).unwrap().fills[0]), expected);
    }
}

#[test]
fn a_mask_is_found_at_every_position() {
    // Longer than the words that are passed over at once, and no multiple of them.
    let n = 8 * 5 + 3;
    for at in 0..n {
        let mut f = Fixture::with_offsets(vec![0, n as u32], vec![0, 0]);
        let jet = f.jet;
        let mut mask = vec![0; n];
        mask[at] = 1;
        let i: Vec<i32> = (0..n as i32).collect();
        let (mask, i) = (f.bools(jet, &mask), f.ints(jet, &i));
        f.fill(vec![(axis(AxisKind::Integer { low: 0, high: n as i64 }), i)], mask, None);
        let counts = f.run(Precision::Single).unwrap().fills[0].counts.clone();
        assert_eq!(counts.iter().position(|c| *c == 1), Some(at + 1));
        assert_eq!(counts.iter().sum::<u64>(), 1);
    }
}

#[test]
fn double_precision_takes_exact_constants_and_doubles() {
    let mut f = Fixture::new();
    let values = vec![0.1, 0.1 + 1e-12, f64::from(0.1f32), 1e-310];
    let x = f.column(SpaceId::EVENT, crate::batch::Values::F64(values));
    let limit = f.ir().real(0.1);
    let mask = f.ir().map(crate::ir::Map::Le, &[x, limit]);
    let edges = AxisKind::Variable { edges: vec![0.0, 1e-300, 1.0] };
    f.fill(vec![(axis(edges), x)], mask, Some(x));
    let double = f.run(Precision::Double).unwrap();
    let expected =
        format!("[0, 1, 1, 0] {:?} {:?}", [0.0, 1e-310, 0.1, 0.0], { [0.0, 0.0, 0.1 * 0.1, 0.0] });
    assert_eq!(text(&double.fills[0]), expected);
    let single = f.run(Precision::Single).unwrap();
    assert_eq!(single.fills[0].counts, [0, 1, 3, 0], "all tenths are one float");
}

#[test]
fn what_does_not_fit_is_an_error() {
    let mut f = Fixture::new();
    let x = f.jet_pt();
    let yes = f.yes();
    f.fill(vec![(regular(2, 0.0, 2.0), x)], yes, None);
    let error = f.run(Precision::Single).unwrap_err().to_string();
    assert!(error.contains("`fill 0`"), "{error}");

    let mut f = Fixture::new();
    let huge = || axis(AxisKind::Integer { low: 0, high: 1 << 20 });
    let i = f.ints(SpaceId::EVENT, &[1, 2, 3, 4]);
    let yes = f.yes();
    f.fill(vec![(huge(), i), (huge(), i), (huge(), i), (huge(), i)], yes, None);
    let error = f.run(Precision::Single).unwrap_err().to_string();
    assert!(error.contains("`fill 0`") && error.contains("cells"), "{error}");

    let mut f = Fixture::new();
    let i = f.ints(SpaceId::EVENT, &[1, 2, 3, 4]);
    let yes = f.yes();
    f.fill(vec![(regular(2, 0.0, 2.0), i)], yes, None);
    let error = f.run(Precision::Single).unwrap_err().to_string();
    assert!(error.contains("`fill 0`") && error.contains("I32"), "{error}");

    type Spoil = fn(&mut Fixture);
    let spoil: [(Spoil, &str); 5] = [
        (|f| f.batch.columns[0] = crate::batch::Values::I32(vec![1; 8]), "`b0`"),
        (|f| f.batch.columns[0] = crate::batch::Values::F32(vec![1.0; 7]), "7 values"),
        (|f| f.batch.offsets[0] = vec![0, 3, 2, 4, 8], "`nJet`"),
        (|f| f.batch.offsets[1] = vec![0, 3], "`nMuon`"),
        (|f| f.batch.columns.clear(), "0 columns"),
    ];
    for (spoil, expected) in spoil {
        let mut f = Fixture::new();
        let (x, jet) = (f.jet_pt(), f.jet);
        let mask = f.bools(jet, &[1; 8]);
        f.fill(vec![(regular(2, 0.0, 2.0), x)], mask, None);
        spoil(&mut f);
        let error = f.run(Precision::Single).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
