//! The section `parameters`: numbers that an analysis depends on smoothly.

use super::read::{Reader, get, keys};
use super::soft::{is_bandwidth, too_wide};
use super::tree::{Node, NodeKind, Scalar};
use crate::bins::Soft;
use crate::diag::{Diagnostic, nearest};
use crate::error::{Error, ErrorKind, Result};
use crate::lang::lex;
use crate::syntax::{Analysis, Ident, MOST_PARAMETERS, Parameter, Slope};

/// All parameters, in file order.
pub(super) fn parameters(reader: &mut Reader<'_>, node: &Node) -> Vec<Parameter> {
    let wanted = "a mapping of names to `start`, `range`, `prior` and `slope`";
    let entries = reader.entries(node, "`parameters`", wanted).unwrap_or_default();
    if let Some((key, _)) = entries.get(MOST_PARAMETERS) {
        let message =
            format!("{} parameters: at most {MOST_PARAMETERS} are allowed", entries.len());
        reader.report(Diagnostic::new(key.span, message));
    }
    let mut parameters = Vec::new();
    let mut slopes = Vec::new();
    for (key, node) in entries {
        if let Some((parameter, slope)) = parameter(reader, key, node) {
            parameters.push(parameter);
            slopes.push(slope);
        }
    }
    for (k, slope) in slopes.into_iter().enumerate() {
        parameters[k].slope = slope.and_then(|text| self::slope(reader, &text, &parameters));
    }
    parameters
}

/// `second: [[alpha, width], ...]`: pairs of parameters, by position.
pub(super) fn second(
    reader: &mut Reader<'_>,
    node: &Node,
    parameters: &[Parameter],
) -> Vec<[usize; 2]> {
    const WANTED: &str = "a list of pairs of parameters, as `[[alpha, width], [alpha, alpha]]`";
    let items = reader.items(node, "`second`", WANTED).unwrap_or_default();
    let mut pairs = Vec::new();
    for item in items {
        let NodeKind::List(names) = &item.kind else {
            reader.wrong(item, "an item of `second`", "a pair of parameters, as `[alpha, width]`");
            continue;
        };
        let [_, _] = &names[..] else {
            let message = format!("an item of `second` has {} names, not 2", names.len());
            let error = Diagnostic::new(item.span, message);
            reader.report(error.help("a second derivative is by two parameters, or twice by one"));
            continue;
        };
        let found: Vec<usize> =
            names.iter().filter_map(|name| position(reader, name, parameters)).collect();
        match found[..] {
            [a, b] if !pairs.contains(&[a, b]) => pairs.push([a, b]),
            _ => {}
        }
    }
    pairs
}

/// The position of a parameter that is named.
fn position(reader: &mut Reader<'_>, node: &Node, parameters: &[Parameter]) -> Option<usize> {
    let Ident { name, span } = reader.text(node, "a parameter")?;
    let found = parameters.iter().position(|p| p.name.name == name);
    if found.is_none() {
        let names = || parameters.iter().map(|p| p.name.name.as_str());
        let mut error = Diagnostic::new(span, format!("there is no parameter `{name}`"));
        if let Some(near) = nearest(&name, names()) {
            error = error.help(format!("did you mean `{near}`?"));
        }
        reader.report(match parameters.len() {
            0 => error.help("there are none: the section `parameters` names them"),
            _ => error.help(format!("the parameters: {}", names().collect::<Vec<_>>().join(", "))),
        });
    }
    found
}

/// A number above 0, or the name of a parameter.
fn slope(reader: &mut Reader<'_>, text: &Ident, parameters: &[Parameter]) -> Option<Slope> {
    if let Some(k) = parameters.iter().position(|p| p.name.name == text.name) {
        return Some(Slope::Parameter(k));
    }
    let number = text.name.parse().ok().filter(|x: &f64| *x > 0.0 && (*x as f32).is_finite());
    if number.is_none() {
        let message = format!("a slope is a number above 0 or a parameter, not `{}`", text.name);
        let help = "the form is `slope: 0.2`, in 1 / the unit of what is compared";
        reader.report(Diagnostic::new(text.span, message).help(help));
    }
    number.map(Slope::Fixed)
}

/// One parameter, and its slope as written.
fn parameter(
    reader: &mut Reader<'_>,
    key: &Scalar,
    node: &Node,
) -> Option<(Parameter, Option<Ident>)> {
    let name = reader.name(key, "a parameter");
    if !is_word(&name.name) {
        let message = format!("`{}` cannot be the name of a parameter", lex::shorten(&name.name));
        let help = "expressions use it: letters, digits and `_`, not a digit first";
        reader.report(Diagnostic::new(key.span, message).help(help));
        return None;
    }
    let what = format!("the parameter `{}`", key.text);
    let entries = reader.entries(node, &what, "a mapping, for example `{start: 30}`")?;
    let known = reader.keys(keys(entries), &what, &["start", "range", "prior", "slope"]);
    let range = match get(entries, "range") {
        None => None,
        Some(node) => Some(range(reader, node)?),
    };
    let prior = match get(entries, "prior") {
        None => None,
        Some(node) => Some((reader.number(node, "`prior`")?, node)),
    };
    if let Some((_, node)) = prior.filter(|(prior, _)| *prior <= 0.0) {
        let error = Diagnostic::new(node.span, "`prior` is a standard deviation, which is above 0");
        reader.report(error);
        return None;
    }
    let Some(start) = get(entries, "start") else {
        if known {
            let error = Diagnostic::new(key.span, format!("{what} has no `start`"));
            reader.report(error.help("give the value that it has, for example `start: 30`"));
        }
        return None;
    };
    let value = reader.number(start, "`start`")?;
    if (value as f32).is_infinite() {
        let message = format!("`start` is {value:e}, too large for single precision");
        reader.report(Diagnostic::new(start.span, message).help("the largest number is 3.4e38"));
        return None;
    }
    if let Some([low, high]) = range.filter(|[low, high]| !(*low..=*high).contains(&value)) {
        let message = format!("`start` is {value}, outside the range from {low} to {high}");
        reader.report(Diagnostic::new(start.span, message));
        return None;
    }
    let slope = get(entries, "slope").and_then(|node| reader.text(node, "`slope`"));
    let prior = prior.map(|(prior, _)| prior);
    Some((Parameter { name, value, range, prior, slope: None }, slope))
}

/// Whether expressions can use a name.
fn is_word(name: &str) -> bool {
    let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    name.bytes().all(inside) && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn range(reader: &mut Reader<'_>, node: &Node) -> Option<[f64; 2]> {
    let items = reader.items(node, "`range`", "a list `[low, high]`")?;
    let [low, high] = items else {
        let message = format!("`range` has {} values; it needs two", items.len());
        reader.report(Diagnostic::new(node.span, message).help("the form is `range: [low, high]`"));
        return None;
    };
    let low = reader.number(low, "the low end")?;
    let high = reader.number(high, "the high end")?;
    if low >= high {
        let message = format!("the low end {low} is not below the high end {high}");
        reader.report(Diagnostic::new(node.span, message));
        return None;
    }
    Some([low, high])
}

impl Analysis {
    /// Gives a parameter another value than the one it starts at.
    ///
    /// # Errors
    /// There is no such parameter, or it cannot have this value.
    pub fn set_parameter(&mut self, name: &str, value: f64) -> Result<()> {
        let usage = |message: String| Error::new(ErrorKind::Usage, message);
        let names = || self.parameters.iter().map(|p| p.name.name.as_str()).collect::<Vec<_>>();
        let Some(index) = self.parameters.iter().position(|p| p.name.name == name) else {
            let known = match names().join(", ") {
                none if none.is_empty() => "the analysis has none".to_owned(),
                some => format!("there are {some}"),
            };
            return Err(usage(format!("there is no parameter `{name}`: {known}")));
        };
        if let Some([low, high]) = self.parameters[index].range
            && !(low..=high).contains(&value)
        {
            let message = format!("{name} = {value} is outside its range from {low} to {high}");
            return Err(usage(message));
        }
        if !value.is_finite() || (value as f32).is_infinite() {
            return Err(usage(format!("{name} = {value} is no number that can be computed with")));
        }
        let softs = self.histograms.iter_mut().flat_map(|h| h.soft.iter_mut().zip(&h.axes));
        for (soft, axis) in softs.filter(|(s, _)| s.parameter == Some(index)) {
            if !is_bandwidth(value) {
                return Err(usage(format!("{name} = {value} is a bandwidth: it must be above 0")));
            }
            let wanted = Soft { bandwidth: value, ..*soft };
            if let Some(most) = too_wide(&axis.kind, &wanted) {
                return Err(usage(format!(
                    "{name} = {value} is a bandwidth too wide for `flow: renorm`: at most {most}"
                )));
            }
            *soft = wanted;
        }
        self.parameters[index].value = value;
        Ok(())
    }
}
