//! A plan on a device: chunks go up, kernels run, and the histograms stay
//! there until the end.

use super::arena::Chunk;
use super::bound::Bounds;
use super::clock::Clock;
use super::device::{Bound, Gpu, Pipeline};
use super::emit::{Extra, Kernel, Limits, Program, WORKGROUP_SIZE};
use super::resident::{Place, Residents};
use crate::backend::{Backend, Partial, Pass};
use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::kernels::fill::MAX_ENTRIES;
use crate::plan::{Plan, check};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Chunks in flight: one is computed while the next one is written.
const SLOTS: usize = 2;

/// Workgroups in one direction of a dispatch, WebGPU's limit.
const MAX_GROUPS: u32 = 65_535;

/// Most copies of a histogram. Atomic operations on one word wait for each
/// other: many events in one bin are spread over the copies.
const COPIES: usize = 64;

/// Most words of all copies of a pass, which are read back at its end.
const COPIED_WORDS: usize = 4 << 20;

/// Evaluates plans on a GPU.
#[derive(Debug)]
pub struct GpuBackend {
    device: Gpu,
    dispatches: AtomicU64,
    /// Bytes of columns that were copied to the device.
    uploaded: AtomicU64,
    residents: Mutex<Residents>,
    /// Most words of one chunk's columns; no result depends on it.
    chunk_words: usize,
    /// Kernels compiled so far, by their text: samples often have equal plans.
    pipelines: Mutex<HashMap<String, Pipeline>>,
    rewrite: fn(String) -> String,
}

impl GpuBackend {
    /// A backend on this device.
    pub fn new(device: Gpu) -> GpuBackend {
        let chunk_words = binding_words(&device);
        GpuBackend {
            device,
            dispatches: AtomicU64::new(0),
            uploaded: AtomicU64::new(0),
            residents: Mutex::default(),
            chunk_words,
            pipelines: Mutex::default(),
            rewrite: |wgsl| wgsl,
        }
    }

    /// Changes the text of every kernel before it is compiled: how a test
    /// plants an error that it must find.
    #[doc(hidden)]
    pub fn rewritten(self, rewrite: fn(String) -> String) -> GpuBackend {
        GpuBackend { rewrite, ..self }
    }

    /// Lets no chunk have more than these words of columns; for tests.
    #[cfg(test)]
    pub(super) fn limit_chunks(&mut self, words: usize) {
        self.chunk_words = words;
    }

    /// The device that it runs on.
    pub fn device(&self) -> &Gpu {
        &self.device
    }

    /// The pipeline of a kernel, compiled once for all passes.
    fn pipeline(&self, source: &str) -> Result<Pipeline> {
        let known = || self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = known().get(source) {
            return Ok(pipeline.clone());
        }
        let pipeline = self.device.pipeline(source, "main")?;
        known().insert(source.to_owned(), pipeline.clone());
        Ok(pipeline)
    }

    /// Number of kernels that were compiled so far.
    pub fn compiled(&self) -> usize {
        self.pipelines.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Bytes of columns that were copied to the device so far.
    pub fn uploaded(&self) -> u64 {
        self.uploaded.load(Ordering::Relaxed)
    }

    /// Number of kernels that were started so far.
    pub fn dispatches(&self) -> u64 {
        self.dispatches.load(Ordering::Relaxed)
    }
}

/// Words of the largest storage buffer that a kernel can see.
fn binding_words(device: &Gpu) -> usize {
    // Positions are words and flags are found by byte, both in 32 bits.
    usize::try_from(device.largest_buffer() / 4).unwrap_or(usize::MAX).min(1 << 30)
}

impl Backend for GpuBackend {
    fn name(&self) -> String {
        self.device.adapter().to_string()
    }

    fn compile<'a>(&'a self, plan: &'a Plan) -> Result<Box<dyn Pass + 'a>> {
        Ok(Box::new(GpuPass::new(self, plan)?))
    }
}

/// One kernel, ready to run.
struct Loaded {
    kernel: Kernel,
    pipeline: Pipeline,
    out: wgpu::Buffer,
}

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
struct GpuPass<'a> {
    backend: &'a GpuBackend,
    plan: &'a Plan,
    bounds: Bounds,
    kernels: Vec<Loaded>,
    extras: Vec<Extra>,
    copies: usize,
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

impl<'a> GpuPass<'a> {
    fn new(backend: &'a GpuBackend, plan: &'a Plan) -> Result<GpuPass<'a>> {
        let device = &backend.device;
        let limits = Limits { out_words: binding_words(device), ..Limits::default() };
        let program = Program::new(plan, &limits)?;
        let words: usize = program.kernels.iter().map(|k| k.out_words).sum();
        let largest = program.kernels.iter().map(|k| k.out_words).max().unwrap_or(1);
        let copies = COPIES.min(COPIED_WORDS / words.max(1)).min(limits.out_words / largest).max(1);
        // Drivers take their time, and can compile on several threads.
        let kernels = program.kernels.into_par_iter().map(|mut kernel| {
            kernel.source = (backend.rewrite)(kernel.source);
            let pipeline = backend.pipeline(&kernel.source)?;
            let out = buffer(device, "histograms", copies * kernel.out_words, OUT);
            Ok(Loaded { kernel, pipeline, out })
        });
        let kernels = kernels.collect::<Result<Vec<_>>>()?;
        let tables = buffer(device, "axes", program.tables.len(), IN);
        device.queue.write_buffer(&tables, 0, bytemuck::cast_slice(&program.tables));
        device.check()?;
        Ok(GpuPass {
            backend,
            plan,
            bounds: Bounds::new(plan),
            kernels,
            extras: program.extras,
            copies,
            tables,
            slots: Vec::new(),
            next: 0,
            entries: 0,
            keeping: None,
            uploading: Duration::ZERO,
            clock: Clock::new(device),
            partial: Partial::new(plan),
        })
    }

    /// Evaluates a chunk, in halves if it is too large for the device.
    fn run(&mut self, chunk: &Chunk<'_>) -> Result<()> {
        if chunk.events.is_empty() {
            return Ok(());
        }
        let words = chunk.words();
        let (scratch, _) = chunk.scratch();
        let most = self.backend.chunk_words as u64;
        let entries = self.bounds.entries(&self.plan.ir, chunk);
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
        let device = &self.backend.device;
        let slot = &mut self.slots[at];
        let own;
        let bound = match &resident {
            None => &slot.groups,
            Some(arena) => {
                let kernels = self.kernels.iter();
                own = kernels.map(|loaded| slot.bind(device, loaded, &self.tables, arena));
                &own.collect::<Vec<_>>()
            }
        };
        let events = chunk.events.len() as u32;
        device.queue.write_buffer(
            &slot.params,
            0,
            bytemuck::cast_slice(&[events, 0, self.copies as u32, 0]),
        );
        let mut encoder = device.device.create_command_encoder(&Default::default());
        {
            let clock = self.clock.as_mut().map(|clock| clock.next(device)).transpose()?;
            let timed = wgpu::ComputePassDescriptor { label: None, timestamp_writes: clock };
            let mut pass = encoder.begin_compute_pass(&timed);
            let groups = events.div_ceil(WORKGROUP_SIZE);
            let wide = groups.min(MAX_GROUPS);
            for (loaded, group) in self.kernels.iter().zip(bound) {
                pass.set_pipeline(&loaded.pipeline.raw);
                pass.set_bind_group(0, group, &[]);
                pass.dispatch_workgroups(wide, groups.div_ceil(wide), 1);
            }
        }
        slot.busy = Some(device.queue.submit([encoder.finish()]));
        self.backend.dispatches.fetch_add(self.kernels.len() as u64, Ordering::Relaxed);
        device.check()
    }

    /// The arena of a chunk that stays on the device, uploaded if it was not yet.
    fn resident(&mut self, chunk: &Chunk<'_>, words: usize) -> Result<Option<wgpu::Buffer>> {
        let Some(batch) = self.keeping.clone() else { return Ok(None) };
        let layout = format!("{:?} {:?}", self.plan.request, self.extras);
        let place = Place { layout, events: chunk.events.clone() };
        let backend = self.backend;
        let residents = || backend.residents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(arena) = residents().find(&batch, &place) {
            return Ok(Some(arena));
        }
        if !residents().has_room(words) {
            return Ok(None);
        }
        let arena = buffer(&backend.device, "resident events", words, IN);
        self.upload(chunk, words, &arena)?;
        residents().keep(&batch, place, arena.clone());
        Ok(Some(arena))
    }

    /// Copies a chunk to the device.
    fn upload(&mut self, chunk: &Chunk<'_>, words: usize, arena: &wgpu::Buffer) -> Result<()> {
        let device = &self.backend.device;
        let started = Instant::now();
        let size = wgpu::BufferSize::new(4 * words as u64).expect("an arena has a directory");
        let mut view = device.queue.write_buffer_with(arena, 0, size).ok_or_else(|| {
            let found = device.check().err();
            found.unwrap_or_else(|| {
                Error::device("no memory for the upload of a chunk; use smaller chunks")
            })
        })?;
        chunk.write(&mut |at, bytes| view.slice(at..at + bytes.len()).copy_from_slice(bytes))?;
        drop(view);
        self.backend.uploaded.fetch_add(4 * words as u64, Ordering::Relaxed);
        self.uploading += started.elapsed();
        Ok(())
    }

    /// A slot whose last chunk is done, with buffers of at least these words.
    fn free_slot(&mut self, words: usize, scratch: usize) -> Result<usize> {
        let at = self.next;
        self.next = (self.next + 1) % SLOTS;
        if let Some(slot) = self.slots.get_mut(at) {
            if let Some(index) = slot.busy.take() {
                wait(&self.backend.device, Some(index))?;
            }
            let fits = |b: &wgpu::Buffer, words: usize| b.size() >= 4 * words as u64;
            if fits(&slot.arena, words) && fits(&slot.scratch, scratch) {
                return Ok(at);
            }
        }
        // Chunks are of similar size: some reserve saves allocations.
        let reserve = |words: usize| (words + words / 4).min(self.backend.chunk_words);
        let slot = self.new_slot(reserve(words), reserve(scratch));
        if at < self.slots.len() {
            self.slots[at] = slot;
        } else {
            self.slots.push(slot);
        }
        self.backend.device.check()?;
        Ok(at)
    }

    fn new_slot(&self, words: usize, scratch: usize) -> Slot {
        let device = &self.backend.device;
        let arena = buffer(device, "events", words, IN);
        let params = buffer(
            device,
            "parameters",
            4,
            wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
        );
        let scratch = buffer(device, "scratch", scratch, wgpu::BufferUsages::STORAGE);
        let mut slot = Slot { arena, params, scratch, groups: Vec::new(), busy: None };
        let kernels = self.kernels.iter();
        slot.groups = kernels.map(|k| slot.bind(device, k, &self.tables, &slot.arena)).collect();
        slot
    }

    /// Reads the histograms back and clears them.
    fn collect(&mut self) -> Result<()> {
        let device = &self.backend.device;
        for loaded in &self.kernels {
            let size = loaded.out.size();
            let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
            let back = buffer(device, "results", (size / 4) as usize, usage);
            let mut encoder = device.device.create_command_encoder(&Default::default());
            encoder.copy_buffer_to_buffer(&loaded.out, 0, &back, 0, size);
            encoder.clear_buffer(&loaded.out, 0, None);
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
            let mut sums = vec![0u64; loaded.kernel.out_words / 2];
            for copy in numbers.chunks_exact(sums.len()) {
                let pairs = sums.iter_mut().zip(copy);
                pairs.for_each(|(sum, number)| *sum = sum.wrapping_add(*number));
            }
            let words: &[u32] = bytemuck::cast_slice(&sums);
            let faults = words[loaded.kernel.fault];
            if faults > 0 {
                return Err(Error::device(format!(
                    "{} gave up the loops of {faults} events before their end (software devices \
                     do so after 65,535 turns); use the CPU",
                    self.backend.name()
                )));
            }
            for (number, layout) in &loaded.kernel.fills {
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
        loaded: &Loaded,
        tables: &wgpu::Buffer,
        arena: &wgpu::Buffer,
    ) -> wgpu::BindGroup {
        let (scratch, params) = (&self.scratch, &self.params);
        device.bind(&Bound { arena, tables, out: &loaded.out, scratch, params })
    }
}

impl Pass for GpuPass<'_> {
    fn push(&mut self, batch: Arc<Batch>) -> Result<()> {
        check::batch(self.plan, &batch, &[])?;
        let extras = self.extras.clone();
        self.run(&Chunk::new(self.plan, &extras, &batch, 0..batch.events))?;
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
        let device = &self.backend.device;
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
