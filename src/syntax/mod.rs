//! An analysis as data: what it asks for, with the place of every name and
//! expression. Whoever makes one (`config` of YAML) and whoever gives it meaning
//! (`lang::check`) import these types; they import neither.

mod analysis;
mod define;
mod expr;
mod histogram;
mod objective;
pub(crate) mod operators;
mod parameter;
mod place;
mod region;
mod sample;
mod template;
mod variation;
mod weight;

pub use analysis::Analysis;
pub use define::{Define, Target};
pub use expr::{BinaryOp, CompareOp, Expr, ExprKind, Link, UnaryOp};
pub use histogram::{AxisSpec, HistogramSpec, ScalarSpec};
pub use objective::{Objective, ObjectiveKind, Uncertainty, Variance};
pub(crate) use parameter::MOST_PARAMETERS;
pub use parameter::{Parameter, Slope};
pub use place::{Ident, Span};
pub use region::{Cut, Region};
pub use sample::{Combination, Generated, Process, Sample};
pub use template::{Names, is_output_name, render};
pub use variation::{Change, Variation, Varied};
pub use weight::{Factor, Weighted};
