//! Jacobians of other programs in double precision.

use super::events::{Case, Tally, column, gradient, jacobian, table, values};
use crate::support::Table;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How many cases there are to one that a software GPU computes.
const SOFTHIST: usize = 12;
const MANY: usize = 8;
const FEW: usize = 4;

/// A pair's mass of some hundred GeV is rounded by up to 1.5e-5 GeV, which a kernel of
/// 6 GeV sees: already the exact mass rounded to single precision gives 3.3e-7 here,
/// and 5.3e-7 for squares; ours has roundings of its own. Everything behind the mass is
/// within `SINGLE`: see `soft_cuts_of_given_masses`.
const SINGLE_MASSES: Case = Case::SINGLE.within(7e-7, 1e-6);

#[derive(Deserialize)]
pub(crate) struct Histograms {
    pub(crate) cases: Vec<Histogram>,
}

#[derive(Deserialize)]
pub(crate) struct Histogram {
    pub(crate) name: String,
    kernel: String,
    pub(crate) flow: String,
    bandwidth: f64,
    edges: Vec<f64>,
    x: Vec<f64>,
    w: Vec<f64>,
    sumw: Vec<f64>,
    jac_bandwidth: Vec<f64>,
}

fn each(values: &[f64]) -> Vec<Vec<f64>> {
    values.iter().map(|v| vec![*v]).collect()
}

impl Histograms {
    pub(crate) fn read() -> Histograms {
        let text = include_str!("../../data/soft/softhist.json");
        serde_json::from_str(text).expect("the cases can be parsed")
    }
}

impl Histogram {
    /// By the bandwidth `h`, with the events.
    pub(crate) fn analysis(&self) -> (String, Table) {
        let columns =
            vec![("x", column(None, &each(&self.x))), ("w", column(None, &each(&self.w)))];
        let text = format!(
            "parameters:\n  h: {{start: {:?}}}\nhistograms:\n  soft:\n    value: x\n    weight: w\n    \
             edges: {:?}\n    soft: {{kernel: {}, bandwidth: h, flow: {}, mode: all-bin}}\n",
            self.bandwidth,
            self.edges,
            self.kernel.trim_end_matches("_centers"),
            self.flow
        );
        (text, table(columns))
    }
}

#[test]
fn bandwidths() {
    let cases = Histograms::read();
    for case in Case::SINGLE.and_others() {
        let mut tally = Tally::new(case);
        for (i, h) in cases.cases.iter().enumerate() {
            // No window reaches there.
            let beyond = case.windowed && h.name == "gauss_far_tail";
            if beyond || !tally.takes(i, SOFTHIST) {
                continue;
            }
            let (text, events) = h.analysis();
            let found = gradient(&text, &events, &[], case).swap_remove(0);
            let inside = if h.flow == "bins" { 0..h.edges.len() + 1 } else { 1..h.edges.len() };
            let contents: Vec<f64> = inside.clone().map(|c| found.histogram.value(c)).collect();
            // Relative to exp(-30) and below, see `tests/library/soft.rs`.
            if h.name != "gauss_far_tail" {
                tally.values(&h.name, &contents, &h.sumw);
            }
            let slopes: Vec<f64> = found.jacobian[inside].iter().map(|row| row[0]).collect();
            tally.jacobian(&h.name, &each(&slopes), &each(&h.jac_bandwidth));
        }
        tally.done("softhist");
    }
}

#[derive(Deserialize)]
struct Significance {
    edges: Vec<f64>,
    floor: f64,
    signal: BTreeMap<String, Vec<f64>>,
    background: BTreeMap<String, Vec<f64>>,
    points: Vec<Point>,
}

#[derive(Deserialize)]
struct Point {
    params: BTreeMap<String, f64>,
    s: Vec<f64>,
    b: Vec<f64>,
    b_sumw2_w2p2: Vec<f64>,
    jac_s: Vec<Vec<f64>>,
    jac_b: Vec<Vec<f64>>,
}

#[test]
fn significance() {
    let oracle: Significance =
        serde_json::from_str(include_str!("../../data/soft/significance.json")).expect("JSON");
    let text = format!(
        "parameters:\n  T_u: {{start: 0}}\n  T_v: {{start: 0}}\n  slope_u: {{start: 1}}\n  \
         slope_v: {{start: 1}}\n  bandwidth: {{start: 1}}\n\
         define:\n  pass: sigmoid(slope_u * (u - T_u)) * sigmoid(slope_v * (v - T_v))\n\
         histograms:\n  h:\n    value: x\n    weight: w * pass\n    edges: {:?}\n    \
         soft: {{bandwidth: bandwidth, mode: all-bin}}\n",
        oracle.edges
    );
    let events = |of: &BTreeMap<String, Vec<f64>>| -> Table {
        table(of.iter().map(|(name, v)| (name.as_str(), column(None, &each(v)))).collect())
    };
    let (signal, background) = (events(&oracle.signal), events(&oracle.background));
    for case in Case::SINGLE.and_others() {
        let mut tally = Tally::new(case);
        for (i, point) in oracle.points.iter().enumerate() {
            if !tally.takes(i, FEW) {
                continue;
            }
            let set: Vec<(&str, f64)> =
                point.params.iter().map(|(k, v)| (k.as_str(), *v)).collect();
            for (what, events, wanted, rows) in
                [("s", &signal, &point.s, &point.jac_s), ("b", &background, &point.b, &point.jac_b)]
            {
                let what = format!("{what} at point {i}");
                let found = gradient(&text, events, &set, case).swap_remove(0);
                let contents: Vec<f64> = values(&found).iter().map(|v| v + oracle.floor).collect();
                tally.values(&what, &contents, wanted);
                tally.jacobian(&what, jacobian(&found), rows);
                if what.starts_with('b') {
                    tally.squares(&what, &found, &point.b_sumw2_w2p2);
                }
            }
        }
        tally.done("significance");
    }
}

#[derive(Deserialize)]
pub(crate) struct Jets {
    pub(crate) edges: Vec<f64>,
    bandwidth: f64,
    constants: BTreeMap<String, f64>,
    jets: BTreeMap<String, Vec<Vec<f64>>>,
    weights: Vec<f64>,
    pub(crate) dijet: Vec<Dijet>,
    pub(crate) softcut: Vec<Softcut>,
    softselect: Softselect,
    softcount: Softcount,
}

#[derive(Deserialize)]
pub(crate) struct Dijet {
    pub(crate) form: String,
    pub(crate) alpha: Vec<f64>,
    #[serde(flatten)]
    wanted: Wanted,
}

#[derive(Deserialize)]
struct Wanted {
    sumw: Vec<f64>,
    jac: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
pub(crate) struct Softcut {
    pub(crate) params: BTreeMap<String, f64>,
    one_cut: Wanted,
    two_cuts: Wanted,
    one_cut_below: Wanted,
    w2p2: Vec<f64>,
}

#[derive(Deserialize)]
struct Softselect {
    m0: f64,
    edges: Vec<f64>,
    results: Vec<Selected>,
}

#[derive(Deserialize)]
struct Selected {
    params: BTreeMap<String, f64>,
    #[serde(flatten)]
    wanted: Wanted,
}

#[derive(Deserialize)]
struct Softcount {
    n_min: u32,
    results: Vec<Counted>,
}

#[derive(Deserialize)]
struct Counted {
    params: BTreeMap<String, f64>,
    sum_soft_count: f64,
    sum_weight: f64,
    jac: Vec<Vec<f64>>,
}

impl Jets {
    pub(crate) fn read() -> Jets {
        serde_json::from_str(include_str!("../../data/soft/jets.json")).expect("JSON")
    }

    /// The events with at least this many jets.
    pub(crate) fn events(&self, least: usize) -> Table {
        let kept: Vec<usize> =
            (0..self.weights.len()).filter(|i| self.jets["pt"][*i].len() >= least).collect();
        let names = ["Jet_pt", "Jet_eta", "Jet_phi", "Jet_mass"];
        let of = |name: &str| -> Vec<Vec<f64>> {
            kept.iter().map(|i| self.jets[&name[4..]][*i].clone()).collect()
        };
        let weights: Vec<f64> = kept.iter().map(|i| self.weights[*i]).collect();
        let mut columns = vec![("w", column(None, &each(&weights)))];
        columns.extend(names.map(|name| (name, column(Some("nJet"), &of(name)))));
        table(columns)
    }

    /// Of the events with two jets the momenta of these, scaled, and their mass, as single
    /// precision has them.
    fn leading(&self, scale: f64) -> Table {
        let mut columns = [const { Vec::new() }; 4];
        for (i, weight) in self.weights.iter().enumerate() {
            let of = |name: &str| &self.jets[name][i];
            if of("pt").len() < 2 {
                continue;
            }
            let p4 = |k: usize| {
                let (pt, eta, phi, mass) =
                    (scale * of("pt")[k], of("eta")[k], of("phi")[k], of("mass")[k]);
                let p = [pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()];
                let energy = ((pt * eta.cosh()).powi(2) + mass * mass.abs()).sqrt();
                [energy, p[0], p[1], p[2]]
            };
            let (a, b) = (p4(0), p4(1));
            let squares: f64 = (1..4).map(|k| (a[k] + b[k]).powi(2)).sum();
            let mass = ((a[0] + b[0]).powi(2) - squares).max(0.0).sqrt();
            let numbers = [*weight, scale * of("pt")[0], scale * of("pt")[1], mass];
            let kept = columns.iter_mut().zip(numbers);
            kept.for_each(|(column, x)| column.push(vec![f64::from(x as f32)]));
        }
        let names = ["w", "lead", "sub", "mjj"];
        table(names.into_iter().zip(&columns).map(|(name, x)| (name, column(None, x))).collect())
    }

    /// The masses of the two leading jets, by parameters `a`, maybe `b`, and `h`, and
    /// the values of the first two.
    pub(crate) fn dijet_analysis(&self, result: &Dijet) -> (String, Vec<(&'static str, f64)>) {
        let (c0, c1) = (self.constants["c0"], self.constants["c1"]);
        let by_pt = format!("({c0} + {c1} / sqrt(Jet.pt))");
        let changed = match result.form.as_str() {
            "scale_pt" | "scale_p4" => "Jet.pt * (1 + a)".to_owned(),
            "shift25" => "Jet.pt + 25 * a".to_owned(),
            "ptdep" => format!("Jet.pt * (1 + a * {by_pt})"),
            _ => format!("Jet.pt * (1 + a) * (1 + b * {by_pt})"),
        };
        let mass = match result.form.as_str() {
            "scale_p4" => "    Jet.mass:\n      a: Jet.mass * (1 + a)\n",
            _ => "",
        };
        let second = if result.alpha.len() > 1 { "  b: {start: 0}\n" } else { "" };
        let text = format!(
            "parameters:\n  a: {{start: 0}}\n{second}  h: {{start: {:?}}}\n\
             vary:\n  jes:\n    Jet.pt:\n      a: {changed}\n{mass}\
             histograms:\n  mjj:\n    value: pairs(Jet)[0].mass\n    edges: {:?}\n    \
             soft: {{bandwidth: h, mode: all-bin}}\n",
            self.bandwidth, self.edges
        );
        let set: Vec<(&'static str, f64)> =
            ["a", "b"].into_iter().zip(result.alpha.clone()).collect();
        (text, set)
    }
}

#[test]
fn dijet() {
    let jets = Jets::read();
    let events = jets.events(2);
    for case in Case::SINGLE.and_others() {
        let mut tally = Tally::new(case);
        for (i, result) in jets.dijet.iter().enumerate() {
            if !tally.takes(i, MANY) {
                continue;
            }
            let (text, set) = jets.dijet_analysis(result);
            let found = gradient(&text, &events, &set, case).swap_remove(1);
            assert_eq!(found.histogram.name, "mjj_jes_a");
            let what = format!("{} at {:?}", result.form, result.alpha);
            tally.values(&what, &values(&found), &result.wanted.sumw);
            tally.jacobian(&what, jacobian(&found), &result.wanted.jac);
        }
        tally.done("dijet");
    }
}

/// Two factors that soften cuts, and as the second histogram of the variation the
/// masses weighted by both.
pub(crate) fn two_cuts(edges: &[f64]) -> String {
    format!(
        "parameters:\n  threshold_lead: {{start: 0}}\n  threshold_sub: {{start: 0}}\n  \
         slope: {{start: 1}}\n  alpha: {{start: 0}}\n  bandwidth: {{start: 1}}\n\
         vary:\n  jes:\n    Jet.pt:\n      a: Jet.pt * (1 + alpha)\n\
         define:\n  lead: sigmoid(slope * (Jet[0].pt - threshold_lead))\n  \
         sub: sigmoid(slope * (Jet[1].pt - threshold_sub))\n  mjj: pairs(Jet)[0].mass\n\
         histograms:\n{}",
        entry("two_cuts", "w * lead * sub", edges)
    )
}

#[test]
fn soft_cuts() {
    let jets = Jets::read();
    let events = jets.events(2);
    let text = format!(
        "parameters:\n  threshold_lead: {{start: 0}}\n  threshold_sub: {{start: 0}}\n  \
         slope: {{start: 1}}\n  alpha: {{start: 0}}\n  bandwidth: {{start: 1}}\n\
         vary:\n  jes:\n    Jet.pt:\n      a: Jet.pt * (1 + alpha)\n\
         define:\n  lead: sigmoid(slope * (Jet[0].pt - threshold_lead))\n  \
         sub: sigmoid(slope * (Jet[1].pt - threshold_sub))\n  \
         below: sigmoid(slope * (threshold_lead - Jet[0].pt))\n  mjj: pairs(Jet)[0].mass\n\
         histograms:\n{}{}{}",
        entry("one_cut", "w * lead", &jets.edges),
        entry("two_cuts", "w * lead * sub", &jets.edges),
        entry("below", "w * below", &jets.edges)
    );
    // The same as cuts with slopes.
    let cuts = format!(
        "parameters:\n  threshold_lead: {{start: 0, slope: slope}}\n  \
         threshold_sub: {{start: 0, slope: slope}}\n  \
         slope: {{start: 1}}\n  alpha: {{start: 0}}\n  bandwidth: {{start: 1}}\n\
         vary:\n  jes:\n    Jet.pt:\n      a: Jet.pt * (1 + alpha)\n\
         define:\n  mjj: pairs(Jet)[0].mass\n  hard_lead: Jet[0].pt > threshold_lead\n\
         regions:\n  one:\n    - lead: hard_lead\n  two:\n    - one\n    \
         - sub: threshold_sub < Jet[1].pt\n  below:\n    - not lead: not hard_lead\n\
         histograms:\n{}    regions: [one, two, below]\n",
        entry("mjj", "w", &jets.edges)
    );
    for case in SINGLE_MASSES.and_others() {
        let mut tally = Tally::new(case);
        for (i, result) in jets.softcut.iter().enumerate() {
            if !tally.takes(i, FEW) {
                continue;
            }
            let set: Vec<(&str, f64)> =
                result.params.iter().map(|(k, v)| (k.as_str(), *v)).collect();
            let found = gradient(&text, &events, &set, case);
            let wanted = [&result.one_cut, &result.two_cuts, &result.one_cut_below];
            for (found, wanted) in found[3..].iter().zip(wanted) {
                let what = format!("{} at {:?}", found.histogram.name, result.params);
                tally.values(&what, &values(found), &wanted.sumw);
                tally.jacobian(&what, jacobian(found), &wanted.jac);
            }
            let by_cuts = gradient(&cuts, &events, &set, case);
            for (found, wanted) in by_cuts[3..].iter().zip(wanted) {
                let what = format!("{} at {:?}", found.histogram.name, result.params);
                tally.values(&what, &values(found), &wanted.sumw);
                tally.jacobian(&what, jacobian(found), &wanted.jac);
            }
            tally.squares(&format!("two_cuts at {:?}", result.params), &found[4], &result.w2p2);
        }
        tally.done("softcut");
    }
}

/// The same from masses that single precision has, so that double precision gets the
/// same ones: what is left is what soft cuts and fills do.
#[test]
fn soft_cuts_of_given_masses() {
    let jets = Jets::read();
    let text = format!(
        "parameters:\n  threshold_lead: {{start: 0}}\n  threshold_sub: {{start: 0}}\n  \
         slope: {{start: 1}}\n  bandwidth: {{start: 1}}\n\
         define:\n  pass: sigmoid(slope * (lead - threshold_lead)) * \
         sigmoid(slope * (sub - threshold_sub))\n\
         histograms:\n{}",
        entry("two_cuts", "w * pass", &jets.edges)
    );
    let mut tally = Tally::new(Case::SINGLE);
    for result in &jets.softcut {
        let set: Vec<(&str, f64)> = result
            .params
            .iter()
            .filter(|(k, _)| *k != "alpha")
            .map(|(k, v)| (&k[..], *v))
            .collect();
        let events = jets.leading(1.0 + result.params["alpha"]);
        let wanted = gradient(&text, &events, &set, Case::DOUBLE).swap_remove(0);
        let found = gradient(&text, &events, &set, Case::SINGLE).swap_remove(0);
        let what = format!("given masses at {:?}", result.params);
        tally.takes(0, 1);
        tally.values(&what, &values(&found), &values(&wanted));
        let squares: Vec<f64> =
            (1..wanted.histogram.cells() - 1).map(|c| wanted.histogram.variance(c)).collect();
        tally.squares(&what, &found, &squares);
        tally.jacobian(&what, jacobian(&found), jacobian(&wanted));
    }
    tally.done("softcut, given masses");
}

fn entry(name: &str, weight: &str, edges: &[f64]) -> String {
    format!(
        "  {name}:\n    value: mjj\n    weight: {weight}\n    edges: {edges:?}\n    \
         soft: {{bandwidth: bandwidth, mode: all-bin}}\n"
    )
}

#[test]
fn soft_selection_and_soft_counts() {
    let jets = Jets::read();
    let events = jets.events(3);
    let select = format!(
        "parameters:\n  alpha: {{start: 0}}\n  tau: {{start: 1}}\n  bandwidth: {{start: 1}}\n\
         vary:\n  jes:\n    Jet.pt:\n      a: Jet.pt * (1 + alpha)\n\
         define:\n  near(m): -0.5 * ((m - {:?}) / tau) ** 2\n  all_pairs: pairs(Jet)\n  \
         nearest_one: max(near(all_pairs.mass))\n  total: sum(exp(near(all_pairs.mass) - nearest_one))\n\
         histograms:\n  m:\n    value: all_pairs.mass\n    \
         weight: exp(near(all_pairs.mass) - nearest_one) / total\n    edges: {:?}\n    \
         soft: {{bandwidth: bandwidth, mode: all-bin}}\n",
        jets.softselect.m0, jets.softselect.edges
    );
    let count = format!(
        "parameters:\n  threshold: {{start: 0}}\n  slope: {{start: 1}}\n  count_slope: {{start: 1}}\n  \
         alpha: {{start: 0}}\n\
         vary:\n  jes:\n    Jet.pt:\n      a: Jet.pt * (1 + alpha)\n\
         define:\n  n: sum(sigmoid(slope * (Jet.pt - threshold)))\n\
         histograms:\n  n:\n    value: n\n    weight: n\n    bins: [1, 0, 1000]\n    \
         soft: {{bandwidth: 1, flow: fold}}\n  many:\n    value: n\n    \
         weight: sigmoid(count_slope * (n - ({} - 0.5)))\n    bins: [1, 0, 1000]\n    \
         soft: {{bandwidth: 1, flow: fold}}\n",
        jets.softcount.n_min
    );
    for case in Case::SINGLE.and_others() {
        let mut tally = Tally::new(case);
        for (i, result) in jets.softselect.results.iter().enumerate() {
            if !tally.takes(i, FEW) {
                continue;
            }
            let set: Vec<(&str, f64)> =
                result.params.iter().map(|(k, v)| (k.as_str(), *v)).collect();
            let found = gradient(&select, &events, &set, case).swap_remove(1);
            let what = format!("softselect at {:?}", result.params);
            tally.values(&what, &values(&found), &result.wanted.sumw);
            tally.jacobian(&what, jacobian(&found), &result.wanted.jac);
        }
        for (i, result) in jets.softcount.results.iter().enumerate() {
            if !tally.takes(i, FEW) {
                continue;
            }
            let set: Vec<(&str, f64)> =
                result.params.iter().map(|(k, v)| (k.as_str(), *v)).collect();
            let found = gradient(&count, &events, &set, case);
            let wanted = [result.sum_soft_count, result.sum_weight];
            for ((found, wanted), row) in found[2..].iter().zip(wanted).zip(&result.jac) {
                let what = format!("{} at {:?}", found.histogram.name, result.params);
                tally.values(&what, &values(found), &[wanted]);
                // All derivatives of one number are an array of the reference.
                tally.jacobian(&what, &each(&jacobian(found)[0]), &each(row));
            }
        }
        tally.done("softselect, softcount");
    }
}
