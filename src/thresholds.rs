//! Histograms at many thresholds from one pass: the value that a cut compares
//! becomes one more axis, with an edge at each threshold, and the histogram at a
//! threshold is the sum of the cells that pass. Sums are exact, so it is to the
//! bit what a pass with that threshold, and with hard bins, gives.

use crate::analysis::Compiled;
use crate::bins::{Axis, AxisKind};
use crate::gradient::discontinuities::{Bits, Jumps};
use crate::hist::FillData;
use crate::ir::{Const, Ir, Map, NodeId, Op, SpaceId};
use crate::plan::Fill;

/// A parameter and its values, ascending, two at least.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// Position among the parameters.
    pub parameter: usize,
    /// The values.
    pub values: Vec<f64>,
}

/// An analysis whose fills have the cuts by some parameters as axes.
#[derive(Debug, Clone)]
pub struct Grid {
    /// What a backend evaluates. Its histograms are those of the analysis; their
    /// fills have more axes.
    pub compiled: Compiled,
    /// For each fill its cells without cuts, and its cuts.
    fills: Vec<(usize, Vec<Cut>)>,
}

/// How a fill depends on a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    /// Which one of the thresholds' parameters it is.
    axis: usize,
    /// Number of thresholds.
    values: usize,
    /// Whether values above the threshold pass, not those below.
    above: bool,
}

/// A comparison with a parameter, taken out of a mask.
struct Found {
    /// What else the mask asks for.
    rest: Option<NodeId>,
    /// What is compared.
    value: NodeId,
    /// Whether it passes above the threshold.
    above: bool,
    /// Whether it passes (above) or fails (below) if it is the threshold itself.
    at_edge: bool,
}

impl Grid {
    /// Takes the cuts by these parameters out of a compiled analysis of hard cuts
    /// and bins.
    /// `None` if a histogram depends on one of the parameters in another way than
    /// by one comparison in its cuts, or would have too many axes.
    pub fn new(compiled: &Compiled, grid: &[Thresholds]) -> Option<Grid> {
        let mut compiled = compiled.clone();
        let mut fills = Vec::with_capacity(compiled.plan.fills.len());
        for k in 0..compiled.plan.fills.len() {
            let (fill, cuts) = sliced(&mut compiled.plan.ir, &compiled.plan.fills[k], grid)?;
            fills.push((compiled.plan.fills[k].cells(), cuts));
            compiled.plan.fills[k] = fill;
        }
        Some(Grid { compiled, fills })
    }

    /// The fills of the analysis where each parameter has its value of this number.
    pub fn at(&self, filled: &[FillData], position: &[usize]) -> Vec<FillData> {
        let one = |(data, (cells, cuts)): (&FillData, &(usize, Vec<Cut>))| {
            let inner: usize = cuts.iter().map(|c| c.values + 1).product();
            let passes = |cell: usize| {
                let mut rest = cell % inner;
                cuts.iter().rev().all(|cut| {
                    let index = rest % (cut.values + 1);
                    rest /= cut.values + 1;
                    // As many thresholds as that are not above the value.
                    (index > position[cut.axis]) == cut.above
                })
            };
            let to = |cell| passes(cell).then_some(cell / inner);
            let to: Vec<Option<usize>> = (0..data.counts.len()).map(to).collect();
            data.gathered(&to, *cells)
        };
        filled.iter().zip(&self.fills).map(one).collect()
    }
}

/// A fill with its cuts by the parameters as last axes.
fn sliced(ir: &mut Ir, fill: &Fill, grid: &[Thresholds]) -> Option<(Fill, Vec<Cut>)> {
    let (mut made, mut cuts) = (fill.clone(), Vec::new());
    let space = ir.over(fill.mask);
    for (axis, thresholds) in grid.iter().enumerate() {
        let bit = 1 << thresholds.parameter;
        let jumps = Jumps::new(ir);
        if jumps.node(made.mask) & bit != 0 {
            let found = taken(ir, &jumps, made.mask, bit)?;
            made.mask = match found.rest {
                Some(rest) => ir.broadcast(rest, space)?,
                None if space == SpaceId::EVENT => ir.constant_node(Const::Bool(true)),
                None => return None,
            };
            let edges: Vec<f64> =
                thresholds.values.iter().map(|t| edge(*t, found.at_edge)).collect();
            if !edges.windows(2).all(|pair| pair[0] < pair[1]) || edges.len() < 2 {
                return None;
            }
            let kind = AxisKind::Variable { edges };
            let value = ir.broadcast(found.value, space)?;
            made.axes.push((Axis { kind, label: String::new() }, value));
            cuts.push(Cut { axis, values: thresholds.values.len(), above: found.above });
        }
    }
    let bits = grid.iter().fold(0, |bits: Bits, t| bits | 1 << t.parameter);
    let jumps = Jumps::new(ir);
    let nodes = made.axes.iter().map(|(_, node)| *node).chain([made.mask]).chain(made.weight);
    let depends = nodes.fold(0, |all, node| all | jumps.node(node) | jumps.space(ir.over(node)));
    if depends & bits != 0 || made.axes.len() > 3 || (fill.soft.is_some() && !cuts.is_empty()) {
        return None;
    }
    // Who is missing depends on cuts, and is not asked for.
    made.missing = None;
    Some((made, cuts))
}

/// The one comparison with a parameter in a conjunction.
fn taken(ir: &mut Ir, jumps: &Jumps, mask: NodeId, bit: Bits) -> Option<Found> {
    let depends = |node: NodeId| jumps.node(node) & bit != 0;
    match ir.node(mask).op.clone() {
        Op::Map(Map::And, nodes) => {
            let (with, without) = match (depends(nodes[0]), depends(nodes[1])) {
                (true, false) => (nodes[0], nodes[1]),
                (false, true) => (nodes[1], nodes[0]),
                _ => return None,
            };
            let mut found = taken(ir, jumps, with, bit)?;
            let rest = match found.rest {
                Some(rest) => {
                    let space = ir.over(mask);
                    let (a, b) = (ir.broadcast(rest, space)?, ir.broadcast(without, space)?);
                    ir.map(Map::And, &[a, b])
                }
                None => without,
            };
            found.rest = Some(rest);
            Some(found)
        }
        Op::Map(map @ (Map::Lt | Map::Le), nodes) => {
            let is_parameter = |node: NodeId| matches!(ir.constant(node), Some(Const::Parameter { index, .. }) if bit == 1 << index);
            // t < x and t <= x, x < t and x <= t.
            let (value, above) = match (is_parameter(nodes[0]), is_parameter(nodes[1])) {
                (true, false) if !depends(nodes[1]) => (nodes[1], true),
                (false, true) if !depends(nodes[0]) => (nodes[0], false),
                _ => return None,
            };
            let at_edge = (map == Map::Le) == above;
            (ir.constant(value).is_none()).then_some(Found { rest: None, value, above, at_edge })
        }
        Op::Lift { node, .. } => {
            let space = ir.over(mask);
            let mut found = taken(ir, jumps, node, bit)?;
            found.value = ir.broadcast(found.value, space)?;
            if let Some(rest) = found.rest {
                found.rest = Some(ir.broadcast(rest, space)?);
            }
            Some(found)
        }
        _ => None,
    }
}

/// The edge of a threshold: values from it on are above. If the threshold itself
/// is not, that is the next number.
fn edge(threshold: f64, at_edge: bool) -> f64 {
    if at_edge { threshold } else { threshold.next_up() }
}
