//! What an expression stands for while it is checked: columns over spaces,
//! possibly missing, and elements of collections.

use crate::ir::{NodeId, SpaceId};
use crate::syntax::{Expr, Ident};

/// A column, and where its values are there (`None`: everywhere). Boolean
/// values are false where they are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Col {
    pub(super) value: NodeId,
    pub(super) valid: Option<NodeId>,
}

impl Col {
    /// A column without missing values.
    pub(super) fn whole(value: NodeId) -> Col {
        Col { value, valid: None }
    }
}

/// One step of bringing a column to where an element is looked at from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// To space `to`, whose elements have the element in `slot`.
    Lift { to: SpaceId, slot: crate::ir::Slot },
    /// To the space of `index`, which points to the element.
    Pick { index: NodeId },
}

/// One element of a collection: the space it is an element of, and how columns
/// over that space are brought to where the element is looked at from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) of: SpaceId,
    pub(super) path: Vec<Step>,
    /// Whether the element is there, seen from the end of the path.
    pub(super) valid: Option<NodeId>,
}

impl Object {
    /// The element of a space seen from itself.
    pub(super) fn own(of: SpaceId) -> Object {
        Object { of, path: Vec::new(), valid: None }
    }
}

/// The meaning of an expression in its context.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// One value, over the context's space or an ancestor of it.
    Scalar(Col),
    /// One value for each element of a space seen from the context.
    Array(Col, SpaceId),
    /// One element.
    Object(Object),
    /// One element for each element of a space seen from the context; with an
    /// empty path, the collection itself.
    Elements(Object, SpaceId),
    /// Scalar branches of a common prefix.
    Record(String),
}

/// Where an expression is looked at from.
#[derive(Debug, Clone)]
pub(super) struct Context<'a> {
    /// The space whose elements the expression has one value for.
    pub(super) space: SpaceId,
    /// Named elements and parameters, innermost last.
    pub(super) vars: Vec<(&'a str, Value)>,
    /// The element whose fields bare names are.
    pub(super) bare: Option<Object>,
}

impl Context<'_> {
    /// The event, with no names but the analysis's own.
    pub(super) fn event() -> Self {
        Context { space: SpaceId::EVENT, vars: Vec::new(), bare: None }
    }

    /// The value of a variable.
    pub(super) fn var(&self, name: &str) -> Option<&Value> {
        self.vars.iter().rev().find(|(n, _)| *n == name).map(|(_, v)| v)
    }
}

/// The names that a lambda binds and its body; an expression that is no
/// lambda binds none, and bare names in it are the element's fields.
pub(super) fn lambda(expr: &Expr) -> (&[Ident], &Expr) {
    match &expr.kind {
        crate::syntax::ExprKind::Lambda(names, body) => (names, body),
        _ => (&[], expr),
    }
}
