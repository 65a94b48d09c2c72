//! RNTuples (format 1.0): anchor, envelopes, clusters and pages.
//!
//! `envelope` and `words` read checksummed envelopes, `schema` and `clusters`
//! what they say, `fields` makes branches of it, `page` and `encoding` decode,
//! `index` and `column` put batches together.

mod bits;
mod clusters;
mod column;
mod encoding;
mod envelope;
mod fields;
#[cfg(any(test, fuzzing))]
pub(in crate::read) mod fuzz;
mod index;
mod input;
mod inspect;
mod ntuple;
mod page;
mod place;
mod schema;
mod words;

pub(super) use inspect::report;
pub(super) use ntuple::{Ntuple, read};

use self::column::NtupleColumns;
use super::file::RootFile;
use crate::batch::Request;
use crate::error::Result;
use crate::read::{ColumnReader, Footprint, Identity, ReadStats, Source};
use crate::schema::Schema;
use std::sync::Arc;

/// An open ntuple of a ROOT file.
pub(super) struct NtupleSource {
    pub(super) file: Arc<RootFile>,
    pub(super) ntuple: Arc<Ntuple>,
}

impl Source for NtupleSource {
    fn schema(&self) -> &Schema {
        &self.ntuple.schema
    }

    fn identity(&self) -> &Identity {
        &self.file.identity
    }

    fn columns(&self, request: &Request) -> Result<Box<dyn ColumnReader>> {
        let (file, ntuple) = (Arc::clone(&self.file), Arc::clone(&self.ntuple));
        Ok(Box::new(NtupleColumns::new(file, ntuple, request)?))
    }

    fn unpack(&self, request: &Request) -> Result<ReadStats> {
        let (file, ntuple) = (Arc::clone(&self.file), Arc::clone(&self.ntuple));
        NtupleColumns::new(file, ntuple, request)?.unpack_all()
    }

    fn footprint(&self, request: &Request) -> Footprint {
        let schema = self.schema();
        Footprint::of_pieces(schema, request).fetched(&self.file.storage, schema, request)
    }
}
