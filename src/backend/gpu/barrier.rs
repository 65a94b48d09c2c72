//! A checked naga module with every float result led through integers, so that
//! no compiler can contract, re-associate or keep a denormal.

use super::guard::{Guard, Opaque, Writer};
use super::remap::Remap;
use crate::error::{Error, Result};
use naga::{
    AddressSpace, BinaryOperator, Expression, Function, Handle, Module, Scalar, ScalarKind, Span,
    Statement, TypeInner,
};

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
        let floats = floats(&module, &module.entry_points[at].function, info.get_entry_point(at))?;
        let function = &mut module.entry_points[at].function;
        guard_function(function, &floats, guard, opaque)?;
    }
    Ok(module)
}

/// Where `opaque` is, if the module has it.
fn opaque(module: &Module) -> Option<Opaque> {
    module.global_variables.iter().find_map(|(handle, variable)| {
        let TypeInner::Struct { members, .. } = &module.types[variable.ty].inner else {
            return None;
        };
        let at = members.iter().position(|m| m.name.as_deref() == Some("opaque"))?;
        matches!(variable.space, AddressSpace::Storage { .. }).then_some((handle, at as u32))
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
    let mut writer = Writer::new(guard, opaque)?;
    let mut remap = Remap::default();
    for (handle, old) in function.expressions.iter() {
        let (first, last) = match remap.expression(old)? {
            Expression::Binary { op, left, right } if floats[handle.index()] => {
                writer.operation(op, left, right)
            }
            new => {
                let new = writer.append(new);
                (new, new)
            }
        };
        remap.push(first, last);
    }
    for (_, local) in function.local_variables.iter_mut() {
        local.init = local.init.map(|init| remap.value(init));
    }
    let named = std::mem::take(&mut function.named_expressions);
    function.named_expressions =
        named.into_iter().map(|(handle, name)| (remap.value(handle), name)).collect();
    let mut body = naga::Block::new();
    body.push(Statement::Emit(writer.emitted), Span::UNDEFINED);
    remap.block(&function.body, &mut body)?;
    function.body = body;
    function.expressions = writer.arena;
    Ok(())
}
