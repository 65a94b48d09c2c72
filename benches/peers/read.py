#!/usr/bin/env python3
"""Times reading ten columns: gpuana, uproot, RDataFrame, and decompressing alone.

    read.py FILE.root ... [--runs 5] [--threads N] [--python PYTHON] [--program PROGRAM]

Every file is a TTree or an RNTuple `Events` of ADL events; files may differ in
compression. The Python must have `root`; `--python` names one with `uproot` and
`awkward`. The programs take turns, the files are in the page cache after a
first reading, and what counts is the median. "Bound" gets and decompresses the
baskets or pages of the same columns, in as many threads, and looks at nothing
in them. CPU is user and system time of all threads; uproot's times are without
those of starting Python.
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

from compare import HERE, ROOT, build, once

COLUMNS = [
    "Jet_pt[]", "Jet_eta[]", "Jet_phi[]", "Jet_mass[]", "Jet_btag[]",
    "Muon_pt[]", "Muon_eta[]", "Muon_phi[]", "MET_pt", "MET_phi",
]


def program(given):
    """The program that reads with gpuana, built if it is not given."""
    if given:
        return given
    command = ["cargo", "build", "--locked", "--release", "--example", "read_columns"]
    subprocess.run(command, cwd=ROOT, check=True)
    return str(ROOT / "target/release/examples/read_columns")


def sums(lines):
    return {name: float(value) for name, value in (line.split() for line in lines)}


class Reader:
    """A program, what it prints, and its times."""

    def __init__(self, command, inside=False):
        self.command, self.inside = command, inside
        self.times, self.sums = [], {}

    def run(self):
        cpu, wall, printed = once(self.command)
        lines = printed.splitlines()
        if self.inside:
            cpu, wall = map(float, lines.pop(0).split())
        if not lines[0].startswith("bytes"):
            self.sums = sums(lines)
        self.times.append((cpu, wall))

    def median(self):
        return [statistics.median(t[k] for t in self.times) for k in (0, 1)]


def is_ntuple(file):
    import ROOT as root

    handle = root.TFile.Open(file)
    name = handle.GetKey("Events").GetClassName()
    handle.Close()
    return name != "TTree"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--step", type=int, default=200_000, help="events that gpuana reads at a time")
    parser.add_argument("--program", help="the built example read_columns")
    parser.add_argument("--python", default=sys.executable, help="Python with uproot and awkward")
    options = parser.parse_args()
    ours, root = program(options.program), build("read", ROOT / "target/peers")
    os.environ["RAYON_NUM_THREADS"] = threads = str(options.threads)
    print("| file | program | CPU s | wall s | gpuana / it, CPU | wall |")
    print("|---|---|---|---|---|---|")
    for file in options.files:
        uproot = [options.python, str(HERE / "read_uproot.py"), file, threads, *COLUMNS]
        readers = {
            "gpuana": Reader([ours, "read", file, str(options.step), *COLUMNS]),
            "bound": Reader([ours, "unpack", file, "1", *COLUMNS]),
            "uproot": Reader(uproot, inside=True),
            "RDataFrame": Reader([root, "dataframe", file, threads, *COLUMNS]),
        }
        if is_ntuple(file):
            readers["RNTupleReader"] = Reader([root, "views", file, threads, *COLUMNS])
        readers["gpuana"].run()
        readers["gpuana"].times.clear()
        for _ in range(options.runs):
            for reader in readers.values():
                reader.run()
        own = readers["gpuana"]
        cpu, wall = own.median()
        for name, reader in readers.items():
            their_cpu, their_wall = reader.median()
            print(
                f"| {Path(file).name} | {name} | {their_cpu:.2f} | {their_wall:.2f} "
                f"| {cpu / their_cpu:.2f} | {wall / their_wall:.2f} |",
                flush=True,
            )
            for column, found in reader.sums.items():
                expected = own.sums[column]
                # Sums of millions of numbers in other orders.
                if abs(found - expected) > 1e-9 * max(abs(expected), 1e6):
                    sys.exit(f"{name}: {column} sums to {found}, not {expected}")


if __name__ == "__main__":
    main()
