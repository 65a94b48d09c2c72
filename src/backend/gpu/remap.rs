//! Expressions and statements of a naga function carried over to a new arena,
//! in which an old expression may have become several.

use crate::error::{Error, Result};
use naga::{AtomicFunction, Block, Expression, Handle, Range, Statement, SwitchCase};

/// Where each old expression went.
#[derive(Debug, Default)]
pub(super) struct Remap {
    /// The first and the last new expression; the last one has the value.
    moved: Vec<(Handle<Expression>, Handle<Expression>)>,
}

impl Remap {
    /// The next old expression became `first` to `last`.
    pub(super) fn push(&mut self, first: Handle<Expression>, last: Handle<Expression>) {
        self.moved.push((first, last));
    }

    /// The new handle of an old value.
    pub(super) fn value(&self, old: Handle<Expression>) -> Handle<Expression> {
        self.moved[old.index()].1
    }

    fn optional(&self, old: Option<Handle<Expression>>) -> Option<Handle<Expression>> {
        old.map(|old| self.value(old))
    }

    /// An old expression with new operands.
    ///
    /// # Errors
    /// If it is of a kind that kernels do not use.
    pub(super) fn expression(&self, old: &Expression) -> Result<Expression> {
        let mut new = old.clone();
        match &mut new {
            Expression::Literal(_)
            | Expression::Constant(_)
            | Expression::ZeroValue(_)
            | Expression::FunctionArgument(_)
            | Expression::GlobalVariable(_)
            | Expression::LocalVariable(_)
            | Expression::CallResult(_)
            | Expression::WorkGroupUniformLoadResult { .. }
            | Expression::AtomicResult { .. } => {}
            Expression::Compose { components, .. } => {
                components.iter_mut().for_each(|c| *c = self.value(*c));
            }
            Expression::Access { base, index } => {
                *base = self.value(*base);
                *index = self.value(*index);
            }
            Expression::AccessIndex { base: operand, .. }
            | Expression::Splat { value: operand, .. }
            | Expression::Swizzle { vector: operand, .. }
            | Expression::Load { pointer: operand }
            | Expression::Unary { expr: operand, .. }
            | Expression::Relational { argument: operand, .. }
            | Expression::As { expr: operand, .. }
            | Expression::ArrayLength(operand) => *operand = self.value(*operand),
            Expression::Binary { left, right, .. } => {
                *left = self.value(*left);
                *right = self.value(*right);
            }
            Expression::Select { condition, accept, reject } => {
                *condition = self.value(*condition);
                *accept = self.value(*accept);
                *reject = self.value(*reject);
            }
            Expression::Math { arg, arg1, arg2, arg3, .. } => {
                *arg = self.value(*arg);
                *arg1 = self.optional(*arg1);
                *arg2 = self.optional(*arg2);
                *arg3 = self.optional(*arg3);
            }
            other => return Err(unexpected("expression", other)),
        }
        Ok(new)
    }

    /// Appends the statements of an old block, with new operands, to `out`.
    ///
    /// # Errors
    /// If there is a statement that kernels do not use.
    pub(super) fn block(&self, old: &Block, out: &mut Block) -> Result<()> {
        for (statement, span) in old.span_iter() {
            if let Some(statement) = self.statement(statement)? {
                out.push(statement, *span);
            }
        }
        Ok(())
    }

    fn nested(&self, old: &Block) -> Result<Block> {
        let mut new = Block::with_capacity(old.len());
        self.block(old, &mut new)?;
        Ok(new)
    }

    fn statement(&self, old: &Statement) -> Result<Option<Statement>> {
        Ok(Some(match old {
            Statement::Emit(range) => {
                let Some((first, last)) = range.first_and_last() else { return Ok(None) };
                let first = self.moved[first.index()].0;
                Statement::Emit(Range::new_from_bounds(first, self.value(last)))
            }
            Statement::Block(block) => Statement::Block(self.nested(block)?),
            Statement::If { condition, accept, reject } => Statement::If {
                condition: self.value(*condition),
                accept: self.nested(accept)?,
                reject: self.nested(reject)?,
            },
            Statement::Switch { selector, cases } => {
                let case =
                    |c: &SwitchCase| Ok(SwitchCase { body: self.nested(&c.body)?, ..c.clone() });
                Statement::Switch {
                    selector: self.value(*selector),
                    cases: cases.iter().map(case).collect::<Result<_>>()?,
                }
            }
            Statement::Loop { body, continuing, break_if } => Statement::Loop {
                body: self.nested(body)?,
                continuing: self.nested(continuing)?,
                break_if: self.optional(*break_if),
            },
            Statement::Break
            | Statement::Continue
            | Statement::ControlBarrier(_)
            | Statement::MemoryBarrier(_) => old.clone(),
            Statement::Return { value } => Statement::Return { value: self.optional(*value) },
            Statement::Store { pointer, value } => {
                Statement::Store { pointer: self.value(*pointer), value: self.value(*value) }
            }
            Statement::Atomic { pointer, fun, value, result } => Statement::Atomic {
                pointer: self.value(*pointer),
                fun: self.atomic(*fun),
                value: self.value(*value),
                result: self.optional(*result),
            },
            Statement::WorkGroupUniformLoad { pointer, result } => {
                Statement::WorkGroupUniformLoad {
                    pointer: self.value(*pointer),
                    result: self.value(*result),
                }
            }
            Statement::Call { function, arguments, result } => Statement::Call {
                function: *function,
                arguments: arguments.iter().map(|a| self.value(*a)).collect(),
                result: self.optional(*result),
            },
            other => return Err(unexpected("statement", other)),
        }))
    }

    fn atomic(&self, old: AtomicFunction) -> AtomicFunction {
        match old {
            AtomicFunction::Exchange { compare } => {
                AtomicFunction::Exchange { compare: self.optional(compare) }
            }
            other => other,
        }
    }
}

fn unexpected(what: &str, found: impl std::fmt::Debug) -> Error {
    Error::device(format!(
        "a kernel has a {what} that cannot be pinned (a bug of gpuana): {found:?}"
    ))
}
