//! Partial results as bytes, `.gpart`: little endian; magic and version of the format,
//! then sections, each with its name and length (`head`; for each sample `plan`, `covr` and
//! `fill`), then the XXH3 hash (128 bits) of all before. Equal results are equal bytes.

use super::bytes::{Reader, Result, Writer};
use super::coverage::{Covered, FileMark, InputKey};
use super::plan_hash::PlanHash;
use super::ranges::Ranges;
use super::{PartialResult, SampleResult};
use crate::backend::cpu::Precision;
use crate::error::{self, Error};
use crate::hist::{ExactFill, ExactSums};
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_128;

/// What the bytes begin with: no text, and not to be changed by copying as text.
const MAGIC: &[u8; 8] = b"gpart\r\n\0";
/// Of the format.
const VERSION: u32 = 1;
/// Bytes of the hash at the end.
const HASH: usize = 16;

impl PartialResult {
    /// The bytes of a `.gpart` file.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.0.extend(MAGIC);
        out.u32(VERSION);
        out.section(b"head", |out| {
            out.text(&self.version);
            out.list(self.samples.keys(), |out, name| {
                out.u8(u8::from(name.is_some()));
                out.text(name.as_deref().unwrap_or_default());
            });
        });
        for sample in self.samples.values() {
            out.section(b"plan", |out| write_plan(out, &sample.plan));
            out.section(b"covr", |out| write_coverage(out, sample));
            out.section(b"fill", |out| out.list(sample.fills.iter(), write_fill));
        }
        let hash = xxh3_128(&out.0);
        out.u128(hash);
        out.0
    }

    /// The partial result of these bytes; `name` is what errors call them.
    ///
    /// # Errors
    /// They are no partial result, one of another version of the format, or damaged.
    pub fn decode(bytes: &[u8], name: &str) -> error::Result<PartialResult> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            return Err(Error::input("this is no partial result of gpuana").within(name));
        };
        let damaged = |what: String| {
            Error::input(format!("the partial result is damaged: {what}")).within(name)
        };
        let version = Reader::new(rest).u32().map_err(damaged)?;
        if version != VERSION {
            let text = format!(
                "the partial result has version {version} of its format, and this gpuana reads \
                 version {VERSION}"
            );
            return Err(Error::unsupported(text).within(name));
        }
        let content = checked(bytes).map_err(damaged)?;
        let sections = &content[MAGIC.len() + size_of::<u32>()..];
        read_result(&mut Reader::new(sections)).map_err(damaged)
    }
}

/// The bytes before the hash, which is theirs.
fn checked(bytes: &[u8]) -> Result<&[u8]> {
    let end = bytes.len().checked_sub(HASH).filter(|end| *end >= MAGIC.len() + size_of::<u32>());
    let (content, hash) = bytes.split_at(end.ok_or("it ends too early")?);
    match Reader::new(hash).u128()? == xxh3_128(content) {
        true => Ok(content),
        false => Err("its hash is of other bytes".to_owned()),
    }
}

fn read_result(from: &mut Reader<'_>) -> Result<PartialResult> {
    let mut head = from.section(b"head")?;
    let version = head.text()?;
    let names: Vec<Option<String>> = head.list(|head| {
        let (named, name) = (head.u8()?, head.text()?);
        match named {
            0 if name.is_empty() => Ok(None),
            1 => Ok(Some(name)),
            _ => Err("a sample's name is unclear".to_owned()),
        }
    })?;
    head.end()?;
    ascending(&names, "samples")?;
    let mut samples = BTreeMap::new();
    for name in names {
        let (mut plan, mut coverage) = (from.section(b"plan")?, from.section(b"covr")?);
        let mut fills = from.section(b"fill")?;
        let (inputs, unreadable) = read_coverage(&mut coverage)?;
        let sample = SampleResult {
            plan: read_plan(&mut plan)?,
            fills: fills.list(read_fill)?,
            inputs,
            unreadable,
        };
        plan.end()?;
        coverage.end()?;
        fills.end()?;
        samples.insert(name, sample);
    }
    let mut precisions = samples.values().map(|sample: &SampleResult| sample.plan.precision);
    let first = precisions.next();
    if precisions.any(|other| Some(other) != first) {
        return Err("its samples are of several precisions".to_owned());
    }
    std::mem::replace(from, Reader::new(&[])).end()?;
    Ok(PartialResult { version, samples })
}

/// Fails unless these are in order, each once.
fn ascending<T: Ord>(all: &[T], what: &str) -> Result<()> {
    match all.is_sorted_by(|a, b| a < b) {
        true => Ok(()),
        false => Err(format!("its {what} are not in order")),
    }
}

fn write_plan(out: &mut Writer, plan: &PlanHash) {
    out.u128(plan.total);
    out.u8(u8::from(plan.precision == Precision::Double));
    out.list(plan.named.iter(), |out, (name, hash)| {
        out.text(name);
        out.u128(*hash);
    });
}

fn read_plan(from: &mut Reader<'_>) -> Result<PlanHash> {
    let total = from.u128()?;
    let precision = match from.u8()? {
        0 => Precision::Single,
        1 => Precision::Double,
        other => return Err(format!("there is no precision {other}")),
    };
    let named: Vec<(String, u128)> = from.list(|from| Ok((from.text()?, from.u128()?)))?;
    if !named.is_sorted_by(|a, b| a.0 < b.0) {
        return Err("the parts of its plan are not in order".to_owned());
    }
    Ok(PlanHash { total, precision, named: named.into_iter().collect() })
}

fn write_coverage(out: &mut Writer, sample: &SampleResult) {
    out.list(sample.inputs.iter(), |out, (key, input)| {
        out.text(&key.tree);
        out.u64(key.size);
        match &key.mark {
            FileMark::Uuid(uuid) => {
                out.u8(0);
                out.text(uuid);
            }
            FileMark::Digest(digest) => {
                out.u8(1);
                out.u64(*digest);
            }
        }
        out.text(&input.name);
        out.u64(input.events);
        out.list(input.ranges.as_slice().iter(), |out, range| {
            out.u64(range.start);
            out.u64(range.end);
        });
        out.u64(input.processed);
        out.u64(input.uncertified);
        out.list(input.absent.iter(), |out, branch| out.text(branch));
    });
    out.list(sample.unreadable.iter(), |out, file| out.text(file));
}

type Coverage = (BTreeMap<InputKey, Covered>, BTreeSet<String>);

fn read_coverage(from: &mut Reader<'_>) -> Result<Coverage> {
    let inputs: Vec<(InputKey, Covered)> = from.list(|from| {
        let (tree, size) = (from.text()?, from.u64()?);
        let mark = match from.u8()? {
            0 => FileMark::Uuid(from.text()?),
            1 => FileMark::Digest(from.u64()?),
            other => return Err(format!("there is no mark of files {other}")),
        };
        let input = Covered {
            name: from.text()?,
            events: from.u64()?,
            ranges: read_ranges(from)?,
            processed: from.u64()?,
            uncertified: from.u64()?,
            absent: from.list(Reader::text)?,
        };
        match input.is_sound() {
            true => Ok((InputKey { tree, size, mark }, input)),
            false => Err(format!("the numbers of events of {:?} contradict", input.name)),
        }
    })?;
    if !inputs.is_sorted_by(|a, b| a.0 < b.0) {
        return Err("its files are not in order".to_owned());
    }
    let unreadable: Vec<String> = from.list(Reader::text)?;
    ascending(&unreadable, "unreadable files")?;
    Ok((inputs.into_iter().collect(), unreadable.into_iter().collect()))
}

fn read_ranges(from: &mut Reader<'_>) -> Result<Ranges> {
    let stored: Vec<std::ops::Range<u64>> = from.list(|from| Ok(from.u64()?..from.u64()?))?;
    match Ranges::new(stored.iter().cloned()) {
        Ok(ranges) if ranges.as_slice() == stored => Ok(ranges),
        _ => Err("ranges of events are not in order".to_owned()),
    }
}

fn write_fill(out: &mut Writer, fill: &ExactFill) {
    for count in [fill.nan, fill.missing, fill.bad_weight, fill.dropped] {
        out.u64(count);
    }
    out.list(fill.counts.iter(), |out, count| out.short(*count));
    out.list(fill.sums.iter(), |out, sums| {
        out.u64(sums.bins() as u64);
        out.i32(sums.first());
        out.u32(sums.width() as u32);
        sums.words().iter().for_each(|word| out.u32(*word));
    });
}

fn read_fill(from: &mut Reader<'_>) -> Result<ExactFill> {
    let (nan, missing, bad_weight, dropped) = (from.u64()?, from.u64()?, from.u64()?, from.u64()?);
    let counts = from.list(Reader::short)?;
    let sums = from.list(|from| {
        let (bins, first, width) = (from.u64()?, from.i32()?, from.u32()?);
        let bytes = bins.checked_mul(4 * u64::from(width)).ok_or("sums are too many")?;
        let words = from.take(bytes)?.chunks_exact(4);
        let words = words.map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        let bins = usize::try_from(bins).map_err(|_| "sums are too many")?;
        ExactSums::from_words(bins, first, width as usize, words.collect())
            .ok_or_else(|| "sums are not in the form that they have".to_owned())
    })?;
    Ok(ExactFill { counts, sums, nan, missing, bad_weight, dropped })
}
