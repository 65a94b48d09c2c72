"""Writes directories.root: trees in directories, beside empty directories and a chain.

    python make_directories.py         needs PyROOT

`plots` and `outer/inner` were made and nothing was put into them; `twice` was written with 3 and
then with 4 events, and both were kept; `files` is a TChain.
"""
import array

import ROOT


def tree(name, events):
    tree, value = ROOT.TTree(name, name), array.array("f", [0])
    tree.Branch("MET_pt", value, "MET_pt/F")
    for i in range(events):
        value[0] = 10 * i
        tree.Fill()
    tree.Write()


file = ROOT.TFile("directories.root", "RECREATE", "", 505)
tree("Events", 5)
tree("twice", 3)
tree("twice", 4)
file.mkdir("plots")
file.mkdir("outer").mkdir("inner")
file.mkdir("deep").mkdir("down").cd()
tree("Events", 2)
file.cd()
chain = ROOT.TChain("Events")
chain.Add("one.root")
chain.Add("two.root")
chain.Write("files")
file.Close()
print("directories.root")
