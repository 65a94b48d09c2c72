"""Writes the digest of every branch of ROOT files, as uproot reads them.

    python digest.py FILE.root ...     writes FILE.digest beside each (needs uproot, xxhash)

One line a branch: tree, branch, stored type, values an event, number of values,
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


for path in sys.argv[1:]:
    lines = []
    with uproot.open(path) as file:
        for tree_name in file.keys(filter_classname="TTree", cycle=False):
            tree = file[tree_name]
            for branch in tree.itervalues(recursive=True):
                found = digest(branch)
                if found is None:
                    row = ["-", "-", "-", "-", "-"]
                else:
                    kind, shape, values, offsets = found
                    row = [kind, shape]
                    row += ["-", "-"] if values is None else [str(len(values)), xxh(values)]
                    row += ["-"] if offsets is None else [xxh(offsets)]
                lines.append("\t".join([tree_name, branch.name, *row]))
    with open(path.removesuffix(".root") + ".digest", "w") as out:
        out.write("\n".join(lines) + "\n")
    print(path, len(lines), "branches")
