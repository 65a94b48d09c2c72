//! What candidates and literal powers are in single precision, beside double precision:
//! over wide ranges of momenta, forward and back to back, light and heavy.
#![allow(clippy::print_stdout, reason = "the worst deviations belong in the log")]

use crate::support::{Column, Table};
use gpuana::backend::Backend;
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::config;
use gpuana::hist::Histogram;
use gpuana::lang::check::compile;
use gpuana::schema::StoredType;
use std::sync::Arc;

const EVENTS: usize = 3000;

/// u of single precision: what a correctly rounded number is off by, of itself.
const UNIT: f64 = 1.0 / 16_777_216.0;

/// Numbers that look random and are the same in every run (xorshift).
struct Random(u64);

impl Random {
    /// A single-precision number from `low` to `high`.
    fn within(&mut self, low: f64, high: f64) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let unit = (self.0 >> 40) as f64 / f64::from(1 << 24);
        f64::from((low + (high - low) * unit) as f32)
    }

    fn log_within(&mut self, low: f64, high: f64) -> f64 {
        f64::from(self.within(low.ln(), high.ln()).exp() as f32)
    }
}

fn column(counter: Option<&str>, events: Vec<Vec<f64>>) -> Column {
    Column {
        stored: StoredType::F32,
        counter: counter.map(str::to_owned),
        events,
        integers: Vec::new(),
    }
}

/// Three particles an event, `P`, and `i`, half more than the number of the event.
fn particles() -> Table {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut columns: [Vec<Vec<f64>>; 4] = Default::default();
    for i in 0..EVENTS {
        let [mut pt, mut eta, mut phi, mut mass]: [Vec<f64>; 4] = Default::default();
        let (low, high) = if i % 2 == 0 { (1.0, 500.0) } else { (0.3, 3000.0) };
        let most = [2.5, 5.0, 9.0][i % 3];
        for k in 0..3 {
            pt.push(random.log_within(low, high));
            eta.push(random.within(-most, most));
            phi.push(random.within(-3.125, 3.125));
            mass.push(match (i / 3 + k) % 3 {
                0 => 0.0,
                1 => random.log_within(1e-3, 0.5),
                _ => random.log_within(0.5, 200.0),
            });
        }
        // Some are forward together, or back to back.
        if i % 5 == 0 {
            eta[1] = f64::from((eta[0] + random.within(-0.2, 0.2)) as f32);
            phi[1] = f64::from((phi[0] + random.within(-0.2, 0.2)) as f32);
        }
        for (all, own) in columns.iter_mut().zip([pt, eta, phi, mass]) {
            all.push(own);
        }
    }
    let mut table = Table { events: EVENTS, ..Table::default() };
    for (name, events) in ["pt", "eta", "phi", "mass"].into_iter().zip(columns) {
        table.columns.insert(format!("P_{name}"), column(Some("nP"), events));
    }
    let numbers = (0..EVENTS).map(|i| vec![i as f64 + 0.5]).collect();
    table.columns.insert("i".to_owned(), column(None, numbers));
    table
}

/// The values of expressions in each event, in both precisions.
fn values(table: &Table, define: &str, expressions: &[String]) -> Vec<[Vec<f64>; 2]> {
    let mut text = format!("{define}histograms:\n");
    for (k, expression) in expressions.iter().enumerate() {
        text += &format!(
            "  h{k}: {{value: i, bins: [{0}, 0, {0}], weight: \"{expression}\"}}\n",
            table.events
        );
    }
    let analysis = config::parse(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    let compiled = compile(&analysis, &text, &table.schema()).unwrap_or_else(|e| panic!("{e:?}"));
    let both = [Precision::Single, Precision::Double].map(|precision| {
        let backend = CpuBackend::new(precision);
        let mut pass = backend.pass(&compiled.plan).expect("a plan");
        let batch = table.batch(&compiled.plan.request, 0..table.events);
        pass.push(Arc::new(batch)).expect("a batch");
        let fills = pass.finish().expect("a finished pass").fills;
        let cells = |h: Histogram| {
            assert_eq!(h.bad_weight, 0, "{}: NaN or infinite", h.name);
            (1..=table.events).map(|cell| h.value(cell)).collect::<Vec<f64>>()
        };
        compiled.histograms.iter().map(|info| cells(info.finished(&fills))).collect::<Vec<_>>()
    });
    let [single, double] = both;
    single.into_iter().zip(double).map(|(a, b)| [a, b]).collect()
}

/// What a field is a part of.
#[derive(Debug, Clone, Copy)]
enum Scale {
    /// Itself.
    Own,
    /// 1 and itself, times the sum of momenta over that of the sum, or the same of
    /// transverse ones: an angle is as good as the momentum that is left.
    Angle,
    /// 1 and itself: a rapidity, a distance.
    Unit,
    /// The sum of the sizes of the momenta.
    Momenta,
    /// The sum of transverse momenta.
    Transverse,
}

/// Of the scale of each field. A mass has some ten roundings, which the square root halves;
/// angles and sums have fewer.
const FIELDS: [(&str, Scale, f64); 10] = [
    ("mass", Scale::Own, 1e-6),
    ("rapidity", Scale::Unit, 1e-6),
    ("eta", Scale::Angle, 1e-6),
    ("phi", Scale::Angle, 1e-6),
    ("pt", Scale::Transverse, 1e-6),
    ("px", Scale::Transverse, 1e-6),
    ("py", Scale::Transverse, 1e-6),
    ("pz", Scale::Momenta, 1e-6),
    ("energy", Scale::Momenta, 1e-6),
    ("p", Scale::Momenta, 1e-6),
];

#[test]
fn candidates_follow_double_precision() {
    let table = particles();
    let define = "define:\n  two: pairs(P)[0]\n  three: triples(P)[0]\n";
    let of = |name: &str, i: usize, k: usize| table.columns[&format!("P_{name}")].events[i][k];
    for (candidate, members) in [("two", 2), ("three", 3)] {
        let expressions: Vec<String> =
            FIELDS.iter().map(|(field, ..)| format!("{candidate}.{field}")).collect();
        let found = values(&table, define, &expressions);
        let number = |name: &str, i: usize| {
            let at = FIELDS.iter().position(|(field, ..)| *field == name).expect("a field");
            found[at][1][i]
        };
        for ((field, scale, allowed), [single, double]) in FIELDS.iter().zip(&found) {
            let mut worst = (0.0, 0);
            for i in 0..EVENTS {
                let sum_pt: f64 = (0..members).map(|k| of("pt", i, k)).sum();
                let size = |k| {
                    let p = of("pt", i, k) * of("eta", i, k).cosh();
                    p.hypot(of("mass", i, k))
                };
                let scale = match scale {
                    Scale::Own => double[i].abs(),
                    Scale::Unit => 1.0f64.max(double[i].abs()),
                    Scale::Angle => {
                        let all: f64 = (0..members).map(size).sum();
                        let left = (sum_pt / number("pt", i)).max(all / number("p", i));
                        1.0f64.max(double[i].abs()) * left
                    }
                    Scale::Transverse => sum_pt,
                    Scale::Momenta => (0..members).map(size).sum(),
                };
                let mut off = (single[i] - double[i]).abs();
                if *field == "phi" {
                    off = off.min((off - std::f64::consts::TAU).abs());
                }
                if off / scale > worst.0 {
                    worst = (off / scale, i);
                }
            }
            let (off, i) = worst;
            println!("{candidate}.{field}: {off:.1e} of {scale:?}");
            assert!(off < *allowed, "{candidate}.{field} in event {i}: {off:.1e}");
        }
    }
}

#[test]
fn distances_follow_double_precision() {
    let found = values(
        &particles(),
        "",
        &["dr(P[0], P[1])", "mt(P[0], P[1])", "deta(P[0], P[1])", "dphi(P[0], P[1])"]
            .map(str::to_owned),
    );
    for (name, [single, double]) in ["dr", "mt", "deta", "dphi"].into_iter().zip(&found) {
        let off = |(a, b): (&f64, &f64)| (a - b).abs() / b.abs().max(1.0);
        let worst = single.iter().zip(double).map(off).fold(0.0, f64::max);
        println!("{name}: {worst:.1e}");
        assert!(worst < 1e-6, "{name}: {worst:.1e}");
    }
}

/// Each multiplication rounds once, and a square is off by twice what its root is: at
/// most (n - 1) u in all, to first order. A real exponent goes by `pow`, which promises
/// two roundings for any power.
#[test]
fn literal_powers_are_off_by_no_more_than_is_said() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut table = Table { events: EVENTS, ..Table::default() };
    let x = (0..EVENTS).map(|i| {
        let sign = if i % 2 == 0 { 1.0 } else { -1.0 };
        vec![sign * random.log_within(0.27, 3.9)]
    });
    table.columns.insert("x".to_owned(), column(None, x.collect()));
    let numbers = (0..EVENTS).map(|i| vec![i as f64 + 0.5]).collect();
    table.columns.insert("i".to_owned(), column(None, numbers));
    let powers = [2, 3, 4, 5, 7, 8, 13, 16, 31, 32, 33, 47, 63, 64];
    let expressions = powers.map(|n| format!("x ** {n}"));
    for (n, [single, double]) in powers.into_iter().zip(values(&table, "", &expressions)) {
        let off = |(a, b): (&f64, &f64)| (a - b).abs() / b.abs();
        let worst = single.iter().zip(&double).map(off).fold(0.0, f64::max) / UNIT;
        println!("x ** {n}: {worst:.1} u");
        assert!(worst <= f64::from(n - 1) * 1.00001, "x ** {n}: {worst} u");
    }
    let found = values(&table, "", &["abs(x) ** 64.0".to_owned()]).swap_remove(0);
    let off = |(a, b): (&f64, &f64)| (a - b).abs() / b.abs();
    let worst = found[0].iter().zip(&found[1]).map(off).fold(0.0, f64::max);
    assert!(worst < 2.3e-7, "abs(x) ** 64.0: {worst:.1e}");
}
