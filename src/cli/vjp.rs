//! `gpuana grad --cotangent`: one gradient for given numbers a cell, for fits that
//! know the derivative of their likelihood by each bin.

use super::stdout;
use gpuana::report::number::grouped;
use gpuana::report::text_table::Table;
use gpuana::session::Bound;
use gpuana::write::vjp::Written;

/// A line a parameter.
pub(super) fn table(bound: &Bound, written: &Written) -> String {
    let mut table = Table::new(["parameter", "value", "gradient"]).left(&[0]);
    for (parameter, d) in bound.analysis().parameters.iter().zip(&written.gradient) {
        let value = format!("{}", parameter.value);
        table.row([parameter.name.name.clone(), value, format!("{d:.6}")]);
    }
    let mut text = table.render(stdout::stdout_style());
    if written.dropped > 0 {
        text += &format!(
            "\n{} entries left out: a derivative is infinite or not a number\n",
            grouped(written.dropped)
        );
    }
    text
}
