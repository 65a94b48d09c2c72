//! Objectives that an analysis writes itself: `sum(s) / sqrt(sum(b) + 1)`, an
//! expression of histograms, evaluated bin by bin with its derivatives.

use super::{Bins, Valued};
use crate::diag::{Diagnostic, nearest};
use crate::syntax::{BinaryOp, Expr, ExprKind, Ident, UnaryOp};

/// The functions that expressions of bins can use.
const FUNCTIONS: [&str; 6] = ["sum", "sqrt", "log", "log1p", "exp", "abs"];

/// One number, or one a bin.
#[derive(Debug, Clone)]
struct Dual {
    numbers: Vec<Valued>,
    /// Whether there is one a bin.
    binned: bool,
}

/// The names in an expression that are those of histograms.
pub fn names(expr: &Expr) -> Vec<Ident> {
    match &expr.kind {
        ExprKind::Name(name) => vec![Ident { name: name.clone(), span: expr.span }],
        ExprKind::Unary(_, a) => names(a),
        ExprKind::Binary(_, a, b) | ExprKind::Index(a, b) => {
            names(a).into_iter().chain(names(b)).collect()
        }
        ExprKind::Call(_, all) => all.iter().flat_map(names).collect(),
        ExprKind::Method(a, _, all) => {
            names(a).into_iter().chain(all.iter().flat_map(names)).collect()
        }
        _ => Vec::new(),
    }
}

/// The value of an expression with `parameters` parameters; a histogram's name
/// stands for its bins, `h[0]` for the first of them.
///
/// # Errors
/// It is of other things than bins, or has a number a bin.
pub fn evaluate(
    expr: &Expr,
    parameters: usize,
    of: &dyn Fn(&str) -> Option<Bins>,
) -> Result<Valued, Diagnostic> {
    let mut found = Evaluator { parameters, of }.dual(expr)?;
    if found.binned {
        let text = "an objective is one number, and this has one a bin";
        return Err(Diagnostic::new(expr.span, text).help("add them up: `sum(...)`"));
    }
    Ok(found.numbers.swap_remove(0))
}

struct Evaluator<'a> {
    parameters: usize,
    of: &'a dyn Fn(&str) -> Option<Bins>,
}

type Found = Result<Dual, Diagnostic>;

impl Evaluator<'_> {
    fn constant(&self, value: f64) -> Dual {
        Dual { numbers: vec![Valued::constant(value, self.parameters)], binned: false }
    }

    fn dual(&self, expr: &Expr) -> Found {
        match &expr.kind {
            ExprKind::Integer(n) => Ok(self.constant(*n as f64)),
            ExprKind::Real(x) => Ok(self.constant(*x)),
            ExprKind::Name(name) => self.histogram(name, expr),
            ExprKind::Unary(UnaryOp::Neg, a) => Ok(self.dual(a)?.map(|x| (-x, -1.0))),
            ExprKind::Binary(op, a, b) => self.binary(*op, a, b, expr),
            ExprKind::Index(of, index) => self.bin(of, index),
            ExprKind::Call(name, arguments) => match &arguments[..] {
                [of] => self.call(name, of),
                _ => Err(unknown(expr)),
            },
            ExprKind::Method(of, name, arguments) if arguments.is_empty() => self.call(name, of),
            _ => Err(unknown(expr)),
        }
    }

    fn histogram(&self, name: &str, expr: &Expr) -> Found {
        let Some(bins) = (self.of)(name) else {
            let text = format!("there is no soft histogram or scalar `{name}`");
            return Err(Diagnostic::new(expr.span, text));
        };
        let rows = bins.values.iter().zip(bins.jacobian);
        let numbers = rows.map(|(value, gradient)| Valued { value: *value, gradient });
        Ok(Dual { numbers: numbers.collect(), binned: true }.alone())
    }

    fn bin(&self, of: &Expr, index: &Expr) -> Found {
        let all = self.dual(of)?;
        let ExprKind::Integer(k) = index.kind else {
            let error = Diagnostic::new(index.span, "a bin is chosen by its number");
            return Err(error.help("the first one is `[0]`"));
        };
        let Some(number) = usize::try_from(k).ok().and_then(|k| all.numbers.get(k)) else {
            let text = format!("there is no bin {k}: there are {}", all.numbers.len());
            return Err(Diagnostic::new(index.span, text).help("the first one is `[0]`"));
        };
        Ok(Dual { numbers: vec![number.clone()], binned: false })
    }

    fn call(&self, name: &Ident, of: &Expr) -> Found {
        let x = self.dual(of)?;
        Ok(match name.name.as_str() {
            "sum" => {
                let mut sum = Valued::constant(0.0, self.parameters);
                for number in &x.numbers {
                    sum.value += number.value;
                    sum.follow(1.0, &number.gradient);
                }
                Dual { numbers: vec![sum], binned: false }
            }
            "sqrt" => x.map(|x| {
                let y = x.max(0.0).sqrt();
                (y, if y > 0.0 { 0.5 / y } else { 0.0 })
            }),
            "log" => x.map(|x| (libm::log(x), 1.0 / x)),
            "log1p" => x.map(|x| (libm::log1p(x), 1.0 / (1.0 + x))),
            "exp" => x.map(|x| (libm::exp(x), libm::exp(x))),
            "abs" => x.map(|x| (x.abs(), x.signum())),
            other => {
                let text = format!("expressions of bins have no function `{other}`");
                let mut error = Diagnostic::new(name.span, text);
                if let Some(near) = nearest(other, FUNCTIONS) {
                    error = error.help(format!("did you mean `{near}`?"));
                }
                return Err(error.help(format!("there are {}", FUNCTIONS.join(", "))));
            }
        })
    }

    fn binary(&self, op: BinaryOp, a: &Expr, b: &Expr, whole: &Expr) -> Found {
        let (x, y) = (self.dual(a)?, self.dual(b)?);
        if x.binned && y.binned && x.numbers.len() != y.numbers.len() {
            let text = format!("{} bins met {}", x.numbers.len(), y.numbers.len());
            return Err(Diagnostic::new(whole.span, text).help("add bins up: `sum(...)`"));
        }
        let rule: fn(f64, f64) -> (f64, f64, f64) = match op {
            BinaryOp::Add => |a, b| (a + b, 1.0, 1.0),
            BinaryOp::Sub => |a, b| (a - b, 1.0, -1.0),
            BinaryOp::Mul => |a, b| (a * b, b, a),
            BinaryOp::Div => |a, b| (a / b, 1.0 / b, -a / (b * b)),
            BinaryOp::Pow => |a, b| {
                let log = if a > 0.0 { libm::log(a) } else { 0.0 };
                let power = libm::pow(a, b);
                (power, b * libm::pow(a, b - 1.0), power * log)
            },
            _ => return Err(unknown(whole)),
        };
        let size = x.numbers.len().max(y.numbers.len());
        let of = |d: &Dual, k: usize| d.numbers[if d.binned { k } else { 0 }].clone();
        let number = |k: usize| {
            let (x, y) = (of(&x, k), of(&y, k));
            let (value, by_x, by_y) = rule(x.value, y.value);
            let mut made = Valued::constant(value, self.parameters);
            made.follow(by_x, &x.gradient);
            made.follow(by_y, &y.gradient);
            made
        };
        Ok(Dual { numbers: (0..size).map(number).collect(), binned: x.binned || y.binned })
    }
}

impl Dual {
    /// A function of each number, given with its derivative.
    fn map(mut self, f: impl Fn(f64) -> (f64, f64)) -> Dual {
        for number in &mut self.numbers {
            let (value, slope) = f(number.value);
            number.value = value;
            number.gradient.iter_mut().for_each(|g| *g *= slope);
        }
        self
    }

    /// One bin alone is a number.
    fn alone(mut self) -> Dual {
        self.binned = self.numbers.len() != 1;
        self
    }
}

fn unknown(expr: &Expr) -> Diagnostic {
    let text = "an objective is made of histograms, numbers, + - * / ** and functions of these";
    let help = format!("functions are {}; `h[0]` is the first bin of `h`", FUNCTIONS.join(", "));
    Diagnostic::new(expr.span, text).help(help)
}
