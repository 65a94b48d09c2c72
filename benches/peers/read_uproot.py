"""Reads columns with uproot into awkward arrays and sums each.

    read_uproot.py FILE THREADS COLUMN...

Prints CPU and wall seconds without those of starting Python, then a line a
column: its name and its sum.
"""
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import awkward as ak
import numpy as np
import uproot

file, threads = sys.argv[1], int(sys.argv[2])
columns = [name.removesuffix("[]") for name in sys.argv[3:]]
cpu, wall = time.process_time(), time.perf_counter()
pool = ThreadPoolExecutor(threads)
events = uproot.open(file)["Events"]
options = {"decompression_executor": pool, "interpretation_executor": pool}
if "RNTuple" in type(events).__name__:
    options = {}
arrays = events.arrays(columns, library="ak", **options)
sums = {name: float(np.sum(ak.to_numpy(ak.ravel(arrays[name])), dtype="f8")) for name in columns}
print(time.process_time() - cpu, time.perf_counter() - wall)
for name, total in sums.items():
    print(name, repr(total))
