"""Writes lists*.{root,parquet,arrow}: lists beside numbers whose names say something else.

    python make_lists.py               needs uproot, awkward and pyarrow

The same events as Parquet, Arrow IPC, RNTuple, and TTree with a counter for each list. `nJet` is what it was
before a filter, `nJet_btag` and `npmthits` count something else. lists_names.root and lists_stale.root are TTrees
with vectors, by ROOT 6.40; what they hold is said in the tests that read them.
"""
from pathlib import Path

import awkward as ak
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import uproot

HERE = Path(__file__).parent
jet = [[50, 40, 30], [], [60, 20], [25]]
events = {
    "nJet": np.array([5, 5, 5, 5], np.int32),
    "Jet_pt": ak.values_astype(ak.Array(jet), np.float32),
    "nJet_btag": np.array([1, 0, 0, 1], np.int32),
    "Jet_btag_sf": ak.values_astype(ak.Array(jet) / 50, np.float32),
    "npmthits": np.array([0, 1, 0, 1], np.int32),
    "pmthits": ak.values_astype(ak.Array([[0], [1, 7], [], [3, 7, 8]]), np.int32),
    "Jet_cells": ak.values_astype(ak.Array([[1], [2], [3], [4]]), np.int32),
}
table = pa.table({name: ak.to_arrow(values, extensionarray=False) for name, values in events.items()})
pa.parquet.write_table(table, HERE / "lists.parquet", row_group_size=2)
pa.feather.write_feather(table, HERE / "lists.arrow", compression="uncompressed", chunksize=2)
# Of the older version of the format, which the footer does not say.
old = pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V4, use_legacy_format=True)
with pa.ipc.new_file(HERE / "lists_v4.arrow", table.schema, options=old) as file:
    file.write_table(table)
pa.parquet.write_table(table, HERE / "lists_brotli.parquet", compression="brotli")
with uproot.recreate(HERE / "lists_rntuple.root") as file:
    file.mkrntuple("Events", events)
with uproot.recreate(HERE / "lists_own.root") as file:
    # Its counter would have the name of the number.
    del events["npmthits"]
    file.mktree("Events", {k: v.type.content if isinstance(v, ak.Array) else v.dtype for k, v in events.items()})
    file["Events"].extend(events)
