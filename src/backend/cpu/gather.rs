//! Some events of a batch side by side, in memory that is used again.

use super::run_list::{RunList, append_copied};
use crate::batch::{Batch, Request, Values};

/// Puts some events of a batch, ascending positions, into another one: of the
/// columns and counters those that `request` has, which are the batch's number
/// `columns` and `counters`.
pub(super) fn gather(
    batch: &Batch,
    events: &[u32],
    (request, columns, counters): (&Request, &[usize], &[usize]),
    to: &mut Batch,
) {
    (to.events, to.first_event) = (events.len(), batch.first_event);
    to.offsets.resize_with(counters.len(), Vec::new);
    let mut lists = Vec::with_capacity(counters.len());
    for (counter, offsets) in counters.iter().zip(&mut to.offsets) {
        lists.push(elements(&batch.offsets[*counter], events, offsets));
    }
    let mut singles = RunList::default();
    events.iter().for_each(|event| singles.push_behind(*event, 1));
    to.columns.resize_with(columns.len(), || Values::Bool(Vec::new()));
    for ((column, wanted), values) in columns.iter().zip(&request.columns).zip(&mut to.columns) {
        let list = wanted.counter.map_or(&singles, |counter| &lists[counter]);
        copy(&batch.columns[*column], list, values);
    }
}

/// Where the elements of some events are, and their offsets.
fn elements(all: &[u32], events: &[u32], offsets: &mut Vec<u32>) -> RunList {
    let mut list = RunList::default();
    offsets.clear();
    offsets.push(0);
    let mut end = 0;
    for event in events {
        let (from, to) = (all[*event as usize], all[*event as usize + 1]);
        list.push_behind(from, to - from);
        end += to - from;
        offsets.push(end);
    }
    list
}

/// The values of all runs.
fn copy(from: &Values, list: &RunList, to: &mut Values) {
    macro_rules! of {
        ($($kind:ident),*) => {
            match (from, &mut *to) {
                $((Values::$kind(from), Values::$kind(to)) => {
                    to.clear();
                    append_copied(to, from, list);
                })*
                $((Values::$kind(from), _) => {
                    let mut values = Vec::new();
                    append_copied(&mut values, from, list);
                    *to = Values::$kind(values);
                })*
            }
        };
    }
    of!(Bool, I32, I64, F32, F64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::RequestedColumn;

    #[test]
    fn events_are_put_side_by_side() {
        let counts: Vec<u32> = (0..50).map(|event| event * 7 % 12).collect();
        let mut offsets = vec![0];
        offsets.extend(counts.iter().scan(0, |end, n| {
            *end += n;
            Some(*end)
        }));
        let elements = offsets[50] as usize;
        let batch = Batch {
            events: 50,
            offsets: vec![vec![], offsets],
            columns: vec![
                Values::I64((0..50).collect()),
                Values::F32((0..elements).map(|x| x as f32).collect()),
                Values::Bool(vec![]),
            ],
            ..Batch::default()
        };
        let column = |counter| RequestedColumn { branch: String::new(), counter };
        let request = Request {
            counters: vec!["n".into()],
            columns: vec![column(Some(0)), column(None)],
            keep_doubles: false,
        };
        let mut to = Batch::default();
        for step in [1, 2, 3, 7, 49, 60] {
            let events: Vec<u32> = (0..50).step_by(step).collect();
            gather(&batch, &events, (&request, &[1, 0], &[1]), &mut to);
            let kept: Vec<usize> = events.iter().map(|e| *e as usize).collect();
            let only = batch_only(&batch, &kept);
            assert_eq!(to.columns, [only.columns[1].clone(), only.columns[0].clone()], "{step}");
            assert_eq!(to.offsets, [only.offsets[1].clone()], "{step}");
        }
    }

    /// The same by other means.
    fn batch_only(batch: &Batch, kept: &[usize]) -> Batch {
        let full = Batch {
            offsets: vec![vec![0; 51], batch.offsets[1].clone()],
            columns: batch.columns[..2].to_vec(),
            ..*batch
        };
        full.only(kept, [None, Some(1)].into_iter())
    }
}
