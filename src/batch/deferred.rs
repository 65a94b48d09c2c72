//! Columns that are read when they are first needed: most of what an analysis reads
//! is behind cuts, and where no event of a basket passes, nobody looks at it.

use super::Values;
use crate::error::Result;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

type Load = Box<dyn Fn() -> Result<Values> + Send + Sync>;

/// The values of some consecutive events of a column, which lie together in the file.
pub struct Part {
    /// The events, by their positions in the batch.
    pub events: Range<usize>,
    /// The places that the values have in the column.
    pub elements: Range<usize>,
    load: Load,
    values: OnceLock<Values>,
    /// Held by the thread that loads them.
    turn: Mutex<()>,
    failed: AtomicBool,
}

impl Part {
    /// A part whose values are what `load` gives, as many as `elements`.
    pub fn new(
        events: Range<usize>,
        elements: Range<usize>,
        load: impl Fn() -> Result<Values> + Send + Sync + 'static,
    ) -> Part {
        let (load, values, turn) = (Box::new(load), OnceLock::new(), Mutex::new(()));
        Part { events, elements, load, values, turn, failed: AtomicBool::new(false) }
    }

    /// The values, read by the first thread that asks for them.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn values(&self) -> Result<&Values> {
        if let Some(values) = self.values.get() {
            return Ok(values);
        }
        self.read(self.turn.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the values if they are not here and no other thread is at it.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn prepare(&self) -> Result<()> {
        match self.turn.try_lock() {
            Ok(turn) => self.read(turn).map(|_| ()),
            Err(TryLockError::Poisoned(turn)) => self.read(turn.into_inner()).map(|_| ()),
            Err(TryLockError::WouldBlock) => Ok(()),
        }
    }

    fn read(&self, _turn: MutexGuard<'_, ()>) -> Result<&Values> {
        if let Some(values) = self.values.get() {
            return Ok(values);
        }
        let values = (self.load)().inspect_err(|_| self.failed.store(true, Ordering::Relaxed))?;
        Ok(self.values.get_or_init(|| values))
    }

    /// Whether the values were needed so far.
    pub fn is_loaded(&self) -> bool {
        self.values.get().is_some()
    }
}

/// Those columns of a batch that are not in memory, each in parts that cover all its
/// events in order.
#[derive(Clone, Default)]
pub struct Deferred(Arc<Vec<(usize, Vec<Part>)>>);

impl Deferred {
    /// Columns by their numbers in the request.
    pub fn new(columns: Vec<(usize, Vec<Part>)>) -> Deferred {
        Deferred(Arc::new(columns))
    }

    /// The parts of a column, if it is such a one.
    pub fn column(&self, number: usize) -> Option<&[Part]> {
        self.columns().find(|(k, _)| *k == number).map(|(_, parts)| parts)
    }

    /// Whether a part could not be read.
    pub fn has_failed(&self) -> bool {
        let mut parts = self.columns().flat_map(|(_, parts)| parts);
        parts.any(|part| part.failed.load(Ordering::Relaxed))
    }

    /// All these columns with their numbers.
    pub fn columns(&self) -> impl Iterator<Item = (usize, &[Part])> {
        self.0.iter().map(|(number, parts)| (*number, parts.as_slice()))
    }
}

/// The same columns of the same batch.
impl PartialEq for Deferred {
    fn eq(&self, other: &Deferred) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.is_empty() && other.0.is_empty())
    }
}

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.columns().map(|(k, parts)| (k, parts.len()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn values_are_read_once_and_an_error_is_not_kept() {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&calls);
        let part = Part::new(0..2, 0..2, move || match count.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Error::input("the first time".to_owned())),
            _ => Ok(Values::I32(vec![1, 2])),
        });
        assert_eq!(part.values().unwrap_err().to_string(), "the first time");
        assert!(!part.is_loaded() && part.failed.load(Ordering::Relaxed));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(part.values().unwrap(), &Values::I32(vec![1, 2])));
            }
        });
        assert_eq!((part.is_loaded(), calls.load(Ordering::Relaxed)), (true, 2));
    }
}
