//! Vectors, fixed arrays and rows of values in a `TTree`: how an analysis names
//! them, and what is said where vectors of one name differ in length.

use gpuana::batch::{Batch, Request, RequestedColumn};
use gpuana::read::Source;
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
        ("nTrk", "nTrk", ""),
    ];
    named(source.as_ref(), &cases);
}

/// Compares what an analysis reads for values: branches, first offsets of each counter.
fn named(source: &dyn Source, cases: &[(&str, &str, &str)]) {
    for &(value, columns, offsets) in cases {
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
    // A_x has 0 1 2 values, A_y has 0 1 1; B_z has others than the number nB says.
    let b = Request { counters: vec!["nB".to_owned()], ..columns(&["B_z"]) };
    for alone in [columns(&["A_x"]), columns(&["A_y"]), b] {
        source.columns(&alone).and_then(|mut r| r.read(0..3)).expect("each alone is right");
    }
    let mut reader = source.columns(&columns(&["A_x", "A_y"])).expect("can be read");
    let said = reader.read(0..3).expect_err("lengths differ").to_string();
    assert_eq!(
        said.replace(&source.identity().path, "FILE"),
        "FILE: tree Events: branches A_y and A_x: 1 and 2 values in event 2; lists of one \
         collection, as their names say that they are, have as many"
    );
}

/// The files of `make_lists.py`: the same in each format.
const LISTS: [&str; 4] = ["lists.parquet", "lists.arrow", "lists_rntuple.root", "lists_own.root"];

#[test]
fn numbers_count_no_lists_that_do_not_refer_to_them() {
    for file in LISTS {
        let source = read::open(&data(file), None).expect("opens");
        let mut cases = vec![
            ("count(Jet)", "", "0 3 3 5 6"),
            ("nJet", "nJet", ""),
            ("sum(Jet.pt * Jet.btag_sf)", "Jet_pt[nJet] Jet_btag_sf[nJet]", "0 3 3 5 6"),
            ("nJet_btag", "nJet_btag", ""),
            ("count(`Jet_cells`)", "", "0 1 2 3 4"),
            ("sum(`Jet_cells`.value)", "Jet_cells[Jet_cells]", "0 1 2 3 4"),
        ];
        if file != "lists_own.root" {
            cases.push(("sum(pmthits.value)", "pmthits[npmthits]", "0 1 3 3 6"));
            cases.push(("npmthits", "npmthits", ""));
        }
        named(source.as_ref(), &cases);
        let request = request_of(source.schema(), "sum(Jet.pt * Jet.cells)");
        let mut reader = source.columns(&request).expect("can be read");
        let error = reader.read(0..4).expect_err("lengths differ").to_string();
        let said = "branches Jet_cells and Jet_pt: 1 and 3 values in event 0";
        assert!(error.contains(file) && error.contains(said), "{error}");
        let verified = read::verify(&data(file), "Events").expect("opens");
        assert!(verified.damaged.is_empty(), "{:?}", verified.damaged);
    }
}

#[test]
fn vectors_beside_numbers_of_their_name() {
    // Jet_pt has 3 values an event, nJet says 5.
    let stale = read::open(&data("lists_stale.root"), None).expect("opens");
    named(
        stale.as_ref(),
        &[
            ("count(Jet)", "", "0 3 6 9 12"),
            ("sum(Jet.pt)", "Jet_pt[nJet]", "0 3 6 9 12"),
            ("nJet", "nJet", ""),
        ],
    );
    // hits_a_x has 1 value and hits_b_x 3; pmthits has 3, npmthits says 0 or 1.
    let names = read::open(&data("lists_names.root"), None).expect("opens");
    named(
        names.as_ref(),
        &[
            ("hits.a_x", "hits_a_x[hits_a_n]", "0 1 2 3 4"),
            ("hits_a.x", "hits_a_x[hits_a_n]", "0 1 2 3 4"),
            ("hits_b[x > 1].x", "hits_b_x[hits_b_n]", "0 3 6 9 12"),
            ("hits_a_n + hits.b_n", "hits_a_n hits_b_n", ""),
            ("pmthits.value", "pmthits[npmthits]", "0 3 6 9 12"),
            ("npmthits", "npmthits", ""),
        ],
    );
    for (file, tree) in [("lists_stale.root", "Events"), ("lists_names.root", "T")] {
        let verified = read::verify(&data(file), tree).expect("opens");
        assert!(verified.damaged.is_empty(), "{file}: {:?}", verified.damaged);
    }
}

#[test]
fn every_branch_has_a_name_in_expressions() {
    let source = read::open(&data("lists_points.root"), None).expect("opens");
    named(
        source.as_ref(),
        &[("p1.x", "p1.x", ""), ("`p1.x` * 2", "p1.x", ""), ("p2.y + p1.x", "p2.y p1.x", "")],
    );
}
