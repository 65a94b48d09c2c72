//! The list of functions that expressions can call.

use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, PI, SQRT_2};

use super::function::{Accuracy, Double, Function, Single, slice_map};
use super::slope::Slope::{One, Steps, Two};
use super::{double, exponential, normal, rounding, trigonometric};

/// Where every function of one argument is tested: zeros, denormals, the ends
/// of the range, not-numbers, and where implementations switch formulas.
const EVERYWHERE: &[[f32; 2]] = &[
    [0.0, 0.0],
    [-0.0, 0.0],
    [1.0, 0.0],
    [-1.0, 0.0],
    [0.5, 0.0],
    [-0.5, 0.0],
    [1.5, 0.0],
    [2.5, 0.0],
    [-3.5, 0.0],
    [0.49999997, 0.0],
    [0.99999994, 0.0],
    [-0.99999994, 0.0],
    [1.0000001, 0.0],
    [0.625, 0.0],
    [SQRT_2, 0.0],
    [1.4142137, 0.0],
    [0.70710677, 0.0],
    [4.0, 0.0],
    [20.0, 0.0],
    [88.72283, 0.0],
    [88.72284, 0.0],
    [89.41598, 0.0],
    [89.41599, 0.0],
    [-87.33654, 0.0],
    [-87.336555, 0.0],
    [103.9, 0.0],
    [-103.9, 0.0],
    [PI, 0.0],
    [-3.1415925, 0.0],
    [FRAC_PI_2, 0.0],
    [FRAC_PI_4, 0.0],
    [8192.0, 0.0],
    [8192.001, 0.0],
    [8388607.5, 0.0],
    [8388608.0, 0.0],
    [-8388609.0, 0.0],
    [16777216.0, 0.0],
    [1e10, 0.0],
    [-1e30, 0.0],
    [1e-10, 0.0],
    [-1e-20, 0.0],
    [1e-38, 0.0],
    [-1e-40, 0.0],
    [f32::MIN_POSITIVE, 0.0],
    [f32::from_bits(1), 0.0],
    [f32::MAX, 0.0],
    [f32::MIN, 0.0],
    [f32::INFINITY, 0.0],
    [f32::NEG_INFINITY, 0.0],
    [f32::NAN, 0.0],
];

/// All pairs of these are cases of every function of two arguments.
const MIXED: &[f32] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    -2.0,
    0.5,
    -0.5,
    3.0,
    -3.0,
    2.5,
    PI,
    -PI,
    1.0000001,
    0.99999994,
    16777216.0,
    16777218.0,
    -16777217.0,
    33554432.0,
    127.99,
    128.0,
    -126.0,
    -149.0,
    1e-20,
    -1e-30,
    1e30,
    1e-40,
    f32::MIN_POSITIVE,
    f32::MAX,
    f32::MIN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
];

const SQUARE: usize = MIXED.len() * MIXED.len();

const fn pairs() -> [[f32; 2]; SQUARE] {
    let mut out = [[0.0; 2]; SQUARE];
    let mut at = 0;
    while at < SQUARE {
        out[at] = [MIXED[at / MIXED.len()], MIXED[at % MIXED.len()]];
        at += 1;
    }
    out
}

static PAIRS: [[f32; 2]; SQUARE] = pairs();

/// A last-place unit is at most 2^-23 = 1.19e-7 of the value; 2.3e-7 leaves
/// room for two roundings in the worst place.
const TWO_ROUNDINGS: Accuracy = Accuracy::Relative(2.3e-7);

/// As above, for a product of an exponential (one unit in the last place), a
/// quotient and a polynomial.
const FOUR_ROUNDINGS: Accuracy = Accuracy::Relative(4.6e-7);

macro_rules! catalogue {
    ($($doc:literal $name:literal $arity:ident $slope:expr, $single:path $(=> $small:path)?, $double:path, $accuracy:expr, $range:expr;)*) => {
        &[$(Function {
            name: $name,
            doc: $doc,
            accuracy: $accuracy,
            cases: catalogue!(@cases $arity),
            range: $range,
            slope: $slope,
            single: catalogue!(@single $arity $single $(=> $small)?),
            double: catalogue!(@double $arity $double),
        }),*]
    };
    (@cases one) => { EVERYWHERE };
    (@cases two) => { &PAIRS };
    (@single one $f:path) => { Single::One(slice_map!($f, one)) };
    (@single one $f:path => $small:path) => { Single::One(slice_map!($f, angle $small)) };
    (@single two $f:path) => { Single::Two(slice_map!($f, two)) };
    (@double one $f:path) => { Double::One($f) };
    (@double two $f:path) => { Double::Two($f) };
}

/// All scalar functions: what each computes, its name, how many arguments it takes, the rule
/// that differentiates it (`Unknown`: none), both implementations, accuracy, range.
pub static FUNCTIONS: &[Function] = catalogue![
    "Magnitude."
        "abs" one One(rounding::d_abs), rounding::k_abs, libm::fabs, Accuracy::Exact, (-1e3, 1e3);
    "Square root, correctly rounded; NaN below 0."
        "sqrt" one One(exponential::d_sqrt), exponential::k_sqrt, libm::sqrt, Accuracy::Exact, (0.0, 1e6);
    "Exponential, e^x."
        "exp" one One(exponential::d_exp), exponential::k_exp, libm::exp, TWO_ROUNDINGS, (-87.0, 88.0);
    "Natural logarithm; -inf at 0, NaN below."
        "log" one One(exponential::d_log), exponential::k_log, libm::log, TWO_ROUNDINGS, (0.0, 10.0);
    "Logarithm to base 10; -inf at 0, NaN below."
        "log10" one One(exponential::d_log10), exponential::k_log10, libm::log10, TWO_ROUNDINGS, (0.0, 10.0);
    "Sine."
        "sin" one One(trigonometric::d_sin), trigonometric::k_sin => trigonometric::f_sin_small, libm::sin, TWO_ROUNDINGS, (-8000.0, 8000.0);
    "Cosine."
        "cos" one One(trigonometric::d_cos), trigonometric::k_cos => trigonometric::f_cos_small, libm::cos, TWO_ROUNDINGS, (-8000.0, 8000.0);
    "Tangent."
        "tan" one One(trigonometric::d_tan), trigonometric::k_tan => trigonometric::f_tan_small, libm::tan, TWO_ROUNDINGS, (-8000.0, 8000.0);
    "Inverse sine, in [-pi/2, pi/2]; NaN beyond 1."
        "asin" one One(trigonometric::d_asin), trigonometric::k_asin, libm::asin, TWO_ROUNDINGS, (-1.0, 1.0);
    "Inverse cosine, in [0, pi]; NaN beyond 1."
        "acos" one One(trigonometric::d_acos), trigonometric::k_acos, libm::acos, TWO_ROUNDINGS, (-1.0, 1.0);
    "Inverse tangent, in [-pi/2, pi/2]."
        "atan" one One(trigonometric::d_atan), trigonometric::k_atan, libm::atan, TWO_ROUNDINGS, (-10.0, 10.0);
    "Angle of the point with ordinate y (first) and abscissa x, in [-pi, pi]."
        "atan2" two Two(trigonometric::d_atan2), trigonometric::k_atan2, libm::atan2, TWO_ROUNDINGS, (-10.0, 10.0);
    "Hyperbolic sine."
        "sinh" one One(exponential::d_sinh), exponential::k_sinh, libm::sinh, TWO_ROUNDINGS, (-10.0, 10.0);
    "Hyperbolic cosine."
        "cosh" one One(exponential::d_cosh), exponential::k_cosh, libm::cosh, TWO_ROUNDINGS, (-10.0, 10.0);
    "Hyperbolic tangent."
        "tanh" one One(exponential::d_tanh), exponential::k_tanh, libm::tanh, TWO_ROUNDINGS, (-5.0, 5.0);
    "Inverse hyperbolic sine: the pseudorapidity of pz/pt."
        "asinh" one One(exponential::d_asinh), exponential::k_asinh, libm::asinh, TWO_ROUNDINGS, (-10.0, 10.0);
    "Logistic function 1 / (1 + e^-x): a step at 0 that is smooth."
        "sigmoid" one One(exponential::d_sigmoid), exponential::k_sigmoid, double::sigmoid, FOUR_ROUNDINGS, (-80.0, 80.0);
    "Error function."
        "erf" one One(normal::d_erf), normal::k_erf, libm::erf, TWO_ROUNDINGS, (-5.0, 5.0);
    "Fraction of the standard normal distribution above x."
        "normal_tail" one One(normal::d_normal_tail), normal::k_normal_tail, double::normal_tail,
        FOUR_ROUNDINGS, (-5.0, 12.5);
    "The value below which a fraction p of the standard normal distribution lies."
        "normal_quantile" one One(normal::d_normal_quantile), normal::k_normal_quantile, double::normal_quantile,
        TWO_ROUNDINGS, (0.0, 1.0);
    "Greatest whole number not above x."
        "floor" one Steps, rounding::k_floor, libm::floor, Accuracy::Exact, (-100.0, 100.0);
    "Least whole number not below x."
        "ceil" one Steps, rounding::k_ceil, libm::ceil, Accuracy::Exact, (-100.0, 100.0);
    "Nearest whole number, ties to even."
        "round" one Steps, rounding::k_round, libm::rint, Accuracy::Exact, (-100.0, 100.0);
    "Lesser of two numbers; NaN if either is."
        "min" two Two(rounding::d_min), rounding::k_min, double::min, Accuracy::Exact, (-10.0, 10.0);
    "Greater of two numbers; NaN if either is."
        "max" two Two(rounding::d_max), rounding::k_max, double::max, Accuracy::Exact, (-10.0, 10.0);
    "Magnitude of the first, sign of the second."
        "copysign" two Two(rounding::d_copysign), rounding::k_copysign, libm::copysign, Accuracy::Exact, (-10.0, 10.0);
    "First to the power of the second; of negative numbers only whole powers."
        "pow" two Two(exponential::d_pow), exponential::k_pow, libm::pow, TWO_ROUNDINGS, (0.0, 30.0);
    "Second angle minus the first, brought to [-pi, pi] (ROOT's DeltaPhi); NaN beyond 8192 radians."
        "delta_phi" two Two(trigonometric::d_delta_phi), trigonometric::k_delta_phi, double::delta_phi, TWO_ROUNDINGS,
        (-PI, PI);
];
