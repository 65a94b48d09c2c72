"""Writes the digest of every branch of ROOT files, as uproot reads them.

    python digest.py FILE.root ...     writes FILE.digest beside each (needs uproot, xxhash)

One line a branch (for an RNTuple: what gpuana makes branches of, see
`src/read/root/rntuple/fields.rs`): tree, branch, stored type, values an event, number of values,
xxh64 of the values (little endian, widened as in gpuana's batches: bool to
uint8, up to 32 bits to int32, uint32 and above to int64, floats as stored) and
xxh64 of the offsets (uint32, for counted branches). Branches that hold anything
but plain numbers have a type of `-`.
"""
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


def digest(branch):
    interpretation = branch.interpretation
    name = type(interpretation).__name__
    if name == "AsDtype":
        dtype = interpretation.from_dtype
        base, shape = (dtype.subdtype or (dtype, ()))
        if base.names:
            return None
        if shape:
            return base.newbyteorder("=").name, str(int(np.prod(shape))), None, None
        values = branch.array(library="np")
        kind, counts, shape = base.newbyteorder("=").name, None, "1"
    elif name == "AsJagged" and type(interpretation.content).__name__ == "AsDtype":
        kind = interpretation.content.from_dtype.newbyteorder("=").name
        if interpretation.header_bytes:
            return kind, "vector", None, None
        array = branch.array(library="ak")
        values, counts = ak.to_numpy(ak.flatten(array)), ak.to_numpy(ak.num(array))
        shape = f"[{branch.count_branch.name}]"
    else:
        return None
    offsets = None
    if counts is not None:
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype("<u4")
    return kind, shape, values.astype(WIDE[kind]), offsets


def plain(array):
    """Values of a flat array of numbers, else None."""
    try:
        values = ak.to_numpy(array, allow_missing=False)
    except (TypeError, ValueError):
        return None
    if values.dtype.name == "float16":
        values = values.astype("float32")
    return values if values.dtype.name in WIDE else None


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
            shape = "-" if values is None else str(int(np.prod(values.shape[1:])))
            rows[name] = None if values is None else (values.dtype.name, shape, None, None)
        elif layout.is_list and layout.parameter("__array__") is None:
            counts, inner = ak.to_numpy(ak.num(array)), ak.flatten(array)
            offsets = np.concatenate([[0], np.cumsum(counts)]).astype("<u4")
            if inner.layout.is_record and counter is None:
                counter = f"n{name}"
                rows[counter] = ("uint32", "1", counts.astype("<i8"), None)
            parts = {f"{name}_{k}": inner[k] for k in inner.fields} or {name: inner}
            for part, values in parts.items():
                values = plain(values) if values.layout.is_numpy else None
                if values is None:
                    rows[part] = None
                elif counter is None:
                    rows[part] = (values.dtype.name, "vector", None, None)
                else:
                    kind = values.dtype.name
                    rows[part] = (kind, f"[{counter}]", values.astype(WIDE[kind]), offsets)
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
    return rows


def rows_of(file):
    for tree_name in file.keys(filter_classname="TTree", cycle=False):
        for branch in file[tree_name].itervalues(recursive=True):
            yield tree_name, branch.name, digest(branch)
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
