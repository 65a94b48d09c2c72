"""The ADL benchmark's queries with awkward arrays, uproot and hist, all in one
pass over chunks of events. What gpuana is timed against.

    adl_awkward.py FILE QUERY...

Prints a line a histogram: its name, then its cells from the underflow on.
"""

import sys

import awkward as ak
import hist
import numpy as np
import uproot

CHUNK = 100_000
FOUR = ["pt", "eta", "phi", "mass"]


def four(ev, name, extra=()):
    """The collection as records, in double precision."""
    fields = {k: ak.values_astype(ev[f"{name}_{k}"], np.float64) for k in [*FOUR, *extra]}
    fields["px"] = fields["pt"] * np.cos(fields["phi"])
    fields["py"] = fields["pt"] * np.sin(fields["phi"])
    fields["pz"] = fields["pt"] * np.sinh(fields["eta"])
    squares = sum(fields[k] ** 2 for k in ("pt", "pz", "mass"))
    fields["e"] = np.sqrt(squares)
    return ak.zip(fields)


def together(*members):
    """px, py, pz and e of the sum."""
    return [sum(m[k] for m in members) for k in ("px", "py", "pz", "e")]


def mass(x, y, z, e):
    return np.sqrt(np.maximum(e * e - x * x - y * y - z * z, 0))


def turn(a, b):
    d = abs(a - b)
    return np.where(d > np.pi, 2 * np.pi - d, d)


def q1(ev):
    yield "Q1", ev.MET_pt


def q2(ev):
    yield "Q2", ak.flatten(ev.Jet_pt)


def q3(ev):
    yield "Q3", ak.flatten(ev.Jet_pt[abs(ev.Jet_eta) < 1])


def q4(ev):
    yield "Q4", ev.MET_pt[ak.count_nonzero(ev.Jet_pt > 40, axis=1) >= 2]


def q5(ev):
    ev = ev[ak.num(ev.Muon_pt) > 1]
    a, b = ak.unzip(ak.combinations(four(ev, "Muon", ["charge"]), 2))
    m = mass(*together(a, b))
    yield "Q5", ev.MET_pt[ak.any((a.charge + b.charge == 0) & (m > 60) & (m < 120), axis=1)]


def q6(ev):
    ev = ev[ak.num(ev.Jet_pt) > 2]
    a, b, c = ak.unzip(ak.combinations(four(ev, "Jet", ["btag"]), 3))
    x, y, z, e = together(a, b, c)
    best = ak.argmin(abs(mass(x, y, z, e) - 172.5), axis=1, keepdims=True)
    yield "Q6a", ak.flatten(np.hypot(x[best], y[best]))
    tags = [ak.flatten(j.btag[best]) for j in (a, b, c)]
    yield "Q6b", np.maximum(np.maximum(tags[0], tags[1]), tags[2])


def q7(ev):
    hard = ev.Jet_pt > 30
    keep = ak.any(hard, axis=1)
    ev, hard = ev[keep], hard[keep]
    pt, eta, phi = (ak.values_astype(ev[f"Jet_{k}"][hard], np.float64) for k in FOUR[:3])
    clean = pt > 0
    for name in ("Muon", "Electron"):
        lead = ev[f"{name}_pt"] > 10
        l_eta, l_phi = (ak.values_astype(ev[f"{name}_{k}"][lead], np.float64) for k in ("eta", "phi"))
        d_eta = eta[:, :, None] - l_eta[:, None, :]
        d_phi = turn(phi[:, :, None], l_phi[:, None, :])
        clean = clean & ~ak.any(np.hypot(d_eta, d_phi) < 0.4, axis=2)
    yield "Q7", ak.sum(pt[clean], axis=1)[ak.any(clean, axis=1)]


def q8(ev):
    ev = ev[ak.num(ev.Muon_pt) + ak.num(ev.Electron_pt) > 2]
    mu, el = four(ev, "Muon", ["charge"]), four(ev, "Electron", ["charge"])
    mu, el = (ak.with_field(x, kind, "kind") for x, kind in ((mu, 0), (el, 1)))
    lep = ak.concatenate([mu, el], axis=1)
    lep = ak.with_field(lep, ak.local_index(lep.pt), "at")
    a, b = ak.unzip(ak.combinations(lep, 2))
    good = (a.kind == b.kind) & (a.charge != b.charge)
    a, b = a[good], b[good]
    keep = ak.num(a) > 0
    a, b, lep, ev = a[keep], b[keep], lep[keep], ev[keep]
    best = ak.argmin(abs(mass(*together(a, b)) - 91.2), axis=1, keepdims=True)
    first, second = ak.flatten(a.at[best]), ak.flatten(b.at[best])
    rest = lep[(lep["at"] != first) & (lep["at"] != second)]
    third = ak.flatten(rest[ak.argmax(rest.pt, axis=1, keepdims=True)])
    angle = 1 - np.cos(turn(third.phi, ev.MET_phi))
    yield "Q8", np.sqrt(2 * third.pt * ev.MET_pt * angle)


def branches(*names, extra=()):
    return [f"{n}_{k}" for n in names for k in [*FOUR, *extra]]


QUERIES = {
    "Q1": (q1, ["MET_pt"]),
    "Q2": (q2, ["Jet_pt"]),
    "Q3": (q3, ["Jet_pt", "Jet_eta"]),
    "Q4": (q4, ["Jet_pt", "MET_pt"]),
    "Q5": (q5, branches("Muon", extra=["charge"]) + ["MET_pt"]),
    "Q6": (q6, branches("Jet", extra=["btag"])),
    "Q7": (q7, [f"{n}_{k}" for n in ("Jet", "Muon", "Electron") for k in FOUR[:3]]),
    "Q8": (q8, branches("Muon", "Electron", extra=["charge"]) + ["MET_pt", "MET_phi"]),
}
AXES = {"Q2": (15, 60), "Q3": (15, 60), "Q6a": (15, 40), "Q6b": (0, 1), "Q7": (15, 200)}


def main():
    path, queries = sys.argv[1], sys.argv[2:]
    wanted = sorted({b for q in queries for b in QUERIES[q][1]})
    hists = {}
    for ev in uproot.iterate({path: "Events"}, wanted, step_size=CHUNK):
        for query in queries:
            for name, values in QUERIES[query][0](ev):
                if name not in hists:
                    axis = hist.axis.Regular(100, *AXES.get(name, (0, 200)))
                    hists[name] = hist.Hist(axis, storage=hist.storage.Double())
                hists[name].fill(ak.to_numpy(values))
    for name, h in hists.items():
        print(name, *h.values(flow=True))


main()
