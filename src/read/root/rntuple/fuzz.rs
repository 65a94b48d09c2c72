//! The parts of the RNTuple reader that see bytes of a file, for fuzzing. What
//! a checksum guards comes here without one, or nothing would come through.

use super::clusters::{consecutive, footer, page_list};
use super::encoding::Encoding;
use super::ntuple::Ntuple;
use super::schema::Description;
use super::words::Words;
use crate::error::{Error, Result};
use crate::read::root::codec;
use crate::read::root::convert::out;
use crate::read::shape::zeros;
use crate::schema::StoredType;

/// Most elements of a page here.
const ELEMENTS: usize = 1 << 16;
/// All types of fields that can be read.
const FIELDS: [StoredType; 11] = [
    StoredType::Bool,
    StoredType::I8,
    StoredType::U8,
    StoredType::I16,
    StoredType::U16,
    StoredType::I32,
    StoredType::U32,
    StoredType::I64,
    StoredType::U64,
    StoredType::F32,
    StoredType::F64,
];

/// The header's checksum, header, footer and page list, each of the last three
/// with four bytes of its length before it.
pub(in crate::read) fn envelopes(data: &[u8]) {
    // Whatever it is: it must come back without a panic.
    let _ = described(data);
}

/// Number of branches that are described.
pub(in crate::read) fn described(data: &[u8]) -> Result<usize> {
    let short = || Error::input("too short");
    let (checksum, mut rest) = data.split_first_chunk::<8>().ok_or_else(short)?;
    let mut part = || -> Result<&[u8]> {
        let (length, behind) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let n = (u32::from_le_bytes(*length) as usize).min(behind.len());
        let (part, behind) = behind.split_at(n);
        rest = behind;
        Ok(part)
    };
    let (header, tail, pages) = (part()?, part()?, part()?);
    let checksum = u64::from_le_bytes(*checksum);
    let mut description = Description { checksum, ..Description::default() };
    description.header(&mut Words::new(header))?;
    footer(&mut Words::new(tail), &mut description)?;
    let clusters = consecutive(page_list(&mut Words::new(pages), &description)?)?;
    let ntuple = Ntuple::new("x", String::new(), description, clusters);
    for columns in ntuple.branch_columns.iter().filter(|columns| !columns.is_empty()) {
        for (number, cluster) in ntuple.clusters.iter().enumerate().take(8) {
            let entries = cluster.entries;
            for wanted in [0..entries, entries / 2..entries, 0..1] {
                let _ = ntuple.parts(columns, number, &wanted, &mut Vec::new());
            }
        }
    }
    Ok(ntuple.schema.branches.len())
}

/// Column type, bits and number of elements, then the bytes of a page, perhaps
/// compressed.
pub(in crate::read) fn page(data: &[u8]) {
    let Some(([code, bits, low, high], bytes)) = data.split_first_chunk::<4>() else { return };
    let elements = usize::from(u16::from_le_bytes([*low, *high])).min(ELEMENTS);
    let encoding = Encoding::new((*code).into(), (*bits).into(), Some((-3.0, 5.0)));
    let length = encoding.page_bytes(elements as u64) as usize;
    let page = codec::unpacked(bytes, length).unwrap_or_else(|_| {
        let mut page = bytes.to_vec();
        page.resize(length, 0);
        page
    });
    if encoding.is_index() {
        encoding.ends(&page, &mut vec![0; elements]);
    }
    for field in FIELDS.into_iter().filter(|&field| encoding.fits(field)) {
        for wanted in [0..elements, elements / 3..elements / 2] {
            for keep_doubles in [false, true] {
                let mut values = zeros(field, keep_doubles, wanted.len());
                encoding.decode(&page, elements, wanted.clone(), out(&mut values));
            }
        }
    }
}

/// The envelopes of a file with an ntuple, as [`envelopes`] takes them.
#[cfg(test)]
pub(in crate::read) fn seed(bytes: &[u8]) -> Vec<u8> {
    use super::envelope::{Anchor, Envelope, Kind};
    use crate::read::root::directory::{self, Look};
    use crate::read::root::entry::is_ntuple;
    use crate::read::root::file::RootFile;
    use crate::read::storage::Storage;
    let file = RootFile::open(Storage::of_bytes(bytes.to_vec())).expect("opens");
    let entries = directory::find(&file, Look::Everywhere).expect("reads").entries;
    let entry = entries.iter().find(|entry| is_ntuple(entry)).expect("an ntuple");
    let anchor = Anchor::read(&file, entry).expect("reads");
    let header = Envelope::read(&file, anchor.header, Kind::Header).expect("reads");
    let tail = Envelope::read(&file, anchor.footer, Kind::Footer).expect("reads");
    let checksum = header.checksum;
    let mut description = Description { checksum, ..Description::default() };
    description.header(&mut header.words()).expect("reads");
    let links = footer(&mut tail.words(), &mut description).expect("reads");
    let pages = Envelope::read(&file, links[0].0, Kind::PageList).expect("reads");
    let mut seed = checksum.to_le_bytes().to_vec();
    for part in [header.content(), tail.content(), pages.content()] {
        seed.extend((part.len() as u32).to_le_bytes());
        seed.extend(part);
    }
    seed
}
