//! The records that describe an ntuple: fields, columns and alias columns, of
//! the header and of the footer's extension.

use super::encoding::Encoding;
use super::envelope::{Envelope, Kind, Link};
use super::words::Words;
use crate::error::{Error, Result};
use crate::read::root::file::RootFile;

const REPETITIVE: u16 = 1;
const PROJECTED: u16 = 2;
const TYPE_CHECKSUM: u16 = 4;
const DEFERRED: u16 = 1;
const RANGE: u16 = 2;

/// What a field is the parent of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Leaf,
    Collection,
    Record,
    Variant,
    Streamer,
    /// One that a later version of the format introduced.
    Unknown(u16),
}

/// One field.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Index of the parent; the field's own index at the top.
    pub(super) parent: usize,
    pub(super) role: Role,
    pub(super) name: String,
    /// C++ type, normalised.
    pub(super) class: String,
    pub(super) description: String,
    /// Length of an array, 1 for anything else.
    pub(super) repetition: u64,
}

/// One column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) field: usize,
    /// Which of the field's alternative representations the column belongs to.
    pub(super) representation: u16,
    pub(super) encoding: Encoding,
    /// Whether earlier elements than the first stored one are to be taken as zero.
    pub(super) deferred: bool,
    /// Whether the column was added while another representation was in use.
    pub(super) suppressed: bool,
    /// Elements of one entry, for a column that is in no collection.
    pub(super) repetitions: u64,
}

/// A column that a projected field borrows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alias {
    pub(super) column: usize,
    pub(super) field: usize,
}

/// Everything that the header (and later the extension) describes.
#[derive(Debug, Default)]
pub(super) struct Description {
    pub(super) name: String,
    /// The program that wrote the ntuple.
    pub(super) writer: String,
    pub(super) checksum: u64,
    pub(super) fields: Vec<Field>,
    pub(super) columns: Vec<Column>,
    pub(super) aliases: Vec<Alias>,
}

impl Description {
    /// Reads the header.
    pub(super) fn read(file: &RootFile, link: Link) -> Result<Description> {
        let envelope = Envelope::read(file, link, Kind::Header)?;
        let mut description = Description { checksum: envelope.checksum, ..Description::default() };
        description
            .header(&mut envelope.words())
            .map_err(|e| e.within(format!("header at byte {}", link.locator.offset)))?;
        Ok(description)
    }

    pub(super) fn header(&mut self, words: &mut Words<'_>) -> Result<()> {
        words.feature_flags()?;
        self.name = words.text()?;
        let _description = words.text()?;
        self.writer = words.text()?;
        self.extend(words)
    }

    /// Appends the four lists of a schema description. Anything that follows
    /// the lists (extra type information) is about streamed objects.
    pub(super) fn extend(&mut self, words: &mut Words<'_>) -> Result<()> {
        let fields = words.list()?;
        let first = self.fields.len();
        self.fields.extend(fields.each("field", |words| field(&mut words.record()?))?);
        for (index, field) in self.fields.iter().enumerate().skip(first) {
            if field.parent > index {
                return Err(Error::input(format!(
                    "field {index} ({}) names field {} as its parent, which comes later",
                    field.name, field.parent
                )));
            }
        }
        let (count, columns) = (self.fields.len(), words.list()?);
        for mut one in columns.each("column", |words| column(&mut words.record()?, count))? {
            // Only late columns are ever asked for more than their pages have.
            if one.deferred {
                one.repetitions = self.repetitions(one.field);
            }
            self.columns.push(one);
        }
        let (ids, aliases) = (self.columns.len(), words.list()?);
        self.aliases.extend(aliases.each("alias column", |words| {
            let mut record = words.record()?;
            let (column, field) = (record.u32()? as usize, record.u32()? as usize);
            below(column, ids, "column")?;
            below(field, count, "field")?;
            Ok(Alias { column, field })
        })?);
        words.list()?;
        Ok(())
    }

    /// Elements of one entry in the column of a field that is in no collection.
    fn repetitions(&self, mut field: usize) -> u64 {
        let mut product = 1u64;
        loop {
            let Field { parent, repetition, .. } = self.fields[field];
            product = product.saturating_mul(repetition);
            if parent == field {
                return product;
            }
            field = parent;
        }
    }

    /// For each field, the columns of its representations, first the principal
    /// ones; borrowed columns count as the field's own.
    pub(super) fn columns_of_fields(&self) -> Vec<Vec<Vec<usize>>> {
        let own = self.columns.iter().enumerate().map(|(id, c)| (c.field, id));
        let borrowed = self.aliases.iter().map(|a| (a.field, a.column));
        let mut found: Vec<Vec<Vec<usize>>> = vec![Vec::new(); self.fields.len()];
        let mut all: Vec<(usize, u16, usize)> = own
            .chain(borrowed)
            .map(|(field, id)| (field, self.columns[id].representation, id))
            .collect();
        all.sort_unstable();
        for same in all.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            found[same[0].0].push(same.iter().map(|&(_, _, id)| id).collect());
        }
        found
    }
}

fn below(index: usize, count: usize, what: &str) -> Result<()> {
    if index < count {
        return Ok(());
    }
    Err(Error::input(format!("{what} {index} is named, but there are {count}")))
}

fn field(words: &mut Words<'_>) -> Result<Field> {
    let (_field_version, _type_version) = (words.u32()?, words.u32()?);
    let parent = words.u32()? as usize;
    let (role, flags) = (words.u16()?, words.u16()?);
    let (name, class) = (words.text()?, words.text()?);
    let (_alias, description) = (words.text()?, words.text()?);
    let repetition = if flags & REPETITIVE != 0 { words.u64()? } else { 1 };
    if flags & PROJECTED != 0 {
        let _source = words.u32()?;
    }
    if flags & TYPE_CHECKSUM != 0 {
        let _checksum = words.u32()?;
    }
    let role = match role {
        0 => Role::Leaf,
        1 => Role::Collection,
        2 => Role::Record,
        3 => Role::Variant,
        4 => Role::Streamer,
        other => Role::Unknown(other),
    };
    Ok(Field { parent, role, name, class, description, repetition })
}

fn column(words: &mut Words<'_>, fields: usize) -> Result<Column> {
    let (kind, bits) = (words.u16()?, words.u16()?);
    let field = words.u32()? as usize;
    below(field, fields, "field")?;
    let (flags, representation) = (words.u16()?, words.u16()?);
    let first = if flags & DEFERRED != 0 { words.i64()? } else { 0 };
    let range = match flags & RANGE {
        0 => None,
        _ => Some((words.f64()?, words.f64()?)),
    };
    let encoding = Encoding::new(kind, bits, range);
    let (deferred, suppressed) = (first != 0, first < 0);
    Ok(Column { field, representation, encoding, deferred, suppressed, repetitions: 1 })
}
