// What every generated kernel starts with: the chunk's columns, the axes, the
// histograms, and how values are read.

struct Params {
    // Events of the chunk.
    events: u32,
    // Always 0, which the compiler does not know.
    opaque: u32,
}

@group(0) @binding(0) var<storage, read> arena: array<u32>;
@group(0) @binding(1) var<storage, read> tables: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> scratch: array<u32>;
@group(0) @binding(4) var<uniform> params: Params;

// Byte `at` of the arena as a truth value; flags are packed four a word.
fn load_bool(at: u32) -> bool {
    return ((arena[at >> 2u] >> ((at & 3u) * 8u)) & 0xffu) != 0u;
}

// An unsigned integer that orders like the number: equal for both zeros, and
// greatest for NaN.
fn sort_key(x: f32) -> u32 {
    let word = bitcast<u32>(x);
    let size = word & 0x7fffffffu;
    if (size > 0x7f800000u) {
        return 0xffffffffu;
    }
    if (size < 0x00800000u) {
        return 0x80000000u;
    }
    return select(word | 0x80000000u, ~word, word > 0x7fffffffu);
}
