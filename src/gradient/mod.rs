//! Gradients: how the contents of soft histograms change with the parameters.
//!
//! A bin holds the sum over entries of w p(x, h), so its derivative by a
//! parameter is the sum of w' p + w dp/dx x' + w dp/dh h'. The tangents w' and
//! x' are nodes of the same graph, and the derivatives are rows of the same soft
//! fill: any backend computes them in the same pass as the contents, and sums them
//! as exactly. Second derivatives are tangents of tangents.

mod adjoint;
mod companions;
pub(crate) mod discontinuities;
mod rules;
mod share_derivatives;
mod sums;
mod tangent;
mod vjp;

pub use companions::{Companions, PRODUCTS, SQUARES};
pub use vjp::{Pulled, Vjp};

use crate::analysis::Compiled;
use crate::bins::{SoftKernel, SoftSum};
use crate::error::{Error, ErrorKind, Result};
use crate::hash::HashMap;
use crate::hist::{FillData, Histogram};
use crate::plan::{Fill, SoftFill, SoftPart, SoftRow};
use crate::syntax::Parameter;
use discontinuities::{Bits, Jumps};
use share_derivatives::{Entry, Parts};
use tangent::Blocked;

/// An analysis with its derivatives.
#[derive(Debug, Clone)]
pub struct Gradient {
    /// What a backend evaluates: the soft histograms, with their derivatives. It
    /// has no regions and no other histograms.
    pub compiled: Compiled,
    /// Which rows of each histogram's fill are its derivatives.
    rows: Vec<Rows>,
}

/// What is differentiated beside the contents by each parameter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extent {
    /// Whether the variances, the sums of w^2 p^2, are too.
    pub variances: bool,
    /// Pairs of parameters, by their positions, of the second derivatives of the
    /// contents.
    pub second: Vec<[usize; 2]>,
}

/// The rows of a histogram's fill; `None` where a derivative is zero.
#[derive(Debug, Clone, Default)]
struct Rows {
    /// For each parameter.
    contents: Vec<Option<usize>>,
    /// For each parameter, if they were asked for.
    variances: Vec<Option<usize>>,
    /// For each pair.
    second: Vec<Option<usize>>,
}

/// A soft histogram and its derivatives.
#[derive(Debug, Clone)]
pub struct Differentiated {
    /// Contents and both variances.
    pub histogram: Histogram,
    /// For each cell, flow bins included, its derivative by each parameter.
    pub jacobian: Vec<Vec<f64>>,
    /// The same of the variance, the sum of w^2 p^2; rows are empty if it was not
    /// asked for.
    pub variance_jacobian: Vec<Vec<f64>>,
    /// For each cell its second derivative by each pair that was asked for.
    pub second: Vec<Vec<f64>>,
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
        Gradient::with(compiled, parameters, &Extent::default())
    }

    /// The same, and more derivatives.
    ///
    /// # Errors
    /// As [`Gradient::new`]; and the uniform kernel has no second derivatives.
    pub fn with(
        compiled: &Compiled,
        parameters: &[Parameter],
        extent: &Extent,
    ) -> Result<Gradient> {
        let jumps = Jumps::new(&compiled.plan.ir);
        let mut made = Maker {
            compiled: Compiled { regions: Vec::new(), ..compiled.clone() },
            jumps,
            parameters,
            extent,
            known: HashMap::default(),
        };
        let fills = std::mem::take(&mut made.compiled.plan.fills);
        let mut rows = Vec::new();
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
            rows.push(beside);
        }
        if histograms.is_empty() {
            return Err(usage(
                "the analysis has no soft histogram, and others have no derivatives: give one \
                 `soft: {bandwidth: 1 bins}`",
            ));
        }
        made.compiled.histograms = histograms;
        Ok(Gradient { compiled: made.compiled.for_run(), rows })
    }

    /// The histograms of the finished fills, in the order of the analysis.
    pub fn results(&self, fills: &[FillData]) -> Vec<Differentiated> {
        let both = self.compiled.histograms.iter().zip(&self.rows);
        let result = both.map(|(info, rows)| {
            let (histogram, fill) = (info.finished(fills), &fills[info.fill]);
            let table = |rows: &[Option<usize>], factor: f64| -> Vec<Vec<f64>> {
                let of = |cell: usize| {
                    let row = |row: &Option<usize>| row.map_or(0.0, |k| factor * fill.row(k, cell));
                    rows.iter().map(row).collect()
                };
                (0..histogram.cells()).map(of).collect()
            };
            Differentiated {
                jacobian: table(&rows.contents, 1.0),
                variance_jacobian: table(&rows.variances, 2.0),
                second: table(&rows.second, 1.0),
                dropped: fill.dropped,
                histogram,
            }
        });
        result.collect()
    }
}

/// Makes fills with derivatives.
struct Maker<'a> {
    compiled: Compiled,
    jumps: Jumps,
    parameters: &'a [Parameter],
    extent: &'a Extent,
    /// By a fill of the compiled analysis: its own new fill and its rows.
    known: HashMap<usize, (usize, Rows)>,
}

impl Maker<'_> {
    /// A soft fill and its derivatives.
    fn differentiate(&mut self, fill: &Fill, name: &str) -> Result<(usize, Rows)> {
        let (Some(soft), Some(weight)) = (&fill.soft, fill.weight) else {
            return Err(usage("a soft histogram has a weight"));
        };
        if !self.extent.second.is_empty() {
            no_second_derivatives(soft, name)?;
        }
        let masks = [Some(fill.mask), fill.missing].into_iter().flatten();
        match masks.fold(0, |bits, mask| bits | self.jumps.node(mask)) {
            0 => {}
            bits => return Err(self.blocked(name, Blocked::Jump(bits))),
        }
        let entry = Entry::of(&self.compiled.plan.ir, fill, soft, weight);
        let mut parts = Parts::new(&mut self.compiled.plan.ir, &self.jumps, entry);
        let all = 0..self.parameters.len();
        let first: Result<Vec<_>, Blocked> = all.map(|k| parts.by(1 << k)).collect();
        let second = parts.second(&self.extent.second);
        let found = first.and_then(|first| Ok((first, second?)));
        let (first, second) = found.map_err(|why| self.blocked(name, why))?;
        let mut kept: Vec<SoftRow> = Vec::new();
        let mut add = |of: SoftSum, parts: &Vec<SoftPart>| {
            (!parts.is_empty()).then(|| {
                kept.push(SoftRow { of, parts: parts.clone() });
                kept.len() - 1
            })
        };
        let contents = first.iter().map(|parts| add(SoftSum::Contents, parts)).collect();
        let variances = match self.extent.variances {
            true => first.iter().map(|parts| add(SoftSum::Variances, parts)).collect(),
            false => Vec::new(),
        };
        let second = second.iter().map(|parts| add(SoftSum::Contents, parts)).collect();
        let soft = SoftFill { axes: soft.axes.clone(), rows: kept };
        self.compiled.plan.fills.push(Fill { soft: Some(soft), ..fill.clone() });
        Ok((self.compiled.plan.fills.len() - 1, Rows { contents, variances, second }))
    }

    fn blocked(&self, name: &str, why: Blocked) -> Error {
        let names = |bits: Bits| {
            let all = self.parameters.iter().enumerate();
            let named = all.filter(|(k, _)| bits & (1 << k) != 0).map(|(_, p)| &p.name.name[..]);
            named.collect::<Vec<_>>().join("`, `")
        };
        usage(&match why {
            Blocked::Jump(bits) => {
                let all = self.parameters.iter().enumerate();
                let sloped =
                    all.filter(|(k, _)| bits & (1 << k) != 0).all(|(_, p)| p.slope.is_some());
                let advice = match sloped {
                    true => {
                        "its `slope` makes comparisons of numbers in cuts smooth, and not a count, a \
                         filter, a choice by `if` or whether a value is missing; write"
                    }
                    false => {
                        "give the parameter a `slope`, which makes comparisons in cuts smooth, or write"
                    }
                };
                format!(
                    "the histogram `{name}` jumps with the parameter `{}`: a cut or another \
                     condition depends on it and has no derivative; {advice} a factor of the weight, \
                     `sigmoid(slope * (x - threshold))`",
                    names(bits)
                )
            }
            Blocked::Membership(bits) => format!(
                "the histogram `{name}` jumps with the parameter `{}`: which elements a collection \
                 has depends on it; filter by something else, and weight each element by \
                 `sigmoid(slope * (x - threshold))`",
                names(bits)
            ),
            Blocked::NoRule(kernel) => format!(
                "the histogram `{name}` has no derivatives: there is no rule for that of the \
                 function `{}`, whose argument depends on a parameter; write it with functions \
                 that have one, or keep parameters out of its argument",
                self.compiled.plan.ir.kernel(kernel).name()
            ),
        })
    }
}

/// A density that jumps has no slope.
fn no_second_derivatives(soft: &SoftFill, name: &str) -> Result<()> {
    match soft.axes.iter().any(|soft| soft.kernel == SoftKernel::Uniform) {
        false => Ok(()),
        true => Err(usage(&format!(
            "the histogram `{name}` has no second derivatives: the density of its kernel jumps; \
             use gauss or another smooth kernel"
        ))),
    }
}

fn usage(message: &str) -> Error {
    Error::new(ErrorKind::Usage, message)
}
