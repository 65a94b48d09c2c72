//! Names of outputs: templates such as `{region}_{process}[_{variation}]`.

/// What stands for what in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Names<'a> {
    /// `{name}`: the histogram.
    pub name: &'a str,
    /// `{region}`.
    pub region: &'a str,
    /// `{sample}`; `None` leaves it as it is.
    pub sample: Option<&'a str>,
    /// `{process}`; `None` leaves it as it is.
    pub process: Option<&'a str>,
    /// `{variation}`; `None` is `nominal`.
    pub variation: Option<&'a str>,
}

/// The output name that a template says. What stands in `[...]` is left out
/// where there is no variation; a variation for which there is no place comes
/// at the end, behind `_`.
pub fn render(template: &str, names: &Names<'_>) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((inside, behind)) = after.split_once(']') else { break };
        text.push_str(before);
        if names.variation.is_some() {
            text.push_str(inside);
        }
        rest = behind;
    }
    text.push_str(rest);
    if names.variation.is_some() && !text.contains("{variation}") {
        text.push_str("_{variation}");
    }
    let values = [
        ("{name}", Some(names.name)),
        ("{region}", Some(names.region)),
        ("{sample}", names.sample),
        ("{process}", names.process),
        ("{variation}", Some(names.variation.unwrap_or("nominal"))),
    ];
    for (key, value) in values {
        if let Some(value) = value {
            text = text.replace(key, value);
        }
    }
    text
}

/// Whether a text can name a region or a histogram: it becomes part of the
/// names of outputs.
pub fn is_output_name(text: &str) -> bool {
    let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    text.bytes().all(inside) && text.bytes().next().is_some_and(|b| !matches!(b, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        let nominal = Names {
            name: "ht",
            region: "4j1b",
            sample: Some("tt_up"),
            process: Some("tt"),
            variation: None,
        };
        let varied = Names { variation: Some("jes_up"), ..nominal };
        let table = [
            ("{name}", "ht", "ht_jes_up"),
            ("{region}_{process}", "4j1b_tt", "4j1b_tt_jes_up"),
            ("{region}_{process}[_{variation}]", "4j1b_tt", "4j1b_tt_jes_up"),
            ("[{variation}.]{name}", "ht", "jes_up.ht"),
            ("{sample}-{variation}", "tt_up-nominal", "tt_up-jes_up"),
            ("a[b", "a[b", "a[b_jes_up"),
        ];
        for (template, first, second) in table {
            assert_eq!(render(template, &nominal), first);
            assert_eq!(render(template, &varied), second);
        }
        let none = Names { sample: None, process: None, ..nominal };
        assert_eq!(render("{process}{sample}", &none), "{process}{sample}");
    }
}
