//! Reductions: what is put together over the elements of a parent element.
//! All consumers of one rank over one root space share one loop.

use super::consumer::{Consumer, consumed};
use super::graph::{Needed, direct, root};
use super::loc::{Atom, Loc, describe, width};
use super::places::Keep;
use super::scope::{Body, Emitter, Key, Value, wgsl_type, wgsl_zero};
use crate::ir::{NodeId, Op, Reduce, Space, SpaceId, Ty};
use std::collections::{BTreeMap, BTreeSet};

/// The variables of a consumer.
struct Accumulator {
    consumer: Consumer,
    over: SpaceId,
    /// The sum, the best key.
    value: Option<Atom>,
    /// Whether there is an element, and its words.
    there: Option<Atom>,
    words: Vec<Atom>,
}

/// One loop with everything that it feeds.
struct Group<'g> {
    accumulators: Vec<Accumulator>,
    /// Running number of elements, for spaces where it matters.
    counters: BTreeMap<SpaceId, Atom>,
    fills: &'g [usize],
    /// The spaces on the way from the root to all consumers and fills.
    involved: BTreeSet<SpaceId>,
}

impl<'p> Emitter<'p> {
    /// The value of a reduction in the parent element `up`, with all others
    /// that can share its loop.
    pub(super) fn reduced(&mut self, node: NodeId, up: &Loc) -> Value {
        self.feed(Consumer::Node(node), up, &[]);
        self.known(&Key::Node(node, up.clone())).cloned().expect("the loop feeds its consumer")
    }

    /// The number of elements of `space` in the parent element `up`, as u32.
    pub(super) fn count(&mut self, space: SpaceId, up: &Loc) -> Atom {
        let value = self.once(Key::Count(space, up.clone()), up.depth(), |e| {
            let kept = e.read_kept(Keep::Count(space), up);
            kept.unwrap_or_else(|| Value::Plain(e.counted(space, up)))
        });
        value.plain().clone()
    }

    fn counted(&mut self, space: SpaceId, up: &Loc) -> Atom {
        match self.ir.space(space) {
            Space::Event => Atom::literal("1u"),
            Space::Collection { counter, name } => {
                let (low, high) = self.bounds(*counter);
                self.constant(&format!("n_{name}"), format!("{} - {}", high.name, low.name))
            }
            Space::Filter { .. } => {
                self.feed(Consumer::Count(space), up, &[]);
                let known = self.known(&Key::Count(space, up.clone()));
                known.expect("the loop feeds its consumer").plain().clone()
            }
            Space::Sort { base, .. } => self.count(*base, up),
            Space::Concat { parts } => {
                let parts: Vec<Atom> = parts.iter().map(|p| self.count(*p, up)).collect();
                let parts: Vec<&str> = parts.iter().map(|p| &*p.name).collect();
                self.constant("n_concat", parts.join(" + "))
            }
            Space::Combos { base, size } => {
                let n = self.count(*base, up).name;
                let text = (1..*size)
                    .fold(n.to_string(), |text, k| format!("({text}) * ({n} - {k}u) / {}u", k + 1));
                self.constant("n_combos", text)
            }
            Space::Cross { first, second } => {
                let (a, b) = (self.count(*first, up), self.count(*second, up));
                self.constant("n_cross", format!("{} * {}", a.name, b.name))
            }
            Space::Nested { outer, inner } => {
                let above = self.ancestor(*outer, up, *inner);
                self.count(*inner, &above)
            }
        }
    }

    /// A loop for `first`, the fills, and all needed consumers of equal rank
    /// that a loop over the same root can feed.
    fn feed(&mut self, first: Consumer, up: &Loc, fills: &[usize]) {
        let over = self.consumed(first);
        let mut consumers = vec![first];
        if up.runs() {
            let companions = self.companions(root(self.ir, over), self.rank_of(first), up);
            consumers.extend(companions.into_iter().filter(|c| *c != first));
        }
        self.feed_all(root(self.ir, over), up, &consumers, fills);
    }

    /// The needed consumers over `root` of rank `rank` that `up` does not know yet.
    pub(super) fn companions(&self, root: SpaceId, rank: u32, up: &Loc) -> Vec<Consumer> {
        let needed = if *up == Loc::Event { self.needed.first() } else { self.needed.last() };
        let needed = needed.expect("a kernel needs something");
        let all = self.graph.consumers(root).iter().copied();
        all.filter(|c| match *c {
            Consumer::Node(n) => {
                let known = self.kept.contains(&Keep::Node(n));
                needed.node(n) && !known && !self.knows(&Key::Node(n, up.clone()))
            }
            Consumer::Count(s) => {
                let known = self.kept.contains(&Keep::Count(s));
                needed.counts(s) && !known && !self.knows(&Key::Count(s, up.clone()))
            }
            Consumer::Kept(_) => false,
        })
        .filter(|c| self.rank_of(*c) == rank)
        .collect()
    }

    fn knows(&self, key: &Key) -> bool {
        self.known(key).is_some()
    }

    fn rank_of(&self, consumer: Consumer) -> u32 {
        let rank = match consumer {
            Consumer::Node(node) => self.graph.rank(node),
            Consumer::Count(space) => self.graph.count(space),
            Consumer::Kept(node) => self.graph.kept(node),
        };
        let at_event = self.ir.parent(self.consumed(consumer)) == Some(SpaceId::EVENT);
        if at_event { rank.event } else { rank.full }
    }

    fn consumed(&self, consumer: Consumer) -> SpaceId {
        consumed(self.ir, consumer)
    }

    /// One loop over `root` in the parent element `up`.
    pub(super) fn feed_all(
        &mut self,
        root: SpaceId,
        up: &Loc,
        consumers: &[Consumer],
        fills: &[usize],
    ) {
        let ir = self.ir;
        let mut needed = Needed::new(ir);
        for consumer in consumers {
            match consumer {
                Consumer::Node(node) | Consumer::Kept(node) => needed.add(ir, *node),
                Consumer::Count(space) => needed.add_count(ir, *space),
            }
        }
        for fill in fills {
            let plan = self.plan;
            plan.fills[*fill].nodes().for_each(|n| needed.add(ir, n));
        }
        self.needed.push(needed);
        let group = self.declare(consumers, fills);
        self.line(format!("// each of {}", describe(ir, root)));
        self.each(root, up, &mut |e, at| e.visit(&group, root, at));
        self.needed.pop();
        for a in group.accumulators {
            match a.consumer {
                Consumer::Count(space) => {
                    let counter = group.counters[&space].clone();
                    self.remember(Key::Count(space, up.clone()), Value::Plain(counter));
                }
                Consumer::Kept(node) => {
                    self.kept.insert(Keep::Node(node));
                }
                Consumer::Node(node) => {
                    let value = match (a.there, a.value) {
                        (Some(there), _) => Value::Index(there, a.words),
                        (None, Some(value)) => Value::Plain(value),
                        (None, None) => unreachable!("a reduction has a value"),
                    };
                    self.remember(Key::Node(node, up.clone()), value);
                }
            }
        }
    }

    fn declare<'g>(&mut self, consumers: &[Consumer], fills: &'g [usize]) -> Group<'g> {
        let mut group = Group {
            accumulators: Vec::new(),
            counters: BTreeMap::new(),
            fills,
            involved: BTreeSet::new(),
        };
        for consumer in consumers {
            let over = self.consumed(*consumer);
            self.involve(over, &mut group.involved);
            let accumulator = self.accumulator(*consumer, over, &mut group.counters);
            group.accumulators.push(accumulator);
        }
        for fill in fills {
            let mut over = self.ir.over(self.plan.fills[*fill].mask);
            loop {
                self.involve(over, &mut group.involved);
                match self.ir.parent(over) {
                    None | Some(SpaceId::EVENT) => break,
                    Some(parent) => over = parent,
                }
            }
        }
        group
    }

    fn involve(&self, mut space: SpaceId, involved: &mut BTreeSet<SpaceId>) {
        involved.insert(space);
        while let Space::Filter { base, .. } = self.ir.space(space) {
            space = *base;
            involved.insert(space);
        }
    }

    fn accumulator(
        &mut self,
        consumer: Consumer,
        over: SpaceId,
        counters: &mut BTreeMap<SpaceId, Atom>,
    ) -> Accumulator {
        let ir = self.ir;
        let mut a = Accumulator { consumer, over, value: None, there: None, words: Vec::new() };
        let node = match consumer {
            Consumer::Node(node) => node,
            Consumer::Kept(_) => return a,
            Consumer::Count(_) => {
                self.counter(over, counters);
                return a;
            }
        };
        let hint = format!("v{}", node.index());
        match &ir.node(node).op {
            Op::Reduce(how, _) => {
                let ty = ir.ty(node);
                let name = match how {
                    Reduce::Sum => "sum",
                    Reduce::Tally => "tally",
                    Reduce::Any => "any",
                };
                let hint = format!("{name}_{hint}");
                a.value = Some(self.variable(&hint, wgsl_type(ty), wgsl_zero(ty)));
            }
            Op::Best { key, .. } => {
                let ty = ir.ty(*key);
                a.value = Some(self.variable(&format!("key_{hint}"), wgsl_type(ty), wgsl_zero(ty)));
                self.pointer(&hint, over, &mut a);
            }
            Op::Nth { .. } => {
                self.counter(over, counters);
                self.pointer(&hint, over, &mut a);
            }
            other => unreachable!("{other:?} is no reduction"),
        }
        a
    }

    fn pointer(&mut self, hint: &str, over: SpaceId, a: &mut Accumulator) {
        a.there = Some(self.variable(&format!("is_{hint}"), "bool", "false"));
        let words = 0..width(self.ir, over);
        a.words = words.map(|_| self.variable(&format!("at_{hint}"), "u32", "0u")).collect();
    }

    fn counter(&mut self, over: SpaceId, counters: &mut BTreeMap<SpaceId, Atom>) {
        counters.entry(over).or_insert_with(|| self.variable("n", "u32", "0u"));
    }

    /// Everything that the group does for the element `at` of `space`.
    fn visit(&mut self, group: &Group<'_>, space: SpaceId, at: &Loc) {
        let ir = self.ir;
        for a in group.accumulators.iter().filter(|a| a.over == space) {
            self.update(group, a, at);
        }
        if let Some(n) = group.counters.get(&space) {
            self.line(format!("{0} = {0} + 1u;", n.name));
        }
        let here = |fill: &&usize| ir.over(self.plan.fills[**fill].mask) == space;
        let fills: Vec<usize> = group.fills.iter().filter(here).copied().collect();
        self.fill(&fills, at);
        for next in &group.involved {
            match ir.space(*next) {
                Space::Filter { base, mask } if *base == space => {
                    self.kept(*mask, at, &mut |e, at| e.visit(group, *next, at));
                }
                Space::Filter { .. } => {}
                _ if ir.parent(*next) == Some(space) => {
                    self.each(*next, at, &mut |e, at| e.visit(group, *next, at));
                }
                _ => {}
            }
        }
    }

    fn update(&mut self, group: &Group<'_>, a: &Accumulator, at: &Loc) {
        let node = match a.consumer {
            Consumer::Node(node) => node,
            Consumer::Kept(node) => return self.write_kept(Keep::Node(node), at),
            Consumer::Count(_) => return,
        };
        let ir = self.ir;
        match &ir.node(node).op {
            Op::Reduce(how, operand) => {
                let x = self.plain(*operand, at).name;
                let acc = a.value.as_ref().expect("a reduction has a value").name.clone();
                self.line(match how {
                    Reduce::Sum if ir.ty(node) == Ty::I64 => format!("{acc} = l_add({acc}, {x});"),
                    Reduce::Sum => format!("{acc} = {acc} + {x};"),
                    Reduce::Tally => format!("{acc} = {acc} + select(0i, 1i, {x});"),
                    Reduce::Any => format!("{acc} = {acc} || {x};"),
                });
            }
            Op::Best { key, greatest } => {
                let x = self.plain(*key, at).name;
                let best = a.value.as_ref().expect("a best has a key").name.clone();
                let there = a.there.as_ref().expect("a best has an index").name.clone();
                let (low, high) = if *greatest { (&best, &x) } else { (&x, &best) };
                let (number, beats) = match ir.ty(*key) {
                    Ty::F32 => (format!("!f_is_nan({x}) && "), format!("f_lt({low}, {high})")),
                    Ty::I64 => (String::new(), format!("l_lt({low}, {high})")),
                    _ => (String::new(), format!("{low} < {high}")),
                };
                self.open(format!("if ({number}(!{there} || {beats}))"));
                self.line(format!("{best} = {x};"));
                self.point(a, at);
            }
            Op::Nth { of, nth } => {
                let n = &group.counters[of].name;
                self.open(format!("if ({n} == {nth}u)"));
                self.point(a, at);
            }
            other => unreachable!("{other:?} is no reduction"),
        }
    }

    /// Makes the accumulator's index point to `at`, and closes the block.
    fn point(&mut self, a: &Accumulator, at: &Loc) {
        let there = a.there.as_ref().expect("an index").name.clone();
        self.line(format!("{there} = true;"));
        for (word, from) in a.words.iter().zip(at.words(self.ir, a.over)) {
            self.line(format!("{} = {};", word.name, from.name));
        }
        self.close();
    }

    /// The index of element `nth` of a space whose elements are numbered.
    pub(super) fn nth_direct(&mut self, of: SpaceId, nth: u32, up: &Loc) -> Value {
        let number = Atom::literal(format!("{nth}u"));
        let (there, inner) = self.numbered(of, &number, None);
        let mut words = self.outer_words(of, up);
        words.push(inner);
        Value::Index(there, words)
    }

    fn outer_words(&self, of: SpaceId, up: &Loc) -> Vec<Atom> {
        match self.ir.space(of) {
            Space::Nested { outer, inner } => {
                let mut words = up.words(self.ir, *outer);
                words.extend(self.outer_words(*inner, &Loc::Event));
                words
            }
            _ => Vec::new(),
        }
    }

    /// Whether there is an element `number` (u32) in the stored collection
    /// behind `of`, and its position.
    fn numbered(&mut self, of: SpaceId, number: &Atom, valid: Option<&str>) -> (Atom, Atom) {
        match self.ir.space(of) {
            Space::Collection { counter, .. } => {
                let (low, high) = self.bounds(*counter);
                let valid = valid.map_or(String::new(), |v| format!("{v} && "));
                let there = self.constant(
                    "there",
                    format!("{valid}{} < {} - {}", number.name, high.name, low.name),
                );
                let at = format!("select(0u, {} + {}, {})", low.name, number.name, there.name);
                let at = self.constant("at", at);
                (there, at)
            }
            Space::Nested { inner, .. } => self.numbered(*inner, number, valid),
            other => unreachable!("{other:?} has no numbered elements"),
        }
    }

    /// The index of element `ordinal` (i32) of `of`.
    pub(super) fn refer(&mut self, ordinal: &Atom, of: SpaceId) -> Value {
        let valid = format!("{} >= 0i", ordinal.name);
        let number = self.constant("number", format!("bitcast<u32>({})", ordinal.name));
        if direct(self.ir, of) {
            let (there, at) = self.numbered(of, &number, Some(&valid));
            return Value::Index(there, vec![at]);
        }
        let ir = self.ir;
        let there = self.variable("is_refer", "bool", "false");
        let words: Vec<Atom> =
            (0..width(ir, of)).map(|_| self.variable("at_refer", "u32", "0u")).collect();
        let n = self.variable("n", "u32", "0u");
        let body: Body<'_, 'p> = &mut |e, at| {
            e.open(format!("if ({valid} && {} == {})", n.name, number.name));
            e.line(format!("{} = true;", there.name));
            for (word, from) in words.iter().zip(at.words(ir, of)) {
                e.line(format!("{} = {};", word.name, from.name));
            }
            e.close();
            e.line(format!("{0} = {0} + 1u;", n.name));
        };
        self.each(of, &Loc::Event, body);
        Value::Index(there, words)
    }
}
