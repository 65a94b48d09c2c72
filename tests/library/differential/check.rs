//! One plan and its events: what the CPU fills, and who fills something else.

use super::compare::{Refusal, compile, cpu, difference, on_threads, reference, twice};
use super::events;
use super::shrink::{Failing, shrink};
use super::writer;
use crate::support::Table;
use gpuana::analysis::Compiled;
use gpuana::backend::gpu::{Choice, Exactness, Gpu, GpuBackend, Mode};
use gpuana::backend::{Backend, Partial};

/// Events of a random table, and of the batches that it is also cut into.
const EVENTS: usize = 70;
const PIECE: usize = 27;

/// Most runs that cutting a failing plan down may take.
const TRIES: usize = 400;

/// A plan with the result that all must agree on.
pub(crate) struct Checked {
    pub(crate) name: String,
    pub(crate) failing: Failing,
    pub(crate) compiled: Compiled,
    pub(crate) expected: Partial,
}

/// The text and the events of a seed.
pub(crate) fn random(seed: u64) -> Failing {
    Failing { sections: writer::analysis(seed), table: events::random(seed, EVENTS) }
}

/// Compiles a plan and fills it once.
pub(crate) fn checked(name: String, failing: Failing) -> Result<Checked, Refusal> {
    let compiled = compile(&failing.sections.text(), &failing.table)?;
    let expected = reference(&compiled.plan, &failing.table)
        .map_err(|e| Refusal::Panicked(format!("the CPU: {e}")))?;
    Ok(Checked { name, failing, compiled, expected })
}

/// What differs with other blocks, threads and batches.
pub(crate) fn against_cpu(checked: &Checked) -> Option<String> {
    let (plan, table) = (&checked.compiled.plan, &checked.failing.table);
    [(1, 1), (2, 1), (2, 2048)].into_iter().find_map(|(threads, block)| {
        let got = on_threads(threads, || twice(&cpu(block), plan, table, PIECE));
        let found = got.map_or_else(Some, |got| difference(plan, &checked.expected, &got));
        found.map(|found| format!("CPU, {threads} threads, blocks of {block}: {found}"))
    })
}

/// What a GPU made of a plan.
pub(crate) enum Verdict {
    Equal,
    /// A software device ended loops that are too long for it, and said so.
    GaveUp,
    Different(String),
}

impl Verdict {
    pub(crate) fn difference(self) -> Option<String> {
        match self {
            Verdict::Different(found) => Some(found),
            Verdict::Equal | Verdict::GaveUp => None,
        }
    }
}

/// What differs on a GPU.
pub(crate) fn against_gpu(gpu: &GpuBackend, checked: &Checked) -> Verdict {
    let plan = &checked.compiled.plan;
    let found = match twice(gpu, plan, &checked.failing.table, PIECE) {
        Ok(got) => difference(plan, &checked.expected, &got),
        Err(e) if e.contains("gave up the loops") => return Verdict::GaveUp,
        Err(e) => Some(e),
    };
    found.map_or(Verdict::Equal, |found| {
        Verdict::Different(format!("{}, floats {}: {found}", gpu.name(), gpu.device().mode()))
    })
}

/// The first adapter in each way of pinning floats, and why others are absent.
pub(crate) fn gpus() -> (Vec<GpuBackend>, String) {
    let (mut found, mut why) = (Vec::new(), String::new());
    for exactness in [Exactness::Strict, Exactness::Portable] {
        for mode in Mode::ALL.into_iter().filter(|m| m.exactness == exactness) {
            let env = Choice::from_env().expect("GPUANA_FLOATS names a mode");
            match Gpu::open(&Choice { mode: Some(mode), ..env }) {
                Ok(gpu) => {
                    found.push(GpuBackend::new(gpu));
                    break;
                }
                Err(e) => why = e.to_string(),
            }
        }
    }
    (found, why)
}

/// A failing plan as a case: cut down while `who` still finds something.
pub(crate) fn minimal(checked: &Checked, who: &dyn Fn(&Checked) -> Option<String>) -> String {
    let mut last = String::new();
    let mut fails = |candidate: &Failing| {
        let candidate = super::check::checked(String::new(), candidate.clone());
        match candidate.ok().and_then(|c| who(&c)) {
            Some(found) => {
                last = found;
                true
            }
            None => false,
        }
    };
    let least = shrink(checked.failing.clone(), &mut fails, TRIES);
    case(&least, &last)
}

/// The smallest analysis that makes the checker panic.
pub(crate) fn minimal_panic(failing: Failing) -> String {
    let mut last = String::new();
    let mut panics = |candidate: &Failing| match checked(String::new(), candidate.clone()) {
        Err(Refusal::Panicked(message)) => {
            last = message;
            true
        }
        _ => false,
    };
    let least = shrink(failing, &mut panics, 5 * TRIES);
    case(&least, &last)
}

/// The text of a case: what it showed, the analysis, the events.
fn case(failing: &Failing, showed: &str) -> String {
    let text = failing.sections.text();
    let used = |branch: &str| match compile(&text, &failing.table) {
        Ok(compiled) => {
            let request = &compiled.plan.request;
            let counted = failing.table.columns[branch].counter.as_ref();
            let first = |c: &String| {
                let mut of =
                    failing.table.columns.iter().filter(|(_, x)| x.counter.as_ref() == Some(c));
                of.next().is_some_and(|(name, _)| name == branch)
            };
            request.columns.iter().any(|c| c.branch == branch)
                || counted.is_some_and(|c| request.counters.contains(c) && first(c))
        }
        Err(_) => true,
    };
    let showed = showed.replace('\n', " ");
    format!("# {showed}\n{text}---\n{}", events::text(&failing.table, used))
}

/// A case as it was kept.
pub(crate) fn kept(name: &str, text: &str) -> Result<Checked, Refusal> {
    let (analysis, events) = text.split_once("---\n").expect("a case has `---` before its events");
    let table = whole(Table::parse(events));
    let sections = writer::Sections { file: Some(analysis.to_string()), ..Default::default() };
    let failing = Failing { sections, table };
    checked(name.to_string(), failing)
}

/// With all columns of the schema: those that a case leaves out are zeros.
fn whole(mut table: Table) -> Table {
    for (name, mut column) in events::columns().columns {
        let like = table.columns.values().find(|c| c.counter == column.counter);
        let counts: Vec<usize> = match (&column.counter, like) {
            (None, _) => vec![1; table.events],
            (_, Some(like)) => like.events.iter().map(Vec::len).collect(),
            (_, None) => vec![0; table.events],
        };
        column.events = counts.iter().map(|n| vec![0.0; *n]).collect();
        column.integers = counts.iter().map(|n| vec![0; *n]).collect();
        table.columns.entry(name).or_insert(column);
    }
    table
}
