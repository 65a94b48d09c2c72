//! Objectives against another program's values and gradients
//! (`tests/data/soft/objectives.json`), from the same bins and Jacobians.

use gpuana::objective::{Bins, Valued, sigma_mu, significance};
use gpuana::syntax::{Uncertainty, Variance};
use serde::Deserialize;

#[derive(Deserialize)]
struct Oracle {
    points: Vec<Point>,
    fisher: Vec<Fisher>,
}

#[derive(Deserialize)]
struct Point {
    s: Vec<f64>,
    b: Vec<f64>,
    b_sumw2_w2p2: Vec<f64>,
    jac_s: Vec<Vec<f64>>,
    jac_b: Vec<Vec<f64>>,
    jac_b_sumw2_w2p2: Vec<Vec<f64>>,
    dloss_ds: Vec<f64>,
    dloss_db: Vec<f64>,
    loss: f64,
    grad: Vec<f64>,
    loss_with_sigma_b: f64,
    grad_with_sigma_b: Vec<f64>,
}

#[derive(Deserialize)]
struct Fisher {
    point: usize,
    s: Vec<f64>,
    b: Vec<f64>,
    db_dalpha: Vec<f64>,
    d2b_dalpha_dparams: Vec<Vec<f64>>,
    sigma_mu: f64,
    grad_sigma_mu: Vec<f64>,
}

fn oracle() -> Oracle {
    let text = include_str!("../data/soft/objectives.json");
    serde_json::from_str(text).expect("the values can be parsed")
}

fn bins(values: &[f64], jacobian: &[Vec<f64>]) -> Bins {
    Bins {
        values: values.to_vec(),
        variances: vec![0.0; values.len()],
        jacobian: jacobian.to_vec(),
        variance_jacobian: Vec::new(),
        second: Vec::new(),
    }
}

/// Both are in double precision; sums of some ten terms.
fn close(found: &[f64], wanted: &[f64], what: &str) {
    let largest = wanted.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    assert_eq!(found.len(), wanted.len());
    for (a, b) in found.iter().zip(wanted) {
        assert!((a - b).abs() <= 1e-11 * largest, "{what}: {found:?} {wanted:?}");
    }
}

/// The loss of the other program is minus the significance.
fn loss(valued: &Valued) -> (f64, Vec<f64>) {
    (-valued.value, valued.gradient.iter().map(|g| -g).collect())
}

#[test]
fn significances() {
    for point in oracle().points {
        let signal = bins(&point.s, &point.jac_s);
        let mut background = bins(&point.b, &point.jac_b);
        let plain = loss(&significance(&signal, &background, Uncertainty::default()));
        close(&[plain.0], &[point.loss], "loss");
        close(&plain.1, &point.grad, "gradient");
        background.variances = point.b_sumw2_w2p2;
        background.variance_jacobian = point.jac_b_sumw2_w2p2;
        let statistical = Uncertainty { statistical: Some(Variance::Whole), fraction: 0.0 };
        let with = loss(&significance(&signal, &background, statistical));
        close(&[with.0], &[point.loss_with_sigma_b], "loss with an uncertainty");
        close(&with.1, &point.grad_with_sigma_b, "gradient with an uncertainty");
    }
}

/// By each bin's content, as if it were a parameter.
#[test]
fn cotangents() {
    for point in oracle().points {
        let size = point.s.len();
        let unit = |offset: usize, k: usize| -> Vec<f64> {
            (0..2 * size).map(|i| f64::from(u8::from(i == offset + k))).collect()
        };
        let rows = |offset| (0..size).map(|k| unit(offset, k)).collect::<Vec<_>>();
        let (s, b) = (bins(&point.s, &rows(0)), bins(&point.b, &rows(size)));
        let (_, gradient) = loss(&significance(&s, &b, Uncertainty::default()));
        close(&gradient[..size], &point.dloss_ds, "by the signal");
        close(&gradient[size..], &point.dloss_db, "by the background");
    }
}

/// A relative uncertainty is a variance that grows with the background.
#[test]
fn relative_uncertainties() {
    let point = oracle().points.swap_remove(0);
    let signal = bins(&point.s, &point.jac_s);
    let mut background = bins(&point.b, &point.jac_b);
    let relative = Uncertainty { statistical: None, fraction: 0.2 };
    let found = significance(&signal, &background, relative);
    background.variances = point.b.iter().map(|b| 0.04 * b * b).collect();
    let scaled = |(b, row): (&f64, &Vec<f64>)| row.iter().map(|d| 0.08 * b * d).collect();
    background.variance_jacobian = point.b.iter().zip(&point.jac_b).map(scaled).collect();
    let statistical = Uncertainty { statistical: Some(Variance::Whole), fraction: 0.0 };
    let wanted = significance(&signal, &background, statistical);
    close(&[found.value], &[wanted.value], "value");
    close(&found.gradient, &wanted.gradient, "gradient");
}

/// The nuisance is one more parameter, at the end.
#[test]
fn standard_deviations_of_the_strength() {
    let oracle = oracle();
    for fisher in &oracle.fisher {
        let point = &oracle.points[fisher.point];
        let more = |rows: &[Vec<f64>], by: &[f64]| -> Vec<Vec<f64>> {
            rows.iter().zip(by).map(|(row, d)| [&row[..], &[*d]].concat()).collect()
        };
        let none = vec![0.0; fisher.s.len()];
        let signal = bins(&fisher.s, &more(&point.jac_s, &none));
        let background = bins(&fisher.b, &more(&point.jac_b, &fisher.db_dalpha));
        let priors = [None, None, None, None, None, Some(1.0)];
        let second = vec![more(&fisher.d2b_dalpha_dparams, &none)];
        let (sigma, valued) = sigma_mu(&signal, &background, &priors, Some(&second));
        close(&[sigma], &[fisher.sigma_mu], "sigma");
        close(&valued.expect("a gradient").gradient[..5], &fisher.grad_sigma_mu, "gradient");
        let (same, none) = sigma_mu(&signal, &background, &priors, None);
        assert_eq!((same, none), (sigma, None), "without second derivatives");
    }
}

#[test]
fn nothing_to_measure() {
    let none = bins(&[0.0, 0.0], &[vec![1.0], vec![0.0]]);
    let zero = significance(&none, &none, Uncertainty::default());
    assert_eq!(zero, Valued { value: 0.0, gradient: vec![0.0] });
    let some = bins(&[3.0, 1.0], &[vec![1.0], vec![0.0]]);
    assert_eq!(significance(&none, &some, Uncertainty::default()).gradient, [0.0]);
    assert_eq!(sigma_mu(&none, &some, &[None], None).0, f64::INFINITY);
    // A nuisance without an end that looks like the signal.
    let shift = bins(&[3.0, 1.0], &[vec![3.0], vec![1.0]]);
    let flat = bins(&[3.0, 1.0], &[vec![0.0], vec![0.0]]);
    assert_eq!(sigma_mu(&shift, &flat, &[Some(1e12)], None).0, f64::INFINITY);
}
