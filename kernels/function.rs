//! A scalar function of the language: names, maps for both precisions, what
//! accuracy it promises and where it is tested.

use super::kernel::{
    Algebra, Call, Case, Columns, Cost, Derivative, Input, Kernel, Output, Term, Type, Wgsl,
};
use super::slope::{OfOne, OfTwo, Slope};
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
    pub(super) slope: Slope,
    pub(super) single: Single,
    pub(super) double: Double,
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

impl Kernel for &'static Function {
    fn name(&self) -> &str {
        self.name
    }

    fn doc(&self) -> &str {
        self.doc
    }

    fn inputs(&self) -> &[Type] {
        &[Type::Real; 2][..self.arity()]
    }

    fn results(&self) -> &[Type] {
        &[Type::Real]
    }

    fn cost(&self) -> Cost {
        Cost { host: 8.0, device: 30 }
    }

    fn single(&self) -> Box<dyn Columns<f32>> {
        Box::new(*self)
    }

    fn double(&self) -> Box<dyn Columns<f64>> {
        Box::new(*self)
    }

    /// Its text is in the library.
    fn wgsl(&self) -> Wgsl {
        Wgsl { text: String::new(), entry: self.wgsl_name(), results: vec![String::new()] }
    }

    fn derivative(&self) -> Derivative {
        match self.slope {
            Slope::Steps => Derivative::Steps,
            Slope::One(_) | Slope::Two(_) => Derivative::Rule,
            Slope::Unknown => Derivative::None,
        }
    }

    fn tangent(&self, graph: &mut dyn Algebra, call: &Call<'_>) -> Option<Term> {
        let y = call.y;
        match (self.slope, call.x, call.t) {
            (Slope::One(rule), [x], [Some(t)]) => {
                let one = graph.real(1.0);
                Some(rule(graph, OfOne { y, x: *x, t: *t, one }))
            }
            (Slope::Two(rule), [a, b], [s, t]) => {
                rule(graph, OfTwo { y, a: *a, b: *b, s: *s, t: *t })
            }
            _ => None,
        }
    }

    fn cases(&self) -> Vec<Vec<Case>> {
        let row = |case: &[f32; 2]| case[..self.arity()].iter().copied().map(Case::Real).collect();
        self.cases.iter().map(row).collect()
    }
}

impl Columns<f32> for &'static Function {
    fn evaluate(&self, inputs: &[Input<'_, f32>], results: &mut [Option<Output<'_, f32>>]) {
        let Some(Some(out)) = results.first_mut() else { return };
        match inputs {
            [x] => self.map32(&[x.reals()], out.reals()),
            [a, b] => self.map32(&[a.reals(), b.reals()], out.reals()),
            _ => {}
        }
    }
}

impl Columns<f64> for &'static Function {
    fn evaluate(&self, inputs: &[Input<'_, f64>], results: &mut [Option<Output<'_, f64>>]) {
        let Some(Some(out)) = results.first_mut() else { return };
        match inputs {
            [x] => self.map64(&[x.reals()], out.reals()),
            [a, b] => self.map64(&[a.reals(), b.reals()], out.reals()),
            _ => {}
        }
    }
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
