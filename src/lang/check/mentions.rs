//! What an expression mentions: names, calls and fields, without their meaning.

use crate::syntax::{Expr, ExprKind, Ident, Span};

/// One thing that an expression mentions.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mention<'e> {
    /// A name that the expression does not bind itself, and where it stands.
    Name(&'e str, Span),
    /// A call of a function of this name.
    Call(&'e Ident),
    /// `.field`.
    Field(&'e Ident),
}

/// Everything that an expression mentions, in order.
pub(super) fn mentions<'e>(expr: &'e Expr, out: &mut Vec<Mention<'e>>) {
    let (first, links) = expr.chain();
    of_one(first, out);
    links.iter().for_each(|link| mentions(link.right, out));
}

/// The same of an expression that is no chain of operators.
fn of_one<'e>(expr: &'e Expr, out: &mut Vec<Mention<'e>>) {
    match &expr.kind {
        ExprKind::Name(name) | ExprKind::Branch(name) => out.push(Mention::Name(name, expr.span)),
        ExprKind::Integer(_) | ExprKind::Real(_) | ExprKind::Bool(_) | ExprKind::Text(_) => {}
        ExprKind::Unary(_, a) => mentions(a, out),
        ExprKind::Field(a, field) => {
            mentions(a, out);
            out.push(Mention::Field(field));
        }
        ExprKind::Binary(_, a, b) | ExprKind::Index(a, b) => {
            mentions(a, out);
            mentions(b, out);
        }
        ExprKind::Compare(operands, _) => operands.iter().for_each(|e| mentions(e, out)),
        ExprKind::If(a, b, c) => [a, b, c].into_iter().for_each(|e| mentions(e, out)),
        ExprKind::Call(name, args) => {
            out.push(Mention::Call(name));
            args.iter().for_each(|e| mentions(e, out));
        }
        ExprKind::Method(first, name, rest) => {
            mentions(first, out);
            out.push(Mention::Call(name));
            rest.iter().for_each(|e| mentions(e, out));
        }
        ExprKind::Lambda(names, body) => {
            let mut inner = Vec::new();
            mentions(body, &mut inner);
            let bound = |name: &str| names.iter().any(|b| b.name == name);
            out.extend(inner.into_iter().filter(|m| !matches!(m, Mention::Name(n, _) if bound(n))));
        }
        ExprKind::In { element, of, .. } => {
            mentions(element, out);
            mentions(of, out);
        }
    }
}
