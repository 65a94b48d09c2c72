#!/usr/bin/env python3
"""Times gpuana beside its own limits, and prints tables.

    limits.py adl_1M.root [--runs 11] [--what bound,scale,many]

bound  each ADL query with one thread beside decompressing all baskets of the same
       columns, in turns: medians of the CPU time of whole processes
scale  all queries over a list of 1, 2, 4 and 8 times the file: CPU time, memory
many   100 variables x 10 regions x 10 variations = 10,000 histograms in one pass over
       200,000 events: planning, memory, events/s

gpuana is built in release mode first, unless --gpuana and --columns name the
program and the example `read_columns`.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from compare import QUERIES, ROOT, only

VARIABLES, REGIONS, VARIATIONS, EVENTS = 100, 10, 10, 200_000


def usage(command):
    """What a process took: seconds of CPU time, and bytes of memory at most."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, took = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise subprocess.CalledProcessError(child.returncode, command)
    return took.ru_utime + took.ru_stime, 1024 * took.ru_maxrss


def run(args, analysis, files, *options):
    command = [args.gpuana, "run", str(analysis), "--files", *files, "--backend", "cpu", "--quiet"]
    return [*command, "--output", str(Path(args.scratch) / "out"), *options]


def columns(args, analysis):
    """The branches that an analysis reads: the first table of `explain`."""
    command = [args.gpuana, "explain", str(analysis), "--files", args.file]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    rows = [line.split() for line in text.split("\n\n")[0].splitlines()]
    heading, total = rows[0], rows[-1]
    assert heading[0] == "Branch" and "branches," in total, text
    return [row[0] for row in rows[1:-1]]


def bound(args):
    print("| query | branches | run, CPU s | decompression, CPU s | ratio |")
    print("|---|---|---|---|---|")
    for query in [*QUERIES, "all"]:
        analysis = ROOT / "examples/adl.yaml"
        if query != "all":
            analysis = only(analysis, query, Path(args.scratch))
        branches = columns(args, analysis)
        own = run(args, analysis, [args.file], "--threads", "1")
        least = ["env", "RAYON_NUM_THREADS=1", args.columns, "unpack", args.file, "200000", *branches]
        times = [(usage(own)[0], usage(least)[0]) for _ in range(args.runs)]
        whole, part = (statistics.median(time[k] for time in times) for k in (0, 1))
        print(f"| {query} | {len(branches)} | {whole:.3f} | {part:.3f} | {whole / part:.2f} |", flush=True)


def scale(args):
    print("| files | CPU s | of one | memory, MB |\n|---|---|---|---|")
    first = None
    for times in (1, 2, 4, 8):
        command = run(args, ROOT / "examples/adl.yaml", [args.file] * times)
        runs = [usage(command) for _ in range(max(1, args.runs // times))]
        cpu, memory = (statistics.median(r[k] for r in runs) for k in (0, 1))
        first = first or cpu
        print(f"| {times} | {cpu:.2f} | {cpu / first:.2f} | {memory / 1e6:.0f} |", flush=True)


def many(args):
    """Every variation moves every variable and every region."""
    lines = ["define:", "  good: Jet[pt > 30]", "vary:"]
    for k in range(1, VARIATIONS):
        lines += [f"  v{k}:", "    Jet.pt:", f"      up: Jet.pt * {1 + k / 100}"]
    lines.append("regions:")
    for k in range(REGIONS):
        lines += [f"  r{k}:", f"    - jets: sum(good.pt) > {30 * k}"]
    lines.append("histograms:")
    regions = ", ".join(f"r{k}" for k in range(REGIONS))
    for k in range(VARIABLES):
        lines += [f"  h{k}:", f"    value: sum(good.pt) * {1 + k / 100} + MET.pt"]
        lines += ["    bins: [50, 0, 500]", f"    regions: [{regions}]"]
    analysis = Path(args.scratch) / "many.yaml"
    analysis.write_text("\n".join(lines) + "\n")
    options = ["--threads", "1", "--events", str(EVENTS), "--report"]
    cpu, memory = usage(run(args, analysis, [args.file], *options))
    record = json.loads((Path(args.scratch) / "out/run.json").read_text())
    wall = json.loads((Path(args.scratch) / "out/report.json").read_text())["total"]["wall"]
    planning = wall["program"] - sum(wall[part] for part in ("wait", "compute", "write"))
    entries = sum(h["entries"] for h in record["histograms"].values())
    print(f"{VARIABLES * REGIONS * VARIATIONS:,} histograms of {EVENTS:,} events, 1 thread: {cpu:.1f} CPU s")
    print(f"to the first event {planning:.2f} s, memory {memory / 1e6:.0f} MB")
    print(f"{EVENTS / wall['compute']:,.0f} events/s, {entries:,} entries; outputs {wall['write']:.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="TTree file of ADL events")
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--gpuana", default=str(ROOT / "target/release/gpuana"))
    parser.add_argument("--columns", default=str(ROOT / "target/release/examples/read_columns"))
    parser.add_argument("--what", default="bound,scale,many")
    args = parser.parse_args()
    if args.gpuana == parser.get_default("gpuana"):
        build = ["cargo", "build", "--release", "--bin", "gpuana", "--example", "read_columns"]
        subprocess.run(build, cwd=ROOT, check=True)
    parts = {"bound": bound, "scale": scale, "many": many}
    with tempfile.TemporaryDirectory() as args.scratch:
        for what in args.what.split(","):
            parts[what](args)
            print()


if __name__ == "__main__":
    main()
