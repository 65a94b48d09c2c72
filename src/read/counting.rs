//! The names of what counts lists that a file stores without a counter: the
//! same for all formats, so that an analysis means the same for each of them.

/// The name of the branch that counts the list of values `name`: of the
/// beginnings of its name, the longest with a branch that counts (as `is_counter`
/// knows them), else the first word (`nMuon` for `Muon_pt`).
pub(in crate::read) fn counter_of(name: &str, is_counter: impl Fn(&str) -> bool) -> String {
    let ends = name.char_indices().rev().filter(|&(_, c)| c == '_').map(|(at, _)| at);
    let mut starts = [name.len()].into_iter().chain(ends).map(|end| format!("n{}", &name[..end]));
    let known = starts.find(|counter| is_counter(counter));
    let first = name.split('_').find(|word| !word.is_empty()).unwrap_or(name);
    known.unwrap_or_else(|| format!("n{first}"))
}

/// The name of what counts the values of one branch alone: rows of a fixed length,
/// and lists of lists, of which an event has all values in one list.
pub(in crate::read) fn own_counter(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut counter = format!("n{name}");
    while is_taken(&counter) {
        counter += "_values";
    }
    counter
}
