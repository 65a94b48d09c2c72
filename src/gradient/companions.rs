//! Soft histograms beside those of an analysis, with another weight: of squared
//! weights, whose contents are the variances sum w^2 p, and of weights times
//! values, for sums and means. They have derivatives as all have.

use crate::analysis::{Compiled, HistogramInfo};
use crate::ir::Map;

/// Ends the name of a histogram of squared weights; no output has a space in its name.
pub const SQUARES: &str = " squares";
/// Ends the name of a histogram of weights times values.
pub const PRODUCTS: &str = " products";

/// What is wanted beside a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Companions {
    /// The sum of w^2 p.
    pub squares: bool,
    /// The sum of w x p, with x the value.
    pub products: bool,
}

impl Compiled {
    /// Adds what is wanted beside each soft histogram.
    pub fn fill_companions(&mut self, wanted: impl Fn(&HistogramInfo) -> Companions) {
        for k in 0..self.histograms.len() {
            let Companions { squares, products } = wanted(&self.histograms[k]);
            for (suffix, squared) in [(SQUARES, true), (PRODUCTS, false)] {
                if if squared { squares } else { products } {
                    self.beside(k, suffix, squared);
                }
            }
        }
    }

    fn beside(&mut self, k: usize, suffix: &str, squared: bool) {
        let info = &self.histograms[k];
        let mut fill = self.plan.fills[info.fill].clone();
        let (Some(weight), Some((_, value))) = (fill.weight, fill.axes.first()) else { return };
        let ir = &mut self.plan.ir;
        let space = ir.over(fill.mask);
        let over = |ir: &mut crate::ir::Ir, node| ir.broadcast(node, space).unwrap_or(node);
        let other = if squared { weight } else { *value };
        let (a, b) = (over(ir, weight), over(ir, other));
        fill.weight = Some(ir.map(Map::Mul, &[a, b]));
        fill.name += suffix;
        let name = format!("{}{suffix}", info.name);
        let info = HistogramInfo { name, fill: self.plan.fills.len(), ..info.clone() };
        self.plan.fills.push(fill);
        self.histograms.push(info);
    }
}
