//! Fills: which cell an element goes to, and why not.

use super::loc::{Atom, Loc};
use super::scope::Emitter;
use crate::hist::AxisKind;
use crate::ir::{NodeId, Ty};
use crate::kernels::axis::AxisTable;
use crate::plan::Fill;
use std::collections::HashMap;

/// The nodes that a fill evaluates.
pub(super) fn nodes(fill: &Fill) -> impl Iterator<Item = NodeId> + '_ {
    let axes = fill.axes.iter().map(|(_, node)| *node);
    axes.chain([fill.mask]).chain(fill.missing).chain(fill.weight)
}

/// The axes of all fills as the device reads them; equal axes are there once.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// The buffer.
    pub(super) words: Vec<u32>,
    /// Where the table of each axis of each fill begins.
    starts: Vec<Vec<usize>>,
}

impl Tables {
    pub(super) fn new(fills: &[Fill]) -> Tables {
        let mut tables = Tables::default();
        let mut known: HashMap<Vec<u32>, usize> = HashMap::new();
        for fill in fills {
            let mut starts = Vec::with_capacity(fill.axes.len());
            for (axis, _) in &fill.axes {
                let words = AxisTable::new(axis).words();
                let start = *known.entry(words).or_insert_with_key(|words| {
                    let start = tables.words.len();
                    tables.words.extend_from_slice(words);
                    start
                });
                starts.push(start);
            }
            tables.starts.push(starts);
        }
        tables
    }
}

impl Emitter<'_> {
    /// Fills the element `at` into histogram `number`.
    pub(super) fn fill(&mut self, number: usize, at: &Loc) {
        let plan = self.plan;
        let fill = &plan.fills[number];
        let layout = self.layouts[&number];
        let mask = self.plain(fill.mask, at).name;
        let weight = fill.weight.map(|w| self.plain(w, at));
        let missing = fill.missing.map(|m| self.plain(m, at).name);
        let values: Vec<Atom> = fill.axes.iter().map(|(_, node)| self.plain(*node, at)).collect();

        self.line(format!("// fill {:?}", fill.name));
        if let Some(missing) = missing {
            self.open(format!("if ({missing})"));
            self.line(format!("fill_count({}u);", layout.missing()));
            self.close();
        }
        self.open(format!("if ({mask})"));
        let mut otherwise = "";
        if let Some(weight) = &weight {
            self.open(format!("if (!f_is_finite({}))", weight.name));
            self.line(format!("fill_count({}u);", layout.bad_weight()));
            self.close();
            otherwise = "else ";
        }
        let reals = fill.axes.iter().zip(&values).filter(|((_, n), _)| self.ir.ty(*n) == Ty::F32);
        let nans: Vec<String> = reals.map(|(_, x)| format!("f_is_nan({})", x.name)).collect();
        if !nans.is_empty() {
            self.open(format!("{otherwise}if ({})", nans.join(" || ")));
            self.line(format!("fill_count({}u);", layout.nan()));
            self.close();
            otherwise = "else ";
        }
        let block = if otherwise.is_empty() { "" } else { "else" };
        self.open(block);
        let cell = self.cell(number, &values);
        let slot = format!("{}u + {}u * {cell}", layout.slot(0), layout.stride());
        self.line(match &weight {
            Some(weight) => format!("fill_weighted({slot}, {});", weight.name),
            None => format!("fill_count({slot});"),
        });
        self.close();
        self.close();
    }

    /// The cell of these values, row-major, the first axis slowest.
    fn cell(&mut self, number: usize, values: &[Atom]) -> String {
        let plan = self.plan;
        let mut cell: Option<String> = None;
        for (k, ((axis, node), x)) in plan.fills[number].axes.iter().zip(values).enumerate() {
            let table = self.tables.starts[number][k];
            let x = &x.name;
            let own = match (self.ir.ty(*node), &axis.kind) {
                (Ty::F32, _) => format!("axis_real({table}u, {x})"),
                (Ty::Bool, AxisKind::Boolean) => format!("select(0u, 1u, {x})"),
                (Ty::Bool, _) => format!("axis_int({table}u, select(0u, 1u, {x}), 0u)"),
                (Ty::I32, _) => {
                    format!("axis_int({table}u, bitcast<u32>({x}), bitcast<u32>({x} >> 31u))")
                }
                (Ty::I64, _) => format!("axis_int({table}u, {x}.x, {x}.y)"),
                (Ty::Index(_), _) => unreachable!("an index is not filled"),
            };
            let own = self.constant("cell", own).name;
            cell = Some(match cell {
                None => own.to_string(),
                Some(outer) => self
                    .constant("cell", format!("{outer} * {}u + {own}", axis.extent()))
                    .name
                    .to_string(),
            });
        }
        cell.unwrap_or_else(|| "0u".to_owned())
    }
}
