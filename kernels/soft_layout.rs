//! Soft fills as the device reads them: where what lies in `tables`, and which number
//! stands for which kernel and for which treatment of the part outside.

use super::layout::layout;
use crate::bins::{SoftFlow, SoftKernel};

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
