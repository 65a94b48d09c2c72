//! Element-wise functions, with columns and constants in every place.

use super::Fixture;
use crate::batch::Values;
use crate::ir::{Const, Ir, Map, NodeId, SpaceId};
use crate::kernels::{FUNCTIONS, standard};

const NAN: f32 = f32::NAN;
const INF: f32 = f32::INFINITY;

/// One event for each row of operands.
fn fixture(events: usize) -> Fixture {
    Fixture::with_offsets(vec![0; events + 1], vec![0; events + 1])
}

/// The operands' columns over the events, and their constants row by row.
fn check(map: Map, operands: Vec<Values>, expected: &str) {
    check_made(&format!("{map:?}"), |ir, nodes| ir.map(map, nodes), operands, expected);
}

fn check_made(
    what: &str,
    make: impl Fn(&mut Ir, &[NodeId]) -> NodeId,
    operands: Vec<Values>,
    expected: &str,
) {
    let events = operands[0].len();
    let constant = |values: &Values, row: usize| match values {
        Values::Bool(v) => Const::Bool(v[row] != 0),
        Values::I32(v) => Const::I32(v[row]),
        Values::I64(v) => Const::I64(v[row]),
        Values::F32(v) => Const::Real { exact: f64::from(v[row]), single: v[row] },
        Values::F64(v) => Const::real(v[row]),
    };
    // Each operand as a column or as a constant of its first row.
    for constants in 0..1 << operands.len() {
        let mut f = fixture(events);
        let mut nodes: Vec<NodeId> = vec![];
        let mut rows = events;
        for (k, values) in operands.iter().enumerate() {
            nodes.push(if constants >> k & 1 == 1 {
                rows = 1;
                f.ir().constant_node(constant(values, 0))
            } else {
                f.column(SpaceId::EVENT, values.clone())
            });
        }
        let node = make(f.ir(), &nodes);
        let all = f.all(node);
        let got: Vec<&str> = all.trim_matches(['[', ']']).split(", ").collect();
        let want: Vec<&str> = expected.split(' ').collect();
        assert_eq!(got.len(), want.len(), "{what}");
        assert_eq!(got[..rows], want[..rows], "{what}, constants {constants:b}");
    }
}

#[test]
fn reals() {
    let tiny = f32::MIN_POSITIVE;
    let a = vec![1.5, 3.0, INF, NAN, -0.0, 1e38, 1.0];
    let b = vec![0.25, 0.0, INF, 1.0, 0.0, 1e38, 3.0];
    let both = || vec![Values::F32(a.clone()), Values::F32(b.clone())];
    check(Map::Add, both(), "1.75 3.0 inf NaN 0.0 2e38 4.0");
    check(Map::Sub, both(), "1.25 3.0 NaN NaN -0.0 0.0 -2.0");
    check(Map::Mul, both(), "0.375 0.0 inf NaN -0.0 inf 3.0");
    check(Map::Div, both(), "6.0 inf NaN NaN NaN 1.0 0.33333334");
    check(Map::Neg, vec![Values::F32(a.clone())], "-1.5 -3.0 -inf NaN 0.0 -1e38 -1.0");
    check(Map::IsFinite, vec![Values::F32(a.clone())], "true true false false true true true");
    check(Map::IsNan, vec![Values::F32(a)], "false false false true false false false");
    let denormal = vec![Values::F32(vec![tiny, -tiny]), Values::F32(vec![0.5, 0.5])];
    check(Map::Mul, denormal, "0.0 -0.0");
    let close = vec![Values::F32(vec![1.5 * tiny, 1e-40]), Values::F32(vec![tiny, 1e-40])];
    check(Map::Sub, close, "0.0 0.0");
}

#[test]
fn comparisons() {
    let a = vec![1.0, 2.0, NAN, -0.0, INF, 1e-45];
    let b = vec![2.0, 1.0, NAN, 0.0, INF, 0.0];
    let both = || vec![Values::F32(a.clone()), Values::F32(b.clone())];
    check(Map::Lt, both(), "true false false false false false");
    check(Map::Le, both(), "true false false true true true");
    check(Map::Eq, both(), "false false false true true true");
    check(Map::Ne, both(), "true true true false false false");
    let ints = || vec![Values::I32(vec![1, i32::MIN, 7]), Values::I32(vec![2, i32::MAX, 7])];
    check(Map::Lt, ints(), "true true false");
    check(Map::Le, ints(), "true true true");
    check(Map::Eq, ints(), "false false true");
    check(Map::Ne, ints(), "true true false");
    let (low, high) = (i64::MIN, i64::MAX);
    let longs = || vec![Values::I64(vec![low, high, 1 << 40]), Values::I64(vec![high, low, 0])];
    check(Map::Lt, longs(), "true false false");
    check(Map::Le, longs(), "true false false");
    check(Map::Ne, longs(), "true true true");
    let bools = || vec![Values::Bool(vec![0, 1, 1]), Values::Bool(vec![0, 0, 1])];
    check(Map::Eq, bools(), "true false true");
    check(Map::Ne, bools(), "false true false");
}

#[test]
fn integers() {
    let a = vec![7, -7, 7, -7, i32::MIN, 5, i32::MAX];
    let b = vec![2, 2, -2, -2, -1, 0, 1];
    let both = || vec![Values::I32(a.clone()), Values::I32(b.clone())];
    check(Map::Add, both(), "9 -5 5 -9 2147483647 5 -2147483648");
    check(Map::Sub, both(), "5 -9 9 -5 -2147483647 5 2147483646");
    check(Map::Mul, both(), "14 -14 -14 14 -2147483648 0 2147483647");
    check(Map::FloorDiv, both(), "3 -4 -4 3 -2147483648 0 2147483647");
    check(Map::Mod, both(), "1 1 -1 -1 0 0 0");
    check(Map::Neg, vec![Values::I32(a)], "-7 7 -7 7 -2147483648 -5 -2147483647");
}

#[test]
fn wide_integers() {
    let a = vec![7, -7, i64::MIN, 5, i64::MAX, 1 << 32];
    let b = vec![-2, 2, -1, 0, 1, 1 << 31];
    let both = || vec![Values::I64(a.clone()), Values::I64(b.clone())];
    let (least, most) = ("-9223372036854775808", "9223372036854775807");
    check(Map::Add, both(), &format!("5 -5 {most} 5 {least} 6442450944"));
    check(Map::Sub, both(), "9 -9 -9223372036854775807 5 9223372036854775806 2147483648");
    check(Map::Mul, both(), &format!("-14 -14 {least} 0 {most} {least}"));
    check(Map::MulHigh, both(), "-1 -1 0 0 0 0");
    check(Map::FloorDiv, both(), &format!("-4 -4 {least} 0 {most} 2"));
    check(Map::Mod, both(), "-1 1 0 0 0 0");
    check(Map::Neg, vec![Values::I64(vec![7, i64::MIN])], &format!("-7 {least}"));
    let narrowed = vec![Values::I64(vec![7, i64::MIN, 1 << 31])];
    check(Map::Narrow, narrowed, "7 -2147483648 2147483647");
}

#[test]
fn bits() {
    let ints = || vec![Values::I32(vec![12, -1]), Values::I32(vec![10, 5])];
    check(Map::And, ints(), "8 5");
    check(Map::Or, ints(), "14 -1");
    check(Map::Xor, ints(), "6 -6");
    let longs = || vec![Values::I64(vec![12, -1]), Values::I64(vec![10, 1 << 40])];
    check(Map::And, longs(), "8 1099511627776");
    check(Map::Or, longs(), "14 -1");
    check(Map::Xor, longs(), "6 -1099511627777");
    let bools = || vec![Values::Bool(vec![0, 0, 1, 1]), Values::Bool(vec![0, 1, 0, 1])];
    check(Map::And, bools(), "false false false true");
    check(Map::Or, bools(), "false true true true");
    check(Map::Xor, bools(), "false true true false");
    check(Map::Not, vec![Values::Bool(vec![0, 1])], "true false");
    check(Map::Not, vec![Values::I32(vec![0, 5])], "-1 -6");
    check(Map::Not, vec![Values::I64(vec![0, 1 << 40])], "-1 -1099511627777");
}

#[test]
fn shifts() {
    let by = || Values::I32(vec![0, 1, 31, 32, -1, i32::MIN]);
    let ones = || Values::I32(vec![-2; 6]);
    check(Map::Shl, vec![ones(), by()], "-2 -4 0 0 0 0");
    check(Map::Shr, vec![ones(), by()], "-2 -1 -1 -1 -1 -1");
    check(Map::Shr, vec![Values::I32(vec![6; 6]), by()], "6 3 0 0 0 0");
    let by = || Values::I32(vec![0, 1, 62, 63, 64, -1]);
    let big = || Values::I64(vec![-3; 6]);
    check(Map::Shl, vec![big(), by()], "-3 -6 4611686018427387904 -9223372036854775808 0 0");
    check(Map::Shr, vec![big(), by()], "-3 -2 -1 -1 -1 -1");
}

#[test]
fn selections() {
    let m = || Values::Bool(vec![1, 0, 1]);
    let (a, b) = (Values::F32(vec![1.0, NAN, -0.0]), Values::F32(vec![NAN, 2.0, 3.0]));
    check(Map::Select, vec![m(), a, b], "1.0 2.0 -0.0");
    let (a, b) = (Values::I32(vec![1, 2, 3]), Values::I32(vec![4, 5, 6]));
    check(Map::Select, vec![m(), a, b], "1 5 3");
    let (a, b) = (Values::I64(vec![1 << 40, 2, 3]), Values::I64(vec![4, 5, 6]));
    check(Map::Select, vec![m(), a, b], "1099511627776 5 3");
    let (a, b) = (Values::Bool(vec![1, 1, 0]), Values::Bool(vec![0, 0, 1]));
    check(Map::Select, vec![m(), a, b], "true false false");
}

#[test]
fn conversions() {
    check(Map::ToReal, vec![Values::I32(vec![3, -7, 16_777_217])], "3.0 -7.0 16777216.0");
    let longs = vec![i64::MIN, i64::MAX, 16_777_219];
    check(Map::ToReal, vec![Values::I64(longs)], "-9.223372e18 9.223372e18 16777220.0");
    check(Map::ToReal, vec![Values::Bool(vec![1, 0])], "1.0 0.0");
    let reals = vec![2.9, -2.9, NAN, INF, -INF, 1e10, -0.0];
    let expected = "2 -2 0 2147483647 -2147483648 2147483647 0";
    check(Map::ToInt, vec![Values::F32(reals)], expected);
    check(Map::ToInt, vec![Values::Bool(vec![1, 0])], "1 0");
    check(Map::Widen, vec![Values::I32(vec![i32::MIN, 7])], "-2147483648 7");
}

#[test]
fn functions_of_the_catalogue() {
    let check_call = |name: &str, operands, expected: &str| {
        check_made(name, |ir, nodes| ir.call(standard(name), nodes), operands, expected);
    };
    let x = Values::F32(vec![4.0, 2.0, -0.0, -1.0, INF]);
    check_call("sqrt", vec![x], "2.0 1.4142135 -0.0 NaN inf");
    let (a, b) = (Values::F32(vec![1.0, 2.0, -0.0]), Values::F32(vec![3.0, -4.0, 0.0]));
    let function = FUNCTIONS.iter().find(|f| f.name == "atan2").unwrap();
    let mut expected = [0.0; 3];
    function.map32(&[&[1.0, 2.0, -0.0], &[3.0, -4.0, 0.0]], &mut expected);
    let expected: Vec<String> = expected.iter().map(|x| format!("{x:?}")).collect();
    check_call("atan2", vec![a, b], &expected.join(" "));
}
