//! What is compared: each kernel's WGSL call beside its CPU twin.

use crate::support::random::Random;
use gpuana::kernels::integer::*;
use gpuana::kernels::real::*;
use gpuana::kernels::wide::*;
use gpuana::kernels::{FUNCTIONS, Function};

/// Type of an argument or result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// f32; denormals are flushed when it is loaded.
    Real,
    /// i32.
    Int,
    /// 64 bits in two words, the low one first.
    Long,
    /// bool, as 0 or 1.
    Bool,
}

/// Two words for each of two arguments.
pub(crate) type Row = [u32; 4];

type Twin = Box<dyn Fn(&[Row]) -> Vec<[u32; 2]>>;

/// A kernel and its twin.
pub(crate) struct Subject {
    /// Name of the WGSL function, or what the expression does.
    pub(crate) name: String,
    template: String,
    /// Types of the arguments.
    pub(crate) arguments: Vec<Kind>,
    /// Type of the result.
    pub(crate) result: Kind,
    /// The twin, of all rows.
    pub(crate) cpu: Twin,
    cases: Vec<Row>,
}

impl Kind {
    /// WGSL that makes a value from two words.
    pub(crate) fn load(self, low: &str, high: &str) -> String {
        match self {
            Kind::Real => format!("f_load({low})"),
            Kind::Int => format!("bitcast<i32>({low})"),
            Kind::Long => format!("vec2<u32>({low}, {high})"),
            Kind::Bool => format!("({low} & 1u) == 1u"),
        }
    }

    /// WGSL that makes two words from a value.
    pub(crate) fn words(self, value: &str) -> (String, String) {
        match self {
            Kind::Real | Kind::Int => (format!("bitcast<u32>({value})"), "0u".into()),
            Kind::Long => (format!("{value}.x"), format!("{value}.y")),
            Kind::Bool => (format!("select(0u, 1u, {value})"), "0u".into()),
        }
    }

    fn random(self, random: &mut Random) -> [u32; 2] {
        const REALS: &[u32] = &[
            0,
            0x8000_0000,
            1,
            0x807f_ffff,
            0x0080_0000,
            0x0080_0001,
            0x3f80_0000,
            0xbf80_0000,
            0x3f7f_ffff,
            0x7f7f_ffff,
            0x7f80_0000,
            0xff80_0000,
            0x7fc0_0000,
            0xffff_ffff,
        ];
        const INTS: &[u32] =
            &[0, 1, 2, 31, 32, 33, 63, 64, 65, u32::MAX, 0x7fff_ffff, 0x8000_0000, 0x0100_0001];
        let word = random.word();
        let bits = word as u32;
        match (self, word >> 61) {
            (Kind::Real, 0) => [random.pick(REALS), 0],
            (Kind::Real, 1..=3) => [bits, 0],
            // Exponents from 2^-15 to 2^16.
            (Kind::Real, _) => [(bits & 0x87ff_ffff) | 0x3800_0000, 0],
            (_, 0) => [random.pick(INTS), random.pick(INTS)],
            (_, 1) => [random.pick(INTS), bits],
            (_, 2..=4) => [bits % 80, 0],
            _ => [bits, (word >> 32) as u32],
        }
    }
}

impl Subject {
    /// The WGSL call with these arguments.
    pub(crate) fn call(&self, arguments: &[String]) -> String {
        let mut text = self.template.clone();
        for (place, argument) in ["$a", "$b"].iter().zip(arguments) {
            text = text.replace(place, argument);
        }
        text
    }

    /// Its cases, and random rows.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut random = Random::new(self.name.bytes().map(u64::from).sum());
        let mut rows = self.cases.clone();
        for _ in 0..20_000 {
            let mut row = [0; 4];
            for (i, kind) in self.arguments.iter().enumerate() {
                row[2 * i..2 * i + 2].copy_from_slice(&kind.random(&mut random));
            }
            rows.push(row);
        }
        rows
    }
}

/// A value in words.
trait Words: 'static {
    const KIND: Kind;
    fn from_words(words: [u32; 2]) -> Self;
    fn to_words(self) -> [u32; 2];
}

impl Words for f32 {
    const KIND: Kind = Kind::Real;
    fn from_words([low, _]: [u32; 2]) -> f32 {
        f_load(low)
    }
    fn to_words(self) -> [u32; 2] {
        [self.to_bits(), 0]
    }
}

impl Words for i32 {
    const KIND: Kind = Kind::Int;
    fn from_words([low, _]: [u32; 2]) -> i32 {
        low as i32
    }
    fn to_words(self) -> [u32; 2] {
        [self as u32, 0]
    }
}

impl Words for i64 {
    const KIND: Kind = Kind::Long;
    fn from_words([low, high]: [u32; 2]) -> i64 {
        ((u64::from(high) << 32) | u64::from(low)) as i64
    }
    fn to_words(self) -> [u32; 2] {
        [self as u32, (self as u64 >> 32) as u32]
    }
}

impl Words for bool {
    const KIND: Kind = Kind::Bool;
    fn from_words([low, _]: [u32; 2]) -> bool {
        low & 1 == 1
    }
    fn to_words(self) -> [u32; 2] {
        [u32::from(self), 0]
    }
}

fn one<A: Words, R: Words>(name: &str, template: &str, twin: fn(A) -> R) -> Subject {
    Subject {
        name: name.to_owned(),
        template: template.to_owned(),
        arguments: vec![A::KIND],
        result: R::KIND,
        cpu: Box::new(move |rows| {
            rows.iter().map(|[a, b, ..]| twin(A::from_words([*a, *b])).to_words()).collect()
        }),
        cases: Vec::new(),
    }
}

fn two<A: Words, B: Words, R: Words>(name: &str, template: &str, twin: fn(A, B) -> R) -> Subject {
    Subject {
        name: name.to_owned(),
        template: template.to_owned(),
        arguments: vec![A::KIND, B::KIND],
        result: R::KIND,
        cpu: Box::new(move |rows| {
            let value = |[a, b, c, d]: &Row| {
                twin(A::from_words([*a, *b]), B::from_words([*c, *d])).to_words()
            };
            rows.iter().map(value).collect()
        }),
        cases: Vec::new(),
    }
}

/// A function as the CPU backend runs it, whole columns at a time.
fn function(function: &'static Function) -> Subject {
    let places = ["$a", "$b"][..function.arity()].join(", ");
    Subject {
        name: function.wgsl_name(),
        template: format!("{}({places})", function.wgsl_name()),
        arguments: vec![Kind::Real; function.arity()],
        result: Kind::Real,
        cpu: Box::new(move |rows| {
            let column = |at: usize| rows.iter().map(|r| f_load(r[at])).collect::<Vec<f32>>();
            let (a, b) = (column(0), column(2));
            let mut out = vec![0.0; rows.len()];
            function.map32(&[a.as_slice(), b.as_slice()][..function.arity()], &mut out);
            out.into_iter().map(f32::to_words).collect()
        }),
        cases: function.cases.iter().map(|[a, b]| [a.to_bits(), 0, b.to_bits(), 0]).collect(),
    }
}

macro_rules! named {
    ($($arity:ident $name:ident;)*) => {
        vec![$($arity(stringify!($name), named!(@template $arity $name), $name)),*]
    };
    (@template one $name:ident) => { concat!(stringify!($name), "($a)") };
    (@template two $name:ident) => { concat!(stringify!($name), "($a, $b)") };
}

/// Everything that has a twin. Kernels of axes and fills join here.
pub(crate) fn all() -> Vec<Subject> {
    let mut out = operators();
    out.extend(helpers());
    out.extend(wide_parts());
    out.extend(FUNCTIONS.iter().map(function));
    out
}

#[allow(clippy::eq_op, reason = "infinity less itself is NaN, which compilers forget")]
fn operators() -> Vec<Subject> {
    vec![
        two("add", "$a + $b", |a: f32, b: f32| a + b),
        two("subtract", "$a - $b", |a: f32, b: f32| a - b),
        two("multiply", "$a * $b", |a: f32, b: f32| a * b),
        two("multiply and add", "$a * $b + $a", |a: f32, b: f32| a * b + a),
        two("sum of products", "$a * $a + $b * $b", |a: f32, b: f32| a * a + b * b),
        two("difference of a sum", "($a + $b) - $a", |a: f32, b: f32| (a + b) - a),
        one("times zero", "$a * 0.0", |a: f32| a * 0.0),
        one("plus zero", "0.0 + $a", |a: f32| 0.0 + a),
        one("minus itself", "$a - $a", |a: f32| a - a),
        one("negate", "-$a", |a: f32| -a),
    ]
}

/// What 64-bit products and quotients are made of, of unsigned numbers. By zero the
/// quotient is all ones, and nothing uses it.
fn wide_parts() -> Vec<Subject> {
    let product = |a: i32, b: i32| (u64::from(a as u32) * u64::from(b as u32)) as i64;
    let quotient = |a: i64, b: i64| (a as u64).checked_div(b as u64).unwrap_or(u64::MAX) as i64;
    let rest = |a: i64, b: i64| (a as u64).checked_rem(b as u64).unwrap_or(a as u64) as i64;
    vec![
        two("l_product", "l_product(bitcast<u32>($a), bitcast<u32>($b))", product),
        two("l_divided, quotient", "l_divided($a, $b).xy", quotient),
        two("l_divided, rest", "l_divided($a, $b).zw", rest),
    ]
}

fn helpers() -> Vec<Subject> {
    named![
        two f_div;
        one f_sqrt;
        two f_lt;
        two f_le;
        two f_eq;
        two f_ne;
        one f_is_nan;
        one f_is_finite;
        one f_from_i32;
        one f_from_bool;
        one f_to_i32;
        two i_floor_div;
        two i_mod;
        two i_shl;
        two i_shr;
        two l_lt;
        two l_le;
        two l_eq;
        two l_and;
        two l_or;
        two l_xor;
        one l_not;
        two l_add;
        two l_sub;
        two l_mul;
        two l_mul_high;
        two l_floor_div;
        two l_mod;
        one l_neg;
        two l_shl;
        two l_shr;
        one l_to_real;
        one l_widen;
        one l_narrow;
    ]
}
