//! Soft fills as the device reads them: the words of `tables`, in the layout of
//! `soft_layout.rs`, and what a module declares for `shaders/soft.wgsl`.

use super::layout;
use super::soft_layout::{
    PART_INNER, PART_OUTER, ROW_OF_VARIANCES, ROW_PARTS, SOFT_BINS, SOFT_FLOW, SOFT_INVERSE,
    SOFT_INVERSE_REST, SOFT_KERNEL, SOFT_WINDOW, SPREAD_AXES, SPREAD_AXIS, SPREAD_INNER_AXIS,
    SPREAD_INNER_TABLE, SPREAD_ROWS, SPREAD_TABLE, SPREAD_TERMS,
};
use super::soft_table::{Rows, SoftTable};
use crate::bins::SoftSum;

impl SoftTable {
    /// The table as the device reads it: the record, the first and the last cell in
    /// reach of each cell, then each edge (of softmax: centre) in two parts.
    pub fn words(&self) -> Vec<u32> {
        let [inverse, rest] = self.inverse.map(f32::to_bits);
        let mut words = layout::record([
            (SOFT_KERNEL, self.soft.kernel as u32),
            (SOFT_FLOW, self.soft.flow as u32),
            (SOFT_BINS, self.bins as u32),
            (SOFT_WINDOW, (self.window as f32).to_bits()),
            (SOFT_INVERSE, inverse),
            (SOFT_INVERSE_REST, rest),
        ]);
        words.extend(self.reach.as_flattened());
        words.extend(self.singles.as_flattened().iter().map(|x| x.to_bits()));
        words
    }
}

/// A soft fill of these rows as the device reads it: the record and its rows, each with its parts.
/// `axes` and `tables` are where its axes and the tables of their kernels begin.
///
/// # Panics
/// If there are not one or two axes.
pub fn fill_words(rows: &Rows, axes: &[u32], tables: &[u32]) -> Vec<u32> {
    let last = axes.len() - 1;
    assert!(last < 2 && tables.len() == axes.len(), "one or two axes");
    let mut words = layout::record([
        (SPREAD_AXES, axes.len() as u32),
        (SPREAD_AXIS, axes[0]),
        (SPREAD_TABLE, tables[0]),
        (SPREAD_INNER_AXIS, axes[last]),
        (SPREAD_INNER_TABLE, tables[last]),
        (SPREAD_TERMS, [1, 3, 6][rows.order]),
        (SPREAD_ROWS, rows.rows.len() as u32),
    ]);
    for row in &rows.rows {
        words.extend(layout::record([
            (ROW_OF_VARIANCES, u32::from(row.of == SoftSum::Variances)),
            (ROW_PARTS, row.parts.len() as u32),
        ]));
        for [outer, inner] in &row.parts {
            let part = [(PART_OUTER, *outer as u32), (PART_INNER, *inner as u32)];
            words.extend(layout::record(part));
        }
    }
    words
}

/// What a module declares for `shaders/soft.wgsl`: `soft_factors` and `soft_exponents` of
/// these lengths, at least 1, and arrays for both axes.
pub fn soft_declarations(sizes: [usize; 2]) -> String {
    let [factors, rows] = sizes.map(|size| size.max(1));
    format!(
        "var<private> soft_factors: array<f32, {factors}>;\n\
         var<private> soft_exponents: array<u32, {rows}>;\n\
         var<private> soft_edges: array<f32, 8>;\n\
         var<private> soft_terms: array<f32, 12>;\n\
         var<private> soft_most: array<f32, 12>;\n\
         var<private> soft_known: array<f32, 16>;\n"
    )
}
