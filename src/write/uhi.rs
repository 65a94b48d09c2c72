//! A histogram in the UHI serialisation schema 1: its members, in their order.

use crate::bins::{Axis, AxisKind};
use crate::hist::{Contents, Histogram};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// What a histogram without a variation is called among them.
pub(super) const NOMINAL: &str = "nominal";

/// One histogram.
#[derive(Serialize)]
pub(super) struct Form<'a> {
    uhi_schema: u8,
    writer_info: Writer,
    pub(super) metadata: Metadata<'a>,
    pub(super) axes: Vec<AxisForm<'a>>,
    pub(super) storage: Storage<'a>,
}

/// Who wrote it.
#[derive(Serialize)]
struct Writer {
    gpuana: Program,
}

#[derive(Serialize)]
struct Program {
    version: &'static str,
}

/// Name, title, what is in no bin, and what it is of.
#[derive(Serialize)]
pub(super) struct Metadata<'a> {
    pub(super) name: Cow<'a, str>,
    label: &'a str,
    #[serde(flatten)]
    pub(super) counts: Option<Counts>,
    #[serde(flatten)]
    origin: Option<Of<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) variation: Option<&'a str>,
}

/// How many entries a histogram has, and of how many it has none.
#[derive(Serialize)]
pub(super) struct Counts {
    entries: u64,
    nan: u64,
    missing: u64,
    bad_weight: u64,
}

impl Counts {
    pub(super) fn of(h: &Histogram) -> Counts {
        Counts { entries: h.entries, nan: h.nan, missing: h.missing, bad_weight: h.bad_weight }
    }
}

/// Which part of the analysis it is of.
#[derive(Serialize)]
struct Of<'a> {
    histogram: &'a str,
    region: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<&'a str>,
}

/// An axis.
#[derive(Serialize)]
pub(super) struct AxisForm<'a> {
    #[serde(flatten)]
    kind: KindForm<'a>,
    #[serde(flatten)]
    flow: Option<Flow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<AxisMetadata<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum KindForm<'a> {
    Regular {
        lower: f64,
        upper: f64,
        bins: usize,
    },
    Variable {
        edges: Vec<f64>,
    },
    #[serde(rename = "regular")]
    Integer {
        lower: i64,
        upper: i64,
        bins: usize,
        writer_info: Restored,
    },
    Boolean,
    CategoryInt {
        categories: &'a [i64],
        flow: bool,
    },
    CategoryStr {
        categories: Vec<&'a str>,
        flow: bool,
    },
}

/// What boost-histogram makes of an axis.
#[derive(Serialize)]
struct Restored {
    #[serde(rename = "boost-histogram")]
    boost_histogram: Original,
}

#[derive(Serialize)]
struct Original {
    orig_type: &'static str,
}

/// Of an axis with a bin below and one above all others.
#[derive(Serialize)]
struct Flow {
    underflow: bool,
    overflow: bool,
    circular: bool,
}

#[derive(Serialize)]
struct AxisMetadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    label: &'a str,
}

/// What the cells hold.
#[derive(Serialize)]
pub(super) struct Storage<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    values: Cells<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variances: Option<Cells<'a>>,
}

/// A number for each cell: arrays of arrays, the last axis the innermost.
#[derive(Clone)]
enum Cells<'a> {
    Counts(&'a [u64], Vec<usize>),
    Numbers(&'a [f64], Vec<usize>),
    /// For each variation, which is the first axis.
    Each(Vec<Cells<'a>>),
}

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Cells::Counts(cells, shape) => Nested { cells, shape }.serialize(to),
            Cells::Numbers(cells, shape) => Nested { cells, shape }.serialize(to),
            Cells::Each(all) => to.collect_seq(all),
        }
    }
}

/// Row-major values as arrays of arrays.
struct Nested<'a, T> {
    cells: &'a [T],
    shape: &'a [usize],
}

impl<T: Serialize> Serialize for Nested<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.shape {
            [] => self.cells[0].serialize(to),
            [_] => to.collect_seq(self.cells),
            [extent, rest @ ..] => {
                let rows = self.cells.chunks(self.cells.len() / extent);
                to.collect_seq(rows.map(|cells| Nested { cells, shape: rest }))
            }
        }
    }
}

impl<'a> Form<'a> {
    /// Of a histogram; `None` if a bin or an edge is infinite.
    pub(super) fn of(h: &'a Histogram) -> Option<Form<'a>> {
        Some(Form {
            uhi_schema: 1,
            writer_info: Writer { gpuana: Program { version: env!("CARGO_PKG_VERSION") } },
            metadata: Metadata::of(h),
            axes: h.axes.iter().map(AxisForm::of).collect::<Option<_>>()?,
            storage: Storage::of(h)?,
        })
    }
}

impl<'a> Metadata<'a> {
    fn of(h: &'a Histogram) -> Metadata<'a> {
        let origin = h.origin.as_ref();
        Metadata {
            name: h.name.as_str().into(),
            label: &h.title,
            counts: Some(Counts::of(h)),
            origin: origin.map(|o| Of {
                histogram: &o.histogram,
                region: &o.region,
                process: o.process.as_deref(),
            }),
            variation: origin.map(|o| o.variation.as_deref().unwrap_or(NOMINAL)),
        }
    }
}

impl<'a> AxisForm<'a> {
    /// `None` if an edge is not finite.
    fn of(axis: &'a Axis) -> Option<AxisForm<'a>> {
        let edges = axis.edges();
        let kind = match &axis.kind {
            AxisKind::Regular { bins, low, high } => {
                super::object::finite([*low, *high])?;
                KindForm::Regular { lower: *low, upper: *high, bins: *bins }
            }
            AxisKind::Log { .. } | AxisKind::Variable { .. } => {
                KindForm::Variable { edges: super::object::finite(edges)? }
            }
            AxisKind::Integer { low, high } => KindForm::Integer {
                lower: *low,
                upper: *high,
                bins: axis.bins(),
                writer_info: Restored { boost_histogram: Original { orig_type: "Integer" } },
            },
            AxisKind::Boolean => KindForm::Boolean,
            AxisKind::Category { values } => {
                KindForm::CategoryInt { categories: values, flow: true }
            }
        };
        let flow = Flow { underflow: true, overflow: true, circular: false };
        let metadata = AxisMetadata { name: None, label: &axis.label };
        Some(AxisForm {
            kind,
            flow: axis.has_underflow().then_some(flow),
            metadata: (!axis.label.is_empty()).then_some(metadata),
        })
    }

    /// The axis of these variations.
    pub(super) fn of_variations(names: Vec<&'a str>) -> AxisForm<'a> {
        let metadata = AxisMetadata { name: Some("variation"), label: "variation" };
        let kind = KindForm::CategoryStr { categories: names, flow: false };
        AxisForm { kind, flow: None, metadata: Some(metadata) }
    }
}

impl<'a> Storage<'a> {
    /// `None` if a bin is infinite.
    fn of(h: &'a Histogram) -> Option<Storage<'a>> {
        let shape = || h.axes.iter().map(Axis::extent).collect::<Vec<usize>>();
        let numbers = |cells: &'a [f64]| {
            super::object::finite(cells).map(|cells| Cells::Numbers(cells, shape()))
        };
        Some(match &h.contents {
            Contents::Counts(counts) => {
                Storage { kind: "int", values: Cells::Counts(counts, shape()), variances: None }
            }
            Contents::Weighted { values, variances } => Storage {
                kind: "weighted",
                values: numbers(values)?,
                variances: Some(numbers(variances)?),
            },
        })
    }

    /// Of several histograms, whose number is the first axis. Among weighted ones, the
    /// variances of counts are the counts.
    pub(super) fn of_each(all: Vec<Storage<'a>>) -> Storage<'a> {
        let is_weighted = all.iter().any(|one| one.variances.is_some());
        let variances = |one: &Storage<'a>| one.variances.as_ref().unwrap_or(&one.values).clone();
        Storage {
            kind: if is_weighted { "weighted" } else { "int" },
            variances: is_weighted.then(|| Cells::Each(all.iter().map(variances).collect())),
            values: Cells::Each(all.into_iter().map(|one| one.values).collect()),
        }
    }
}
