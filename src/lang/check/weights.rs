//! Which factors of a weight apply to the events that an analysis is compiled for:
//! those of simulation, of data, or of both.
//!
//! A bare weight is for all events that it covers. Where data are among these it must
//! say more: one that reads what only a generator knows is for simulation, one that
//! asks `is_data` answers for both, any other is an error.

use super::mentions::{Mention, mentions};
use super::value::{Col, Context};
use super::{Checked, Checker};
use crate::analysis::WeightInfo;
use crate::diag::Diagnostic;
use crate::lang::nano;
use crate::syntax::{BinaryOp, Expr, ExprKind, Factor, Target, UnaryOp, Weighted};
use std::cell::Cell;

/// The constant that says whether a sample is data.
pub(super) const IS_DATA: &str = "is_data";

/// Where a weight stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'p> {
    /// At the top.
    Top,
    Process(&'p str),
    Sample(&'p str),
    Region(&'p str),
    Histogram(&'p str),
}

impl Place<'_> {
    fn words(self) -> String {
        match self {
            Place::Top => "all".to_string(),
            Place::Process(name) => format!("process {name}"),
            Place::Sample(name) => format!("sample {name}"),
            Place::Region(name) => format!("region {name}"),
            Place::Histogram(name) => format!("histogram {name}"),
        }
    }
}

impl<'a> Checker<'a> {
    /// Whether the events are data.
    fn data(&self) -> bool {
        self.sample.map_or(self.analysis.golden.is_some(), |sample| sample.data)
    }

    /// The factors that apply; each is remembered for the summary.
    pub(super) fn applying(
        &mut self,
        weight: &'a [Factor],
        place: Place<'_>,
    ) -> Checked<Vec<&'a Expr>> {
        let (mut applying, mut failed) = (Vec::new(), None);
        for factor in weight {
            match self.applies(factor, place) {
                Ok(why_not) => {
                    let info = WeightInfo {
                        place: place.words(),
                        factor: self.source(factor.value.span).to_string(),
                        why_not,
                    };
                    if info.why_not.is_none() {
                        applying.push(&factor.value);
                    }
                    if !self.varied && !self.weights.contains(&info) {
                        self.weights.push(info);
                    }
                }
                Err(e) => failed = Some(e),
            }
        }
        failed.map_or(Ok(applying), Err)
    }

    /// Why a factor does not apply; `None` if it does.
    fn applies(&mut self, factor: &'a Factor, place: Place<'_>) -> Checked<Option<String>> {
        let data = self.data();
        let only = |kind: &str| Some(format!("{kind} only"));
        match factor.of {
            Weighted::All => Ok(None),
            Weighted::Simulation if data => self.never(factor, place).map(|()| only("simulation")),
            Weighted::Data if !data => self.never(factor, place).map(|()| only("data")),
            Weighted::Simulation | Weighted::Data => Ok(None),
            Weighted::Bare if !self.covers_data(place) => Ok(None),
            Weighted::Bare => match self.asked_of(&factor.value) {
                Asked::Kind => Ok(None),
                Asked::Generator(_) if !data => Ok(None),
                Asked::Generator(branch) => {
                    self.never(factor, place)?;
                    Ok(Some(format!("simulation only: it reads {branch}")))
                }
                Asked::Neither => self.must_say(factor),
            },
        }
    }

    /// Whether data are among the events that a weight covers.
    fn covers_data(&self, place: Place<'_>) -> bool {
        self.sample.is_some_and(|sample| match place {
            Place::Top | Place::Region(_) | Place::Histogram(_) => sample.analysis_has_data,
            Place::Process(_) => sample.process_has_data,
            Place::Sample(_) => sample.data,
        })
    }

    fn must_say<T>(&mut self, factor: &Factor) -> Checked<T> {
        let text = "this weight does not say whether it is for simulation or data, and there are \
                    samples of data";
        let value = self.source(factor.value.span);
        let forms = ["simulation", "data", "all"].map(|of| format!("`weight: {{{of}: {value}}}`"));
        let d = Diagnostic::new(factor.value.span, text);
        self.fail(d.help(format!("write one of {}", forms.join(", "))))
    }

    /// Refuses a factor of a sample that is of the other kind.
    fn never(&mut self, factor: &Factor, place: Place<'_>) -> Checked<()> {
        let Place::Sample(name) = place else { return Ok(()) };
        let (kind, other) = match self.data() {
            true => ("data", "simulation"),
            false => ("simulation", "data"),
        };
        let text = format!("this never applies: it is for {other}, and `{name}` is {kind}");
        self.fail(Diagnostic::new(factor.value.span, text).help("leave it out"))
    }

    /// What an expression asks, through the definitions and functions that it uses.
    fn asked_of(&self, expr: &'a Expr) -> Asked<'a> {
        self.asked_within(expr, MOST_LINKS)
    }

    fn asked_within(&self, expr: &'a Expr, links: usize) -> Asked<'a> {
        let (mut open, mut seen) = (vec![expr], Vec::new());
        let mut asked = Asked::Neither;
        while let Some(expr) = open.pop() {
            let mut found = Vec::new();
            mentions(expr, &mut found);
            let mut define = |index: usize, open: &mut Vec<&'a Expr>| {
                if !seen.contains(&index) {
                    seen.push(index);
                    open.push(&self.analysis.defines[index].value);
                }
            };
            for mention in found {
                let name = match mention {
                    Mention::Call(name) => {
                        let function = self.find_function(&name.name);
                        function.into_iter().for_each(|f| define(f, &mut open));
                        continue;
                    }
                    Mention::Name(name, _) => name,
                    Mention::Field(field) => field.name.as_str(),
                };
                let is_name = matches!(mention, Mention::Name(..));
                match self.find_definition(name).filter(|_| is_name) {
                    Some(index) => define(index, &mut open),
                    None if is_name && name == IS_DATA => return Asked::Kind,
                    None if nano::is_of_generator(name) => asked = Asked::Generator(name),
                    None => {}
                }
                match &self.definitions_of_field(name)[..] {
                    [index] if self.names.owners(name).is_empty() => define(*index, &mut open),
                    // Of which collection it is is not known here: they must agree.
                    several => match self.agreed(several, name, links) {
                        Asked::Kind => return Asked::Kind,
                        Asked::Generator(branch) => asked = Asked::Generator(branch),
                        Asked::Neither => {}
                    },
                }
            }
        }
        asked
    }

    /// The definitions of fields of this name, of whichever collections.
    fn definitions_of_field(&self, name: &str) -> Vec<usize> {
        let is =
            |target: &Target| matches!(target, Target::Field { field, .. } if field.name == name);
        let defines = self.analysis.defines.iter().enumerate();
        defines.filter(|(_, d)| is(&d.target)).map(|(index, _)| index).collect()
    }

    /// What all fields of one name ask, stored ones too, which ask nothing here; nothing
    /// if they differ.
    fn agreed(&self, fields: &[usize], name: &str, links: usize) -> Asked<'a> {
        if links == 0 || !self.names.owners(name).is_empty() {
            return Asked::Neither;
        }
        let of = |index: &usize| self.asked_within(&self.analysis.defines[*index].value, links - 1);
        let mut asked = fields.iter().map(of);
        let Some(first) = asked.next() else { return Asked::Neither };
        let alike =
            asked.all(|other| std::mem::discriminant(&other) == std::mem::discriminant(&first));
        if alike { first } else { Asked::Neither }
    }

    /// Whether a definition needs no meaning unless something uses it: of data, if it
    /// reads what only a generator knows.
    pub(super) fn is_of_simulation(&self, index: usize) -> bool {
        let data = self.sample.is_some_and(|sample| sample.data);
        data && !matches!(self.asked_of(&self.analysis.defines[index].value), Asked::Neither)
    }

    /// The value of a condition that follows from `is_data` alone.
    pub(super) fn known(&self, expr: &Expr, ctx: &Context<'a>) -> Option<bool> {
        let left = Cell::new(MOST_DEFINITIONS);
        self.asks_kind.then(|| self.known_within(expr, ctx, &left)).flatten()
    }

    /// `left` is how many more definitions are looked at: what is not known is worked out
    /// in each event, with the same result.
    fn known_within(&self, expr: &Expr, ctx: &Context<'a>, left: &Cell<usize>) -> Option<bool> {
        let of = |e: &Expr| self.known_within(e, ctx, left);
        match &expr.kind {
            ExprKind::Name(name) if ctx.var(name).is_some() => None,
            // A variation has something else in its place.
            ExprKind::Name(name) if self.replaced_name(name).is_some() => None,
            // Perhaps a field of the element.
            ExprKind::Name(name) if ctx.bare.is_some() && self.is_field(name) => None,
            ExprKind::Name(name) => match self.find_definition(name) {
                Some(index) if left.get() > 0 => {
                    left.set(left.get() - 1);
                    let value = &self.analysis.defines[index].value;
                    self.known_within(value, &Context::event(), left)
                }
                None if name == IS_DATA && !self.is_event_name(name) => Some(self.data()),
                _ => None,
            },
            ExprKind::Unary(UnaryOp::Not, of_what) => of(of_what).map(|b| !b),
            ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), a, b) => {
                let decides = *op == BinaryOp::Or;
                match (of(a), of(b)) {
                    (Some(x), _) | (_, Some(x)) if x == decides => Some(x),
                    (Some(_), Some(_)) => Some(!decides),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn is_field(&self, name: &str) -> bool {
        !self.names.owners(name).is_empty() || !self.definitions_of_field(name).is_empty()
    }

    /// What is left of an expression where `is_data` decides a part of it: the branch
    /// that is taken, the operand that is not decided.
    pub(super) fn left_of(&self, expr: &'a Expr, ctx: &Context<'a>) -> Option<&'a Expr> {
        match &expr.kind {
            ExprKind::If(condition, yes, no) => {
                Some(if self.known(condition, ctx)? { yes } else { no })
            }
            ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), a, b) => {
                let passes = |e: &Expr| self.known(e, ctx) == Some(*op == BinaryOp::And);
                match (passes(a), passes(b)) {
                    (true, _) => Some(b),
                    (_, true) => Some(a),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The product of factors with one value an event.
    pub(super) fn event_weights(
        &mut self,
        weight: &'a [Factor],
        place: Place<'_>,
    ) -> Checked<Option<Col>> {
        let mut product = None;
        for expr in self.applying(weight, place)? {
            let own = self.event_weight(expr, &place.words())?;
            product = self.product(product, Some(own));
        }
        Ok(product)
    }

    /// The product of the weights at the top, of the process and of the sample.
    pub(super) fn weight_of_events(&mut self) -> Checked<Option<Col>> {
        let analysis = self.analysis;
        let mut product = self.event_weights(&analysis.weight, Place::Top)?;
        let Some(sample) = self.sample else { return Ok(product) };
        let process = analysis.processes.iter().filter(|p| p.name.name == sample.process);
        let process = process.map(|p| (&p.weight, Place::Process(sample.process)));
        let own = analysis.sample(sample.name, sample.process);
        let own = own.map(|s| (&s.weight, Place::Sample(sample.name)));
        for (weight, place) in process.chain(own) {
            let factor = self.event_weights(weight, place)?;
            product = self.product(product, factor);
        }
        Ok(product)
    }
}

/// How many definitions are looked at for `is_data`, for each condition.
const MOST_DEFINITIONS: usize = 64;

/// How many fields that are defined in several collections are looked through.
const MOST_LINKS: usize = 4;

/// What an expression asks about events.
enum Asked<'e> {
    /// Whether they are data.
    Kind,
    /// What only a generator knows: this branch, collection or field.
    Generator(&'e str),
    Neither,
}
