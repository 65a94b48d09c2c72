//! A good analysis file keeps its places, and no change of it makes parsing
//! or rendering panic.

use gpuana::bins::AxisKind;
use gpuana::config::parse;
use gpuana::diag::{self, Diagnostic};
use gpuana::syntax::{Analysis, Expr, ExprKind, Ident, Span};

const GOOD: &str = include_str!("../data/analyses/all_sections.yaml");

fn good() -> Analysis {
    match parse(GOOD) {
        Ok(analysis) => analysis,
        Err(diagnostics) => panic!("{}", diag::render(&diagnostics, "all", GOOD, false)),
    }
}

/// The tree is data: names keep their places, and forms have the names of the types.
#[test]
fn the_tree_as_json() {
    let analysis = parse("define: {pairs: 2 * nMuon}\n").expect("it parses");
    let json = serde_json::to_value(&analysis).expect("it has a form");
    assert_eq!(
        json["defines"].to_string(),
        r#"[{"target":{"Name":{"name":"pairs","span":{"start":9,"end":14}}},"value":{"kind":{"Binary":["Mul",{"kind":{"Integer":2},"span":{"start":16,"end":17}},{"kind":{"Name":"nMuon"},"span":{"start":20,"end":25}}]},"span":{"start":16,"end":25}}}]"#
    );
    assert_eq!((&json["histograms"], &json["warnings"]), (&json["samples"], &json["regions"]));
}

#[test]
fn all_sections() {
    let analysis = good();
    let tree = analysis.tree.expect("the file names a tree");
    assert_eq!((tree.name.as_str(), &GOOD[tree.span.start..tree.span.end]), ("Events", "Events"));
    let regions: Vec<String> = analysis
        .regions
        .iter()
        .map(|r| {
            let from = r.from.as_ref().map_or("-", |f| f.name.as_str());
            let labels: Vec<&str> = r.cuts.iter().map(|c| c.label.name.as_str()).collect();
            format!("{} {from} {labels:?} {}", r.name.name, !r.weight.is_empty())
        })
        .collect();
    assert_eq!(
        regions,
        [
            r#"dimuon - ["opposite-charge pair"] false"#,
            r#"trilep dimuon ["three leptons", "Z candidate"] false"#,
            r#"4j2b dimuon ["jets: four", "two lines"] true"#,
        ]
    );
    let axes: Vec<String> = analysis
        .histograms
        .iter()
        .flat_map(|h| h.axes.iter().map(move |axis| (h, axis)))
        .map(|(h, axis)| format!("{} {:?} {:?}", h.name.name, axis.label, axis.unit))
        .collect();
    assert_eq!(
        axes,
        [
            r#"met Some("MET.pt") Some("GeV")"#,
            r#"mt Some("mt(l3, MET)") None"#,
            r#"map Some("mt(l3, MET)") None"#,
            r#"map Some("jets") None"#,
            r#"map Some("exists(z)") None"#,
        ]
    );
    assert_eq!(analysis.histograms[2].axes[1].kind, AxisKind::Integer { low: 0, high: 6 });
    let regions: Vec<&str> =
        analysis.histograms.iter().flat_map(|h| &h.regions).map(|r| r.name.as_str()).collect();
    assert_eq!(regions, ["all", "dimuon", "trilep", "all"]);
}

/// All expressions of an analysis.
fn expressions(analysis: &Analysis) -> Vec<&Expr> {
    let mut all: Vec<&Expr> = analysis.defines.iter().map(|d| &d.value).collect();
    all.extend(analysis.weight.iter().map(|f| &f.value));
    for region in &analysis.regions {
        all.extend(region.cuts.iter().map(|c| &c.condition));
        all.extend(region.weight.iter().map(|f| &f.value));
    }
    for histogram in &analysis.histograms {
        all.extend(histogram.axes.iter().map(|a| &a.value));
        all.extend(histogram.weight.iter().map(|f| &f.value));
    }
    all
}

/// The names and the expressions that an expression consists of.
fn parts(expr: &Expr) -> (Vec<&Ident>, Vec<&Expr>) {
    match &expr.kind {
        ExprKind::Unary(_, a) => (vec![], vec![a]),
        ExprKind::Binary(_, a, b) | ExprKind::Index(a, b) => (vec![], vec![a, b]),
        ExprKind::In { element, of, .. } => (vec![], vec![element, of]),
        ExprKind::If(a, b, c) => (vec![], vec![a, b, c]),
        ExprKind::Compare(all, _) => (vec![], all.iter().collect()),
        ExprKind::Lambda(names, body) => (names.iter().collect(), vec![body]),
        ExprKind::Call(name, all) => (vec![name], all.iter().collect()),
        ExprKind::Method(of, name, all) => {
            (vec![name], std::iter::once(&**of).chain(all).collect())
        }
        ExprKind::Field(of, name) => (vec![name], vec![of]),
        _ => (vec![], vec![]),
    }
}

/// Calls `see` with each part's place and, for a name, the name.
fn walk(expr: &Expr, see: &mut dyn FnMut(Span, Option<&str>)) {
    match &expr.kind {
        ExprKind::Name(name) => see(expr.span, Some(name)),
        _ => see(expr.span, None),
    }
    let (names, inside) = parts(expr);
    names.iter().for_each(|name| see(name.span, Some(&name.name)));
    inside.into_iter().for_each(|part| walk(part, see));
}

/// Names stand where their places say, in plain, quoted, escaped, folded and
/// literal texts, after non-ASCII text and with either line end.
#[test]
fn places() {
    for text in [GOOD.to_owned(), GOOD.replace('\n', "\r\n"), format!("\u{feff}{GOOD}")] {
        let analysis = parse(&text).expect("line ends and a byte order mark change nothing");
        let mut names = 0;
        for expr in expressions(&analysis) {
            walk(expr, &mut |span, name| {
                let found = &text[span.start..span.end];
                if let Some(name) = name {
                    names += 1;
                    assert_eq!(found.replace("\\x6d", "m"), name, "at {span:?}");
                }
            });
        }
        assert_eq!(names, 86);
    }
}

fn check_places(text: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        for span in std::iter::once(diagnostic.span).chain(diagnostic.also.iter().map(|a| a.0)) {
            assert!(
                text.get(span.start..span.end).is_some(),
                "{diagnostic:?} is not within characters of\n{text}"
            );
        }
    }
}

/// A xorshift generator: the same changes in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// What changes put in.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "#",
    " #",
    "!",
    "&a ",
    "*a",
    "\"",
    "'",
    ": ",
    "- ",
    "\n",
    "\t",
    "\r",
    "\r\n",
    ">",
    "|",
    "  ",
    ",",
    "=>",
    "&&",
    "\u{feff}",
    "é",
    "\u{1f600}",
    "\\",
    "%",
    "@",
    "---\n",
    "...\n",
    "? ",
    "<<: ",
    "0x",
    "1e9",
    ".",
    "~",
    "if ",
    "not ",
    "\u{0}",
    "\u{2028}",
    "!!str ",
    "|+2\n",
    ">-\n",
    "\u{85}",
    "if a then ",
];

fn changed(random: &mut Random) -> String {
    let mut text: Vec<char> = GOOD.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(text.len() + 1);
        let end = (at + random.below(12)).min(text.len());
        match random.below(4) {
            0 => drop(text.drain(at..end)),
            1 => {
                let copy: Vec<char> = text[at..end].to_vec();
                let to = random.below(text.len() + 1);
                text.splice(to..to, copy);
            }
            2 => text.truncate(text.len() - random.below(text.len().min(40) + 1)),
            _ => drop(text.splice(at..at, PIECES[random.below(PIECES.len())].chars())),
        }
    }
    text.into_iter().collect()
}

#[test]
fn no_change_panics() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut good, mut wrong) = (0, 0);
    for _ in 0..4000 {
        let text = changed(&mut random);
        match parse(&text) {
            Ok(analysis) => {
                good += 1;
                for expr in expressions(&analysis) {
                    walk(expr, &mut |span, _| {
                        assert!(text.get(span.start..span.end).is_some(), "{span:?} of\n{text}");
                    });
                }
            }
            Err(diagnostics) => {
                wrong += 1;
                assert!(!diagnostics.is_empty());
                check_places(&text, &diagnostics);
                let shown = diag::render(&diagnostics, "changed.yaml", &text, false);
                assert!(shown.starts_with("error: "), "{shown}");
                diag::to_json(&diagnostics, "changed.yaml", &text);
            }
        }
    }
    assert!(good > 100 && wrong > 1000, "{good} good, {wrong} wrong");
}
