//! Hash tables for what the program numbers itself: nodes, spaces, names of a
//! file. Compiling an analysis looks thousands of them up, and the standard
//! library's hash took a fifth of that time.

use foldhash::fast::RandomState;

/// A map whose keys are hashed quickly.
pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;

/// A set whose members are hashed quickly.
pub(crate) type HashSet<T> = std::collections::HashSet<T, RandomState>;
