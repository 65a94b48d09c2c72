//! Samples: which files they are of, what they are scaled by, and what the
//! histograms of all of them are called and add up to.

mod derivatives;
mod fileset;
mod outputs;
mod resolve;
mod scale;
mod shared;

pub use derivatives::{Derived, derivatives};
pub use outputs::{Finished, Output, check_names, name, outputs};
pub use resolve::{Request, resolve};
pub use scale::{Scale, entries_of, scale};
pub use shared::{Shared, shared};

use crate::run::{Golden, InputFile};
use crate::syntax::Generated;

/// A sample whose files are known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample {
    /// Its name, unlike all others.
    pub name: String,
    /// The process that it is of.
    pub process: String,
    /// Of which variation of the process; `None`: nominal.
    pub variation: Option<String>,
    /// Whether it is data: neither scaled nor varied.
    pub data: bool,
    /// In pb.
    pub cross_section: Option<f64>,
    /// What the cross-section is divided by.
    pub generated: Generated,
    /// The tree with its events, if its fileset names one.
    pub tree: Option<String>,
    /// The files to read.
    pub files: Vec<SampleFile>,
    /// Of data, which events are certified; `None`: all.
    pub golden: Option<Golden>,
    /// Files left out by [`Request::max_files`].
    pub left_out: u64,
}

/// A file of a sample.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SampleFile {
    /// Where it is, and which of its events are meant.
    pub file: InputFile,
    /// How many events its fileset says that it has.
    pub listed: Option<f64>,
}

impl Sample {
    /// Whether only nominal histograms are made of it.
    pub fn is_nominal_only(&self) -> bool {
        self.data || self.variation.is_some()
    }
}
