//! What each kernel means: contract, Rust twin, cases.

pub mod axis;
pub mod fill;

/// A scalar function of real numbers.
#[derive(Debug)]
pub struct Function {
    /// Name in expressions.
    pub name: &'static str,
    arity: usize,
}

impl Function {
    /// Number of arguments.
    pub fn arity(&self) -> usize {
        self.arity
    }
}

/// All scalar functions.
pub static FUNCTIONS: &[Function] = &[];
