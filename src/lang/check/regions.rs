//! Regions: cuts in order, weights, and the fills behind a cutflow.

use super::soft::SoftCut;
use super::value::{Col, Context, Value};
use super::weights::Place;
use super::{Checked, Checker};
use crate::analysis::{RegionInfo, Watched};
use crate::bins::{Axis, AxisKind};
use crate::diag::{Diagnostic, nearest};
use crate::ir::{Const, Map, NodeId, SpaceId, Ty};
use crate::plan::{Fill, Plan};
use crate::syntax::{BinaryOp, Cut, Expr, Ident, Region};
use std::collections::BTreeMap;

/// A region's cuts and weight, worked out.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    pub(super) labels: Vec<String>,
    /// The cuts' positions among the watches.
    pub(super) watches: Vec<usize>,
    pub(super) cuts: Vec<Col>,
    pub(super) weight: Option<Col>,
}

/// Regions by name; `None` for one that is wrong.
pub(super) type Selections<'a> = BTreeMap<&'a str, Option<Selection>>;

/// The name of the region without cuts.
pub(super) const ALL: &str = "all";

impl<'a> Checker<'a> {
    /// All regions, in file order, `all` first.
    pub(super) fn selections(&mut self) -> (Vec<&'a str>, Selections<'a>) {
        let analysis = self.analysis;
        let weight = self.weight_of_events().ok().flatten();
        let mut selections = Selections::new();
        selections.insert(ALL, Some(Selection { weight, ..Selection::default() }));
        let mut order = vec![ALL];
        for region in &analysis.regions {
            let selection = self.selection(region, &selections).ok();
            if selections.contains_key(region.name.name.as_str()) {
                let text = format!("the region `{}` exists already", region.name.name);
                let d = Diagnostic::new(region.name.span, text).help("choose another name");
                let _ = self.fail::<()>(d);
                continue;
            }
            order.push(&region.name.name);
            selections.insert(&region.name.name, selection);
        }
        (order, selections)
    }

    /// One number per event.
    pub(super) fn event_value(&mut self, expr: &'a Expr, what: &str) -> Checked<Col> {
        match self.expr(expr, &Context::event())? {
            Value::Scalar(col) => Ok(col),
            other => {
                let text =
                    format!("{what} has one value per event, found {}", self.describe(&other));
                let d = Diagnostic::new(expr.span, text);
                self.fail(self.put_together(d, &other))
            }
        }
    }

    pub(super) fn event_weight(&mut self, expr: &'a Expr, place: &str) -> Checked<Col> {
        let col = self.event_value(expr, "a weight")?;
        let col = self.weight_col(col);
        self.watch(Watched::Weight, place, expr, &Value::Scalar(col));
        Ok(col)
    }

    pub(super) fn weight_col(&mut self, col: Col) -> Col {
        Col { value: self.converted(col.value, Ty::F32), valid: col.valid }
    }

    /// The product of two optional weights.
    pub(super) fn product(&mut self, a: Option<Col>, b: Option<Col>) -> Option<Col> {
        match (a, b) {
            (Some(a), Some(b)) => {
                let value = self.arithmetic_node(BinaryOp::Mul, a.value, b.value);
                Some(Col { value, valid: self.both(a.valid, b.valid) })
            }
            (a, b) => a.or(b),
        }
    }

    fn selection(&mut self, region: &'a Region, known: &Selections<'a>) -> Checked<Selection> {
        let from = match &region.from {
            None => Ok(known[ALL].clone().unwrap_or_default()),
            Some(from) => self.region(from, known),
        };
        let mut failed = from.as_ref().err().copied();
        let mut selection = from.unwrap_or_default();
        for cut in &region.cuts {
            match self.cut(cut) {
                Ok((col, watch)) => {
                    selection.labels.push(cut.label.name.clone());
                    selection.watches.push(watch);
                    match self.soft_cut(&cut.condition) {
                        Ok(None) => selection.cuts.push(col),
                        Ok(Some(SoftCut { factor, there })) => {
                            let there = there.unwrap_or_else(|| self.always());
                            selection.cuts.push(Col::whole(there));
                            let factor = Some(Col::whole(factor));
                            selection.weight = self.product(selection.weight, factor);
                        }
                        Err(e) => failed = Some(e),
                    }
                }
                Err(e) => failed = Some(e),
            }
        }
        match self.event_weights(&region.weight, Place::Region(&region.name.name)) {
            Ok(own) => selection.weight = self.product(selection.weight, own),
            Err(e) => failed = Some(e),
        }
        failed.map_or(Ok(selection), Err)
    }

    /// A cut's condition, and its position among the watches.
    fn cut(&mut self, cut: &'a Cut) -> Checked<(Col, usize)> {
        let col = self.event_value(&cut.condition, "a cut")?;
        let ty = self.ir.ty(col.value);
        if ty != Ty::Bool {
            let text = format!("a cut is true or false, found {}", super::describe::type_words(ty));
            let help = "compare it with something, as in `... > 0`";
            return self.fail(Diagnostic::new(cut.condition.span, text).help(help));
        }
        let value = Value::Scalar(col);
        let watch = self.watch(Watched::Cut, &cut.label.name, &cut.condition, &value);
        Ok((col, watch))
    }

    /// A region by name, among those before it.
    pub(super) fn region(&mut self, name: &Ident, known: &Selections<'a>) -> Checked<Selection> {
        match known.get(name.name.as_str()) {
            Some(Some(selection)) => Ok(selection.clone()),
            Some(None) => Err(super::Failed),
            None => {
                let mut d =
                    Diagnostic::new(name.span, format!("there is no region `{}`", name.name));
                if self.analysis.regions.iter().any(|r| r.name.name == name.name) {
                    d.message = format!("the region `{}` is not there yet", name.name);
                    return self.fail(d.help(
                        "it comes later in the file: put it before the region that builds on it",
                    ));
                }
                if let Some(near) = nearest(&name.name, known.keys().copied()) {
                    d = d.help(format!("did you mean `{near}`?"));
                }
                let names: Vec<&str> = known.keys().copied().collect();
                self.fail(d.help(format!("regions are {}", names.join(", "))))
            }
        }
    }

    /// Whether an event passes the first cuts: one node for each number of
    /// cuts, from none to all.
    pub(super) fn passed(&mut self, cuts: &[Col]) -> Vec<NodeId> {
        let mut passed = vec![self.always()];
        for (i, cut) in cuts.iter().enumerate() {
            let value = self.fill_condition(cut.value, SpaceId::EVENT);
            let before = passed[i];
            passed.push(if i == 0 { value } else { self.ir.map(Map::And, &[before, value]) });
        }
        passed
    }

    /// The fills behind a region's cutflow.
    pub(super) fn cutflow(
        &mut self,
        plan: &mut Plan,
        name: &str,
        selection: &Selection,
    ) -> RegionInfo {
        let passed = self.passed(&selection.cuts);
        let mut stage = self.ir.constant_node(Const::I32(0));
        for pass in &passed[1..] {
            let one = self.converted(*pass, Ty::I32);
            stage = self.ir.map(Map::Add, &[stage, one]);
        }
        let stages = AxisKind::Integer { low: 0, high: passed.len() as i64 };
        let axis = Axis { kind: stages, label: "cuts passed".to_string() };
        let always = passed[0];
        let mut fill = Fill {
            name: format!("cutflow {name}"),
            axes: vec![(axis, stage)],
            mask: always,
            missing: None,
            weight: None,
            soft: None,
        };
        plan.fills.push(fill.clone());
        let counts = plan.fills.len() - 1;
        let weighted = selection.weight.map(|weight| {
            fill.name = format!("weighted cutflow {name}");
            fill.weight = Some(weight.value);
            if let Some(valid) = weight.valid {
                fill.mask = self.fill_condition(valid, SpaceId::EVENT);
                let missing = self.ir.map(Map::Not, &[valid]);
                fill.missing = Some(self.fill_condition(missing, SpaceId::EVENT));
            }
            plan.fills.push(fill);
            plan.fills.len() - 1
        });
        let missing = self.missing_fill(plan, name, selection, &passed);
        RegionInfo {
            name: name.to_string(),
            cuts: selection.labels.clone(),
            watches: selection.watches.clone(),
            counts,
            weighted,
            missing,
        }
    }

    /// Counts, for each cut, the events that fail it because a value is missing.
    fn missing_fill(
        &mut self,
        plan: &mut Plan,
        name: &str,
        selection: &Selection,
        passed: &[NodeId],
    ) -> Option<usize> {
        let mut which = self.ir.constant_node(Const::I32(0));
        let mut mask: Option<NodeId> = None;
        for (i, cut) in selection.cuts.iter().enumerate() {
            let Some(valid) = cut.valid else { continue };
            let absent = self.ir.map(Map::Not, &[valid]);
            let lost = self.ir.map(Map::And, &[passed[i], absent]);
            let lost = self.fill_condition(lost, SpaceId::EVENT);
            let number = self.ir.constant_node(Const::I32(i as i32));
            which = self.ir.map(Map::Select, &[lost, number, which]);
            mask = Some(match mask {
                None => lost,
                Some(mask) => self.ir.map(Map::Or, &[mask, lost]),
            });
        }
        let kind = AxisKind::Integer { low: 0, high: selection.cuts.len() as i64 };
        let axis = Axis { kind, label: "cut".to_string() };
        plan.fills.push(Fill {
            name: format!("missing values {name}"),
            axes: vec![(axis, which)],
            mask: mask?,
            missing: None,
            weight: None,
            soft: None,
        });
        Some(plan.fills.len() - 1)
    }
}
