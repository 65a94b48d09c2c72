//! The analysis language: text to syntax tree to typed DAG.

pub mod ast;
pub mod check;
mod nano;
