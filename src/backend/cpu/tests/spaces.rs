//! Every kind of space: its groups, its slots, and spaces of spaces.

use super::Fixture;
use crate::ir::{Map, NodeId, Reduce, Slot, Space, SpaceId};

/// `x > limit`.
fn above(f: &mut Fixture, x: NodeId, limit: f64) -> NodeId {
    let limit = f.ir().real(limit);
    f.ir().map(Map::Lt, &[limit, x])
}

/// The jets above 12.5: 3, 0, 1 and 2 of them.
fn hard_jets(f: &mut Fixture) -> (SpaceId, NodeId) {
    let pt = f.jet_pt();
    let mask = above(f, pt, 12.5);
    let base = f.jet;
    let space = f.ir().add_space(Space::Filter { base, mask });
    (space, pt)
}

#[test]
fn the_event_and_a_collection() {
    let mut f = Fixture::new();
    let met = f.reals(SpaceId::EVENT, &[1.0, 2.0, 3.0, 4.0]);
    let (jet, muon) = (f.jet, f.muon);
    let (jets, muons) = (f.ir().count(jet), f.ir().count(muon));
    f.expect(jets, "[3] [0] [1] [4]");
    f.expect(muons, "[2] [0] [0] [1]");
    let met = f.ir().lift(met, jet, Slot::Parent);
    f.expect(met, "[1.0, 1.0, 1.0] [] [3.0] [4.0, 4.0, 4.0, 4.0]");
}

#[test]
fn events_without_any_element() {
    let mut f = Fixture::with_offsets(vec![0, 0, 0], vec![0, 0, 0]);
    let jet = f.jet;
    let pt = f.reals(jet, &[]);
    let triples = f.ir().add_space(Space::Combos { base: jet, size: 3 });
    let lifted = f.ir().lift(pt, triples, Slot::Base(2));
    let sum = f.ir().reduce(Reduce::Sum, lifted);
    let best = f.ir().best(lifted, false);
    assert_eq!(f.all(lifted), "[]");
    f.expect(sum, "[0.0] [0.0]");
    f.expect_index(best, "[none] [none]", "[none, none]");
}

#[test]
fn filters_and_filters_of_filters() {
    let mut f = Fixture::new();
    let (hard, pt) = hard_jets(&mut f);
    let count = f.ir().count(hard);
    f.expect(count, "[3] [0] [1] [2]");
    let hard_pt = f.ir().lift(pt, hard, Slot::Base(0));
    f.expect(hard_pt, "[30.0, 20.0, 40.0] [] [50.0] [25.0, 15.0]");
    let mask = above(&mut f, hard_pt, 24.0);
    let harder = f.ir().add_space(Space::Filter { base: hard, mask });
    let harder_pt = f.ir().lift(hard_pt, harder, Slot::Base(0));
    f.expect(harder_pt, "[30.0, 40.0] [] [50.0] [25.0]");
    let index = f.ir().own(harder);
    let at_hard = f.ir().member(index, Slot::Base(0));
    let at_jet = f.ir().member(at_hard, Slot::Base(0));
    f.expect_index(at_jet, "[#0, #2] [] [#0] [#1]", "[#0, #2, #3, #5]");
    let event = f.ir().member(at_jet, Slot::Parent);
    f.expect_index(event, "[#0, #0] [] [#0] [#0]", "[#0, #0, #2, #3]");
}

#[test]
fn sorts_are_stable_with_nan_last() {
    let mut f = Fixture::with_offsets(vec![0, 4, 8], vec![0, 0, 0]);
    let jet = f.jet;
    let key = f.reals(jet, &[f32::NAN, 0.0, f32::INFINITY, -0.0, 2.0, f32::NAN, 1.0, f32::NAN]);
    let sorted = f.ir().add_space(Space::Sort { base: jet, key });
    let own = f.ir().own(sorted);
    let from = f.ir().member(own, Slot::Base(0));
    f.expect_index(from, "[#1, #3, #2, #0] [#2, #0, #1, #3]", "[#1, #3, #2, #0, #6, #4, #5, #7]");
    let longs = f.longs(jet, &[i64::MAX, 0, i64::MIN, -1, 1, 1, 1 << 40, 0]);
    let sorted = f.ir().add_space(Space::Sort { base: jet, key: longs });
    let values = f.ir().lift(longs, sorted, Slot::Base(0));
    let text = format!("[{}, -1, 0, {}] [0, 1, 1, {}]", i64::MIN, i64::MAX, 1u64 << 40);
    f.expect(values, &text);
    let ints = f.ints(jet, &[3, 1, 2, i32::MIN, 7, 7, 7, 7]);
    let sorted = f.ir().add_space(Space::Sort { base: jet, key: ints });
    let back = f.ir().lift(key, sorted, Slot::Base(0));
    f.expect(back, "[-0.0, 0.0, inf, NaN] [2.0, NaN, 1.0, NaN]");
}

#[test]
fn concatenations_of_collections_and_filters() {
    let mut f = Fixture::new();
    let (hard, pt) = hard_jets(&mut f);
    let (jet, muon) = (f.jet, f.muon);
    let muon_pt = f.reals(muon, &[5.0, 6.0, 7.0]);
    let both = f.ir().add_space(Space::Concat { parts: vec![muon, hard, jet] });
    let hard_pt = f.ir().lift(pt, hard, Slot::Base(0));
    let joined = f.ir().join(both, &[muon_pt, hard_pt, pt]);
    f.expect(
        joined,
        "[5.0, 6.0, 30.0, 20.0, 40.0, 30.0, 20.0, 40.0] [] [50.0, 50.0] \
         [7.0, 25.0, 15.0, 10.0, 25.0, 15.0, 12.0]",
    );
    let part = f.ir().part(both);
    f.expect(part, "[0, 0, 1, 1, 1, 2, 2, 2] [] [1, 2] [0, 1, 1, 2, 2, 2, 2]");
    let count = f.ir().count(both);
    f.expect(count, "[8] [0] [2] [7]");
    let one = f.ir().real(1.0);
    let with_constant = f.ir().join(both, &[one, hard_pt, one]);
    f.expect(
        with_constant,
        "[1.0, 1.0, 30.0, 20.0, 40.0, 1.0, 1.0, 1.0] [] [50.0, 1.0] \
         [1.0, 25.0, 15.0, 1.0, 1.0, 1.0, 1.0]",
    );
}

#[test]
fn combinations_their_members_and_pairs() {
    let mut f = Fixture::new();
    let (hard, pt) = hard_jets(&mut f);
    let jet = f.jet;
    let pairs = f.ir().add_space(Space::Combos { base: jet, size: 2 });
    let triples = f.ir().add_space(Space::Combos { base: jet, size: 3 });
    let (a, b) = (f.ir().lift(pt, pairs, Slot::Base(0)), f.ir().lift(pt, pairs, Slot::Base(1)));
    f.expect(a, "[30.0, 30.0, 20.0] [] [] [10.0, 10.0, 10.0, 25.0, 25.0, 15.0]");
    f.expect(b, "[20.0, 40.0, 40.0] [] [] [25.0, 15.0, 12.0, 15.0, 12.0, 12.0]");
    let sum = f.ir().map(Map::Add, &[a, b]);
    for (slot, expected) in [
        (Slot::Pair(0, 1), "[50.0] [] [] [35.0, 35.0, 25.0, 40.0]"),
        (Slot::Pair(0, 2), "[70.0] [] [] [25.0, 22.0, 22.0, 37.0]"),
        (Slot::Pair(1, 2), "[60.0] [] [] [40.0, 37.0, 27.0, 27.0]"),
    ] {
        let lifted = f.ir().lift(sum, triples, slot);
        f.expect(lifted, expected);
    }
    let own = f.ir().own(triples);
    let pair = f.ir().member(own, Slot::Pair(0, 2));
    f.expect_index(pair, "[#1] [] [] [#1, #2, #2, #4]", "[#1, #4, #5, #5, #7]");
    let third = f.ir().member(own, Slot::Base(2));
    f.expect_index(third, "[#2] [] [] [#2, #3, #3, #3]", "[#2, #6, #7, #7, #7]");
    let of_hard = f.ir().add_space(Space::Combos { base: hard, size: 2 });
    let hard_pt = f.ir().lift(pt, hard, Slot::Base(0));
    let second = f.ir().lift(hard_pt, of_hard, Slot::Base(1));
    f.expect(second, "[20.0, 40.0, 40.0] [] [] [15.0]");
    let fours = f.ir().add_space(Space::Combos { base: jet, size: 4 });
    let count = f.ir().count(fours);
    f.expect(count, "[0] [0] [0] [1]");
    let pair = f.ir().lift(sum, fours, Slot::Pair(1, 3));
    f.expect(pair, "[] [] [] [37.0]");
}

#[test]
fn a_sorted_space_of_combinations() {
    let mut f = Fixture::new();
    let pt = f.jet_pt();
    let jet = f.jet;
    let pairs = f.ir().add_space(Space::Combos { base: jet, size: 2 });
    let (a, b) = (f.ir().lift(pt, pairs, Slot::Base(0)), f.ir().lift(pt, pairs, Slot::Base(1)));
    let sum = f.ir().map(Map::Add, &[a, b]);
    let sorted = f.ir().add_space(Space::Sort { base: pairs, key: sum });
    let sums = f.ir().lift(sum, sorted, Slot::Base(0));
    f.expect(sums, "[50.0, 60.0, 70.0] [] [] [22.0, 25.0, 27.0, 35.0, 37.0, 40.0]");
    let first = f.ir().nth(sorted, 0);
    let pair = f.ir().member(first, Slot::Base(0));
    let member = f.ir().member(pair, Slot::Base(1));
    f.expect_index(member, "[#1] [none] [none] [#3]", "[#1, none, none, #7]");
    let member_pt = f.ir().pick(pt, member);
    f.expect(member_pt, "[20.0] [0.0] [0.0] [12.0]");
}

#[test]
fn crosses() {
    let mut f = Fixture::new();
    let (hard, pt) = hard_jets(&mut f);
    let muon = f.muon;
    let muon_pt = f.reals(muon, &[5.0, 6.0, 7.0]);
    let hard_pt = f.ir().lift(pt, hard, Slot::Base(0));
    let cross = f.ir().add_space(Space::Cross { first: hard, second: muon });
    let first = f.ir().lift(hard_pt, cross, Slot::Base(0));
    f.expect(first, "[30.0, 30.0, 20.0, 20.0, 40.0, 40.0] [] [] [25.0, 15.0]");
    let second = f.ir().lift(muon_pt, cross, Slot::Base(1));
    f.expect(second, "[5.0, 6.0, 5.0, 6.0, 5.0, 6.0] [] [] [7.0, 7.0]");
    let own = f.ir().own(cross);
    let at = f.ir().member(own, Slot::Base(0));
    let all = "[#0, #0, #1, #1, #2, #2, #4, #5]";
    f.expect_index(at, "[#0, #0, #1, #1, #2, #2] [] [] [#0, #1]", all);
    let at = f.ir().member(own, Slot::Base(1));
    let all = "[#0, #1, #0, #1, #0, #1, #2, #2]";
    f.expect_index(at, "[#0, #1, #0, #1, #0, #1] [] [] [#0, #0]", all);
}

#[test]
fn nested_spaces_and_what_is_built_on_them() {
    let mut f = Fixture::new();
    let pt = f.jet_pt();
    let (jet, muon) = (f.jet, f.muon);
    let muon_pt = f.reals(muon, &[20.0, 35.0, 12.0]);
    // For each muon the jets of the event.
    let nested = f.ir().add_space(Space::Nested { outer: muon, inner: jet });
    let count = f.ir().count(nested);
    f.expect(count, "[3, 3] [] [] [4]");
    let inner = f.ir().lift(pt, nested, Slot::Base(0));
    f.expect(inner, "[30.0, 20.0, 40.0, 30.0, 20.0, 40.0] [] [] [10.0, 25.0, 15.0, 12.0]");
    let outer = f.ir().lift(muon_pt, nested, Slot::Parent);
    let harder = f.ir().map(Map::Lt, &[outer, inner]);
    let any = f.ir().reduce(Reduce::Any, harder);
    f.expect(any, "[true, true] [] [] [true]");
    // For each muon the jets that are harder than it.
    let filtered = f.ir().add_space(Space::Filter { base: nested, mask: harder });
    let values = f.ir().lift(inner, filtered, Slot::Base(0));
    f.expect(values, "[30.0, 40.0, 40.0] [] [] [25.0, 15.0]");
    let sum = f.ir().reduce(Reduce::Sum, values);
    f.expect(sum, "[70.0, 40.0] [] [] [40.0]");
    // Pairs within that.
    let pairs = f.ir().add_space(Space::Combos { base: filtered, size: 2 });
    let second = f.ir().lift(values, pairs, Slot::Base(1));
    f.expect(second, "[40.0] [] [] [15.0]");
    // From a pair back to the jet and to the muon.
    let own = f.ir().own(pairs);
    let at_filtered = f.ir().member(own, Slot::Base(1));
    let at_nested = f.ir().member(at_filtered, Slot::Base(0));
    let at_jet = f.ir().member(at_nested, Slot::Base(0));
    f.expect_index(at_jet, "[#2] [] [] [#2]", "[#2, #6]");
    let at_muon = f.ir().member(at_nested, Slot::Parent);
    f.expect_index(at_muon, "[#0] [] [] [#0]", "[#0, #2]");
    // For each of those pairs the muons of the event: nested inside nested.
    let deep = f.ir().add_space(Space::Nested { outer: pairs, inner: muon });
    let deep_pt = f.ir().lift(muon_pt, deep, Slot::Base(0));
    f.expect(deep_pt, "[20.0, 35.0] [] [] [12.0]");
    // For each nested jet the elements of `filtered` of the same muon.
    let same = f.ir().add_space(Space::Nested { outer: nested, inner: filtered });
    let count = f.ir().count(same);
    f.expect(count, "[2, 2, 2, 1, 1, 1] [] [] [2, 2, 2, 2]");
    let value = f.ir().lift(values, same, Slot::Base(0));
    f.expect(
        value,
        "[30.0, 40.0, 30.0, 40.0, 30.0, 40.0, 40.0, 40.0, 40.0] [] [] \
         [25.0, 15.0, 25.0, 15.0, 25.0, 15.0, 25.0, 15.0]",
    );
    let own = f.ir().own(same);
    let at = f.ir().member(own, Slot::Base(0));
    let last = f.ir().member(at, Slot::Base(0));
    let at_jet = f.ir().member(last, Slot::Base(0));
    let picked = f.ir().pick(pt, at_jet);
    assert_eq!(f.all(picked), f.all(value), "the long way to the same values");
    // The elements of the outer one itself: its parent is the outer element.
    let itself = f.ir().add_space(Space::Nested { outer: muon, inner: filtered });
    let value = f.ir().lift(values, itself, Slot::Base(0));
    f.expect(value, "[30.0, 40.0, 40.0] [] [] [25.0, 15.0]");
}
