//! Every emitted kernel is valid WGSL; a few are read by people.

use super::super::zoo;
use super::{Limits, Program};
use crate::plan::Plan;

fn validate(plan: &Plan) -> usize {
    let program = Program::new(plan, &Limits::default()).unwrap();
    for kernel in &program.kernels {
        let numbered = || -> String {
            let lines = kernel.source.lines().enumerate();
            lines.map(|(k, line)| format!("{:5} {line}\n", k + 1)).collect()
        };
        let module = naga::front::wgsl::parse_str(&kernel.source)
            .unwrap_or_else(|e| panic!("{}\n{}", numbered(), e.emit_to_string(&kernel.source)));
        let mut validator = naga::valid::Validator::new(
            naga::valid::ValidationFlags::all(),
            naga::valid::Capabilities::empty(),
        );
        validator
            .validate(&module)
            .unwrap_or_else(|e| panic!("{}\n{}", numbered(), e.emit_to_string(&kernel.source)));
    }
    program.kernels.len()
}

#[test]
fn every_operation_is_valid() {
    let mut plans = zoo::spaces();
    plans.extend([zoo::functions(), zoo::fills(), zoo::mixed_weights()]);
    for plan in &plans {
        assert!(validate(plan) >= 1);
    }
}
