//! From syntax to plan: names, types, spaces and missing values.
//!
//! Every expression gets a [`Value`]: columns of the typed DAG over the spaces
//! that it has one value for. Missing values are lowered here, to a value and
//! a boolean beside it; everything behind the checker knows plain columns.

mod collections;
mod combine;
mod expr;
mod fields;
mod functions;
mod histograms;
mod math;
mod operators;
mod options;
mod output;
mod reductions;
mod regions;
mod value;
mod vary;
mod vectors;

pub use options::Options;

use crate::analysis::{Compiled, Watch};
use crate::batch::{Request, RequestedColumn};
use crate::config::{Analysis, Define, Target};
use crate::diag::Diagnostic;
use crate::ir::{Ir, NodeId, Space, SpaceId, Ty};
use crate::lang::ast::{Expr, Span};
use crate::lang::nano::Names;
use crate::schema::Schema;
use std::collections::{BTreeMap, HashMap};
use value::{Col, Context, Object, Value};

/// A diagnostic has been recorded; whoever depends on the value gives up.
#[derive(Debug, Clone, Copy)]
struct Failed;

type Checked<T> = Result<T, Failed>;

/// Checks an analysis against what a file offers and lowers it to a plan.
///
/// # Errors
/// Everything that is wrong, in file order.
pub fn compile(
    analysis: &Analysis,
    text: &str,
    schema: &Schema,
) -> Result<Compiled, Vec<Diagnostic>> {
    compile_for(analysis, text, schema, &Options::default())
}

/// The same for the events of one sample.
///
/// # Errors
/// Everything that is wrong, in file order.
pub fn compile_for(
    analysis: &Analysis,
    text: &str,
    schema: &Schema,
    options: &Options<'_>,
) -> Result<Compiled, Vec<Diagnostic>> {
    let mut checker = Checker::new(analysis, text, schema);
    checker.check_targets();
    let compiled = checker.outputs(options);
    if checker.diagnostics.is_empty() {
        return Ok(compiled);
    }
    checker.diagnostics.sort_by_key(|d| d.span.start);
    checker.diagnostics.dedup();
    Err(checker.diagnostics)
}

/// How far a definition has come.
#[derive(Debug, Clone)]
enum Progress {
    Running,
    Done(Value),
    Failed,
}

struct Checker<'a> {
    analysis: &'a Analysis,
    text: &'a str,
    tree: String,
    names: Names,
    ir: Ir,
    request: Request,
    diagnostics: Vec<Diagnostic>,
    /// Values of definitions, by index into `analysis.defines`.
    progress: HashMap<usize, Progress>,
    /// Columns of defined fields, by definition and space.
    field_progress: HashMap<(usize, SpaceId), Progress>,
    /// Names that people gave to spaces.
    labels: HashMap<SpaceId, String>,
    /// Calls of defined functions under way, to stop recursion.
    calls: Vec<usize>,
    watches: Vec<Watch>,
    /// What the current variation puts in place of nominal values.
    replaced: vary::Replaced<'a>,
    /// Whether a variation is looked at.
    varied: bool,
    /// The field or name being worked out, for errors deep in a formula.
    at: Span,
}

impl<'a> Checker<'a> {
    fn new(analysis: &'a Analysis, text: &'a str, schema: &Schema) -> Self {
        Checker {
            analysis,
            text,
            tree: schema.tree.clone(),
            names: Names::new(schema),
            ir: Ir::default(),
            request: Request::default(),
            diagnostics: Vec::new(),
            progress: HashMap::new(),
            field_progress: HashMap::new(),
            labels: HashMap::new(),
            calls: Vec::new(),
            watches: Vec::new(),
            replaced: vary::Replaced::default(),
            varied: false,
            at: Span::default(),
        }
    }

    /// Records what is wrong.
    fn fail<T>(&mut self, diagnostic: Diagnostic) -> Checked<T> {
        self.diagnostics.push(diagnostic);
        Err(Failed)
    }

    /// The text of an expression, for messages.
    fn source(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Checks every definition, used or not, and that no name is taken twice.
    fn check_targets(&mut self) {
        let defines: &'a [Define] = &self.analysis.defines;
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        for define in defines {
            let (key, span) = target_key(&define.target);
            if let Some(first) = seen.insert(key.clone(), span) {
                let text = format!("`{key}` is defined twice");
                let _ = self.fail::<()>(Diagnostic::new(span, text).also(first, "first here"));
            } else if !key.contains('.') && self.is_input_name(&key) {
                let text = format!("`{key}` already exists in the input");
                let help = "choose another name: a definition cannot replace what a file offers";
                let _ = self.fail::<()>(Diagnostic::new(span, text).help(help));
            }
        }
        for (i, define) in defines.iter().enumerate() {
            match &define.target {
                Target::Name(name) => {
                    if let Ok(value) = self.definition(i) {
                        self.watch(format!("define {}", name.name), name.span, &value);
                    }
                }
                Target::Field { .. } => self.check_field_definition(i),
                Target::Function { .. } => {}
            }
        }
    }

    fn is_input_name(&self, name: &str) -> bool {
        self.names.collection(name).is_some()
            || self.names.scalar(name).is_some()
            || self.names.is_record(name)
    }

    /// Remembers a value that `explain --event` shows.
    fn watch(&mut self, name: String, span: Span, value: &Value) {
        if self.varied {
            return;
        }
        let col = match value {
            Value::Scalar(col) | Value::Array(col, _) => *col,
            Value::Object(object) | Value::Elements(object, _) => {
                let index = self.index_of(object);
                Col { value: index, valid: object.valid }
            }
            Value::Record(_) => return,
        };
        self.watches.push(Watch { name, span, value: col.value, valid: col.valid });
    }

    /// The definition of this name, if there is one.
    fn find_definition(&self, name: &str) -> Option<usize> {
        self.analysis
            .defines
            .iter()
            .position(|d| matches!(&d.target, Target::Name(n) if n.name == name))
    }

    /// The value of a definition, worked out on first use.
    fn definition(&mut self, index: usize) -> Checked<Value> {
        let define: &'a Define = &self.analysis.defines[index];
        if let Target::Name(name) = &define.target
            && let Some(replaced) = self.replaced_name(&name.name)
        {
            return Ok(replaced);
        }
        match self.progress.get(&index) {
            Some(Progress::Done(value)) => return Ok(value.clone()),
            Some(Progress::Failed) => return Err(Failed),
            Some(Progress::Running) => return self.cycle(&define.target),
            None => {}
        }
        self.progress.insert(index, Progress::Running);
        let result = self.expr(&define.value, &Context::event());
        if let (Ok(Value::Elements(_, space)), Target::Name(name)) = (&result, &define.target) {
            self.labels.entry(*space).or_insert_with(|| name.name.clone());
        }
        let progress = result.as_ref().map_or(Progress::Failed, |v| Progress::Done(v.clone()));
        self.progress.insert(index, progress);
        result
    }

    fn cycle<T>(&mut self, target: &Target) -> Checked<T> {
        let (name, span) = target_key(target);
        self.fail(
            Diagnostic::new(span, format!("`{name}` is defined by itself"))
                .label("needs its own value")
                .help("break the circle: a definition may use others, but not itself through them"),
        )
    }

    /// The batch column of a branch, requested on first use.
    fn column(&mut self, branch: &str, counter: Option<usize>, space: SpaceId, ty: Ty) -> NodeId {
        let columns = &mut self.request.columns;
        let index = columns.iter().position(|c| c.branch == branch && c.counter == counter);
        let index = index.unwrap_or_else(|| {
            columns.push(RequestedColumn { branch: branch.to_string(), counter });
            columns.len() - 1
        });
        self.ir.column(index, space, ty)
    }

    /// The space of a stored collection, its counter requested on first use.
    fn collection_space(&mut self, name: &str) -> Option<SpaceId> {
        let counter = self.names.collection(name)?.counter.clone();
        let counters = &mut self.request.counters;
        let index = counters.iter().position(|c| *c == counter).unwrap_or_else(|| {
            counters.push(counter);
            counters.len() - 1
        });
        let space = self.ir.add_space(Space::Collection { counter: index, name: name.to_string() });
        self.labels.entry(space).or_insert_with(|| name.to_string());
        Some(space)
    }

    /// A space in the user's words.
    fn describe_space(&self, space: SpaceId) -> String {
        if let Some(label) = self.labels.get(&space) {
            return label.clone();
        }
        match self.ir.space(space) {
            Space::Event => "event".to_string(),
            Space::Collection { name, .. } => name.clone(),
            Space::Filter { base, .. } => format!("filtered {}", self.describe_space(*base)),
            Space::Sort { base, .. } => format!("sorted {}", self.describe_space(*base)),
            Space::Concat { parts } => {
                let parts: Vec<_> = parts.iter().map(|p| self.describe_space(*p)).collect();
                format!("concat({})", parts.join(", "))
            }
            Space::Combos { base, size } => match size {
                2 => format!("pairs({})", self.describe_space(*base)),
                3 => format!("triples({})", self.describe_space(*base)),
                k => format!("combinations({}, {k})", self.describe_space(*base)),
            },
            Space::Cross { first, second } => {
                format!("cross({}, {})", self.describe_space(*first), self.describe_space(*second))
            }
            Space::Nested { outer, inner } => {
                format!("{} of each {}", self.describe_space(*inner), self.describe_space(*outer))
            }
        }
    }

    /// A value's shape in the user's words.
    fn describe(&self, value: &Value) -> String {
        let kind = |ty: Ty| match ty {
            Ty::Bool => "true or false",
            Ty::I32 => "an integer",
            Ty::I64 => "a 64-bit integer",
            Ty::F32 => "a number",
            Ty::Index(_) => "an element",
        };
        match value {
            Value::Scalar(col) => kind(self.ir.ty(col.value)).to_string(),
            Value::Array(col, space) => {
                format!("{} per {}", kind(self.ir.ty(col.value)), self.describe_space(*space))
            }
            Value::Object(object) => format!("one {}", self.describe_space(object.of)),
            Value::Elements(object, space) if object.path.is_empty() => {
                format!("the collection {}", self.describe_space(*space))
            }
            Value::Elements(object, space) => {
                format!(
                    "one {} per {}",
                    self.describe_space(object.of),
                    self.describe_space(*space)
                )
            }
            Value::Record(name) => format!("the record {name}"),
        }
    }

    /// The call of a function that the analysis defines.
    fn call_defined(
        &mut self,
        index: usize,
        args: Vec<Value>,
        at: &Expr,
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let define: &'a Define = &self.analysis.defines[index];
        let Target::Function { name, parameters } = &define.target else { return Err(Failed) };
        if self.calls.contains(&index) {
            return self.cycle(&define.target);
        }
        if parameters.len() != args.len() {
            let text = format!(
                "`{}` takes {} arguments, found {}",
                name.name,
                parameters.len(),
                args.len()
            );
            return self.fail(Diagnostic::new(at.span, text).also(name.span, "defined here"));
        }
        let vars = parameters.iter().map(|p| p.name.as_str()).zip(args).collect();
        self.calls.push(index);
        let before = self.diagnostics.len();
        let result = self.expr(&define.value, &Context { space: ctx.space, vars, bare: None });
        self.calls.pop();
        for diagnostic in &mut self.diagnostics[before..] {
            if !diagnostic.also.iter().any(|(s, _)| *s == at.span) {
                diagnostic.also.push((at.span, "called here".to_string()));
            }
        }
        result
    }

    /// The defined function of this name.
    fn find_function(&self, name: &str) -> Option<usize> {
        self.analysis
            .defines
            .iter()
            .position(|d| matches!(&d.target, Target::Function { name: n, .. } if n.name == name))
    }

    /// The element itself, as an index into its space, where the object is seen from.
    fn index_of(&mut self, object: &Object) -> NodeId {
        if let Some(value::Step::Pick { index }) = object.path.first() {
            let rest = &object.path[1..];
            return self.bring_node(*index, rest);
        }
        let own = self.ir.own(object.of);
        self.bring_node(own, &object.path)
    }
}

/// What a definition defines, as written, and where.
fn target_key(target: &Target) -> (String, Span) {
    match target {
        Target::Name(name) => (name.name.clone(), name.span),
        Target::Function { name, .. } => (name.name.clone(), name.span),
        Target::Field { of, field } => (
            format!("{}.{}", of.name, field.name),
            Span { start: of.span.start, end: field.span.end },
        ),
    }
}
