//! The columns that random plans read, and random events for them: empty and
//! busy ones, bin edges, and what arithmetic finds hard.

use super::dice::Dice;
use crate::support::{Column, Table, stored_type};
use gpuana::schema::StoredType;
use std::f64::consts::PI;

/// What the values of a column look like.
#[derive(Debug, Clone, Copy)]
enum Like {
    Pt,
    Eta,
    Phi,
    Mass,
    Weight,
    Integer(i64, i64),
    Reference,
    Wide,
    Flag,
}

/// Name, stored type, counter, values.
const COLUMNS: &[(&str, &str, Option<&str>, Like)] = &[
    ("event", "uint64", None, Like::Wide),
    ("run", "uint32", None, Like::Integer(0, 4_294_967_295)),
    ("year", "int32", None, Like::Integer(-7, 2018)),
    ("MET_pt", "float32", None, Like::Pt),
    ("MET_phi", "float32", None, Like::Phi),
    ("MET_sumEt", "float64", None, Like::Pt),
    ("genWeight", "float32", None, Like::Weight),
    ("pileup", "float64", None, Like::Weight),
    ("HLT_IsoMu24", "bool", None, Like::Flag),
    ("HLT_Ele32", "bool", None, Like::Flag),
    ("PV_npvs", "int32", None, Like::Integer(0, 40)),
    ("PV_score", "int16", None, Like::Integer(-300, 300)),
    ("Jet_pt", "float32", Some("nJet"), Like::Pt),
    ("Jet_eta", "float32", Some("nJet"), Like::Eta),
    ("Jet_phi", "float32", Some("nJet"), Like::Phi),
    ("Jet_mass", "float32", Some("nJet"), Like::Mass),
    ("Jet_btag", "float32", Some("nJet"), Like::Eta),
    ("Jet_area", "float64", Some("nJet"), Like::Weight),
    ("Jet_jetId", "int32", Some("nJet"), Like::Integer(0, 7)),
    ("Jet_flavour", "int8", Some("nJet"), Like::Integer(-5, 21)),
    ("Jet_puId", "uint8", Some("nJet"), Like::Integer(0, 255)),
    ("Jet_good", "bool", Some("nJet"), Like::Flag),
    ("Jet_code", "uint64", Some("nJet"), Like::Wide),
    ("Jet_muonIdx1", "int32", Some("nJet"), Like::Reference),
    ("Jet_electronIdx2", "int16", Some("nJet"), Like::Reference),
    ("Muon_pt", "float32", Some("nMuon"), Like::Pt),
    ("Muon_eta", "float32", Some("nMuon"), Like::Eta),
    ("Muon_phi", "float32", Some("nMuon"), Like::Phi),
    ("Muon_mass", "float32", Some("nMuon"), Like::Mass),
    ("Muon_dxy", "float32", Some("nMuon"), Like::Eta),
    ("Muon_charge", "int32", Some("nMuon"), Like::Integer(-1, 1)),
    ("Muon_bits", "uint8", Some("nMuon"), Like::Integer(0, 255)),
    ("Muon_tight", "bool", Some("nMuon"), Like::Flag),
    ("Muon_code", "int64", Some("nMuon"), Like::Wide),
    ("Muon_jetIdx", "int32", Some("nMuon"), Like::Reference),
    ("Electron_pt", "float32", Some("nElectron"), Like::Pt),
    ("Electron_eta", "float32", Some("nElectron"), Like::Eta),
    ("Electron_phi", "float32", Some("nElectron"), Like::Phi),
    ("Electron_mass", "float32", Some("nElectron"), Like::Mass),
    ("Electron_dxy", "float32", Some("nElectron"), Like::Eta),
    ("Electron_charge", "int32", Some("nElectron"), Like::Integer(-1, 1)),
    ("Electron_bits", "uint8", Some("nElectron"), Like::Integer(0, 255)),
    ("Electron_tight", "bool", Some("nElectron"), Like::Flag),
    ("Electron_code", "int64", Some("nElectron"), Like::Wide),
    ("Electron_jetIdx", "int32", Some("nElectron"), Like::Reference),
];

/// Edges of the generated axes, and their neighbours by rounding.
const EDGES: &[f64] = &[0.0, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0, 20.0, 25.0, 30.5, 91.2, 100.0];

/// Zeros, denormals, the ends of the range, not-numbers.
const HARD: &[f64] = &[
    -0.0,
    1e-40,
    -1e-45,
    1.17549435e-38,
    1e-30,
    -1e30,
    3.4028235e38,
    -3.4028235e38,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    16777217.0,
    8388608.5,
];

/// 64-bit values where halves, signs and 53 bits matter.
const WIDE: &[i64] = &[
    0,
    1,
    -1,
    2,
    4_294_967_295,
    4_294_967_296,
    -4_294_967_296,
    9_007_199_254_740_991,
    9_007_199_254_740_992,
    9_007_199_254_740_993,
    i64::MAX,
    i64::MAX - 1,
    i64::MIN,
    i64::MIN + 1,
];

/// The columns, without events.
pub(crate) fn columns() -> Table {
    let empty = |stored: &str, counter: Option<&str>| Column {
        stored: stored_type(stored),
        counter: counter.map(str::to_string),
        events: Vec::new(),
        integers: Vec::new(),
    };
    let columns = COLUMNS.iter().map(|(name, stored, counter, _)| {
        let column = empty(stored, *counter);
        ((*name).to_string(), column)
    });
    Table { columns: columns.collect(), events: 0 }
}

/// Random events. Every third table has no hard values, every third many.
pub(crate) fn random(seed: u64, events: usize) -> Table {
    let mut dice = Dice::new(seed ^ 0x5eed_0fe7_e175);
    let hard = [0, 2, 15][seed as usize % 3];
    let mut table = columns();
    table.events = events;
    for _ in 0..events {
        let counts = [("nJet", 7), ("nMuon", 4), ("nElectron", 4)]
            .map(|(counter, usual)| (counter, count(&mut dice, usual)));
        for (name, _, counter, like) in COLUMNS {
            let n = counter.map_or(1, |c| counts.iter().find(|(k, _)| *k == c).expect("known").1);
            let column = table.columns.get_mut(*name).expect("a column of the schema");
            let (mut reals, mut integers) = (Vec::new(), Vec::new());
            for _ in 0..n {
                let (real, integer) = value(&mut dice, *like, column.stored, hard);
                reals.push(real);
                integers.push(integer);
            }
            column.events.push(reals);
            column.integers.push(integers);
        }
    }
    table
}

/// How many elements an event has.
fn count(dice: &mut Dice, usual: usize) -> usize {
    match dice.below(20) {
        0..=2 => 0,
        3 => usual + 3,
        _ => dice.below(usual),
    }
}

/// A value as a real number and as an integer.
fn value(dice: &mut Dice, like: Like, stored: StoredType, hard: usize) -> (f64, i64) {
    let whole = |i: i64| (i as f64, i);
    match like {
        Like::Flag => whole(dice.below(2) as i64),
        Like::Reference => whole(dice.below(8) as i64 - 2),
        Like::Wide if dice.percent(50) => whole(*dice.pick(WIDE)),
        Like::Wide => whole(dice.below(2000) as i64),
        Like::Integer(low, high) if dice.percent(hard) => {
            let ends = [low, high, 0, i64::from(i32::MAX), i64::from(i32::MIN)];
            let fits = matches!(stored, StoredType::I32);
            whole(*dice.pick(if fits { &ends } else { &ends[..3] }))
        }
        Like::Integer(low, high) => {
            let wide = dice.percent(30);
            let span =
                if wide { (high - low + 1) as usize } else { (high - low + 1).min(8) as usize };
            whole(low + dice.below(span) as i64)
        }
        _ if dice.percent(hard) => (*dice.pick(HARD), 0),
        _ if dice.percent(12) => (*dice.pick(EDGES), 0),
        Like::Pt => ((dice.between(0.0, 5.0)).exp2() * 4.0, 0),
        Like::Eta => (dice.between(-3.0, 3.0), 0),
        Like::Phi => (dice.between(-PI, PI), 0),
        Like::Mass => (dice.between(-1.0, 15.0), 0),
        Like::Weight => {
            let size = dice.between(-12.0, 12.0).exp2();
            (if dice.percent(25) { -size } else { size }, 0)
        }
    }
}

/// Events as the text that [`Table::parse`] reads, of these columns only.
pub(crate) fn text(table: &Table, used: impl Fn(&str) -> bool) -> String {
    let mut out = String::new();
    for (name, column) in table.columns.iter().filter(|(name, _)| used(name)) {
        let counter = column.counter.as_ref().map_or(String::new(), |c| format!("[{c}]"));
        let real = matches!(column.stored, StoredType::F32 | StoredType::F64);
        let event = |at: usize| -> String {
            let reals = column.events[at].iter().map(|x| format!("{x:?}"));
            let integers = column.integers[at].iter().map(i64::to_string);
            let words: Vec<String> = if real { reals.collect() } else { integers.collect() };
            words.join(" ")
        };
        let events: Vec<String> = (0..table.events).map(event).collect();
        let (ty, events) = (column.stored.name(), events.join(" | "));
        out.push_str(&format!("{name}: {ty}{counter} = {events}\n"));
    }
    out
}

/// These events only.
pub(crate) fn only(table: &Table, keep: &[usize]) -> Table {
    let mut out = table.clone();
    out.events = keep.len();
    for column in out.columns.values_mut() {
        column.events = keep.iter().map(|&e| column.events[e].clone()).collect();
        column.integers = keep.iter().map(|&e| column.integers[e].clone()).collect();
    }
    out
}
