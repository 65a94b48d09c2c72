//! Warnings: what stops no command, but may make a result mean something else
//! than its author thinks. Each has a code, which stays the same so that programs
//! can look for it, and a text for people. `--strict` makes errors of them.

use serde::{Serialize, Serializer};
use std::fmt;

/// Declares the codes: each variant with its name and what it is about.
macro_rules! codes {
    ($($variant:ident $name:literal $about:literal,)*) => {
        /// What a warning is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("`", $name, "`: ", $about, ".")] $variant,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// Its name, as in `run.json`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Code::$variant => $name,)*
                }
            }

            /// What it is about, in a sentence without a full stop.
            pub fn about(self) -> &'static str {
                match self {
                    $(Code::$variant => $about,)*
                }
            }
        }
    };
}

codes! {
    NoRegion "no-region"
        "a histogram or scalar names no region where there are some, and gets all events",
    UnevenBins "uneven-bins"
        "integers are filled into bins that hold different numbers of integers",
    SharedMembers "shared-members"
        "candidates are made of candidates that may have elements in common, and nothing asks",
    AllMissing "all-missing"
        "a histogram has no entry because a value is missing in all, in a variation or nominally",
    NoHistogram "no-histogram"
        "an analysis has regions, but no histogram and no scalar: only cutflows are written",
    Kept "kept"
        "a file of an earlier run was changed since, and is kept among the outputs",
    NotLocked "not-locked"
        "the output folder cannot be locked, so that two commands could write it at a time",
    NotInRoot "not-in-root"
        "a histogram has more than three axes and is not in `histograms.root`",
    NoFileVersion "no-file-version"
        "a server does not tell versions of a file apart, so that a change during the run goes unseen",
    NoEffect "no-effect"
        "no bin of a soft histogram changes with a parameter",
    DerivativeDiffers "derivative-differs"
        "`grad --check` finds differences that are not the derivatives",
    NoBetter "no-better"
        "the values that `optimize` found are no better than the `start` values on held-out events",
}

/// One warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub code: Code,
    /// What was found and what to do, in a sentence without a full stop.
    pub text: String,
    /// Where in the analysis file, from 1, if it comes from a place there.
    pub line: Option<usize>,
}

impl Warning {
    /// A warning that comes from no place in the analysis file.
    pub fn new(code: Code, text: impl Into<String>) -> Warning {
        Warning { code, text: text.into(), line: None }
    }

    /// The same from a line of the analysis file.
    #[must_use]
    pub fn at(self, line: usize) -> Warning {
        Warning { line: Some(line), ..self }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{} [{}]", self.text, self.code.name())
    }
}

/// Warnings, each once, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings(Vec<Warning>);

impl Serialize for Warnings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl Warnings {
    /// Adds a warning, unless it is there.
    pub fn add(&mut self, warning: Warning) {
        if !self.0.contains(&warning) {
            self.0.push(warning);
        }
    }

    /// Adds others.
    pub fn add_all(&mut self, others: &Warnings) {
        others.iter().for_each(|w| self.add(w.clone()));
    }

    /// The warnings.
    pub fn iter(&self) -> std::slice::Iter<'_, Warning> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `[{"code": ..., "text": ..., "line": ...}]`; `line` where there is one.
    pub fn to_json(&self) -> serde_json::Value {
        let object = |w: &Warning| {
            let mut value = serde_json::json!({"code": w.code.name(), "text": w.text});
            if let Some(line) = w.line {
                value["line"] = line.into();
            }
            value
        };
        self.iter().map(object).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Warning, Warnings};

    #[test]
    fn names_are_kebab_case_and_differ() {
        for (i, code) in Code::ALL.iter().enumerate() {
            let name = code.name();
            let letters = name
                .split('-')
                .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()));
            assert!(letters, "{name}");
            assert!(Code::ALL[..i].iter().all(|c| c.name() != name), "{name} is there twice");
            assert!(!code.about().ends_with('.'), "{name}");
        }
    }

    #[test]
    fn all_are_documented() {
        let documented = include_str!("../docs/warnings.md");
        let row = |code: &Code| format!("| `{}` | {} |", code.name(), code.about());
        let rows: Vec<&str> = documented.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(rows, Code::ALL.iter().map(row).collect::<Vec<_>>());
    }

    #[test]
    fn each_is_there_once() {
        let warning = Warning::new(Code::NoEffect, "nothing changes").at(7);
        let mut warnings = Warnings::default();
        let same = Warnings(vec![warning.clone(), Warning::new(Code::NoEffect, "other")]);
        warnings.add(warning);
        warnings.add_all(&same);
        let shown: Vec<String> = warnings.iter().map(Warning::to_string).collect();
        assert_eq!(shown, ["line 7: nothing changes [no-effect]", "other [no-effect]"]);
        assert_eq!(
            warnings.to_json().to_string(),
            r#"[{"code":"no-effect","text":"nothing changes","line":7},{"code":"no-effect","text":"other"}]"#
        );
    }
}
