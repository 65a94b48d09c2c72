//! A plan on a device: chunks go up, kernels run, and the histograms stay
//! there until the end.

use super::arena::Chunk;
use super::bound::Bounds;
use super::device::{Bound, Gpu, Pipeline};
use super::emit::{Kernel, Limits, Program, WORKGROUP_SIZE};
use crate::backend::{Backend, Partial, Pass, cpu};
use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::kernels::fill::MAX_ENTRIES;
use crate::plan::Plan;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Chunks in flight: one is computed while the next one is written.
const SLOTS: usize = 2;

/// Workgroups in one direction of a dispatch, WebGPU's limit.
const MAX_GROUPS: u32 = 65_535;

/// Evaluates plans on a GPU.
#[derive(Debug)]
pub struct GpuBackend {
    device: Gpu,
    dispatches: AtomicU64,
    /// Most words of one chunk's columns; no result depends on it.
    chunk_words: usize,
}

impl GpuBackend {
    /// A backend on this device.
    pub fn new(device: Gpu) -> GpuBackend {
        let chunk_words = binding_words(&device);
        GpuBackend { device, dispatches: AtomicU64::new(0), chunk_words }
    }

    /// The device that it runs on.
    pub fn device(&self) -> &Gpu {
        &self.device
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
    tables: wgpu::Buffer,
    scratch: wgpu::Buffer,
    slots: Vec<Slot>,
    next: usize,
    /// Most entries that a cell may have received since it was cleared.
    entries: u64,
    partial: Partial,
}

impl<'a> GpuPass<'a> {
    fn new(backend: &'a GpuBackend, plan: &'a Plan) -> Result<GpuPass<'a>> {
        let device = &backend.device;
        let limits = Limits { out_words: binding_words(device), ..Limits::default() };
        let program = Program::new(plan, &limits)?;
        let kernels = program.kernels.into_iter().map(|kernel| {
            let pipeline = device.pipeline(&kernel.source, "main")?;
            let out = buffer(device, "histograms", kernel.out_words, OUT);
            Ok(Loaded { kernel, pipeline, out })
        });
        let kernels = kernels.collect::<Result<Vec<_>>>()?;
        let tables = buffer(device, "axes", program.tables.len(), IN);
        device.queue.write_buffer(&tables, 0, bytemuck::cast_slice(&program.tables));
        let scratch = buffer(device, "scratch", 1, wgpu::BufferUsages::STORAGE);
        device.check()?;
        Ok(GpuPass {
            backend,
            plan,
            bounds: Bounds::new(plan),
            kernels,
            tables,
            scratch,
            slots: Vec::new(),
            next: 0,
            entries: 0,
            partial: Partial::new(plan),
        })
    }

    /// Evaluates a chunk, in halves if it is too large for the device.
    fn run(&mut self, chunk: &Chunk<'_>) -> Result<()> {
        if chunk.events.is_empty() {
            return Ok(());
        }
        let words = chunk.words();
        let entries = self.bounds.entries(&self.plan.ir, chunk);
        if words > self.backend.chunk_words || entries > MAX_ENTRIES {
            if chunk.events.len() > 1 {
                return chunk.halves().iter().try_for_each(|half| self.run(half));
            }
            return Err(Error::device(format!(
                "one event of {} MiB, which can fill one histogram {entries} times, is too large \
                 for the device; use the CPU",
                words >> 18
            )));
        }
        if self.entries + entries > MAX_ENTRIES {
            self.collect()?;
        }
        self.entries += entries;
        self.submit(chunk, words)
    }

    fn submit(&mut self, chunk: &Chunk<'_>, words: usize) -> Result<()> {
        let device = &self.backend.device;
        let at = self.free_slot(words)?;
        let slot = &mut self.slots[at];
        let events = chunk.events.len() as u32;
        let size = wgpu::BufferSize::new(4 * words as u64).expect("an arena has a directory");
        let mut view = device.queue.write_buffer_with(&slot.arena, 0, size).ok_or_else(|| {
            let found = device.check().err();
            found.unwrap_or_else(|| {
                Error::device("no memory for the upload of a chunk; use smaller chunks")
            })
        })?;
        chunk.write(&mut |at, bytes| view.slice(at..at + bytes.len()).copy_from_slice(bytes))?;
        drop(view);
        device.queue.write_buffer(&slot.params, 0, bytemuck::cast_slice(&[events, 0, 0, 0]));
        let mut encoder = device.device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            let groups = events.div_ceil(WORKGROUP_SIZE);
            let wide = groups.min(MAX_GROUPS);
            for (loaded, group) in self.kernels.iter().zip(&slot.groups) {
                pass.set_pipeline(&loaded.pipeline.raw);
                pass.set_bind_group(0, group, &[]);
                pass.dispatch_workgroups(wide, groups.div_ceil(wide), 1);
            }
        }
        slot.busy = Some(device.queue.submit([encoder.finish()]));
        self.backend.dispatches.fetch_add(self.kernels.len() as u64, Ordering::Relaxed);
        device.check()
    }

    /// A slot whose last chunk is done, with an arena of at least `words`.
    fn free_slot(&mut self, words: usize) -> Result<usize> {
        let at = self.next;
        self.next = (self.next + 1) % SLOTS;
        if let Some(slot) = self.slots.get_mut(at) {
            if let Some(index) = slot.busy.take() {
                wait(&self.backend.device, Some(index))?;
            }
            if slot.arena.size() >= 4 * words as u64 {
                return Ok(at);
            }
        }
        // Chunks are of similar size: some reserve saves allocations.
        let reserve = (words + words / 4).min(self.backend.chunk_words);
        let slot = self.new_slot(reserve);
        if at < self.slots.len() {
            self.slots[at] = slot;
        } else {
            self.slots.push(slot);
        }
        self.backend.device.check()?;
        Ok(at)
    }

    fn new_slot(&self, words: usize) -> Slot {
        let device = &self.backend.device;
        let arena = buffer(device, "events", words, IN);
        let params = buffer(
            device,
            "parameters",
            4,
            wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        );
        let group = |loaded: &Loaded| {
            device.bind(&Bound {
                arena: &arena,
                tables: &self.tables,
                out: &loaded.out,
                scratch: &self.scratch,
                params: &params,
            })
        };
        let groups = self.kernels.iter().map(group).collect();
        Slot { arena, params, groups, busy: None }
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
            })?;
            let words: &[u32] = bytemuck::cast_slice(&view);
            for (number, layout) in &loaded.kernel.fills {
                self.partial.fills[*number].merge(&layout.decode(words));
            }
        }
        self.entries = 0;
        Ok(())
    }
}

impl Pass for GpuPass<'_> {
    fn push(&mut self, batch: Arc<Batch>) -> Result<()> {
        cpu::check::batch(self.plan, &batch)?;
        self.run(&Chunk::new(self.plan, &batch, 0..batch.events))?;
        self.partial.events += batch.events as u64;
        Ok(())
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
    })
}
