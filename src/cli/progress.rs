//! A progress bar on standard error, only where someone can see it.

use gpuana::run::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::io::IsTerminal;

/// Events done, events a second, time left.
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar that shows itself only on a terminal, and not if `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Bar { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        Bar { bar: bar.with_style(style()) }
    }
}

fn style() -> ProgressStyle {
    let template = "{bar:30} {percent:>3} %  {human_pos} of {human_len} events  {rate}, {eta} left";
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            let rate = gpuana::report::number::rate(state.pos(), state.elapsed());
            let _ = write!(text, "{rate}");
        })
        .progress_chars("━╸─")
}

impl Progress for Bar {
    fn begin(&mut self, events: u64) {
        self.bar.set_length(events);
        self.bar.reset();
    }

    fn advance(&mut self, events: u64) {
        self.bar.inc(events);
    }

    fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Bar {
    /// A run that fails leaves no half bar behind.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
