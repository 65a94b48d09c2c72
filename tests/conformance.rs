//! Every kernel on the GPU, compared with its CPU twin bit by bit.

use gpuana::backend::gpu::{Choice, Gpu, Inputs, adapters};
#[test]
fn smoke() {
    println!("{:#?}", adapters());
    let gpu = Gpu::open(&Choice::default()).unwrap();
    let wgsl = "
struct Params { events: u32, opaque: u32 }
@group(0) @binding(0) var<storage, read> arena: array<u32>;
@group(0) @binding(1) var<storage, read> tables: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if id.x >= params.events { return; }
  let a = bitcast<f32>(arena[2u*id.x]);
  let b = bitcast<f32>(arena[2u*id.x+1u]);
  atomicStore(&out[3u*id.x], bitcast<u32>(a * b));
  atomicStore(&out[3u*id.x+1u], bitcast<u32>(a + b));
  atomicStore(&out[3u*id.x+2u], bitcast<u32>(a * b + 1.0));
}";
    for mode in gpuana::backend::gpu::Mode::ALL {
        let gpu = Gpu::open(&Choice { mode: Some(mode), adapter: None }).unwrap();
        let p = gpu.pipeline(wgsl, "main").unwrap();
        let t: &[[u32; 2]] = &[
            [0x00800000, 0x3f000000], // min*0.5
            [0x00400000, 0x3f800000], // denormal * 1
            [0x00400000, 0x4b000000], // denormal * 2^23
            [0x3f7fffff, 0x00800000], // (1-2^-24)*min
            [0x3f800000 + 0x3504f3, 0x00800000 | 0x3504f3 - 0x800000 * 0], 
            [0x00ffffff, 0x80800000], // denormal difference
            [0x3f800001, 0x3f800001],
            [0x3f7fffff, 0x3f800001],
        ];
        let flat: Vec<u32> = t.iter().flatten().copied().collect();
        let out = gpu.compute(&p, &Inputs { arena: &flat, tables: &[], out: t.len() * 3, events: t.len() as u32, workgroup: 64 }).unwrap();
        println!("{mode} -> {}", gpu.mode());
        let _flush = gpuana::backend::flush::FlushDenormals::enter();
        for (t, o) in t.iter().zip(out.chunks(3)) {
            let (a, b) = (std::hint::black_box(f32::from_bits(t[0])), std::hint::black_box(f32::from_bits(t[1])));
            let e = [(a * b).to_bits(), (a + b).to_bits(), (a * b + 1.0).to_bits()];
            println!("{:x?} gpu {:x?} cpu {:x?} {}", t, o, e, if e == o { "" } else { "DIFF" });
        }
    }
    let _ = gpu;
}
