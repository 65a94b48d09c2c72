//! Functions of members of a combination, without columns for these.
//!
//! Most of what is computed for pairs and triples starts with the values of two
//! members: `pt` of the first times `pt` of the second. Lifting both and then
//! multiplying writes three columns, of which two are read once. Here one value
//! stays in a register while the other member runs through its own, or through a
//! column of the combinations.

use super::block::Block;
use super::column::{Column, Element};
use super::combos::{Cut, is_consecutive};
use super::elided::member;
use super::real::Real;
use super::run_list::{append_mapped, append_with_own};
use super::wide::append2;
use crate::ir::{Ir, NodeId, Slot, Space};

/// One operand of a fused operation.
enum Operand<'a, T> {
    /// A column over the combinations.
    Own(&'a [T]),
    /// A column over what they are made of, and which member.
    Member(&'a [T], Slot),
}

impl<'b, R: Real> Block<'b, '_, R> {
    /// The column of `f` of two operands of which at least one is a lift that has
    /// no column of its own; `None` if both have one.
    pub(super) fn fused<A: Element<R>, B: Element<R>, O: Element<R>>(
        &mut self,
        ops: &[NodeId],
        f: impl Fn(A, B) -> O,
    ) -> Option<Column<'b, R>> {
        let ir = &self.plan.ir;
        let has_column = |n: NodeId| ir.constant(n).is_some() || self.values[n.index()].is_some();
        if has_column(ops[0]) && has_column(ops[1]) {
            return None;
        }
        let to = ir.over(ops[0]);
        let Space::Combos { size, .. } = ir.space(to) else { return None };
        let mut out = self.pools.take::<O>();
        let (spaces, patterns) = (&mut self.spaces, &mut *self.patterns);
        let a = operand::<R, A>(ir, &self.values, ops[0])?;
        let b = operand::<R, B>(ir, &self.values, ops[1])?;
        let slots = [slot(&a), slot(&b)];
        let elements = spaces.shown_elements(to);
        if spaces.is_sparse(to) {
            slots.into_iter().flatten().for_each(|slot| spaces.find_members(patterns, to, slot));
            let at = |slot| &spaces.members(to, slot)[elements.clone()];
            match (a, b) {
                (Operand::Member(a, slot_a), Operand::Member(b, slot_b)) => {
                    let f = |p: u32, q: u32| f(a[p as usize], b[q as usize]);
                    append2(&mut out, at(slot_a), at(slot_b), f);
                }
                (Operand::Own(a), Operand::Member(b, slot)) => {
                    append2(&mut out, a, at(slot), |a, q| f(a, b[q as usize]));
                }
                (Operand::Member(a, slot), Operand::Own(b)) => {
                    append2(&mut out, at(slot), b, |p, b| f(a[p as usize], b));
                }
                (Operand::Own(_), Operand::Own(_)) => unreachable!("one has no column"),
            }
            return Some(O::wrap(out));
        }
        let cut = |slot| match slots {
            [Some(_), Some(_)] => Cut::EachHead,
            _ => Cut::of_one(*size, slot),
        };
        for slot in slots.into_iter().flatten() {
            spaces.find_runs(patterns, to, (slot, cut(slot)));
        }
        let runs = |slot| spaces.runs(to, (slot, cut(slot)));
        match (a, b) {
            (Operand::Member(a, slot_a), Operand::Member(b, slot_b)) => {
                let (a, b) = ((a, runs(slot_a)), (b, runs(slot_b)));
                match is_consecutive(*size, slot_b) {
                    true => append_mapped(&mut out, b, a, |b, a| f(a, b)),
                    false => append_mapped(&mut out, a, b, f),
                }
            }
            (Operand::Own(a), Operand::Member(b, slot)) => {
                append_with_own(&mut out, a, (b, runs(slot)), f);
            }
            (Operand::Member(a, slot), Operand::Own(b)) => {
                append_with_own(&mut out, b, (a, runs(slot)), |b, a| f(a, b));
            }
            (Operand::Own(_), Operand::Own(_)) => unreachable!("one has no column"),
        }
        Some(O::wrap(out))
    }
}

/// The column of an operand, or that of the member that it lifts.
fn operand<'a, R: Real, T: Element<R>>(
    ir: &Ir,
    values: &'a [Option<Column<'_, R>>],
    id: NodeId,
) -> Option<Operand<'a, T>> {
    if let Some(own) = &values[id.index()] {
        return Some(Operand::Own(T::slice(own)));
    }
    let (of, slot) = member(ir, id)?;
    let of = values[of.index()].as_ref().expect("computed before");
    Some(Operand::Member(T::slice(of), slot))
}

fn slot<T>(operand: &Operand<'_, T>) -> Option<Slot> {
    match operand {
        Operand::Own(_) => None,
        Operand::Member(_, slot) => Some(*slot),
    }
}
