//! Gradients for a given cotangent: with a number c for each cell of soft
//! histograms the derivatives of the sum of c times the contents, by all
//! parameters at once.
//!
//! An entry of weight w at x adds w g(x, h) to that sum, where g is the sum over
//! cells of c times the entry's share: a [`ShareSum`]. Its derivatives are the first
//! adjoints: g of the weight, w dg/dx of the value, w dg/dh of the bandwidth.
//! They go backwards through the graph to the parameters ([`super::adjoint`]),
//! whose adjoints are rows of a fill of one bin: backends add them exactly.
//!
//! An entry of which a derivative is not finite is left out, as the Jacobian leaves
//! it out, of its own histogram alone. Which ones these are is told by one derivative,
//! by all parameters at once: a sum is finite if all that is added is.

use super::adjoint::{Adjoints, OneWay};
use super::discontinuities::{Bits, Jumps};
use super::share_derivatives::{Entry, Parts};
use super::{Gradient, usage};
use crate::analysis::{Compiled, HistogramInfo};
use crate::bins::{Axis, AxisKind, Soft, SoftFlow, SoftKernel, SoftSum, SoftTerm};
use crate::error::Result;
use crate::hist::{FillData, Histogram};
use crate::ir::{Const, Ir, Map, NodeId};
use crate::kernels::{Kernel, ShareSum};
use crate::plan::{Fill, SoftFill, SoftPart, SoftRow};
use crate::syntax::Parameter;
use std::sync::Arc;

/// An analysis and what gives its gradient for a cotangent.
#[derive(Debug, Clone)]
pub struct Vjp {
    /// What a backend evaluates: the soft histograms that have a cotangent, and the
    /// sums of the gradient. It has no regions.
    pub compiled: Compiled,
    way: Way,
    parameters: usize,
}

#[derive(Debug, Clone)]
enum Way {
    /// For each parameter its row of the last fill.
    Reverse(Vec<Option<usize>>),
    /// The cotangent of each histogram, to be multiplied by its Jacobian.
    Forward(Box<Gradient>, Vec<Vec<f64>>),
}

/// What a [`Vjp`] gave.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// For each parameter the derivative of the sum of cotangent times contents.
    pub gradient: Vec<f64>,
    /// The histograms that have a cotangent.
    pub histograms: Vec<Histogram>,
    /// Entries left out of contents and gradient because one of their derivatives is
    /// infinite or not a number; and events left out of the gradient because the
    /// product with the cotangent is.
    pub dropped: u64,
}

impl Vjp {
    /// For the histograms that `cotangent` gives numbers for, one a cell, in one walk
    /// backwards; by the Jacobian if sums over elements are seen in a way that cannot
    /// be turned around.
    ///
    /// # Errors
    /// As [`Gradient::new`]; or a histogram is not soft, or does not have as many
    /// cells as numbers.
    pub fn new(
        compiled: &Compiled,
        parameters: &[Parameter],
        cotangent: impl Fn(&HistogramInfo) -> Option<Vec<f64>>,
    ) -> Result<Vjp> {
        let (kept, cotangents, gradient) = prepared(compiled, parameters, cotangent)?;
        Ok(match reversed(&kept, parameters.len(), &cotangents) {
            Ok(vjp) => vjp,
            Err(OneWay) => by_jacobian(gradient, parameters.len(), cotangents),
        })
    }

    /// The same by the Jacobian.
    ///
    /// # Errors
    /// As [`Vjp::new`].
    pub fn forward(
        compiled: &Compiled,
        parameters: &[Parameter],
        cotangent: impl Fn(&HistogramInfo) -> Option<Vec<f64>>,
    ) -> Result<Vjp> {
        let (_, cotangents, gradient) = prepared(compiled, parameters, cotangent)?;
        Ok(by_jacobian(gradient, parameters.len(), cotangents))
    }

    /// Whether it is one walk backwards, not a product with the Jacobian.
    pub fn is_reverse(&self) -> bool {
        matches!(self.way, Way::Reverse(_))
    }

    /// What the finished fills give.
    pub fn results(&self, fills: &[FillData]) -> Pulled {
        let infos = &self.compiled.histograms;
        match &self.way {
            Way::Reverse(sums) => {
                // The underflow comes before the one bin.
                let total = fills.last();
                let value = |row: &Option<usize>| {
                    row.zip(total).map_or(0.0, |(row, total)| total.row(row, 1))
                };
                Pulled {
                    gradient: sums.iter().map(value).collect(),
                    histograms: infos.iter().map(|info| info.finished(fills)).collect(),
                    dropped: infos.iter().map(|info| fills[info.fill].dropped).sum::<u64>()
                        + total.map_or(0, |total| total.dropped),
                }
            }
            Way::Forward(gradient, cotangents) => {
                let results = gradient.results(fills);
                let mut sums = vec![0.0; self.parameters];
                for (result, numbers) in results.iter().zip(cotangents) {
                    for (row, number) in result.jacobian.iter().zip(numbers) {
                        sums.iter_mut().zip(row).for_each(|(sum, d)| *sum += number * d);
                    }
                }
                Pulled {
                    gradient: sums,
                    dropped: results.iter().map(|r| r.dropped).sum(),
                    histograms: results.into_iter().map(|r| r.histogram).collect(),
                }
            }
        }
    }
}

/// The histograms with a cotangent, these, and their derivatives, which say what
/// has none.
type Prepared = (Compiled, Vec<Vec<f64>>, Gradient);

fn prepared(
    compiled: &Compiled,
    parameters: &[Parameter],
    cotangent: impl Fn(&HistogramInfo) -> Option<Vec<f64>>,
) -> Result<Prepared> {
    let mut kept = Compiled { regions: Vec::new(), watches: Vec::new(), ..compiled.clone() };
    let mut cotangents = Vec::new();
    kept.histograms.clear();
    for info in &compiled.histograms {
        let Some(numbers) = cotangent(info) else { continue };
        let fill = &compiled.plan.fills[info.fill];
        if fill.soft.is_none() || fill.cells() != numbers.len() {
            return Err(usage(&format!(
                "the cotangent of `{}` has {} numbers: it takes one for each of the {} cells of a \
                 soft histogram, under- and overflow included",
                info.name,
                numbers.len(),
                fill.cells()
            )));
        }
        kept.histograms.push(info.clone());
        cotangents.push(numbers);
    }
    let gradient = Gradient::new(&kept, parameters)?;
    Ok((kept, cotangents, gradient))
}

fn by_jacobian(gradient: Gradient, parameters: usize, cotangents: Vec<Vec<f64>>) -> Vjp {
    let compiled = gradient.compiled.clone();
    Vjp { compiled, way: Way::Forward(Box::new(gradient), cotangents), parameters }
}

fn reversed(kept: &Compiled, parameters: usize, cotangents: &[Vec<f64>]) -> Result<Vjp, OneWay> {
    let mut compiled = kept.clone();
    let jumps = Jumps::new(&compiled.plan.ir);
    let old = std::mem::take(&mut compiled.plan.fills);
    // Histograms may share a fill.
    let mut used: Vec<(usize, Vec<f64>)> = Vec::new();
    for (info, numbers) in compiled.histograms.iter_mut().zip(cotangents) {
        let place = used.iter().position(|(fill, _)| *fill == info.fill);
        let place = place.unwrap_or_else(|| {
            used.push((info.fill, vec![0.0; numbers.len()]));
            used.len() - 1
        });
        used[place].1.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        info.fill = place;
    }
    let ir = &mut compiled.plan.ir;
    let flaws: Vec<Option<NodeId>> =
        used.iter().map(|(fill, _)| flaw(ir, &jumps, &old[*fill])).collect::<Result<_, _>>()?;
    let mut adjoints = Adjoints::new(ir, &jumps, parameters);
    for ((fill, numbers), flaw) in used.iter().zip(&flaws) {
        seed(&mut adjoints, &old[*fill], *flaw, numbers.clone());
    }
    let found = adjoints.finished()?;
    let both = used.iter().zip(&flaws);
    let mut fills: Vec<Fill> = both.map(|((fill, _), flaw)| contents(&old[*fill], *flaw)).collect();
    let ir = &mut compiled.plan.ir;
    let mut rows = Vec::new();
    let add = |adjoint: Option<NodeId>| {
        let part = SoftPart { terms: [SoftTerm::Share; 2], factor: adjoint? };
        rows.push(SoftRow { of: SoftSum::Contents, parts: vec![part] });
        Some(rows.len() - 1)
    };
    let sums: Vec<Option<usize>> = found.into_iter().map(add).collect();
    fills.push(total(ir, rows));
    compiled.plan.fills = fills;
    Ok(Vjp { compiled: compiled.for_run(), way: Way::Reverse(sums), parameters })
}

/// For each entry of a soft fill 0 if all derivatives are finite, else NaN; `None` if
/// nothing depends on a parameter.
fn flaw(ir: &mut Ir, jumps: &Jumps, fill: &Fill) -> Result<Option<NodeId>, OneWay> {
    let (Some(soft), Some(weight)) = (&fill.soft, fill.weight) else { return Ok(None) };
    let entry = Entry::of(ir, fill, soft, weight);
    let space = entry.space;
    let parts = Parts::new(ir, jumps, entry).by(Bits::MAX)?;
    let zero = ir.real(0.0);
    let mut sum: Option<NodeId> = None;
    for part in parts {
        if let Some(Const::Real { .. }) = ir.constant(part.factor) {
            continue;
        }
        let nothing = ir.map(Map::Mul, &[part.factor, zero]);
        let nothing = over(ir, nothing, space);
        sum = Some(sum.map_or(nothing, |sum| ir.map(Map::Add, &[sum, nothing])));
    }
    Ok(sum)
}

/// A soft fill without derivatives, and without the entries that have a flaw.
fn contents(fill: &Fill, flaw: Option<NodeId>) -> Fill {
    let row = |factor| SoftRow {
        of: SoftSum::Contents,
        parts: vec![SoftPart { terms: [SoftTerm::Share; 2], factor }],
    };
    let soft = fill.soft.as_ref().map(|soft| SoftFill {
        axes: soft.axes.clone(),
        rows: flaw.map(row).into_iter().collect(),
    });
    Fill { soft, ..fill.clone() }
}

/// A fill of one bin that each event is wholly in, with these rows beside it: an event
/// of which a row is not finite is left out of all.
fn total(ir: &mut Ir, rows: Vec<SoftRow>) -> Fill {
    let bin = AxisKind::Regular { bins: 1, low: -1.0, high: 1.0 };
    let axis = Axis { kind: bin, label: String::new() };
    let soft = Soft {
        kernel: SoftKernel::Uniform,
        bandwidth: 0.25,
        flow: SoftFlow::Fold,
        all_bins: false,
        parameter: None,
    };
    Fill {
        name: "gradient".to_owned(),
        axes: vec![(axis, ir.real(0.0))],
        mask: ir.constant_node(Const::Bool(true)),
        missing: None,
        weight: Some(ir.real(1.0)),
        soft: Some(SoftFill { axes: vec![soft], rows }),
    }
}

/// The adjoints that the entries of a fill start with.
fn seed(adjoints: &mut Adjoints<'_>, fill: &Fill, flaw: Option<NodeId>, numbers: Vec<f64>) {
    let (Some(soft), Some(weight)) = (&fill.soft, fill.weight) else { return };
    let axes = fill.axes.iter().zip(&soft.axes).map(|((axis, _), soft)| (axis.clone(), *soft));
    let share_sum: Arc<dyn Kernel> = Arc::new(ShareSum::new(axes.collect(), numbers));
    let ir = adjoints.ir();
    let space = ir.over(fill.mask);
    let values: Vec<NodeId> = fill.axes.iter().map(|(_, x)| *x).collect();
    // Entries that are not filled add nothing.
    let mut filled = ir.map(Map::IsFinite, &[weight]);
    for x in &values {
        let nan = ir.map(Map::IsNan, &[*x]);
        let number = ir.map(Map::Not, &[nan]);
        filled = both(ir, filled, number, space);
    }
    if let Some(flaw) = flaw {
        let flawless = ir.map(Map::IsFinite, &[flaw]);
        filled = both(ir, filled, flawless, space);
    }
    filled = both(ir, fill.mask, filled, space);
    let parts = ir.results(&share_sum, &values);
    let zero = ir.real(0.0);
    let where_filled = |ir: &mut Ir, adjoint: NodeId| {
        let adjoint = ir.broadcast(adjoint, space).unwrap_or(adjoint);
        ir.map(Map::Select, &[filled, adjoint, zero])
    };
    let first = where_filled(ir, parts[0]);
    let mut weighted = Vec::new();
    for part in &parts[1..] {
        let (w, part) = (over(ir, weight, space), over(ir, *part, space));
        let product = ir.map(Map::Mul, &[w, part]);
        weighted.push(where_filled(ir, product));
    }
    adjoints.add(weight, space, first);
    for ((x, soft), both) in values.iter().zip(&soft.axes).zip(weighted.chunks(2)) {
        adjoints.add(*x, space, both[0]);
        if let Some(parameter) = soft.parameter {
            adjoints.add_parameter(parameter, space, both[1]);
        }
    }
}

fn over(ir: &mut Ir, node: NodeId, space: crate::ir::SpaceId) -> NodeId {
    ir.broadcast(node, space).unwrap_or(node)
}

fn both(ir: &mut Ir, a: NodeId, b: NodeId, space: crate::ir::SpaceId) -> NodeId {
    let (a, b) = (over(ir, a, space), over(ir, b, space));
    ir.map(Map::And, &[a, b])
}
