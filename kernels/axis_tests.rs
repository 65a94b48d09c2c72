//! Lookups against the plain definition: count the edges that are not above.

use super::*;

#[test]
fn real_values_compare_with_the_exact_edges() {
    for (axis, values) in real_cases() {
        let (table, edges) = (AxisTable::new(&axis), axis.edges());
        for x in values {
            let flushed = if x.is_subnormal() { 0.0 } else { f64::from(x) };
            let expected = edges.iter().filter(|e| **e <= flushed).count();
            assert_eq!(table.index_f32(x), Some(expected), "{x:e} on {axis:?}");
            let real = table.real();
            let near = real.near()(x);
            assert!([expected as u32, UNSURE].contains(&near), "{x:e} on {axis:?}: {near}");
            let mut cells = [near, UNSURE, UNSURE];
            real.settle(&[x, x, f32::NAN], &mut cells, 1 << 31);
            assert_eq!(cells, [expected as u32, expected as u32, 1 << 31], "{x:e} on {axis:?}");
            let expected = edges.iter().filter(|e| **e <= f64::from(x)).count();
            assert_eq!(table.index_f64(f64::from(x)), Some(expected), "{x:e} on {axis:?}");
        }
        assert_eq!((table.index_f32(f32::NAN), table.index_f64(f64::NAN)), (None, None));
    }
}

/// Most values of a regular axis are found without looking at its edges, and those right.
#[test]
fn values_in_bins_are_sure() {
    let (mut unsure, mut all) = (0, 0);
    for (bins, low, high) in [
        (100, 0.0, 200.0),
        (100, 15.0, 60.0),
        (25, 50.0, 550.0),
        (1000, -3.2, 3.2),
        (7, 1e4, 1e4 + 1.0),
    ] {
        let axis = Axis { kind: AxisKind::Regular { bins, low, high }, label: String::new() };
        let (table, edges) = (AxisTable::new(&axis), axis.edges());
        let near = table.real().near();
        for k in -500..10_500 {
            let x = (low + (high - low) * f64::from(k) / 1e4) as f32;
            let cell = edges.partition_point(|e| *e <= f64::from(x)) as u32;
            let found = near(x);
            assert!([cell, UNSURE].contains(&found), "{x} on {axis:?}: {found}, not {cell}");
            (unsure, all) = (unsure + u32::from(found == UNSURE), all + 1);
        }
    }
    assert!(20 * unsure < all, "{unsure} of {all}");
}

#[test]
fn integers_are_exact() {
    for (axis, values) in int_cases() {
        let table = AxisTable::new(&axis);
        for i in values {
            let expected = match &axis.kind {
                AxisKind::Integer { low, .. } if i < *low => 0,
                AxisKind::Integer { low, high } if i < *high => {
                    (i128::from(i) - i128::from(*low)) as usize + 1
                }
                AxisKind::Category { values } => {
                    values.iter().position(|v| *v == i).unwrap_or(values.len())
                }
                AxisKind::Boolean => i as usize,
                _ => axis.bins() + 1,
            };
            assert_eq!(table.index_i64(i), expected, "{i} on {axis:?}");
            assert!(expected < axis.extent());
        }
    }
}

#[test]
fn ordered_words_order_like_numbers() {
    let mut numbers: Vec<f32> = real_cases().into_iter().flat_map(|(_, v)| v).map(flush).collect();
    numbers.sort_by(f32::total_cmp);
    for pair in numbers.windows(2) {
        assert_eq!(pair[0] < pair[1], ordered(pair[0]) < ordered(pair[1]), "{pair:?}");
    }
}

#[test]
fn edges_round_up_in_the_flushed_numbers() {
    let rows = [
        (0.1, 0.1f32),
        (0.7, 0.7f32.next_up()),
        (1e-45, f32::MIN_POSITIVE),
        (-1e-45, 0.0),
        (-1e-38, 0.0),
        (1e39, f32::INFINITY),
        (-1e39, f32::MIN),
        (16_777_217.0, 16_777_218.0),
        (-16_777_217.0, -16_777_216.0),
    ];
    for (edge, expected) in rows {
        assert_eq!(round_up(edge), expected, "{edge:e}");
        assert!(f64::from(round_up(edge)) >= edge);
    }
}

#[test]
fn the_words_of_each_kind() {
    let words = |kind| AxisTable::new(&Axis { kind, label: String::new() }).words();
    let key = |x: f32| if x < 0.0 { !x.to_bits() } else { x.to_bits() | 1 << 31 };
    assert_eq!(
        words(AxisKind::Regular { bins: 2, low: -1.0, high: 1.0 }),
        [2, (-1f32).to_bits(), 1f32.to_bits(), key(-1.0), key(0.0), key(1.0)]
    );
    assert_eq!(words(AxisKind::Variable { edges: vec![-0.0, 2.5] }), [1, 0, 0, key(0.0), key(2.5)]);
    assert_eq!(words(AxisKind::Integer { low: -2, high: 3 }), [0, -2i32 as u32, u32::MAX, 5]);
    assert_eq!(words(AxisKind::Boolean), [2]);
    assert_eq!(
        words(AxisKind::Category { values: vec![7, -1] }),
        [1, 2, 2, u32::MAX, u32::MAX, 1, 7, 0, 0]
    );
}
