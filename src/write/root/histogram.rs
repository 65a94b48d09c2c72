//! TH1D, TH2D and TH3D as ROOT's streamers write them (TH1 version 8).

use super::buffer::Buffer;
use crate::bins::{Axis, AxisKind};
use crate::hist::Histogram;

/// Bits of an object on the heap, and of one that its folder cleans up.
const ON_HEAP: u32 = 0x0200_0000;
const MUST_CLEANUP: u32 = 8;

/// The class of a histogram of one to three axes.
pub(super) fn class(h: &Histogram) -> &'static str {
    ["TH1D", "TH2D", "TH3D"][h.axes.len() - 1]
}

/// Streams a histogram of one to three axes.
pub(super) fn stream(b: &mut Buffer, h: &Histogram) {
    let cells = Cells::new(h);
    let sums = Sums::new(h, &cells);
    let values: Vec<f64> = cells.order.iter().map(|c| c.map_or(0.0, |c| h.value(c))).collect();
    match h.axes.len() {
        1 => b.versioned(3, |b| {
            base(b, h, &cells, &sums);
            b.doubles(&values);
        }),
        2 => b.versioned(4, |b| {
            b.versioned(5, |b| {
                base(b, h, &cells, &sums);
                b.f64(1.0); // scale factor
                b.f64s(&[sums.x[1], sums.xx[1], sums.xy[0]]);
            });
            b.doubles(&values);
        }),
        _ => b.versioned(4, |b| {
            b.versioned(6, |b| {
                base(b, h, &cells, &sums);
                b.versioned(1, |_| {}); // TAtt3D
                b.f64s(&[sums.x[1], sums.xx[1], sums.xy[0]]);
                b.f64s(&[sums.x[2], sums.xx[2], sums.xy[1], sums.xy[2]]);
            });
            b.doubles(&values);
        }),
    }
}

/// The TH1 part.
fn base(b: &mut Buffer, h: &Histogram, cells: &Cells, sums: &Sums) {
    b.versioned(8, |b| {
        b.named(ON_HEAP | MUST_CLEANUP, &h.name, &h.title);
        // Line, fill and marker as ROOT draws by default.
        b.versioned(2, |b| b.i16s(&[602, 1, 1]));
        b.versioned(2, |b| b.i16s(&[0, 1001]));
        b.versioned(3, |b| {
            b.i16(1);
            b.i16(1);
            b.f32(1.0);
        });
        b.i32(cells.order.len() as i32);
        for (i, name) in ["xaxis", "yaxis", "zaxis"].into_iter().enumerate() {
            axis(b, name, h.axes.get(i), h);
        }
        b.i16(0); // offset and width of bars, in thousandths
        b.i16(1000);
        b.f64(h.entries as f64);
        b.f64s(&[sums.w, sums.ww, sums.x[0], sums.xx[0]]);
        b.f64s(&[-1111.0, -1111.0, 0.0]); // no fixed maximum, minimum, norm
        b.doubles(&[]); // contour levels
        let squares = if h.is_weighted() { cells.order.as_slice() } else { &[] };
        let squares: Vec<f64> = squares.iter().map(|c| c.map_or(0.0, |c| h.variance(c))).collect();
        b.doubles(&squares);
        b.string(""); // drawing option
        b.versioned(5, |b| list(b, 0)); // fitted functions
        b.i32(0); // buffer of entries: none
        b.u8(0);
        b.i32(0); // normal errors
        b.i32(2); // whether flow bins count in the statistics: the global default
    });
}

/// The head of a TList.
fn list(b: &mut Buffer, size: usize) {
    b.object(0, 0);
    b.string("");
    b.i32(size as i32);
}

/// A TAxis; without an axis the single bin of a dimension that is not there.
fn axis(b: &mut Buffer, name: &str, axis: Option<&Axis>, h: &Histogram) {
    let (bins, edges) = match axis {
        Some(axis) => (axis.bins(), axis.edges()),
        None => (1, vec![0.0, 1.0]),
    };
    let title = match axis {
        Some(axis) => axis.label.as_str(),
        None if name == "yaxis" && h.is_weighted() => "Sum of weights",
        None if name == "yaxis" => "Entries",
        None => "",
    };
    b.versioned(10, |b| {
        b.named(ON_HEAP, name, title);
        b.versioned(4, axis_look);
        b.i32(bins as i32);
        b.f64(edges[0]);
        b.f64(edges[bins]);
        match axis.map(|a| &a.kind) {
            Some(AxisKind::Log { .. } | AxisKind::Variable { .. }) => b.doubles(&edges),
            _ => b.doubles(&[]),
        }
        b.i32(0); // the whole range is shown
        b.i32(0);
        b.i16(0);
        b.u8(0); // no time
        b.string("");
        labels(b, axis);
        b.u32(0); // no modified labels
    });
}

/// ROOT's default divisions, colours, fonts, sizes and offsets.
fn axis_look(b: &mut Buffer) {
    b.i32(510);
    b.i16s(&[1, 1, 42]);
    b.f32s(&[0.005, 0.035, 0.03, 1.0, 0.035]);
    b.i16s(&[1, 42]);
}

/// The names of categories, as a THashList of strings with their bins as ids.
fn labels(b: &mut Buffer, axis: Option<&Axis>) {
    let labels: Vec<String> = match axis.map(|a| &a.kind) {
        Some(AxisKind::Boolean) => vec!["false".into(), "true".into()],
        Some(AxisKind::Category { values }) => values.iter().map(i64::to_string).collect(),
        _ => return b.u32(0),
    };
    b.pointed("THashList", |b| {
        b.versioned(5, |b| {
            list(b, labels.len());
            for (i, label) in labels.iter().enumerate() {
                b.pointed("TObjString", |b| {
                    b.versioned(1, |b| {
                        b.object(i as u32 + 1, 0);
                        b.string(label);
                    });
                });
                b.u8(0); // option
            }
        });
    });
}

/// ROOT's cells in their order, the first axis fastest, under- and overflow on
/// every axis; `None` where our axis has no such cell.
struct Cells {
    order: Vec<Option<usize>>,
}

impl Cells {
    fn new(h: &Histogram) -> Self {
        let mut order = vec![Some(0)];
        // Each further axis is slower than those before it.
        for axis in &h.axes {
            let own: Vec<Option<usize>> = (0..axis.bins() + 2)
                .map(|i| if axis.has_underflow() { Some(i) } else { i.checked_sub(1) })
                .map(|i| i.filter(|i| *i < axis.extent()))
                .collect();
            let join = |i: Option<usize>, before: Option<usize>| Some(before? * axis.extent() + i?);
            order = own
                .iter()
                .flat_map(|i| order.iter().map(|before| join(*i, *before)).collect::<Vec<_>>())
                .collect();
        }
        Cells { order }
    }
}

/// ROOT's running sums, from the bins (not the flow bins) and their centres.
#[derive(Default)]
struct Sums {
    w: f64,
    ww: f64,
    /// Sum of weight times coordinate, by axis.
    x: [f64; 3],
    /// Sum of weight times coordinate squared, by axis.
    xx: [f64; 3],
    /// Sums of weight times two coordinates: 01, 02, 12.
    xy: [f64; 3],
}

impl Sums {
    fn new(h: &Histogram, cells: &Cells) -> Self {
        let mut sums = Sums::default();
        let centres: Vec<Vec<f64>> = h.axes.iter().map(centres).collect();
        for (at, cell) in cells.order.iter().enumerate() {
            let mut rest = at;
            let mut x = [0.0; 3];
            let mut inside = true;
            for (centres, x) in centres.iter().zip(&mut x) {
                let i = rest % (centres.len() + 2);
                rest /= centres.len() + 2;
                match i.checked_sub(1).and_then(|i| centres.get(i)) {
                    Some(centre) => *x = *centre,
                    None => inside = false,
                }
            }
            if let (true, Some(cell)) = (inside, cell) {
                sums.add(h.value(*cell), h.variance(*cell), x);
            }
        }
        sums
    }

    fn add(&mut self, w: f64, ww: f64, x: [f64; 3]) {
        self.w += w;
        self.ww += ww;
        for (i, x) in x.into_iter().enumerate() {
            self.x[i] += w * x;
            self.xx[i] += w * x * x;
        }
        for (i, (a, b)) in [(0, 1), (0, 2), (1, 2)].into_iter().enumerate() {
            self.xy[i] += w * x[a] * x[b];
        }
    }
}

fn centres(axis: &Axis) -> Vec<f64> {
    axis.edges().windows(2).map(|e| 0.5 * (e[0] + e[1])).collect()
}
