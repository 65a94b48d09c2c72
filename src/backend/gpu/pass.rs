//! A plan on a device: chunks go up, kernels run, and the histograms stay
//! there until the end.

use super::arena::{Chunk, Span};
use super::clock::Clock;
use super::device::{Bound, Gpu};
use super::emit::WORKGROUP_SIZE;
use super::prepared::PreparedPlan;
use super::resident::Place;
use crate::backend::{Partial, Pass};
use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::kernels::fill::MAX_ENTRIES;
use crate::plan::check;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Chunks in flight: one is computed while the next one is written.
const SLOTS: usize = 2;

/// Workgroups in one direction of a dispatch, WebGPU's limit.
const MAX_GROUPS: u32 = 65_535;

/// Buffers of a chunk in flight.
struct Slot {
    arena: wgpu::Buffer,
    params: wgpu::Buffer,
    scratch: wgpu::Buffer,
    /// One for each kernel.
    groups: Vec<wgpu::BindGroup>,
    busy: Option<wgpu::SubmissionIndex>,
}

/// One pass over the events.
pub(super) struct GpuPass {
    prepared: Arc<PreparedPlan>,
    /// The histograms of each kernel.
    outs: Vec<wgpu::Buffer>,
    tables: wgpu::Buffer,
    slots: Vec<Slot>,
    next: usize,
    /// Most entries that a cell may have received since it was cleared.
    entries: u64,
    /// The batch at hand, if it is to stay on the device.
    keeping: Option<Arc<Batch>>,
    /// Time that it took to copy chunks to the device.
    uploading: Duration,
    clock: Option<Clock>,
    partial: Partial,
}

impl GpuPass {
    /// A pass that has no events yet.
    pub(super) fn new(prepared: Arc<PreparedPlan>) -> Result<GpuPass> {
        let device = &prepared.shared.device;
        let words = prepared.kernels.iter().map(|(kernel, _)| prepared.copies * kernel.out_words);
        let outs = words.map(|words| buffer(device, "histograms", words, OUT)).collect();
        let tables = buffer(device, "axes", prepared.tables.len(), IN);
        device.queue.write_buffer(&tables, 0, bytemuck::cast_slice(&prepared.tables));
        device.check()?;
        Ok(GpuPass {
            outs,
            tables,
            slots: Vec::new(),
            next: 0,
            entries: 0,
            keeping: None,
            uploading: Duration::ZERO,
            clock: Clock::new(device),
            partial: Partial::new(&prepared.plan),
            prepared,
        })
    }

    fn device(&self) -> &Gpu {
        &self.prepared.shared.device
    }

    /// Evaluates a chunk, in halves if it is too large for the device.
    fn run(&mut self, chunk: &Chunk<'_>) -> Result<()> {
        if chunk.events.is_empty() {
            return Ok(());
        }
        let words = chunk.words();
        let (scratch, _) = chunk.scratch();
        let most = self.prepared.settings.chunk_words as u64;
        let entries = self.prepared.bounds.entries(&self.prepared.plan.ir, chunk);
        if words as u64 > most || scratch > most || entries > MAX_ENTRIES {
            if chunk.events.len() > 1 {
                return chunk.halves().iter().try_for_each(|half| self.run(half));
            }
            return Err(Error::device(format!(
                "one event of {} MiB, which can fill one histogram {entries} times, is too large \
                 for the device; use the CPU",
                (words as u64).max(scratch) >> 18
            )));
        }
        if self.entries + entries > MAX_ENTRIES {
            self.collect()?;
        }
        self.entries += entries;
        self.submit(chunk, words, scratch as usize)
    }

    fn submit(&mut self, chunk: &Chunk<'_>, words: usize, scratch: usize) -> Result<()> {
        let resident = self.resident(chunk, words)?;
        let at = self.free_slot(if resident.is_some() { 0 } else { words }, scratch)?;
        if resident.is_none() {
            let arena = self.slots[at].arena.clone();
            self.upload(chunk, words, &arena)?;
        }
        let prepared = Arc::clone(&self.prepared);
        let device = &prepared.shared.device;
        let slot = &mut self.slots[at];
        let bound = match &resident {
            None => &slot.groups,
            Some(arena) => {
                let outs = self.outs.iter();
                &outs.map(|out| slot.bind(device, out, &self.tables, arena)).collect()
            }
        };
        let events = chunk.events.len() as u32;
        device.queue.write_buffer(
            &slot.params,
            0,
            bytemuck::cast_slice(&[events, 0, prepared.copies as u32, 0]),
        );
        let mut encoder = device.device.create_command_encoder(&Default::default());
        {
            let clock = self.clock.as_mut().map(|clock| clock.next(device)).transpose()?;
            let timed = wgpu::ComputePassDescriptor { label: None, timestamp_writes: clock };
            let mut pass = encoder.begin_compute_pass(&timed);
            let groups = events.div_ceil(WORKGROUP_SIZE);
            let wide = groups.min(MAX_GROUPS);
            for ((_, pipeline), group) in prepared.kernels.iter().zip(bound) {
                pass.set_pipeline(&pipeline.raw);
                pass.set_bind_group(0, group, &[]);
                pass.dispatch_workgroups(wide, groups.div_ceil(wide), 1);
            }
        }
        slot.busy = Some(device.queue.submit([encoder.finish()]));
        prepared.shared.dispatches.fetch_add(self.outs.len() as u64, Ordering::Relaxed);
        device.check()
    }

    /// The arena of a chunk that stays on the device. Of its columns those go up that
    /// are not there yet, for whatever plan they went there.
    fn resident(&mut self, chunk: &Chunk<'_>, words: usize) -> Result<Option<wgpu::Buffer>> {
        let Some(batch) = self.keeping.clone() else { return Ok(None) };
        let prepared = Arc::clone(&self.prepared);
        let shared = &prepared.shared;
        let place = Place { events: chunk.events.clone(), extras: prepared.extras.clone() };
        if let Some(arena) = shared.residents().find(&batch, &place) {
            return Ok(Some(arena));
        }
        if !shared.residents().make_room(&batch, &place, 4 * words as u64) {
            return Ok(None);
        }
        let arena = buffer(&shared.device, "resident events", words, OUT);
        let pieces = chunk.pieces();
        let known = shared.residents().pieces(&batch, &chunk.events, &pieces);
        if known.is_empty() {
            self.upload(chunk, words, &arena)?;
        } else {
            self.complete(chunk, &arena, &known)?;
        }
        shared.residents().keep(&batch, &place, pieces, arena.clone());
        Ok(Some(arena))
    }

    /// Makes an arena of pieces that are on the device, and copies the others to it.
    fn complete(
        &mut self,
        chunk: &Chunk<'_>,
        arena: &wgpu::Buffer,
        known: &[(Span, wgpu::Buffer, u64)],
    ) -> Result<()> {
        let shared = &self.prepared.shared;
        let device = &shared.device;
        let started = Instant::now();
        let mut uploaded = 0;
        chunk.write(&mut |piece, at, bytes| {
            if known.iter().all(|(span, ..)| span.piece != piece) && !bytes.is_empty() {
                device.queue.write_buffer(arena, at as u64, bytes);
                uploaded += bytes.len() as u64;
            }
        })?;
        let mut encoder = device.device.create_command_encoder(&Default::default());
        for (span, from, at) in known.iter().filter(|(span, ..)| !span.words.is_empty()) {
            let to = 4 * span.words.start as u64;
            encoder.copy_buffer_to_buffer(from, *at, arena, to, 4 * span.words.len() as u64);
        }
        device.queue.submit([encoder.finish()]);
        shared.uploaded.fetch_add(uploaded, Ordering::Relaxed);
        self.uploading += started.elapsed();
        device.check()
    }

    /// Copies a chunk to the device.
    fn upload(&mut self, chunk: &Chunk<'_>, words: usize, arena: &wgpu::Buffer) -> Result<()> {
        let device = &self.prepared.shared.device;
        let started = Instant::now();
        let size = wgpu::BufferSize::new(4 * words as u64).expect("an arena has a directory");
        let mut view = device.queue.write_buffer_with(arena, 0, size).ok_or_else(|| {
            let found = device.check().err();
            found.unwrap_or_else(|| {
                Error::device("no memory for the upload of a chunk; use smaller chunks")
            })
        })?;
        chunk.write(&mut |_, at, bytes| view.slice(at..at + bytes.len()).copy_from_slice(bytes))?;
        drop(view);
        self.prepared.shared.uploaded.fetch_add(4 * words as u64, Ordering::Relaxed);
        self.uploading += started.elapsed();
        Ok(())
    }

    /// A slot whose last chunk is done, with buffers of at least these words.
    fn free_slot(&mut self, words: usize, scratch: usize) -> Result<usize> {
        let at = self.next;
        self.next = (self.next + 1) % SLOTS;
        if let Some(slot) = self.slots.get_mut(at) {
            if let Some(index) = slot.busy.take() {
                wait(&self.prepared.shared.device, Some(index))?;
            }
            let fits = |b: &wgpu::Buffer, words: usize| b.size() >= 4 * words as u64;
            if fits(&slot.arena, words) && fits(&slot.scratch, scratch) {
                return Ok(at);
            }
        }
        // Chunks are of similar size: some reserve saves allocations.
        let reserve = |words: usize| (words + words / 4).min(self.prepared.settings.chunk_words);
        let slot = self.new_slot(reserve(words), reserve(scratch));
        if at < self.slots.len() {
            self.slots[at] = slot;
        } else {
            self.slots.push(slot);
        }
        self.device().check()?;
        Ok(at)
    }

    fn new_slot(&self, words: usize, scratch: usize) -> Slot {
        let device = self.device();
        let arena = buffer(device, "events", words, IN);
        let params = buffer(
            device,
            "parameters",
            4,
            wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
        );
        let scratch = buffer(device, "scratch", scratch, wgpu::BufferUsages::STORAGE);
        let mut slot = Slot { arena, params, scratch, groups: Vec::new(), busy: None };
        let outs = self.outs.iter();
        slot.groups = outs.map(|out| slot.bind(device, out, &self.tables, &slot.arena)).collect();
        slot
    }

    /// Reads the histograms back and clears them.
    fn collect(&mut self) -> Result<()> {
        let prepared = Arc::clone(&self.prepared);
        let device = &prepared.shared.device;
        for ((kernel, _), out) in prepared.kernels.iter().zip(&self.outs) {
            let size = out.size();
            let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
            let back = buffer(device, "results", (size / 4) as usize, usage);
            let mut encoder = device.device.create_command_encoder(&Default::default());
            encoder.copy_buffer_to_buffer(out, 0, &back, 0, size);
            encoder.clear_buffer(out, 0, None);
            device.queue.submit([encoder.finish()]);
            back.slice(..).map_async(wgpu::MapMode::Read, |_| {});
            wait(device, None)?;
            let view = back.slice(..).get_mapped_range().map_err(|e| {
                Error::device(format!(
                    "the results cannot be read back: {e}; use smaller chunks or the CPU"
                ))
                .with_source(e)
            })?;
            let numbers: &[u64] = bytemuck::cast_slice(&view);
            let mut sums = vec![0u64; kernel.out_words / 2];
            for copy in numbers.chunks_exact(sums.len()) {
                let pairs = sums.iter_mut().zip(copy);
                pairs.for_each(|(sum, number)| *sum = sum.wrapping_add(*number));
            }
            let words: &[u32] = bytemuck::cast_slice(&sums);
            let faults = words[kernel.fault];
            if faults > 0 {
                return Err(Error::device(format!(
                    "{} gave up the loops of {faults} events before their end (software devices \
                     do so after 65,535 turns); use the CPU",
                    device.adapter()
                )));
            }
            for (number, layout) in &kernel.fills {
                self.partial.fills[*number].add_decoded(layout, words);
            }
        }
        self.entries = 0;
        Ok(())
    }
}

impl Slot {
    /// A kernel's buffers, with this arena.
    fn bind(
        &self,
        device: &Gpu,
        out: &wgpu::Buffer,
        tables: &wgpu::Buffer,
        arena: &wgpu::Buffer,
    ) -> wgpu::BindGroup {
        let (scratch, params) = (&self.scratch, &self.params);
        device.bind(&Bound { arena, tables, out, scratch, params })
    }
}

impl Pass for GpuPass {
    fn push(&mut self, batch: Arc<Batch>) -> Result<()> {
        let PreparedPlan { plan, extras, .. } = &*Arc::clone(&self.prepared);
        check::batch(plan, &batch, &[])?;
        self.run(&Chunk::new(plan, extras, &batch, 0..batch.events))?;
        self.partial.events += batch.events as u64;
        Ok(())
    }

    fn push_resident(&mut self, batch: Arc<Batch>) -> Result<()> {
        self.keeping = Some(Arc::clone(&batch));
        let pushed = self.push(batch);
        self.keeping = None;
        pushed
    }

    fn uploading(&self) -> Duration {
        self.uploading
    }

    fn kernels(&mut self) -> Result<Option<Duration>> {
        let device = &self.prepared.shared.device;
        self.clock.as_mut().map(|clock| clock.time(device)).transpose()
    }

    fn finish(mut self: Box<Self>) -> Result<Partial> {
        self.collect()?;
        Ok(self.partial)
    }
}

const IN: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE.union(wgpu::BufferUsages::COPY_DST);
const OUT: wgpu::BufferUsages = IN.union(wgpu::BufferUsages::COPY_SRC);

/// A zeroed buffer; at least 4 words, as empty ones cannot be bound.
fn buffer(device: &Gpu, label: &str, words: usize, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    device.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: 4 * words.max(4) as u64,
        usage,
        mapped_at_creation: false,
    })
}

/// Waits for a submission, or for all of them.
fn wait(device: &Gpu, submission_index: Option<wgpu::SubmissionIndex>) -> Result<()> {
    let waited = device.device.poll(wgpu::PollType::Wait { submission_index, timeout: None });
    device.check()?;
    waited.map(|_| ()).map_err(|e| {
        Error::device(format!("the device did not finish: {e}; use smaller chunks or the CPU"))
            .with_source(e)
    })
}
