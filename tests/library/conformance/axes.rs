//! Which cell of an axis a value belongs to, beside what the tables say in Rust.

use super::records::{Record, put, words};
use crate::support::random::Random;
use gpuana::bins::{Axis, AxisKind};
use gpuana::kernels::axis::AxisTable;
use gpuana::kernels::real::f_load;

/// Axes of every kind, with values that are in the middle of bins, on edges and
/// beside them.
pub(crate) fn axes() -> Vec<Record> {
    let real = [
        AxisKind::Regular { bins: 100, low: 0.0, high: 200.0 },
        AxisKind::Regular { bins: 7, low: -3.2, high: 3.1 },
        AxisKind::Regular { bins: 1, low: 1e-3, high: 1e3 },
        AxisKind::Log { bins: 20, low: 0.1, high: 1e4 },
        AxisKind::Variable { edges: vec![-10.0, -0.1, 0.0, 0.3, 58.0, 1e6] },
    ];
    let whole = [
        AxisKind::Integer { low: -3, high: 8 },
        AxisKind::Integer { low: i64::MAX - 5, high: i64::MAX },
        AxisKind::Integer { low: i64::MIN, high: i64::MIN + 9 },
        AxisKind::Category { values: vec![11, -11, 13, 0, 1 << 40, -(1 << 40)] },
        AxisKind::Boolean,
    ];
    let axis = |kind: &AxisKind| Axis { kind: kind.clone(), label: String::new() };
    let mut out: Vec<Record> = real.iter().map(|kind| real_axis(&axis(kind))).collect();
    out.extend(whole.iter().map(|kind| whole_axis(&axis(kind))));
    out.push(Record::new(
        "axis_ordered",
        &put(&["axis_ordered(f_load(arena[at]))"]),
        words::<1>(7, 20_000).into_iter().filter(|[word]| !f32::from_bits(*word).is_nan()),
        1,
        |[word]| {
            let word = f_load(word).to_bits();
            // Both zeros are equal; of the others more negative ones are less.
            let size = word & 0x7fff_ffff;
            vec![if word >> 31 == 1 && size > 0 { !word } else { size | 1 << 31 }]
        },
    ));
    out
}

fn real_axis(axis: &Axis) -> Record {
    let table = AxisTable::new(axis);
    let words = table.words();
    let (edges, mut random) = (axis.edges(), Random::new(8));
    let mut rows: Vec<[u32; 1]> =
        [0.0, -0.0, 1e-40, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY]
            .map(|x: f32| [x.to_bits()])
            .to_vec();
    for edge in &edges {
        let bits = (*edge as f32).to_bits();
        rows.extend([bits.wrapping_sub(1), bits, bits + 1].map(|bits| [bits]));
    }
    let (low, high) = (edges[0], edges[edges.len() - 1]);
    rows.extend((0..10_000).map(|_| {
        let part = (random.word() >> 11) as f64 / (1u64 << 53) as f64;
        [((low + (1.2 * part - 0.1) * (high - low)) as f32).to_bits()]
    }));
    rows.retain(|[word]| !f32::from_bits(*word).is_nan());
    Record::new(
        &format!("axis_real, axis_search of {:?}", axis.kind),
        &put(&["axis_real(0u, f_load(arena[at]))"]),
        rows,
        1,
        move |[word]| vec![table.index_f32(f32::from_bits(word)).expect("a number") as u32],
    )
    .with_tables(words)
}

fn whole_axis(axis: &Axis) -> Record {
    let table = AxisTable::new(axis);
    let words = table.words();
    let mut rows: Vec<i64> = vec![0, 1, -1, i64::MIN, i64::MAX, 1 << 32, -(1 << 32), 0x8000_0000];
    if let AxisKind::Integer { low, high } = axis.kind {
        rows.extend((-2..3).flat_map(|k| [low.wrapping_add(k), high.wrapping_add(k)]));
    }
    if let AxisKind::Category { values } = &axis.kind {
        rows.extend(values.iter().flat_map(|v| [*v, v + 1, v - 1]));
    }
    let mut random = Random::new(9);
    rows.extend((0..5_000).map(|_| (random.word() as i64) >> (random.word() % 64)));
    Record::new(
        &format!("axis_int, axis_range, axis_list, axis_less of {:?}", axis.kind),
        &put(&["axis_int(0u, arena[at], arena[at + 1u])"]),
        rows.into_iter().map(|i| [i as u32, (i >> 32) as u32]),
        1,
        move |[low, high]| {
            let value = (u64::from(high) << 32 | u64::from(low)) as i64;
            vec![table.index_i64(value) as u32]
        },
    )
    .with_tables(words)
}
