//! Definitions: in which order they are worked out, circles among them, and
//! calls of the functions that they define.

use super::mentions::{Mention, mentions};
use super::value::{Context, Value};
use super::{Checked, Checker, Failed, Progress};
use crate::analysis::Watched;
use crate::diag::Diagnostic;
use crate::hash::HashMap;
use crate::syntax::{Define, Expr, Ident, Span, Target};

/// Most calls of defined functions in one analysis: functions that call each
/// other several times could make more than any machine works out.
const MOST_CALLS: usize = 100_000;

/// Most places that a message names beside its own.
const MOST_PLACES: usize = 6;

/// One definition's use of another.
#[derive(Debug, Clone, Copy)]
struct Use {
    define: usize,
    span: Span,
    /// Whether the one cannot be worked out without the other: by name yes, by
    /// the name of a field or a function only perhaps.
    certain: bool,
}

/// Where the walk over the uses of definitions is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visit {
    New,
    Open,
    Done,
}

impl<'a> Checker<'a> {
    /// Checks every definition, used or not, and that no name is taken twice.
    pub(super) fn check_definitions(&mut self) {
        let defines: &'a [Define] = &self.analysis.defines;
        self.check_targets(defines);
        self.check_parameters();
        self.order = self.definitions_in_order();
        self.work_out_definitions();
        for (i, define) in defines.iter().enumerate() {
            if self.is_of_simulation(i) {
                continue;
            }
            let (name, value) = match &define.target {
                Target::Name(name) => (name.name.clone(), self.definition(i).ok()),
                Target::Field { of, field } => {
                    (format!("{}.{}", of.name, field.name), self.defined_column(i))
                }
                Target::Function { .. } => continue,
            };
            if let Some(value) = value {
                self.watch(Watched::Definition, &name, &define.value, &value);
            }
        }
    }

    /// Works out every definition.
    pub(super) fn work_out_definitions(&mut self) {
        for i in self.order.clone() {
            match &self.analysis.defines[i].target {
                _ if self.is_of_simulation(i) => {}
                Target::Name(_) => drop(self.definition(i)),
                Target::Field { .. } => self.check_field_definition(i),
                Target::Function { .. } => {}
            }
        }
    }

    fn check_targets(&mut self, defines: &'a [Define]) {
        let mut seen: HashMap<String, Span> = HashMap::default();
        for (i, define) in defines.iter().enumerate() {
            let (key, span) = target_key(&define.target);
            if let Some(first) = seen.get(&key) {
                let text = format!("`{key}` is defined twice");
                let d = Diagnostic::new(span, text).also(*first, "first here");
                let _ = self.fail::<()>(d.help("give one of them another name"));
            } else if !key.contains('.') && self.is_input_name(&key) {
                let text = format!("`{key}` already exists in the input");
                let help = "choose another name: a definition cannot replace what a file offers";
                let _ = self.fail::<()>(Diagnostic::new(span, text).help(help));
                self.progress.insert(i, Progress::Failed);
            }
            seen.entry(key).or_insert(span);
        }
    }

    pub(super) fn is_input_name(&self, name: &str) -> bool {
        self.names.collection(name).is_some()
            || self.names.counted_by(name).is_some()
            || self.names.scalar(name).is_some()
            || self.names.is_record(name)
    }

    /// Whether a bare name means something per event, inside a filter too.
    pub(super) fn is_event_name(&self, name: &str) -> bool {
        self.find_definition(name).is_some()
            || self.find_parameter(name).is_some()
            || self.is_input_name(name)
    }

    /// Position and value of a parameter.
    pub(super) fn find_parameter(&self, name: &str) -> Option<(u32, f64)> {
        let parameters = (0u32..).zip(&self.analysis.parameters);
        parameters.filter(|(_, p)| p.name.name == name).map(|(i, p)| (i, p.value)).next()
    }

    /// Refuses parameters whose names mean something else.
    fn check_parameters(&mut self) {
        for (i, parameter) in self.analysis.parameters.iter().enumerate() {
            let Ident { name, span } = &parameter.name;
            let before = &self.analysis.parameters[..i];
            let other = match () {
                () if before.iter().any(|p| p.name.name == *name) => "a parameter",
                () if self.is_input_name(name) => "a branch of the input",
                () if self.find_definition(name).is_some() => "a definition",
                () if self.find_function(name).is_some() => "a function",
                () if self.is_builtin(name) => "a function",
                () => continue,
            };
            let text = format!("`{name}` is {other} already");
            let d = Diagnostic::new(*span, text).help("give the parameter another name");
            let _ = self.fail::<()>(d);
        }
    }

    /// The definition of a value of this name, if there is one.
    pub(super) fn find_definition(&self, name: &str) -> Option<usize> {
        self.values.get(name).copied()
    }

    /// The defined function of this name.
    pub(super) fn find_function(&self, name: &str) -> Option<usize> {
        self.functions.get(name).copied()
    }

    /// The definitions, each after those that it uses, however long the chain:
    /// working them out in this order does not recurse. Circles are refused.
    fn definitions_in_order(&mut self) -> Vec<usize> {
        let count = self.analysis.defines.len();
        let mut visits = vec![Visit::New; count];
        let mut order = Vec::with_capacity(count);
        for root in 0..count {
            if visits[root] != Visit::New {
                continue;
            }
            visits[root] = Visit::Open;
            // Each with what it uses, the last one first, and how it came here.
            let start = Use { define: root, span: Span::default(), certain: true };
            let mut open = vec![(start, self.uses(root))];
            while let Some((at, uses)) = open.last_mut() {
                let Some(next) = uses.pop() else {
                    visits[at.define] = Visit::Done;
                    order.push(at.define);
                    open.pop();
                    continue;
                };
                match visits[next.define] {
                    Visit::New => {
                        visits[next.define] = Visit::Open;
                        open.push((next, self.uses(next.define)));
                    }
                    Visit::Open => {
                        let path: Vec<Use> = open.iter().map(|(used, _)| *used).collect();
                        self.refuse_circle(&path, next);
                    }
                    Visit::Done => {}
                }
            }
        }
        order
    }

    /// The definitions that a definition uses, the last one first.
    fn uses(&self, index: usize) -> Vec<Use> {
        let define: &'a Define = &self.analysis.defines[index];
        let (parameters, of) = match &define.target {
            Target::Name(_) => (&[][..], None),
            Target::Function { parameters, .. } => (&parameters[..], None),
            Target::Field { of, .. } => (&[][..], Some(of)),
        };
        let mut found = Vec::new();
        mentions(&define.value, &mut found);
        if let Some(of) = of {
            found.push(Mention::Name(&of.name, of.span));
        }
        let mut uses = Vec::new();
        for mention in found.into_iter().rev() {
            match mention {
                Mention::Name(name, _) if parameters.iter().any(|p| p.name == name) => {}
                Mention::Name(name, span) => {
                    if let Some(define) = self.find_definition(name) {
                        uses.push(Use { define, span, certain: parameters.is_empty() });
                    }
                    uses.extend(self.fields_called(name, span));
                }
                Mention::Field(field) => uses.extend(self.fields_called(&field.name, field.span)),
                Mention::Call(name) => {
                    let define = self.find_function(&name.name);
                    uses.extend(define.map(|define| Use {
                        define,
                        span: name.span,
                        certain: false,
                    }));
                }
            }
        }
        uses
    }

    /// The definitions of fields of this name.
    fn fields_called(&self, name: &str, span: Span) -> impl Iterator<Item = Use> {
        self.analysis.defines.iter().enumerate().filter_map(move |(define, d)| match &d.target {
            Target::Field { field, .. } if field.name == name => {
                Some(Use { define, span, certain: false })
            }
            _ => None,
        })
    }

    /// Refuses definitions that need each other: `path` leads to the one that
    /// mentions `back`, which is on the path.
    fn refuse_circle(&mut self, path: &[Use], back: Use) {
        let start = path.iter().position(|used| used.define == back.define).unwrap_or(0);
        let mut links: Vec<Use> = path[start + 1..].to_vec();
        links.push(back);
        let known = |c: &Self, i: usize| matches!(c.progress.get(&i), Some(Progress::Failed));
        if links.iter().any(|link| !link.certain || known(self, link.define)) {
            return;
        }
        let name = |used: &Use| target_key(&self.analysis.defines[used.define].target);
        let (first, span) = name(&back);
        let others: Vec<String> = links[..links.len() - 1]
            .iter()
            .take(MOST_PLACES)
            .map(|link| format!("`{}`", name(link).0))
            .collect();
        let text = match (&others[..], links.len() - 1 - others.len()) {
            ([], _) => format!("`{first}` is defined by itself"),
            (_, 0) => format!("`{first}` is defined by itself, through {}", others.join(", ")),
            (_, more) => {
                let others = others.join(", ");
                format!("`{first}` is defined by itself, through {others} and {more} more")
            }
        };
        let mut d = Diagnostic::new(span, text);
        for link in links.iter().take(MOST_PLACES) {
            d = d.also(link.span, format!("needs `{}`", name(link).0));
        }
        let _ = self.fail::<()>(
            d.help("break the circle: a definition may use others, but not itself through them"),
        );
        for link in links {
            self.progress.insert(link.define, Progress::Failed);
        }
    }

    /// The value of a definition, worked out on first use.
    pub(super) fn definition(&mut self, index: usize) -> Checked<Value> {
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

    /// A circle that goes through fields or functions.
    pub(super) fn cycle<T>(&mut self, target: &Target) -> Checked<T> {
        let (name, span) = target_key(target);
        self.fail(
            Diagnostic::new(span, format!("`{name}` is defined by itself"))
                .label("needs its own value")
                .help("break the circle: a definition may use others, but not itself through them"),
        )
    }

    /// The call of a function that the analysis defines.
    pub(super) fn call_defined(
        &mut self,
        index: usize,
        args: Vec<Value>,
        at: &Expr,
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let define: &'a Define = &self.analysis.defines[index];
        let Target::Function { name, parameters } = &define.target else { return Err(Failed) };
        self.check_call(index, name, parameters, args.len(), at.span)?;
        let vars = parameters.iter().map(|p| p.name.as_str()).zip(args).collect();
        self.calls.push(index);
        let before = self.diagnostics.len();
        let result = self.expr(&define.value, &Context { space: ctx.space, vars, bare: None });
        self.calls.pop();
        self.add_call(before, define.value.span, at.span);
        result
    }

    /// Refuses a call of itself, with too few or too many arguments, or one too many.
    fn check_call(
        &mut self,
        index: usize,
        name: &Ident,
        parameters: &[Ident],
        found: usize,
        at: Span,
    ) -> Checked<()> {
        if self.calls.contains(&index) {
            let text = format!("`{}` calls itself", name.name);
            return self.fail(
                Diagnostic::new(at, text)
                    .also(name.span, "defined here")
                    .help("a function cannot call itself: there is nothing that would end it"),
            );
        }
        if parameters.len() != found {
            let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
            let plural = if parameters.len() == 1 { "" } else { "s" };
            let wants = parameters.len();
            let text = format!("`{}` takes {wants} argument{plural}, found {found}", name.name);
            return self.fail(
                Diagnostic::new(at, text).also(name.span, "defined here").help(format!(
                    "write `{}({})`",
                    name.name,
                    names.join(", ")
                )),
            );
        }
        self.calls_made += 1;
        if self.calls_made == MOST_CALLS {
            let text = format!("the functions are called more than {MOST_CALLS} times");
            return self.fail(
                Diagnostic::new(name.span, text)
                    .help("each call is worked out anew: give names to values used twice"),
            );
        }
        if self.calls_made > MOST_CALLS { Err(Failed) } else { Ok(()) }
    }

    /// Adds the place of a call to what was found in the function's body since
    /// there were `before` diagnostics.
    fn add_call(&mut self, before: usize, body: Span, at: Span) {
        for diagnostic in &mut self.diagnostics[before..] {
            let inside = diagnostic.also.iter().map(|(span, _)| *span).chain([diagnostic.span]);
            let inside = inside.into_iter().any(|s| body.start <= s.start && s.end <= body.end);
            let few = diagnostic.also.len() < MOST_PLACES;
            if inside && few && !diagnostic.also.iter().any(|(s, _)| *s == at) {
                diagnostic.also.push((at, "called here".to_string()));
            }
        }
    }
}

/// What a definition defines, as written, and where.
pub(super) fn target_key(target: &Target) -> (String, Span) {
    match target {
        Target::Name(name) => (name.name.clone(), name.span),
        Target::Function { name, .. } => (name.name.clone(), name.span),
        Target::Field { of, field } => (
            format!("{}.{}", of.name, field.name),
            Span { start: of.span.start, end: field.span.end },
        ),
    }
}
