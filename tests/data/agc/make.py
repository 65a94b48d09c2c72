"""Makes the skims of this folder: of each file of an AGC input list the events that any variation
could select, with the columns that the analysis reads.

    python make.py INPUTS.json         needs uproot

`nevts` in the new inputs.json stays that of the whole files, so that histograms stay what they are.
"""
import json
import pathlib
import sys

import awkward as ak
import numpy as np
import uproot

COLUMNS = {
    "Jet": ["pt", "eta", "phi", "mass", "btagCSVV2", "jetId"],
    "Muon": ["pt", "eta", "tightId", "sip3d", "pfRelIso04_all"],
    "Electron": ["pt", "eta", "cutBased", "sip3d"],
}


def skim(source, target):
    tree = uproot.open(source)["Events"]
    data = {c: ak.zip({f: tree[f"{c}_{f}"].array() for f in fields}) for c, fields in COLUMNS.items()}
    e, m, j = data["Electron"], data["Muon"], data["Jet"]
    electrons = (e.pt > 30) & (abs(e.eta) < 2.1) & (e.cutBased == 4) & (e.sip3d < 4)
    muons = (m.pt > 30) & (abs(m.eta) < 2.1) & m.tightId & (m.sip3d < 4) & (m.pfRelIso04_all < 0.15)
    # pt_res varies by at most a factor of 1.2.
    jets = (j.pt > 25) & (abs(j.eta) < 2.4) & (j.jetId == 6)
    keep = (ak.sum(electrons, axis=1) + ak.sum(muons, axis=1) == 1) & (ak.sum(jets, axis=1) >= 4)
    with uproot.recreate(target, compression=uproot.ZLIB(9)) as file:
        kept = {c: a[keep] for c, a in data.items()}
        file.mktree("Events", {c: a.type.content for c, a in kept.items()}).extend(kept)
    return int(np.sum(keep))


def main():
    source = pathlib.Path(sys.argv[1])
    folder = pathlib.Path(__file__).parent
    inputs = json.loads(source.read_text())
    for variations in inputs.values():
        for variation in variations.values():
            for file in variation["files"]:
                print(file["path"], skim(source.parent / file["path"], folder / file["path"]))
    (folder / "inputs.json").write_text(json.dumps(inputs, indent=1) + "\n")


main()
