@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let event = id.x + id.y * groups.x * 64u;
    if (event >= params.events) {
        return;
    }
    let copy = event / 64u % params.copies * 344u;
    var sum_v5_1: f32 = 0.0f;
    var n_2: u32 = 0u;
    // each of Jet
    let at_nJet_3 = arena[0u];
    let nJet_low_4 = arena[at_nJet_3 + event];
    let nJet_high_5 = arena[at_nJet_3 + event + 1u];
    let at_Jet_pt_7 = arena[3u];
    for (var Jet_6: u32 = nJet_low_4; Jet_6 < nJet_high_5; Jet_6 = Jet_6 + 1u) {
        let Jet_pt_8 = f_load(arena[at_Jet_pt_7 + Jet_6]);
        let v3_9 = f_lt(30.0f, Jet_pt_8);
        if (v3_9) {
            sum_v5_1 = sum_v5_1 + Jet_pt_8;
            n_2 = n_2 + 1u;
        }
    }
    let v6_10 = i32(n_2);
    let v8_11 = 1i < v6_10;
    let at_MET_pt_12 = arena[13u];
    let MET_pt_13 = f_load(arena[at_MET_pt_12 + event]);
    // fill "fill 0"
    if (v8_11) {
        fill_entry(8u, copy, bitcast<u32>(sum_v5_1), MET_pt_13);
    }
    // Some drivers end all loops after a number of turns: this one, too.
    var turns = 0u;
    for (var k = 0u; k < params.opaque + 2u; k = k + 1u) {
        turns = turns + 1u;
    }
    if (turns != 2u) {
        atomicAdd(&out[copy + 342u], 1u);
    }
}
