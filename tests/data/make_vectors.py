"""Writes vectors_*.root: vectors, vectors of vectors, fixed arrays and rows, with ROOT's own writer.

    python make_vectors.py             needs PyROOT

Values are deterministic; the digests are made from the files by digest.py.
"""
import array

import ROOT

from make_leaves import TYPES, value

# C++ types of `TYPES`, in the same order
CLASSES = [
    "bool", "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned int",
    "Long64_t", "ULong64_t", "float", "double",
]
MOST = 4


def number(name, code, i):
    return value(code, i) & 1 if name == "bool" else value(code, i)


class Columns:
    """The branches of a tree, and what fills them."""

    def __init__(self, tree):
        self.vectors = []
        for (name, _, code), class_name in zip(TYPES, CLASSES):
            vector = ROOT.std.vector(class_name)()
            tree.Branch(f"v_{name}", vector)
            self.vectors.append((name, code, vector))
        # Lengths of their own, and two of one collection
        self.own = [ROOT.std.vector("float")() for _ in range(3)]
        for name, vector in zip(("hits", "Trk_pt", "Trk_eta"), self.own):
            tree.Branch(name, vector)
        self.nested = []
        for name, inner in (("int16", "short"), ("float32", "float"), ("bool", "bool")):
            vector = ROOT.std.vector(f"vector<{inner}>")()
            tree.Branch(f"vv_{name}", vector)
            self.nested.append((name, inner, vector))
        self.deep = ROOT.std.vector("vector<vector<double>>")()
        tree.Branch("vvv_float64", self.deep)
        self.text = ROOT.std.vector("string")()
        tree.Branch("names", self.text)
        self.count = array.array("i", [0])
        self.rows = array.array("f", [0] * (4 * MOST))
        self.matrix = array.array("h", [0] * 6)
        tree.Branch("nP", self.count, "nP/I")
        tree.Branch("P_p4", self.rows, "P_p4[nP][4]/F")
        tree.Branch("matrix", self.matrix, "matrix[2][3]/S")

    def fill(self, entry):
        length = (entry * 3) % (MOST + 1)
        for j, (name, code, vector) in enumerate(self.vectors):
            vector.clear()
            for k in range(length):
                v = number(name, code, entry * 37 + j * 5 + k)
                vector.push_back(chr(v & 127) if name == "int8" else v)
        for j, vector in enumerate(self.own):
            vector.clear()
            for k in range((entry * 3) % 7 if j == 0 else entry % 3):
                vector.push_back(value("f", entry + j + k))
        for name, inner, vector in self.nested:
            vector.clear()
            for k in range(entry % 4):
                one = ROOT.std.vector(inner)()
                for m in range((entry + k) % 3):
                    one.push_back(int(value("h", entry + k + m) % 2 if name == "bool" else entry - 9 * m))
                vector.push_back(one)
        self.deep.clear()
        for k in range(entry % 3):
            two = ROOT.std.vector("vector<double>")()
            for m in range((entry + k) % 3):
                one = ROOT.std.vector("double")()
                for n in range((entry + m) % 4):
                    one.push_back(value("d", entry + k + m + n))
                two.push_back(one)
            self.deep.push_back(two)
        self.text.clear()
        self.text.push_back("text")
        self.count[0] = (entry * 7) % (MOST + 1)
        for k in range(len(self.rows)):
            self.rows[k] = value("f", entry * 11 + k)
        for k in range(len(self.matrix)):
            self.matrix[k] = value("h", entry * 13 + k)


def write(path, setting, entries, auto_flush, flags=0, close=True):
    ROOT.gErrorIgnoreLevel = ROOT.kError
    file = ROOT.TFile(path, "RECREATE", "", setting)
    tree = ROOT.TTree("Events", "vectors")
    tree.SetAutoFlush(auto_flush)
    if flags:
        features = ROOT.TIOFeatures()
        features.Set("kGenerateOffsetMap")
        tree.SetIOFeatures(features)
    columns = Columns(tree)
    for entry in range(entries):
        columns.fill(entry)
        tree.Fill()
    tree.Write()
    file.Close()
    print(path)


def write_unequal(path):
    """Vectors whose names say one collection, and whose lengths do not."""
    file = ROOT.TFile(path, "RECREATE")
    tree = ROOT.TTree("Events", "vectors")
    lengths = {"A_x": (0, 1, 2), "A_y": (0, 1, 1), "B_z": (1, 2, 2)}
    vectors = {name: ROOT.std.vector("float")() for name in lengths}
    for name, vector in vectors.items():
        tree.Branch(name, vector)
    count = array.array("i", [0])
    tree.Branch("nB", count, "nB/I")
    for entry, count[0] in enumerate((1, 1, 2)):
        for name, vector in vectors.items():
            vector.clear()
            for k in range(lengths[name][entry]):
                vector.push_back(k)
        tree.Fill()
    tree.Write()
    file.Close()
    print(path)


if __name__ == "__main__":
    write("vectors_zlib.root", 101, 60, 25)         # two clusters, embedded tail
    write("vectors_zstd.root", 505, 60, 20, flags=1)  # offsets not stored
    write("vectors_none.root", 0, 30, 0)            # only embedded baskets
    write_unequal("vectors_unequal.root")
