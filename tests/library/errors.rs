//! Wrong analysis files and what is said about them: each `tests/errors/*.yaml`
//! has a `.txt` beside it. `UPDATE=1 cargo test --test library errors::` rewrites those.
//! Files that can be read are checked against the columns of
//! `tests/semantics/events.txt`, a few that cannot be used, and a few with unusual names.

use std::fs;
use std::path::Path;

use crate::support::Table;
use gpuana::schema::{Branch, Schema, Shape, StoredType};
use gpuana::{config, diag, lang};

/// What the analyses are checked against.
fn schema() -> Schema {
    let mut schema = Table::parse(include_str!("../semantics/events.txt")).schema();
    let mut add = |name: &str, shape: Shape, unsupported: Option<&str>| {
        schema.branches.push(Branch {
            name: name.into(),
            title: String::new(),
            stored: unsupported.is_none().then_some(StoredType::F32),
            shape,
            unsupported: unsupported.map(str::to_owned),
            bytes: 0,
            compressed_bytes: 0,
            baskets: 0,
            compression: "none".into(),
        });
    };
    add("LHEScaleWeight", Shape::Fixed(9), None);
    add("Jet_constituents", Shape::Vector, None);
    add("Gen_vertices", Shape::Vector, None);
    add("MET_covariance", Shape::Scalar, Some("it holds objects of class TMatrixD"));
    for odd in ["p1.x", "x#1", "1st", "Odd_x:y"] {
        add(odd, Shape::Scalar, None);
    }
    schema
}

#[test]
fn messages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let update = std::env::var_os("UPDATE").is_some();
    let schema = schema();
    let mut differing = Vec::new();
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of wrong files is there")
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() >= 80, "{} wrong files", files.len());
    for path in files {
        let text = fs::read_to_string(&path).expect("a wrong file is UTF-8");
        let name = path.file_name().and_then(|n| n.to_str()).expect("a name in UTF-8");
        let found = config::parse(&text)
            .and_then(|analysis| lang::check::compile(&analysis, &text, &schema));
        let found = match found {
            Ok(_) => "no error\n".to_owned(),
            Err(diagnostics) => diag::render(&diagnostics, name, &text, false),
        };
        let expected = path.with_extension("txt");
        if update {
            fs::write(&expected, &found).expect("a snapshot can be written");
        } else if fs::read_to_string(&expected).unwrap_or_default() != found {
            differing.push(format!("{name}:\n{found}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Files that nest or repeat without end: one clear error each, and no
/// overflow of the stack.
#[test]
fn endless() {
    let cases = [
        (format!("define:\n  a: {}x{}\n", "(".repeat(10_000), ")".repeat(10_000)), "200 levels"),
        (format!("define:\n  a: \"{}\"\n", "(".repeat(10_000)), "never closed"),
        (format!("define:\n  a: {}1\n", "-".repeat(10_000)), "200 levels"),
        (format!("define:\n  a: {}\n", vec!["1"; 5_000].join(" + ")), "1,000 operators"),
        (format!("define:\n  a: {}\n", vec!["1"; 5_000].join(" ** ")), "200 levels"),
        (format!("define:\n  a: 1{}\n", " * (1 + 1".repeat(300) + &")".repeat(300)), "200 levels"),
        (format!("a: {}\n", "[".repeat(10_000)), "levels deep"),
        (format!("a: {}\n", "{a: ".repeat(10_000)), "levels deep"),
        (format!("a:\n  {}b\n", "- ".repeat(10_000)), "levels deep"),
        ((0..1000).map(|i| " ".repeat(i) + "a:\n").collect(), "levels deep"),
        ("!x ".repeat(10_000), "YAML"),
    ];
    for (text, expected) in cases {
        let start: String = text.chars().take(20).collect();
        let diagnostics = config::parse(&text).expect_err(&start);
        assert!(
            diagnostics.iter().any(|d| d.message.contains(expected)),
            "{start}: {:?}",
            diagnostics[0].message
        );
        assert!(!diag::render(&diagnostics, "endless.yaml", &text, false).is_empty());
    }
}
