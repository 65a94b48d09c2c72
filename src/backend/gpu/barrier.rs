//! A checked naga module with every float result led through integers, so that
//! no compiler can contract, re-associate or keep a denormal.

use super::remap::Remap;
use crate::error::{Error, Result};
use naga::{
    AddressSpace, BinaryOperator, Expression, Function, Handle, Literal, Module, Scalar,
    ScalarKind, Span, Statement, TypeInner,
};

/// What is done to the bits of each float result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Exclusive or with the uniform `opaque`, which is 0.
    Opaque,
    /// A denormal becomes a zero of its sign.
    Flush,
}

/// The module with a guard behind every float sum, difference, product and quotient.
///
/// # Errors
/// If a vector of floats is computed with, or an expression or statement turns
/// up that kernels do not use.
pub(super) fn insert(
    mut module: Module,
    info: &naga::valid::ModuleInfo,
    guard: Guard,
) -> Result<Module> {
    let opaque = opaque(&module);
    let handles: Vec<_> = module.functions.iter().map(|(handle, _)| handle).collect();
    for handle in handles {
        let floats = floats(&module, &module.functions[handle], &info[handle])?;
        let function = &mut module.functions[handle];
        guard_function(function, &floats, guard, opaque)?;
    }
    for at in 0..module.entry_points.len() {
        let floats =
            floats(&module, &module.entry_points[at].function, info.get_entry_point(at))?;
        let function = &mut module.entry_points[at].function;
        guard_function(function, &floats, guard, opaque)?;
    }
    Ok(module)
}

/// The uniform block that has `opaque`, and its place in there.
type Opaque = (Handle<naga::GlobalVariable>, u32);

fn opaque(module: &Module) -> Option<Opaque> {
    module.global_variables.iter().find_map(|(handle, variable)| {
        let TypeInner::Struct { members, .. } = &module.types[variable.ty].inner else {
            return None;
        };
        let at = members.iter().position(|m| m.name.as_deref() == Some("opaque"))?;
        (variable.space == AddressSpace::Uniform).then_some((handle, at as u32))
    })
}

/// For each expression whether it is a float operation to guard.
fn floats(
    module: &Module,
    function: &Function,
    info: &naga::valid::FunctionInfo,
) -> Result<Vec<bool>> {
    let guarded = |handle: Handle<Expression>, expression: &Expression| {
        let Expression::Binary { op, .. } = expression else { return Ok(false) };
        let arithmetic = matches!(
            op,
            BinaryOperator::Add
                | BinaryOperator::Subtract
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
        );
        match info[handle].ty.inner_with(&module.types) {
            TypeInner::Scalar(Scalar { kind: ScalarKind::Float, .. }) => Ok(arithmetic),
            TypeInner::Vector { scalar: Scalar { kind: ScalarKind::Float, .. }, .. }
                if arithmetic =>
            {
                let name = function.name.as_deref().unwrap_or("?");
                Err(Error::device(format!("`{name}` computes with a vector of floats")))
            }
            _ => Ok(false),
        }
    };
    function.expressions.iter().map(|(handle, e)| guarded(handle, e)).collect()
}

fn guard_function(
    function: &mut Function,
    floats: &[bool],
    guard: Guard,
    opaque: Option<Opaque>,
) -> Result<()> {
    if !floats.contains(&true) {
        return Ok(());
    }
    let old = std::mem::take(&mut function.expressions);
    let mut writer = Writer { function, remap: Remap::default() };
    let tools = writer.tools(guard, opaque)?;
    for (handle, expression) in old.iter() {
        let first = writer.append(writer.remap.expression(expression)?);
        let last = if floats[handle.index()] { writer.guarded(first, &tools) } else { first };
        writer.remap.push(first, last);
    }
    let Writer { function, remap } = writer;
    for (_, local) in function.local_variables.iter_mut() {
        local.init = local.init.map(|init| remap.value(init));
    }
    let named = std::mem::take(&mut function.named_expressions);
    function.named_expressions =
        named.into_iter().map(|(handle, name)| (remap.value(handle), name)).collect();
    let mut body = naga::Block::new();
    if let Some(range) = tools.emitted {
        body.push(Statement::Emit(range), Span::UNDEFINED);
    }
    remap.block(&function.body, &mut body)?;
    function.body = body;
    Ok(())
}

/// Expressions at the head of a function that the guards share.
struct Tools {
    guard: Kind,
    /// What has to be emitted before the body.
    emitted: Option<naga::Range<Expression>>,
}

enum Kind {
    Opaque { zero: Handle<Expression> },
    Flush { exponent: Handle<Expression>, sign: Handle<Expression>, all: Handle<Expression>, none: Handle<Expression> },
}

struct Writer<'f> {
    function: &'f mut Function,
    remap: Remap,
}

impl Writer<'_> {
    fn append(&mut self, expression: Expression) -> Handle<Expression> {
        self.function.expressions.append(expression, Span::UNDEFINED)
    }

    fn word(&mut self, word: u32) -> Handle<Expression> {
        self.append(Expression::Literal(Literal::U32(word)))
    }

    fn tools(&mut self, guard: Guard, opaque: Option<Opaque>) -> Result<Tools> {
        if guard == Guard::Flush {
            let guard = Kind::Flush {
                exponent: self.word(0x7f80_0000),
                sign: self.word(0x8000_0000),
                all: self.word(0xffff_ffff),
                none: self.word(0),
            };
            return Ok(Tools { guard, emitted: None });
        }
        let Some((variable, index)) = opaque else {
            return Err(Error::device("a kernel has no uniform `opaque` to pin its floats with"));
        };
        let base = self.append(Expression::GlobalVariable(variable));
        let pointer = self.append(Expression::AccessIndex { base, index });
        let zero = self.append(Expression::Load { pointer });
        let emitted = Some(naga::Range::new_from_bounds(pointer, zero));
        Ok(Tools { guard: Kind::Opaque { zero }, emitted })
    }

    /// Appends the guard of the float `value`; gives the guarded value.
    fn guarded(&mut self, value: Handle<Expression>, tools: &Tools) -> Handle<Expression> {
        let cast = |expr, kind| Expression::As { expr, kind, convert: None };
        let binary = |op, left, right| Expression::Binary { op, left, right };
        let bits = self.append(cast(value, ScalarKind::Uint));
        let pinned = match tools.guard {
            Kind::Opaque { zero } => {
                self.append(binary(BinaryOperator::ExclusiveOr, bits, zero))
            }
            Kind::Flush { exponent, sign, all, none } => {
                let masked = self.append(binary(BinaryOperator::And, bits, exponent));
                let condition = self.append(binary(BinaryOperator::NotEqual, masked, none));
                let keep =
                    self.append(Expression::Select { condition, accept: all, reject: sign });
                self.append(binary(BinaryOperator::And, bits, keep))
            }
        };
        self.append(cast(pinned, ScalarKind::Float))
    }
}
