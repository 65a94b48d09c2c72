//! The analysis file: YAML text to the tree of [`crate::syntax`].

mod align;
mod histogram;
mod objectives;
mod parameters;
mod parse;
mod read;
mod samples;
mod soft;
mod tree;
mod vary;
mod weight;
mod yaml;
mod yaml_errors;

pub use parse::parse;
