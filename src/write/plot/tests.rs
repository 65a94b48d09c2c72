//! The pictures' structure: what is said, what is drawn, and that no number
//! in it is none.

use super::*;
use crate::hist::{Contents, FillData};
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
    let svg = svg(&named("counts")).unwrap().unwrap();
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
    assert!(svg.starts_with("<svg width=\"800\" height=\"600\" viewBox=\"0 0 3200 2400\""));
    assert!(svg.ends_with("</svg>\n"));
    // The third of four bins holds 3, of a range of (3 + sqrt 3) 1.12.
    let height = (530.0 - 458.0 * 3.0 / ((3.0 + 3f64.sqrt()) * HEADROOM)) * 4.0;
    let outline = svg.split("points=\"").nth(1).unwrap();
    assert!(outline.contains(&format!("1728,{height:.0} 2408,{height:.0} ")), "{outline}");
}

#[test]
fn every_kind_is_drawn_and_always_alike() {
    for h in sample::histograms() {
        let picture = svg(&h).unwrap();
        assert_eq!(picture, svg(&h).unwrap());
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
    let picture = svg(&h).unwrap().unwrap();
    // The page and the colour scale beside them.
    assert_eq!(count(&picture, "rect"), 1 + filled + 64);
}

#[test]
fn nothing_and_nonsense_can_be_drawn() {
    let mut h = named("counts");
    h.contents = Contents::Counts(vec![0; 6]);
    h.axes[0].label = "a < b & \"c\"".into();
    let picture = svg(&h).unwrap().unwrap();
    assert!(texts(&picture).iter().any(|t| t.starts_with("a &lt; b &amp;")), "{picture}");
    h.contents = Contents::Weighted {
        values: vec![0.0, f64::INFINITY, f64::NEG_INFINITY, -2.0, 1.0, 0.0],
        variances: vec![0.0, f64::INFINITY, 1.0, f64::NAN, 1.0, 0.0],
    };
    assert_eq!(count(&svg(&h).unwrap().unwrap(), "polygon"), 1);
    let axes = named("plane").axes;
    let cells = axes.iter().map(Axis::extent).product();
    let empty = Histogram::new("empty", "", axes, &FillData::new(cells, true));
    assert_eq!(count(&svg(&empty).unwrap().unwrap(), "rect"), 65);
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
