//! Every emitted kernel is valid WGSL; a few are read by people.

use super::super::plans::{self, PlanMaker};
use super::{Limits, Program};
use crate::bins::AxisKind;
use crate::ir::{Const, Map, Reduce, Slot, Space};
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

/// Two jets above 30 GeV; the sum of what is above.
#[test]
fn a_kernel_reads_like_the_analysis() {
    let mut z = PlanMaker::new();
    let (jet, pt, met) = (z.stored(0), z.column("Jet_pt"), z.column("MET_pt"));
    let thirty = z.real(30.0);
    let mask = z.map(Map::Lt, &[thirty, pt]);
    let hard = z.ir().add_space(Space::Filter { base: jet, mask });
    let of_hard = z.ir().lift(pt, hard, Slot::Base(0));
    let (ht, count) = (z.ir().reduce(Reduce::Sum, of_hard), z.ir().count(hard));
    let one = z.ir().constant_node(Const::I32(1));
    let two = z.map(Map::Lt, &[one, count]);
    let axis = AxisKind::Regular { bins: 4, low: 0.0, high: 100.0 };
    z.fill(ht, Some(two), axis.clone(), Some(met));
    z.plan.fills[0].missing = None;
    let program = Program::new(&z.plan, &Limits::default()).unwrap();
    let (_, main) = program.kernels[0].source.split_once("@compute").unwrap();
    assert_eq!(format!("@compute{main}"), include_str!("tests/two_jets.wgsl"));
}

#[test]
fn every_operation_is_valid() {
    let mut plans = plans::spaces();
    plans.extend([plans::functions(), plans::fills(), plans::mixed_weights(), plans::costly()]);
    for plan in &plans {
        assert!(validate(plan) >= 1);
    }
}

#[test]
fn thousands_of_histograms_are_several_kernels_of_bounded_length() {
    let plan = plans::many(40, 75);
    let program = Program::new(&plan, &Limits::default()).unwrap();
    let filled: usize = program.kernels.iter().map(|k| k.fills.len()).sum();
    assert_eq!(filled, 3000);
    assert!(program.kernels.len() > 5);
    for kernel in &program.kernels {
        let lines = kernel.source.lines().count();
        assert!(lines < 2 * Limits::default().lines, "{lines} lines");
    }
    // What several kernels need is computed by the first of them.
    let sums = program.kernels.iter().map(|k| k.source.matches("var sum_").count()).sum::<usize>();
    assert_eq!(sums, 40);
    let small = Limits { out_words: 50_000, ..Limits::default() };
    let cut = Program::new(&plan, &small).unwrap();
    assert!(cut.kernels.iter().all(|k| k.out_words <= 50_000));
    let none = Limits { out_words: 1000, ..Limits::default() };
    let error = Program::new(&plan, &none).unwrap_err().to_string();
    assert!(error.contains("fewer bins"), "{error}");
}

#[test]
fn costly_columns_are_kept() {
    let program = Program::new(&plans::costly(), &Limits::default()).unwrap();
    let kept =
        |places: &str| program.extras.iter().filter(|e| format!("{e:?}").contains(places)).count();
    // A column and a mask; what is over all pairs and over pairs of those kept.
    let rows = ["Elements([0])", "Elements([1, 2])", "places: Pairs([0])", "places: Pairs([1, 2])"];
    for places in rows {
        assert_eq!(kept(places), 2, "{places} {:?}", program.extras);
    }
}
