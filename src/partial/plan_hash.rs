//! What can change what is filled, as one hash, and as one for each definition, weight,
//! region and histogram, so that it can be said which of them differ.
//!
//! In the hash are expressions, constants, tables, parameters' values, axes, soft settings,
//! the branches that are read, defaults of branches, certified luminosity sections and the
//! precision. Not in it are labels, titles, pictures, scale factors of samples (sums are not
//! scaled), backend, threads, and which files are read.

use super::node_hashes::{NodeHashes, hash};
use crate::analysis::{Compiled, Watched};
use crate::backend::cpu::Precision;
use crate::run::Golden;
use crate::schema::DefaultValue;
use std::collections::BTreeMap;

/// What is computed of a sample's events, see the head of this file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanHash {
    /// Of everything: partial results that agree in it are of one plan.
    pub total: u128,
    /// How real numbers are computed; it is in `total`.
    pub precision: Precision,
    /// Hashes by what they are of: ``histogram `mz` ``. Definitions and weights are among
    /// them where the compiled analysis still has its watches.
    pub named: BTreeMap<String, u128>,
}

impl PlanHash {
    /// That of a compiled analysis over files in which branches may have defaults, and of
    /// which only certified events may be taken.
    pub fn new(
        compiled: &Compiled,
        precision: Precision,
        defaults: &[DefaultValue],
        golden: Option<&Golden>,
    ) -> PlanHash {
        let plan = &compiled.plan;
        let mut nodes = NodeHashes::new(plan);
        let fills: Vec<u128> = plan.fills.iter().map(|fill| nodes.fill(fill)).collect();
        let mut named = BTreeMap::new();
        let mut told = vec![false; fills.len()];
        for region in &compiled.regions {
            let own = [Some(region.counts), region.weighted, region.missing];
            let own =
                own.map(|fill| fill.map(|k| (std::mem::replace(&mut told[k], true), fills[k])));
            let hashes = own.map(|fill| fill.map(|(_, hash)| hash));
            named.insert(format!("region `{}`", region.name), hash(&format!("{hashes:x?}")));
        }
        for histogram in &compiled.histograms {
            told[histogram.fill] = true;
            named.insert(format!("histogram `{}`", histogram.name), fills[histogram.fill]);
        }
        for (k, fill) in plan.fills.iter().enumerate().filter(|(k, _)| !told[*k]) {
            named.insert(format!("fill `{}`", fill.name), fills[k]);
        }
        let read = Read { precision, defaults: defaults_text(defaults), golden };
        let names: Vec<&str> = plan.fills.iter().map(|fill| fill.name.as_str()).collect();
        let total = hash(&format!("{fills:x?} {names:?} {}", read.text()));
        named.extend(read.named());
        for watch in &compiled.watches {
            let what = match watch.kind {
                Watched::Definition => "definition",
                Watched::Weight => "weight",
                Watched::Cut | Watched::Part => continue,
            };
            let valid = watch.valid.map(|valid| nodes.node(valid));
            let text = format!("{:x} {valid:x?}", nodes.node(watch.value));
            named.insert(format!("{what} `{}`", watch.name), hash(&text));
        }
        PlanHash { total, precision, named }
    }

    /// What differs in another plan, if anything does: definitions, weights, regions and
    /// histograms, the names of those that only one of them has included.
    pub fn difference(&self, other: &PlanHash) -> Vec<String> {
        let mut found = Vec::new();
        for (name, hash) in &self.named {
            match other.named.get(name) {
                Some(same) if same == hash => {}
                Some(_) => found.push(format!("{name} differs")),
                None => found.push(format!("{name} is only in the first")),
            }
        }
        let only = other.named.keys().filter(|name| !self.named.contains_key(*name));
        found.extend(only.map(|name| format!("{name} is only in the second")));
        // What is defined comes first: it may be why the others differ.
        found.sort_by_key(|text| !text.starts_with("definition"));
        found
    }
}

/// How events come to the plan.
struct Read<'a> {
    precision: Precision,
    defaults: String,
    golden: Option<&'a Golden>,
}

impl Read<'_> {
    fn golden(&self) -> String {
        format!("{:?}", self.golden.map(Golden::sections))
    }

    fn text(&self) -> String {
        format!("{:?} {} {}", self.precision, self.defaults, self.golden())
    }

    fn named(&self) -> [(String, u128); 2] {
        [
            ("the defaults of branches".to_owned(), hash(&self.defaults)),
            ("the list of certified luminosity sections".to_owned(), hash(&self.golden())),
        ]
    }
}

/// Patterns may fit the same branch, so their order is kept.
fn defaults_text(defaults: &[DefaultValue]) -> String {
    let all: Vec<String> =
        defaults.iter().map(|d| format!("{:?} {:?}", d.branch, d.value)).collect();
    format!("{all:?}")
}
