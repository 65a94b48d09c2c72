//! The books that are kept while the events go through.

use super::feed::{Piece, Stop, Wanted};
use super::golden::Golden;
use super::ledger::{self, Cost, Defaulted, InputRecord, Ledger, Skipped, Timings};
use super::survey::{Broken, Opened};
use super::{Progress, timed};
use crate::backend::{Partial, Pass};
use crate::batch::Batch;
use std::sync::Arc;
use std::time::Duration;

/// Files, events and times of one run.
pub(super) struct Tally {
    pub(super) inputs: Vec<InputRecord>,
    pub(super) ledger: Ledger,
    pub(super) timings: Timings,
    /// Why files were left out.
    pub(super) unreadable: Vec<String>,
}

impl Tally {
    pub(super) fn new(open: Duration) -> Self {
        Tally {
            inputs: Vec::new(),
            ledger: Ledger::default(),
            timings: Timings { open, ..Timings::default() },
            unreadable: Vec::new(),
        }
    }

    /// Enters all files, and decides how many events of each are wanted.
    pub(super) fn plan(&mut self, opened: Vec<Opened>, max_events: Option<u64>) -> Vec<Wanted> {
        let mut left = max_events.unwrap_or(u64::MAX);
        let mut beyond = Skipped { reason: String::new(), files: 0, events: 0 };
        let mut apart =
            Skipped { reason: "outside of the steps of the fileset".to_owned(), ..beyond.clone() };
        let mut wanted = Vec::with_capacity(opened.len());
        for file in opened {
            let events = file.ranges(left);
            let count: u64 = events.iter().map(|range| range.end - range.start).sum();
            let meant = file.meant();
            left -= count;
            beyond.events += meant - count;
            beyond.files += u64::from(count == 0 && meant > 0);
            apart.events += file.events - meant;
            apart.files += u64::from(meant == 0 && file.events > 0);
            self.ledger.files_planned += 1;
            self.ledger.events_planned += file.events;
            self.inputs.push(InputRecord {
                file: file.index,
                identity: file.identity.clone(),
                tree: file.tree().to_owned(),
                events: file.events,
                ranges: events.clone(),
                processed: 0,
                uncertified: 0,
                absent: file.absent.clone(),
                sample: None,
                cost: Cost { open: file.open, ..Cost::default() },
            });
            wanted.push(Wanted { file, events });
        }
        if beyond.events > 0 {
            beyond.reason = format!("beyond --events {}", max_events.unwrap_or(u64::MAX));
        }
        self.ledger.skipped.extend([apart, beyond].into_iter().filter(|s| s.events > 0));
        self.ledger.files_processed = self.ledger.files_planned - self.ledger.files_skipped();
        wanted
    }

    /// Enters the files that cannot be read. How many events they have is not known.
    pub(super) fn leave_out(&mut self, broken: &[Broken]) {
        for file in broken {
            self.ledger.files_planned += 1;
            self.ledger.files_unreadable += 1;
            self.unreadable.push(file.error.to_string());
            self.ledger.skipped.push(Skipped {
                reason: format!("unreadable: {}", file.error),
                files: 1,
                events: 0,
            });
        }
    }

    /// Enters what the events turned out to be: not certified, or of a file that
    /// lacks a branch.
    pub(super) fn close(&mut self, golden: Option<&Golden>) {
        let events = self.inputs.iter().map(|input| input.uncertified).sum();
        if let Some(golden) = golden.filter(|_| events > 0) {
            let skipped = Skipped { reason: golden.reason(), files: 0, events };
            self.ledger.skipped.push(skipped);
        }
        for input in self.inputs.iter().filter(|input| input.processed > 0) {
            for branch in &input.absent {
                let (branch, events) = (branch.clone(), input.processed);
                self.ledger.defaulted(&Defaulted { branch, files: 1, events });
            }
        }
    }

    /// Events that are to be processed.
    pub(super) fn planned(&self) -> u64 {
        self.ledger.events_planned - self.ledger.events_skipped()
    }

    /// Puts what the reader handed over, after the computing side had waited for it,
    /// through the backend, and returns the batch if it is free again.
    pub(super) fn take(
        &mut self,
        piece: Piece,
        wait: Duration,
        pass: &mut dyn Pass,
        progress: &mut dyn Progress,
    ) -> Result<Option<Batch>, Stop> {
        match piece {
            Piece::Events { file, batch, left_out } => {
                let events = batch.events as u64;
                self.inputs[file].uncertified += left_out;
                self.inputs[file].processed += events;
                self.inputs[file].cost.wait += wait;
                self.ledger.events_processed += events;
                self.ledger.narrowed += batch.narrowed;
                self.ledger.batches += 1;
                let used = self.push(file, batch, pass)?;
                progress.advance(events + left_out);
                Ok(used)
            }
            Piece::Done { file, path, totals, reader } => {
                // Only now is all read that comes late.
                let stats = totals();
                let input = &self.inputs[file];
                input
                    .identity
                    .check_unchanged(&path)
                    .map_err(|error| Stop { file: Some(input.file), error })?;
                let cost = &mut self.inputs[file].cost;
                cost.wait += wait;
                cost.reader += reader;
                ledger::add_stats(&mut cost.read, stats);
                ledger::add_stats(&mut self.timings.read, stats);
                self.timings.reader += reader;
                Ok(None)
            }
        }
    }

    /// What the backend has made of all events.
    pub(super) fn finish(&mut self, mut pass: Box<dyn Pass>) -> Result<Partial, Stop> {
        let (kernels, partial) = timed(&mut self.timings.compute, || {
            let kernels = pass.kernels()?;
            Ok::<_, crate::error::Error>((kernels, pass.finish()?))
        })?;
        self.timings.kernels = kernels;
        Ok(partial)
    }

    /// Puts one batch through the backend, and returns it if it is done with.
    fn push(
        &mut self,
        file: usize,
        batch: Batch,
        pass: &mut dyn Pass,
    ) -> Result<Option<Batch>, Stop> {
        let (mut time, before) = (Duration::ZERO, pass.uploading());
        let (deferred, batch) = (batch.deferred.clone(), Arc::new(batch));
        timed(&mut time, || pass.push(Arc::clone(&batch))).map_err(|error| {
            // The file is to blame for what cannot be read of a late column.
            let file = deferred.has_failed().then_some(self.inputs[file].file);
            Stop { file, error }
        })?;
        let upload = pass.uploading() - before;
        self.timings.compute += time;
        self.timings.upload += upload;
        let cost = &mut self.inputs[file].cost;
        cost.upload += upload;
        cost.compute += time.saturating_sub(upload);
        Ok(Arc::into_inner(batch))
    }
}
