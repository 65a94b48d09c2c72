//! Gradients: how the contents of soft histograms change with the parameters.
//!
//! A bin holds the sum over entries of w p(x, h), so its derivative by a
//! parameter is the sum of w' p + w dp/dx x' + w dp/dh h'. The tangents w' and
//! x' are nodes of the same graph, and each term is one more soft fill with
//! another weight: any backend computes them in the same pass as the contents,
//! and sums them as exactly.

mod beside;
pub(crate) mod jumps;
mod rules;
mod sums;
mod tangent;

pub use beside::{Beside, PRODUCTS, SQUARES};

use crate::analysis::Compiled;
use crate::config::Parameter;
use crate::error::{Error, ErrorKind, Result};
use crate::hist::{FillData, Histogram, SoftTerm};
use crate::ir::{Const, Ir, Map, NodeId, SpaceId};
use crate::plan::Fill;
use jumps::{Bits, Jumps};
use std::collections::HashMap;
use tangent::{Blocked, Tangents};

/// An analysis with its derivatives.
#[derive(Debug, Clone)]
pub struct Gradient {
    /// What a backend evaluates: the soft histograms, and fills beside them. It
    /// has no regions and no other histograms.
    pub compiled: Compiled,
    /// Where the derivatives of each histogram are.
    terms: Vec<Terms>,
}

/// The fills beside a histogram's own.
#[derive(Debug, Clone)]
struct Terms {
    /// For each parameter those whose sum is the derivative.
    fills: Vec<Vec<usize>>,
    /// Counts entries left out because a derivative is not finite.
    dropped: usize,
}

/// A soft histogram and its derivatives.
#[derive(Debug, Clone)]
pub struct Differentiated {
    /// Contents and both variances.
    pub histogram: Histogram,
    /// For each cell, flow bins included, its derivative by each parameter.
    pub jacobian: Vec<Vec<f64>>,
    /// Entries left out, of contents and derivatives alike, because one of their
    /// derivatives is infinite or not a number.
    pub dropped: u64,
}

impl Gradient {
    /// The derivatives of all soft histograms by all parameters.
    ///
    /// # Errors
    /// There is none, or something that has no derivative depends on a
    /// parameter: a cut, or the elements of a collection.
    pub fn new(compiled: &Compiled, parameters: &[Parameter]) -> Result<Gradient> {
        let jumps = Jumps::new(&compiled.plan.ir);
        let mut made = Maker {
            compiled: Compiled { regions: Vec::new(), ..compiled.clone() },
            jumps,
            parameters,
            known: HashMap::new(),
        };
        let fills = std::mem::take(&mut made.compiled.plan.fills);
        let mut terms = Vec::new();
        let mut histograms = Vec::new();
        for mut info in std::mem::take(&mut made.compiled.histograms) {
            if fills[info.fill].soft.is_none() {
                continue;
            }
            let (own, beside) = match made.known.get(&info.fill) {
                Some(known) => known.clone(),
                None => {
                    let found = made.differentiate(&fills[info.fill], &info.name)?;
                    made.known.insert(info.fill, found.clone());
                    found
                }
            };
            info.fill = own;
            histograms.push(info);
            terms.push(beside);
        }
        if histograms.is_empty() {
            return Err(usage(
                "the analysis has no soft histogram, and others have no derivatives: give one \
                 `soft: {bandwidth: 1 bins}`",
            ));
        }
        made.compiled.histograms = histograms;
        Ok(Gradient { compiled: made.compiled, terms })
    }

    /// The histograms of the finished fills, in the order of the analysis.
    pub fn results(&self, fills: &[FillData]) -> Vec<Differentiated> {
        let both = self.compiled.histograms.iter().zip(&self.terms);
        let result = both.map(|(info, terms)| {
            let histogram = info.finished(fills);
            let entry = |cell: usize, of: &Vec<usize>| {
                of.iter().fold(0.0, |sum, fill| sum + fills[*fill].sumw(cell))
            };
            let row = |cell| terms.fills.iter().map(|of| entry(cell, of)).collect();
            let jacobian = (0..histogram.cells()).map(row).collect();
            let dropped = fills[terms.dropped].counts.iter().sum();
            Differentiated { histogram, jacobian, dropped }
        });
        result.collect()
    }
}

/// Makes fills of derivatives.
struct Maker<'a> {
    compiled: Compiled,
    jumps: Jumps,
    parameters: &'a [Parameter],
    /// By a fill of the compiled analysis: its own new fill and those beside it.
    known: HashMap<usize, (usize, Terms)>,
}

impl Maker<'_> {
    fn push(&mut self, fill: Fill) -> usize {
        self.compiled.plan.fills.push(fill);
        self.compiled.plan.fills.len() - 1
    }

    /// A soft fill and its derivatives.
    fn differentiate(&mut self, fill: &Fill, name: &str) -> Result<(usize, Terms)> {
        let (Some(soft), Some((_, x)), Some(w)) = (fill.soft, fill.axes.first(), fill.weight)
        else {
            return Err(usage("a soft histogram has one axis and a weight"));
        };
        let (x, space) = (*x, self.compiled.plan.ir.over(fill.mask));
        let masks = [Some(fill.mask), fill.missing].into_iter().flatten();
        match masks.fold(0, |bits, mask| bits | self.jumps.node(mask)) {
            0 => {}
            bits => return Err(self.blocked(name, Blocked::Jump(bits))),
        }
        let mut wanted: Vec<(usize, SoftTerm, NodeId)> = Vec::new();
        for k in 0..self.parameters.len() {
            let ir = &mut self.compiled.plan.ir;
            let mut tangents = Tangents::new(ir, &self.jumps, k as u32);
            let both = tangents.of(w).and_then(|w| Ok((w, tangents.of(x)?)));
            let (by_weight, by_value) = match both {
                Ok((dw, dx)) => (dw, dx.map(|dx| tangents.times(w, dx))),
                Err(why) => return Err(self.blocked(name, why)),
            };
            let ir = &mut self.compiled.plan.ir;
            let mut over = |node| ir.broadcast(node, space).unwrap_or(node);
            let (by_weight, by_value) = (by_weight.map(&mut over), by_value.map(&mut over));
            wanted.extend(by_weight.map(|weight| (k, SoftTerm::Share, weight)));
            wanted.extend(by_value.map(|weight| (k, SoftTerm::ByValue, weight)));
            if soft.parameter == Some(k) {
                wanted.push((k, SoftTerm::ByBandwidth, w));
            }
        }
        let tangents: Vec<NodeId> = wanted.iter().map(|(_, _, weight)| *weight).collect();
        let [kept, lost] = split(&mut self.compiled.plan.ir, space, fill.mask, [x, w], &tangents);
        let base = Fill { mask: kept, ..fill.clone() };
        let own = self.push(base.clone());
        let mut fills = vec![Vec::new(); self.parameters.len()];
        for (k, term, weight) in wanted {
            let what = &self.parameters[k].name.name;
            let name = format!("{} by {what}: {term:?}", base.name);
            let soft = Some(crate::hist::Soft { term, ..soft });
            let part = Fill { name, soft, weight: Some(weight), missing: None, ..base.clone() };
            let part = self.push(part);
            fills[k].push(part);
        }
        let dropped = self.push(Fill {
            name: format!("{} dropped", base.name),
            axes: Vec::new(),
            mask: lost,
            missing: None,
            weight: None,
            soft: None,
        });
        Ok((own, Terms { fills, dropped }))
    }

    fn blocked(&self, name: &str, why: Blocked) -> Error {
        let names = |bits: Bits| {
            let all = self.parameters.iter().enumerate();
            let named = all.filter(|(k, _)| bits & (1 << k) != 0).map(|(_, p)| &p.name.name[..]);
            named.collect::<Vec<_>>().join("`, `")
        };
        usage(&match why {
            Blocked::Jump(bits) => format!(
                "the histogram `{name}` jumps with the parameter `{}`: a cut or another condition \
                 depends on it and has no derivative; give the parameter a `slope`, which makes \
                 comparisons in cuts smooth, or write a factor of the weight, \
                 `sigmoid(slope * (x - threshold))`",
                names(bits)
            ),
            Blocked::Membership(bits) => format!(
                "the histogram `{name}` jumps with the parameter `{}`: which elements a collection \
                 has depends on it; filter by something else, and weight each element by \
                 `sigmoid(slope * (x - threshold))`",
                names(bits)
            ),
        })
    }
}

/// The mask of entries that are filled, and that of those left out because a
/// tangent is not finite although their value and weight can be filled.
fn split(
    ir: &mut Ir,
    space: SpaceId,
    mask: NodeId,
    [x, w]: [NodeId; 2],
    tangents: &[NodeId],
) -> [NodeId; 2] {
    let always = ir.constant_node(Const::Bool(true));
    // Constants are finite.
    let holds = |ir: &mut Ir, map, node: NodeId| {
        let node = ir.broadcast(node, space).unwrap_or(node);
        if ir.constant(node).is_some() { always } else { ir.map(map, &[node]) }
    };
    let mut fine = always;
    for tangent in tangents {
        let finite = holds(ir, Map::IsFinite, *tangent);
        fine = both(ir, fine, finite);
    }
    if fine == always {
        let never = ir.constant_node(Const::Bool(false));
        return [mask, both(ir, mask, never)];
    }
    let wrong = ir.map(Map::Not, &[fine]);
    let finite = holds(ir, Map::IsFinite, w);
    let mut lost = both(ir, wrong, finite);
    if ir.constant(x).is_none() {
        let nan = holds(ir, Map::IsNan, x);
        let number = ir.map(Map::Not, &[nan]);
        lost = both(ir, lost, number);
    }
    let lost = both(ir, mask, lost);
    let others = ir.map(Map::Not, &[lost]);
    [both(ir, mask, others), lost]
}

/// `a and b`; a constant may be one of them.
fn both(ir: &mut Ir, a: NodeId, b: NodeId) -> NodeId {
    match (ir.constant(a), ir.constant(b)) {
        (Some(Const::Bool(true)), _) => b,
        (_, Some(Const::Bool(true))) => a,
        _ => ir.map(Map::And, &[a, b]),
    }
}

fn usage(message: &str) -> Error {
    Error::new(ErrorKind::Usage, message)
}
