//! One block of events: the spaces and columns worked out so far, and the
//! steps that work them out.

use super::column::{Arg, Column, Element, Pools};
use super::combos::Patterns;
use super::program::{Program, Step};
use super::real::{Prepared, Real};
use super::spaces::Spaces;
use crate::batch::Batch;
use crate::error::Error;
use crate::ir::{NodeId, Ty};
use crate::plan::Plan;
use std::ops::Range;

/// What a thread keeps from block to block.
#[derive(Debug, Default)]
pub(super) struct Scratch<R> {
    pub(super) pools: Pools<R>,
    pub(super) patterns: Patterns,
}

/// Why a block was not evaluated.
#[derive(Debug)]
pub(super) enum Stop {
    /// A space would have this many elements: take fewer events.
    TooLarge(u64),
    /// Fewer events do not help.
    Failed(Error),
}

/// The state of a block's evaluation.
pub(super) struct Block<'b, 's, R: Real> {
    pub(super) plan: &'b Plan,
    /// Those of the plan.
    pub(super) kernels: &'b [Prepared<R>],
    pub(super) batch: &'b Batch,
    pub(super) range: Range<usize>,
    /// The positions that the batch's events had in the one that was read, if they are
    /// not all of that.
    pub(super) positions: Option<&'b [u32]>,
    /// Above this many elements of a space a block of several events stops.
    pub(super) most: u64,
    /// Elements that a segment takes together, or a little more.
    pub(super) chunk_elements: u64,
    pub(super) spaces: Spaces<'b>,
    pub(super) values: Vec<Option<Column<'b, R>>>,
    pub(super) pools: &'s mut Pools<R>,
    pub(super) patterns: &'s mut Patterns,
}

impl<'b, 's, R: Real> Block<'b, 's, R> {
    /// The events `range` of a batch, nothing worked out yet.
    pub(super) fn new(
        (plan, kernels): (&'b Plan, &'b [Prepared<R>]),
        batch: &'b Batch,
        range: Range<usize>,
        (most, chunk_elements): (u64, u64),
        scratch: &'s mut Scratch<R>,
    ) -> Self {
        Block {
            plan,
            kernels,
            batch,
            most,
            chunk_elements,
            spaces: Spaces::new(&plan.ir, range.len()),
            range,
            positions: None,
            values: plan.ir.nodes().iter().map(|_| None).collect(),
            pools: &mut scratch.pools,
            patterns: &mut scratch.patterns,
        }
    }

    /// Does all steps; `fill` does the fills. Returns the number of elements
    /// of the largest space.
    pub(super) fn run(
        mut self,
        program: &Program,
        mut fill: impl FnMut(usize, &Block<'b, 's, R>),
    ) -> Result<u64, Stop> {
        let done = self.steps(program, &mut fill);
        let sizes = self.spaces.data.iter().flatten().filter_map(|s| s.offsets.last());
        let largest = sizes.max().map_or(0, |n| u64::from(*n));
        for column in self.values.drain(..).flatten() {
            self.pools.recycle(column);
        }
        for space in self.spaces.data.drain(..).flatten() {
            space.recycle(self.pools, self.patterns);
        }
        done.map(|()| largest)
    }

    /// Does all steps and keeps the columns.
    pub(super) fn steps(
        &mut self,
        program: &Program,
        fill: &mut impl FnMut(usize, &Block<'b, 's, R>),
    ) -> Result<(), Stop> {
        for step in &program.steps {
            match *step {
                Step::Space(id) => {
                    let space = self.space(id, &program.gates[id.index()])?;
                    self.spaces.data[id.index()] = Some(space);
                }
                Step::Node(id) => {
                    let column = self.node(id);
                    self.values[id.index()] = Some(column);
                }
                Step::Segment(k) => self.segment(&program.segments[k]),
                Step::Fill(k) => fill(k, self),
                Step::Free(id) => self.free(id),
            }
        }
        Ok(())
    }

    /// Gives the buffer of a column back that is not used any more.
    pub(super) fn free(&mut self, id: NodeId) {
        if let Some(column) = self.values[id.index()].take() {
            self.pools.recycle(column);
        }
    }

    pub(super) fn ty(&self, id: NodeId) -> Ty {
        self.plan.ir.ty(id)
    }

    /// The column of a node that is no constant.
    pub(super) fn column(&self, id: NodeId) -> &Column<'b, R> {
        self.values[id.index()].as_ref().expect("the program computes operands before their users")
    }

    /// The values of a node that is no constant.
    pub(super) fn values<T: Element<R>>(&self, id: NodeId) -> &[T] {
        T::slice(self.column(id))
    }

    /// The values of an operand.
    pub(super) fn arg<T: Element<R>>(&self, id: NodeId) -> Arg<'_, T> {
        match self.plan.ir.constant(id) {
            Some(constant) => Arg::Scalar(T::constant(constant)),
            None => Arg::Slice(self.values(id)),
        }
    }

    /// Number of elements of a map's result.
    pub(super) fn len_of(&self, ops: &[NodeId]) -> usize {
        ops.iter()
            .find(|n| self.plan.ir.constant(**n).is_none())
            .map_or(self.range.len(), |n| self.column(*n).len())
    }
}
