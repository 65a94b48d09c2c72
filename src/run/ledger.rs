//! The tally of a run: every planned file and event is processed or skipped
//! for a stated reason, and the time is named by stage.

use crate::read::{Identity, ReadStats};
use std::ops::Range;
use std::time::Duration;

/// Files and events: planned = processed + skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Files named by the user.
    pub files_planned: u64,
    /// Files whose events were read, wholly or in part.
    pub files_processed: u64,
    /// Files left out because they cannot be read; they are among the skipped.
    pub files_unreadable: u64,
    /// Events in all planned files that could be opened.
    pub events_planned: u64,
    /// Events that went through the backend.
    pub events_processed: u64,
    /// What was left out, and why.
    pub skipped: Vec<Skipped>,
    /// Doubles that did not survive narrowing to single precision exactly.
    pub narrowed: u64,
    /// Branches that some files lack, with the events that took a default instead.
    pub defaulted: Vec<Defaulted>,
    /// Batches that the events came in.
    pub batches: u64,
}

/// A branch that some files lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaulted {
    /// The branch.
    pub branch: String,
    /// Files that lack it.
    pub files: u64,
    /// Processed events of these files.
    pub events: u64,
}

/// Files and events left out for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Why, in a few words: `beyond --events 1000`.
    pub reason: String,
    /// Files of which nothing was read.
    pub files: u64,
    /// Events that were not read.
    pub events: u64,
}

impl Ledger {
    /// Events left out, for all reasons together.
    pub fn events_skipped(&self) -> u64 {
        self.skipped.iter().map(|s| s.events).sum()
    }

    /// Files left out, for all reasons together.
    pub fn files_skipped(&self) -> u64 {
        self.skipped.iter().map(|s| s.files).sum()
    }

    /// Adds the tally of another run.
    pub fn add(&mut self, other: &Ledger) {
        self.files_planned += other.files_planned;
        self.files_processed += other.files_processed;
        self.files_unreadable += other.files_unreadable;
        self.events_planned += other.events_planned;
        self.events_processed += other.events_processed;
        self.narrowed += other.narrowed;
        self.batches += other.batches;
        other.defaulted.iter().for_each(|d| self.defaulted(d));
        for skipped in &other.skipped {
            match self.skipped.iter_mut().find(|s| s.reason == skipped.reason) {
                Some(same) => {
                    same.files += skipped.files;
                    same.events += skipped.events;
                }
                None => self.skipped.push(skipped.clone()),
            }
        }
    }

    /// Adds events that took a default.
    pub(super) fn defaulted(&mut self, more: &Defaulted) {
        match self.defaulted.iter_mut().find(|d| d.branch == more.branch) {
            Some(same) => {
                same.files += more.files;
                same.events += more.events;
            }
            None => self.defaulted.push(more.clone()),
        }
    }

    /// Whether planned = processed + skipped, for files and for events.
    pub fn balances(&self) -> bool {
        self.events_planned == self.events_processed + self.events_skipped()
            && self.files_planned == self.files_processed + self.files_skipped()
    }
}

/// One input file of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputRecord {
    /// Its number among the planned files.
    pub file: usize,
    /// Path, size, UUID.
    pub identity: Identity,
    /// The tree that was read.
    pub tree: String,
    /// Events that the file has.
    pub events: u64,
    /// Which of them were to be processed, ascending.
    pub ranges: Vec<Range<u64>>,
    /// Events of it that were processed.
    pub processed: u64,
    /// Events of it that were left out because they are not certified.
    pub uncertified: u64,
    /// Branches of the plan that it lacks; they took their default.
    pub absent: Vec<String>,
    /// The sample that it is of, if there are samples.
    pub sample: Option<String>,
    /// What it cost.
    pub cost: Cost,
}

/// What one file cost. `open`, `wait`, `upload` and `compute` are wall-clock
/// times of the main thread, one after the other; the reader works beside them, or in `wait`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Opening it and checking its schema.
    pub open: Duration,
    /// Waiting for its batches.
    pub wait: Duration,
    /// Copying its batches to the device.
    pub upload: Duration,
    /// Time in the backend but for `upload`. A device may work on after it.
    pub compute: Duration,
    /// Wall-clock time of the reader.
    pub reader: Duration,
    /// What the reader did, summed over the threads that help it.
    pub read: ReadStats,
}

impl Cost {
    /// Time of the main thread.
    pub fn main(&self) -> Duration {
        self.open + self.wait + self.upload + self.compute
    }

    /// Adds what another file cost.
    pub fn add(&mut self, other: &Cost) {
        self.open += other.open;
        self.wait += other.wait;
        self.upload += other.upload;
        self.compute += other.compute;
        self.reader += other.reader;
        add_stats(&mut self.read, other.read);
    }
}

/// Where the time went. `open`, `compile`, `wait`, `compute` and `total` are
/// wall-clock times of the main thread; what `read` holds is summed over threads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Opening the files and checking their schemas.
    pub open: Duration,
    /// Preparing the backend: kernels compiled, tables uploaded.
    pub compile: Duration,
    /// Waiting for the reader.
    pub wait: Duration,
    /// Wall-clock time of the reader, which works beside the main thread, or in `wait`.
    pub reader: Duration,
    /// Reading, decompressing and decoding, which go on beside the computation; of late
    /// columns, in it.
    pub read: ReadStats,
    /// Time in the backend, uploads included.
    pub compute: Duration,
    /// The part of `compute` that copied batches to the device.
    pub upload: Duration,
    /// Time that a device took, by its own clock, beside all else.
    pub kernels: Option<Duration>,
    /// From the first file opened to the last event counted.
    pub total: Duration,
}

impl Timings {
    /// Adds the times of another run.
    pub fn add(&mut self, other: &Timings) {
        self.open += other.open;
        self.compile += other.compile;
        self.wait += other.wait;
        self.reader += other.reader;
        add_stats(&mut self.read, other.read);
        self.compute += other.compute;
        self.upload += other.upload;
        self.kernels = match (self.kernels, other.kernels) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        self.total += other.total;
    }
}

/// `total` with `part` added to it.
pub(super) fn add_stats(total: &mut ReadStats, part: ReadStats) {
    total.read += part.read;
    total.decompress += part.decompress;
    total.decode += part.decode;
    total.compressed_bytes += part.compressed_bytes;
    total.bytes += part.bytes;
}
