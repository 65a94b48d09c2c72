"""Writes central.root: the five trees of a NanoAOD file as CMSSW's output module writes them.

    python make_central.py             needs PyROOT, a C++ compiler, and what digest.py needs

Also writes central.digest, in which a split collection is called as gpuana calls it.
`MetaData` and `ParameterSets` hold objects with members of class std::string, which nothing else of
the file needs. The classes are those of CMSSW by name and by their members' types.
"""
import array
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import ROOT
import xxhash

CLASSES = """
#include <map>
#include <string>
#include <utility>
#include <vector>
namespace edm {
template <int I> struct Hash { std::string hash_; };
struct HardwareResourcesDescription {
    std::string microarchitecture; std::vector<std::string> cpuModels; std::vector<std::string> gpuModels;
};
struct ProcessConfiguration {
    std::string processName_; Hash<1> parameterSetID_; std::string releaseVersion_;
    HardwareResourcesDescription hardwareResources_;
};
struct ProcessHistory { std::vector<ProcessConfiguration> data_; std::map<std::string, int> places_; };
struct ParameterSetBlob { std::string pset_; };
}
#ifdef __CLING__
#pragma link C++ class edm::Hash<1>+;
#pragma link C++ class edm::HardwareResourcesDescription+;
#pragma link C++ class edm::ProcessConfiguration+;
#pragma link C++ class std::vector<edm::ProcessConfiguration>+;
#pragma link C++ class edm::ProcessHistory+;
#pragma link C++ class std::vector<edm::ProcessHistory>+;
#pragma link C++ class edm::ParameterSetBlob+;
#pragma link C++ class std::pair<edm::Hash<1>, edm::ParameterSetBlob>+;
#endif
"""
EVENTS, MOST = 40, 4


def events(file):
    tree = ROOT.TTree("Events", "Events")
    tree.SetAutoFlush(15)
    numbers = {"run": "I", "luminosityBlock": "I", "event": "L", "genWeight": "f", "nMuon": "i"}
    kinds = {"I": "i", "L": "l", "f": "F", "i": "I"}
    one = {name: array.array(kind, [0]) for name, kind in numbers.items()}
    for name, kind in numbers.items():
        tree.Branch(name, one[name], f"{name}/{kinds[kind]}")
    pt, charge = array.array("f", [0] * MOST), array.array("i", [0] * MOST)
    fired = array.array("b", [0])
    tree.Branch("Muon_pt", pt, "Muon_pt[nMuon]/F")
    tree.Branch("Muon_charge", charge, "Muon_charge[nMuon]/I")
    tree.Branch("HLT_IsoMu24", fired, "HLT_IsoMu24/O")
    for i in range(EVENTS):
        one["run"][0], one["luminosityBlock"][0], one["event"][0] = 1, 1 + i // 20, 1000 + i
        one["genWeight"][0], one["nMuon"][0] = (-1) ** i * 0.5, i % (MOST + 1)
        for k in range(i % (MOST + 1)):
            pt[k], charge[k] = 10 * k + i / 8, (-1) ** (i + k)
        fired[0] = i % 3 == 0
        tree.Fill()
    tree.Write()


def blocks_and_runs(file):
    blocks, runs = ROOT.TTree("LuminosityBlocks", "LuminosityBlocks"), ROOT.TTree("Runs", "Runs")
    run, block = array.array("I", [1]), array.array("I", [0])
    count, sum_of_weights = array.array("l", [EVENTS]), array.array("d", [0.25 * EVENTS])
    scales, n = array.array("d", [1, 0.5, 2]), array.array("I", [3])
    for tree in (blocks, runs):
        tree.Branch("run", run, "run/i")
    blocks.Branch("luminosityBlock", block, "luminosityBlock/i")
    runs.Branch("genEventCount", count, "genEventCount/L")
    runs.Branch("genEventSumw", sum_of_weights, "genEventSumw/D")
    runs.Branch("nLHEScaleSumw", n, "nLHEScaleSumw/i")
    runs.Branch("LHEScaleSumw", scales, "LHEScaleSumw[nLHEScaleSumw]/D")
    for block[0] in (1, 2):
        blocks.Fill()
    runs.Fill()
    blocks.Write()
    runs.Write()


def provenance(file):
    history = ROOT.std.vector("edm::ProcessHistory")(1)
    process = ROOT.edm.ProcessConfiguration()
    process.processName_, process.releaseVersion_ = "NANO", "CMSSW_13_0_13"
    process.parameterSetID_.hash_ = "0" * 16
    process.hardwareResources_.cpuModels.push_back("a processor")
    history[0].data_.push_back(process)
    history[0].places_["NANO"] = 0
    metadata = ROOT.TTree("MetaData", "MetaData")
    metadata.Branch("ProcessHistory", history)
    metadata.Fill()
    metadata.Write()
    blob = ROOT.std.pair("edm::Hash<1>", "edm::ParameterSetBlob")()
    sets = ROOT.TTree("ParameterSets", "ParameterSets")
    sets.Branch("IdToParameterSetsBlobs", blob)
    for i in range(3):
        blob.first.hash_, blob.second.pset_ = str(i) * 16, "(@module_type=string(Producer))"
        sets.Fill()
    sets.Write()


def digest():
    subprocess.run([sys.executable, "digest.py", "central.root"], check=True)
    path = Path("central.digest")
    one = xxhash.xxh64_intdigest(np.array([1], "<i4").tobytes())
    rows = path.read_text().replace("ProcessHistory\t-\t-\t-\t-\t-", f"nProcessHistory\tint32\t1\t1\t{one:016x}\t-")
    path.write_text(rows.replace("ProcessHistory.", "ProcessHistory_"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "classes.h"
        source.write_text(CLASSES)
        if not ROOT.gSystem.CompileMacro(f"{source}", "k"):
            raise SystemExit("the classes do not compile")
        file = ROOT.TFile("central.root", "RECREATE", "", 209)
        ROOT.TObjString("untagged").Write("tag")
        events(file)
        blocks_and_runs(file)
        provenance(file)
        file.Close()
    digest()
