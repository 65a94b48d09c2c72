//! Which columns are left out of batches, to be read where they turn out to be needed.

use crate::batch::Batch;

/// So many parts must have come late before it says anything that most were needed.
const ENOUGH: usize = 4;

/// The columns that a backend needs of few events, and how often it did so far.
pub(super) struct Delayed(Vec<Column>);

struct Column {
    /// Its number in the request.
    number: usize,
    /// Its parts in batches that are done with, and those of them that were needed.
    parts: usize,
    loaded: usize,
}

impl Delayed {
    pub(super) fn new(columns: &[usize]) -> Delayed {
        let column = |number: &usize| Column { number: *number, parts: 0, loaded: 0 };
        Delayed(columns.iter().map(column).collect())
    }

    /// Those of which not most was needed.
    pub(super) fn columns(&self) -> Vec<usize> {
        let deferred =
            |column: &&Column| column.parts < ENOUGH || 2 * column.loaded <= column.parts;
        self.0.iter().filter(deferred).map(|column| column.number).collect()
    }

    /// Learns from a batch that is done with.
    pub(super) fn learn(&mut self, batch: &Batch) {
        for column in &mut self.0 {
            let parts = batch.deferred.column(column.number).unwrap_or_default();
            column.parts += parts.len();
            column.loaded += parts.iter().filter(|part| part.is_loaded()).count();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Deferred, Part, Values};

    #[test]
    fn what_is_mostly_needed_is_late_no_more() {
        // of each of two columns: parts, and how many of them are needed
        let batch = |of: [(usize, usize); 2]| {
            let parts = of.iter().enumerate().map(|(number, (parts, needed))| {
                let part = |k| Part::new(k..k + 1, k..k + 1, || Ok(Values::I32(vec![0])));
                let parts: Vec<Part> = (0..*parts).map(part).collect();
                parts[..*needed].iter().for_each(|part| part.prepare().unwrap());
                (number + 5, parts)
            });
            Batch { deferred: Deferred::new(parts.collect()), ..Batch::default() }
        };
        let mut delayed = Delayed::new(&[5, 6, 9]);
        let table = [
            ([(1, 1), (1, 0)], vec![5, 6, 9]),
            ([(2, 2), (2, 1)], vec![5, 6, 9]),
            ([(1, 1), (1, 1)], vec![6, 9]),
            ([(0, 0), (4, 4)], vec![9]),
            ([(8, 0), (4, 0)], vec![5, 6, 9]),
        ];
        for (of, deferred) in table {
            delayed.learn(&batch(of));
            assert_eq!(delayed.columns(), deferred, "{of:?}");
        }
    }
}
