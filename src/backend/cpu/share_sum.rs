//! What the cells of soft histograms give one number, for some entries at once.

use super::block::Block;
use super::column::{Column, Element, ShareSumScratch};
use super::real::Real;
use crate::bins::SoftTerm;
use crate::ir::{Ir, NodeId};
use crate::kernels::share_sum::ShareSumTable;
use crate::kernels::soft::Lanes;

/// Entries that are looked at together: their cells stay in cache.
const TOGETHER: usize = 64;

/// The cell of an entry that is NaN; it is not looked at.
const SOME_CELL: u32 = 0;

/// The tables of all share_sums of a graph.
pub(super) fn tables<R: Real>(ir: &Ir) -> Vec<ShareSumTable<R>> {
    ir.share_sums().iter().map(ShareSumTable::new).collect()
}

impl<'b, R: Real> Block<'b, '_, R> {
    /// The column of a share_sum of these values, one node an axis.
    pub(super) fn share_sum(
        &mut self,
        share_sum: u16,
        terms: [SoftTerm; 2],
        ops: &[NodeId],
    ) -> Column<'b, R> {
        let table = &self.share_sums[usize::from(share_sum)];
        let len = self.len_of(ops);
        let mut out = self.pools.take_any::<R>(len);
        let mut values = [self.pools.take::<R>(), self.pools.take::<R>()];
        let mut scratch = std::mem::take(&mut self.pools.share_sum);
        for (values, op) in values.iter_mut().zip(ops) {
            match self.arg::<R>(*op) {
                super::column::Arg::Slice(x) => values.extend_from_slice(x),
                super::column::Arg::Scalar(x) => values.resize(len, x),
            }
        }
        let mut start = 0;
        for out in out.chunks_mut(TOGETHER) {
            let some = start..start + out.len();
            start = some.end;
            let values = values.each_mut().map(|x| x.get_mut(some.clone()).unwrap_or_default());
            let values = &values[..ops.len()];
            evaluate(table, terms, values, &mut scratch, out);
        }
        values.into_iter().for_each(|buffer| self.pools.give(buffer));
        self.pools.share_sum = scratch;
        R::wrap(out)
    }
}

/// The share_sum of some entries.
fn evaluate<R: Real>(
    table: &ShareSumTable<R>,
    terms: [SoftTerm; 2],
    values: &[&mut [R]],
    scratch: &mut ShareSumScratch<R>,
    out: &mut [R],
) {
    for ((axis, x), cells) in table.axes().zip(values).zip(&mut scratch.cells) {
        cells.clear();
        R::cells(axis, x, cells, SOME_CELL);
    }
    let ShareSumScratch { lanes, cells } = scratch;
    match (values, &*cells) {
        ([x], [a, _]) => add_up(table, terms, &[(x, a)], &mut lanes[..1], out),
        ([x, y], [a, b]) => add_up(table, terms, &[(x, a), (y, b)], lanes, out),
        _ => {}
    }
    for x in values {
        let both = out.iter_mut().zip(x.iter());
        // Only NaN cannot be compared with itself.
        both.filter(|(_, x)| x.partial_cmp(x).is_none()).for_each(|(out, _)| *out = R::ZERO);
    }
}

fn add_up<R: Real>(
    table: &ShareSumTable<R>,
    terms: [SoftTerm; 2],
    entries: &[(&[R], &[u32])],
    lanes: &mut [Lanes<R>],
    out: &mut [R],
) {
    table.add_up(terms, entries, lanes, out);
}
