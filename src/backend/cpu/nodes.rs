//! Computes the nodes of a block, each operation by its loop.

use super::block::Block;
use super::column::{Arg, Column, Element, NONE};
use super::real::Real;
use super::reduce;
use super::runs::append_runs;
use super::spaces::GroupFinder;
use super::wide::append1;
use crate::batch::Values;
use crate::ir::{NodeId, Op, Reduce, Slot, Space, SpaceId, Ty};
use std::borrow::Cow;

impl<'b, R: Real> Block<'b, '_, R> {
    /// Computes a node that is no constant; its operands and spaces are known.
    pub(super) fn node(&mut self, id: NodeId) -> Column<'b, R> {
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
                append_runs(&mut out, self.spaces.len(node.space), |out| {
                    let spaces = &self.spaces;
                    spaces.concat(node.space, |k, range| out.repeat(k as i32, range.len()));
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
        append_runs(&mut out, self.spaces.len(to), |out| {
            self.spaces.concat(to, |part, range| match parts[part] {
                Arg::Scalar(v) => out.repeat(v, range.len()),
                Arg::Slice(v) => out.copy(v, range.start, range.len()),
            });
        });
        T::wrap(out)
    }

    fn pick<T: Element<R>>(&mut self, node: NodeId, index: NodeId) -> Column<'b, R> {
        let mut out = self.pools.take::<T>();
        let src = self.values::<T>(node);
        let at = |i: u32| src.get(i as usize).copied().unwrap_or(T::ABSENT);
        append1(&mut out, self.values::<u32>(index), at);
        T::wrap(out)
    }

    fn reduce(&mut self, how: Reduce, of: NodeId) -> Column<'b, R> {
        let space = self.plan.ir.over(of);
        let mut sums = self.pools.take::<i32>();
        let offsets = self.spaces.shown_offsets(space);
        match (how, self.ty(of)) {
            (Reduce::Sum, Ty::F32) => {
                let mut out = self.pools.take::<R>();
                let offsets = self.spaces.shown_offsets(space);
                reduce::fold(offsets, self.values(of), &mut out, R::ZERO, |a: R, x: R| a + x);
                self.pools.give(sums);
                return R::wrap(out);
            }
            (Reduce::Sum, Ty::I64) => {
                let mut out = self.pools.take::<i64>();
                reduce::fold(offsets, self.values(of), &mut out, 0, i64::wrapping_add);
                self.pools.give(sums);
                return i64::wrap(out);
            }
            (Reduce::Sum, _) => reduce::sum(offsets, self.values(of), &mut sums, |x: i32| x),
            (Reduce::Tally | Reduce::Any, _) => {
                reduce::sum(offsets, self.values(of), &mut sums, |x: u8| i32::from(x));
            }
        }
        if how != Reduce::Any {
            return i32::wrap(sums);
        }
        let mut out = self.pools.take::<u8>();
        append1(&mut out, &sums, |n| u8::from(n != 0));
        self.pools.give(sums);
        u8::wrap(out)
    }

    fn best(&mut self, key: NodeId, greatest: bool) -> Column<'b, R> {
        let mut out = self.pools.take::<u32>();
        let offsets = self.spaces.shown_offsets(self.plan.ir.over(key));
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
        let events = self.spaces.ancestors(self.plan.ir.over(ordinal), SpaceId::EVENT, None);
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
