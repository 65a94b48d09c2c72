"""Writes unclosed.root: a tree of 300 events whose writer dies, saved at 100 and at 220 of them.

    python make_unclosed.py             needs PyROOT
"""
import array
import os

import ROOT

file = ROOT.TFile("unclosed.root", "RECREATE", "", 505)
tree = ROOT.TTree("Events", "saved twice")
count, values = array.array("i", [0]), array.array("f", [0] * 5)
tree.Branch("nX", count, "nX/I")
tree.Branch("X_pt", values, "X_pt[nX]/F")
tree.SetAutoFlush(40)
tree.SetAutoSave(0)
for event in range(300):
    count[0] = event % 5
    for k in range(count[0]):
        values[k] = event + k / 8
    tree.Fill()
    if event in (99, 219):
        tree.AutoSave()
file.Flush()
print("unclosed.root")
os._exit(0)  # without closing
