//! Everything that an analysis asks for, as fills of one plan: cutflows and
//! histograms, nominal and in every variation.

use super::{Checker, Options};
use crate::analysis::{Compiled, HistogramInfo};
use crate::plan::Fill;
use crate::syntax::{HistogramSpec, Ident, Span};
use std::collections::BTreeMap;

/// What has been put together so far.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) compiled: Compiled,
    /// Names of histograms, and who took them.
    pub(super) names: BTreeMap<String, Span>,
}

impl Output {
    /// Index of the nominal fill of a histogram if it is the same one, else of
    /// the next fill.
    pub(super) fn nominal_of(&self, spec: &HistogramSpec, region: &Ident, fill: &Fill) -> usize {
        let is = |h: &&HistogramInfo| {
            h.variation.is_none() && h.base == spec.name.name && h.region == region.name
        };
        let nominal = self.compiled.histograms.iter().find(is).map(|h| h.fill);
        let fills = &self.compiled.plan.fills;
        nominal.filter(|i| fills[*i].fills_alike(fill)).unwrap_or(fills.len())
    }

    /// Adds a histogram, and its fill if it is a new one.
    pub(super) fn add(&mut self, info: HistogramInfo, fill: Fill) {
        if info.fill == self.compiled.plan.fills.len() {
            self.compiled.plan.fills.push(fill);
        }
        self.compiled.histograms.push(info);
    }
}

impl<'a> Checker<'a> {
    /// All cutflows and histograms.
    pub(super) fn outputs(&mut self, options: &Options<'_>) -> Compiled {
        let mut output = Output::default();
        let (order, selections) = self.selections();
        for name in order {
            if let Some(selection) = &selections[name] {
                let info = self.cutflow(&mut output.compiled.plan, name, selection);
                output.compiled.regions.push(info);
            }
        }
        let histograms: &'a [HistogramSpec] = &self.analysis.histograms;
        for spec in histograms {
            self.histogram(spec, &selections, None, &mut output);
        }
        let mut views = self.views(options);
        if !self.diagnostics.is_empty() {
            // Nothing comes of them, and they would say the same again.
            views.clear();
        }
        for view in views {
            let nominal = self.enter(&view);
            let (_, selections) = self.selections();
            for spec in histograms {
                self.histogram(spec, &selections, Some(&view), &mut output);
            }
            self.leave(nominal);
        }
        let mut compiled = output.compiled;
        self.warn_of_shared_members(&compiled.plan.fills);
        compiled.plan.ir = std::mem::take(&mut self.ir);
        compiled.plan.request = std::mem::take(&mut self.request);
        compiled.watches = std::mem::take(&mut self.watches);
        compiled.weights = std::mem::take(&mut self.weights);
        compiled
    }
}
