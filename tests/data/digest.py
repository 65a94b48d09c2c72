"""Writes the digest of every branch of ROOT files, as uproot reads them.

    python digest.py FILE.root ...     writes FILE.digest beside each (needs uproot, xxhash)

One line a branch (for an RNTuple: what gpuana makes branches of, see
`src/read/root/rntuple/fields.rs`): tree, branch, stored type, values an event, number of values,
xxh64 of the values (little endian, widened as in gpuana's batches: bool to
uint8, up to 32 bits to int32, uint32 and above to int64, floats as stored) and
xxh64 of the offsets (uint32, for counted branches). Branches that hold anything
but plain numbers have a type of `-`.
"""
import re
import sys

import awkward as ak
import numpy as np
import uproot
import xxhash

WIDE = {
    "bool": "u1", "int8": "<i4", "uint8": "<i4", "int16": "<i4", "uint16": "<i4", "int32": "<i4",
    "uint32": "<i8", "int64": "<i8", "uint64": "<i8", "float32": "<f4", "float64": "<f8",
}

# C++ types whose values uproot gives in the type of the column
CLASSES = {"char": "int8", "double": "float64"}


def xxh(array):
    return f"{xxhash.xxh64_intdigest(np.ascontiguousarray(array).tobytes()):016x}"


def flat(array):
    """All values of an array of lists (of lists) in a row, and their number for each event."""
    counts = ak.num(array, axis=1)
    while array.ndim > 2:
        counts = ak.sum(ak.num(array, axis=2), axis=1) if array.ndim == 3 else counts
        if array.ndim > 3:
            counts = ak.sum(ak.sum(ak.num(array, axis=3), axis=2), axis=1)
            array = ak.flatten(array, axis=3)
        array = ak.flatten(array, axis=2)
    return ak.to_numpy(ak.flatten(array)), ak.to_numpy(counts)


def tree_rows(tree):
    """Branches of a tree, with what `digest` gives."""
    return with_counters({branch.name: digest(branch) for branch in tree.itervalues(recursive=True)})


def with_counters(found):
    """Names what counts lists that have no counter, and adds those that are not there."""
    counting = {row[1][1:-1] for row in found.values() if row and row[1].startswith("[")}
    lists, added = {name for name, row in found.items() if row and row[1] != "1"}, {}
    for name, row in list(found.items()):
        if row is None or row[1] not in ("vector", "own"):
            continue
        parts = name.split("_")
        starts = ["n" + "_".join(parts[:n]) for n in range(len(parts), 0, -1)]
        first = re.match("_*[^_]*", name)[0] if name.strip("_").count("_") else name
        counter = next((start for start in starts if start in counting), f"n{first}")
        if row[1] == "own" or counter in lists or added.get(counter) == "own":
            counter = f"n{name}"
            while counter in lists or counter in added:
                counter += "_values"
        kind, shape, values, offsets = row
        found[name] = kind, f"[{counter}]", values, offsets
        if counter not in counting and counter not in added:
            added[counter] = shape
        if counter not in found:
            found[counter] = "uint32", "1", np.diff(offsets.astype("<i8")), None
    return found


def digest(branch):
    """Type, values an event, values and offsets of a branch; for lists without a
    counter `vector`, or `own` if no other has their lengths."""
    interpretation = branch.interpretation
    name = type(interpretation).__name__
    counts = None
    if name == "AsDtype":
        dtype = interpretation.from_dtype
        base, inner = (dtype.subdtype or (dtype, ()))
        if base.names:
            return None
        values, shape = branch.array(library="np"), "own" if inner else "1"
        if inner:
            counts = np.full(len(values), int(np.prod(inner)))
            values = values.reshape(-1)
    elif name in ("AsDouble32", "AsFloat16"):  # the type that they are unpacked to
        base, shape = interpretation.to_dtype, "1"
        values = branch.array(library="np")
    elif name == "AsJagged" and type(interpretation.content).__name__ == "AsDtype":
        dtype = interpretation.content.from_dtype
        base, inner = (dtype.subdtype or (dtype, ()))
        array = branch.array(library="ak")
        values, counts = flat(array)
        if interpretation.header_bytes:
            shape = "vector"
        else:
            own = branch.count_branch.name == f"n{branch.name}"
            shape = "own" if inner else "vector" if own else f"[{branch.count_branch.name}]"
    elif name == "AsObjects" and re.fullmatch(r"(std::vector<)+\w+>+", branch.typename):
        array = branch.array(library="ak")
        if array.layout.purelist_parameter("__array__") or not array.ndim > 1:
            return None
        if "string" in branch.typename:
            return None
        base, shape = plain_type(array), "own"
        values, counts = flat(array)
    else:
        return None
    kind = base.newbyteorder("=").name
    offsets = None
    if counts is not None:
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype("<u4")
    return kind, shape, values.astype(WIDE[kind]), offsets


def plain_type(array):
    return np.dtype(str(array.type).split(" * ")[-1])


def plain(array):
    """Values of a flat array of numbers, else None."""
    try:
        values = ak.to_numpy(array, allow_missing=False)
    except (TypeError, ValueError):
        return None
    if values.dtype.name == "float16":
        values = values.astype("float32")
    return values if values.dtype.name in WIDE else None


def nested(array):
    """What `digest` gives for lists of lists of numbers."""
    kind = str(array.type).split(" * ")[-1]
    if kind not in WIDE:
        return None
    values, counts = flat(ak.from_regular(array, axis=None))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype("<u4")
    return kind, "own", values.astype(WIDE[kind]), offsets


def ntuple_rows(ntuple):
    """Names of branches, with what `digest` gives."""
    fields, aliases = ntuple.field_records, ntuple.alias_column_records
    own = {column.field_id: index for index, column in reversed(list(enumerate(ntuple.column_records)))}
    column = own | {alias.field_id: alias.physical_id for alias in aliases}
    top = [i for i, field in enumerate(fields) if field.parent_field_id == i]
    counters = {}
    for i in top:
        if fields[i].type_name.startswith("ROOT::RNTupleCardinality<"):
            counters.setdefault(column[i], fields[i].field_name)
    rows = {}

    def add(name, array, counter, class_name=None):
        layout = array.layout
        if layout.is_record:
            for inner in array.fields:
                add(f"{name}_{inner}", array[inner], counter)
        elif layout.is_regular:
            values = plain(array)
            if values is None:
                rows[name] = None
                return
            n, kind = int(np.prod(values.shape[1:])), values.dtype.name
            offsets = (np.arange(len(values) + 1) * n).astype("<u4")
            rows[name] = kind, "own", values.reshape(-1).astype(WIDE[kind]), offsets
        elif layout.is_list and layout.parameter("__array__") is None:
            counts, inner = ak.to_numpy(ak.num(array)), ak.flatten(array)
            offsets = np.concatenate([[0], np.cumsum(counts)]).astype("<u4")
            if inner.layout.is_record and counter is None:
                counter = f"n{name}"
                rows[counter] = ("uint32", "1", counts.astype("<i8"), None)
            parts = {f"{name}_{k}": inner[k] for k in inner.fields} or {name: inner}
            for part, values in parts.items():
                layout = values.layout
                if layout.is_list and layout.parameter("__array__") is None:
                    whole = array[part.removeprefix(f"{name}_")] if inner.fields else array
                    rows[part] = nested(whole)
                    continue
                values = plain(values) if layout.is_numpy else None
                if values is None:
                    rows[part] = None
                else:
                    kind, shape = values.dtype.name, "vector" if counter is None else f"[{counter}]"
                    rows[part] = (kind, shape, values.astype(WIDE[kind]), offsets)
        else:
            values = plain(array)
            kind = None if values is None else CLASSES.get(class_name) or values.dtype.name
            rows[name] = None if values is None else (kind, "1", values.astype(WIDE[kind]), None)

    for i in top:
        name = fields[i].field_name
        if name.startswith("_collection"):
            continue  # the importer's; its projections hold the same
        array = ntuple[name].array()
        if fields[i].type_name.startswith("ROOT::RNTupleCardinality<"):
            rows[name] = ("uint32", "1", ak.to_numpy(array).astype("<i8"), None)
        else:
            add(name, array, counters.get(column.get(i)), fields[i].type_name)
    return with_counters(rows)


def rows_of(file):
    for tree_name in file.keys(filter_classname="TTree", cycle=False):
        for branch, found in tree_rows(file[tree_name]).items():
            yield tree_name, branch, found
    for name in file.keys(filter_classname="ROOT::RNTuple", cycle=False):
        for branch, found in ntuple_rows(file[name]).items():
            yield name, branch, found


for path in sys.argv[1:]:
    lines = []
    with uproot.open(path) as file:
        for tree_name, branch, found in rows_of(file):
            if found is None:
                row = ["-", "-", "-", "-", "-"]
            else:
                kind, shape, values, offsets = found
                row = [kind, shape]
                row += ["-", "-"] if values is None else [str(len(values)), xxh(values)]
                row += ["-"] if offsets is None else [xxh(offsets)]
            lines.append("\t".join([tree_name, branch, *row]))
    with open(path.removesuffix(".root") + ".digest", "w") as out:
        out.write("\n".join(lines) + "\n")
    print(path, len(lines), "branches")
