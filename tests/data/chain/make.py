# Makes `v15.root` (20 events of a NanoAOD v15 file, by uproot) and `reference.json`: the histograms of
# `tests/program/versions`'s chain of files, of each file, by uproot, awkward, pyarrow and numpy.
#
#   python make.py V15.root      # coffea's test file nano_tt_v15.root, to make v15.root anew
#   python make.py               # the reference only
#
# `empty.root` has a tree `Events` without events and branches, by ROOT:
#   f = ROOT.TFile("empty.root", "RECREATE"); t = ROOT.TTree("Events", "E"); t.Write()
#   and a tree `Runs` with a branch genEventSumw that holds 30; `some.root` has five events with a
#   branch MET_pt (0, 10, ..., 40), and in `Runs` 10.
import json, os, sys
import awkward as ak, numpy as np, pyarrow.feather, pyarrow.parquet, uproot

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.dirname(HERE)
BRANCHES = ["PuppiMET_pt", "PV_npvs", "HLT_IsoMu24", "Jet_pt", "Jet_nConstituents", "Muon_charge", "Tau_pt"]
FILES = ["nano_dy.root", "nanoaod_2015.root", "nano_tt_v12.root", "../../examples/data/Run2012B_SingleMu_1000.root",
         "nano_dy_rntuple.root", "nanoaod_2015_rntuple.root", "adl_flat.parquet", "adl_records.parquet",
         "adl_records.arrow", "chain/v15.root", "chain/uproot3.root",
         "chain/empty.root"]

def make(path):
    events = uproot.open(path)["Events"].arrays(BRANCHES, entry_stop=20)
    columns = {}
    for name in BRANCHES:
        collection, _, field = name.partition("_")
        if events[name].ndim == 1:
            columns[name] = ak.to_numpy(events[name])
        else:
            columns.setdefault(collection, {})[field] = events[name]
    columns = {k: ak.zip(v) if isinstance(v, dict) else v for k, v in columns.items()}
    types = {k: v.type.content if isinstance(v, ak.Array) else v.dtype for k, v in columns.items()}
    with uproot.recreate(os.path.join(HERE, "v15.root"), compression=uproot.ZSTD(5)) as f:
        f.mktree("Events", types)
        f["Events"].extend(columns)

class File:
    """Columns by NanoAOD's names, or None."""
    def __init__(self, name):
        path = os.path.join(DATA, name)
        if name.endswith(".root"):
            self.tree = uproot.open(path)["Events"]
            self.events = self.tree.num_entries
            self.names = set(self.tree.keys())
        else:
            table = pyarrow.parquet.read_table(path) if name.endswith("parquet") else pyarrow.feather.read_table(path)
            self.table = ak.from_arrow(table)
            self.events = len(self.table)
            self.tree, self.names = None, set(ak.fields(self.table))
    def get(self, name):
        if self.tree is not None:
            return self.tree[name].array() if name in self.names else None
        collection, _, field = name.partition("_")
        if name in self.names:
            return self.table[name]
        if collection in self.names and field in ak.fields(self.table[collection]):
            return self.table[collection][field]
        return None

def binned(values, n, low, high):
    values = np.asarray(values, dtype=np.float64)
    edges = low + np.arange(n + 1) * (high - low) / n
    place = np.searchsorted(edges, values, side="right")
    return np.bincount(place, minlength=n + 2).tolist()

def histograms(file):
    n = file.events
    def scalar(name, default):
        found = file.get(name)
        return np.full(n, default) if found is None else ak.to_numpy(ak.fill_none(found, 0))
    def lists(name, default=None, like=None):
        found = file.get(name)
        if found is not None:
            return found
        if default is None or like is None:
            return ak.Array([[]] * n)
        return ak.values_astype(ak.zeros_like(like), np.int64) + default
    if n == 0:
        return {name: binned([], *bins) for name, bins in BINS.items()}
    jets, taus = lists("Jet_pt"), lists("Tau_pt")
    flat = lambda x: ak.to_numpy(ak.flatten(x)) if len(ak.flatten(x)) else np.array([])
    values = {
        "met": scalar("MET_pt", 12.5),
        "vertices": scalar("PV_npvs", 0),
        "jets": ak.to_numpy(ak.num(jets)),
        "jet_pt": flat(jets),
        "constituents": flat(lists("Jet_nConstituents", 12, jets)),
        "pileup": flat(lists("Jet_puId", 3, jets)).astype(np.int64),
        "charge": ak.to_numpy(ak.sum(lists("Muon_charge"), axis=1)),
        "taus": ak.to_numpy(ak.num(taus)),
        "tau_pt": flat(taus),
        "met_isolated": scalar("MET_pt", 12.5)[scalar("HLT_IsoMu24", False).astype(bool)],
    }
    return {name: binned(values[name], *bins) for name, bins in BINS.items()}

BINS = {"met": (10, 0, 200), "vertices": (10, 0, 60), "jets": (12, 0, 12), "jet_pt": (12, 0, 240), "constituents": (10, 0, 60),
        "pileup": (8, 0, 8), "charge": (7, -3, 4), "taus": (5, 0, 5), "tau_pt": (10, 0, 100), "met_isolated": (10, 0, 200)}

if __name__ == "__main__":
    if len(sys.argv) > 1:
        make(sys.argv[1])
    out = {name: {"events": File(name).events, "histograms": histograms(File(name))} for name in FILES}
    lines = [f'"{name}": ' + json.dumps(value, separators=(",", ":")) for name, value in out.items()]
    with open(os.path.join(HERE, "reference.json"), "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")
