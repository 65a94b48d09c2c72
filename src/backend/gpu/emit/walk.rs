//! Loops over spaces: the order of the elements is the order of the emitted
//! loops.

use super::flat::flat;
use super::loc::{Atom, Loc, describe, width};
use super::scope::{Body, Emitter, SortState};
use crate::ir::{NodeId, Space, SpaceId, Ty};

impl<'p> Emitter<'p> {
    /// A loop over the elements of `space` in the parent element `up`.
    pub(super) fn each(&mut self, space: SpaceId, up: &Loc, body: Body<'_, 'p>) {
        match self.ir.space(space) {
            Space::Event => body(self, &Loc::Event),
            Space::Collection { counter, name } => {
                let (low, high) = self.bounds(*counter);
                self.count_up(name, &low.name, &high, body);
            }
            Space::Filter { base, mask } => {
                let mask = *mask;
                self.each(*base, up, &mut |e, at| e.kept(mask, at, body));
            }
            Space::Sort { base, key } => self.sorted(*base, *key, up, None, body),
            Space::Concat { .. } if flat(self.ir, space) => self.each_flat(space, "0u", body),
            Space::Concat { parts } => {
                for (k, part) in parts.iter().enumerate() {
                    self.each(*part, up, &mut |e, at| body(e, &Loc::Part(k, Box::new(at.clone()))));
                }
            }
            Space::Combos { base, size } => {
                let (base, more) = (*base, size - 1);
                self.each(base, up, &mut |e, at| {
                    e.later_members(base, more, vec![at.clone()], body);
                });
            }
            Space::Cross { first, second } => {
                let second = *second;
                self.each(*first, up, &mut |e, a| {
                    e.each(second, up, &mut |e, b| {
                        body(e, &Loc::Tuple(vec![a.clone(), b.clone()]))
                    });
                });
            }
            Space::Nested { outer, inner } => {
                let above = self.ancestor(*outer, up, *inner);
                self.each(*inner, &above, &mut |e, at| {
                    body(e, &Loc::Tuple(vec![up.clone(), at.clone()]));
                });
            }
        }
    }

    /// A loop over the elements of `space` that come after `start` in the same
    /// parent element.
    fn each_after(&mut self, space: SpaceId, start: &Loc, body: Body<'_, 'p>) {
        match (self.ir.space(space), start) {
            (Space::Collection { counter, name }, Loc::At(at)) => {
                let (_, high) = self.bounds(*counter);
                self.count_up(name, &format!("{} + 1u", at.name), &high, body);
            }
            (Space::Filter { base, mask }, _) => {
                let mask = *mask;
                self.each_after(*base, start.base(), &mut |e, at| e.kept(mask, at, body));
            }
            (Space::Sort { base, key }, _) => {
                let state = self.sorted.get(start.base()).cloned();
                let up = self.parent(space, start);
                self.sorted(*base, *key, &up, state, body);
            }
            (Space::Concat { .. }, Loc::Any(..)) => {
                let after = format!("{} + 1u", self.flat[start].name);
                self.each_flat(space, &after, body);
            }
            (Space::Concat { parts }, Loc::Part(k, inner)) => {
                let k = *k;
                self.each_after(parts[k], inner, &mut |e, at| {
                    body(e, &Loc::Part(k, Box::new(at.clone())));
                });
                let up = self.parent(space, start);
                for (j, part) in parts.iter().enumerate().skip(k + 1) {
                    self.each(*part, &up, &mut |e, at| {
                        body(e, &Loc::Part(j, Box::new(at.clone())));
                    });
                }
            }
            (Space::Combos { base, size }, Loc::Tuple(members)) => {
                for kept in (0..*size as usize).rev() {
                    let (head, base) = (members[..kept].to_vec(), *base);
                    let more = *size - 1 - kept as u32;
                    self.each_after(base, &members[kept], &mut |e, at| {
                        let mut members = head.clone();
                        members.push(at.clone());
                        e.later_members(base, more, members, body);
                    });
                }
            }
            (Space::Cross { first, second }, Loc::Tuple(members)) => {
                let second = *second;
                let up = self.parent(space, start);
                self.each_after(second, &members[1], &mut |e, b| {
                    body(e, &Loc::Tuple(vec![members[0].clone(), b.clone()]));
                });
                self.each_after(*first, &members[0], &mut |e, a| {
                    e.each(second, &up, &mut |e, b| {
                        body(e, &Loc::Tuple(vec![a.clone(), b.clone()]));
                    });
                });
            }
            (Space::Nested { inner, .. }, Loc::Tuple(members)) => {
                self.each_after(*inner, &members[1], &mut |e, at| {
                    body(e, &Loc::Tuple(vec![members[0].clone(), at.clone()]));
                });
            }
            (shape, loc) => unreachable!("nothing comes after {loc:?} of {shape:?}"),
        }
    }

    /// `more` further members of a combination, each after the last.
    fn later_members(&mut self, base: SpaceId, more: u32, members: Vec<Loc>, body: Body<'_, 'p>) {
        let Some(last) = members.last().filter(|_| more > 0) else {
            return body(self, &Loc::Tuple(members));
        };
        let last = last.clone();
        self.each_after(base, &last, &mut |e, at| {
            let mut members = members.clone();
            members.push(at.clone());
            e.later_members(base, more - 1, members, body);
        });
    }

    fn count_up(&mut self, name: &str, first: &str, end: &Atom, body: Body<'_, 'p>) {
        let i = Atom { depth: self.depth() + 1, runs: true, ..self.name(name) };
        let (i_name, end) = (&i.name, &end.name);
        self.open(format!(
            "for (var {i_name}: u32 = {first}; {i_name} < {end}; {i_name} = {i_name} + 1u)"
        ));
        body(self, &Loc::At(i.clone()));
        self.close();
    }

    /// The body for an element `at` of a filter's base, if its mask is true.
    pub(super) fn kept(&mut self, mask: NodeId, at: &Loc, body: Body<'_, 'p>) {
        let mask = self.plain(mask, at);
        self.open(format!("if ({})", mask.name));
        let depth = self.depth();
        body(self, &Loc::Kept(Box::new(at.clone()), depth));
        self.close();
    }

    /// The element of the inner space's parent that `loc` (of `space`) is or descends from.
    pub(super) fn ancestor(&mut self, space: SpaceId, loc: &Loc, inner: SpaceId) -> Loc {
        let goal = self.ir.parent(inner).expect("the event nests in nothing");
        if goal == SpaceId::EVENT {
            return Loc::Event;
        }
        let (mut space, mut loc) = (space, loc.clone());
        while space != goal {
            loc = self.parent(space, &loc);
            space = self.ir.parent(space).expect("the goal is an ancestor");
        }
        loc
    }

    /// A loop in ascending order of `key`: each turn looks for the least key
    /// (and among equals the first element) beyond the last one.
    fn sorted(
        &mut self,
        base: SpaceId,
        key: NodeId,
        up: &Loc,
        after: Option<SortState>,
        body: Body<'_, 'p>,
    ) {
        let ir = self.ir;
        let wide = ir.ty(key) == Ty::I64;
        let (ty, zero) = if wide { ("vec2<u32>", "vec2<u32>(0u, 0u)") } else { ("u32", "0u") };
        let first = after.is_none();
        let (from_key, from_ordinal) =
            after.map_or((zero.into(), "0u".into()), |s| (s.key.name, s.ordinal.name));
        self.line(format!("// ascending {}", describe(ir, base)));
        let started = self.variable("started", "bool", if first { "false" } else { "true" });
        let last_key = self.variable("last_key", ty, &from_key);
        let last_ordinal = self.variable("last_ordinal", "u32", &from_ordinal);
        self.open("loop");
        let found = self.variable("found", "bool", "false");
        let best_key = self.variable("best_key", ty, zero);
        let best_ordinal = self.variable("best_ordinal", "u32", "0u");
        let words: Vec<Atom> =
            (0..width(ir, base)).map(|_| self.variable("word", "u32", "0u")).collect();
        let ordinal = self.variable("ordinal", "u32", "0u");
        self.each(base, up, &mut |e, at| {
            let value = e.plain(key, at);
            let k = e.constant("key", sort_key(ir.ty(key), &value.name));
            let less = |a: &str, b: &str| {
                if wide { format!("l_lt({a}, {b})") } else { format!("({a} < {b})") }
            };
            let same = format!("all({} == {})", last_key.name, k.name);
            e.open(format!(
                "if ((!{} || {} || ({same} && {} < {})) && (!{} || {}))",
                started.name,
                less(&last_key.name, &k.name),
                last_ordinal.name,
                ordinal.name,
                found.name,
                less(&k.name, &best_key.name),
            ));
            e.line(format!("{} = true;", found.name));
            e.line(format!("{} = {};", best_key.name, k.name));
            e.line(format!("{} = {};", best_ordinal.name, ordinal.name));
            for (var, word) in words.iter().zip(at.words(ir, base)) {
                e.line(format!("{} = {};", var.name, word.name));
            }
            e.close();
            e.line(format!("{0} = {0} + 1u;", ordinal.name));
        });
        self.line(format!("if (!{}) {{", found.name));
        self.line("break;");
        self.line("}");
        self.line(format!("{} = true;", started.name));
        self.line(format!("{} = {};", last_key.name, best_key.name));
        self.line(format!("{} = {};", last_ordinal.name, best_ordinal.name));
        let fixed: Vec<Atom> =
            words.iter().map(|w| Atom { runs: true, ..self.constant("at", &w.name) }).collect();
        let state = SortState {
            key: self.constant("key", &best_key.name),
            ordinal: self.constant("ordinal", &best_ordinal.name),
        };
        let element = Loc::from_words(ir, base, &fixed);
        self.sorted.insert(element.clone(), state);
        let depth = self.depth();
        body(self, &Loc::Kept(Box::new(element), depth));
        self.close();
    }
}

/// A key as an unsigned number (or 64-bit integer) of the same order, NaN last.
fn sort_key(ty: Ty, value: &str) -> String {
    match ty {
        Ty::F32 => format!("sort_key({value})"),
        Ty::I32 => format!("bitcast<u32>({value}) ^ 0x80000000u"),
        _ => value.to_owned(),
    }
}
