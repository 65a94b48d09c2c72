//! What a kernel is: one object that says all there is to say about a function of
//! columns. Backends, the language, gradients and tests ask it and know no kernel by
//! name, so that a new one touches no file but its own.

use std::fmt::Debug;
use std::sync::Arc;

/// The type of an input or of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// True or false; in WGSL `bool`.
    Bool,
    /// 32-bit integer; in WGSL `i32`.
    I32,
    /// 64-bit integer; in WGSL the words of a `vec2<u32>`, the low one first.
    I64,
    /// Real number: single precision, or double under `--precision f64`; in WGSL `f32`.
    Real,
}

/// A function of columns over one space, element by element: of one or more inputs,
/// with one or more results, and of a table of constants that it may have.
pub trait Kernel: Debug + Send + Sync {
    /// What it is called in expressions, texts of plans and messages.
    fn name(&self) -> &str;

    /// What it computes, for users.
    fn doc(&self) -> &str;

    /// The types of its inputs: one or more.
    fn inputs(&self) -> &[Type];

    /// The types of its results: one or more.
    fn results(&self) -> &[Type];

    /// The name and all constants. Two kernels with the same text are the same one; it
    /// stands in texts of plans.
    fn text(&self) -> String {
        self.name().to_owned()
    }

    /// What it takes to compute it for one element.
    fn cost(&self) -> Cost;

    /// How it is computed in single precision.
    fn single(&self) -> Box<dyn Columns<f32>>;

    /// How it is computed in double precision.
    fn double(&self) -> Box<dyn Columns<f64>>;

    /// How a device computes it: to the bit what [`Kernel::single`] gives.
    fn wgsl(&self) -> Wgsl;

    /// The words of its table, which lie together in `tables` on a device; none if it has
    /// no table. `place` puts other words there and says where they begin.
    fn table(&self, place: &mut dyn FnMut(Vec<u32>) -> u32) -> Vec<u32> {
        let _ = place;
        Vec::new()
    }

    /// Whether it has derivatives by its inputs.
    fn derivative(&self) -> Derivative;

    /// The tangent of a result from those of its inputs, in which it is linear, if
    /// [`Kernel::derivative`] is [`Derivative::Rule`]; `None`: zero.
    fn tangent(&self, graph: &mut dyn Algebra, call: &Call<'_>) -> Option<Term> {
        let _ = (graph, call);
        None
    }

    /// The kernel where the parameters of the analysis have these values; `None` if it
    /// does not depend on them.
    fn with_parameters(&self, values: &[f64]) -> Option<Arc<dyn Kernel>> {
        let _ = values;
        None
    }

    /// Rows of inputs that are worth a test: borders, special values, ties.
    fn cases(&self) -> Vec<Vec<Case>>;
}

/// What computing a kernel for one element takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// On a CPU, in units of an addition in a loop over a column.
    pub host: f64,
    /// On a device, about one an instruction.
    pub device: u32,
}

/// A kernel in one precision. What it needs beforehand is made with it.
pub trait Columns<R>: Send + Sync {
    /// Computes those results that are asked for, which are `Some`: each has as many
    /// elements as every input. In single precision
    /// [`crate::backend::flush::FlushDenormals`] is in force: denormals count as zeros,
    /// and bits that are merely moved are without any.
    fn evaluate(&self, inputs: &[Input<'_, R>], results: &mut [Option<Output<'_, R>>]);
}

/// The column of an input.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a, R> {
    /// 0 or 1.
    Bool(&'a [u8]),
    /// 32-bit integers.
    I32(&'a [i32]),
    /// 64-bit integers.
    I64(&'a [i64]),
    /// Real numbers.
    Real(&'a [R]),
}

/// The column of a result, whose elements are written over.
#[derive(Debug)]
pub enum Output<'a, R> {
    /// 0 or 1.
    Bool(&'a mut [u8]),
    /// 32-bit integers.
    I32(&'a mut [i32]),
    /// 64-bit integers.
    I64(&'a mut [i64]),
    /// Real numbers.
    Real(&'a mut [R]),
}

/// The device's version of a kernel.
#[derive(Debug, Clone)]
pub struct Wgsl {
    /// Functions, structures and constants, beside those of [`super::wgsl::library`], which
    /// may be called. A module has it once, however many kernels have the same text.
    pub text: String,
    /// The function: of where the kernel's table begins in `tables` (`u32`, if it has a
    /// table) and of the inputs.
    pub entry: String,
    /// For each result what takes it from what the function returns: nothing, `.name`, `[k]`.
    pub results: Vec<String>,
}

/// Whether a kernel has derivatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derivative {
    /// Constant but for jumps.
    Steps,
    /// [`Kernel::tangent`] gives them.
    Rule,
    /// There is no rule: gradients refuse it, by its name.
    None,
}

/// A number of a graph, for rules of differentiation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term(pub(crate) u32);

/// A call of a kernel that is differentiated.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Which result.
    pub result: usize,
    /// That result.
    pub y: Term,
    /// The inputs.
    pub x: &'a [Term],
    /// Their tangents; `None`: zero. One at least is not.
    pub t: &'a [Option<Term>],
}

/// What rules of differentiation compute with: a graph that terms are added to.
pub trait Algebra {
    /// A constant.
    fn real(&mut self, x: f64) -> Term;
    /// a + b.
    fn sum(&mut self, a: Term, b: Term) -> Term;
    /// a - b.
    fn difference(&mut self, a: Term, b: Term) -> Term;
    /// a b.
    fn times(&mut self, a: Term, b: Term) -> Term;
    /// a / b.
    fn ratio(&mut self, a: Term, b: Term) -> Term;
    /// -a.
    fn negative(&mut self, a: Term) -> Term;
    /// The sum of two tangents of which each may be zero.
    fn plus(&mut self, a: Option<Term>, b: Option<Term>) -> Option<Term>;
    /// Whether a <= b.
    fn le(&mut self, a: Term, b: Term) -> Term;
    /// `yes` where a condition holds, else `no`.
    fn select(&mut self, condition: Term, yes: Term, no: Term) -> Term;
    /// The one result of a function of [`super::FUNCTIONS`].
    fn call(&mut self, name: &str, x: &[Term]) -> Term;
    /// Another result of the kernel that is differentiated, at the same inputs.
    fn other(&mut self, result: usize) -> Term;
}

/// One input of a test case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Case {
    /// True or false.
    Bool(bool),
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// Real number.
    Real(f32),
}

impl<'a, R> Input<'a, R> {
    /// Real numbers.
    ///
    /// # Panics
    /// If they are of another type, which [`Kernel::inputs`] rules out.
    pub fn reals(self) -> &'a [R] {
        match self {
            Input::Real(x) => x,
            _ => panic!("an input of reals"),
        }
    }

    /// 32-bit integers.
    ///
    /// # Panics
    /// If they are of another type, which [`Kernel::inputs`] rules out.
    pub fn integers(self) -> &'a [i32] {
        match self {
            Input::I32(x) => x,
            _ => panic!("an input of 32-bit integers"),
        }
    }
}

impl<R> Output<'_, R> {
    /// Real numbers.
    ///
    /// # Panics
    /// If they are of another type, which [`Kernel::results`] rules out.
    pub fn reals(&mut self) -> &mut [R] {
        match self {
            Output::Real(x) => x,
            _ => panic!("a result of reals"),
        }
    }

    /// 32-bit integers.
    ///
    /// # Panics
    /// If they are of another type, which [`Kernel::results`] rules out.
    pub fn integers(&mut self) -> &mut [i32] {
        match self {
            Output::I32(x) => x,
            _ => panic!("a result of 32-bit integers"),
        }
    }
}
