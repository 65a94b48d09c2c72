//! Fields of elements: stored, defined, of a candidate's four-momentum, or a
//! reference to an element of another collection.

use super::value::{Col, Context, Object, Step, Value};
use super::{Checked, Checker, Failed, Progress};
use crate::diag::Diagnostic;
use crate::ir::{Const, Map, NodeId, Slot, Space, SpaceId, Ty};
use crate::lang::nano::{joined, type_of};
use crate::syntax::{Define, Ident, Span, Target, Varied};

/// What a field name means for the elements of a space, seen from themselves.
#[derive(Debug, Clone)]
pub(super) enum Field {
    Column(Col),
    Element(Object),
}

/// Fields that follow from the four-momentum, with `charge` for candidates.
const CANDIDATE_FIELDS: [&str; 11] =
    ["pt", "eta", "phi", "mass", "charge", "energy", "px", "py", "pz", "p", "rapidity"];
/// Those that follow from stored pt, eta, phi and mass.
const DERIVED_FIELDS: [&str; 6] = ["energy", "px", "py", "pz", "p", "rapidity"];

impl<'a> Checker<'a> {
    /// `value.field`.
    pub(super) fn field_of(&mut self, value: &Value, field: &Ident) -> Checked<Value> {
        self.at = field.span;
        match value {
            Value::Record(name) => self.record_field(name, field),
            Value::Object(object) => {
                let found = self.object_field(object, &field.name)?;
                match found {
                    Some(Field::Column(col)) => Ok(Value::Scalar(col)),
                    Some(Field::Element(element)) => Ok(Value::Object(element)),
                    None => self.no_field(object.of, field),
                }
            }
            Value::Elements(object, space) => {
                let found = self.object_field(object, &field.name)?;
                match found {
                    Some(Field::Column(col)) => {
                        let space = *space;
                        let col = self.each_node(col, |c, n| c.ir.broadcast(n, space).unwrap_or(n));
                        Ok(Value::Array(col, space))
                    }
                    Some(Field::Element(element)) => Ok(Value::Elements(element, *space)),
                    None => self.no_field(object.of, field),
                }
            }
            other => self.no_fields(other, field),
        }
    }

    /// A field of an element where the element is seen from; `None` if there
    /// is no such field.
    pub(super) fn object_field(&mut self, object: &Object, name: &str) -> Checked<Option<Field>> {
        if let Some(field) = self.space_field(object.of, name)? {
            return Ok(Some(match field {
                Field::Column(col) => Field::Column(self.bring(col, object)),
                Field::Element(mut element) => {
                    for step in &object.path {
                        element = self.step(&element, *step);
                    }
                    element.valid = self.both(element.valid, object.valid);
                    Field::Element(element)
                }
            }));
        }
        if DERIVED_FIELDS.contains(&name) && self.has_four_momentum(object.of) {
            return self.derived_field(object, name).map(|col| Some(Field::Column(col)));
        }
        Ok(None)
    }

    /// Whether elements have pt, eta, phi and mass.
    fn has_four_momentum(&mut self, space: SpaceId) -> bool {
        ["pt", "eta", "phi", "mass"].iter().all(|f| self.field_names(space).iter().any(|n| n == f))
    }

    /// A field over its own space; `None` if there is none of this name.
    pub(super) fn space_field(&mut self, space: SpaceId, name: &str) -> Checked<Option<Field>> {
        if let Some(replaced) = self.replaced_field(space, name) {
            return Ok(Some(replaced));
        }
        if let Some(define) = self.defined_field(space, name)? {
            return Ok(Some(define));
        }
        match self.ir.space(space).clone() {
            Space::Event => Ok(None),
            Space::Collection { counter, name: collection } => {
                Ok(self.stored_field(space, counter, &collection, name))
            }
            Space::Filter { base, .. }
            | Space::Sort { base, .. }
            | Space::Nested { inner: base, .. } => self.base_field(space, base, name),
            Space::Concat { parts } => self.joined_field(space, &parts, name),
            Space::Combos { .. } | Space::Cross { .. } => {
                if !CANDIDATE_FIELDS.contains(&name) {
                    return Ok(None);
                }
                self.candidate_field(space, name).map(|col| Some(Field::Column(col)))
            }
        }
    }

    fn base_field(&mut self, space: SpaceId, base: SpaceId, name: &str) -> Checked<Option<Field>> {
        let step = Step::Lift { to: space, slot: Slot::Base(0) };
        Ok(match self.space_field(base, name)? {
            None => None,
            Some(Field::Column(col)) => {
                Some(Field::Column(self.each_node(col, |c, n| c.bring_node(n, &[step]))))
            }
            Some(Field::Element(element)) => Some(Field::Element(self.step(&element, step))),
        })
    }

    fn stored_field(
        &mut self,
        space: SpaceId,
        counter: usize,
        collection: &str,
        name: &str,
    ) -> Option<Field> {
        let stored = self.names.collection(collection)?;
        if let Some((branch, ty)) = stored.fields.get(name).cloned() {
            let node = self.column(&branch, Some(counter), space, type_of(ty));
            return Some(Field::Column(Col::whole(node)));
        }
        let reference = self.names.reference(stored, name)?;
        let (branch, ty) = stored.fields.get(&reference.field).cloned()?;
        if type_of(ty) != Ty::I32 {
            return None;
        }
        let ordinal = self.column(&branch, Some(counter), space, Ty::I32);
        let target = self.collection_space(&reference.target)?;
        let index = self.ir.refer(ordinal, target);
        let object = Object::own(target);
        Some(Field::Element(self.step(&object, Step::Pick { index })))
    }

    /// A field that all parts of a concatenation have; `kind` says which part.
    fn joined_field(
        &mut self,
        space: SpaceId,
        parts: &[SpaceId],
        name: &str,
    ) -> Checked<Option<Field>> {
        if name == "kind" {
            return Ok(Some(Field::Column(Col::whole(self.ir.part(space)))));
        }
        let mut cols = Vec::new();
        for part in parts {
            match self.space_field(*part, name)? {
                Some(Field::Column(col)) => cols.push((*part, col)),
                _ => return Ok(None),
            }
        }
        let types: Vec<Ty> = cols.iter().map(|(_, c)| self.ir.ty(c.value)).collect();
        let Some(ty) = common_type(&types) else { return Ok(None) };
        let values: Vec<NodeId> = cols.iter().map(|(_, c)| self.converted(c.value, ty)).collect();
        let value = self.ir.join(space, &values);
        let valid = cols.iter().any(|(_, c)| c.valid.is_some()).then(|| {
            let valids: Vec<NodeId> =
                cols.iter().map(|(_, c)| c.valid.unwrap_or_else(|| self.always())).collect();
            self.ir.join(space, &valids)
        });
        Ok(Some(Field::Column(Col { value, valid })))
    }

    /// A node as another type (integers widen, everything becomes real).
    pub(super) fn converted(&mut self, node: NodeId, ty: Ty) -> NodeId {
        match (self.ir.ty(node), ty) {
            (from, to) if from == to => node,
            (Ty::I32 | Ty::I64 | Ty::Bool, Ty::F32) => match self.ir.constant(node) {
                Some(Const::I32(i)) => self.ir.real(f64::from(i)),
                Some(Const::I64(i)) => self.ir.real(i as f64),
                Some(Const::Bool(b)) => self.ir.real(f64::from(u8::from(b))),
                _ => self.ir.map(Map::ToReal, &[node]),
            },
            (Ty::I32, Ty::I64) => self.widened(node),
            (Ty::Bool, Ty::I32) => self.ir.map(Map::ToInt, &[node]),
            (from, to) => unreachable!("no conversion from {from:?} to {to:?}"),
        }
    }

    /// A field that the analysis defines for exactly this space.
    fn defined_field(&mut self, space: SpaceId, name: &str) -> Checked<Option<Field>> {
        let defines: &'a [Define] = &self.analysis.defines;
        for (i, define) in defines.iter().enumerate() {
            let Target::Field { of, field } = &define.target else { continue };
            if field.name == name && self.names_space(of, space) {
                return self.field_definition(i, space).map(|col| Some(Field::Column(col)));
            }
        }
        Ok(None)
    }

    /// Whether the name on a definition's left side stands for this space.
    fn names_space(&mut self, of: &Ident, space: SpaceId) -> bool {
        if let Space::Collection { name, .. } = self.ir.space(space) {
            return *name == of.name;
        }
        let Some(index) = self.find_definition(&of.name) else { return false };
        matches!(self.progress.get(&index),
            Some(Progress::Done(Value::Elements(object, s))) if *s == space && object.path.is_empty())
    }

    /// The column of a defined field, worked out on first use.
    fn field_definition(&mut self, index: usize, space: SpaceId) -> Checked<Col> {
        let define: &'a Define = &self.analysis.defines[index];
        match self.field_progress.get(&(index, space)) {
            Some(Progress::Done(Value::Scalar(col))) => return Ok(*col),
            Some(Progress::Running) => return self.cycle(&define.target),
            Some(_) => return Err(Failed),
            None => {}
        }
        self.field_progress.insert((index, space), Progress::Running);
        let ctx = Context { space, vars: Vec::new(), bare: Some(Object::own(space)) };
        let result = self.expr(&define.value, &ctx).and_then(|value| match value {
            Value::Scalar(col) => {
                Ok(self.each_node(col, |c, n| c.ir.broadcast(n, space).unwrap_or(n)))
            }
            other => {
                let text =
                    format!("a field has one value per element, found {}", self.describe(&other));
                let d = Diagnostic::new(define.value.span, text);
                self.fail(self.put_together(d, &other))
            }
        });
        let progress = result.map_or(Progress::Failed, |col| Progress::Done(Value::Scalar(col)));
        self.field_progress.insert((index, space), progress);
        result
    }

    /// The values of a defined field, if it is right.
    pub(super) fn defined_column(&mut self, index: usize) -> Option<Value> {
        let define: &'a Define = &self.analysis.defines[index];
        let Target::Field { of, .. } = &define.target else { return None };
        match self.named(&of.name, of.span, &Context::event()).ok()? {
            Value::Elements(object, space) if object.path.is_empty() => {
                let col = self.field_definition(index, space).ok()?;
                Some(Value::Array(self.each_node(col, |c, n| c.solid(n, space)), space))
            }
            _ => None,
        }
    }

    /// Checks a field definition even if nothing uses it.
    pub(super) fn check_field_definition(&mut self, index: usize) {
        let define: &'a Define = &self.analysis.defines[index];
        let Target::Field { of, field } = &define.target else { return };
        let Ok(value) = self.named(&of.name, of.span, &Context::event()) else { return };
        let space = match &value {
            Value::Elements(object, space) if object.path.is_empty() => *space,
            other => return self.refuse_field_owner(of, other),
        };
        let known = match self.ir.space(space) {
            Space::Collection { name, .. } => {
                self.names.collection(name).is_some_and(|c| c.fields.contains_key(&field.name))
            }
            _ => self.field_names(space).contains(&field.name),
        };
        if known {
            let text = format!("`{}` already has a field `{}`", of.name, field.name);
            let help = "choose another name: a new field cannot replace one that exists";
            let _ = self.fail::<()>(Diagnostic::new(field.span, text).help(help));
            self.field_progress.insert((index, space), Progress::Failed);
            return;
        }
        let _ = self.field_definition(index, space);
    }

    fn refuse_field_owner(&mut self, of: &Ident, found: &Value) {
        let text = format!("fields are defined for collections, found {}", self.describe(found));
        let mut d = Diagnostic::new(of.span, text);
        d = match found {
            Value::Elements(object, _) => {
                let of = self.describe_space(object.of);
                d.help(format!("define it for the collection itself: `{of}.name: ...`"))
            }
            _ => d.help("a value of the whole event is a definition of its own: `name: ...`"),
        };
        let _ = self.fail::<()>(d);
    }

    fn record_field(&mut self, record: &str, field: &Ident) -> Checked<Value> {
        if let Some(value) = self.member(record, &field.name) {
            return Ok(value);
        }
        let names = joined(record, &field.name);
        match names.into_iter().find(|name| self.names.is_record(name)) {
            Some(name) => Ok(Value::Record(name)),
            None => self.no_record_field(record, field),
        }
    }

    /// What `record.field` is: a branch with one value an event, a collection, or one of
    /// its lists.
    pub(super) fn member(&mut self, record: &str, field: &str) -> Option<Value> {
        joined(record, field).into_iter().find_map(|name| {
            let scalar = self.scalar_branch(&name);
            scalar.or_else(|| self.collection_value(&name)).or_else(|| self.list_value(&name))
        })
    }

    fn collection_value(&mut self, name: &str) -> Option<Value> {
        let space = self.collection_space(name)?;
        Some(Value::Elements(Object::own(space), space))
    }

    fn list_value(&mut self, name: &str) -> Option<Value> {
        let (collection, field) = self.names.list(name)?;
        let (collection, field) = (collection.to_string(), field.to_string());
        let space = self.collection_space(&collection)?;
        match self.space_field(space, &field) {
            Ok(Some(Field::Column(col))) => Some(Value::Array(col, space)),
            _ => None,
        }
    }

    /// The branch of a name between backquotes; a list is a collection of its own.
    pub(super) fn branch(&mut self, name: &str, span: Span) -> Checked<Value> {
        if let Some(value) = self.scalar_branch(name) {
            return Ok(value);
        }
        if let Some(alone) = self.names.alone(name) {
            self.refuse_varied(name, span)?;
            return self.collection_value(&alone).ok_or(Failed);
        }
        if let Some(value) = self.collection_value(name) {
            return Ok(value);
        }
        if self.names.is_record(name) {
            return Ok(Value::Record(name.to_string()));
        }
        self.unknown_branch(name, span)
    }

    /// A variation changes the field of a collection, which a list by itself would not see.
    fn refuse_varied(&mut self, branch: &str, span: Span) -> Checked<()> {
        let Some((of, field)) = self.names.list(branch) else { return Ok(()) };
        let is = |target: &Varied| matches!(target, Varied::Field { of: o, field: f } if o.name == of && f.name == field);
        let changes = self.analysis.variations.iter().flat_map(|v| &v.changes);
        if !changes.map(|change| &change.target).any(is) {
            return Ok(());
        }
        let text = format!("a variation changes `{of}.{field}`, which is this list");
        let help =
            format!("write `{of}.{field}`: between backquotes it is the list as it is stored");
        self.fail(Diagnostic::new(span, text).help(help))
    }

    /// A branch with one value an event.
    pub(super) fn scalar_branch(&mut self, branch: &str) -> Option<Value> {
        if let Some(replaced) = self.replaced_name(branch) {
            return Some(replaced);
        }
        if let Some(collection) = self.names.counted_by(branch).map(|c| c.name.clone()) {
            let space = self.collection_space(&collection)?;
            return Some(Value::Scalar(Col::whole(self.ir.count(space))));
        }
        let ty = type_of(self.names.scalar(branch)?);
        Some(Value::Scalar(Col::whole(self.column(branch, None, SpaceId::EVENT, ty))))
    }

    /// The field names of a space's elements.
    pub(super) fn field_names(&self, space: SpaceId) -> Vec<String> {
        match self.ir.space(space) {
            Space::Event => Vec::new(),
            Space::Collection { name, .. } => {
                let stored = self.names.collection(name).expect("a collection that exists");
                let defined = self.analysis.defines.iter().filter_map(|d| match &d.target {
                    Target::Field { of, field } if of.name == *name => Some(field.name.clone()),
                    _ => None,
                });
                stored.fields.keys().cloned().chain(defined).collect()
            }
            Space::Filter { base, .. }
            | Space::Sort { base, .. }
            | Space::Nested { inner: base, .. } => self.field_names(*base),
            Space::Concat { parts } => {
                let mut names = self.field_names(parts[0]);
                for part in &parts[1..] {
                    let other = self.field_names(*part);
                    names.retain(|n| other.contains(n));
                }
                names.push("kind".to_string());
                names
            }
            Space::Combos { .. } | Space::Cross { .. } => {
                CANDIDATE_FIELDS.iter().map(|f| (*f).to_string()).collect()
            }
        }
    }
}

/// The type that all of these widen to.
pub(super) fn common_type(types: &[Ty]) -> Option<Ty> {
    let first = *types.first()?;
    if types.iter().all(|t| *t == first) {
        return Some(first);
    }
    let numbers = types.iter().all(|t| matches!(t, Ty::I32 | Ty::I64 | Ty::F32));
    numbers.then(|| if types.contains(&Ty::F32) { Ty::F32 } else { Ty::I64 })
}

/// A list of names, cut to what can be read.
pub(super) fn listed(names: &[&str]) -> String {
    const MOST: usize = 16;
    let shown: Vec<&str> = names.iter().take(MOST).copied().collect();
    let more = names.len().saturating_sub(MOST);
    match (names.is_empty(), more) {
        (true, _) => "no fields".to_string(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{}, ... and {more} more", shown.join(", ")),
    }
}
