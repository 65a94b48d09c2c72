//! What one axis gives an entry of a soft fill: for each cell around it the share
//! and its derivatives. Many entries at once: everything at the edges is computed
//! in loops over all of them.

use super::soft_beyond::Seen;
use super::soft_real::SoftReal;
use super::soft_table::{LANES, SoftTable, window};
use crate::bins::{SoftFlow, SoftKernel, SoftTerm};
use std::array::from_fn;

/// Number of terms.
const TERMS: usize = SoftTerm::ALL.len();

/// What one axis gives each of some entries.
#[derive(Debug)]
pub struct Lanes<P> {
    /// (edge - x) / bandwidth of the high edges of each entry's cells. Before them, and
    /// behind the last cell of each entry, is the low edge of the next one's first
    /// cell, which is always out of reach: -1, and no tail.
    z: Vec<P>,
    /// For each of them the tail, and for each derivative what a bin has the
    /// difference of (low edge less high edge), up to a factor.
    edges: [Vec<P>; TERMS],
    /// For each term one number a cell, zeros behind the last cell of an entry.
    values: [Vec<P>; TERMS],
    /// For each term the largest size of each entry's numbers.
    most: [Vec<P>; TERMS],
    spans: Vec<Span>,
}

/// Where an entry's numbers are.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// Its first cell.
    first: usize,
    at: usize,
    /// A multiple of [`LANES`].
    lanes: usize,
}

impl<P> Default for Lanes<P> {
    fn default() -> Self {
        Lanes {
            z: Vec::new(),
            edges: [const { Vec::new() }; TERMS],
            values: [const { Vec::new() }; TERMS],
            most: [const { Vec::new() }; TERMS],
            spans: Vec::new(),
        }
    }
}

/// The terms of an entry: for the cell `first` and those behind it.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'l, P> {
    /// The first cell.
    pub first: usize,
    /// For each term one number a cell, in groups of [`LANES`], zeros behind the last
    /// cell. All terms of up to the order that was asked for have the same length.
    pub values: [&'l [[P; LANES]]; TERMS],
    /// The largest size among the numbers of each term.
    pub most: [P; TERMS],
}

/// The terms of entries that have the same cells, one entry behind the other.
#[derive(Debug, Clone, Copy)]
pub struct Together<'l, P> {
    /// The first cell of each of them.
    pub first: usize,
    /// Numbers of an entry, of each term: a multiple of [`LANES`], zeros at the end.
    pub lanes: usize,
    /// For each term of up to the order that was asked for.
    pub values: [&'l [P]; TERMS],
    /// For each term the largest size of each entry's numbers.
    pub most: [&'l [P]; TERMS],
}

/// The terms of up to this order: 1, 3 or 6.
fn terms(order: usize) -> usize {
    [1, 3, 6][order]
}

impl<P: SoftReal> Lanes<P> {
    /// Looks at entries: of each its value, which is no NaN, and its cell of the axis.
    /// Terms of up to this order will be asked for.
    #[inline(always)]
    pub fn prepare(&mut self, table: &SoftTable, order: usize, x: &[P], cells: &[u32]) {
        let wanted = terms(order);
        self.spans.clear();
        if table.soft.kernel == SoftKernel::Softmax {
            self.values.iter_mut().for_each(Vec::clear);
            for (x, cell) in x.iter().zip(cells) {
                let span = table.centres(x.bounded(), *cell as usize, wanted, &mut self.values);
                self.spans.push(span);
            }
        } else {
            self.look(table, order, x, cells);
            if table.loses_flow() {
                self.lose_flow(table.bins, wanted);
            }
            if table.soft.flow == SoftFlow::Renorm {
                for entry in 0..x.len() {
                    self.renormalise(table, self.spans[entry], wanted);
                }
            }
        }
        // Plain loops: what iterators put into functions of their own has narrow registers.
        for (values, most) in self.values.iter().zip(&mut self.most).take(wanted) {
            most.resize(self.spans.len(), P::NONE);
            for (span, most) in self.spans.iter().zip(most) {
                *most = P::largest(&values[span.at..span.at + span.lanes]);
            }
        }
    }

    /// The terms of one of the entries.
    #[inline(always)]
    pub fn terms(&self, entry: usize) -> Terms<'_, P> {
        let Span { first, at, lanes } = self.spans[entry];
        let of = |k: usize| self.values[k].get(at..at + lanes).unwrap_or_default().as_chunks().0;
        let most = from_fn(|k| self.most[k].get(entry).copied().unwrap_or(P::NONE));
        Terms { first, values: from_fn(of), most }
    }

    /// The terms of all entries, of which all reach the same cells, with a kernel that
    /// has edges.
    #[inline(always)]
    pub fn together(&self) -> Together<'_, P> {
        let Span { first, lanes, .. } = self.spans[0];
        let values = self.values.each_ref().map(|values| &values[..]);
        let most = self.most.each_ref().map(|most| &most[..]);
        Together { first, lanes, values, most }
    }

    /// Everything at the edges, and their differences.
    #[inline(always)]
    fn look(&mut self, table: &SoftTable, order: usize, x: &[P], cells: &[u32]) {
        let mut at = 0;
        for cell in cells {
            let (first, lanes) = (table.reach[*cell as usize][0] as usize, table.lanes(*cell));
            self.spans.push(Span { first, at, lanes });
            at += lanes;
        }
        let wanted = terms(order);
        self.z.resize(at + 1, P::NONE);
        for (x, span) in x.iter().zip(&self.spans) {
            let z = &mut self.z[span.at + 1..span.at + 1 + span.lanes];
            P::scaled_lows(table, span.first + 1, x.bounded(), z.as_chunks_mut().0);
        }
        self.edges[..wanted].iter_mut().for_each(|edges| edges.resize(at + 1, P::NONE));
        self.values[..wanted].iter_mut().for_each(|values| values.resize(at, P::NONE));
        P::edges(table, order, &self.z, &mut self.edges);
        // Out of reach there are no tails and no densities.
        self.edges[..wanted].iter_mut().for_each(|edges| edges[0] = P::NONE);
        self.z[0] = -P::WHOLE;
        for span in &self.spans {
            self.z[span.at + span.lanes] = -P::WHOLE;
        }
        if table.soft.flow == SoftFlow::Renorm {
            for entry in 0..self.spans.len() {
                self.look_from_beyond(table, self.spans[entry], wanted);
            }
        }
        shares(&self.z, &self.edges[0], &mut self.values[0]);
        for term in 1..wanted {
            let factor = P::factor(table, term >= terms(1));
            differences(&self.edges[term], factor, &mut self.values[term]);
        }
    }

    /// If an entry is beyond the axis, further than the window, replaces what is at the
    /// edges by the same in units of the tail at the nearest one.
    fn look_from_beyond(&mut self, table: &SoftTable, span: Span, wanted: usize) {
        // The whole axis is within reach: these are its outer edges.
        let (low, high) = (span.at + 1, span.at + 1 + table.bins);
        let (kernel, far) = (table.soft.kernel, P::of(window(table.soft.kernel)));
        let below = self.z[low] >= far;
        if !below && self.z[high] > -far {
            return;
        }
        let nearest = if below { 0 } else { table.bins };
        let near = Seen::new(kernel, self.z[low + nearest]);
        for edge in 0..=table.bins {
            let apart = P::between(table, edge, nearest).abs();
            let seen = Seen::new(kernel, self.z[low + edge]);
            let terms = seen.terms(kernel, &near, apart, below);
            for (edges, term) in self.edges[..wanted].iter_mut().zip(terms) {
                edges[low + edge] = term;
            }
        }
    }

    /// Empties the flow bins.
    #[inline(always)]
    fn lose_flow(&mut self, bins: usize, wanted: usize) {
        for Span { first, at, lanes } in &self.spans {
            for values in &mut self.values[..wanted] {
                if *first == 0 {
                    values[*at] = P::NONE;
                }
                if bins + 1 - first < *lanes {
                    values[at + bins + 1 - first] = P::NONE;
                }
            }
        }
    }

    /// Scales the parts inside up to make an entry whole.
    fn renormalise(&mut self, table: &SoftTable, span: Span, wanted: usize) {
        // The whole axis is within reach: these are its outer edges.
        let (low, high) = (span.at + 1, span.at + 1 + table.bins);
        let mut whole = [P::NONE; TERMS];
        whole[0] = P::share((self.z[low], self.edges[0][low]), (self.z[high], self.edges[0][high]));
        for (term, whole) in whole.iter_mut().enumerate().take(wanted).skip(1) {
            let edges = &self.edges[term];
            *whole = (edges[low] - edges[high]) * P::factor(table, term >= terms(1));
        }
        let inside = whole[0] > P::NONE;
        for lane in span.at..span.at + span.lanes {
            if !inside {
                self.values[..wanted].iter_mut().for_each(|values| values[lane] = P::NONE);
                continue;
            }
            let part = P::part(self.values[0][lane], whole[0]);
            self.values[0][lane] = part;
            for term in 1..wanted.min(3) {
                let slope = &mut self.values[term][lane];
                *slope = P::part_slope(part, *slope, whole[0], whole[term]);
            }
            for (term, by) in (3..wanted).zip([[1, 1], [1, 2], [2, 2]]) {
                let slopes = by.map(|k| self.values[k][lane]);
                let wholes = [whole[0], whole[by[0]], whole[by[1]], whole[term]];
                let curve = &mut self.values[term][lane];
                *curve = P::part_curve(*curve, part, slopes, wholes);
            }
        }
    }
}

/// Shares between neighbouring edges.
#[inline(always)]
fn shares<P: SoftReal>(z: &[P], tails: &[P], out: &mut [P]) {
    let n = out.len();
    let (low, high, q_low, q_high) = (&z[..n], &z[1..n + 1], &tails[..n], &tails[1..n + 1]);
    for i in 0..n {
        out[i] = P::share((low[i], q_low[i]), (high[i], q_high[i]));
    }
}

/// Differences between neighbouring edges, times a factor.
#[inline(always)]
fn differences<P: SoftReal>(numbers: &[P], factor: P, out: &mut [P]) {
    let n = out.len();
    let (low, high) = (&numbers[..n], &numbers[1..n + 1]);
    for i in 0..n {
        out[i] = (low[i] - high[i]) * factor;
    }
}

impl SoftTable {
    /// How many cells are looked at for an entry in this cell, at least one that is none
    /// behind them, and padding.
    #[inline(always)]
    pub fn lanes(&self, cell: u32) -> usize {
        let [first, last] = self.reach[cell as usize];
        ((last - first) as usize + 2).next_multiple_of(LANES)
    }

    /// The terms of softmax: with the exponents l of the bins, p = exp(l) / sum,
    /// dp = p (dl - m) with m the mean of dl, and the second derivative
    /// p ((dl - m)(dl' - m') + dl'' - m''), m'' the mean of (dl - m) dl' + dl''.
    /// They are appended.
    fn centres<P: SoftReal>(
        &self,
        x: P,
        cell: usize,
        wanted: usize,
        out: &mut [Vec<P>; TERMS],
    ) -> Span {
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
        let at = out[0].len();
        let lanes = (end - first).next_multiple_of(LANES);
        let span = Span { first: first + 1, at, lanes };
        out[..wanted].iter_mut().for_each(|values| values.resize(at + lanes, P::NONE));
        let values = out.each_mut().map(|values| values.get_mut(at..).unwrap_or_default());
        let total = (first..end).fold(P::NONE, |sum, bin| sum + weight(bin));
        for bin in first..end {
            values[0][bin - first] = P::part(weight(bin), total);
        }
        if wanted == 1 {
            return span;
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
        span
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
