//! Random plans on random events: the CPU with any blocks and threads and the
//! GPU in both ways of pinning floats must fill the same bits.
//!
//! `GPUANA_DIFF_PLANS` plans (200 if it is not set) from the seed
//! `GPUANA_DIFF_SEED` (0) on. A plan that fails is cut down and printed as a
//! case; cases stay in `tests/differential/cases` and run again each time.
#![allow(clippy::print_stdout, reason = "what ran on which device belongs in the log")]

mod check;
mod compare;
mod coverage;
mod dice;
mod elements;
mod events;
mod expressions;
mod objects;
mod parts;
mod shrink;
mod writer;

use crate::support::gpu;
use check::{
    Checked, Verdict, against_cpu, against_gpu, checked, gpus, kept, minimal, minimal_panic, random,
};
use compare::Refusal;
use coverage::Coverage;
use gpuana::backend::Backend;
use gpuana::backend::gpu::{GpuBackend, emit};
use std::path::Path;

/// Plans of the test command: enough that 200 are compared on every device.
const PLANS: u64 = 220;

/// Of so many plans, one may have longer loops than a software device takes (it
/// ends them, and says so): the random collections behind one reduction multiply.
const TOO_LONG: usize = 10;

/// A coefficient of exp, and the next number: the planted error.
const COEFFICIENT: [&str; 2] = ["0.49999994", "0.5"];

/// Plans with that coefficient that run with the error, and without.
const PLANTED: usize = 6;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not `{text}`")))
}

/// The plans of some seeds; panics of the checker, and more than one refusal
/// in twenty, are failures.
fn plans(seeds: std::ops::Range<u64>, failures: &mut Vec<String>) -> Vec<Checked> {
    let (mut out, mut refused) = (Vec::new(), Vec::new());
    let wanted = seeds.end - seeds.start;
    for seed in seeds {
        match checked(format!("seed {seed}"), random(seed)) {
            Ok(plan) => out.push(plan),
            Err(Refusal::Refused(why)) => refused.push(format!("seed {seed}: {why}")),
            Err(Refusal::Panicked(_)) => failures.push(minimal_panic(random(seed))),
        }
    }
    println!("{} plans, {} texts refused", out.len(), refused.len());
    if refused.len() as u64 > wanted / 20 {
        failures.push(format!("{} texts were refused:\n{}", refused.len(), refused.join("\n")));
    }
    out
}

/// Compares everything on all backends; what fails comes back as cases.
fn compare_all(test: &str, plans: &[Checked]) -> Vec<String> {
    let mut failures: Vec<String> = plans
        .iter()
        .filter(|p| against_cpu(p).is_some())
        .map(|p| minimal(p, &against_cpu))
        .collect();
    let (gpus, why) = gpus();
    let found: Vec<Compared> = std::thread::scope(|scope| {
        let running: Vec<_> = gpus.iter().map(|gpu| scope.spawn(|| compare(gpu, plans))).collect();
        running.into_iter().map(|r| r.join().expect("a comparison does not panic")).collect()
    });
    if gpus.is_empty() {
        gpu::absent(test, &why);
        println!("GPU tests: 0 run");
    }
    for (gpu, compared) in gpus.iter().zip(found) {
        let mode = gpu.device().mode();
        let test = format!("{test}, floats {mode}, {} beyond its loops", compared.gave_up);
        gpu::present(&test, compared.equal, &gpu.name());
        if compared.gave_up * TOO_LONG > plans.len() {
            failures.push(format!("{mode}: {} plans have too long loops", compared.gave_up));
        }
        failures.extend(compared.different);
    }
    failures
}

/// What one GPU made of all plans.
#[derive(Default)]
struct Compared {
    equal: usize,
    gave_up: usize,
    different: Vec<String>,
}

fn compare(gpu: &GpuBackend, plans: &[Checked]) -> Compared {
    let mut out = Compared::default();
    for plan in plans {
        match against_gpu(gpu, plan) {
            Verdict::Equal => out.equal += 1,
            Verdict::GaveUp => out.gave_up += 1,
            Verdict::Different(found) => {
                let first = out.different.is_empty();
                out.different.push(format!("{}: {found}", plan.name));
                // Cutting down takes time: the first one of each device shows enough.
                if first {
                    let who = |plan: &Checked| against_gpu(gpu, plan).difference();
                    out.different.push(minimal(plan, &who));
                }
            }
        }
    }
    out
}

#[test]
fn all_backends_fill_the_same_bits() {
    let (first, n) =
        (number("GPUANA_DIFF_SEED").unwrap_or(0), number("GPUANA_DIFF_PLANS").unwrap_or(PLANS));
    let mut failures = Vec::new();
    let plans = plans(first..first + n, &mut failures);
    let mut coverage = Coverage::default();
    plans.iter().for_each(|p| coverage.add(&p.compiled.plan, &p.expected));
    failures.extend(compare_all("differential", &plans));
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    // Each thing in one plan of eleven: in 20 of the test command's.
    let (lacking, table) = coverage.lacking(n as usize / 11);
    assert!(lacking.is_empty(), "too rare: {lacking:?}\n{table}");
}

#[test]
fn what_failed_once_is_equal_now() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/cases");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of cases") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a case is text");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        cases.push(kept(&name, &text).unwrap_or_else(|e| panic!("{name}: {e:?}")));
    }
    println!("{} cases", cases.len());
    assert!(!cases.is_empty());
    let failures = compare_all("kept cases", &cases);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_change_of_one_unit_in_the_last_place_is_caught() {
    let (gpus, why) = gpus();
    if gpus.is_empty() {
        gpu::absent("a planted error", &why);
    }
    let has_it = |plan: &Checked| {
        let kernels = emit::wgsl(&plan.compiled.plan).expect("the plan has kernels");
        kernels.iter().any(|text| text.contains(COEFFICIENT[0]))
    };
    let plans = (0..PLANS).filter_map(|seed| checked(String::new(), random(seed)).ok());
    let plans: Vec<Checked> = plans.filter(has_it).take(PLANTED).collect();
    assert_eq!(plans.len(), PLANTED, "too few of {PLANS} plans have the coefficient");
    for gpu in gpus {
        let name = format!("a planted error, floats {}", gpu.device().mode());
        let differs = |gpu: &GpuBackend, plan: &Checked| {
            matches!(against_gpu(gpu, plan), Verdict::Different(_))
        };
        let wrong = plans.iter().filter(|plan| differs(&gpu, plan)).count();
        assert_eq!(wrong, 0, "{name}: plans that fail without it");
        let gpu = gpu.rewritten(|wgsl| wgsl.replace(COEFFICIENT[0], COEFFICIENT[1]));
        let seen = plans.iter().filter(|plan| differs(&gpu, plan)).count();
        assert!(seen > 0, "{name}: none of {PLANTED} plans shows it");
        gpu::present(&name, seen, &gpu.name());
    }
}
