//! Histograms: values, axes and weights of entries, as fills.

use super::output::Output;
use super::regions::{ALL, Selection, Selections};
use super::value::{Col, Context, Value};
use super::vary::View;
use super::weights::Place;
use super::{Checked, Checker};
use crate::analysis::HistogramInfo;
use crate::bins::{Axis, AxisKind, Soft};
use crate::diag::Diagnostic;
use crate::ir::{Map, SpaceId, Ty};
use crate::plan::{Fill, SoftFill};
use crate::syntax::{AxisSpec, HistogramSpec, Names, Span, render};
use crate::warning::Code;

impl<'a> Checker<'a> {
    /// One histogram in each of its regions, nominal or in a variation.
    pub(super) fn histogram(
        &mut self,
        spec: &'a HistogramSpec,
        selections: &Selections<'a>,
        view: Option<&View<'a>>,
        output: &mut Output,
    ) {
        let Ok(entries) = self.entries(spec) else {
            for region in &spec.regions {
                let _ = self.region(region, selections);
            }
            return;
        };
        for region in &spec.regions {
            let Ok(selection) = self.region(region, selections) else { continue };
            let variation = view.map(|v| v.name.as_str());
            let name = output_name(spec, &region.name, variation);
            if let Some(first) = output.names.insert(name.clone(), spec.name.span) {
                let text = format!("two histograms would be called `{name}`");
                let d = Diagnostic::new(spec.name.span, text).also(first, "the other one");
                let _ = self.fail::<()>(d.help(
                    "rename one, or give it a `name:` template such as `{name}_in_{region}`",
                ));
                continue;
            }
            let factor = view.and_then(|v| v.replaced.weight);
            let fill = self.fill(&name, &entries, &selection, factor);
            let info = HistogramInfo {
                name,
                title: spec.title.clone().unwrap_or_default(),
                base: spec.name.name.clone(),
                region: region.name.clone(),
                variation: variation.map(str::to_string),
                axes: entries.axes.iter().map(|(axis, _)| axis.clone()).collect(),
                fill: output.nominal_of(spec, region, &fill),
            };
            output.add(info, fill);
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
        let place = Place::Histogram(&spec.name.name);
        match self.applying(&spec.weight, place) {
            Ok(factors) => {
                for factor in factors {
                    match self.expr(factor, &Context::event()) {
                        Ok(value) => operands.push((value, factor.span)),
                        Err(e) => failed = Some(e),
                    }
                }
            }
            Err(e) => failed = Some(e),
        }
        if let Some(e) = failed {
            return Err(e);
        }
        self.refuse_weights_of_elements(spec, &operands)?;
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
        let mut weight = None;
        for col in cols.iter().skip(spec.axes.len()) {
            let col = self.weight_col(*col);
            let col = self.over_entries(col, space);
            weight = self.product(weight, Some(col));
        }
        Ok(Entries { space, axes, weight, soft: spec.soft.clone() })
    }

    /// Refuses a weight with a value for each element where the histogram has one an
    /// event: it would be filled once an element.
    fn refuse_weights_of_elements(
        &mut self,
        spec: &HistogramSpec,
        operands: &[(Value, Span)],
    ) -> Checked<()> {
        let (values, weights) = operands.split_at(spec.axes.len());
        let of_elements = |(value, _): &&(Value, Span)| matches!(value, Value::Array(..));
        let Some((weight, span)) = weights.iter().find(of_elements) else { return Ok(()) };
        if values.iter().any(|operand| of_elements(&operand)) {
            return Ok(());
        }
        let found = self.describe(weight);
        let text = format!("the histogram has one entry an event, and this weight is {found}");
        let d = Diagnostic::new(*span, text).also(values[0].1, "one value an event");
        let d = d.help("put the weights of an event together, as by `sum(...)`");
        self.fail(d.help("or fill a value for each element, as `Jet.pt`"))
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
                let d = Diagnostic::new(axis.value.span, text);
                self.fail(self.put_together(d, &other))
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
        if matches!(ty, Ty::I32 | Ty::I64) {
            self.warn_of_uneven_bins(spec);
        }
        let whole = matches!(spec.kind, AxisKind::Integer { .. } | AxisKind::Category { .. });
        match (&spec.kind, ty) {
            (AxisKind::Boolean, Ty::Bool) => Ok(col),
            (AxisKind::Boolean, _) => {
                let text = format!(
                    "a boolean axis takes true or false, found {}",
                    super::describe::type_words(ty)
                );
                let d = Diagnostic::new(spec.value.span, text).also(spec.bins_span, "the axis");
                self.fail(d.help("compare it with something, or give `bins: [n, low, high]`"))
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

    /// Bins wider than 1 that do not hold equally many integers have steps of their own.
    fn warn_of_uneven_bins(&mut self, spec: &AxisSpec) {
        let AxisKind::Regular { bins, low, high } = spec.kind else { return };
        let width = (high - low) / bins as f64;
        if width > 1.0 && (width - width.round()).abs() > 1e-9 {
            let text = format!(
                "`{}` is an integer, and bins {width:.4} wide hold different numbers of integers: \
                 write `integers: [low, high]`, or bins of a whole width",
                self.source(spec.value.span)
            );
            self.warn(Code::UnevenBins, spec.bins_span, text);
        }
    }

    /// One fill: the entries of the events that pass.
    fn fill(
        &mut self,
        name: &str,
        entries: &Entries,
        selection: &Selection,
        factor: Option<Col>,
    ) -> Fill {
        let passes = self.passed(&selection.cuts);
        let passes = *passes.last().expect("no cuts at least");
        let weight = self.entry_weight(entries, selection, factor);
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
        let weight = weight.map(|w| w.value);
        // A soft fill is of shares of weights.
        let weight = weight.or_else(|| (!entries.soft.is_empty()).then(|| self.ir.real(1.0)));
        let spread = || SoftFill { axes: entries.soft.clone(), rows: Vec::new() };
        let soft = (!entries.soft.is_empty()).then(spread);
        Fill { name: name.to_string(), axes, mask, missing, weight, soft }
    }

    /// Global, region, histogram and variation weight, over the entries' space.
    fn entry_weight(
        &mut self,
        entries: &Entries,
        selection: &Selection,
        factor: Option<Col>,
    ) -> Option<Col> {
        let space = entries.space;
        let [region, factor] = [selection.weight, factor].map(|weight| {
            let over = |c: &mut Self, n| c.ir.broadcast(n, space).expect("an event weight");
            weight.map(|col| self.each_node(col, over))
        });
        let nominal = self.product(region, entries.weight);
        self.product(nominal, factor)
    }
}

/// What a histogram is filled with, before any region.
#[derive(Debug, Clone)]
struct Entries {
    space: SpaceId,
    axes: Vec<(Axis, Col)>,
    weight: Option<Col>,
    soft: Vec<Soft>,
}

/// The output name of a histogram in a region and a variation, before samples.
fn output_name(spec: &HistogramSpec, region: &str, variation: Option<&str>) -> String {
    let default = if region == ALL { "{name}" } else { "{name}_{region}" };
    let template = spec.template.as_ref().map_or(default, |t| &t.name);
    let names = Names { name: &spec.name.name, region, variation, ..Names::default() };
    render(template, &names)
}
