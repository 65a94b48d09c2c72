//! Soft fills as the device reads them: what lies where in `tables`, and what a
//! module declares for `shaders/soft.wgsl`.

use super::layout::{self, layout};
use super::soft::{Rows, SoftTable};
use crate::bins::{SoftFlow, SoftKernel, SoftSum};

layout! {
    record SOFT_REACH {
        /// Of one axis: its kernel, `KERNEL_GAUSS` and so on.
        SOFT_KERNEL,
        /// What becomes of the part outside: `FLOW_BINS` and so on.
        SOFT_FLOW,
        /// How many bins it has.
        SOFT_BINS,
        /// The largest |z| that counts.
        SOFT_WINDOW,
        /// The reciprocal of the bandwidth.
        SOFT_INVERSE,
        /// What is missing in it.
        SOFT_INVERSE_REST,
    }
    record SPREAD_FIRST_ROW {
        /// Of a fill: how many axes it has.
        SPREAD_AXES,
        /// Where the outer axis begins; of one axis where it does.
        SPREAD_AXIS,
        /// Where the table of its kernel begins.
        SPREAD_TABLE,
        /// The inner one of two axes.
        SPREAD_INNER_AXIS,
        /// The table of its kernel.
        SPREAD_INNER_TABLE,
        /// How many of the terms are needed.
        SPREAD_TERMS,
        /// How many rows there are.
        SPREAD_ROWS,
    }
    record ROW_FIRST_PART {
        /// Of a row: whether it is one of variances.
        ROW_OF_VARIANCES,
        /// How many parts it has.
        ROW_PARTS,
    }
    record PART_WORDS {
        /// Of a part: its term on the outer axis.
        PART_OUTER,
        /// On the inner one.
        PART_INNER,
    }
    numbers {
        /// A kernel.
        KERNEL_GAUSS = SoftKernel::Gauss as u32;
        /// A kernel.
        KERNEL_LOGISTIC = SoftKernel::Logistic as u32;
        /// A kernel.
        KERNEL_UNIFORM = SoftKernel::Uniform as u32;
        /// A kernel.
        KERNEL_TRIANGULAR = SoftKernel::Triangular as u32;
        /// A kernel.
        KERNEL_EPANECHNIKOV = SoftKernel::Epanechnikov as u32;
        /// A kernel.
        KERNEL_SOFTMAX = SoftKernel::Softmax as u32;
        /// The flow bins get the part outside.
        FLOW_BINS = SoftFlow::Bins as u32;
        /// The outer bins do.
        FLOW_FOLD = SoftFlow::Fold as u32;
        /// The part inside is scaled up.
        FLOW_RENORM = SoftFlow::Renorm as u32;
    }
}

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
