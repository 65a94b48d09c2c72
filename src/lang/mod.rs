//! The analysis language: text to syntax tree to typed DAG.

pub mod check;
mod fault;
pub(crate) mod lex;
mod nano;
pub mod parse;
pub(crate) mod syntax_errors;
pub(crate) mod target;
pub mod text_map;

pub use fault::Fault;
