//! Variations: columns and definitions replaced, everything that depends on
//! them worked out again. What does not depend on them is the same nodes, so
//! it is computed once for all variations.

use super::fields::Field;
use super::value::{Col, Context, Value};
use super::{Checked, Checker, Options, Progress};
use crate::diag::Diagnostic;
use crate::hash::HashMap;
use crate::ir::{Space, SpaceId, Ty};
use crate::lang::nano::joined;
use crate::syntax::{Change, Expr, Ident, Span, Variation, Varied};

/// What a variation puts in place of nominal values.
#[derive(Debug, Clone, Default)]
pub(super) struct Replaced<'a> {
    values: Vec<(&'a Varied, Value)>,
    /// The factor on the weight.
    pub(super) weight: Option<Col>,
}

/// One direction of a variation, worked out: `jes_up`.
pub(super) struct View<'a> {
    pub(super) name: String,
    pub(super) replaced: Replaced<'a>,
}

/// Nominal values that are put aside while a variation is looked at.
pub(super) struct Nominal {
    progress: HashMap<usize, Progress>,
    field_progress: HashMap<(usize, SpaceId), Progress>,
    candidate_fields: HashMap<(SpaceId, String), Col>,
}

impl<'a> Checker<'a> {
    /// Every direction of every variation that applies. All are checked, also
    /// those that do not apply; to data
    /// none does.
    pub(super) fn views(&mut self, options: &Options<'_>) -> Vec<View<'a>> {
        let variations: &'a [Variation] = match options.sample {
            // What is varied may be there in simulation only.
            Some(sample) if sample.data => &[],
            _ => &self.analysis.variations,
        };
        let mut views: Vec<View<'a>> = Vec::new();
        for variation in variations {
            let applies = !options.nominal_only
                && (variation.samples.is_empty()
                    || options
                        .sample
                        .is_none_or(|s| variation.samples.iter().any(|v| v.name == s.process)));
            for direction in directions(variation) {
                let name = format!("{}_{}", variation.name.name, direction.name);
                let Ok(replaced) = self.replaced(variation, &direction.name) else { continue };
                if views.iter().any(|v| v.name == name) {
                    let text = format!("two variations would be called `{name}`");
                    let d = Diagnostic::new(direction.span, text);
                    let _ = self.fail::<()>(d.help("rename one of them"));
                } else if applies {
                    views.push(View { name, replaced });
                }
            }
        }
        views
    }

    /// The values that a variation has in one direction; they see nominal ones.
    fn replaced(&mut self, variation: &'a Variation, direction: &str) -> Checked<Replaced<'a>> {
        let mut replaced = Replaced::default();
        let mut failed = None;
        for change in &variation.changes {
            let Some((_, value)) = change.directions.iter().find(|(d, _)| d.name == direction)
            else {
                continue;
            };
            match self.replacement(change, value) {
                Ok(Replacement::Weight(col)) => replaced.weight = Some(col),
                Ok(Replacement::Value(value)) => replaced.values.push((&change.target, value)),
                Err(e) => failed = Some(e),
            }
        }
        failed.map_or(Ok(replaced), Err)
    }

    fn replacement(&mut self, change: &'a Change, expr: &'a Expr) -> Checked<Replacement> {
        let value = self.expr(expr, &Context::event());
        let nominal = match &change.target {
            Varied::Weight(_) => return self.weight_factor(&value?, expr.span),
            Varied::Name(name) => self.named(&name.name, name.span, &Context::event()),
            Varied::Field { of, field } => self.nominal_field(of, field),
        };
        let (value, nominal) = (value?, nominal?);
        self.alike_shape(value, &nominal, expr.span).map(Replacement::Value)
    }

    fn weight_factor(&mut self, value: &Value, span: Span) -> Checked<Replacement> {
        match value {
            Value::Scalar(col) => Ok(Replacement::Weight(self.weight_col(*col))),
            other => {
                let text =
                    format!("a weight has one value per event, found {}", self.describe(other));
                let d = Diagnostic::new(span, text);
                self.fail(self.put_together(d, other))
            }
        }
    }

    fn nominal_field(&mut self, of: &Ident, field: &Ident) -> Checked<Value> {
        let scalar = |c: &mut Self| {
            joined(&of.name, &field.name).iter().find_map(|name| c.scalar_branch(name))
        };
        if self.names.collection(&of.name).is_none()
            && let Some(value) = scalar(self)
        {
            return Ok(value);
        }
        let whole = self.named(&of.name, of.span, &Context::event())?;
        if let Value::Elements(_, space) = &whole
            && !matches!(self.ir.space(*space), Space::Collection { .. })
        {
            let text = format!("`{}` is made from other collections", of.name);
            let help = "vary a field of the stored collection, or the whole definition";
            return self.fail(Diagnostic::new(of.span, text).help(help));
        }
        self.field_of(&whole, field)
    }

    /// A replacement of the shape and type of what it replaces.
    fn alike_shape(&mut self, value: Value, nominal: &Value, span: Span) -> Checked<Value> {
        let (here, there) = (self.describe(&value), self.describe(nominal));
        let wrong = |c: &mut Self| {
            let text = format!("this replaces {there}, found {here}");
            c.fail(Diagnostic::new(span, text).help("a variation has the shape of what it varies"))
        };
        match (value, nominal) {
            (Value::Scalar(col), Value::Scalar(old)) => match self.as_type(col, *old) {
                Some(col) => Ok(Value::Scalar(col)),
                None => wrong(self),
            },
            (Value::Array(col, space), Value::Array(old, of)) if space == *of => {
                match self.as_type(col, *old) {
                    Some(col) => {
                        Ok(Value::Array(self.each_node(col, |c, n| c.solid(n, space)), space))
                    }
                    None => wrong(self),
                }
            }
            (value @ Value::Object(_), Value::Object(_)) => Ok(value),
            (value @ Value::Elements(..), Value::Elements(..)) => Ok(value),
            _ => wrong(self),
        }
    }

    fn as_type(&mut self, col: Col, old: Col) -> Option<Col> {
        let (from, to) = (self.ir.ty(col.value), self.ir.ty(old.value));
        if (from, to) == (Ty::I64, Ty::I32) {
            return Some(self.adapted(col));
        }
        let fits =
            from == to || matches!((from, to), (Ty::I32, Ty::F32 | Ty::I64) | (Ty::I64, Ty::F32));
        fits.then(|| Col { value: self.converted(col.value, to), valid: col.valid })
    }

    /// Puts a variation's values in place of the nominal ones.
    pub(super) fn enter(&mut self, view: &View<'a>) -> Nominal {
        self.replaced = view.replaced.clone();
        self.varied = true;
        self.calls_made = 0;
        let nominal = Nominal {
            progress: std::mem::take(&mut self.progress),
            field_progress: std::mem::take(&mut self.field_progress),
            candidate_fields: std::mem::take(&mut self.candidate_fields),
        };
        self.work_out_definitions();
        nominal
    }

    /// Back to nominal values.
    pub(super) fn leave(&mut self, nominal: Nominal) {
        self.replaced = Replaced::default();
        self.varied = false;
        self.progress = nominal.progress;
        self.field_progress = nominal.field_progress;
        self.candidate_fields = nominal.candidate_fields;
    }

    /// What stands in for a definition or a branch in the current variation.
    pub(super) fn replaced_name(&self, name: &str) -> Option<Value> {
        let is = |target: &Varied| match target {
            Varied::Name(n) => n.name == name,
            Varied::Field { of, field } => {
                joined(&of.name, &field.name).iter().any(|joined| joined == name)
            }
            Varied::Weight(_) => false,
        };
        self.replaced.values.iter().find(|(t, _)| is(t)).map(|(_, v)| v.clone())
    }

    /// What stands in for a field of a stored collection.
    pub(super) fn replaced_field(&self, space: SpaceId, field: &str) -> Option<Field> {
        let Space::Collection { name, .. } = self.ir.space(space) else { return None };
        let is = |target: &Varied| matches!(target, Varied::Field { of, field: f } if of.name == *name && f.name == field);
        match self.replaced.values.iter().find(|(t, _)| is(t)) {
            Some((_, Value::Array(col, _))) => Some(Field::Column(*col)),
            _ => None,
        }
    }
}

enum Replacement {
    Weight(Col),
    Value(Value),
}

/// The directions that any change of a variation has, each once.
fn directions(variation: &Variation) -> Vec<&Ident> {
    let mut directions: Vec<&Ident> = Vec::new();
    for (direction, _) in variation.changes.iter().flat_map(|c| &c.directions) {
        if !directions.iter().any(|d| d.name == direction.name) {
            directions.push(direction);
        }
    }
    directions
}
