//! Where an optimisation starts, and what varies in it.

use super::error::usage;
use crate::error::Result;
use crate::syntax::{Analysis, Slope};

/// A parameter that varies between the ends of its range.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Its position among the parameters.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// The lower end of its range.
    pub low: f64,
    /// The upper end of its range.
    pub high: f64,
}

/// The parameters of these names; if there are none all with a range, but for
/// nuisances, which have a prior, and slopes, which are no cuts.
pub fn variables(analysis: &Analysis, names: &[String]) -> Result<Vec<Variable>> {
    let all = &analysis.parameters;
    let mut found = Vec::new();
    for name in names {
        found.push(index_of(analysis, name)?);
    }
    if names.is_empty() {
        let is_slope = |k: usize| all.iter().any(|p| p.slope == Some(Slope::Parameter(k)));
        let varies = |k: &usize| all[*k].range.is_some() && all[*k].prior.is_none();
        found.extend((0..all.len()).filter(varies).filter(|k| !is_slope(*k)));
    }
    if found.is_empty() {
        return Err(usage(
            "no parameter can vary: give those that shall a `range: [low, high]` in the analysis",
        ));
    }
    let variable = |k: usize| match all[k].range {
        Some([low, high]) => Ok(Variable { index: k, name: all[k].name.name.clone(), low, high }),
        None => Err(usage(format!(
            "the parameter `{0}` has no range: give it one in the analysis, \
             `{0}: {{start: {1}, range: [low, high]}}`",
            all[k].name.name, all[k].value
        ))),
    };
    found.into_iter().map(variable).collect()
}

/// The position of a parameter.
pub fn index_of(analysis: &Analysis, name: &str) -> Result<usize> {
    let all = &analysis.parameters;
    all.iter().position(|p| p.name.name == name).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|p| p.name.name.as_str()).collect();
        usage(format!("there is no parameter `{name}`: there are {}", names.join(", ")))
    })
}

/// The values of all parameters at each start; the nominal ones if there is none.
pub fn starts(
    texts: &[String],
    nominal: &[f64],
    variables: &[Variable],
    analysis: &Analysis,
) -> Result<Vec<Vec<f64>>> {
    if texts.is_empty() {
        return Ok(vec![nominal.to_vec()]);
    }
    texts.iter().map(|text| start(text, nominal, variables, analysis)).collect()
}

fn start(
    text: &str,
    nominal: &[f64],
    variables: &[Variable],
    analysis: &Analysis,
) -> Result<Vec<f64>> {
    let mut values = nominal.to_vec();
    match text {
        "nominal" => {}
        "low" => variables.iter().for_each(|v| values[v.index] = v.low),
        "high" => variables.iter().for_each(|v| values[v.index] = v.high),
        _ => {
            for part in text.split(',') {
                let number = part.split_once('=').and_then(|(name, number)| {
                    Some((name.trim(), number.trim().parse::<f64>().ok()?))
                });
                let (name, number) = number.ok_or_else(|| {
                    usage(format!("--start `{part}`: the form is NAME=VALUE, nominal, low or high"))
                })?;
                let index = index_of(analysis, name)?;
                // Also says what is wrong with the value.
                analysis.clone().set_parameter(name, number)?;
                values[index] = number;
            }
        }
    }
    Ok(values)
}

/// From values to parts of the ranges.
pub fn to_unit(variables: &[Variable], values: &[f64]) -> Vec<f64> {
    let part = |v: &Variable| ((values[v.index] - v.low) / (v.high - v.low)).clamp(0.0, 1.0);
    variables.iter().map(part).collect()
}

/// From parts of the ranges to values; the other parameters stay.
pub fn from_unit(variables: &[Variable], unit: &[f64], others: &[f64]) -> Vec<f64> {
    let mut values = others.to_vec();
    for (v, x) in variables.iter().zip(unit) {
        values[v.index] = (v.low + (v.high - v.low) * x).clamp(v.low, v.high);
    }
    values
}
