// How generated kernels read the arena and sort elements.

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
