//! What a run says about itself: `cutflow.json`, `run.json` and the summary
//! that ends it.

mod costs;
mod cutflow;
mod describe;
mod ledger;
mod missing;
pub mod number;
mod plan;
mod record;
mod samples;
mod summary;
pub mod text_table;
mod weights;

pub use costs::costs_json;
pub use cutflow::cutflow_json;
pub use describe::{describe, element};
pub use missing::warn_of_missing;
pub use plan::{plan_hash, plan_text};
pub use record::{RunRecord, Stage, command_json};
pub use samples::{SampleRecord, samples_cutflow_json};
pub use summary::{summary, warnings};

use serde_json::Value;

/// Indented JSON with a final newline.
fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
