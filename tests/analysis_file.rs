//! A good analysis file survives parsing, and no change of it makes the parser panic.

use gpuana::{config, diag};

const GOOD: &str = include_str!("data/analyses/all_sections.yaml");

#[test]
fn all_sections() {
    let analysis = match config::parse(GOOD) {
        Ok(analysis) => analysis,
        Err(diagnostics) => panic!("{}", diag::render(&diagnostics, "all", GOOD, false)),
    };
    assert_eq!(analysis.defines.len(), 7);
    assert_eq!(analysis.regions.len(), 3);
    assert_eq!(analysis.histograms.len(), 3);
}
