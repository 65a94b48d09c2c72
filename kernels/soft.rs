//! The soft fill: which share of an entry each bin gets.
//!
//! With z = (edge - x) / bandwidth a bin's share is the difference of the
//! kernel's distribution at its two edges. All kernels are symmetric, so an edge
//! is described by z and the tail beyond |z|: on one side of x the share is a
//! difference of tails, which keeps its digits however small it is; around x it
//! is what the two tails leave. Derivatives of shares are differences of what
//! the density and its slope are at the edges.
//!
//! In the windowed mode the tail beyond the window is zero: the bins at its ends
//! get what lies outside, so that shares still add up to 1, and no share is wrong
//! by more than [`SoftTable::truncation`]. Compact kernels lose nothing.
//! With `flow: renorm` an entry beyond that window of the whole axis is looked at
//! from its nearest edge, see `soft_beyond.rs`. `shaders/soft.wgsl` is the device's
//! version; what it reads is in `soft_words.rs`.

pub use super::soft_real::SoftReal;
pub use super::soft_table::{LANES, Row, Rows, SoftTable};
pub use super::soft_terms::{Lanes, Terms, Together};
pub use super::soft_words::{fill_words, soft_declarations};

/// The device's version; it expects `tables` and `out` to be declared.
pub const SHADER: &str = include_str!("../shaders/soft.wgsl");
