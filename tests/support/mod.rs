//! What tests share. Here: small inputs as text: columns with a few events each, as a schema and as
//! batches, without any file.
//!
//! ```text
//! MET_pt: float32 = 12.5 | 0 | nan
//! Jet_pt: float32[nJet] = 50 30 20 | | 15
//! ```

#![allow(dead_code, reason = "each program of tests uses its part")]

pub(crate) mod arrow;
pub(crate) mod gpu;
pub(crate) mod panics;
pub(crate) mod random;
pub(crate) mod server;

use gpuana::batch::{Batch, Request, Values};
use gpuana::schema::{Branch, Schema, Shape, StoredType};
use std::collections::BTreeMap;

/// One column: type, counter, values of each event.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) stored: StoredType,
    pub(crate) counter: Option<String>,
    pub(crate) events: Vec<Vec<f64>>,
    /// The same as integers, exact to 64 bits.
    pub(crate) integers: Vec<Vec<i64>>,
}

/// A few events.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) columns: BTreeMap<String, Column>,
    pub(crate) events: usize,
}

/// The stored type of this name.
pub(crate) fn stored_type(name: &str) -> StoredType {
    use StoredType::*;
    let all = [Bool, I8, U8, I16, U16, I32, U32, I64, U64, F32, F64];
    *all.iter().find(|t| t.name() == name).unwrap_or_else(|| panic!("no type {name}"))
}

impl Table {
    /// Parses the text above; `#` starts a comment.
    pub(crate) fn parse(text: &str) -> Table {
        let mut table = Table::default();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let (head, values) = line.split_once('=').expect("name: type = values");
            let (name, ty) = head.split_once(':').expect("name: type");
            let (ty, counter) = match ty.trim().split_once('[') {
                None => (ty.trim(), None),
                Some((ty, counter)) => (ty, Some(counter.trim_end_matches(']').to_string())),
            };
            let words: Vec<Vec<&str>> =
                values.split('|').map(|event| event.split_whitespace().collect()).collect();
            let real = |w: &&str| w.parse().unwrap_or(f64::NAN);
            let integer = |w: &&str| w.parse().unwrap_or(0);
            table.events = words.len();
            let column = Column {
                stored: stored_type(ty),
                counter,
                events: words.iter().map(|e| e.iter().map(real).collect()).collect(),
                integers: words.iter().map(|e| e.iter().map(integer).collect()).collect(),
            };
            table.columns.insert(name.trim().to_string(), column);
        }
        table
    }

    /// What a file with these columns would offer.
    pub(crate) fn schema(&self) -> Schema {
        let branch = |name: &str, stored, shape| Branch {
            name: name.to_string(),
            title: String::new(),
            stored: Some(stored),
            shape,
            unsupported: None,
            bytes: 0,
            compressed_bytes: 0,
            baskets: 0,
            compression: "none".to_string(),
        };
        let mut counters: Vec<&String> =
            self.columns.values().filter_map(|c| c.counter.as_ref()).collect();
        counters.sort();
        counters.dedup();
        let mut branches: Vec<Branch> =
            counters.iter().map(|c| branch(c, StoredType::U32, Shape::Scalar)).collect();
        for (name, column) in &self.columns {
            let shape = column.counter.clone().map_or(Shape::Scalar, Shape::Counted);
            branches.push(branch(name, column.stored, shape));
        }
        Schema { tree: "Events".to_string(), events: self.events as u64, branches }
    }

    fn counts(&self, counter: &str) -> Vec<usize> {
        let column = self.columns.values().find(|c| c.counter.as_deref() == Some(counter));
        column.expect("a counted column").events.iter().map(Vec::len).collect()
    }

    /// Some of the events, as a plan requests them.
    pub(crate) fn batch(&self, request: &Request, range: std::ops::Range<usize>) -> Batch {
        let offsets = request.counters.iter().map(|counter| {
            let mut at = 0;
            let counts = &self.counts(counter)[range.clone()];
            let ends = counts.iter().map(|n| {
                at += *n as u32;
                at
            });
            std::iter::once(0).chain(ends).collect()
        });
        let columns = request.columns.iter().map(|c| {
            let Some(column) = self.columns.get(&c.branch) else {
                let counts = self.counts(&c.branch);
                return Values::I64(counts[range.clone()].iter().map(|n| *n as i64).collect());
            };
            let reals = || column.events[range.clone()].iter().flatten();
            let integers = || column.integers[range.clone()].iter().flatten();
            match column.stored {
                StoredType::Bool => Values::Bool(reals().map(|x| u8::from(*x != 0.0)).collect()),
                StoredType::F32 => Values::F32(reals().map(|x| *x as f32).collect()),
                StoredType::F64 => Values::F32(reals().map(|x| *x as f32).collect()),
                StoredType::U32 | StoredType::I64 | StoredType::U64 => {
                    Values::I64(integers().copied().collect())
                }
                _ => Values::I32(integers().map(|i| *i as i32).collect()),
            }
        });
        Batch {
            first_event: range.start as u64,
            events: range.len(),
            offsets: offsets.collect(),
            columns: columns.collect(),
            ..Batch::default()
        }
    }
}
