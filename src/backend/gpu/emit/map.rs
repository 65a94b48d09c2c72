//! Element-wise functions and constants as WGSL expressions.

use crate::ir::{Const, Map, Ty};

/// The expression of `map` for operands of type `ty` (that of the first one).
pub(super) fn expression(map: Map, ty: Ty, x: &[&str]) -> String {
    let infix = |op: &str| format!("{} {op} {}", x[0], x[1]);
    let call = |name: &str| format!("{name}({})", x.join(", "));
    match (map, ty) {
        (Map::Add, Ty::I64) => call("l_add"),
        (Map::Sub, Ty::I64) => call("l_sub"),
        (Map::Mul, Ty::I64) => call("l_mul"),
        (Map::MulHigh, _) => call("l_mul_high"),
        (Map::Neg, Ty::I64) => call("l_neg"),
        (Map::FloorDiv, Ty::I64) => call("l_floor_div"),
        (Map::Mod, Ty::I64) => call("l_mod"),
        (Map::Add, _) => infix("+"),
        (Map::Sub, _) => infix("-"),
        (Map::Mul, _) => infix("*"),
        (Map::Div, _) => call("f_div"),
        (Map::Neg, Ty::F32) => {
            format!("bitcast<f32>(bitcast<u32>({}) ^ 0x80000000u)", x[0])
        }
        (Map::Neg, _) => format!("0i - {}", x[0]),
        (Map::FloorDiv, _) => call("i_floor_div"),
        (Map::Mod, _) => call("i_mod"),
        (Map::And, Ty::Bool) => infix("&&"),
        (Map::Or, Ty::Bool) => infix("||"),
        (Map::Xor, Ty::Bool) => infix("!="),
        (Map::Not, Ty::Bool) => format!("!{}", x[0]),
        (Map::And, _) => infix("&"),
        (Map::Or, _) => infix("|"),
        (Map::Xor, _) => infix("^"),
        (Map::Not, _) => format!("~{}", x[0]),
        (Map::Shl, Ty::I64) => call("l_shl"),
        (Map::Shr, Ty::I64) => call("l_shr"),
        (Map::Shl, _) => call("i_shl"),
        (Map::Shr, _) => call("i_shr"),
        (Map::Lt, Ty::F32) => call("f_lt"),
        (Map::Le, Ty::F32) => call("f_le"),
        (Map::Eq, Ty::F32) => call("f_eq"),
        (Map::Ne, Ty::F32) => format!("!f_eq({}, {})", x[0], x[1]),
        (Map::Lt, Ty::I64) => call("l_lt"),
        (Map::Le, Ty::I64) => call("l_le"),
        (Map::Eq, Ty::I64) => format!("all({} == {})", x[0], x[1]),
        (Map::Ne, Ty::I64) => format!("any({} != {})", x[0], x[1]),
        (Map::Lt, _) => infix("<"),
        (Map::Le, _) => infix("<="),
        (Map::Eq, _) => infix("=="),
        (Map::Ne, _) => infix("!="),
        (Map::Select, _) => format!("select({}, {}, {})", x[2], x[1], x[0]),
        (Map::ToReal, Ty::Bool) => format!("select(0.0f, 1.0f, {})", x[0]),
        (Map::ToReal, Ty::I64) => call("l_to_real"),
        (Map::ToReal, _) => call("f_from_i32"),
        (Map::ToInt, Ty::Bool) => format!("select(0i, 1i, {})", x[0]),
        (Map::ToInt, _) => call("f_to_i32"),
        (Map::Widen, _) => call("l_widen"),
        (Map::Narrow, _) => call("l_narrow"),
        (Map::IsFinite, _) => call("f_is_finite"),
        (Map::IsNan, _) => call("f_is_nan"),
        (Map::Kernel { .. }, _) => unreachable!("a kernel has a text of its own"),
    }
}

/// A constant. An `opaque` one is hidden from the compiler, which otherwise
/// evaluates expressions of constants itself and rejects those that overflow. Zero
/// always is: a driver may take its product with anything for 0.
pub(super) fn literal(value: Const, opaque: bool) -> String {
    match value {
        Const::Bool(b) => b.to_string(),
        Const::I32(i) if opaque => format!("bitcast<i32>({:#x}u ^ params.opaque)", i as u32),
        Const::I32(i32::MIN) => "bitcast<i32>(0x80000000u)".to_owned(),
        Const::I32(i) if i < 0 => format!("({i}i)"),
        Const::I32(i) => format!("{i}i"),
        Const::I64(i) => {
            let (low, high) = (i as u64 as u32, (i as u64 >> 32) as u32);
            let hidden = if opaque { " ^ params.opaque" } else { "" };
            format!("vec2<u32>({low:#x}u{hidden}, {high:#x}u)")
        }
        // The same text does for all its values.
        Const::Parameter { index, rounding, .. } => {
            format!("bitcast<f32>(tables[{}u])", Const::place(index, rounding))
        }
        Const::Real { single, .. } => {
            let x = if single.is_subnormal() { 0.0f32.copysign(single) } else { single };
            match x {
                x if opaque || !x.is_finite() || x == 0.0 => {
                    format!("bitcast<f32>({:#x}u ^ params.opaque)", x.to_bits())
                }
                x if x.is_sign_negative() => format!("({x:?}f)"),
                x => format!("{x:?}f"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::literal;
    use crate::ir::{Const, Rounding};

    #[test]
    fn constants() {
        let cases = [
            (Const::Bool(true), false, "true"),
            (Const::I32(-3), false, "(-3i)"),
            (Const::I32(i32::MIN), false, "bitcast<i32>(0x80000000u)"),
            (Const::I32(7), true, "bitcast<i32>(0x7u ^ params.opaque)"),
            (Const::I64(-2), false, "vec2<u32>(0xfffffffeu, 0xffffffffu)"),
            (Const::real(0.1), false, "0.1f"),
            (Const::real(-2.5e20), false, "(-2.5e20f)"),
            (Const::real(1e-40), false, "bitcast<f32>(0x0u ^ params.opaque)"),
            (
                Const::Parameter { index: 3, exact: 0.5, single: 0.5, rounding: Rounding::Up },
                true,
                "bitcast<f32>(tables[10u])",
            ),
            (Const::real(f64::INFINITY), false, "bitcast<f32>(0x7f800000u ^ params.opaque)"),
        ];
        for (value, opaque, text) in cases {
            assert_eq!(literal(value, opaque), text);
        }
    }
}
