"""Writes the Parquet and Arrow files that the tests read, and their digests.

    python make_tables.py      (in this folder; needs pyarrow, uproot, awkward, xxhash)

`adl_*` hold the events of `examples/data/Run2012B_SingleMu_1000.root`; `leaves_*` all types,
shapes, codecs and encodings. The digests (see `digest.py` for what is hashed) are of the values
as pyarrow reads them back.
"""
import glob

import awkward as ak
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq
import uproot
import xxhash

WIDE = {
    "bool": "u1", "int8": "<i4", "uint8": "<i4", "int16": "<i4", "uint16": "<i4", "int32": "<i4",
    "uint32": "<i8", "int64": "<i8", "uint64": "<i8", "halffloat": "<f4", "float": "<f4",
    "double": "<f8",
}
NAMES = {"halffloat": "float32", "float": "float32", "double": "float64"}


def write_arrow(table, path, compression, rows):
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_file(path, table.schema, options=options) as file:
        file.write_table(table, max_chunksize=rows)


def example():
    """The example's events, with NanoAOD's names and as records."""
    tree = uproot.open("../../examples/data/Run2012B_SingleMu_1000.root:Events")
    arrays = {name: tree[name].array() for name in tree.keys()}
    flat, records, missing = {}, {}, None
    counters = {name[1:] for name in arrays if f"n{name[1:]}" == name}

    def column(array):
        values = ak.to_numpy(ak.flatten(array) if array.ndim > 1 else array)
        if array.ndim == 1:
            return pa.array(values)
        offsets = np.concatenate([[0], np.cumsum(ak.to_numpy(ak.num(array)))]).astype("i4")
        return pa.ListArray.from_arrays(offsets, pa.array(values))

    for name, array in arrays.items():
        flat[name] = column(array)
    for name, values in flat.items():
        collection, _, field = name.partition("_")
        if isinstance(values, pa.ListArray):
            records.setdefault(collection, {})[field] = values
        elif name[1:] in counters and name[0] == "n":
            continue  # the lists tell
        elif collection in ("MET", "PV"):
            records.setdefault(collection, {})[field] = values
        else:
            records[name] = values
    for name, fields in records.items():
        if not isinstance(fields, dict):
            continue
        names, columns = list(fields), list(fields.values())
        if isinstance(columns[0], pa.ListArray):
            record = pa.StructArray.from_arrays([c.values for c in columns], names)
            records[name] = pa.LargeListArray.from_arrays(
                columns[0].offsets.cast(pa.int64()), record
            )
        else:
            records[name] = pa.StructArray.from_arrays(columns, names)
    return pa.table(flat), pa.table(records)


def leaves():
    """300 events of all types and shapes."""
    random = np.random.default_rng(12)
    n = 300
    counts = random.integers(0, 5, n)
    counts[7:30] = 0
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype("i4")
    total = int(offsets[-1])
    types = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]

    def values(kind, size):
        if kind == "bool":
            return random.integers(0, 2, size).astype(bool)
        if kind.startswith("float"):
            some = random.normal(size=size).astype(kind)
            some[::17] = np.inf
            some[5::17] = np.nan
            return some
        info = np.iinfo(kind)
        high = min(info.max, 2**63 - 1)
        return random.integers(info.min, high, size, dtype=kind, endpoint=True)

    columns = {}
    for kind in ["bool", *types, "float16", "float32", "float64"]:
        columns[f"s_{kind}"] = pa.array(values(kind, n))
    columns["nX"] = pa.array(counts.astype("uint32"))
    for kind in ["bool", *types, "float16", "float32", "float64"]:
        columns[f"X_{kind}"] = pa.ListArray.from_arrays(offsets, pa.array(values(kind, total)))
    columns["few"] = pa.array(np.arange(n) % 3)
    wide = pa.array(values("float32", total))
    columns["Big_x"] = pa.LargeListArray.from_arrays(offsets.astype("i8"), wide)
    columns["Big_y"] = pa.ListArray.from_arrays(offsets, pa.array(values("int32", total)))
    columns["weights"] = pa.ListArray.from_arrays(offsets, pa.array(values("float32", total)))
    inner = pa.StructArray.from_arrays([pa.array(values("float32", total))] * 2, ["x", "y"])
    record = pa.StructArray.from_arrays([inner, pa.array(values("int8", total))], ["p4", "q"])
    columns["Rec"] = pa.ListArray.from_arrays(offsets, record)
    deep = pa.ListArray.from_arrays(offsets, pa.array(values("float32", total)))
    columns["deep"] = pa.StructArray.from_arrays([deep, pa.array(values("float64", n))], ["l", "s"])
    columns["text"] = pa.array([f"event {i}" for i in range(n)])
    fixed = pa.array(values("float32", 3 * n))
    columns["cov"] = pa.FixedSizeListArray.from_arrays(fixed, 3)
    twice = pa.ListArray.from_arrays(np.arange(n + 1, dtype="i4"), columns["X_int32"])
    columns["twice"] = twice
    columns["time"] = pa.array(np.arange(n), pa.timestamp("s"))
    columns["word"] = pa.array([["x"]] * n)
    return pa.table(columns)


def xxh(array):
    return f"{xxhash.xxh64_intdigest(np.ascontiguousarray(array).tobytes()):016x}"


def rows(name, array, offsets, out, own=False):
    """What gpuana makes of a column (`src/read/columnar/layout.rs`)."""
    kind = array.type
    if pa.types.is_struct(kind):
        for i in range(kind.num_fields):
            rows(f"{name}_{kind.field(i).name}", array.field(i), offsets, out, own)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = array.offsets.to_numpy()
        starts = inner - inner[0]
        own = own or offsets is not None
        starts = starts if offsets is None else starts[offsets]
        rows(name, array.values[inner[0]:inner[-1]], starts, out, own)
    elif pa.types.is_fixed_size_list(kind):
        starts = np.arange(len(array) + 1) * kind.list_size
        rows(name, array.flatten(), starts if offsets is None else starts[offsets], out, True)
    elif str(kind) not in WIDE:
        out[name] = ["-"] * 5
    else:
        short = str(kind)
        assert array.null_count == 0
        values = array.to_numpy(zero_copy_only=False).astype(WIDE[short])
        counter = None if offsets is None else offsets
        out[name] = [NAMES.get(short, short), counter, str(len(values)), (own, xxh(values))]


def digest(path):
    table = pq.read_table(path) if path.endswith("parquet") else pa.feather.read_table(path)
    out = {}
    for name in table.column_names:
        rows(name, pa.concat_arrays(table[name].chunks), None, out)
    lines = {}
    for name, row in out.items():
        if len(row) == 5:
            lines[name] = row
            continue
        kind, offsets, n, (own, values) = row
        if offsets is None:
            lines[name] = [kind, "1", n, values, "-"]
            continue
        words = name.split("_")
        starts = ["n" + "_".join(words[:i]) for i in range(len(words), 0, -1)]
        counter = next((s for s in starts if s in table.column_names), starts[-1])
        counter = f"n{name}" if own else counter
        if counter not in out:
            lines[counter] = ["uint32", "1", str(len(offsets) - 1), xxh(np.diff(offsets).astype("<i8")), "-"]
        lines[name] = [kind, f"[{counter}]", n, values, xxh(offsets.astype("<u4"))]
    with open(path + ".digest", "w") as file:
        for name, row in lines.items():
            file.write("\t".join(["Events", name, *row]) + "\n")
    print(path, len(lines), "branches")


flat, records = example()
pq.write_table(flat, "adl_flat.parquet", compression="zstd", row_group_size=400,
               write_statistics=False)
pq.write_table(records, "adl_records.parquet", compression="snappy", row_group_size=600,
               write_statistics=False)
write_arrow(records, "adl_records.arrow", "zstd", 600)
table = leaves()
pq.write_table(table, "leaves_zstd.parquet", compression="zstd", row_group_size=100)
pq.write_table(table, "leaves_gzip.parquet", compression="gzip", data_page_version="2.0",
               row_group_size=100, data_page_size=200, write_page_checksum=True)
pq.write_table(table, "leaves_lz4.parquet", compression="lz4", row_group_size=300,
               data_page_size=64, use_dictionary=False, write_page_index=True)
pq.write_table(table, "leaves_none.parquet", compression="none", row_group_size=128,
               use_dictionary=False, use_byte_stream_split=["s_float32", "s_float64"],
               column_encoding=None, store_schema=False)
write_arrow(table, "leaves_none.arrow", None, 128)
write_arrow(table, "leaves_lz4.arrow", "lz4", 300)
write_arrow(table, "leaves_zstd.arrow", "zstd", 100)
nulls = pa.array([1.0, None, 3.0], pa.float32())
lists = pa.array([[1.0], [], [2.0, None]], pa.list_(pa.float32()))
none = pa.array([[1.0], None, [2.0]], pa.list_(pa.float32()))
uneven = pa.array([[1], [2, 3], []], pa.list_(pa.int32()))
count = pa.array([1, 1, 1], pa.int32())
bad = pa.table({"s": nulls, "L_x": lists, "N_x": none, "A_x": lists, "A_y": uneven, "nC": count,
                "C_x": uneven, "huge": pa.array([1, 2, 2**63], pa.uint64())})
pq.write_table(bad, "bad.parquet", row_group_size=2)
write_arrow(bad, "bad.arrow", None, 2)
for path in sorted(glob.glob("adl_*.parquet") + glob.glob("leaves_*.parquet")
                   + glob.glob("adl_*.arrow") + glob.glob("leaves_*.arrow")):
    digest(path)
