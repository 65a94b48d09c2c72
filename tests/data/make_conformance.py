"""Writes many small TTree files into a folder: every codec in several levels, basket sizes from a
few events to one for all, baskets in the tree's record, vectors; to be compared with digests.

    python make_conformance.py FOLDER       needs PyROOT
    python digest.py FOLDER/*.root          needs uproot, xxhash
    GPUANA_CONFORMANCE=FOLDER cargo test --test read files_of_a_folder -- --nocapture
"""
import os
import sys

import make_leaves
import make_vectors

CODECS = {"zlib": 100, "lzma": 200, "lz4": 400, "zstd": 500}
LEVELS = {"zlib": (1, 6, 9), "lzma": (1, 7), "lz4": (1, 4, 9), "zstd": (1, 5, 9)}

os.chdir(sys.argv[1])
for codec, number in CODECS.items():
    for level in LEVELS[codec]:
        make_leaves.write(f"leaves_{codec}{level}.root", number + level, 3000, 1000)
        make_vectors.write(f"vectors_{codec}{level}.root", number + level, 1500, 400)
for basket in (256, 4000, 1_000_000):
    # Baskets are flushed when they are full, not together
    make_leaves.write(f"baskets_{basket}.root", 505, 4000, 0, basket=basket)
for counter in "iIb":
    make_leaves.write(f"counter_{counter}.root", 404, 500, 100, counter=counter)
make_leaves.write("none.root", 0, 3000, 1000)
make_leaves.write("offsets_not_stored.root", 505, 3000, 1000, flags=1)
make_vectors.write("vectors_unflushed.root", 505, 700, 300)
make_vectors.write("vectors_none.root", 0, 700, 0)
