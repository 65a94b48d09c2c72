//! What `gpuana` alone shows: where to start.

use super::fail::Result;
use super::stdout;

const TEXT: &str = "
  From NanoAOD files to histograms and cutflows, on a CPU or a GPU, with the same bits.

  gpuana inspect FILE.root       what a file holds
  gpuana check ANALYSIS.yaml     types against the files; reads no events
  gpuana run ANALYSIS.yaml       histograms, cutflows, pictures
  gpuana explain ANALYSIS.yaml   what is computed; --event N: why did it fail?
  gpuana grad ANALYSIS.yaml      derivatives of soft histograms; scan and optimize use them
  gpuana devices                 GPUs that can be used

  A first analysis, muons.yaml:

    input:
      files: [FILE.root]
    define:
      pair: pairs(Muon)[charge == 0].max_by(pt)
    regions:
      dimuon:
        - two muons: count(Muon) >= 2
        - opposite charge: exists(pair)
    histograms:
      mass:
        value: pair.mass
        bins: [100, 0, 200]
        regions: [dimuon]

  gpuana COMMAND --help shows each command's options, with an example.
";

/// Prints the first screen.
pub(crate) fn show() -> Result {
    let style = stdout::stdout_style();
    let title = style.bold(&format!("gpuana {}", env!("CARGO_PKG_VERSION")));
    stdout::print(&format!("{title}\n{TEXT}"))?;
    Ok(())
}
