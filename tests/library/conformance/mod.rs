//! Every kernel on the GPU, in every way of pinning floats that the device
//! supports, compared with its CPU twin bit by bit.
//!
//! Without an adapter nothing is compared, which is printed; with
//! `GPUANA_REQUIRE_GPU=1` that is a failure.
#![allow(clippy::print_stdout, reason = "what ran on which device belongs in the log")]

mod axes;
mod entries;
mod records;
mod subjects;
mod sums;

use crate::support::gpu;
use entries::Entries;
use gpuana::backend::flush::FlushDenormals;
use gpuana::backend::gpu::{Choice, Gpu, HEADER, Inputs, Mode, Pipeline, adapters};
use gpuana::kernels::soft::soft_declarations;
use gpuana::kernels::wgsl;
use records::Record;
use std::collections::{BTreeSet, HashMap};
use subjects::{Kind, Row, Subject};

const WORKGROUP: u32 = 64;

/// The kernel that computes a subject for every row of four words.
fn kernel(subject: &Subject) -> String {
    let arguments: Vec<String> = subject
        .arguments
        .iter()
        .enumerate()
        .map(|(i, kind)| {
            kind.load(&format!("arena[at + {}u]", 2 * i), &format!("arena[at + {}u]", 2 * i + 1))
        })
        .collect();
    let call = subject.call(&arguments);
    let (low, high) = subject.result.words("value");
    module(
        "",
        &format!(
            "let at = 4u * id.x;
    let value = {call};
    atomicStore(&out[2u * id.x], {low});
    atomicStore(&out[2u * id.x + 1u], {high});"
        ),
    )
}

/// A module whose entry point does this for every row, `id.x`.
fn module(declarations: &str, statements: &str) -> String {
    let body = format!(
        "@compute @workgroup_size({WORKGROUP})
fn conform(@builtin(global_invocation_id) id: vec3<u32>) {{
    if id.x >= params.events {{
        return;
    }}
    {statements}
}}
"
    );
    let library = wgsl::library(&format!("{declarations}{body}"));
    format!("{HEADER}\n{declarations}{library}\n{body}")
}

/// The kernel that computes a record for every row.
fn record_kernel(record: &Record) -> String {
    let places =
        format!("let at = {}u * id.x;\n    let to = {}u * id.x;", record.input, record.output);
    let declarations = format!("{}{}", soft_declarations([4, 4]), record.declarations);
    module(&declarations, &format!("{places}\n    {}", record.body))
}

/// Pipelines of a device by their texts: records that differ in their tables alone share one.
type Pipelines = HashMap<String, Pipeline>;

/// Rows of a record whose outputs differ, as text.
fn record_mismatches(gpu: &Gpu, record: &Record, known: &mut Pipelines) -> Vec<String> {
    let pipeline = known.entry(record_kernel(record)).or_insert_with_key(|text| {
        gpu.pipeline(text, "conform").unwrap_or_else(|e| panic!("{e}\n{text}"))
    });
    let events = record.rows.len() / record.input;
    assert!(events > 0, "{}: no rows", record.name);
    let inputs = Inputs {
        arena: &record.rows,
        tables: &record.tables,
        out: record.output * events,
        events: events as u32,
        workgroup: WORKGROUP,
    };
    let words = gpu.compute(pipeline, &inputs).expect("the device runs");
    let _flush = FlushDenormals::enter();
    record
        .rows
        .chunks(record.input)
        .zip(words.chunks(record.output))
        .map(|(row, got)| (row, got, (record.twin)(row)))
        .filter(|(_, got, expected)| got != expected)
        .map(|(row, got, expected)| {
            format!("{} {row:08x?}: gpu {got:08x?}, cpu {expected:08x?}", record.name)
        })
        .collect()
}

/// What is different about a fill on the device, if anything is.
fn fill_differs(gpu: &Gpu, entries: &Entries) -> Option<String> {
    let place = format!("let at = {}u * id.x;", Entries::WORDS);
    let text = module(&entries.declarations, &format!("{place}\n    {}", entries.body));
    let pipeline = gpu.pipeline(&text, "conform").unwrap_or_else(|e| panic!("{e}\n{text}"));
    let inputs = Inputs {
        arena: &entries.rows,
        tables: &entries.tables,
        out: entries.layout.words(),
        events: (entries.rows.len() / Entries::WORDS) as u32,
        workgroup: WORKGROUP,
    };
    let words = gpu.compute(&pipeline, &inputs).expect("the device runs");
    let mut found = entries.empty();
    found.add_decoded(&entries.layout, &words);
    let expected = entries.on_cpu();
    (found != expected).then(|| format!("{}: gpu {found:?}, cpu {expected:?}", entries.name))
}

fn on_gpu(gpu: &Gpu, text: &str, rows: &[Row]) -> Vec<[u32; 2]> {
    let pipeline = gpu.pipeline(text, "conform").unwrap_or_else(|e| panic!("{e}\n{text}"));
    let inputs = Inputs {
        arena: rows.as_flattened(),
        tables: &[],
        out: 2 * rows.len(),
        events: rows.len() as u32,
        workgroup: WORKGROUP,
    };
    let words = gpu.compute(&pipeline, &inputs).expect("the device runs");
    words.chunks_exact(2).map(|c| [c[0], c[1]]).collect()
}

/// Rows whose results differ, as text.
fn mismatches(subject: &Subject, rows: &[Row], got: &[[u32; 2]]) -> Vec<String> {
    let expected = {
        let _flush = FlushDenormals::enter();
        (subject.cpu)(rows)
    };
    let nan = |word: u32| word & 0x7fff_ffff > 0x7f80_0000;
    let equal = |a: &[u32; 2], b: &[u32; 2]| {
        a == b || (subject.result == Kind::Real && nan(a[0]) && nan(b[0]))
    };
    rows.iter()
        .zip(got.iter().zip(&expected))
        .filter(|(_, (g, e))| !equal(g, e))
        .map(|(row, (g, e))| format!("{}{row:08x?}: gpu {g:08x?}, cpu {e:08x?}", subject.name))
        .collect()
}

/// The modes in which the first adapter computes; prints why others do not.
fn devices() -> Vec<Gpu> {
    let mut out = Vec::new();
    for mode in Mode::ALL {
        let choice = Choice { mode: Some(mode), ..Choice::from_env().expect("a known mode") };
        match Gpu::open(&choice) {
            Ok(gpu) => out.push(gpu),
            Err(e) => println!("{mode}: not used: {e}"),
        }
    }
    out
}

#[test]
fn kernels_give_the_same_bits_on_the_gpu() {
    let gpus = devices();
    let mut ran = 0;
    let mut failures = Vec::new();
    for gpu in &gpus {
        let adapter = format!("{}, floats {}", gpu.adapter(), gpu.mode());
        let before = ran;
        for subject in subjects::all() {
            let rows = subject.rows();
            let found = mismatches(&subject, &rows, &on_gpu(gpu, &kernel(&subject), &rows));
            if let Some(first) = found.first() {
                failures.push(format!(
                    "{}: {} of {}: {first}",
                    gpu.mode(),
                    found.len(),
                    rows.len()
                ));
            }
            ran += 1;
        }
        let mut pipelines = Pipelines::new();
        for record in records::all() {
            let found = record_mismatches(gpu, &record, &mut pipelines);
            if let Some(first) = found.first() {
                failures.push(format!("{}: {} rows: {first}", gpu.mode(), found.len()));
            }
            ran += 1;
        }
        for entries in entries::fills() {
            if let Some(found) = fill_differs(gpu, &entries) {
                failures.push(format!("{}: {found}", gpu.mode()));
            }
            ran += 1;
        }
        gpu::present("kernels_give_the_same_bits_on_the_gpu", ran - before, &adapter);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    if ran == 0 {
        let why = format!("none of the adapters computes exactly: {:?}", adapters());
        gpu::absent("kernels_give_the_same_bits_on_the_gpu", &why);
    }
}

/// Every function in `shaders/` and of a kernel is named by what compares it with its twin.
#[test]
fn every_hand_written_function_is_compared() {
    let words = |name: &str| -> Vec<String> {
        name.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect()
    };
    let subjects = subjects::all().into_iter().map(|subject| subject.name);
    let (records, declared): (Vec<String>, Vec<String>) =
        records::all().into_iter().map(|record| (record.name, record.declarations)).unzip();
    let lines = declared.iter().flat_map(|text| text.lines());
    let declared = lines.filter_map(|line| line.strip_prefix("fn ")?.split('(').next());
    let fills = entries::fills().into_iter().map(|entries| entries.name);
    let names = subjects.chain(records).chain(fills);
    let compared: BTreeSet<String> = names.flat_map(|name| words(&name)).collect();
    let all = wgsl::hand_written().map(str::to_owned).chain(declared.map(str::to_owned));
    let missing: Vec<String> = all.filter(|f| !compared.contains(f)).collect();
    assert!(missing.is_empty(), "compared with no twin: {missing:?}");
}

#[test]
fn a_change_of_one_unit_in_the_last_place_is_caught() {
    let subject = subjects::all().into_iter().find(|s| s.name == "k_exp").expect("exp exists");
    let rows = subject.rows();
    let text = kernel(&subject);
    let planted = text.replace("0.49999994", "0.5");
    assert_ne!(text, planted, "the coefficient is in the text");
    for gpu in devices() {
        let found = mismatches(&subject, &rows, &on_gpu(&gpu, &planted, &rows));
        assert!(!found.is_empty(), "{}: nothing noticed", gpu.mode());
    }
}
