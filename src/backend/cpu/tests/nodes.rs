//! Operations other than maps: reductions, indices and what they point to.

use super::Fixture;
use crate::ir::{Map, Reduce, Slot, Space, SpaceId};

const NAN: f32 = f32::NAN;
const INF: f32 = f32::INFINITY;

#[test]
fn columns_of_all_types_are_flushed_at_load() {
    let mut f = Fixture::new();
    let event = SpaceId::EVENT;
    let reals = f.reals(event, &[1e-40, -1e-45, f32::MIN_POSITIVE, NAN]);
    f.expect(reals, "[0.0] [-0.0] [1.1754944e-38] [NaN]");
    let longs = f.longs(event, &[i64::MIN, i64::MAX, 0, -1]);
    f.expect(longs, "[-9223372036854775808] [9223372036854775807] [0] [-1]");
    let bools = f.bools(event, &[1, 0, 0, 1]);
    f.expect(bools, "[true] [false] [false] [true]");
    let doubles = crate::batch::Values::F64(vec![0.1, 1e300, -1e-42, 1.0]);
    let doubles = f.column(event, doubles);
    f.expect(doubles, "[0.1] [inf] [-0.0] [1.0]");
}

#[test]
fn sums_start_at_zero_and_round_at_each_step() {
    let mut f = Fixture::with_offsets(vec![0, 4, 4, 5, 8], vec![0; 5]);
    let jet = f.jet;
    // 2^24 + 1 + 1 stays at 2^24 in order, but not if the ones meet first.
    let big = 16_777_216.0;
    let x = f.reals(jet, &[big, 1.0, 1.0, -big, -0.0, INF, -INF, 1.0]);
    let sum = f.ir().reduce(Reduce::Sum, x);
    f.expect(sum, "[0.0] [0.0] [0.0] [NaN]");
    let i = f.ints(jet, &[i32::MAX, 1, 0, 0, 5, 1, 2, 3]);
    let sum = f.ir().reduce(Reduce::Sum, i);
    f.expect(sum, "[-2147483648] [0] [5] [6]");
    let b = f.bools(jet, &[1, 0, 1, 1, 0, 0, 0, 1]);
    let tally = f.ir().reduce(Reduce::Tally, b);
    f.expect(tally, "[3] [0] [0] [1]");
    let any = f.ir().reduce(Reduce::Any, b);
    f.expect(any, "[true] [false] [false] [true]");
}

#[test]
fn the_best_passes_over_nan_and_takes_the_first_of_equals() {
    let mut f = Fixture::with_offsets(vec![0, 4, 4, 6, 9, 12], vec![0; 6]);
    let jet = f.jet;
    let x = [NAN, 2.0, 1.0, 1.0, NAN, NAN, INF, INF, NAN, -0.0, 0.0, -INF];
    let x = f.reals(jet, &x);
    let least = f.ir().best(x, false);
    f.expect_index(least, "[#2] [none] [none] [#0] [#2]", "[#2, none, none, #6, #11]");
    let greatest = f.ir().best(x, true);
    f.expect_index(greatest, "[#1] [none] [none] [#0] [#0]", "[#1, none, none, #6, #9]");
    let i = f.ints(jet, &[3, -1, 3, -1, i32::MIN, i32::MAX, 0, 0, 0, 1, 2, 3]);
    let least = f.ir().best(i, false);
    f.expect_index(least, "[#1] [none] [#0] [#0] [#0]", "[#1, none, #4, #6, #9]");
    let l = [3, -1, 3, -1, i64::MIN, i64::MAX, 1 << 40, 1 << 41, 0, 1, 2, 3];
    let l = f.longs(jet, &l);
    let greatest = f.ir().best(l, true);
    f.expect_index(greatest, "[#0] [none] [#1] [#1] [#2]", "[#0, none, #5, #7, #11]");
}

#[test]
fn elements_by_number_and_by_reference() {
    let mut f = Fixture::new();
    let (jet, muon) = (f.jet, f.muon);
    let pt = f.jet_pt();
    let second = f.ir().nth(jet, 1);
    f.expect_index(second, "[#1] [none] [none] [#1]", "[#1, none, none, #5]");
    let second_pt = f.ir().pick(pt, second);
    f.expect(second_pt, "[20.0] [0.0] [0.0] [25.0]");
    let exists = f.ir().exists(second);
    f.expect(exists, "[true] [false] [false] [true]");
    let ordinal = f.ints(muon, &[2, 3, 0]);
    let refer = f.ir().refer(ordinal, jet);
    f.expect_index(refer, "[#2, none] [] [] [#0]", "[#2, none, #4]");
    let ordinal = f.ints(muon, &[-1, i32::MIN, i32::MAX]);
    let refer = f.ir().refer(ordinal, jet);
    f.expect_index(refer, "[none, none] [] [] [none]", "[none, none, none]");
    let by_event = f.ints(SpaceId::EVENT, &[0, 0, 0, 3]);
    let refer = f.ir().refer(by_event, jet);
    f.expect_index(refer, "[#0] [none] [#0] [#3]", "[#0, none, #3, #7]");
    let one = f.ir().constant_node(crate::ir::Const::I32(1));
    let refer = f.ir().refer(one, jet);
    f.expect_index(refer, "[#1] [none] [none] [#1]", "[#1, none, none, #5]");
    // From a space below a collection.
    let nested = f.ir().add_space(Space::Nested { outer: muon, inner: jet });
    let ordinal = f.ints(jet, &[0, 1, 2, 0, 5, 0, 1, 0]);
    let ordinal = f.ir().lift(ordinal, nested, Slot::Base(0));
    let refer = f.ir().refer(ordinal, muon);
    f.expect_index(
        refer,
        "[#0, #1, none, #0, #1, none] [] [] [none, #0, none, #0]",
        "[#0, #1, none, #0, #1, none, none, #2, none, #2]",
    );
}

#[test]
fn own_same_and_members_of_picked_indices() {
    let mut f = Fixture::new();
    let (jet, muon) = (f.jet, f.muon);
    let pt = f.jet_pt();
    let own = f.ir().own(jet);
    f.expect_index(
        own,
        "[#0, #1, #2] [] [#0] [#0, #1, #2, #3]",
        "[#0, #1, #2, #3, #4, #5, #6, #7]",
    );
    let best = f.ir().best(pt, true);
    let best_for_jet = f.ir().lift(best, jet, Slot::Parent);
    let same = f.ir().same(own, best_for_jet);
    f.expect(same, "[false, false, true] [] [true] [false, true, false, false]");
    let absent = f.ir().nth(jet, 9);
    let nothing = f.ir().same(absent, absent);
    f.expect(nothing, "[false] [false] [false] [false]");
    // Of the best pair of jets, the muon that its second jet refers to.
    let pairs = f.ir().add_space(Space::Combos { base: jet, size: 2 });
    let (a, b) = (f.ir().lift(pt, pairs, Slot::Base(0)), f.ir().lift(pt, pairs, Slot::Base(1)));
    let sum = f.ir().map(Map::Add, &[a, b]);
    let pair = f.ir().best(sum, true);
    let second = f.ir().member(pair, Slot::Base(1));
    f.expect_index(second, "[#2] [none] [none] [#2]", "[#2, none, none, #6]");
    let ordinal = f.ints(jet, &[0, 0, 1, 0, 0, -1, 0, 0]);
    let muons = f.ir().refer(ordinal, muon);
    let picked = f.ir().pick(muons, second);
    f.expect_index(picked, "[#1] [none] [none] [#0]", "[#1, none, none, #2]");
    let muon_charge = f.ints(muon, &[1, -1, 1]);
    let charge = f.ir().pick(muon_charge, picked);
    f.expect(charge, "[-1] [0] [0] [1]");
    let muon_good = f.bools(muon, &[0, 1, 1]);
    let good = f.ir().pick(muon_good, picked);
    f.expect(good, "[true] [false] [false] [true]");
    let muon_id = f.longs(muon, &[0, 1 << 40, 7]);
    let id = f.ir().pick(muon_id, picked);
    f.expect(id, "[1099511627776] [0] [0] [7]");
    let event = f.ir().member(second, Slot::Parent);
    f.expect_index(event, "[#0] [none] [none] [#0]", "[#0, none, none, #3]");
}

#[test]
fn lifts_and_joins_of_all_types() {
    let mut f = Fixture::new();
    let (jet, muon) = (f.jet, f.muon);
    let b = f.bools(jet, &[1, 0, 1, 1, 0, 0, 1, 1]);
    let i = f.ints(jet, &[1, 2, 3, 4, 5, 6, 7, 8]);
    let l = f.longs(jet, &[1, 2, 3, 4, 5, 6, 7, i64::MAX]);
    let hard = f.ir().add_space(Space::Filter { base: jet, mask: b });
    let lifted = [b, i, l].map(|n| f.ir().lift(n, hard, Slot::Base(0)));
    f.expect(lifted[0], "[true, true] [] [true] [true, true]");
    f.expect(lifted[1], "[1, 3] [] [4] [7, 8]");
    f.expect(lifted[2], "[1, 3] [] [4] [7, 9223372036854775807]");
    let muon_l = f.longs(muon, &[-1, -2, -3]);
    let both = f.ir().add_space(Space::Concat { parts: vec![hard, muon] });
    let joined = f.ir().join(both, &[lifted[2], muon_l]);
    f.expect(joined, "[1, 3, -1, -2] [] [4] [7, 9223372036854775807, -3]");
    let (own, of_hard) = (f.ir().nth(jet, 0), f.ir().own(hard));
    let of_jet = f.ir().member(of_hard, Slot::Base(0));
    let for_muon = f.ir().lift(own, muon, Slot::Parent);
    let joined = f.ir().join(both, &[of_jet, for_muon]);
    f.expect_index(
        joined,
        "[#0, #2, #0, #0] [] [#0] [#2, #3, #0]",
        "[#0, #2, #0, #0, #3, #6, #7, #4]",
    );
}
