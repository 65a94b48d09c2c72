//! What is said about the habits of other languages: their functions, modules and
//! texts, and fields of the collection that is being filtered.

use super::describe::type_words;
use super::fields::Field;
use super::value::{Context, lambda};
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{Space, SpaceId};
use crate::syntax::{Expr, ExprKind, Ident, Span};

/// What other languages call the functions of this one.
const FUNCTIONS: &[(&str, &str)] = &[
    ("len", "count(C)"),
    ("length", "count(C)"),
    ("size", "count(C)"),
    ("num", "count(C)"),
    ("ln", "log(x)"),
    ("deltar", "dr(a, b)"),
    ("delta_r", "dr(a, b)"),
    ("deltaphi", "delta_phi(x, y)` of angles, `dphi(a, b)` of elements: `dphi(jet, MET)"),
    ("deltaeta", "deta(a, b)"),
    ("filter", "C[condition]"),
    ("where", "if c then a else b"),
    ("sort", "C.sort_by(key)"),
    ("sorted", "C.sort_by(key)"),
    ("argsort", "C.sort_by(key)"),
    ("reverse", "C.sort_by(-key)"),
    ("average", "mean(C.pt)"),
    ("first", "C[0]"),
    ("firsts", "C[0]"),
    ("take", "C[0]"),
    ("flatten", "C.pt`: a histogram is filled with every element of `C"),
    ("concatenate", "concat(A, B)"),
    ("cartesian", "cross(A, B)"),
    ("fill_none", "default(x, y)"),
    ("is_none", "not exists(x)"),
    ("invariantmass", "mass(candidate)"),
    ("isnan", "is_nan(x)"),
    ("isfinite", "is_finite(x)"),
    ("fabs", "abs(x)"),
    ("absolute", "abs(x)"),
    ("square", "x ** 2"),
    ("power", "x ** y"),
    ("hypot", "sqrt(x ** 2 + y ** 2)"),
    ("arcsin", "asin(x)"),
    ("arccos", "acos(x)"),
    ("arctan", "atan(x)"),
    ("arctan2", "atan2(y, x)"),
];

/// Modules whose functions people bring along.
const MODULES: &[&str] = &[
    "np", "numpy", "ak", "awkward", "dak", "math", "cmath", "std", "ROOT", "VecOps", "TMath",
    "Math", "jnp", "torch", "vector", "builtins",
];

/// What to write for a function of another language.
pub(super) fn counterpart(name: &str) -> Option<&'static str> {
    let plain = name.to_lowercase();
    FUNCTIONS.iter().find(|(there, _)| *there == plain).map(|(_, here)| *here)
}

impl<'a> Checker<'a> {
    /// Whether this is the name of a module, and nothing that the analysis knows.
    pub(super) fn is_module(&self, of: &Expr, ctx: &Context<'a>) -> bool {
        let ExprKind::Name(name) = &of.kind else { return false };
        MODULES.contains(&name.as_str())
            && ctx.var(name).is_none()
            && self.find_definition(name).is_none()
            && self.find_parameter(name).is_none()
            && !self.is_input_name(name)
    }

    /// Refuses `np.sqrt(x)` and `np.pi`.
    pub(super) fn of_module<T>(
        &mut self,
        of: &Expr,
        name: &Ident,
        arguments: Option<&[Expr]>,
    ) -> Checked<T> {
        let (module, called) = (self.source(of.span), &name.name);
        let span = Span { start: of.span.start, end: name.span.end };
        let d =
            Diagnostic::new(span, format!("there are no modules, and so no `{module}.{called}`"));
        let Some(arguments) = arguments else {
            return self.fail(d.help(format!("a name stands alone: `{called}`")));
        };
        if self.is_builtin(called) {
            let ends = arguments.first().zip(arguments.last());
            let inside = ends.map_or("", |(first, last)| {
                self.source(Span { start: first.span.start, end: last.span.end })
            });
            return self.fail(d.help(format!("write `{called}({inside})`")));
        }
        match counterpart(called) {
            Some(here) => self.fail(d.help(format!("write `{here}`"))),
            None => {
                let known = self.function_names();
                let d = self.suggestion(d, called, &known);
                self.fail(d.help(format!("known are {}", known.join(", "))))
            }
        }
    }

    /// Refuses a text where a value is expected.
    pub(super) fn refuse_text<T>(&mut self, text: &str, span: Span) -> Checked<T> {
        let message = format!("found the text \"{text}\", expected a number or a name");
        let d = Diagnostic::new(span, message);
        if text.parse::<f64>().is_ok() {
            return self.fail(d.help(format!("write the number without quotes: {text}")));
        }
        self.fail(
            d.help("names are written without quotes")
                .help("values are numbers, true or false: there are no texts to compare with")
                .help("of `concat(A, B)` the field `kind` says which, 0 for A and 1 for B"),
        )
    }

    /// What is wrong with `jets[jets.pt > 100]` or `jets.max_by(jets.pt)`: a value for
    /// all elements, `each`, where one `of` the same ones is looked at; of a `filter` the
    /// whole of it is shown.
    pub(super) fn whole_collection(
        &self,
        expr: &Expr,
        (each, of): (SpaceId, SpaceId),
        filter: bool,
    ) -> Option<Diagnostic> {
        if self.root(each) != self.root(of) {
            return None;
        }
        let (names, body) = lambda(expr);
        let (all, one) = (self.describe_space(each), self.describe_space(of));
        let text = format!(
            "here one element of {one} is looked at, and this has a value for each of all {all}"
        );
        let d = Diagnostic::new(body.span, text);
        let (written, prefix) = (self.source(body.span), format!("{all}."));
        if !written.contains(&prefix) {
            return Some(
                d.help("put it together with `any(...)`, `all(...)`, `sum(...)` or the like"),
            );
        }
        let (arrow, own) = match names.first() {
            Some(name) => (format!("{} => ", name.name), format!("{}.", name.name)),
            None => (String::new(), String::new()),
        };
        let alone = written.replace(&prefix, &own);
        let mut right = format!("{arrow}{alone}");
        if filter {
            right = format!("{one}[{right}]");
        }
        Some(d.help(format!("write its fields by themselves: `{right}`")))
    }

    /// Why a concatenation lacks a field that its parts, or some of them, have.
    pub(super) fn parts_differ(&mut self, space: SpaceId, field: &Ident) -> Option<Diagnostic> {
        let Space::Concat { parts } = self.ir.space(space).clone() else { return None };
        let mut found = Vec::new();
        let mut lacking = Vec::new();
        for part in parts {
            let what = self.describe_space(part);
            match self.space_field(part, &field.name).ok()? {
                Some(Field::Column(col)) => {
                    found.push((what, type_words(self.ir.ty(col.value))));
                }
                Some(Field::Element(_)) => found.push((what, "an element")),
                None => lacking.push(what),
            }
        }
        let (first, name) = (found.first()?, &field.name);
        if !lacking.is_empty() {
            let text = format!("{} has `{name}`, and {} has not", first.0, lacking.join(", "));
            let help = format!("define it there, as in `{}.{name}: ...`", lacking[0]);
            return Some(Diagnostic::new(field.span, text).help(help));
        }
        let each: Vec<String> = found.iter().map(|(what, ty)| format!("{ty} in {what}")).collect();
        let text = format!("the types of `{name}` differ: {}", each.join(", "));
        let d = Diagnostic::new(field.span, text);
        let alike = |(what, ty): &(String, &str)| match *ty {
            "true or false" => format!("`{what}.{name}_: int({name})`"),
            _ => format!("`{what}.{name}_: {name}`"),
        };
        let lines: Vec<String> = found.iter().map(alike).collect();
        Some(d.help(format!("define a field that is alike: {}", lines.join(", "))))
    }
}
