//! What is said about names and fields that mean nothing, and about values of
//! the wrong shape: what is there, what is near, what to write instead.

use super::definitions::target_key;
use super::value::{Context, Value};
use super::{Checked, Checker, fields};
use crate::diag::{Diagnostic, nearest};
use crate::ir::{Space, SpaceId};
use crate::lang::lex::{between_backquotes, is_word};
use crate::lang::nano::joined;
use crate::syntax::{Ident, Span};

impl<'a> Checker<'a> {
    pub(super) fn unknown_name<T>(
        &mut self,
        name: &str,
        span: Span,
        ctx: &Context<'a>,
    ) -> Checked<T> {
        if self.find_function(name).is_some() || self.is_builtin(name) {
            let text = format!("`{name}` is a function");
            return self.fail(Diagnostic::new(span, text).help(format!("call it: `{name}(...)`")));
        }
        let d = Diagnostic::new(span, format!("`{name}` is not known here"));
        if let Some(why) = self.unreadable(name) {
            return self.fail(d.help(why));
        }
        if let Some(help) = self.field_meant(name, ctx) {
            return self.fail(d.help(help));
        }
        let field = Ident { name: name.to_owned(), span };
        let of = ctx.bare.as_ref().map(|bare| bare.of);
        if let Some(d) = of.and_then(|of| self.parts_differ(of, &field)) {
            return self.fail(d);
        }
        let d = self.suggestion(d, name, &self.known_names(ctx));
        let d = match &ctx.bare {
            Some(bare) => d.help(self.what_there_is(bare.of)),
            None => d,
        };
        self.fail(d.help(format!("it is neither a branch of `{}` nor a definition", self.tree)))
    }

    fn known_names(&self, ctx: &Context<'a>) -> Vec<String> {
        let mut known: Vec<String> = self.names.all().into_iter().map(str::to_string).collect();
        known.extend(self.analysis.defines.iter().map(|d| target_key(&d.target).0));
        known.extend(self.analysis.parameters.iter().map(|p| p.name.name.clone()));
        known.extend(ctx.vars.iter().map(|(n, _)| (*n).to_string()));
        if let Some(bare) = &ctx.bare {
            known.extend(self.field_names(bare.of));
        }
        known
    }

    pub(super) fn suggestion(&self, d: Diagnostic, name: &str, known: &[String]) -> Diagnostic {
        match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => d.help(meant("", near)),
            None => d,
        }
    }

    /// What is said of a name between backquotes that the input does not have.
    pub(super) fn unknown_branch<T>(&mut self, name: &str, span: Span) -> Checked<T> {
        let d = Diagnostic::new(span, format!("the input has no branch `{name}`"));
        if let Some(why) = self.unreadable(name) {
            return self.fail(d.help(why));
        }
        let d = match nearest(name, self.names.branches()) {
            Some(near) => d.help(format!("did you mean `{near}`?")),
            None => d,
        };
        self.fail(d.help("what stands between backquotes is the name of a branch, as it is"))
    }

    /// How to write a field whose name stands alone.
    fn field_meant(&mut self, name: &str, ctx: &Context<'a>) -> Option<String> {
        for (variable, value) in ctx.vars.iter().rev() {
            if let Value::Object(object) = value
                && self.field_names(object.of).iter().any(|f| f == name)
            {
                let what = self.describe_space(object.of);
                return Some(format!(
                    "it is a field of {what}: write `{variable}.{name}`, for the element has a name"
                ));
            }
        }
        if let Some((collection, field)) = self.names.list(name) {
            return Some(format!("write `{collection}.{field}`: fields belong to a collection"));
        }
        if ctx.bare.is_some() {
            return None;
        }
        let owners = self.names.owners(name);
        let first = owners.first()?;
        Some(format!("it is a field of {}: write `{first}.{name}`", fields::listed(&owners)))
    }

    /// Why a branch that exists cannot be used.
    fn unreadable(&self, branch: &str) -> Option<String> {
        let why = self.names.why_unreadable(branch)?;
        Some(format!("the branch `{branch}` exists but cannot be used: {why}"))
    }

    /// `name.field`, where a branch `name_field` cannot be used.
    pub(super) fn refuse_unreadable(&mut self, name: &str, field: &Ident) -> Checked<()> {
        let known = self.is_input_name(name) || self.find_definition(name).is_some();
        match joined(name, &field.name).iter().find_map(|branch| self.unreadable(branch)) {
            Some(why) if !known => {
                let text = format!("`{name}.{}` is not known here", field.name);
                self.fail(Diagnostic::new(field.span, text).help(why))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn unknown_function<T>(&mut self, name: &Ident) -> Checked<T> {
        let called = &name.name;
        if self.find_definition(called).is_some() || self.is_input_name(called) {
            let text = format!("`{called}` is a value, not a function");
            let help = format!("write `{called}` without brackets");
            return self.fail(Diagnostic::new(name.span, text).help(help));
        }
        let d = Diagnostic::new(name.span, format!("there is no function `{called}`"));
        if let Some(here) = super::other_languages::counterpart(called) {
            return self.fail(d.help(format!("write `{here}`")));
        }
        let known = self.function_names();
        let d = self.suggestion(d, called, &known);
        if !d.help.is_empty() {
            return self.fail(d);
        }
        self.fail(d.help(format!("known are {}", known.join(", "))))
    }

    pub(super) fn no_field<T>(&mut self, space: SpaceId, field: &Ident) -> Checked<T> {
        if let Some(d) = self.parts_differ(space, field) {
            return self.fail(d);
        }
        let what = self.describe_space(space);
        let d = Diagnostic::new(field.span, format!("{what} has no field `{}`", field.name));
        let branches = match self.ir.space(space) {
            Space::Collection { name, .. } => Some(joined(name, &field.name)),
            _ => None,
        };
        let mut branches = branches.into_iter().flatten();
        let d = match branches.find_map(|branch| self.elsewhere(&branch)) {
            Some(help) => d.help(help),
            None => self.suggestion(d, &field.name, &self.field_names(space)),
        };
        let help = self.what_there_is(space);
        self.fail(d.help(help))
    }

    /// What is the matter with a branch that has the name of a field and is none.
    fn elsewhere(&self, branch: &str) -> Option<String> {
        if let Some((other, list)) = self.names.list(branch) {
            let (other, list) = (spelled(other), word(list));
            return Some(format!("another counter counts `{branch}`: write `{other}.{list}`"));
        }
        if self.names.scalar(branch).is_none() {
            return self.unreadable(branch);
        }
        let written = match is_word(branch) {
            true => format!("`{branch}`"),
            false => format!("{}, with the backquotes", between_backquotes(branch)),
        };
        Some(format!("the branch `{branch}` has one value an event: write {written}"))
    }

    /// The fields of a space's elements.
    fn what_there_is(&self, space: SpaceId) -> String {
        let known: Vec<String> = self.field_names(space).iter().map(|f| word(f)).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        format!("{} has {}", self.describe_space(space), fields::listed(&known))
    }

    /// `.field` of something that has none.
    pub(super) fn no_fields<T>(&mut self, value: &Value, field: &Ident) -> Checked<T> {
        let name = &field.name;
        let text = format!("{} has no field `{name}`", self.describe(value));
        let mut d = Diagnostic::new(field.span, text);
        if self.find_function(name).is_some() || self.is_builtin(name) {
            d = d.help(format!("to call the function write `{name}(...)`"));
        } else {
            d = d.help("fields belong to elements: pick one first, as in `Jet[0].pt`");
        }
        self.fail(d)
    }

    pub(super) fn no_record_field<T>(&mut self, record: &str, field: &Ident) -> Checked<T> {
        let [_, branch] = joined(record, &field.name);
        let d = Diagnostic::new(field.span, format!("the input has no branch `{branch}`"));
        let branches = joined(record, &field.name);
        if let Some(why) = branches.iter().find_map(|branch| self.unreadable(branch)) {
            return self.fail(d.help(why));
        }
        let known = self.names.record_fields(record);
        let near = nearest(&field.name, known.iter().copied());
        let d = match near {
            Some(near) => d.help(meant(&format!("{record}."), near)),
            None => d,
        };
        let known: Vec<String> = known.into_iter().map(spelled).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let help = format!("`{record}` has {}", fields::listed(&known));
        self.fail(d.help(help))
    }

    /// Refuses a bare name that is both a field and a per-event name.
    pub(super) fn ambiguous<T>(&mut self, name: &str, of: SpaceId, span: Span) -> Checked<T> {
        let what = self.describe_space(of);
        self.fail(
            Diagnostic::new(
                span,
                format!("`{name}` is a field of {what} and also a per-event name"),
            )
            .help(format!("name the element to say which: `x => x.{name}` or `x => {name}`")),
        )
    }

    /// Help for a value of which there is one too many for its place.
    pub(super) fn put_together(&self, d: Diagnostic, found: &Value) -> Diagnostic {
        match found {
            Value::Array(..) => {
                d.help("put it together with `any(...)`, `all(...)`, `sum(...)` or the like")
            }
            Value::Elements(..) => d.help("take a field, a count (`count(...)`) or `any(...)`"),
            Value::Object(_) => d.help("take a field, as in `.pt`, or ask `exists(...)`"),
            Value::Record(name) => d.help(format!("take a field of it: `{name}.pt` or the like")),
            Value::Scalar(_) => d,
        }
    }
}

/// A name as an expression has it: a plain word, or between backquotes.
fn word(name: &str) -> String {
    if is_word(name) { name.to_owned() } else { between_backquotes(name) }
}

/// The same of a per-event name, in which dots may stand.
fn spelled(name: &str) -> String {
    if name.split('.').all(is_word) { name.to_owned() } else { between_backquotes(name) }
}

/// Asks whether a name was meant, in the spelling that works.
fn meant(before: &str, name: &str) -> String {
    match name.split('.').all(is_word) {
        true => format!("did you mean `{before}{name}`?"),
        false => format!("did you mean {before}{}, with the backquotes?", between_backquotes(name)),
    }
}
