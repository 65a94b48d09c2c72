//! What `gpuana grad --check` prints.

use gpuana::report::text_table::{Style, Table};
use gpuana::session::Deviation;

/// A line a parameter: how much the Jacobian and differences differ, of the
/// largest derivative of the histogram where they differ most.
pub(super) fn table(all: &[Deviation], style: Style) -> String {
    let heads = ["parameter", "step", "deviation", "histogram"];
    let mut table = Table::new(heads).left(&[0, 3]);
    for found in all {
        let histogram = found.histogram.as_deref().unwrap_or("-");
        let [step, deviation] = [found.step, found.deviation].map(|x| format!("{x:.1e}"));
        table.row([found.parameter.clone(), step, deviation, histogram.to_owned()]);
    }
    table.render(style)
}
