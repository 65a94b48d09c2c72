//! From syntax to plan: names, types, spaces and missing values.
//!
//! Every expression gets a `Value`: columns of the typed DAG over the spaces
//! that it has one value for. Missing values are lowered here, to a value and
//! a boolean beside it; everything behind the checker knows plain columns.

mod candidates;
mod collections;
mod combine;
mod comparisons;
mod definitions;
mod describe;
mod disjoint;
mod expr;
mod fields;
mod functions;
mod histograms;
mod integers;
mod math;
mod mentions;
mod operators;
mod options;
mod other_languages;
mod output;
mod reductions;
mod regions;
mod soft;
mod unknown;
mod value;
mod vary;
mod vectors;
mod watches;
mod weights;

pub use options::{Options, SampleOptions};

use crate::analysis::{Compiled, Watch, WeightInfo};
use crate::batch::{Request, RequestedColumn};
use crate::diag::{Diagnostic, line_column};
use crate::hash::HashMap;
use crate::ir::{Ir, NodeId, Ranges, Space, SpaceId, Ty};
use crate::kernels::Registry;
use crate::lang::nano::Names;
use crate::schema::Schema;
use crate::syntax::{Analysis, Span, Target};
use crate::warning::{Code, Warning, Warnings};
use value::{Col, Object, Value};

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
pub fn compile_for<'a>(
    analysis: &'a Analysis,
    text: &'a str,
    schema: &Schema,
    options: &Options<'a>,
) -> Result<Compiled, Vec<Diagnostic>> {
    let mut checker = Checker::new(analysis, text, schema);
    checker.kernels = options.kernels.unwrap_or(checker.kernels);
    checker.soft_cuts = options.soft_cuts;
    checker.sample = options.sample;
    checker.check_definitions();
    let mut compiled = checker.outputs(options);
    compiled.warnings = analysis.warnings.clone();
    compiled.warnings.add_all(&checker.warnings);
    if checker.diagnostics.is_empty() {
        return Ok(compiled);
    }
    checker.diagnostics.sort_by_key(|d| (d.span.start, d.span.end));
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
    /// What expressions can call.
    kernels: &'a Registry,
    analysis: &'a Analysis,
    text: &'a str,
    tree: String,
    names: Names,
    ir: Ir,
    /// Which integers its nodes can have.
    ranges: Ranges,
    request: Request,
    diagnostics: Vec<Diagnostic>,
    /// The definitions of values, by name: indices into `analysis.defines`.
    values: HashMap<&'a str, usize>,
    /// The definitions of functions, by name.
    functions: HashMap<&'a str, usize>,
    /// Indices into `analysis.defines`, each after those that it uses.
    order: Vec<usize>,
    /// Values of definitions, by index into `analysis.defines`.
    progress: HashMap<usize, Progress>,
    /// Columns of defined fields, by definition and space.
    field_progress: HashMap<(usize, SpaceId), Progress>,
    /// Fields of candidates that have been worked out.
    candidate_fields: HashMap<(SpaceId, String), Col>,
    /// Names that people gave to spaces.
    labels: HashMap<SpaceId, String>,
    /// Calls of defined functions under way, to stop recursion.
    calls: Vec<usize>,
    /// Calls of defined functions so far.
    calls_made: usize,
    /// How many expressions inside each other are being worked out.
    nesting: usize,
    /// Whether it has been said that they are too many.
    too_deep: bool,
    watches: Vec<Watch>,
    /// What the current variation puts in place of nominal values.
    replaced: vary::Replaced<'a>,
    /// Whether a variation is looked at.
    varied: bool,
    /// Whether cuts by parameters with a slope are factors of the weight.
    soft_cuts: bool,
    /// Candidates in the order in which they were made, and where.
    made: Vec<(SpaceId, Span)>,
    /// Whether two elements are the same, wherever the analysis asks that.
    compared: Vec<NodeId>,
    warnings: Warnings,
    /// The sample whose events are processed.
    sample: Option<SampleOptions<'a>>,
    /// Whether the analysis asks if events are data.
    asks_kind: bool,
    /// Factors of weights, applied or not.
    weights: Vec<WeightInfo>,
    /// The field or name being worked out, for errors deep in a formula.
    at: Span,
}

impl<'a> Checker<'a> {
    fn new(analysis: &'a Analysis, text: &'a str, schema: &Schema) -> Self {
        let (mut values, mut functions) = (HashMap::default(), HashMap::default());
        for (i, define) in analysis.defines.iter().enumerate() {
            match &define.target {
                Target::Name(name) => values.entry(name.name.as_str()).or_insert(i),
                Target::Function { name, .. } => functions.entry(name.name.as_str()).or_insert(i),
                Target::Field { .. } => continue,
            };
        }
        Checker {
            kernels: Registry::standard(),
            analysis,
            text,
            tree: schema.tree.clone(),
            names: Names::new(schema),
            ir: Ir::default(),
            ranges: Ranges::default(),
            request: Request::default(),
            diagnostics: Vec::new(),
            values,
            functions,
            order: Vec::new(),
            progress: HashMap::default(),
            field_progress: HashMap::default(),
            candidate_fields: HashMap::default(),
            labels: HashMap::default(),
            calls: Vec::new(),
            calls_made: 0,
            nesting: 0,
            too_deep: false,
            watches: Vec::new(),
            replaced: vary::Replaced::default(),
            varied: false,
            soft_cuts: false,
            made: Vec::new(),
            compared: Vec::new(),
            warnings: Warnings::default(),
            sample: None,
            asks_kind: text.contains(weights::IS_DATA),
            weights: Vec::new(),
            at: Span::default(),
        }
    }

    /// Records what is wrong, unless that has been said: the body of a function
    /// is checked once for each call.
    fn fail<T>(&mut self, diagnostic: Diagnostic) -> Checked<T> {
        let same = |d: &Diagnostic| d.span == diagnostic.span && d.message == diagnostic.message;
        if !self.diagnostics.iter().any(same) {
            self.diagnostics.push(diagnostic);
        }
        Err(Failed)
    }

    /// Notes what may not be meant as it is written.
    fn warn(&mut self, code: Code, span: Span, text: String) {
        self.warnings.add(Warning::new(code, text).at(line_column(span, self.text).0));
    }

    /// The text of an expression, for messages.
    fn source(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
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
