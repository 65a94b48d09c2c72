//! Vectors, fixed arrays and rows of values in a `TTree`: how an analysis names
//! them, and what is said where vectors of one name differ in length.

use gpuana::batch::{Batch, Request, RequestedColumn};
use gpuana::schema::Schema;
use gpuana::{config, lang, read};
use std::path::PathBuf;

fn data(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}

/// What an analysis with this value reads.
fn request_of(schema: &Schema, value: &str) -> Request {
    let text = format!("histograms:\n  h: {{value: '{value}', bins: [2, 0, 1]}}\n");
    let analysis = config::parse(&text).unwrap_or_else(|d| panic!("{value}: {}", d[0].message));
    let compiled = lang::check::compile(&analysis, &text, schema);
    compiled.unwrap_or_else(|d| panic!("{value}: {}", d[0].message)).plan.request
}

#[test]
fn an_analysis_names_vectors_like_collections() {
    let source = read::open(&data("vectors_zlib.root"), None).expect("opens");
    // value, branches that are read, first offsets of each counter
    let cases = [
        ("sum(Trk.pt + Trk.eta)", "Trk_pt[nTrk] Trk_eta[nTrk]", "0 0 1 3 3"),
        ("sum(hits.value)", "hits[nhits]", "0 0 3 9 11"),
        ("P_p4[3].value", "P_p4[nP_p4]", "0 0 8 24 28"),
        ("sum(matrix.value)", "matrix[nmatrix]", "0 6 12 18 24"),
        ("max(vv_float32.value)", "vv_float32[nvv_float32]", "0 0 1 3 6"),
        ("count(Trk)", "", "0 0 1 3 3"),
        ("nTrk", "", "0 0 1 3 3"),
    ];
    for (value, columns, offsets) in cases {
        let request = request_of(source.schema(), value);
        let name = |column: &RequestedColumn| match column.counter {
            Some(i) => format!("{}[{}]", column.branch, request.counters[i]),
            None => column.branch.clone(),
        };
        let mut names: Vec<String> = request.columns.iter().map(name).collect();
        names.sort_by_key(|name| !name.contains("pt"));
        assert_eq!(names.join(" "), columns, "{value}");
        let batch = source.columns(&request).and_then(|mut r| r.read(0..4)).expect("reads");
        let found = batch.offsets.iter().flatten().map(u32::to_string).collect::<Vec<_>>();
        assert_eq!(found.join(" "), offsets, "{value}");
    }
}

#[test]
fn ranges_of_vectors_may_come_in_any_order() {
    let jagged = |branch: &str, i| RequestedColumn { branch: branch.to_owned(), counter: Some(i) };
    let request = Request {
        counters: ["nTrk", "nvv_int16", "nmatrix", "nP_p4"].map(str::to_owned).to_vec(),
        columns: vec![
            jagged("Trk_eta", 0),
            jagged("vv_int16", 1),
            jagged("matrix", 2),
            jagged("P_p4", 3),
            RequestedColumn { branch: "nTrk".to_owned(), counter: None },
            RequestedColumn { branch: "nhits".to_owned(), counter: None },
        ],
        keep_doubles: false,
    };
    for file in ["vectors_zlib.root", "vectors_zstd.root"] {
        let source = read::open(&data(file), None).expect("opens");
        let fresh = |range| -> Batch {
            source.columns(&request).and_then(|mut reader| reader.read(range)).expect("reads")
        };
        let mut reader = source.columns(&request).expect("can be read");
        for range in [50..60, 0..1, 19..21, 24..26, 3..3, 0..60, 59..60, 7..9] {
            let batch = reader.read(range.clone()).expect("reads");
            assert_eq!(batch, fresh(range.clone()), "{file}: {range:?}");
            reader.reuse(batch);
        }
    }
}

#[test]
fn vectors_of_one_name_must_have_one_length() {
    let source = read::open(&data("vectors_unequal.root"), None).expect("opens");
    let columns = |names: &[&str]| Request {
        counters: vec!["nA".to_owned()],
        columns: names
            .iter()
            .map(|name| RequestedColumn { branch: (*name).to_owned(), counter: Some(0) })
            .collect(),
        keep_doubles: false,
    };
    // A_x has 0 1 2 values, A_y has 0 1 1; B_z is counted by nB, which says 1 1 2.
    for alone in ["A_x", "A_y"] {
        let request = columns(&[alone]);
        source.columns(&request).and_then(|mut r| r.read(0..3)).expect("either alone is right");
    }
    let b = Request { counters: vec!["nB".to_owned()], ..columns(&["B_z"]) };
    let mut said = String::new();
    for request in [columns(&["A_x", "A_y"]), b] {
        let mut reader = source.columns(&request).expect("can be read");
        said += &reader.read(0..3).expect_err("lengths differ").to_string();
        said += "\n";
    }
    let said = said.replace(&source.identity().path, "FILE");
    assert_eq!(
        said,
        "FILE: tree Events: branch A_y: 1 values in event 2, where A_x has 2: they are not of one \
         collection, as their names say\n\
         FILE: tree Events: branch B_z: 2 values in event 1, where nB says 1: they are not of one \
         collection, as their names say\n"
    );
}
