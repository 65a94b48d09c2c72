#!/usr/bin/env python3
"""Times gpuana and its peers side by side, and prints the ratios.

    compare.py --adl adl_1M.root [--agc inputs.json] [--runs 5] [--what all,queries,threads,agc,awkward]

Run it with a Python that has `root`, `uproot`, `awkward` and `hist` (README.md
says how). Every measurement is the median over runs in which the programs take
turns, each a process of its own from start to exit; "CPU" is its user and
system time. gpuana is built in release mode first, unless --gpuana names it.
"""

import argparse
import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
QUERIES = [f"Q{k}" for k in range(1, 9)]
LIBRARIES = "ROOTDataFrame ROOTVecOps ROOTNTuple Tree TreePlayer Hist RIO Imt MathCore Core".split()


def build(name, into):
    """Compiles a C++ program against the ROOT of this Python."""
    spec = importlib.util.find_spec("ROOT")
    if spec is None:
        sys.exit("this Python has no ROOT: see README.md")
    source, program = HERE / f"{name}.cxx", into / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        root = Path(spec.origin).parent
        flags = [f"-I{root}/include", f"-L{root}/lib", f"-Wl,-rpath,{root}/lib"]
        flags += [f"-Wl,-rpath,{root.parent}/root.libs", *(f"-l{x}" for x in LIBRARIES)]
        into.mkdir(parents=True, exist_ok=True)
        compiler = os.environ.get("CXX", "g++")
        command = [compiler, "-O2", "-std=c++17", "-pthread", str(source), "-o", str(program)]
        subprocess.run(command + flags, check=True)
    return str(program)


def only(analysis, query, into):
    """The analysis with the histograms of one query, and their regions, only."""
    regions = {"Q4": "two_hard_jets", "Q5": "dimuon", "Q6": "trijet", "Q7": "clean_jets", "Q8": "trilepton"}
    section, keep, lines = "", True, []
    for line in analysis.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            section, keep = line.split(":")[0], True
            if section == "regions" and query not in regions:
                section, keep = "none", False
        elif line.startswith("  ") and not line.startswith(("   ", "  #")):
            entry = line.split(":")[0].strip()
            if section == "histograms":
                keep = entry.startswith(query)
            elif section == "regions":
                keep = entry == regions[query]
        if keep:
            lines.append(line)
    path = into / f"{query}.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def once(command):
    """CPU and wall seconds of a process, and what it printed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, done.stdout


def cells(printed):
    """{histogram: cells} of what a peer printed."""
    lines = (line.split() for line in printed.splitlines())
    return {words[0]: [float(x) for x in words[1:]] for words in lines if words}


def moved(ours, theirs):
    """Entries that would have to move to a neighbouring bin to agree."""
    difference = total = 0.0
    for a, b in zip(ours, theirs):
        difference += a - b
        total += abs(difference)
    return total


class Table:
    def __init__(self, runs, scratch):
        self.runs, self.scratch = runs, scratch
        print("| what | gpuana CPU s | wall s | peer | CPU s | wall s | CPU ratio | wall ratio |")
        print("|---|---|---|---|---|---|---|---|")

    def row(self, what, gpuana, peers):
        """One line a peer; `gpuana` and the peers' commands take turns."""
        commands = {"gpuana": gpuana, **peers}
        times = {name: [] for name in commands}
        printed = {}
        for _ in range(self.runs):
            for name, command in commands.items():
                if name == "gpuana":
                    command = command + ["--output", str(Path(self.scratch) / str(time.monotonic_ns()))]
                cpu, wall, printed[name] = once(command)
                times[name].append((cpu, wall))
        median = {
            name: [statistics.median(t[k] for t in all_times) for k in (0, 1)]
            for name, all_times in times.items()
        }
        own = median["gpuana"]
        for name in peers:
            cpu, wall = median[name]
            print(
                f"| {what} | {own[0]:.2f} | {own[1]:.2f} | {name} | {cpu:.2f} | {wall:.2f} "
                f"| {own[0] / cpu:.2f} | {own[1] / wall:.2f} |",
                flush=True,
            )
        return printed


def check(gpuana, analysis, file, printed):
    """Says how many entries gpuana and each peer put into other bins."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        once([*gpuana, "run", str(analysis), "--files", file, "--quiet", "--output", str(out)])
        ours = json.loads((out / "histograms.json").read_text())
    for peer, text in printed.items():
        if peer == "gpuana":
            continue
        total = 0.0
        for name, theirs in cells(text).items():
            storage = ours[name]["storage"]
            total += moved(storage["values"], theirs)
        print(f"\n{peer}: {total:g} entries of all histograms are in the neighbouring bin")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--adl", help="TTree file of ADL events")
    parser.add_argument("--agc", help="inputs.json of the Analysis Grand Challenge")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--gpuana", help="the program to time; built if not given")
    parser.add_argument("--python", default=sys.executable, help="Python with awkward, uproot and hist")
    parser.add_argument("--what", default="all,queries,threads,awkward,agc")
    args = parser.parse_args()
    what = set(args.what.split(","))

    if args.gpuana is None:
        subprocess.run(["cargo", "build", "--release", "--bin", "gpuana"], cwd=ROOT, check=True)
    gpuana = [args.gpuana or str(ROOT / "target/release/gpuana")]
    built = ROOT / "target/peers"
    with tempfile.TemporaryDirectory() as scratch:
        table = Table(args.runs, scratch)
        if args.adl:
            adl(args, what, gpuana, table, build("adl", built), Path(scratch))
        if args.agc and "agc" in what:
            agc(args, gpuana, table, build("agc", built), Path(scratch))
    print(f"\n{args.runs} runs each; {platform.processor() or platform.machine()}, {os.cpu_count()} cores")


def adl(args, what, gpuana, table, program, scratch):
    analysis = ROOT / "examples/adl.yaml"

    def ours(path, threads):
        options = ["--files", args.adl, "--backend", "cpu", "--threads", str(threads), "--quiet"]
        return [*gpuana, "run", str(path), *options]

    def awkward(queries):
        return [args.python, str(HERE / "adl_awkward.py"), args.adl, *queries]

    if "all" in what:
        peers = {"RDataFrame": [program, args.adl, "1", *QUERIES]}
        if "awkward" in what:
            peers["awkward"] = awkward(QUERIES)
        printed = table.row("ADL Q1-Q8, 1 thread", ours(analysis, 1), peers)
        check(gpuana, analysis, args.adl, printed)
        print()
    if "threads" in what:
        peers = {"RDataFrame": [program, args.adl, str(args.threads), *QUERIES]}
        table.row(f"ADL Q1-Q8, {args.threads} threads", ours(analysis, args.threads), peers)
    if "queries" in what:
        for query in QUERIES:
            path = only(analysis, query, scratch)
            table.row(f"ADL {query}, 1 thread", ours(path, 1), {"RDataFrame": [program, args.adl, "1", query]})


def agc(args, gpuana, table, program, scratch):
    analysis = ROOT / "examples/agc/ttbar.yaml"
    listing, inputs = scratch / "samples.txt", Path(args.agc).resolve()
    with listing.open("w") as out:
        for process, variations in json.loads(inputs.read_text()).items():
            for variation, sample in variations.items():
                for file in sample["files"]:
                    out.write(f"{process} {variation} {file['nevts']} {inputs.parent / file['path']}\n")
    options = ["--fileset", str(inputs), "--backend", "cpu", "--quiet"]
    for threads in (1, args.threads):
        own = [*gpuana, "run", str(analysis), *options, "--threads", str(threads)]
        peers = {"RDataFrame": [program, str(listing), str(threads)]}
        table.row(f"AGC, {threads} thread{'s' if threads > 1 else ''}", own, peers)


if __name__ == "__main__":
    main()
