//! Fills: which cell an element goes to, and why not.
//!
//! Compilers inline every call, and a fill is long. Where several fills meet,
//! their values are put into arrays first and one loop does them all: the text
//! grows by a few lines a fill. What a fill needs to know then lies in `tables`.

use super::loc::{Atom, Loc};
use super::scope::Emitter;
use super::tables::factors;
use crate::bins::AxisKind;
use crate::ir::Ty;
use crate::kernels::fill::{FillLayout, SoftAt};
use std::collections::BTreeSet;

/// Most fills that one loop does: their masks are the bits of a word.
pub(super) const TOGETHER: usize = 32;

/// Most numbers beyond value and weight that soft fills of one loop may have; one
/// fill may have more.
const MOST_FACTORS: usize = 256;

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    /// It goes to a cell.
    Hard,
    /// Every bin in reach gets a share.
    Bins,
    /// It adds to the moments of a cell of a grid.
    Moments,
}

impl How {
    /// Of a fill with this soft table.
    fn of(soft: Option<SoftAt>) -> How {
        match soft {
            None => How::Hard,
            Some(SoftAt::Moments(_)) => How::Moments,
            Some(SoftAt::Bins(_)) => How::Bins,
        }
    }

    /// The call for an entry of the fill that is described at `at` of the tables.
    fn entry(self, at: &str, value: &str, weight: &str) -> String {
        match self {
            How::Hard => format!("fill_entry({at}, copy, {value}, {weight});"),
            How::Bins => format!("soft_entry({at}, copy, {weight});"),
            How::Moments => format!("moment_entry({at}, copy, {weight});"),
        }
    }

    /// Whether the fill that is described there is such a one.
    fn test(self, at: &str) -> String {
        let table = format!("tables[{at} + FILL_SOFT]");
        match self {
            How::Hard => format!("{table} == NONE"),
            How::Bins => format!("{table} < OF_MOMENTS"),
            How::Moments => format!("{table} >= OF_MOMENTS && {table} != NONE"),
        }
    }
}

impl Emitter<'_> {
    /// Fills the element `at` into these histograms.
    pub(super) fn fill(&mut self, numbers: &[usize], at: &Loc) {
        let plan = self.plan;
        let mut rest = numbers;
        while !rest.is_empty() {
            let mut sum = 0;
            let fits = rest.iter().take(TOGETHER).take_while(|number| {
                sum += factors(&plan.fills[**number]);
                sum <= MOST_FACTORS
            });
            let (together, others) = rest.split_at(fits.count().max(1));
            rest = others;
            match together {
                [one] => self.fill_one(*one, at),
                many => self.fill_many(many, at),
            }
        }
    }

    /// Puts the numbers of a soft fill where its entries look for them, from number
    /// `first` on.
    fn factors(&mut self, number: usize, first: usize, at: &Loc) {
        let plan = self.plan;
        let fill = &plan.fills[number];
        let Some(soft) = &fill.soft else { return };
        let nodes = fill.axes.iter().map(|(_, node)| *node).chain(soft.factors());
        for (k, node) in nodes.enumerate() {
            let value = self.plain(node, at).name;
            self.line(format!("soft_factors[{}] = {value};", first + k));
        }
        self.soft_sizes[0] = self.soft_sizes[0].max(first + factors(fill));
        self.soft_sizes[1] = self.soft_sizes[1].max(soft.rows.len());
    }

    fn fill_one(&mut self, number: usize, at: &Loc) {
        let plan = self.plan;
        let fill = &plan.fills[number];
        let mask = self.plain(fill.mask, at).name;
        let missing = fill.missing.map(|m| self.plain(m, at).name);
        let value = self.filled(number, at);
        let weight = fill.weight.map_or("0.0f".into(), |w| self.plain(w, at).name);
        let start = self.describe(number, 0);
        self.line(format!("// fill {:?}", fill.name));
        self.factors(number, 0, at);
        if let Some(missing) = missing {
            self.open(format!("if ({missing})"));
            self.line(format!("fill_missing({start}u, copy);"));
            self.close();
        }
        self.open(format!("if ({mask})"));
        let entry = How::of(self.tables.soft[number]).entry(&format!("{start}u"), &value, &weight);
        self.line(entry);
        self.close();
    }

    fn fill_many(&mut self, numbers: &[usize], at: &Loc) {
        let plan = self.plan;
        self.uses_fill_arrays = true;
        let filled = self.variable("filled", "u32", "0u");
        let missed = self.variable("missed", "u32", "0u");
        let mut start = None;
        let mut factor = 0;
        for (k, number) in numbers.iter().enumerate() {
            let fill = &plan.fills[*number];
            let mask = self.plain(fill.mask, at).name;
            let missing = fill.missing.map(|m| self.plain(m, at).name);
            let value = self.filled(*number, at);
            let weight = fill.weight.map(|w| self.plain(w, at).name);
            let described = self.describe(*number, factor);
            start.get_or_insert(described);
            self.line(format!("// fill {:?}", fill.name));
            self.factors(*number, factor, at);
            factor += factors(fill);
            let bit = |var: &Atom, on: &str| {
                format!("{0} = {0} | select(0u, {1:#x}u, {on});", var.name, 1u32 << k)
            };
            self.line(bit(&filled, &mask));
            if let Some(missing) = missing {
                self.line(bit(&missed, &missing));
            }
            self.line(format!("values[{k}] = {value};"));
            if let Some(weight) = weight {
                self.line(format!("weights[{k}] = {weight};"));
            }
        }
        let start = start.unwrap_or(0);
        let k = self.name("k").name;
        self.open(format!("for (var {k} = 0u; {k} < {}u; {k} = {k} + 1u)", numbers.len()));
        let description = format!("{start}u + FILL_WORDS * {k}");
        self.open(format!("if ((({} >> {k}) & 1u) != 0u)", missed.name));
        self.line(format!("fill_missing({description}, copy);"));
        self.close();
        self.open(format!("if ((({} >> {k}) & 1u) != 0u)", filled.name));
        // Only what is needed: compilers inline what is called.
        let of = |number: &usize| How::of(self.tables.soft[*number]);
        let hows: BTreeSet<How> = numbers.iter().map(of).collect();
        let [value, weight] = ["values", "weights"].map(|array| format!("{array}[{k}]"));
        let several = hows.len() > 1;
        for how in hows {
            let entry = how.entry(&description, &value, &weight);
            match several {
                false => self.line(entry),
                true => self.line(format!("if ({}) {{ {entry} }}", how.test(&description))),
            }
        }
        self.close();
        self.close();
    }

    /// The next description: where in `tables` the fill's begins. Its numbers in
    /// `soft_factors` begin with number `factor`.
    fn describe(&mut self, number: usize, factor: usize) -> u32 {
        let layout: FillLayout = self.layouts[&number];
        let axis = match &self.plan.fills[number].axes[..] {
            [(_, node)] if self.ir.ty(*node) == Ty::F32 => Some(self.tables.starts[number][0]),
            _ => None,
        };
        let at = self.described_at + self.descriptions.len() as u32;
        let soft = self.tables.soft[number];
        self.descriptions.extend(layout.description(axis, soft, factor as u32));
        at
    }

    /// What goes into the fill, as a word: the bits of a real value, or the cell.
    fn filled(&mut self, number: usize, at: &Loc) -> String {
        let plan = self.plan;
        if plan.fills[number].soft.is_some() {
            return "0u".into();
        }
        let axes = &plan.fills[number].axes;
        if let [(_, node)] = &axes[..]
            && self.ir.ty(*node) == Ty::F32
        {
            return format!("bitcast<u32>({})", self.plain(*node, at).name);
        }
        let mut cell: Option<Atom> = None;
        let mut nans = Vec::new();
        for (k, (axis, node)) in axes.iter().enumerate() {
            let table = self.tables.starts[number][k];
            let x = self.plain(*node, at).name;
            let own = match (self.ir.ty(*node), &axis.kind) {
                (Ty::F32, _) => {
                    nans.push(format!("f_is_nan({x})"));
                    format!("axis_real({table}u, {x})")
                }
                (Ty::Bool, AxisKind::Boolean) => format!("select(0u, 1u, {x})"),
                (Ty::Bool, _) => format!("axis_int({table}u, select(0u, 1u, {x}), 0u)"),
                (Ty::I32, _) => {
                    format!("axis_int({table}u, bitcast<u32>({x}), bitcast<u32>({x} >> 31u))")
                }
                (Ty::I64, _) => format!("axis_int({table}u, {x}.x, {x}.y)"),
                (Ty::Index(_), _) => unreachable!("an index is not filled"),
            };
            let own = match cell {
                None => own,
                Some(outer) => format!("{} * {}u + {own}", outer.name, axis.extent()),
            };
            cell = Some(self.constant("cell", own));
        }
        let cell = cell.map_or("0u".into(), |c| c.name);
        if nans.is_empty() {
            return cell.to_string();
        }
        format!("select({cell}, NONE, {})", nans.join(" || "))
    }
}
