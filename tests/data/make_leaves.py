"""Writes leaves_*.root: all leaf types, shapes, codecs and layouts, with ROOT's own writer.

    python make_leaves.py [big]        needs PyROOT; `big` also writes baskets of several blocks

Values are deterministic; the digests are made from the files by digest.py.
"""
import array
import sys

import ROOT

# name, ROOT's leaf code, array code, size
TYPES = [
    ("bool", "O", "B"), ("int8", "B", "b"), ("uint8", "b", "B"), ("int16", "S", "h"),
    ("uint16", "s", "H"), ("int32", "I", "i"), ("uint32", "i", "I"), ("int64", "L", "q"),
    ("uint64", "l", "Q"), ("float32", "F", "f"), ("float64", "D", "d"),
]
MOST = 5


def value(code, i):
    """The i-th value of a column: small and large numbers of both signs, where they fit."""
    mixed = (i * 2654435761 + 12345) & 0xFFFFFFFF
    size = array.array(code).itemsize * 8
    if code in "fd":
        return (mixed / 65536.0 - 20000.0) / 7.0
    if code == "Q":
        return mixed * 1000003
    if code.isupper():
        return mixed & ((1 << min(size, 32)) - 1)
    return (mixed & ((1 << min(size, 32)) - 1)) - (1 << (min(size, 32) - 1))


def fill(tree, entries, counter_code="I", vectors=False, basket=32000):
    """Adds scalar, counted and fixed branches of all types, and fills them."""
    count = array.array({"I": "i", "i": "I", "b": "B"}[counter_code], [0])
    tree.Branch("nX", count, f"nX/{counter_code}")
    buffers = []
    for name, leaf, code in TYPES:
        one, many, fixed = (array.array(code, [0] * n) for n in (1, MOST, 3))
        tree.Branch(f"s_{name}", one, f"s_{name}/{leaf}")
        tree.Branch(f"X_{name}", many, f"X_{name}[nX]/{leaf}")
        tree.Branch(f"f_{name}", fixed, f"f_{name}[3]/{leaf}")
        buffers.append((name, code, one, many, fixed))
    vector = ROOT.std.vector("float")()
    if vectors:
        tree.Branch("v_float32", vector)
        pair = array.array("f", [0, 0])
        tree.Branch("pair", pair, "a/F:b/F")
        text, packed = array.array("b", b"text\0"), array.array("d", [0])
        tree.Branch("text", text, "text/C")
        tree.Branch("packed", packed, "packed/d[0,1,16]")
        track = ROOT.TVector3(1, 2, 3)
        tree.Branch("split", track)
    tree.SetBasketSize("*", basket)
    for entry in range(entries):
        count[0] = (entry * 7) % (MOST + 1)
        for name, code, one, many, fixed in buffers:
            for j, into in ((0, one), (1, many), (2, fixed)):
                for k in range(len(into)):
                    v = value(code, entry * 31 + j * 7 + k)
                    into[k] = v & 1 if name == "bool" else v
        if vectors:
            vector.clear()
            for k in range(count[0]):
                vector.push_back(k)
        tree.Fill()


def write(path, setting, entries, auto_flush, counter="I", flags=0, directory=None, cycles=1,
          vectors=False, basket=32000):
    ROOT.gErrorIgnoreLevel = ROOT.kError
    file = ROOT.TFile(path, "RECREATE", "", setting)
    at = file.mkdir(directory) if directory else file
    at.cd()
    for cycle in range(cycles):
        tree = ROOT.TTree("Events", "all leaf types")
        tree.SetAutoFlush(auto_flush)
        if flags:
            features = ROOT.TIOFeatures()
            features.Set("kGenerateOffsetMap")
            tree.SetIOFeatures(features)
        fill(tree, entries + cycle, counter, vectors, basket)
        at.WriteTObject(tree, "Events")
    file.Close()
    print(path)


def write_ntuple(path):
    options = ROOT.RDF.RSnapshotOptions()
    options.fOutputFormat = ROOT.RDF.ESnapshotOutputFormat.kRNTuple
    frame = ROOT.RDataFrame(10).Define("x", "(float)rdfentry_")
    frame.Snapshot("Events", path, ["x"], options)


if __name__ == "__main__":
    write("leaves_zlib.root", 101, 60, 25, vectors=True)        # two clusters, embedded tail
    write("leaves_lzma.root", 205, 60, 20, counter="i")         # everything flushed
    write("leaves_lz4.root", 404, 60, 20, counter="b", directory="nested/deeper")
    write("leaves_zstd.root", 505, 60, 20, flags=1)             # offsets not stored
    write("leaves_none.root", 0, 60, 25, cycles=2)              # not compressed, two cycles
    write("leaves_tail.root", 101, 40, 0)                       # only embedded baskets
    write_ntuple("ntuple.root")
    if "big" in sys.argv:
        file = ROOT.TFile("blocks.root", "RECREATE", "", 101)
        tree = ROOT.TTree("Events", "baskets of more than 16 MiB")
        tree.SetAutoFlush(0)
        n, x = array.array("i", [0]), array.array("f", [0.0] * 2000)
        tree.Branch("nX", n, "nX/I")
        tree.Branch("X_x", x, "X_x[nX]/F", 60_000_000)
        for entry in range(9000):
            n[0] = 1000 + entry % 1000
            for k in range(0, n[0], 7):
                x[k] = value("f", entry + k)
            tree.Fill()
        tree.FlushBaskets()
        tree.Write()
        file.Close()
