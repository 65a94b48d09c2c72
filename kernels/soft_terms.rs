//! What one axis gives an entry of a soft fill: for each cell around it the share
//! and its derivatives. Many entries at once: everything at the edges is computed
//! in loops over all of them.

use super::soft::{LANES, SoftReal, SoftTable};
use crate::hist::{SoftFlow, SoftKernel, SoftTerm};
use std::array::from_fn;

/// Number of terms.
const TERMS: usize = SoftTerm::ALL.len();

/// The edges as seen from each of some entries.
#[derive(Debug)]
pub struct Lanes<P> {
    /// (edge - x) / bandwidth: for each entry the low edges of its cells, and one more.
    z: Vec<P>,
    /// For each of them the tail, and for each derivative what a bin has the
    /// difference of (low edge less high edge), up to a factor.
    edges: [Vec<P>; TERMS],
    /// Of each entry its value and cell, and where its lanes begin.
    spans: Vec<(P, u32, usize)>,
}

impl<P> Default for Lanes<P> {
    fn default() -> Self {
        Lanes { z: Vec::new(), edges: [const { Vec::new() }; TERMS], spans: Vec::new() }
    }
}

/// The terms of an entry: for the cell `first` and those behind it.
#[derive(Debug)]
pub struct Terms<P> {
    /// The first cell.
    pub first: usize,
    /// For each term one number a cell, in groups of [`LANES`], zeros behind the last
    /// cell. All terms of up to the order that was asked for have the same length.
    pub values: [Vec<[P; LANES]>; TERMS],
    /// The largest size among the numbers of each term.
    pub most: [P; TERMS],
}

impl<P: SoftReal> Default for Terms<P> {
    fn default() -> Self {
        Terms { first: 0, values: [const { Vec::new() }; TERMS], most: [P::NONE; TERMS] }
    }
}

/// The terms of up to this order: 1, 3 or 6.
fn terms(order: usize) -> usize {
    [1, 3, 6][order]
}

impl<P: SoftReal> Lanes<P> {
    /// Looks at the edges around entries: of each its value, which is no NaN, and
    /// its cell of the axis. Terms of up to this order will be asked for.
    pub fn prepare(&mut self, table: &SoftTable, order: usize, entries: &[(P, u32)]) {
        self.spans.clear();
        let mut at = 0;
        for (x, cell) in entries {
            self.spans.push((x.bounded(), *cell, at));
            at += table.lanes(*cell) + 1;
        }
        if table.soft.kernel == SoftKernel::Softmax {
            return;
        }
        self.z.resize(at, P::NONE);
        for (x, cell, at) in &self.spans {
            let lanes = table.lanes(*cell) + 1;
            let first = table.reach[*cell as usize][0] as usize;
            P::scaled_lows(table, first, *x, &mut self.z[*at..*at + lanes]);
        }
        let wanted = terms(order);
        self.edges[..wanted].iter_mut().for_each(|edges| edges.resize(at, P::NONE));
        P::edges(table, order, &self.z, &mut self.edges);
    }

    /// The terms of one of the entries.
    #[inline(always)]
    pub fn terms(&self, table: &SoftTable, order: usize, entry: usize, out: &mut Terms<P>) {
        let (x, cell, at) = self.spans[entry];
        let wanted = terms(order);
        if table.soft.kernel == SoftKernel::Softmax {
            table.centres(x, cell as usize, wanted, out);
        } else {
            let lanes = table.lanes(cell);
            out.first = table.reach[cell as usize][0] as usize;
            let range = at..at + lanes + 1;
            let tails = &self.edges[0][range.clone()];
            shares(&self.z[range.clone()], tails, groups(&mut out.values[0], lanes));
            for term in 1..wanted {
                let factor = P::factor(table, term >= terms(1));
                let edges = &self.edges[term][range.clone()];
                differences(edges, factor, groups(&mut out.values[term], lanes));
            }
            if table.loses_flow() {
                lose_flow(table.bins, out, wanted);
            }
            if table.soft.flow == SoftFlow::Renorm {
                self.renormalise(table, range, out, wanted);
            }
        }
        for term in 0..wanted {
            out.most[term] = P::largest(out.values[term].as_flattened());
        }
    }

    /// Scales the parts inside up to make the entry whole.
    fn renormalise(
        &self,
        table: &SoftTable,
        range: std::ops::Range<usize>,
        out: &mut Terms<P>,
        wanted: usize,
    ) {
        // The whole axis is within reach: these are its outer edges.
        let (low, high) = (range.start + 1, range.start + 1 + table.bins);
        let mut whole = [P::NONE; TERMS];
        whole[0] = P::share((self.z[low], self.edges[0][low]), (self.z[high], self.edges[0][high]));
        for (term, whole) in whole.iter_mut().enumerate().take(wanted).skip(1) {
            let edges = &self.edges[term];
            *whole = (edges[low] - edges[high]) * P::factor(table, term >= terms(1));
        }
        let inside = whole[0] > P::NONE;
        for lane in 0..LANES * out.values[0].len() {
            let (group, lane) = (lane / LANES, lane % LANES);
            if !inside {
                out.values[..wanted].iter_mut().for_each(|values| values[group][lane] = P::NONE);
                continue;
            }
            let part = P::part(out.values[0][group][lane], whole[0]);
            out.values[0][group][lane] = part;
            for term in 1..wanted.min(3) {
                let slope = &mut out.values[term][group][lane];
                *slope = P::part_slope(part, *slope, whole[0], whole[term]);
            }
            for (term, by) in (3..wanted).zip([[1, 1], [1, 2], [2, 2]]) {
                let slopes = by.map(|k| out.values[k][group][lane]);
                let wholes = [whole[0], whole[by[0]], whole[by[1]], whole[term]];
                let curve = &mut out.values[term][group][lane];
                *curve = P::part_curve(*curve, part, slopes, wholes);
            }
        }
    }
}

/// Groups of this many lanes together, whatever they hold.
#[inline(always)]
fn groups<P: SoftReal>(values: &mut Vec<[P; LANES]>, lanes: usize) -> &mut [[P; LANES]] {
    if values.len() != lanes / LANES {
        values.resize(lanes / LANES, [P::NONE; LANES]);
    }
    values
}

/// The low and the high edges of each group of cells.
#[inline(always)]
fn edges<P>(edges: &[P]) -> impl Iterator<Item = (&[P; LANES], &[P; LANES])> {
    edges.as_chunks().0.iter().zip(edges[1..].as_chunks().0)
}

/// Shares between neighbouring edges.
#[inline(always)]
fn shares<P: SoftReal>(z: &[P], tails: &[P], out: &mut [[P; LANES]]) {
    for (out, ((z, z_high), (q, q_high))) in out.iter_mut().zip(edges(z).zip(edges(tails))) {
        let (z, q, z_high, q_high) = (*z, *q, *z_high, *q_high);
        *out = from_fn(|i| P::share((z[i], q[i]), (z_high[i], q_high[i])));
    }
}

/// Differences between neighbouring edges, times a factor.
#[inline(always)]
fn differences<P: SoftReal>(numbers: &[P], factor: P, out: &mut [[P; LANES]]) {
    for (out, (low, high)) in out.iter_mut().zip(edges(numbers)) {
        let (low, high) = (*low, *high);
        *out = from_fn(|i| (low[i] - high[i]) * factor);
    }
}

/// Empties the flow bins.
#[inline(always)]
fn lose_flow<P: SoftReal>(bins: usize, out: &mut Terms<P>, wanted: usize) {
    for values in &mut out.values[..wanted] {
        let values = values.as_flattened_mut();
        if out.first == 0 {
            values[0] = P::NONE;
        }
        if let Some(value) = values.get_mut(bins + 1 - out.first) {
            *value = P::NONE;
        }
    }
}

impl SoftTable {
    /// How many cells are looked at for an entry in this cell, and padding.
    #[inline(always)]
    fn lanes(&self, cell: u32) -> usize {
        let [first, last] = self.reach[cell as usize];
        ((last - first) as usize + 1).next_multiple_of(LANES)
    }

    /// The terms of softmax: with the exponents l of the bins, p = exp(l) / sum,
    /// dp = p (dl - m) with m the mean of dl, and the second derivative
    /// p ((dl - m)(dl' - m') + dl'' - m''), m'' the mean of (dl - m) dl' + dl''.
    fn centres<P: SoftReal>(&self, x: P, cell: usize, wanted: usize, out: &mut Terms<P>) {
        let last = self.bins - 1;
        let u = |bin: usize| P::scaled(self, bin, x);
        let mut near = cell.saturating_sub(1).min(last);
        while near > 0 && u(near - 1).abs() < u(near).abs() {
            near -= 1;
        }
        while near < last && u(near + 1).abs() < u(near).abs() {
            near += 1;
        }
        // The exponent less that of the nearest centre.
        let exponent = |bin: usize| -(P::between(self, bin, near) * (P::HALF * (u(bin) + u(near))));
        let limit = -P::of(self.window);
        let (mut first, mut end) = (near, near + 1);
        while first > 0 && exponent(first - 1) >= limit {
            first -= 1;
        }
        while end <= last && exponent(end) >= limit {
            end += 1;
        }
        let weight = |bin: usize| if bin == near { P::WHOLE } else { exponent(bin).exp() };
        out.first = first + 1;
        for values in &mut out.values[..wanted] {
            values.clear();
            values.resize((end - first).div_ceil(LANES), [P::NONE; LANES]);
        }
        let values = out.values.each_mut().map(|values| values.as_flattened_mut());
        let total = (first..end).fold(P::NONE, |sum, bin| sum + weight(bin));
        for bin in first..end {
            values[0][bin - first] = P::part(weight(bin), total);
        }
        if wanted == 1 {
            return;
        }
        let change = |bin: usize, term: usize| match bin == near {
            true => P::NONE,
            false => self.exponent_change(exponent(bin), P::between(self, bin, near), term),
        };
        let mut means = [P::NONE; TERMS];
        for (term, mean) in means.iter_mut().enumerate().take(3).skip(1) {
            for bin in first..end {
                *mean = *mean + values[0][bin - first] * change(bin, term);
            }
        }
        for term in 1..3 {
            for bin in first..end {
                let p = values[0][bin - first];
                values[term][bin - first] = p * (change(bin, term) - means[term]);
            }
        }
        for (term, [by, other]) in (3..wanted).zip([[1, 1], [1, 2], [2, 2]]) {
            let curve = |bin: usize| {
                let rest = change(bin, by) - means[by];
                (rest, rest * change(bin, other) + change(bin, term))
            };
            let mean =
                (first..end).fold(P::NONE, |sum, bin| sum + values[0][bin - first] * curve(bin).1);
            for bin in first..end {
                let (rest, _) = curve(bin);
                let square = rest * (change(bin, other) - means[other]);
                let p = values[0][bin - first];
                values[term][bin - first] = p * ((square + change(bin, term)) - mean);
            }
        }
    }

    /// The derivatives of a bin's exponent -d (u + u')/2, with d and the mean of u
    /// in bandwidths: d / h, -2 l / h; none, -2 d / h^2, 6 l / h^2.
    fn exponent_change<P: SoftReal>(&self, exponent: P, between: P, term: usize) -> P {
        let (once, twice) = (P::factor(self, false), P::factor(self, true));
        let double = exponent + exponent;
        match term {
            1 => between * once,
            2 => -(double * once),
            4 => -((between + between) * twice),
            5 => (double + (double + double)) * twice,
            _ => P::NONE,
        }
    }
}
