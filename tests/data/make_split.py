"""Writes split.root: numbers of few bits, and collections split into a branch a member.

    python make_split.py               needs PyROOT, a C++ compiler, numpy and xxhash

Also writes split.digest (digest.py says what is in it) with the values as ROOT reads them: uproot 5.7
reads some of these numbers as if they were not packed.
"""
import array
import tempfile
from pathlib import Path

import numpy as np
import ROOT
import xxhash

from make_leaves import value

# name, ROOT's leaf title; `packed` in leaves_zlib.root is another one
PACKED = [
    ("d_plain", "d"), ("d_range", "d[0,100,16]"), ("d_full", "d[-3,3]"), ("d_pi", "d[-pi,2*pi,20]"),
    ("d_bits", "d[0,0,10]"), ("f_plain", "f"), ("f_range", "f[-100,100,12]"), ("f_bits", "f[0,0,7]"),
    ("f_more", "f[0,0,15]"),
]
MOST = 4
CLASSES = """
#include <vector>
#include "TObject.h"
struct Inner { float x; short y; };
struct Hit {
    bool b; char c; unsigned char uc; short s; unsigned short us; int i; unsigned int ui;
    Long64_t l; ULong64_t ul; float f; double d; float xyz[3]; Inner in;
    std::vector<float> list; Double32_t packed; //[0,10,8]
};
struct Event { int number; std::vector<Inner> inside; };
#ifdef __CLING__
#pragma link C++ class Inner+;
#pragma link C++ class Hit+;
#pragma link C++ class Event+;
#pragma link C++ class std::vector<Inner>+;
#pragma link C++ class std::vector<Hit>+;
#endif
"""


def fill(hit, i):
    """Gives the members of a hit their values."""
    number = lambda code, j: value(code, 31 * i + j)
    hit.b, hit.c, hit.uc = bool(i & 1), chr(i % 128), number("B", 1)
    hit.s, hit.us, hit.i, hit.ui = number("h", 2), number("H", 3), number("i", 4), number("I", 5)
    hit.l, hit.ul, hit.f, hit.d = number("q", 6), number("Q", 7), number("f", 8), number("d", 9)
    for k in range(3):
        hit.xyz[k] = number("f", 10 + k)
    getattr(hit, "in").x, getattr(hit, "in").y = number("f", 14), number("h", 15)
    hit.list.clear()
    hit.packed = i % 11


def write(path, setting, entries, auto_flush):
    file = ROOT.TFile(path, "RECREATE", "", setting)
    tree = ROOT.TTree("Events", "numbers of few bits, split collections")
    tree.SetAutoFlush(auto_flush)
    count = array.array("i", [0])
    tree.Branch("nX", count, "nX/I")
    packed = []
    for name, title in PACKED:
        kind = title[0]
        one, many = array.array(kind, [0]), array.array(kind, [0] * MOST)
        tree.Branch(name, one, f"{name}/{title}")
        tree.Branch(f"X_{name}", many, f"X_{name}[nX]/{title}")
        packed.append((kind, one, many))
    hits, clones, event = ROOT.std.vector("Hit")(), ROOT.TClonesArray("TVector3"), ROOT.Event()
    tree.Branch("hit", hits)
    tree.Branch("clones", clones, 32000, 99)
    tree.Branch("event.", event)
    for entry in range(entries):
        count[0] = (entry * 7) % (MOST + 1)
        for kind, one, many in packed:
            for k, into in [(0, one)] + [(k, many) for k in range(MOST)]:
                into[k] = value("f", entry * 11 + k) % 97 / 10
        hits.clear()
        clones.Clear("C")
        event.number = entry
        event.inside.clear()
        for k in range(entry % 4):
            hit = ROOT.Hit()
            fill(hit, entry * 5 + k)
            hits.push_back(hit)
            clones.ConstructedAt(k).SetXYZ(entry, k, entry - k)
        for k in range(entry % 3):
            inner = ROOT.Inner()
            inner.x, inner.y = value("f", entry + k), entry * k
            event.inside.push_back(inner)
        tree.Fill()
    tree.Write()
    file.Close()
    print(path)


def number(value):
    return ord(value) if isinstance(value, str) else value


# member of a hit, stored type, type in a batch
MEMBERS = [
    ("b", "bool", "u1"), ("c", "int8", "<i4"), ("uc", "uint8", "<i4"), ("s", "int16", "<i4"),
    ("us", "uint16", "<i4"), ("i", "int32", "<i4"), ("ui", "uint32", "<i8"), ("l", "int64", "<i8"),
    ("ul", "uint64", "<i8"), ("f", "float32", "<f4"), ("d", "float64", "<f8"),
]


class Digest:
    """Values of all entries, as they are read one entry after the other."""

    def __init__(self):
        self.rows = {}

    def add(self, name, kind, wide, shape, values):
        row = self.rows.setdefault(name, (kind, wide, shape, [], [0]))
        row[3].extend(number(v) for v in values)
        row[4].append(len(row[3]))

    def entry(self, tree):
        for name, _ in PACKED:
            kind, wide = ("float64", "<f8") if name[0] == "d" else ("float32", "<f4")
            for name, shape in ((name, "1"), (f"X_{name}", "[nX]")):
                leaf = tree.GetLeaf(name)
                self.add(name, kind, wide, shape, [leaf.GetValue(k) for k in range(leaf.GetLen())])
        self.add("nX", "int32", "<i4", "1", [tree.nX])
        hits, clones = list(tree.hit), list(tree.clones)
        inside = list(getattr(tree, "event.").inside)
        self.add("nhit", "int32", "<i4", "1", [len(hits)])
        for name, kind, wide in MEMBERS:
            self.add(f"hit_{name}", kind, wide, "[nhit]", [getattr(hit, name) for hit in hits])
        self.add("hit_xyz", "float32", "<f4", "[nhit_xyz]", [x for hit in hits for x in hit.xyz])
        self.add("nhit_xyz", "uint32", "<i8", "1", [3 * len(hits)])
        self.add("hit_in_x", "float32", "<f4", "[nhit]", [getattr(hit, "in").x for hit in hits])
        self.add("hit_in_y", "int16", "<i4", "[nhit]", [getattr(hit, "in").y for hit in hits])
        self.add("nclones", "int32", "<i4", "1", [len(clones)])
        self.add("clones_fUniqueID", "uint32", "<i8", "[nclones]", [v.GetUniqueID() for v in clones])
        for name, get in (("fX", "X"), ("fY", "Y"), ("fZ", "Z")):
            self.add(f"clones_{name}", "float64", "<f8", "[nclones]", [getattr(v, get)() for v in clones])
        self.add("event.number", "int32", "<i4", "1", [getattr(tree, "event.").number])
        self.add("nevent_inside", "int32", "<i4", "1", [len(inside)])
        self.add("event_inside_x", "float32", "<f4", "[nevent_inside]", [one.x for one in inside])
        self.add("event_inside_y", "int16", "<i4", "[nevent_inside]", [one.y for one in inside])

    def write(self, path):
        xxh = lambda array: f"{xxhash.xxh64_intdigest(array.tobytes()):016x}"
        with open(path, "w") as out:
            for name, (kind, wide, shape, values, ends) in self.rows.items():
                offsets = "-" if shape == "1" else xxh(np.array(ends, "<u4"))
                row = [kind, shape, str(len(values)), xxh(np.array(values).astype(wide)), offsets]
                out.write("\t".join(["Events", name, *row]) + "\n")
            for name in ("hit_list", "hit_packed", "clones_fBits", "event."):
                out.write("\t".join(["Events", name, *"-----"]) + "\n")
        print(path)


def read(path):
    file = ROOT.TFile(path)
    digest = Digest()
    for entry in file.Get("Events"):
        digest.entry(entry)
    digest.write(path.removesuffix(".root") + ".digest")


if __name__ == "__main__":
    ROOT.gErrorIgnoreLevel = ROOT.kError
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "classes.h"
        source.write_text(CLASSES)
        if not ROOT.gSystem.CompileMacro(f"{source}", "k"):
            raise SystemExit("the classes do not compile")
        write("split.root", 101, 40, 15)
        read("split.root")
