//! A scalar function of the language: names, maps for both precisions, what
//! accuracy it promises and where it is tested.

use super::wgsl;

/// A scalar function of real numbers.
#[derive(Debug)]
pub struct Function {
    /// Name in expressions.
    pub name: &'static str,
    /// What it computes, for users.
    pub doc: &'static str,
    /// How far from the true value a single-precision result may be.
    pub accuracy: Accuracy,
    /// Arguments worth a test: borders, special values, ties. Those of
    /// functions of one argument have 0 as second.
    pub cases: &'static [[f32; 2]],
    /// Where random tests of accuracy draw each argument from.
    pub range: (f32, f32),
    /// How it is differentiated.
    pub slope: Slope,
    pub(super) single: Single,
    pub(super) double: Double,
}

/// How a function changes with its arguments: which of the rules in
/// `src/gradient/rules.rs` is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slope {
    /// Steps: constant but for jumps.
    Steps,
    /// Smooth in its one argument.
    One(SlopeOfOne),
    /// Smooth in both arguments.
    Two(SlopeOfTwo),
    /// There is no rule: gradients refuse the function.
    Unknown,
}

/// The smooth functions of one argument, by what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the catalogue describes each")]
pub enum SlopeOfOne {
    Abs,
    Sqrt,
    Exp,
    Log,
    Log10,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Sigmoid,
    Erf,
    NormalTail,
    NormalQuantile,
}

/// The smooth functions of two arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the catalogue describes each")]
pub enum SlopeOfTwo {
    Atan2,
    Min,
    Max,
    CopySign,
    Pow,
    /// The second argument less the first, but for whole turns.
    DeltaPhi,
}

/// Bound on the error of a single-precision result that is neither zero nor
/// infinite, denormal results taken for zero.
#[derive(Debug, Clone, Copy)]
pub enum Accuracy {
    /// The result is the true value, correctly rounded.
    Exact,
    /// Relative error.
    Relative(f64),
}

/// A slice map in single precision.
#[derive(Debug, Clone, Copy)]
pub(super) enum Single {
    /// Of one argument.
    One(fn(&[f32], &mut [f32])),
    /// Of two.
    Two(fn(&[f32], &[f32], &mut [f32])),
}

/// A function in double precision.
#[derive(Debug, Clone, Copy)]
pub(super) enum Double {
    /// Of one argument.
    One(fn(f64) -> f64),
    /// Of two.
    Two(fn(f64, f64) -> f64),
}

impl Function {
    /// Number of arguments.
    pub fn arity(&self) -> usize {
        match self.single {
            Single::One(_) => 1,
            Single::Two(_) => 2,
        }
    }

    /// Name in WGSL.
    pub fn wgsl_name(&self) -> String {
        format!("k_{}", self.name)
    }

    /// The function in WGSL, without the helpers that it calls: see
    /// [`wgsl::library`] for all of them.
    pub fn wgsl(&self) -> &'static str {
        wgsl::helper(&self.wgsl_name()).expect("every function is written in the shared tokens")
    }

    /// The function of every element, in single precision. Call it while
    /// [`crate::backend::flush::FlushDenormals`] is in force.
    ///
    /// # Panics
    /// If the number of arguments or a length does not fit.
    pub fn map32(&self, arguments: &[&[f32]], out: &mut [f32]) {
        assert!(arguments.iter().all(|a| a.len() == out.len()), "one value each");
        match (self.single, arguments) {
            (Single::One(map), [x]) => map(x, out),
            (Single::Two(map), [a, b]) => map(a, b, out),
            _ => panic!("{} takes {} arguments", self.name, self.arity()),
        }
    }

    /// The function of every element, in double precision: formulas and
    /// elementary functions of the libm crate, the same on every platform.
    ///
    /// # Panics
    /// If the number of arguments or a length does not fit.
    pub fn map64(&self, arguments: &[&[f64]], out: &mut [f64]) {
        assert!(arguments.iter().all(|a| a.len() == out.len()), "one value each");
        match (self.double, arguments) {
            (Double::One(f), [x]) => out.iter_mut().zip(*x).for_each(|(o, x)| *o = f(*x)),
            (Double::Two(f), [a, b]) => {
                out.iter_mut().zip(a.iter().zip(*b)).for_each(|(o, (a, b))| *o = f(*a, *b));
            }
            _ => panic!("{} takes {} arguments", self.name, self.arity()),
        }
    }
}

/// The index of a function in [`super::FUNCTIONS`], for
/// [`crate::ir::Map::Call`].
pub fn index_of(name: &str) -> Option<u16> {
    let at = super::FUNCTIONS.iter().position(|f| f.name == name)?;
    u16::try_from(at).ok()
}

/// A slice map of a scalar function, compiled twice where the CPU may have
/// wider registers. Wider ones change no bit: there is no contraction.
macro_rules! slice_map {
    ($f:path, one) => {{
        #[inline(always)]
        fn body(x: &[f32], out: &mut [f32]) {
            for (o, x) in out.iter_mut().zip(x) {
                *o = $f(*x);
            }
        }
        crate::kernels::function::slice_map!(@dispatch body, (x: &[f32]))
    }};
    // Angles beyond 8192 take a branch that keeps a loop from being vectorised:
    // only blocks that have some go through it.
    ($f:path, angle $small:path) => {{
        #[inline(always)]
        fn body(x: &[f32], out: &mut [f32]) {
            for (o, x) in out.chunks_mut(256).zip(x.chunks(256)) {
                if x.iter().all(|x| x.to_bits() & 0x7fff_ffff <= 8192_f32.to_bits()) {
                    o.iter_mut().zip(x).for_each(|(o, x)| *o = $small(*x));
                } else {
                    o.iter_mut().zip(x).for_each(|(o, x)| *o = $f(*x));
                }
            }
        }
        crate::kernels::function::slice_map!(@dispatch body, (x: &[f32]))
    }};
    ($f:path, two) => {{
        #[inline(always)]
        fn body(a: &[f32], b: &[f32], out: &mut [f32]) {
            for (o, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
                *o = $f(*a, *b);
            }
        }
        crate::kernels::function::slice_map!(@dispatch body, (a: &[f32], b: &[f32]))
    }};
    (@dispatch $body:ident, ($($arg:ident: $ty:ty),*)) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn wide($($arg: $ty,)* out: &mut [f32]) {
            $body($($arg,)* out);
        }
        fn map($($arg: $ty,)* out: &mut [f32]) {
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                // SAFETY: the CPU has AVX2, the one feature that `wide` adds. Measured: 1.8 to 2.8
                // times as fast as with SSE2.
                return unsafe { wide($($arg,)* out) };
            }
            $body($($arg,)* out);
        }
        map
    }};
}
pub(super) use slice_map;
