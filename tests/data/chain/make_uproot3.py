# Makes `uproot3.root`, three events by uproot 3.14 (`pip install uproot3 'numpy<1.24'`).
import awkward0, numpy as np, uproot3

lists = lambda values, dtype: awkward0.fromiter(values).astype(dtype)
branch = lambda dtype, size: uproot3.newbranch(np.dtype(dtype), size=size)
with uproot3.recreate("uproot3.root") as f:
    f["Events"] = uproot3.newtree({"MET_pt": "float32", "PV_npvs": "int32", "Jet_pt": branch("f4", "nJet"),
                                   "Jet_nConstituents": branch("i4", "nJet"), "Muon_charge": branch("i4", "nMuon")})
    f["Events"].extend({"MET_pt": np.array([10, 30, 250], np.float32), "PV_npvs": np.array([5, 15, 61], np.int32),
                        "Jet_pt": lists([[25, 45], [], [100]], np.float32), "nJet": np.array([2, 0, 1]),
                        "Jet_nConstituents": lists([[7, 8], [], [70]], np.int32),
                        "Muon_charge": lists([[1], [-1, -1], []], np.int32), "nMuon": np.array([1, 2, 0])})
