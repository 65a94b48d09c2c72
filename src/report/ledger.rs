//! The ledger of a run as JSON: which files and events are in a result.

use crate::run::{Defaulted, Ledger, Skipped};
use serde_json::{Value, json};

/// All that it has counted.
pub(super) fn to_json(l: &Ledger) -> Value {
    let skipped = |s: &Skipped| json!({"reason": s.reason, "files": s.files, "events": s.events});
    let defaulted =
        |d: &Defaulted| json!({"branch": d.branch, "files": d.files, "events": d.events});
    json!({
        "files": {
            "planned": l.files_planned,
            "processed": l.files_processed,
            "skipped": l.files_skipped(),
        },
        "events": {
            "planned": l.events_planned,
            "processed": l.events_processed,
            "skipped": l.events_skipped(),
        },
        "skipped": l.skipped.iter().map(skipped).collect::<Vec<_>>(),
        "defaults": l.defaulted.iter().map(defaulted).collect::<Vec<_>>(),
        "narrowed_doubles": l.narrowed,
        "batches": l.batches,
    })
}
