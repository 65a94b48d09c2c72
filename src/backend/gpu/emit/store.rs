//! What is computed once for each element and kept in `scratch`, because loops
//! inside of loops, or later kernels, would compute it again.
//!
//! Where it is kept is said by `places`. An event's places are written and read by
//! its own thread only.

use super::loc::{Atom, Loc, width};
use super::places::{Extra, Keep, Places, elements, places};
use super::scope::{Emitter, Value};
use crate::ir::{NodeId, Space, SpaceId, Ty};

impl Emitter<'_> {
    /// Reserves the places of what this kernel keeps.
    pub(super) fn keep(&mut self, keep: Keep) {
        let (space, width) = match keep {
            Keep::Count(_) => (SpaceId::EVENT, 1),
            Keep::Node(node) => match self.ir.ty(node) {
                Ty::Index(of) => (self.ir.over(node), 1 + width(self.ir, of)),
                Ty::I64 => (self.ir.over(node), 2),
                _ => (self.ir.over(node), 1),
            },
        };
        let places = places(self.ir, space).expect("its elements have places");
        if let Places::Pairs(of) = &places {
            self.extra(Extra::PairOffsets(of.clone()));
        }
        let line = self.extras.len();
        self.extras.push(Extra::Kept { places, width });
        self.keeps.insert(keep, line);
    }

    /// The line of an extra that may be there already.
    fn extra(&mut self, extra: Extra) -> usize {
        self.extras.iter().position(|e| *e == extra).unwrap_or_else(|| {
            self.extras.push(extra);
            self.extras.len() - 1
        })
    }

    /// What `extra` number `line` says.
    fn extra_base(&mut self, line: usize, hint: &str) -> Atom {
        let request = &self.plan.request;
        self.base(request.counters.len() + request.columns.len() + line, hint)
    }

    /// Where in `scratch` the kept value is for the element `at`.
    fn place(&mut self, keep: Keep, at: &Loc) -> String {
        let line = self.keeps[&keep];
        let (space, hint) = match keep {
            Keep::Node(node) => (self.ir.over(node), format!("kept_v{}", node.index())),
            Keep::Count(space) => (SpaceId::EVENT, format!("kept_n{}", space.index())),
        };
        let base = self.extra_base(line, &hint).name;
        let Extra::Kept { places, width } = self.extras[line].clone() else {
            unreachable!("line {line} is a kept column's")
        };
        let place = match places {
            Places::Events => "event".to_owned(),
            Places::Elements(of) => match (&of[..], self.stored(space, at)) {
                ([_], Some(position)) => position.name.to_string(),
                _ => {
                    let starts: Vec<String> =
                        of.iter().map(|c| self.bounds(*c).0.name.to_string()).collect();
                    format!("{} + {}", starts.join(" + "), self.ordinal(space, at).name)
                }
            },
            Places::Pairs(of) => {
                let offsets = self.extra(Extra::PairOffsets(of));
                let offsets = self.extra_base(offsets, "at_pairs").name;
                let (pairs, at) = self.unfiltered(space, at);
                let Space::Combos { base: of, .. } = *self.ir.space(pairs) else {
                    unreachable!("pairs are combinations")
                };
                let i = self.ordinal(of, at.member(0)).name;
                let j = self.ordinal(of, at.member(1)).name;
                format!("arena[{offsets} + event] + {j} * ({j} - 1u) / 2u + {i}")
            }
        };
        match width {
            1 => format!("{base} + {place}"),
            _ => format!("{base} + {width}u * ({place})"),
        }
    }

    /// The element behind filters and sorts.
    fn unfiltered<'l>(&self, space: SpaceId, at: &'l Loc) -> (SpaceId, &'l Loc) {
        match self.ir.space(space) {
            Space::Filter { base, .. } | Space::Sort { base, .. } => {
                self.unfiltered(*base, at.base())
            }
            _ => (space, at),
        }
    }

    /// The position of an element of one stored collection.
    fn stored(&self, space: SpaceId, at: &Loc) -> Option<Atom> {
        match self.unfiltered(space, at) {
            (_, Loc::At(position)) => Some(position.clone()),
            _ => None,
        }
    }

    /// The number of an element within its event, among the stored ones.
    fn ordinal(&mut self, space: SpaceId, at: &Loc) -> Atom {
        let (space, at) = self.unfiltered(space, at);
        if let Some(number) = self.flat.get(at) {
            return number.clone();
        }
        match (self.ir.space(space), at) {
            (Space::Collection { counter, .. }, Loc::At(position)) => {
                let low = self.bounds(*counter).0;
                self.constant("nr", format!("{} - {}", position.name, low.name))
            }
            (Space::Concat { parts }, Loc::Part(k, inner)) => {
                let own = self.ordinal(parts[*k], inner);
                let before = self.before(&parts[..*k]);
                self.constant("nr", format!("{}{before}", own.name))
            }
            (Space::Concat { parts }, Loc::Any(tag, _)) => {
                let mut found: Option<String> = None;
                for (k, part) in parts.iter().enumerate() {
                    let inner = self.in_part(space, k, at);
                    let own = self.ordinal(*part, &inner).name;
                    let here = format!("{own}{}", self.before(&parts[..k]));
                    found = Some(match found {
                        None => here,
                        Some(no) => format!("select({no}, {here}, {} == {k}u)", tag.name),
                    });
                }
                self.constant("nr", found.unwrap_or_default())
            }
            (shape, at) => unreachable!("{at:?} of {shape:?} has no place"),
        }
    }

    /// ` + n`: the stored elements of these parts.
    fn before(&mut self, parts: &[SpaceId]) -> String {
        let counters: Vec<usize> =
            parts.iter().flat_map(|p| elements(self.ir, *p).unwrap_or_default()).collect();
        let count = |c: &usize| {
            let (low, high) = self.bounds(*c);
            format!(" + ({} - {})", high.name, low.name)
        };
        counters.iter().map(count).collect()
    }

    /// Writes the kept value for the element `at`.
    pub(super) fn write_kept(&mut self, keep: Keep, at: &Loc) {
        let bits = |e: &mut Self, node: NodeId, atom: &Atom| match e.ir.ty(node) {
            Ty::Bool => vec![format!("select(0u, 1u, {})", atom.name)],
            Ty::I64 => vec![format!("{}.x", atom.name), format!("{}.y", atom.name)],
            _ => vec![format!("bitcast<u32>({})", atom.name)],
        };
        let words = match keep {
            Keep::Count(space) => vec![self.count(space, at).name.to_string()],
            Keep::Node(node) => match self.value(node, at) {
                Value::Plain(atom) => bits(self, node, &atom),
                Value::Index(there, words) => {
                    let there = format!("select(0u, 1u, {})", there.name);
                    let words = words.iter().map(|w| w.name.to_string());
                    std::iter::once(there).chain(words).collect()
                }
            },
        };
        let place = self.place(keep, at);
        for (k, word) in words.iter().enumerate() {
            self.line(format!("scratch[{}] = {word};", plus(&place, k)));
        }
    }

    /// The kept value for the element `at`, if it has been written.
    pub(super) fn read_kept(&mut self, keep: Keep, at: &Loc) -> Option<Value> {
        if !self.kept.contains(&keep) {
            return None;
        }
        let place = self.place(keep, at);
        let word = |k: usize| format!("scratch[{}]", plus(&place, k));
        let Keep::Node(node) = keep else {
            return Some(Value::Plain(self.constant("n", word(0))));
        };
        let hint = format!("v{}", node.index());
        Some(match self.ir.ty(node) {
            Ty::Bool => Value::Plain(self.constant(&hint, format!("{} != 0u", word(0)))),
            Ty::I32 => Value::Plain(self.constant(&hint, format!("bitcast<i32>({})", word(0)))),
            Ty::I64 => {
                Value::Plain(self.constant(&hint, format!("vec2<u32>({}, {})", word(0), word(1))))
            }
            Ty::F32 => Value::Plain(self.constant(&hint, format!("bitcast<f32>({})", word(0)))),
            Ty::Index(of) => {
                let there = self.constant(&format!("is_{hint}"), format!("{} != 0u", word(0)));
                let words = 1..=width(self.ir, of);
                let at_hint = format!("at_{hint}");
                let words = words.map(|k| self.constant(&at_hint, word(k))).collect();
                Value::Index(there, words)
            }
        })
    }
}

/// `place + k`.
fn plus(place: &str, k: usize) -> String {
    if k == 0 { place.to_owned() } else { format!("{place} + {k}u") }
}
