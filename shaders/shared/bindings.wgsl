struct Params {
    // Events of the chunk.
    events: u32,
    // Always 0, which no compiler knows.
    opaque: u32,
    // Copies of the histograms in `out`, among which the threads are spread.
    copies: u32,
}

// Columns and offsets of the chunk.
@group(0) @binding(0) var<storage, read> arena: array<u32>;
// Values of the parameters, axes, descriptions of fills.
@group(0) @binding(1) var<storage, read> tables: array<u32>;
// Histogram cells and counters.
@group(0) @binding(2) var<storage, read_write> out: array<atomic<u32>>;
// What one kernel leaves for the next.
@group(0) @binding(3) var<storage, read_write> scratch: array<u32>;
// Storage, not uniform: some drivers look through every expression for values
// of uniforms, which takes time exponential in the depth of a polynomial.
@group(0) @binding(4) var<storage, read> params: Params;
