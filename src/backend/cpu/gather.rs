//! Some events of a batch side by side, in memory that is used again.

use super::run_list::{RunList, append_copied};
use crate::batch::{Batch, Part, Request, Values};
use crate::error::Result;

/// Puts some events of a batch, ascending positions, into another one: of the
/// columns and counters those that `request` has, which are the batch's number
/// `columns` and `counters`.
pub(super) fn gather(
    batch: &Batch,
    events: &[u32],
    (request, columns, counters): (&Request, &[usize], &[usize]),
    to: &mut Batch,
) -> Result<()> {
    (to.events, to.first_event) = (events.len(), batch.first_event);
    to.offsets.resize_with(counters.len(), Vec::new);
    let mut lists = Vec::with_capacity(counters.len());
    for (counter, offsets) in counters.iter().zip(&mut to.offsets) {
        lists.push(elements(&batch.offsets[*counter], events, offsets));
    }
    prepare(batch, events, columns);
    let mut singles = RunList::default();
    events.iter().for_each(|event| singles.push_behind(*event, 1));
    to.columns.resize_with(columns.len(), || Values::Bool(Vec::new()));
    for ((column, wanted), values) in columns.iter().zip(&request.columns).zip(&mut to.columns) {
        let from = &batch.columns[*column];
        clear(values, from);
        if let Some(parts) = batch.deferred.column(*column) {
            let offsets = wanted.counter.map(|k| batch.offsets[counters[k]].as_slice());
            append_parts(values, parts, events, offsets)?;
            continue;
        }
        append(values, from, wanted.counter.map_or(&singles, |counter| &lists[counter]));
    }
    Ok(())
}

/// Reads the parts of late columns that these events need. Jobs begin with different ones
/// and pass over those that another one is reading, so that none waits while there is work.
/// An error comes again when the values are asked for, in the order of the columns.
fn prepare(batch: &Batch, events: &[u32], columns: &[usize]) {
    let needed =
        columns.iter().flat_map(|column| batch.deferred.column(*column).unwrap_or_default());
    let has = |part: &&Part| {
        let first = events.partition_point(|event| (*event as usize) < part.events.start);
        events.get(first).is_some_and(|event| part.events.contains(&(*event as usize)))
    };
    let needed: Vec<&Part> = needed.filter(|part| !part.is_loaded()).filter(has).collect();
    let first = events.first().map_or(0, |event| *event as usize * needed.len() / batch.events);
    let (later, sooner) = needed.split_at(first.min(needed.len()));
    sooner.iter().chain(later).for_each(|part| drop(part.prepare()));
}

/// The values of some events of a column that is in parts: those of parts without any
/// are not read.
fn append_parts(
    to: &mut Values,
    parts: &[Part],
    mut events: &[u32],
    offsets: Option<&[u32]>,
) -> Result<()> {
    for part in parts {
        let here = events.partition_point(|event| (*event as usize) < part.events.end);
        let (here, others) = events.split_at(here);
        events = others;
        if here.is_empty() {
            continue;
        }
        let (start, mut list) = (part.elements.start as u32, RunList::default());
        for event in here {
            let place = |event: u32| offsets.map_or(event, |offsets| offsets[event as usize]);
            let (first, end) = (place(*event), place(*event + 1));
            list.push_behind(first - start, end - first);
        }
        append(to, part.values()?, &list);
    }
    Ok(())
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

/// No values, of the type of others.
fn clear(values: &mut Values, like: &Values) {
    macro_rules! of {
        ($($kind:ident),*) => {
            match (like, &mut *values) {
                $((Values::$kind(_), Values::$kind(values)) => values.clear(),)*
                $((Values::$kind(_), _) => *values = Values::$kind(Vec::new()),)*
            }
        };
    }
    of!(Bool, I32, I64, F32, F64);
}

/// Appends the values of all runs; both are of one type.
fn append(to: &mut Values, from: &Values, list: &RunList) {
    macro_rules! of {
        ($($kind:ident),*) => {
            match (from, to) {
                $((Values::$kind(from), Values::$kind(to)) => append_copied(to, from, list),)*
                _ => unreachable!("all parts of a column have its type"),
            }
        };
    }
    of!(Bool, I32, I64, F32, F64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Deferred, RequestedColumn};

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
            gather(&batch, &events, (&request, &[1, 0], &[1]), &mut to).unwrap();
            let kept: Vec<usize> = events.iter().map(|e| *e as usize).collect();
            let only = batch_only(&batch, &kept);
            assert_eq!(to.columns, [only.columns[1].clone(), only.columns[0].clone()], "{step}");
            assert_eq!(to.offsets, [only.offsets[1].clone()], "{step}");

            // The same from columns in parts, of which only those with events are read.
            for ends in [vec![50], vec![1, 2, 40, 50], vec![20, 20, 49, 50]] {
                let deferred = in_parts(&batch, &ends);
                gather(&deferred, &events, (&request, &[1, 0], &[1]), &mut to).unwrap();
                let columns = [only.columns[1].clone(), only.columns[0].clone()];
                assert_eq!(to.columns, columns, "{step} {ends:?}");
                for part in deferred.deferred.columns().flat_map(|(_, parts)| parts) {
                    let needed = kept.iter().any(|event| part.events.contains(event));
                    assert_eq!(part.is_loaded(), needed, "{step} {:?}", part.events);
                }
            }
        }
    }

    /// The batch with its first two columns late, in parts that end at these events.
    fn in_parts(batch: &Batch, ends: &[usize]) -> Batch {
        let column = |number: usize| {
            let place = |event: usize| match number {
                0 => event,
                _ => batch.offsets[1][event] as usize,
            };
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let parts = starts.zip(ends).map(|(start, end)| {
                let elements = place(start)..place(*end);
                let values = match &batch.columns[number] {
                    Values::I64(v) => Values::I64(v[elements.clone()].to_vec()),
                    Values::F32(v) => Values::F32(v[elements.clone()].to_vec()),
                    other => other.clone(),
                };
                Part::new(start..*end, elements, move || Ok(values.clone()))
            });
            (number, parts.collect())
        };
        let deferred = Deferred::new(vec![column(0), column(1)]);
        let columns = vec![Values::I64(vec![]), Values::F32(vec![]), Values::Bool(vec![])];
        Batch { events: 50, offsets: batch.offsets.clone(), columns, deferred, ..Batch::default() }
    }

    /// The same by other means.
    fn batch_only(batch: &Batch, kept: &[usize]) -> Batch {
        let full = Batch {
            offsets: vec![vec![0; 51], batch.offsets[1].clone()],
            columns: batch.columns[..2].to_vec(),
            events: batch.events,
            ..Batch::default()
        };
        full.only(kept, [None, Some(1)].into_iter())
    }
}
