//! Good expressions with a few tokens changed: whatever comes out is either
//! compiled and run or refused with places inside the file, and never a panic.

use crate::support::Table;
use crate::support::random::Random;
use gpuana::backend::Backend;
use gpuana::backend::cpu::CpuBackend;
use gpuana::{config, diag, lang};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Mutated analyses; a few seconds.
const ROUNDS: usize = 6_000;

/// The columns of the tests of meaning, and some of unusual types.
fn table() -> Table {
    let mut text = include_str!("../semantics/events.txt").to_string();
    text += "Tau_charge: int64[nTau] = 1 -1 | | 1\nTau_pt: float64[nTau] = 30 20 | | 5\n";
    text += "Tau_eta: int32[nTau] = 1 -2 | | 0\nTau_phi: bool[nTau] = 1 0 | | 1\n";
    text += "Tau_jetIdx: int64[nTau] = 0 1 | | 0\nTau_muonIdx: int8[nTau] = 1 -1 | | 0\n";
    text +=
        "Photon_charge: float32[nPhoton] = 0 | 0 0 |\nPhoton_pt: float32[nPhoton] = 9 | 8 7 |\n";
    text += "Photon_eta: float32[nPhoton] = 1 | 1 2 |\nPhoton_phi: float32[nPhoton] = 1 | 1 2 |\n";
    Table::parse(&text)
}

/// What every analysis has; `{}` is where the mutated expressions go.
const FRAME: &str = "\
define:
  lep: concat(Muon, Electron)
  good(l): l.pt > 10 and abs(l.eta) < 2.4
  scaled(x, f): x * f
  Photon.mass: 0.0
  Jet.calib_pt: pt * 1.03
  clean: Jet[j => j.pt > 30 and not any(dr(j, lep[pt > 10]) < 0.4)]
  clean.rank: count(Jet, pt > 20) + jetId
  z: pairs(lep)[(a, b) => a.kind == b.kind and a.charge != b.charge].min_by(abs(mass - 91.2))
  top: triples(Jet).min_by(abs(mass - 172.5))
  x0: {}
weight: {}
regions:
  one:
    - two: {}
  two:
    from: one
    weight: {}
    cuts:
      - three: {}
vary:
  jes:
    Jet.pt: {up: '{}', down: Jet.pt * 0.97}
    z: {up: '{}'}
    weight: {down: '{}'}
histograms:
  a: {value: '{}', bins: [10, 0, 100], regions: [all, two], weight: '{}'}
  b: {value: '{}', integers: [0, 5]}
  c: {value: '{}', boolean: true}
";

/// What stands in each of the places of the frame.
const PLACES: [&str; 12] = [
    "count(Jet)",
    "float(run) * 0.5",
    "any(Jet.pt > 30)",
    "MET.pt",
    "exists(z)",
    "Jet.calib_pt",
    "pairs(lep).max_by(mass)",
    "MET.phi",
    "clean.calib_pt",
    "clean.btag",
    "count(lep)",
    "HLT_IsoMu24",
];

/// Expressions to start from: those of the tests of meaning, and these.
const MORE: &str = "
Photon.energy + Photon.rapidity
cross(Photon, Muon).mass
pairs(Tau).charge
cross(Tau, Muon)[(t, m) => t.charge == m.charge].charge
cross(Photon, Jet).mass
combinations(Jet, 4).mass
pairs(pairs(Jet)).mass
Jet[j => exists(nearest(j, Muon, j.pt / 100))].pt
nearest(Muon[0], Jet, 0.4).pt
Jet.map(j => nearest(j, lep).pt / j.pt)
lep[l => l not in z].max_by(pt).pt
mt(lep[l => l not in z].max_by(pt), MET)
Jet[j => any(Muon[m => dr(j, m) < 0.4].pt > j.pt)].pt
Jet[j => count(Muon[m => count(Electron[e => dr(e, m) < dr(e, j)]) > 0]) == 0].pt
sum(Jet[j => good(j)].pt) + scaled(Jet.pt[0], 2)
top[0].pt + top.mass + top[2].eta
clean.sort_by(-pt)[0].calib_pt
clean.rank
Jet[muon1 in Muon].pt
Tau.muon.pt
exists(Jet.muon1)
if exists(z) then z.mass else default(top.mass, -1)
default(Jet[0].pt, MET.pt)
Jet.argmax(pt).eta
min(Jet.pt, 40) + max(1, 2, 3)
max(Jet, pt)
lep.kind == 1
lep.map(l => l.mass ** 2 + l.pt ** 2).sum()
event & 255 == 3 and run << 2 > 1
Jet.all(pt > 10 and eta < 2)
concat(Jet, Muon).max_by(pt) in Muon
combinations(Jet[pt > 10], 3)[(a, b, c) => a.pt > b.pt + c.pt].mass
not exists(Jet[0].muon1.jet)
mass(pairs(Muon)[0])
";

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Name,
    Number,
    Operator,
    Other,
}

/// A number below `n`.
fn below(random: &mut Random, n: usize) -> usize {
    (random.word() % n as u64) as usize
}

fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 1,
        c if c.is_whitespace() => 0,
        '<' | '>' | '=' | '!' | '*' | '/' => 2,
        _ => 3,
    };
    let mut all = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let number = first.is_ascii_digit();
        let same = |c: char| kind(c) == kind(first) || (number && c == '.');
        let long = kind(first) != 3;
        let end = rest.find(|c| !same(c)).filter(|_| long).unwrap_or(if long {
            rest.len()
        } else {
            first.len_utf8()
        });
        all.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    all
}

fn class(token: &str) -> Class {
    let first = token.chars().next().unwrap_or(' ');
    if first.is_ascii_digit() {
        Class::Number
    } else if matches!(token, "and" | "or" | "in") || "<>=!*/+-%&|^".contains(first) {
        if token == "=>" { Class::Other } else { Class::Operator }
    } else if first.is_alphabetic() && !matches!(token, "not" | "if" | "then" | "else") {
        Class::Name
    } else {
        Class::Other
    }
}

/// One or two changes: another token of the same class, one less, one more,
/// two exchanged, or a part of another expression.
fn mutate(random: &mut Random, corpus: &[Vec<&str>], pool: &[&str]) -> String {
    let mut it: Vec<String> =
        corpus[below(random, corpus.len())].iter().map(|t| (*t).to_string()).collect();
    for _ in 0..1 + below(random, 2) {
        if it.is_empty() {
            break;
        }
        let at = below(random, it.len());
        match below(random, 12) {
            0 => {
                it.remove(at);
            }
            1 => it.insert(at, random.pick(pool).to_string()),
            2 => {
                let other = below(random, it.len());
                it.swap(at, other);
            }
            3 => it[at] = random.pick(pool).to_string(),
            4 | 5 if class(&it[at]) == Class::Name => {
                it[at] = format!("({})", corpus[below(random, corpus.len())].join(" "));
            }
            _ => {
                let wanted = class(&it[at]);
                let same: Vec<&str> = pool.iter().copied().filter(|t| class(t) == wanted).collect();
                it[at] = random.pick(&same).to_string();
            }
        }
    }
    it.join(" ").replace(" . ", ".").replace("= >", "=>")
}

/// The analysis with one expression in one of its places.
fn analysis(place: usize, expression: &str) -> String {
    let mut text = String::new();
    for (i, part) in FRAME.split("{}").enumerate() {
        text += part;
        if i < FRAME.matches("{}").count() {
            let here = if i == place { expression } else { PLACES[i] };
            let quoted = part.ends_with('\'');
            text += &if quoted {
                here.replace('\'', "''")
            } else {
                format!("'{}'", here.replace('\'', "''"))
            };
        }
    }
    text
}

/// Compiles and runs; the number of diagnostics.
fn check(text: &str, table: &Table) -> usize {
    let parsed = config::parse(text);
    let least = usize::from(parsed.is_ok());
    let found = parsed.and_then(|analysis| lang::check::compile(&analysis, text, &table.schema()));
    let diagnostics = match found {
        Err(diagnostics) => diagnostics,
        Ok(compiled) => {
            assert_eq!((compiled.regions.len(), compiled.histograms.len()), (3, 12), "outputs");
            let backend = CpuBackend::default();
            let mut pass = backend.pass(&compiled.plan).expect("a plan that can be run");
            let batch = table.batch(&compiled.plan.request, 0..table.events);
            pass.push(Arc::new(batch)).expect("events that can be processed");
            pass.finish().expect("a result");
            return 0;
        }
    };
    assert!(!diagnostics.is_empty(), "refused without a word");
    for (i, d) in diagnostics.iter().enumerate() {
        for span in std::iter::once(&d.span).chain(d.also.iter().map(|(span, _)| span)) {
            assert!(span.start <= span.end && span.end <= text.len(), "{}: {span:?}", d.message);
            let borders = [span.start, span.end].map(|at| text.is_char_boundary(at));
            assert_eq!(borders, [true; 2], "{}: {span:?}", d.message);
        }
        assert!(d.span.end - d.span.start >= least, "{}: at {:?}", d.message, d.span);
        let again = diagnostics[..i].iter().any(|e| e.span == d.span && e.message == d.message);
        assert!(!again, "said twice: {}", d.message);
    }
    assert!(!diag::render(&diagnostics, "mutated.yaml", text, false).is_empty());
    diagnostics.len()
}

#[test]
fn nothing_panics() {
    let table = table();
    let rows = include_str!("../semantics/language.txt").lines().filter(|l| !l.starts_with('#'));
    let rows = rows.filter_map(|l| l.rfind(" => ").or(l.find("!!")).map(|at| l[..at].trim()));
    let corpus: Vec<Vec<&str>> =
        rows.chain(MORE.lines()).filter(|l| !l.is_empty()).map(tokens).collect();
    let mut pool: Vec<&str> = corpus.iter().flatten().copied().collect();
    pool.extend(["true", "false", "2147483648", "-", "~", "0", "3.4e39", "event", "x0", "good"]);
    pool.sort_unstable();
    pool.dedup();
    let mut random = Random::new(1);
    let (mut compiled, mut wrong) = (0, Vec::new());
    for _ in 0..ROUNDS {
        let expression = mutate(&mut random, &corpus, &pool);
        // A definition may be anything, a cut or a weight may not.
        let place = below(&mut random, 20).saturating_sub(8);
        let text = analysis(place, &expression);
        match catch_unwind(AssertUnwindSafe(|| check(&text, &table))) {
            Ok(0) => compiled += 1,
            Ok(_) => {}
            Err(panic) => {
                let said = panic.downcast_ref::<String>().map(String::as_str);
                let said = said.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?");
                wrong.push(format!("place {place}: {expression}\n    {said}"));
            }
        }
    }
    assert!(compiled > ROUNDS / 20, "{compiled} of {ROUNDS} compile: the test says little");
    assert!(wrong.is_empty(), "{} panics:\n{}", wrong.len(), wrong.join("\n"));
}

/// `n` lines, each made of its number and the one before it.
fn chain(n: usize, line: impl Fn(usize, usize) -> String) -> String {
    (0..n).map(|i| line(i, i.saturating_sub(1))).collect()
}

/// Long chains of definitions: compiled, or refused with these words, without
/// an overflow of the stack and without working for ever.
#[test]
fn long_chains() {
    let n = 500;
    let back = |i: usize| n - 1 - i;
    let nested = |f: &str, rest: &str| f.repeat(60) + "MET.pt" + &rest.repeat(60);
    let cases = [
        (
            "forward",
            chain(n, |i, j| {
                format!("  a{i}: {}\n", if i == 0 { "1".into() } else { format!("a{j} + 1") })
            }),
            None,
        ),
        (
            "backward",
            chain(n, |i, _| {
                let value =
                    if back(i) == 0 { "MET.pt".into() } else { format!("a{} + 1", back(i) - 1) };
                format!("  a{}: {value}\n", back(i))
            }),
            None,
        ),
        (
            "filters",
            chain(n, |i, j| {
                let base = if i == 0 { "Jet".into() } else { format!("c{j}") };
                format!("  c{i}: {base}[pt > {i}]\n")
            }),
            None,
        ),
        (
            "filters, backward",
            chain(n, |i, _| {
                let base = if back(i) == 0 { "Jet".into() } else { format!("c{}", back(i) - 1) };
                format!("  c{}: {base}[pt > {i}]\n", back(i))
            }),
            None,
        ),
        (
            "fields, backward",
            chain(n, |i, _| {
                let value =
                    if back(i) == 0 { "pt".into() } else { format!("f{} + 1", back(i) - 1) };
                format!("  Jet.f{}: {value}\n", back(i))
            }),
            None,
        ),
        (
            "functions",
            chain(n, |i, j| {
                let value = if i == 0 { "x".into() } else { format!("f{j}(x) + 1") };
                format!("  f{i}(x): {value}\n")
            }) + "  a: f499(MET.pt)\n",
            Some("too deep"),
        ),
        (
            "functions around filters",
            chain(n, |i, j| {
                let value = if i == 0 {
                    "x.pt > 3".into()
                } else {
                    format!("any(Jet[k => dr(k, x) < 0.4 and f{j}(k)])")
                };
                format!("  f{i}(x): {value}\n")
            }) + "  a: Muon[m => f499(m)]\n",
            Some("too deep"),
        ),
        (
            "doubling functions",
            chain(40, |i, j| {
                let value = if i == 0 { "x".into() } else { format!("f{j}(x) + f{j}(x + 1)") };
                format!("  f{i}(x): {value}\n")
            }) + "  a: f39(MET.pt)\n",
            Some("times"),
        ),
        ("circle", chain(n, |i, _| format!("  a{i}: a{} + 1\n", (i + 1) % n)), Some("itself")),
        (
            "circle of fields",
            chain(n, |i, _| format!("  Jet.a{i}: a{} + 1\n", (i + 1) % n)),
            Some(""),
        ),
        ("min of min", format!("  a: {}\n", nested("min(", ", 1)")), None),
        ("if in if", format!("  a: {}\n", nested("if MET.pt > 3 then 1 else (", ")")), None),
    ];
    let table = table();
    for (name, lines, refused) in cases {
        let text = format!("define:\n{lines}");
        let analysis = config::parse(&text).unwrap_or_else(|d| panic!("{name}: {:?}", d[0]));
        match (lang::check::compile(&analysis, &text, &table.schema()), refused) {
            (Ok(_), None) => {}
            (Err(d), Some(words)) if d.len() == 1 && d[0].message.contains(words) => {}
            (found, _) => panic!("{name}: {:?}", found.map(|c| c.regions)),
        }
    }
}
