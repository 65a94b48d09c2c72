//! Columns that are read when they are first needed: most of what an analysis reads
//! is behind cuts, and where no event of a basket passes, nobody looks at it.

use crate::batch::Values;
use crate::error::Result;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

type Load = Box<dyn Fn() -> Result<Values> + Send + Sync>;

/// The values of some consecutive events of a column, which lie together in the file.
pub struct Piece {
    /// The events, by their positions in the batch.
    pub events: Range<usize>,
    /// The places that the values have in the column.
    pub elements: Range<usize>,
    load: Load,
    values: OnceLock<Values>,
    /// Held by the thread that loads them.
    turn: Mutex<()>,
}

impl Piece {
    /// A piece whose values are what `load` gives, as many as `elements`.
    pub fn new(
        events: Range<usize>,
        elements: Range<usize>,
        load: impl Fn() -> Result<Values> + Send + Sync + 'static,
    ) -> Piece {
        let (load, values, turn) = (Box::new(load), OnceLock::new(), Mutex::new(()));
        Piece { events, elements, load, values, turn }
    }

    /// The values, read by the first thread that asks for them.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn values(&self) -> Result<&Values> {
        if let Some(values) = self.values.get() {
            return Ok(values);
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(values) = self.values.get() {
            return Ok(values);
        }
        let values = (self.load)()?;
        Ok(self.values.get_or_init(|| values))
    }

    /// Whether the values were needed so far.
    pub fn is_loaded(&self) -> bool {
        self.values.get().is_some()
    }
}

/// Those columns of a batch that are not in memory, each in pieces that cover all its
/// events in order.
#[derive(Clone, Default)]
pub struct Late(Arc<Vec<(usize, Vec<Piece>)>>);

impl Late {
    /// Columns by their numbers in the request.
    pub fn new(columns: Vec<(usize, Vec<Piece>)>) -> Late {
        Late(Arc::new(columns))
    }

    /// The pieces of a column, if it is such a one.
    pub fn column(&self, number: usize) -> Option<&[Piece]> {
        self.columns().find(|(k, _)| *k == number).map(|(_, pieces)| pieces)
    }

    /// All these columns with their numbers.
    pub fn columns(&self) -> impl Iterator<Item = (usize, &[Piece])> {
        self.0.iter().map(|(number, pieces)| (*number, pieces.as_slice()))
    }
}

/// The same columns of the same batch.
impl PartialEq for Late {
    fn eq(&self, other: &Late) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.is_empty() && other.0.is_empty())
    }
}

impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.columns().map(|(k, pieces)| (k, pieces.len()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn values_are_read_once_and_an_error_is_not_kept() {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&calls);
        let piece = Piece::new(0..2, 0..2, move || match count.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Error::input("the first time".to_owned())),
            _ => Ok(Values::I32(vec![1, 2])),
        });
        assert_eq!(piece.values().unwrap_err().to_string(), "the first time");
        assert!(!piece.is_loaded());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(piece.values().unwrap(), &Values::I32(vec![1, 2])));
            }
        });
        assert_eq!((piece.is_loaded(), calls.load(Ordering::Relaxed)), (true, 2));
    }
}
