//! One block of events: the spaces and columns worked out so far, and the
//! steps that work them out.

use super::column::{Arg, Column, Element, NONE, Pools};
use super::combos::{self, Patterns};
use super::program::{Program, Step};
use super::real::Real;
use super::reduce;
use super::spaces::{GroupFinder, SpaceData, Spaces, groups, offsets_of};
use crate::batch::{Batch, Values};
use crate::error::Error;
use crate::ir::{NodeId, Op, Reduce, Slot, Space, SpaceId, Ty};
use crate::plan::Plan;
use std::borrow::Cow;
use std::ops::Range;

/// Most elements that a space may have in one event; positions have 32 bits
/// and a column of that many reals takes a gigabyte.
const MOST_ELEMENTS: u64 = 1 << 28;

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
    plan: &'b Plan,
    batch: &'b Batch,
    range: Range<usize>,
    /// Above this many elements of a space a block of several events stops.
    most: u64,
    pub(super) spaces: Spaces<'b>,
    values: Vec<Option<Column<'b, R>>>,
    pub(super) pools: &'s mut Pools<R>,
    patterns: &'s mut Patterns,
}

impl<'b, 's, R: Real> Block<'b, 's, R> {
    /// The events `range` of a batch, nothing worked out yet.
    pub(super) fn new(
        plan: &'b Plan,
        batch: &'b Batch,
        range: Range<usize>,
        most: u64,
        scratch: &'s mut Scratch<R>,
    ) -> Self {
        Block {
            plan,
            batch,
            most,
            spaces: Spaces::new(&plan.ir, range.len()),
            range,
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
            space.recycle(self.pools);
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
                    let space = self.space(id)?;
                    self.spaces.data[id.index()] = Some(space);
                }
                Step::Node(id) => {
                    let column = self.node(id);
                    self.values[id.index()] = Some(column);
                }
                Step::Fill(k) => fill(k, self),
                Step::Free(id) => {
                    if let Some(column) = self.values[id.index()].take() {
                        self.pools.recycle(column);
                    }
                }
            }
        }
        Ok(())
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

    fn space(&mut self, id: SpaceId) -> Result<SpaceData, Stop> {
        let mut picks = self.pools.take::<u32>();
        let plan = self.plan;
        let offsets = match plan.ir.space(id) {
            Space::Event => unreachable!("the event has no groups"),
            Space::Collection { counter, .. } => {
                let stored = &self.batch.offsets[*counter][self.range.start..=self.range.end];
                let mut offsets = self.pools.take::<u32>();
                offsets.extend(stored.iter().map(|o| o - stored[0]));
                offsets
            }
            Space::Filter { base, mask } => self.filter(*base, *mask, &mut picks),
            Space::Sort { base, key } => {
                let mut offsets = self.pools.take::<u32>();
                offsets.extend_from_slice(self.spaces.offsets(*base));
                match self.ty(*key) {
                    Ty::F32 => reduce::sort(&offsets, self.values::<R>(*key), &mut picks),
                    Ty::I32 => reduce::sort(&offsets, self.values::<i32>(*key), &mut picks),
                    _ => reduce::sort(&offsets, self.values::<i64>(*key), &mut picks),
                }
                offsets
            }
            Space::Concat { parts } => {
                let mut offsets = self.pools.take::<u32>();
                offsets.resize(self.spaces.offsets(parts[0]).len(), 0);
                for part in parts {
                    for (sum, o) in offsets.iter_mut().zip(self.spaces.offsets(*part)) {
                        *sum += o;
                    }
                }
                offsets
            }
            Space::Combos { .. } | Space::Cross { .. } | Space::Nested { .. } => self.product(id)?,
        };
        Ok(SpaceData::new(offsets, picks))
    }

    fn filter(&mut self, base: SpaceId, mask: NodeId, picks: &mut Vec<u32>) -> Vec<u32> {
        let mut offsets = self.pools.take::<u32>();
        let mask: &[u8] = u8::slice(self.values[mask.index()].as_ref().expect("computed before"));
        picks.resize(mask.len(), 0);
        let mut kept = 0;
        offsets.push(0);
        for (start, n) in groups(self.spaces.offsets(base)) {
            for at in start..start + n {
                // Written always, kept only where the mask is true: no branch.
                picks[kept] = at as u32;
                kept += usize::from(mask[at]);
            }
            offsets.push(kept as u32);
        }
        picks.truncate(kept);
        offsets
    }

    /// Offsets of a space that multiplies others.
    fn product(&mut self, id: SpaceId) -> Result<Vec<u32>, Stop> {
        let most = if self.range.len() > 1 { self.most } else { MOST_ELEMENTS };
        let (pools, spaces, plan) = (&mut *self.pools, &self.spaces, self.plan);
        let offsets = match plan.ir.space(id) {
            Space::Combos { base, size } => {
                let sizes = spaces.groups(*base).map(|(_, n)| combos::binomial(n as u64, *size));
                offsets_of(pools, most, sizes)
            }
            Space::Cross { first, second } => {
                let both = spaces.groups(*first).zip(spaces.groups(*second));
                offsets_of(pools, most, both.map(|((_, a), (_, b))| a as u64 * b as u64))
            }
            Space::Nested { outer, inner } => {
                let parent = plan.ir.parent(*inner).expect("the event nests in nothing");
                let inner = spaces.offsets(*inner);
                let ancestors = spaces.ancestors(*outer, parent);
                let size = |a: &u32| u64::from(inner[*a as usize + 1] - inner[*a as usize]);
                offsets_of(pools, most, ancestors.iter().map(size))
            }
            other => unreachable!("{other:?} multiplies nothing"),
        };
        offsets.map_err(|total| {
            if self.range.len() > 1 {
                return Stop::TooLarge(total);
            }
            let event = self.batch.first_event + self.range.start as u64;
            Stop::Failed(Error::input(format!(
                "event {event} has {total} elements of `{}`, above the limit of {MOST_ELEMENTS}; \
                 filter the collection before combining it",
                plan.ir.space_text(id)
            )))
        })
    }

    fn node(&mut self, id: NodeId) -> Column<'b, R> {
        let plan = self.plan;
        let node = plan.ir.node(id);
        match (&node.op, node.ty) {
            (Op::Const(_), _) => unreachable!("constants are no steps"),
            (Op::Column(k), ty) => self.load(*k, node.space, ty),
            (Op::Map(map, ops), _) => self.map(*map, ops),
            (Op::Lift { node: from, slot }, Ty::Bool) => self.lift::<u8>(*from, node.space, *slot),
            (Op::Lift { node: from, slot }, Ty::I32) => self.lift::<i32>(*from, node.space, *slot),
            (Op::Lift { node: from, slot }, Ty::I64) => self.lift::<i64>(*from, node.space, *slot),
            (Op::Lift { node: from, slot }, Ty::F32) => self.lift::<R>(*from, node.space, *slot),
            (Op::Lift { node: from, slot }, _) => self.lift::<u32>(*from, node.space, *slot),
            (Op::Join(ops), Ty::Bool) => self.join::<u8>(ops, node.space),
            (Op::Join(ops), Ty::I32) => self.join::<i32>(ops, node.space),
            (Op::Join(ops), Ty::I64) => self.join::<i64>(ops, node.space),
            (Op::Join(ops), Ty::F32) => self.join::<R>(ops, node.space),
            (Op::Join(ops), _) => self.join::<u32>(ops, node.space),
            (Op::Pick { node: of, index }, Ty::Bool) => self.pick::<u8>(*of, *index),
            (Op::Pick { node: of, index }, Ty::I32) => self.pick::<i32>(*of, *index),
            (Op::Pick { node: of, index }, Ty::I64) => self.pick::<i64>(*of, *index),
            (Op::Pick { node: of, index }, Ty::F32) => self.pick::<R>(*of, *index),
            (Op::Pick { node: of, index }, _) => self.pick::<u32>(*of, *index),
            (Op::Part, _) => {
                let mut out = self.pools.take::<i32>();
                self.spaces.concat(node.space, |part, range| {
                    out.extend(std::iter::repeat_n(part as i32, range.len()));
                });
                i32::wrap(out)
            }
            (Op::Count(of), _) => {
                let mut out = self.pools.take::<i32>();
                out.extend(self.spaces.groups(*of).map(|(_, n)| n as i32));
                i32::wrap(out)
            }
            (Op::Reduce(how, of), _) => self.reduce(*how, *of),
            (Op::Best { key, greatest }, _) => self.best(*key, *greatest),
            (Op::Nth { of, nth }, _) => {
                let mut out = self.pools.take::<u32>();
                let nth = *nth as usize;
                let at = |(start, n)| if nth < n { (start + nth) as u32 } else { NONE };
                out.extend(self.spaces.groups(*of).map(at));
                Column::Index(out)
            }
            (Op::Refer { ordinal, of }, _) => self.refer(*ordinal, *of),
            (Op::Own, _) => {
                let mut out = self.pools.take::<u32>();
                out.extend(0..self.spaces.len(node.space) as u32);
                Column::Index(out)
            }
            (Op::Member { index, slot }, _) => self.member(*index, *slot),
            (Op::Exists(index), _) => {
                let mut out = self.pools.take::<u8>();
                out.extend(self.values::<u32>(*index).iter().map(|i| u8::from(*i != NONE)));
                u8::wrap(out)
            }
            (Op::Same(a, b), _) => {
                let mut out = self.pools.take::<u8>();
                let both = self.values::<u32>(*a).iter().zip(self.values::<u32>(*b));
                out.extend(both.map(|(a, b)| u8::from(a == b) & u8::from(*a != NONE)));
                u8::wrap(out)
            }
        }
    }

    fn load(&mut self, column: usize, space: SpaceId, ty: Ty) -> Column<'b, R> {
        let range = match self.plan.ir.space(space) {
            Space::Collection { counter, .. } => {
                let offsets = &self.batch.offsets[*counter];
                offsets[self.range.start] as usize..offsets[self.range.end] as usize
            }
            _ => self.range.clone(),
        };
        match (&self.batch.columns[column], ty) {
            (Values::Bool(v), Ty::Bool) => Column::Bool(Cow::Borrowed(&v[range])),
            (Values::I32(v), Ty::I32) => Column::I32(Cow::Borrowed(&v[range])),
            (Values::I64(v), Ty::I64) => Column::I64(Cow::Borrowed(&v[range])),
            (values, _) => Column::Real(R::load(values, range).expect("types are checked before")),
        }
    }

    fn lift<T: Element<R>>(&mut self, node: NodeId, to: SpaceId, slot: Slot) -> Column<'b, R> {
        let mut out = self.pools.take::<T>();
        let src = T::slice(self.values[node.index()].as_ref().expect("computed before"));
        self.spaces.lift(self.patterns, to, slot, src, &mut out);
        T::wrap(out)
    }

    fn join<T: Element<R>>(&mut self, ops: &[NodeId], to: SpaceId) -> Column<'b, R> {
        let mut out = self.pools.take::<T>();
        let parts: Vec<Arg<'_, T>> = ops.iter().map(|n| self.arg(*n)).collect();
        self.spaces.concat(to, |part, range| match parts[part] {
            Arg::Scalar(v) => out.extend(std::iter::repeat_n(v, range.len())),
            Arg::Slice(v) => out.extend_from_slice(&v[range]),
        });
        T::wrap(out)
    }

    fn pick<T: Element<R>>(&mut self, node: NodeId, index: NodeId) -> Column<'b, R> {
        let mut out = self.pools.take::<T>();
        let src = self.values::<T>(node);
        let at = |i: &u32| src.get(*i as usize).copied().unwrap_or(T::ABSENT);
        out.extend(self.values::<u32>(index).iter().map(at));
        T::wrap(out)
    }

    fn reduce(&mut self, how: Reduce, of: NodeId) -> Column<'b, R> {
        let space = self.plan.ir.over(of);
        match (how, self.ty(of)) {
            (Reduce::Sum, Ty::F32) => {
                let mut out = self.pools.take::<R>();
                let add = |a: R, x: R| a + x;
                reduce::fold(self.spaces.offsets(space), self.values(of), &mut out, R::ZERO, add);
                R::wrap(out)
            }
            (Reduce::Sum, _) => {
                let mut out = self.pools.take::<i32>();
                let add = i32::wrapping_add;
                reduce::fold(self.spaces.offsets(space), self.values(of), &mut out, 0, add);
                i32::wrap(out)
            }
            (Reduce::Tally, _) => {
                let mut out = self.pools.take::<i32>();
                let add = |a: i32, x: u8| a + i32::from(x);
                reduce::fold(self.spaces.offsets(space), self.values(of), &mut out, 0, add);
                i32::wrap(out)
            }
            (Reduce::Any, _) => {
                let mut out = self.pools.take::<u8>();
                let add = |a: u8, x: u8| a | x;
                reduce::fold(self.spaces.offsets(space), self.values(of), &mut out, 0, add);
                u8::wrap(out)
            }
        }
    }

    fn best(&mut self, key: NodeId, greatest: bool) -> Column<'b, R> {
        let mut out = self.pools.take::<u32>();
        let offsets = self.spaces.offsets(self.plan.ir.over(key));
        match self.ty(key) {
            Ty::F32 => reduce::best(offsets, self.values::<R>(key), greatest, &mut out),
            Ty::I32 => reduce::best(offsets, self.values::<i32>(key), greatest, &mut out),
            _ => reduce::best(offsets, self.values::<i64>(key), greatest, &mut out),
        }
        Column::Index(out)
    }

    fn refer(&mut self, ordinal: NodeId, of: SpaceId) -> Column<'b, R> {
        let mut out = self.pools.take::<u32>();
        let offsets = self.spaces.offsets(of);
        let at = |event: u32, ordinal: i32| {
            let (start, end) = (offsets[event as usize], offsets[event as usize + 1]);
            match u32::try_from(ordinal) {
                Ok(k) if k < end - start => start + k,
                _ => NONE,
            }
        };
        let events = self.spaces.ancestors(self.plan.ir.over(ordinal), SpaceId::EVENT);
        match self.arg::<i32>(ordinal) {
            Arg::Scalar(k) => out.extend(events.iter().map(|e| at(*e, k))),
            Arg::Slice(k) => out.extend(events.iter().zip(k).map(|(e, k)| at(*e, *k))),
        }
        Column::Index(out)
    }

    fn member(&mut self, index: NodeId, slot: Slot) -> Column<'b, R> {
        let mut out = self.pools.take::<u32>();
        let Ty::Index(of) = self.ty(index) else { unreachable!("only an index has members") };
        let mut finder = GroupFinder::new(self.spaces.offsets(of));
        let related = |at: &u32| match *at {
            NONE => NONE,
            at => self.spaces.related(of, slot, at, finder.find(at)),
        };
        out.extend(self.values::<u32>(index).iter().map(related));
        Column::Index(out)
    }
}
