//! The pictures' structure: what is said, what is drawn, and that no number
//! in it is none.

use super::*;
use crate::hist::{Contents, FillData, Kind, Origin};
use crate::write::sample;

/// The texts of a picture, in order.
fn texts(svg: &str) -> Vec<&str> {
    let texts = svg.split("<text").skip(1);
    texts.map(|t| t[t.find('>').unwrap() + 1..t.find("</text>").unwrap()].trim()).collect()
}

fn count(svg: &str, tag: &str) -> usize {
    svg.matches(&format!("<{tag} ")).count()
}

fn named(name: &str) -> Histogram {
    sample::histograms().into_iter().find(|h| h.name == name).unwrap()
}

#[test]
fn a_small_histogram_says_and_draws_this() {
    let svg = svg(&named("counts")).unwrap();
    let expected = [
        "0.0 0.5 1.0 1.5 2.0 2.5 3.0 3.5 4.0",
        "0 1 2 3 4 5",
        "MET [GeV]",
        "Entries / 1 GeV",
        "Missing energy",
        "entries 9 \u{b7} mean 2.25 \u{b7} std. dev. 0.96825 \u{b7} underflow 0 \u{b7} \
         overflow 1 \u{b7} NaN 1 \u{b7} missing 2",
    ];
    assert_eq!(texts(&svg).join(" "), expected.join(" "));
    // One area; its outline, four errors, the border, and ticks on both sides:
    // 9 with and 32 without a label in x, 6 in y.
    assert_eq!(count(&svg, "polygon"), 1);
    assert_eq!(count(&svg, "polyline"), 1 + 4 + 1 + 2 * (9 + 32 + 6));
    assert!(svg.starts_with("<svg width=\"800\" height=\"600\" viewBox=\"0 0 800 600\""));
    assert!(svg.ends_with("</svg>\n"));
    // The third of four bins holds 3, of a range of (3 + sqrt 3) 1.12.
    let height = 530.0 - 458.0 * 3.0 / ((3.0 + 3f64.sqrt()) * HEADROOM);
    let outline = svg.split("points=\"").nth(1).unwrap();
    assert!(outline.contains(&format!("432,{height:.2} 602,{height:.2} ")), "{outline}");
}

#[test]
fn every_kind_is_drawn_and_always_alike() {
    for h in sample::histograms() {
        let picture = svg(&h);
        assert_eq!(picture, svg(&h));
        assert_eq!(picture.is_some(), h.axes.len() < 3, "{}", h.name);
        let Some(picture) = picture else { continue };
        assert!(!picture.contains("NaN\"") && !picture.contains("inf"), "{}", h.name);
        let said = texts(&picture);
        let title = if h.title.is_empty() { &h.name } else { &h.title };
        assert!(said.contains(&title.as_str()), "{said:?}");
        assert!(h.axes.iter().all(|a| said.contains(&a.label.as_str())), "{said:?}");
    }
}

#[test]
fn a_map_has_a_rectangle_a_filled_cell() {
    let h = named("plane");
    let inner = (1..=24).flat_map(|i| (1..=4).map(move |j| [i, j]));
    let filled = inner.filter(|c| h.variance(h.cell(c)) != 0.0).count();
    let picture = svg(&h).unwrap();
    // The page and the colour scale beside them.
    assert_eq!(count(&picture, "rect"), 1 + filled + 64);
}

#[test]
fn nothing_and_nonsense_can_be_drawn() {
    let mut h = named("counts");
    h.contents = Contents::Counts(vec![0; 6]);
    h.axes[0].label = "a < b & \"c\"".into();
    let picture = svg(&h).unwrap();
    assert!(texts(&picture).iter().any(|t| t.starts_with("a &lt; b &amp;")), "{picture}");
    h.contents = Contents::Weighted {
        values: vec![0.0, f64::INFINITY, f64::NEG_INFINITY, -2.0, 1.0, 0.0],
        variances: vec![0.0, f64::INFINITY, 1.0, f64::NAN, 1.0, 0.0],
    };
    assert_eq!(count(&svg(&h).unwrap(), "polygon"), 1);
    let axes = named("plane").axes;
    let cells = axes.iter().map(Axis::extent).product();
    let empty = Histogram::new("empty", "", axes, &FillData::new(cells, true));
    assert_eq!(count(&svg(&empty).unwrap(), "rect"), 65);
}

#[test]
fn numbers_are_short() {
    let rows = [
        (0.0, "0"),
        (12.0, "12"),
        (0.1 + 0.2, "0.3"),
        (91.18764, "91.188"),
        (-2.5e-7, "-2.5e-7"),
        (1.23456789e12, "1.2346e12"),
    ];
    for (x, expected) in rows {
        assert_eq!(short(x), expected);
    }
}

/// Histograms of one bin: variation, process, kind, value and variance.
fn of_a_stack(rows: &[(&str, &str, Kind, f64, f64)]) -> Vec<Histogram> {
    let one = |(variation, process, kind, value, variance): &(&str, &str, Kind, f64, f64)| {
        let kind_of_axis = AxisKind::Regular { bins: 1, low: 0.0, high: 2.0 };
        let axis = Axis { kind: kind_of_axis, label: "x [cm]".into() };
        let mut h = Histogram::new("n", "", vec![axis], &FillData::new(3, true));
        h.contents = Contents::Weighted {
            values: vec![0.0, *value, 0.5],
            variances: vec![0.0, *variance, 0.0],
        };
        h.origin = Some(Origin {
            histogram: "h".into(),
            region: "r".into(),
            process: Some((*process).into()),
            variation: (!variation.is_empty()).then(|| (*variation).into()),
            kind: *kind,
        });
        h
    };
    rows.iter().map(one).collect()
}

#[test]
fn a_stack_adds_processes_and_uncertainties() {
    let (mc, data) = (Kind::Simulation, Kind::Data);
    let mut rows = vec![
        ("", "big", mc, 30.0, 5.0),
        ("jes_up", "big", mc, 33.0, 5.0),
        ("jes_down", "big", mc, 29.0, 5.0),
        ("", "small", mc, 10.0, 4.0),
        ("jes_up", "small", mc, 11.0, 4.0),
        ("model", "big", mc, 18.0, 1.0),
        ("up", "other", mc, 99.0, 1.0),
        ("", "run", data, 36.0, 36.0),
    ];
    let stacks = |rows: &[_]| super::stacks(&of_a_stack(rows), Some(59_800.0));
    let [stack] = &stacks(&rows)[..] else { panic!("one stack") };
    assert_eq!(stack.name(), "h_r");
    let layers: Vec<_> = stack.layers.iter().map(|l| (l.process.as_str(), l.values[1])).collect();
    assert_eq!(layers, [("small", 10.0), ("big", 30.0)]);
    // Statistical 9; jes: 4 up, 1 down; the model, in one direction, 12 to both sides.
    let expected = ((9.0f64 + 1.0 + 144.0).sqrt(), (9.0f64 + 16.0 + 144.0).sqrt());
    assert_eq!((stack.total[1], stack.band[1]), (40.0, expected));
    let picture = stack.svg();
    let said = texts(&picture).join("|");
    for text in [
        "|x [cm]|Data / MC|",
        "|Entries / 2 cm|",
        "|h|59.8 fb\u{207b}\u{b9}|r|",
        "|sum: overflow 1|Data: overflow 0.5|",
        "|Data|big|small|stat. \u{2295} syst.",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
    // Data in the panels and in the legend.
    assert_eq!(count(&picture, "circle"), 3);
    assert_eq!(picture, stack.svg());
    // Without data: one combination, or no points and no ratio.
    rows.pop();
    rows.push(("", "sum", Kind::Combination, 1e9, 1.0));
    let picture = stacks(&rows)[0].svg();
    assert!(texts(&picture).join("|").contains("|Ratio|"));
    assert_eq!(count(&picture, "circle"), 2, "the ratio is beyond its panel");
    rows.push(("", "more", Kind::Combination, 1.0, 1.0));
    let picture = stacks(&rows)[0].svg();
    assert_eq!(count(&picture, "circle"), 0);
    assert!(!texts(&picture).contains(&"Ratio"));
    assert!(stacks(&rows[6..]).is_empty(), "no nominal simulation");
    rows[0].3 = f64::NAN;
    assert!(!stacks(&rows)[0].svg().contains("NaN"));
}
