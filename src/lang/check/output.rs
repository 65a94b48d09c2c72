//! Regions, cutflows and histograms: where values end up.

use super::value::{Col, Context, Value};
use super::{Checked, Checker};
use crate::analysis::{Compiled, HistogramInfo, RegionInfo};
use crate::config::{AxisSpec, Cut, HistogramSpec, Region};
use crate::diag::{Diagnostic, nearest};
use crate::hist::{Axis, AxisKind};
use crate::ir::{Const, Map, NodeId, SpaceId, Ty};
use crate::lang::ast::{BinaryOp, Expr, Ident, Span};
use crate::plan::{Fill, Plan};
use std::collections::BTreeMap;

/// A region's cuts and weight, worked out.
#[derive(Debug, Clone, Default)]
struct Selection {
    labels: Vec<String>,
    cuts: Vec<Col>,
    weight: Option<Col>,
}

/// The name of the region without cuts.
const ALL: &str = "all";

impl<'a> Checker<'a> {
    /// Everything that the analysis asks for, as fills of one plan.
    pub(super) fn outputs(&mut self) -> Compiled {
        let mut compiled = Compiled::default();
        let analysis = self.analysis;
        let global = analysis.weight.as_ref().map(|w| self.event_weight(w, "weight"));
        let global = global.and_then(Result::ok);
        let mut selections: BTreeMap<&'a str, Option<Selection>> = BTreeMap::new();
        let all = Selection { weight: global, ..Selection::default() };
        compiled.regions.push(self.cutflow(&mut compiled.plan, ALL, &all));
        selections.insert(ALL, Some(all));
        for region in &analysis.regions {
            let selection = self.selection(region, &selections).ok();
            if let Some(selection) = &selection {
                compiled.regions.push(self.cutflow(
                    &mut compiled.plan,
                    &region.name.name,
                    selection,
                ));
            }
            if selections.contains_key(region.name.name.as_str()) {
                let text = format!("the region `{}` exists already", region.name.name);
                let _ = self.fail::<()>(Diagnostic::new(region.name.span, text));
                continue;
            }
            selections.insert(&region.name.name, selection);
        }
        let mut names = BTreeMap::new();
        for spec in &analysis.histograms {
            self.histogram(spec, &selections, &mut names, &mut compiled);
        }
        compiled.plan.ir = std::mem::take(&mut self.ir);
        compiled.plan.request = std::mem::take(&mut self.request);
        compiled.watches = std::mem::take(&mut self.watches);
        compiled
    }

    /// One number per event.
    fn event_value(&mut self, expr: &'a Expr, what: &str) -> Checked<Col> {
        match self.expr(expr, &Context::event())? {
            Value::Scalar(col) => Ok(col),
            other => {
                let text =
                    format!("{what} has one value per event, found {}", self.describe(&other));
                let mut d = Diagnostic::new(expr.span, text);
                if matches!(other, Value::Array(..)) {
                    d = d.help(
                        "put it together with `any(...)`, `all(...)`, `count(...)` or `sum(...)`",
                    );
                }
                self.fail(d)
            }
        }
    }

    fn event_weight(&mut self, expr: &'a Expr, what: &str) -> Checked<Col> {
        let col = self.event_value(expr, "a weight")?;
        let col = self.weight_col(col, expr.span)?;
        self.watch(what.to_string(), expr.span, &Value::Scalar(col));
        Ok(col)
    }

    fn weight_col(&mut self, col: Col, span: Span) -> Checked<Col> {
        if self.ir.ty(col.value) == Ty::I64 {
            return self
                .fail(Diagnostic::new(span, "a weight is a number, found a 64-bit integer"));
        }
        Ok(Col { value: self.converted(col.value, Ty::F32), valid: col.valid })
    }

    /// The product of two optional weights.
    fn product(&mut self, a: Option<Col>, b: Option<Col>) -> Option<Col> {
        match (a, b) {
            (Some(a), Some(b)) => {
                let value = self.arithmetic_node(BinaryOp::Mul, a.value, b.value);
                Some(Col { value, valid: self.both(a.valid, b.valid) })
            }
            (a, b) => a.or(b),
        }
    }

    fn selection(
        &mut self,
        region: &'a Region,
        known: &BTreeMap<&'a str, Option<Selection>>,
    ) -> Checked<Selection> {
        let mut selection = match &region.from {
            None => known[ALL].clone().unwrap_or_default(),
            Some(from) => self.region(from, known)?,
        };
        let mut failed = None;
        for cut in &region.cuts {
            match self.cut(region, cut) {
                Ok(col) => {
                    selection.labels.push(cut.label.name.clone());
                    selection.cuts.push(col);
                }
                Err(e) => failed = Some(e),
            }
        }
        if let Some(weight) = &region.weight {
            let own = self.event_weight(weight, &format!("{}: weight", region.name.name))?;
            selection.weight = self.product(selection.weight, Some(own));
        }
        failed.map_or(Ok(selection), Err)
    }

    fn cut(&mut self, region: &Region, cut: &'a Cut) -> Checked<Col> {
        let col = self.event_value(&cut.condition, "a cut")?;
        let ty = self.ir.ty(col.value);
        if ty != Ty::Bool {
            let text =
                format!("a cut is true or false, found {}", super::operators::type_words(ty));
            let help = "compare it with something, as in `... > 0`";
            return self.fail(Diagnostic::new(cut.condition.span, text).help(help));
        }
        let name = format!("{}: {}", region.name.name, cut.label.name);
        self.watch(name, cut.condition.span, &Value::Scalar(col));
        Ok(col)
    }

    /// A region by name, among those before it.
    fn region(
        &mut self,
        name: &Ident,
        known: &BTreeMap<&'a str, Option<Selection>>,
    ) -> Checked<Selection> {
        match known.get(name.name.as_str()) {
            Some(Some(selection)) => Ok(selection.clone()),
            Some(None) => Err(super::Failed),
            None => {
                let mut d =
                    Diagnostic::new(name.span, format!("there is no region `{}`", name.name));
                if let Some(near) = nearest(&name.name, known.keys().copied()) {
                    d = d.help(format!("did you mean `{near}`?"));
                }
                if self.analysis.regions.iter().any(|r| r.name.name == name.name) {
                    d = d.help(
                        "it comes later in the file: put it before the region that builds on it",
                    );
                }
                let names: Vec<&str> = known.keys().copied().collect();
                self.fail(d.help(format!("regions are {}", names.join(", "))))
            }
        }
    }

    /// Whether an event passes the first cuts: one node for each number of
    /// cuts, from none to all.
    fn passed(&mut self, cuts: &[Col]) -> Vec<NodeId> {
        let mut passed = vec![self.always()];
        for (i, cut) in cuts.iter().enumerate() {
            let value = self.fill_condition(cut.value, SpaceId::EVENT);
            let before = passed[i];
            passed.push(if i == 0 { value } else { self.ir.map(Map::And, &[before, value]) });
        }
        passed
    }

    /// The fills behind a region's cutflow.
    fn cutflow(&mut self, plan: &mut Plan, name: &str, selection: &Selection) -> RegionInfo {
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
        });
        Some(plan.fills.len() - 1)
    }

    /// One histogram in each of its regions.
    fn histogram(
        &mut self,
        spec: &'a HistogramSpec,
        selections: &BTreeMap<&'a str, Option<Selection>>,
        names: &mut BTreeMap<String, Span>,
        compiled: &mut Compiled,
    ) {
        let Ok(entries) = self.entries(spec) else {
            for region in &spec.regions {
                let _ = self.region(region, selections);
            }
            return;
        };
        for region in &spec.regions {
            let Ok(selection) = self.region(region, selections) else { continue };
            let name = output_name(spec, &region.name);
            if let Some(first) = names.insert(name.clone(), spec.name.span) {
                let text = format!("two histograms would be called `{name}`");
                let d = Diagnostic::new(spec.name.span, text).also(first, "the other one");
                let _ = self.fail::<()>(
                    d.help("give one of them a `name:` template, such as `{name}_{region}`"),
                );
                continue;
            }
            let fill = self.fill(&name, &entries, &selection);
            compiled.plan.fills.push(fill);
            compiled.histograms.push(HistogramInfo {
                name,
                title: spec.title.clone().unwrap_or_default(),
                region: region.name.clone(),
                axes: entries.axes.iter().map(|(axis, _)| axis.clone()).collect(),
                fill: compiled.plan.fills.len() - 1,
            });
        }
    }

    /// The values and the weight of a histogram's entries.
    fn entries(&mut self, spec: &'a HistogramSpec) -> Checked<Entries> {
        let mut operands = Vec::new();
        let mut failed = None;
        for axis in &spec.axes {
            match self.axis_value(axis) {
                Ok(value) => operands.push((value, axis.value.span)),
                Err(e) => failed = Some(e),
            }
        }
        if let Some(weight) = &spec.weight {
            match self.expr(weight, &Context::event()) {
                Ok(value) => operands.push((value, weight.span)),
                Err(e) => failed = Some(e),
            }
        }
        if let Some(e) = failed {
            return Err(e);
        }
        let (extent, cols) = self.align(&operands)?;
        let space = match extent {
            super::combine::Extent::One => SpaceId::EVENT,
            super::combine::Extent::Each(space) => space,
        };
        let mut axes = Vec::new();
        for (axis, col) in spec.axes.iter().zip(&cols) {
            let col = self.binned(axis, *col)?;
            axes.push((self.axis(axis), self.over_entries(col, space)));
        }
        let weight = match (&spec.weight, cols.get(spec.axes.len())) {
            (Some(expr), Some(col)) => {
                let col = self.weight_col(*col, expr.span)?;
                Some(self.over_entries(col, space))
            }
            _ => None,
        };
        Ok(Entries { space, axes, weight })
    }

    /// A column over the entries' space or an ancestor of it, over that space.
    fn over_entries(&mut self, col: Col, space: SpaceId) -> Col {
        self.each_node(col, |c, n| c.ir.broadcast(n, space).expect("a value of an entry"))
    }

    fn axis_value(&mut self, axis: &'a AxisSpec) -> Checked<Value> {
        let value = self.expr(&axis.value, &Context::event())?;
        match value {
            Value::Scalar(_) | Value::Array(..) => Ok(value),
            other => {
                let text = format!("a histogram shows numbers, found {}", self.describe(&other));
                let help = "take a field, as in `Jet.pt`";
                self.fail(Diagnostic::new(axis.value.span, text).help(help))
            }
        }
    }

    fn axis(&self, spec: &AxisSpec) -> Axis {
        let label = spec.label.clone().unwrap_or_else(|| self.source(spec.value.span).to_string());
        let label = match &spec.unit {
            Some(unit) => format!("{label} [{unit}]"),
            None => label,
        };
        Axis { kind: spec.kind.clone(), label }
    }

    /// A value as its axis takes it.
    fn binned(&mut self, spec: &AxisSpec, col: Col) -> Checked<Col> {
        let ty = self.ir.ty(col.value);
        let whole = matches!(spec.kind, AxisKind::Integer { .. } | AxisKind::Category { .. });
        match (&spec.kind, ty) {
            (AxisKind::Boolean, Ty::Bool) => Ok(col),
            (AxisKind::Boolean, _) => {
                let text = format!(
                    "a boolean axis takes true or false, found {}",
                    super::operators::type_words(ty)
                );
                self.fail(Diagnostic::new(spec.value.span, text).also(spec.bins_span, "the axis"))
            }
            (_, Ty::F32) if whole => {
                let text = "this axis has a bin per integer, found a real number";
                let d = Diagnostic::new(spec.value.span, text).also(spec.bins_span, "the axis");
                self.fail(
                    d.help("write `int(...)` around the value, or give `bins: [n, low, high]`"),
                )
            }
            _ if whole => Ok(col),
            (_, Ty::Bool) => {
                let value = self.converted(col.value, Ty::F32);
                Ok(Col { value, valid: col.valid })
            }
            _ => Ok(Col { value: self.converted(col.value, Ty::F32), valid: col.valid }),
        }
    }

    /// One fill: the entries of the events that pass.
    fn fill(&mut self, name: &str, entries: &Entries, selection: &Selection) -> Fill {
        let passes = self.passed(&selection.cuts);
        let passes = *passes.last().expect("no cuts at least");
        let weight = self.region_weight(entries, selection);
        let mut valid = weight.and_then(|w| w.valid);
        for (_, col) in &entries.axes {
            valid = self.both(valid, col.valid);
        }
        let passes = self.fill_condition(passes, entries.space);
        let (mask, missing) = match valid {
            None => (passes, None),
            Some(valid) => {
                let valid = self.fill_condition(valid, entries.space);
                let mask = self.ir.map(Map::And, &[passes, valid]);
                let absent = self.ir.map(Map::Not, &[valid]);
                let missing = self.ir.map(Map::And, &[passes, absent]);
                (
                    self.fill_condition(mask, entries.space),
                    Some(self.fill_condition(missing, entries.space)),
                )
            }
        };
        let axes = entries.axes.iter().map(|(axis, col)| (axis.clone(), col.value)).collect();
        Fill { name: name.to_string(), axes, mask, missing, weight: weight.map(|w| w.value) }
    }

    /// Global, region and histogram weight, over the entries' space.
    fn region_weight(&mut self, entries: &Entries, selection: &Selection) -> Option<Col> {
        let space = entries.space;
        let region = selection.weight.map(|col| {
            self.each_node(col, |c, n| c.ir.broadcast(n, space).expect("an event weight"))
        });
        self.product(region, entries.weight)
    }
}

/// What a histogram is filled with, before any region.
#[derive(Debug, Clone)]
struct Entries {
    space: SpaceId,
    axes: Vec<(Axis, Col)>,
    weight: Option<Col>,
}

/// The output name of a histogram in a region.
fn output_name(spec: &HistogramSpec, region: &str) -> String {
    match &spec.template {
        Some(template) => {
            template.name.replace("{name}", &spec.name.name).replace("{region}", region)
        }
        None if region == ALL => spec.name.name.clone(),
        None => format!("{}_{region}", spec.name.name),
    }
}
