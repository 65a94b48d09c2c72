//! Standard output that may be a terminal, a file or a closed pipe.

use gpuana::report::text_table::Style;
use std::io::{self, IsTerminal, Write};

/// Writes all of `text` to standard output.
///
/// # Errors
/// As the system says; a closed pipe among them, which is no failure.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// The style of text on standard output.
pub(crate) fn stdout_style() -> Style {
    style(io::stdout().is_terminal())
}

/// The style of text on standard error.
pub(crate) fn stderr_style() -> Style {
    style(io::stderr().is_terminal())
}

/// Colours on a terminal, unless `NO_COLOR` has any value
/// (<https://no-color.org>) or the terminal is dumb.
fn style(terminal: bool) -> Style {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
    if terminal && !set("NO_COLOR") && !dumb { Style::COLOUR } else { Style::PLAIN }
}
