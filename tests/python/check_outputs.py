"""Loads an output folder of gpuana with the tools physicists use, and compares.

    python check_outputs.py DIR

`histograms.json` through uhi's schema, boost-histogram and hist, and
`histograms.root` through uproot must hold the same numbers: every cell with
its flow bins, its variance, the edges and labels of the axes, the entries.
Needs hist, uhi, uproot and numpy, and fastjsonschema for the schema.
"""

import json
import sys
from pathlib import Path

import hist
import numpy as np
import uhi.io.json
import uhi.schema
import uproot


def root_like(h):
    """Values and variances with under- and overflow on every axis, as in ROOT."""
    values, variances = h.values(flow=True), h.variances(flow=True)
    pads = [(0 if a.traits.underflow else 1, 0 if a.traits.overflow else 1) for a in h.axes]
    return np.pad(values, pads), np.pad(variances, pads)


def labels_of(axis):
    """The labels ROOT shows on a categorical axis, None on others."""
    if isinstance(axis, hist.axis.Boolean):
        return ["false", "true"]
    if isinstance(axis, hist.axis.IntCategory):
        return [str(value) for value in axis]
    return None


def check_axis(ours, theirs):
    labels = labels_of(ours)
    assert theirs.labels() == labels, (theirs.labels(), labels)
    edges = ours.edges
    if labels is not None:
        edges = np.arange(len(labels) + 1.0)
    scale = np.abs(edges).max()
    np.testing.assert_allclose(theirs.edges(), edges, rtol=0, atol=4e-16 * scale)
    assert theirs.member("fTitle") == ours.label, (theirs.member("fTitle"), ours.label)


def check(name, entry, folder):
    h = hist.Hist(entry)
    assert h.name == name, (h.name, name)
    theirs = folder[name]
    assert theirs.title == h.label, (theirs.title, h.label)
    for i, axis in enumerate(h.axes):
        check_axis(axis, theirs.axis(i))
    values, variances = root_like(h)
    np.testing.assert_array_equal(theirs.values(flow=True), values)
    np.testing.assert_array_equal(theirs.variances(flow=True), variances)
    assert theirs.member("fEntries") == entry["metadata"]["entries"]
    if entry["storage"]["type"] == "int":
        assert values.sum() == entry["metadata"]["entries"]
    centers = [0.5 * (a.edges()[1:] + a.edges()[:-1]) for a in theirs.axes]
    inner = theirs.values()
    np.testing.assert_allclose(theirs.member("fTsumw"), inner.sum(), rtol=1e-12)
    x_sum = np.tensordot(centers[0], inner, axes=(0, 0)).sum()
    np.testing.assert_allclose(theirs.member("fTsumwx"), x_sum, rtol=1e-9, atol=1e-9)


def main(path):
    text = (path / "histograms.json").read_text()
    uhi.schema.validate(json.loads(text))
    entries = json.loads(text, object_hook=uhi.io.json.object_hook)
    passed, failed = 0, 0
    with uproot.open(path / "histograms.root") as folder:
        assert folder.file.streamers, "the file describes its classes"
        expected = [name for name, entry in entries.items() if 1 <= len(entry["axes"]) <= 3]
        assert folder.keys(cycle=False) == expected, (folder.keys(cycle=False), expected)
        for name in expected:
            try:
                check(name, entries[name], folder)
                passed += 1
            except Exception as error:  # noqa: BLE001: the report is what matters
                print(f"{name}: {type(error).__name__}: {error}")
                failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
