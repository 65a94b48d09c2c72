//! The columns of kernels: what they are given, and what takes their results.

use super::block::Block;
use super::column::{Column, Element};
use super::real::{Prepared, Real};
use crate::ir::{Const, Ir, KernelId, NodeId, Ty};
use crate::kernels::{Input, Output};
use std::borrow::Cow;

/// All kernels of a graph, by their ids.
pub(super) fn of<R: Real>(ir: &Ir) -> Vec<Prepared<R>> {
    ir.kernels().iter().map(|kernel| R::columns(&**kernel)).collect()
}

impl<'b, R: Real> Block<'b, '_, R> {
    /// The column of a result of a kernel of these inputs.
    pub(super) fn kernel(&mut self, id: KernelId, result: u16, inputs: &[NodeId]) -> Column<'b, R> {
        let of = self.plan.ir.kernel(id);
        let result = usize::from(result);
        let len = self.len_of(inputs);
        let mut out = match Ty::from(of.results()[result]) {
            Ty::F32 => R::wrap(self.pools.take_any(len)),
            Ty::I64 => i64::wrap(self.pools.take_any(len)),
            Ty::I32 => i32::wrap(self.pools.take_any(len)),
            _ => u8::wrap(self.pools.take_any(len)),
        };
        // Kernels take slices only, so constants are written out.
        let written: Vec<Option<Column<'static, R>>> =
            inputs.iter().map(|n| self.written_out(*n, len)).collect();
        let columns: Vec<Input<'_, R>> = inputs
            .iter()
            .zip(&written)
            .map(|(n, constant)| match constant {
                Some(column) => input(column),
                None => input(self.column(*n)),
            })
            .collect();
        let mut results: Vec<Option<Output<'_, R>>> = of.results().iter().map(|_| None).collect();
        results[result] = output(&mut out);
        self.kernels[id.index()].evaluate(&columns, &mut results);
        drop(results);
        written.into_iter().flatten().for_each(|column| self.pools.recycle(column));
        out
    }

    /// A column of a constant.
    fn written_out(&mut self, node: NodeId, len: usize) -> Option<Column<'static, R>> {
        let constant = self.plan.ir.constant(node)?;
        Some(match constant {
            Const::Bool(_) => self.repeated::<u8>(constant, len),
            Const::I32(_) => self.repeated::<i32>(constant, len),
            Const::I64(_) => self.repeated::<i64>(constant, len),
            Const::Real { .. } | Const::Parameter { .. } => self.repeated::<R>(constant, len),
        })
    }

    fn repeated<T: Element<R>>(&mut self, constant: Const, len: usize) -> Column<'static, R> {
        let mut column = self.pools.take::<T>();
        column.resize(len, T::constant(constant));
        T::wrap(column)
    }
}

fn input<'a, R: Real>(column: &'a Column<'_, R>) -> Input<'a, R> {
    match column {
        Column::Bool(v) => Input::Bool(v),
        Column::I32(v) => Input::I32(v),
        Column::I64(v) => Input::I64(v),
        Column::Real(v) => Input::Real(v),
        Column::Index(_) => unreachable!("kernels take no index"),
    }
}

fn output<'a, R: Real>(column: &'a mut Column<'static, R>) -> Option<Output<'a, R>> {
    Some(match column {
        Column::Bool(Cow::Owned(v)) => Output::Bool(v),
        Column::I32(Cow::Owned(v)) => Output::I32(v),
        Column::I64(Cow::Owned(v)) => Output::I64(v),
        Column::Real(Cow::Owned(v)) => Output::Real(v),
        _ => return None,
    })
}
