//! Entries of soft histograms: the terms of each cell beside those of the CPU's
//! loops, what share_sums give, and whole fills beside the CPU backend.

use super::records::{Record, put};
use crate::support::random::Random;
use gpuana::backend::Backend;
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::batch::{Batch, Request, RequestedColumn, Values};
use gpuana::bins::{Axis, AxisKind, Soft, SoftFlow, SoftKernel, SoftSum, SoftTerm};
use gpuana::hist::FillData;
use gpuana::ir::{Ir, NodeId, SpaceId, Ty};
use gpuana::kernels::axis::AxisTable;
use gpuana::kernels::fill::{FillLayout, SoftAt};
use gpuana::kernels::moments;
use gpuana::kernels::real::f_load;
use gpuana::kernels::soft::{self, Lanes, SoftTable};
use gpuana::kernels::{Case, Input, Kernel, Output, ShareSum};
use gpuana::plan::{Fill, Plan, SoftFill, SoftPart, SoftRow};
use std::cell::RefCell;
use std::sync::Arc;

/// A soft axis of each kind: kernel, flow, all bins.
fn kinds() -> Vec<Soft> {
    let mut out = Vec::new();
    for kernel in SoftKernel::ALL {
        for flow in SoftFlow::ALL {
            for all_bins in [false, true] {
                let bandwidth = if all_bins { 9.5 } else { 2.25 };
                out.push(Soft { kernel, bandwidth, flow, all_bins, parameter: None });
            }
        }
    }
    // Softmax has no flow but its own.
    out.retain(|soft| soft.kernel != SoftKernel::Softmax || soft.flow == SoftFlow::None);
    out
}

fn axis() -> Axis {
    Axis {
        kind: AxisKind::Variable { edges: vec![-10.0, -4.0, 0.0, 3.0, 20.0] },
        label: String::new(),
    }
}

/// Values in the bins, on edges, somewhat and far outside, and without end.
fn values(seed: u64, count: usize) -> Vec<u32> {
    let mut random = Random::new(seed);
    let unit = |random: &mut Random| (random.word() >> 40) as f32 / (1u64 << 24) as f32;
    let mut out: Vec<f32> =
        vec![0.0, -10.0, 20.0, 3.0, 1e30, -1e30, f32::INFINITY, f32::NEG_INFINITY, 1e-30];
    out.extend((0..count).map(|k| match k % 4 {
        0 => 2000.0 * (unit(&mut random) - 0.5),
        1 => 100.0 * (unit(&mut random) - 0.5),
        _ => 36.0 * unit(&mut random) - 13.0,
    }));
    out.into_iter().map(f32::to_bits).collect()
}

/// A word with one zero and one NaN.
fn plain(x: f32) -> u32 {
    match x {
        0.0 => 0,
        x if x.is_nan() => f32::NAN.to_bits(),
        x => x.to_bits(),
    }
}

/// The terms of all cells of an axis.
pub(crate) fn terms() -> Vec<Record> {
    kinds().into_iter().map(terms_of).collect()
}

fn terms_of(soft: Soft) -> Record {
    let axis = axis();
    let (cells, all) = (axis.extent(), SoftTerm::ALL.len());
    let (places, table) = (AxisTable::new(&axis), SoftTable::new(&axis, &soft));
    let mut tables = places.words();
    let start = tables.len();
    tables.extend(table.words());
    let body = format!(
        "let x = f_load(arena[at]);
         let value = f_soft_value(x);
         let range = soft_prepare(1u, {start}u, axis_real(0u, x), value, {all}u);
         for (var cell = range.x; cell <= range.y; cell += 1u) {{
             soft_cell(1u, {start}u, cell, value, {all}u, range.x);
             for (var term = 0u; term < {all}u; term += 1u) {{
                 let word = bitcast<u32>(soft_terms[6u + term]);
                 let size = word & 0x7fffffffu;
                 let number = select(word, 0u, size == 0u);
                 let plain = select(number, 0x7fc00000u, size > 0x7f800000u);
                 atomicStore(&out[to + {all}u * cell + term], plain);
             }}
         }}"
    );
    let lanes = RefCell::new(Lanes::<f32>::default());
    let twin = move |[word]: [u32; 1]| {
        let x = f_load(word);
        let cell = places.index_f32(x).expect("a number") as u32;
        let mut lanes = lanes.borrow_mut();
        lanes.prepare(&table, 2, &[x], &[cell]);
        let terms = lanes.terms(0);
        let mut out = vec![0; cells * all];
        for (term, values) in terms.values.iter().enumerate() {
            let values = values.as_flattened().iter().enumerate();
            // Behind the last cell are zeros.
            for (k, value) in values.filter(|(k, _)| terms.first + k < cells) {
                out[all * (terms.first + k) + term] = plain(*value);
            }
        }
        out
    };
    let name = format!(
        "soft_prepare, soft_prepare_centres, soft_cell, soft_edge, soft_far_edge, soft_change, \
         soft_at_edge, soft_scaled, soft_between, soft_renormalise, soft_pair, soft_centre, \
         soft_exponent, soft_exponent_change, soft_weight, soft_nearest, soft_find_nearest, soft_points, \
         soft_seen, soft_beyond, soft_beyond_change of {soft:?}"
    );
    let rows = values(30, 2_000).into_iter().map(|word| [word]);
    Record::new(&name, &body, rows, cells * all, twin).with_tables(tables)
}

/// What share_sums give: with one axis three numbers, with two five.
pub(crate) fn share_sums() -> Vec<Record> {
    let mut random = Random::new(31);
    let mut number = move || (random.word() >> 44) as f64 / 1e3 - 500.0;
    let soft =
        |kernel, flow| Soft { kernel, bandwidth: 4.0, flow, all_bins: false, parameter: None };
    let one = (axis(), soft(SoftKernel::Gauss, SoftFlow::Bins));
    let other = (axis(), soft(SoftKernel::Logistic, SoftFlow::Fold));
    let cells = axis().extent();
    let flat = ShareSum::new(vec![one.clone()], (0..cells).map(|_| number()).collect());
    let plane = ShareSum::new(vec![one, other], (0..cells * cells).map(|_| number()).collect());
    let (first, second) = (values(32, 4_000), values(33, 4_000));
    let rows = first.into_iter().zip(second.into_iter().rev()).map(|(a, b)| vec![a, b]);
    let rows: Vec<Vec<u32>> = rows.collect();
    let names = ["share_sum_one, share_sum_row", "share_sum_two, share_sum_row"];
    let kernels: [Box<dyn Kernel>; 2] = [Box::new(flat), Box::new(plane)];
    names.into_iter().zip(kernels).map(|(name, kernel)| of_kernel(name, &*kernel, &rows)).collect()
}

/// All results of a kernel of real numbers: its own cases, and rows of words.
fn of_kernel(name: &str, kernel: &dyn Kernel, more: &[Vec<u32>]) -> Record {
    let mut tables = Vec::new();
    let mut place = |words: Vec<u32>| {
        let start = tables.len() as u32;
        tables.extend(words);
        start
    };
    let words = kernel.table(&mut place);
    let start = place(words);
    let (inputs, count) = (kernel.inputs().len(), kernel.results().len());
    let wgsl = kernel.wgsl();
    let table = (!tables.is_empty()).then(|| format!("{start}u")).into_iter();
    let arguments = (0..inputs).map(|k| format!("f_load(arena[at + {k}u])"));
    let arguments: Vec<String> = table.chain(arguments).collect();
    let words: Vec<String> = wgsl
        .results
        .iter()
        .map(|of| format!("select(bitcast<u32>(found{of}), 0u, found{of} == 0.0)"))
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let body = format!("var found = {}({});\n{}", wgsl.entry, arguments.join(", "), put(&words));
    let single = kernel.single();
    let twin = move |row: &[u32]| {
        let values: Vec<f32> = row.iter().map(|word| f_load(*word)).collect();
        let columns: Vec<Input<'_, f32>> =
            values.iter().map(|x| Input::Real(std::slice::from_ref(x))).collect();
        let mut found = vec![[0.0]; count];
        let mut results: Vec<_> = found.iter_mut().map(|x| Some(Output::Real(x))).collect();
        single.evaluate(&columns, &mut results);
        found.into_iter().map(|[x]| plain(x)).collect()
    };
    let word = |case: Case| match case {
        Case::Real(x) => x.to_bits(),
        other => panic!("{other:?} is no real number"),
    };
    let cases = kernel.cases().into_iter().map(|row| row.into_iter().map(word).collect());
    let rows: Vec<u32> = cases
        .chain(more.iter().map(|row| row[..inputs].to_vec()))
        .flat_map(|row: Vec<u32>| row)
        .collect();
    Record {
        name: name.to_owned(),
        declarations: wgsl.text,
        body,
        tables,
        input: inputs,
        output: count,
        rows,
        twin: Box::new(twin),
    }
}

/// Entries that all go to one fill.
pub(crate) struct Entries {
    /// What it is, for messages.
    pub(crate) name: String,
    /// WGSL statements: `at` is where the entry's words begin in the arena.
    pub(crate) body: String,
    /// What a module declares beside the library.
    pub(crate) declarations: String,
    /// Axes and descriptions.
    pub(crate) tables: Vec<u32>,
    /// Where the fill lies in the output.
    pub(crate) layout: FillLayout,
    /// The entries, each of [`Entries::WORDS`] words: two values, a weight, two factors,
    /// whether it is missing.
    pub(crate) rows: Vec<u32>,
    plan: Plan,
}

impl Entries {
    /// Words of an entry.
    pub(crate) const WORDS: usize = 6;

    /// No entries.
    pub(crate) fn empty(&self) -> FillData {
        self.plan.fills[0].empty()
    }

    /// What the CPU backend fills.
    pub(crate) fn on_cpu(&self) -> FillData {
        let column = |k: usize| self.rows.iter().skip(k).step_by(Entries::WORDS).copied();
        let reals = |k: usize| Values::F32(column(k).map(f32::from_bits).collect());
        let missing: Vec<u8> = column(5).map(|word| word as u8).collect();
        let mut columns: Vec<Values> = (0..5).map(reals).collect();
        columns.push(Values::Bool(missing.iter().map(|m| 1 - m).collect()));
        columns.push(Values::Bool(missing));
        let events = self.rows.len() / Entries::WORDS;
        let batch = Batch { events, columns, ..Batch::default() };
        let backend = CpuBackend::new(Precision::Single);
        let mut pass = backend.pass(&self.plan).expect("a sound plan");
        pass.push(Arc::new(batch)).expect("a batch that fits");
        pass.finish().expect("the CPU does not fail").fills.remove(0)
    }
}

/// The fill of an entry's words, with these axes and, if it is soft, rows of
/// derivatives by two shifts.
fn plan(axes: &[Axis], weighted: bool, soft: Option<&[Soft]>) -> Plan {
    let names = ["x", "y", "weight", "f", "g", "mask", "missing"];
    let columns = names.map(|name| RequestedColumn { branch: name.to_owned(), counter: None });
    let mut ir = Ir::default();
    let types = [Ty::F32, Ty::F32, Ty::F32, Ty::F32, Ty::F32, Ty::Bool, Ty::Bool];
    let nodes: Vec<NodeId> =
        types.iter().enumerate().map(|(k, ty)| ir.column(k, SpaceId::EVENT, *ty)).collect();
    let part = |terms, factor| SoftPart { terms, factor: nodes[factor] };
    use SoftTerm::{ByBandwidth, ByValue, ByValueTwice, Share};
    let rows = vec![
        SoftRow {
            of: SoftSum::Contents,
            parts: vec![part([ByValue, Share], 3), part([Share, Share], 4)],
        },
        SoftRow { of: SoftSum::Variances, parts: vec![part([ByBandwidth, Share], 3)] },
        SoftRow { of: SoftSum::Contents, parts: vec![part([ByValueTwice, Share], 4)] },
    ];
    let fill = Fill {
        name: "entries".to_owned(),
        axes: axes.iter().cloned().zip(nodes.iter().copied()).collect(),
        mask: nodes[5],
        missing: Some(nodes[6]),
        weight: weighted.then_some(nodes[2]),
        soft: soft.map(|axes| SoftFill { axes: axes.to_vec(), rows }),
    };
    let request = Request { columns: columns.to_vec(), ..Request::default() };
    Plan { ir, request, fills: vec![fill] }
}

/// Values, weights and factors of every kind; one entry in 16 is missing.
fn rows(count: usize) -> Vec<u32> {
    let mut random = Random::new(34);
    let (x, y) = (values(35, count), values(36, count));
    let odd = [f32::NAN, f32::INFINITY, 0.0, 1e-40, -1e30, 1e20].map(f32::to_bits);
    let mut number = move || match random.word() {
        word if word % 97 == 0 => odd[(word >> 8) as usize % odd.len()],
        word => (((word >> 40) as f32 / (1u64 << 22) as f32) - 1.0).to_bits(),
    };
    let mut out = Vec::new();
    for (k, (x, y)) in x.into_iter().zip(y.into_iter().rev()).enumerate() {
        let x = if k % 89 == 7 { f32::NAN.to_bits() } else { x };
        out.extend([x, y, number(), number(), number(), u32::from(k % 16 == 3)]);
    }
    out
}

/// Fills of each way in which entries are filled.
pub(crate) fn fills() -> Vec<Entries> {
    let soft =
        |kernel, flow, all_bins| Soft { kernel, bandwidth: 3.5, flow, all_bins, parameter: None };
    let one = [axis()];
    let two = [axis(), axis()];
    let gauss = soft(SoftKernel::Gauss, SoftFlow::Bins, true);
    let renormed = soft(SoftKernel::Logistic, SoftFlow::Renorm, false);
    let softmax = soft(SoftKernel::Softmax, SoftFlow::None, false);
    let smooth = soft(SoftKernel::Gauss, SoftFlow::Fold, false);
    vec![
        entries("fill_entry without weights", plan(&one, false, None)),
        entries("fill_entry with weights", plan(&one, true, None)),
        entries("soft_entry of one axis", plan(&one, true, Some(&[gauss]))),
        entries("soft_entry with renorm", plan(&one, true, Some(&[renormed]))),
        entries("soft_entry of two axes", plan(&two, true, Some(&[renormed, softmax]))),
        entries("moment_entry", plan(&one, true, Some(&[smooth]))),
    ]
}

fn entries(name: &str, plan: Plan) -> Entries {
    let fill = &plan.fills[0];
    let mut tables = Vec::new();
    let mut append = |words: Vec<u32>| {
        let start = tables.len() as u32;
        tables.extend(words);
        start
    };
    let axes: Vec<u32> =
        fill.axes.iter().map(|(axis, _)| append(AxisTable::new(axis).words())).collect();
    let factors = fill.soft.as_ref().map_or(0, |soft| soft.factors().count());
    let summed = fill.moments();
    let described = match (&fill.soft, &summed) {
        (None, _) => None,
        (Some(_), Some(moments)) => {
            let cells = moments.grid.cells as u32;
            let counts = 2 * fill.cells() as u32;
            let words = moments::words(
                (&moments.grid, &moments.sums),
                [axes[0], cells, counts, factors as u32],
            );
            Some(SoftAt::Moments(append(words)))
        }
        (Some(soft), None) => {
            let kernels = fill.axes.iter().zip(&soft.axes);
            let kernels: Vec<u32> = kernels
                .map(|((axis, _), soft)| append(SoftTable::new(axis, soft).words()))
                .collect();
            Some(SoftAt::Bins(append(soft::fill_words(&soft.kernel_rows(), &axes, &kernels))))
        }
    };
    let layout = FillLayout {
        base: 0,
        cells: fill.cells(),
        weighted: fill.weight.is_some(),
        soft: fill.soft.is_some(),
        rows: fill.soft.as_ref().map_or(0, |soft| soft.rows.len()),
        moments: summed.map_or([0; 2], |m| [m.sums.len(), m.grid.cells * moments::ORDERS]),
    };
    let start = append(layout.description(Some(axes[0]), described, 0));
    // The words of an entry that the parts of its rows are multiplied with, see `plan`.
    let numbers: Vec<usize> =
        (0..axes.len()).chain([3, 4, 3, 4].into_iter().take(factors)).collect();
    let given: String = numbers
        .iter()
        .enumerate()
        .map(|(k, word)| format!("soft_factors[{k}] = f_load(arena[at + {word}u]);\n"))
        .collect();
    let call = match described {
        None => {
            format!(
                "fill_entry({start}u, 0u, bitcast<u32>(f_load(arena[at])), f_load(arena[at + 2u]));"
            )
        }
        Some(SoftAt::Moments(_)) => {
            format!("{given}moment_entry({start}u, 0u, f_load(arena[at + 2u]));")
        }
        Some(SoftAt::Bins(_)) => {
            format!("{given}soft_entry({start}u, 0u, f_load(arena[at + 2u]));")
        }
    };
    let body = format!(
        "if (arena[at + 5u] == 1u) {{
             fill_missing({start}u, 0u);
         }} else {{
             {call}
         }}"
    );
    let sizes = [numbers.len(), layout.rows];
    let name = format!(
        "{name}, fill_missing, soft_spread, soft_bounds, soft_rows, soft_measure, share_sum_row"
    );
    let declarations = soft::soft_declarations(sizes);
    Entries { name, body, declarations, tables, layout, rows: rows(3_000), plan }
}
