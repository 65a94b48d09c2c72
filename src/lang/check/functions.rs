//! Calls: the functions of the language by name. `f(x, y)` and `x.f(y)` are
//! the same; what is not in this table is a function of the analysis, a scalar
//! function of `kernels/` or an error.

use super::reductions::Each;
use super::value::{Col, Context, Object, Value};
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{Space, SpaceId, Ty};
use crate::kernels::{Kernel, Type};
use crate::syntax::{CompareOp, Expr, ExprKind, Ident, Span};
use std::sync::Arc;

/// Functions of collections and four-vectors: name, least and most arguments,
/// how a call looks.
const BUILTINS: &[(&str, usize, usize, &str)] = &[
    ("all", 1, 2, "all(Jet.pt > 30), Jet.all(pt > 30)"),
    ("any", 1, 2, "any(Jet.pt > 30), any(pairs(Muon)[charge == 0])"),
    ("argmax", 1, 1, "argmax(Jet.pt)"),
    ("argmin", 1, 1, "argmin(abs(pairs(Muon).mass - 91.2))"),
    ("clamp", 3, 3, "clamp(x, 0, 1)"),
    ("combinations", 2, 2, "combinations(Jet, 4)"),
    ("concat", 2, 16, "concat(Muon, Electron)"),
    ("count", 1, 2, "count(Jet[pt > 30])"),
    ("cross", 2, 2, "cross(Muon, Jet)"),
    ("default", 2, 2, "default(jet[0].pt, -1)"),
    ("deta", 2, 2, "deta(a, b)"),
    ("disjoint", 2, 16, "disjoint(z1, z2)"),
    ("dphi", 2, 2, "dphi(a, b)"),
    ("dr", 2, 2, "dr(a, b)"),
    ("exists", 1, 1, "exists(z)"),
    ("float", 1, 1, "float(run)"),
    ("int", 1, 1, "int(x)"),
    ("is_finite", 1, 1, "is_finite(x)"),
    ("is_nan", 1, 1, "is_nan(x)"),
    ("map", 2, 2, "Jet.map(j => j.pt * 1.03)"),
    ("max", 1, 16, "max(Jet.pt), max(a, b)"),
    ("max_by", 2, 2, "Jet.max_by(pt)"),
    ("mean", 1, 2, "mean(Jet.pt)"),
    ("min", 1, 16, "min(Jet.pt), min(a, b)"),
    ("min_by", 2, 2, "pairs(lep).min_by(abs(mass - 91.2))"),
    ("mt", 2, 2, "mt(lepton, MET)"),
    ("nearest", 2, 3, "nearest(jet, Muon), nearest(jet, Muon, 0.4)"),
    ("pairs", 1, 1, "pairs(Muon)"),
    ("sort_by", 2, 2, "Jet.sort_by(-pt)"),
    ("sum", 1, 2, "sum(Jet.pt)"),
    ("triples", 1, 1, "triples(Jet)"),
];

/// Whether expressions can call it: it has one result, and all is real numbers.
fn is_scalar_function(kernel: &dyn Kernel) -> bool {
    kernel.results() == [Type::Real] && kernel.inputs().iter().all(|t| *t == Type::Real)
}

impl<'a> Checker<'a> {
    /// Whether the language has a function of this name.
    pub(super) fn is_builtin(&self, name: &str) -> bool {
        BUILTINS.iter().any(|b| b.0 == name) || self.scalar_function(name).is_some()
    }

    /// The scalar function of this name.
    pub(super) fn scalar_function(&self, name: &str) -> Option<&'a Arc<dyn Kernel>> {
        self.kernels.find(name).filter(|kernel| is_scalar_function(&***kernel))
    }

    /// A call by name; `args` hold the receiver of `x.f(...)` first.
    pub(super) fn call(
        &mut self,
        name: &'a Ident,
        args: Vec<&'a Expr>,
        whole: &'a Expr,
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        if let Some(index) = self.find_function(&name.name) {
            let values = self.arguments(&args, ctx)?.into_iter().map(|(value, _)| value);
            return self.call_defined(index, values.collect(), whole, ctx);
        }
        if let Some((_, least, most, form)) = BUILTINS.iter().find(|b| b.0 == name.name) {
            if !(*least..=*most).contains(&args.len()) {
                return self.wrong_count(name, args.len(), (*least, *most), form);
            }
            let value = self.builtin(name, &args, ctx)?;
            if let Value::Elements(_, space) = value
                && matches!(self.ir.space(space), Space::Combos { .. } | Space::Cross { .. })
            {
                self.made.push((space, whole.span));
            }
            return Ok(value);
        }
        if super::vectors::VECTOR_FUNCTIONS.contains(&name.name.as_str()) {
            return self.vector_function(name, &args, ctx);
        }
        if let Some(function) = self.scalar_function(&name.name) {
            return self.scalar_call(name, function, &args, ctx);
        }
        self.unknown_function(name)
    }

    pub(super) fn wrong_count<T>(
        &mut self,
        name: &Ident,
        found: usize,
        (least, most): (usize, usize),
        form: &str,
    ) -> Checked<T> {
        let wants = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let plural = if most == 1 { "" } else { "s" };
        let text = format!("`{}` takes {wants} argument{plural}, found {found}", name.name);
        self.fail(Diagnostic::new(name.span, text).help(format!("for example `{form}`")))
    }

    /// The functions that can be called.
    pub(super) fn function_names(&self) -> Vec<String> {
        let mut names: Vec<String> = BUILTINS.iter().map(|b| b.0.to_string()).collect();
        let scalar = self.kernels.iter().filter(|kernel| is_scalar_function(&***kernel));
        names.extend(scalar.map(|kernel| kernel.name().to_owned()));
        names.extend(super::vectors::VECTOR_FUNCTIONS.iter().map(|f| (*f).to_string()));
        names.extend(self.analysis.defines.iter().filter_map(|d| match &d.target {
            crate::syntax::Target::Function { name, .. } => Some(name.name.clone()),
            _ => None,
        }));
        // A power is written `x ** y`.
        names.retain(|name| name != "pow");
        names.sort();
        names.dedup();
        names
    }

    fn builtin(&mut self, name: &'a Ident, args: &[&'a Expr], ctx: &Context<'a>) -> Checked<Value> {
        match name.name.as_str() {
            "sort_by" | "min_by" | "max_by" | "map" => self.keyed(name, args, ctx),
            "pairs" => self.combinations(args[0], 2, ctx),
            "triples" => self.combinations(args[0], 3, ctx),
            "combinations" => self.combinations_of(args, ctx),
            "cross" => self.cross(args, ctx),
            "concat" => self.concat(args, ctx),
            "disjoint" => self.disjoint(args, ctx),
            "exists" => self.exists(args[0], ctx),
            "nearest" => self.nearest_call(args, ctx),
            "dr" | "dphi" | "deta" | "mt" => self.vector_pair(&name.name, args, ctx),
            "int" | "float" | "is_nan" | "is_finite" | "default" | "clamp" => {
                self.convert(name, args, ctx)
            }
            of => {
                let first = self.expr(args[0], ctx)?;
                let alike = args.len() > 1 && !matches!(first, Value::Elements(..));
                if alike && matches!(of, "min" | "max") {
                    return self.extreme_of(name, first, args, ctx);
                }
                self.reduction(name, &first, args, ctx)
            }
        }
    }

    fn keyed(&mut self, name: &'a Ident, args: &[&'a Expr], ctx: &Context<'a>) -> Checked<Value> {
        let (object, space) = self.collection(args[0], ctx)?;
        match name.name.as_str() {
            "sort_by" => self.sort_by(&object, space, args[1], ctx),
            "map" => {
                let each = self.each_element(&object, space, args[1], ctx)?;
                Ok(Value::Array(each.col, each.space))
            }
            by => self.best_by(&object, space, args[1], by == "max_by", ctx),
        }
    }

    /// `count sum mean min max any all argmin argmax` of an array, or of a
    /// collection and an expression about its elements.
    fn reduction(
        &mut self,
        name: &Ident,
        first: &Value,
        args: &[&'a Expr],
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let span = args[0].span;
        let each = match (first, args.get(1)) {
            (Value::Elements(object, space), Some(expr)) => {
                self.each_element(object, *space, expr, ctx)?
            }
            (Value::Elements(_, space), None) if name.name == "count" => {
                return Ok(self.count(*space));
            }
            (Value::Elements(_, space), None) if name.name == "any" => {
                let count = self.ir.count(*space);
                let zero = self.ir.constant_node(crate::ir::Const::I32(0));
                let some = self.compare_nodes(CompareOp::Gt, count, zero);
                return Ok(Value::Scalar(Col::whole(some)));
            }
            (Value::Array(col, space), None) => Each { col: *col, space: *space },
            (Value::Array(..), Some(expr)) => {
                let text = format!("`{}` of one value per element takes nothing else", name.name);
                let d = Diagnostic::new(expr.span, text);
                return self.fail(
                    d.help(format!("or begin with the collection: `{0}(C, ...)`", name.name)),
                );
            }
            (other, _) => return self.no_array(name, other, args[0]),
        };
        self.reduced(name, each, args, span)
    }

    fn reduced(
        &mut self,
        name: &Ident,
        each: Each,
        args: &[&'a Expr],
        span: Span,
    ) -> Checked<Value> {
        let scalar = |node| Ok(Value::Scalar(Col::whole(node)));
        if name.name == "count" && args.len() == 1 {
            return self.count_of_values(each, span);
        }
        if matches!(name.name.as_str(), "count" | "any" | "all") {
            let condition = Value::Scalar(each.col);
            let at = args.last().expect("arguments").span;
            self.condition(&condition, at, each.space)?;
        }
        match name.name.as_str() {
            "count" => scalar(self.tally(each)),
            "any" => scalar(self.any(each)),
            "all" => scalar(self.all(each)),
            "sum" => Ok(Value::Scalar(self.sum(each, span)?)),
            "mean" => self.mean(each, span),
            "min" | "max" => self.extreme(each, name.name == "max", span),
            _ => Ok(Value::Object(self.best_element(each, name.name == "argmax", span)?)),
        }
    }

    /// `count(Jet.pt > 30)`.
    fn count_of_values<T>(&mut self, each: Each, span: Span) -> Checked<T> {
        let what = self.describe_space(each.space);
        let found = self.describe(&Value::Array(each.col, each.space));
        let text = format!("`count` counts elements, found {found}");
        let source = self.source(span);
        let prefix = format!("{what}.");
        let help = if self.ir.ty(each.col.value) != Ty::Bool {
            format!("count the elements: `count({what})`")
        } else if source.contains(&prefix) {
            format!("filter first: `count({what}[{}])`", source.replace(&prefix, ""))
        } else {
            "filter first: `count(C[condition])`".to_string()
        };
        self.fail(Diagnostic::new(span, text).help(help))
    }

    fn no_array<T>(&mut self, name: &Ident, found: &Value, at: &Expr) -> Checked<T> {
        let wanted = if matches!(name.name.as_str(), "count" | "any") {
            "a collection"
        } else {
            "one value per element, such as `Jet.pt`"
        };
        let text = format!("`{}` takes {wanted}, found {}", name.name, self.describe(found));
        let mut d = Diagnostic::new(at.span, text);
        if let (Value::Object(_), "any" | "count") = (found, name.name.as_str()) {
            d = d.help("for one element ask `exists(...)`");
        }
        self.fail(d)
    }

    /// An argument that is a collection (or elements of one).
    pub(super) fn collection(
        &mut self,
        expr: &'a Expr,
        ctx: &Context<'a>,
    ) -> Checked<(Object, SpaceId)> {
        match self.expr(expr, ctx)? {
            Value::Elements(object, space) => Ok((object, space)),
            other => {
                let text = format!("expected a collection, found {}", self.describe(&other));
                let mut d = Diagnostic::new(expr.span, text);
                if let Value::Array(_, space) = other {
                    let what = self.describe_space(space);
                    d = d.help(format!("give the collection itself: `{what}`"));
                }
                self.fail(d)
            }
        }
    }

    /// An argument that is a collection in its own right.
    fn plain_collection(&mut self, expr: &'a Expr, ctx: &Context<'a>) -> Checked<SpaceId> {
        let (object, space) = self.collection(expr, ctx)?;
        if object.path.is_empty() {
            return Ok(space);
        }
        let text = "references cannot be combined: one element may be referred to twice";
        self.fail(
            Diagnostic::new(expr.span, text)
                .help("combine the collection itself and compare with `in`"),
        )
    }

    fn combinations(&mut self, of: &'a Expr, size: u32, ctx: &Context<'a>) -> Checked<Value> {
        let base = self.plain_collection(of, ctx)?;
        self.check_levels(base, of.span)?;
        self.ir.add_space(Space::Combos { base, size: 2 });
        let space = self.ir.add_space(Space::Combos { base, size });
        Ok(Value::Elements(Object::own(space), space))
    }

    fn combinations_of(&mut self, args: &[&'a Expr], ctx: &Context<'a>) -> Checked<Value> {
        const MOST: i64 = 6;
        match args[1].kind {
            ExprKind::Integer(k @ 2..=MOST) => self.combinations(args[0], k as u32, ctx),
            _ => {
                let text = format!("the size of combinations is a plain number from 2 to {MOST}");
                let help = "as in `combinations(Jet, 4)`";
                self.fail(Diagnostic::new(args[1].span, text).help(help))
            }
        }
    }

    /// Refuses candidates of candidates of candidates of ...
    fn check_levels(&mut self, base: SpaceId, span: Span) -> Checked<()> {
        const MOST: usize = 3;
        if self.levels(base) < MOST {
            return Ok(());
        }
        let text = format!("candidates are made of candidates more than {MOST} levels deep here");
        self.fail(Diagnostic::new(span, text).help("filter and pick the best ones in between"))
    }

    /// How many levels of candidates the elements of a space are.
    pub(super) fn levels(&self, space: SpaceId) -> usize {
        match self.ir.space(space) {
            Space::Event | Space::Collection { .. } => 0,
            Space::Filter { base, .. }
            | Space::Sort { base, .. }
            | Space::Nested { inner: base, .. } => self.levels(*base),
            Space::Concat { parts } => parts.iter().map(|p| self.levels(*p)).max().unwrap_or(0),
            Space::Combos { base, .. } => 1 + self.levels(*base),
            Space::Cross { first, second } => 1 + self.levels(*first).max(self.levels(*second)),
        }
    }

    fn same_parent(&mut self, spaces: &[SpaceId], args: &[&'a Expr]) -> Checked<()> {
        for (space, arg) in spaces.iter().zip(args) {
            if self.ir.parent(*space) != self.ir.parent(spaces[0]) {
                let text = "these collections belong to different elements";
                let d = Diagnostic::new(arg.span, text).also(args[0].span, "this one first");
                return self.fail(d.help("put together what is seen from the same element"));
            }
        }
        Ok(())
    }

    fn cross(&mut self, args: &[&'a Expr], ctx: &Context<'a>) -> Checked<Value> {
        let (a, b) = (self.plain_collection(args[0], ctx), self.plain_collection(args[1], ctx));
        let (first, second) = (a?, b?);
        self.same_parent(&[first, second], args)?;
        self.check_levels(first, args[0].span)?;
        self.check_levels(second, args[1].span)?;
        let space = self.ir.add_space(Space::Cross { first, second });
        Ok(Value::Elements(Object::own(space), space))
    }

    fn concat(&mut self, args: &[&'a Expr], ctx: &Context<'a>) -> Checked<Value> {
        let found: Vec<Checked<SpaceId>> =
            args.iter().map(|a| self.plain_collection(a, ctx)).collect();
        let mut parts = Vec::new();
        for space in found {
            parts.push(space?);
        }
        self.same_parent(&parts, args)?;
        let space = self.ir.add_space(Space::Concat { parts });
        Ok(Value::Elements(Object::own(space), space))
    }

    fn exists(&mut self, arg: &'a Expr, ctx: &Context<'a>) -> Checked<Value> {
        let value = self.expr(arg, ctx)?;
        let (valid, extent) = match &value {
            Value::Object(object) => (object.valid, None),
            Value::Elements(object, space) if !object.path.is_empty() => {
                (object.valid, Some(*space))
            }
            Value::Scalar(col) => (col.valid, None),
            Value::Array(col, space) => (col.valid, Some(*space)),
            other => {
                let text = format!(
                    "`exists` asks for one value or element, found {}",
                    self.describe(other)
                );
                let d = Diagnostic::new(arg.span, text)
                    .help("for a collection write `any(...)` or `count(...) > 0`");
                return self.fail(d);
            }
        };
        let node = valid.unwrap_or_else(|| self.always());
        Ok(match extent {
            None => Value::Scalar(Col::whole(node)),
            Some(space) => Value::Array(Col::whole(self.solid(node, space)), space),
        })
    }

    fn nearest_call(&mut self, args: &[&'a Expr], ctx: &Context<'a>) -> Checked<Value> {
        let from = self.expr(args[0], ctx)?;
        let (object, space) = self.collection(args[1], ctx)?;
        let max = match args.get(2) {
            None => None,
            Some(arg) => Some((self.expr(arg, ctx)?, arg.span)),
        };
        self.nearest(&from, (&object, space), max, [args[0].span, args[1].span])
    }
}
