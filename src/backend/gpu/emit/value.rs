//! The value of a node at one element, written where the element is known.

use super::graph::{direct, first_operand};
use super::loc::{Atom, Loc, width};
use super::map;
use super::placed::Placed;
use super::places::Keep;
use super::scope::{Emitter, Key, Value, wgsl_zero};
use crate::ir::{KernelId, Map, NodeId, Op, Slot, Space, SpaceId, Ty};

/// Functions inside each other, by their first operands, that are written without
/// recursion where there are more.
const LONG_CHAIN: u32 = 64;

impl Emitter<'_> {
    /// The value of `node` at `loc`, an element of the node's space.
    pub(super) fn value(&mut self, node: NodeId, loc: &Loc) -> Value {
        if let Op::Const(value) = self.ir.node(node).op {
            return Value::Plain(Atom::literal(map::literal(value, false)));
        }
        if self.graph.chain(node) > LONG_CHAIN {
            for below in self.unknown_below(node, loc).into_iter().rev() {
                self.value_at(below, loc);
            }
        }
        self.value_at(node, loc)
    }

    /// The first operands of `node` and of each other that are not known yet: what is
    /// written from the last one on takes no recursion.
    fn unknown_below(&self, node: NodeId, loc: &Loc) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut at = node;
        while !self.kept.contains(&Keep::Node(at))
            && self.known(&Key::Node(at, loc.clone())).is_none()
            && let Some(first) = first_operand(self.ir, at)
        {
            found.push(first);
            at = first;
        }
        found
    }

    fn value_at(&mut self, node: NodeId, loc: &Loc) -> Value {
        self.once(Key::Node(node, loc.clone()), loc.depth(), |e| {
            e.read_kept(Keep::Node(node), loc).unwrap_or_else(|| e.compute(node, loc))
        })
    }

    /// The value under `key`, written in the scope of `depth` if it is not known there.
    pub(super) fn once(
        &mut self,
        key: Key,
        depth: usize,
        write: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        self.at_depth(depth, |e| {
            if let Some(value) = e.known(&key) {
                return value.clone();
            }
            let value = write(e);
            e.remember(key, value.clone());
            value
        })
    }

    /// The text of a node's value that is no index.
    pub(super) fn plain(&mut self, node: NodeId, loc: &Loc) -> Atom {
        self.value(node, loc).plain().clone()
    }

    fn index(&mut self, node: NodeId, loc: &Loc) -> (Atom, Vec<Atom>) {
        match self.value(node, loc) {
            Value::Index(there, words) => (there, words),
            Value::Plain(atom) => unreachable!("{} is no index", atom.name),
        }
    }

    fn compute(&mut self, node: NodeId, loc: &Loc) -> Value {
        let ir = self.ir;
        let this = ir.node(node);
        let hint = format!("v{}", node.index());
        match &this.op {
            Op::Const(value) => Value::Plain(Atom::literal(map::literal(*value, false))),
            Op::Column(column) => self.load(*column, this.ty, loc),
            Op::Count(of) => {
                let count = self.count(*of, loc);
                Value::Plain(self.constant(&hint, format!("i32({})", count.name)))
            }
            Op::Map(function, operands) => {
                let fixed = operands.iter().all(|n| ir.constant(*n).is_some());
                let texts: Vec<Atom> = operands
                    .iter()
                    .map(|n| match ir.constant(*n) {
                        Some(value) => Atom::literal(map::literal(value, fixed)),
                        None => self.plain(*n, loc),
                    })
                    .collect();
                let texts: Vec<&str> = texts.iter().map(|t| &*t.name).collect();
                let text = match *function {
                    Map::Kernel { kernel, result } => {
                        self.kernel((kernel, usize::from(result)), operands, &texts, loc)
                    }
                    function => map::expression(function, ir.ty(operands[0]), &texts),
                };
                Value::Plain(self.constant(&hint, text))
            }
            Op::Lift { node: source, slot } => {
                let related = self.related(this.space, loc, *slot);
                self.value(*source, &related)
            }
            Op::Join(operands) => self.join(this.space, this.ty, operands, loc),
            Op::Part => Value::Plain(match loc {
                Loc::Part(k, _) => Atom::literal(format!("{k}i")),
                Loc::Any(tag, _) => self.constant(&hint, format!("i32({})", tag.name)),
                other => unreachable!("{other:?} is no element of a concatenation"),
            }),
            Op::Reduce(..) | Op::Best { .. } => self.reduced(node, loc),
            Op::Nth { of, nth } if direct(ir, *of) => self.nth_direct(*of, *nth, loc),
            Op::Nth { .. } => self.reduced(node, loc),
            Op::Refer { ordinal, of } => {
                let ordinal = self.plain(*ordinal, loc);
                self.refer(&ordinal, *of)
            }
            Op::Own => Value::Index(Atom::literal("true"), loc.words(ir, this.space)),
            Op::Member { index, slot } => {
                let (there, words) = self.index(*index, loc);
                let of = self.pointed(*index);
                let related = self.related(of, &Loc::from_words(ir, of, &words), *slot);
                let to = ir.slot_space(of, *slot).expect("the slot exists");
                Value::Index(there, related.words(ir, to))
            }
            Op::Pick { node: source, index } => {
                let (there, words) = self.index(*index, loc);
                let target = Loc::from_words(ir, self.pointed(*index), &words);
                let value = self.value(*source, &target);
                self.either(&hint, this.ty, &there, value, None)
            }
            Op::Exists(index) => Value::Plain(self.index(*index, loc).0),
            Op::Same(a, b) => {
                let ((a, x), (b, y)) = (self.index(*a, loc), self.index(*b, loc));
                let equal = x.iter().zip(&y).map(|(x, y)| format!(" && {} == {}", x.name, y.name));
                let equal: String = equal.collect();
                Value::Plain(self.constant(&hint, format!("{} && {}{equal}", a.name, b.name)))
            }
        }
    }

    /// A result of a kernel of these inputs. There is one call, however many results are
    /// asked for.
    fn kernel(
        &mut self,
        (id, result): (KernelId, usize),
        inputs: &[NodeId],
        x: &[&str],
        loc: &Loc,
    ) -> String {
        self.kernels_used.insert(id.index());
        let Placed { wgsl, table } = &self.kernels[id.index()];
        let table = table.map(|start| format!("{start}u"));
        let arguments: Vec<&str> = table.as_deref().into_iter().chain(x.iter().copied()).collect();
        let call = format!("{}({})", wgsl.entry, arguments.join(", "));
        if let [own] = &wgsl.results[..] {
            return format!("{call}{own}");
        }
        let hint = self.ir.kernel(id).name();
        let key = Key::Kernel(id, inputs.to_vec(), loc.clone());
        let all = self.once(key, loc.depth(), |e| Value::Plain(e.constant(hint, call)));
        format!("{}{}", all.plain().name, wgsl.results[result])
    }

    /// The space that an index points into.
    pub(super) fn pointed(&self, index: NodeId) -> SpaceId {
        match self.ir.ty(index) {
            Ty::Index(space) => space,
            other => unreachable!("{other:?} is no index"),
        }
    }

    /// `yes` where `when` is true, else `no` (or zero, or no element).
    fn either(&mut self, hint: &str, ty: Ty, when: &Atom, yes: Value, no: Option<Value>) -> Value {
        if &*when.name == "true" {
            return yes;
        }
        let mut choose = |zero: &str, yes: &Atom, no: Option<&Atom>| {
            let no = no.map_or(zero, |a| &*a.name);
            self.constant(hint, format!("select({no}, {}, {})", yes.name, when.name))
        };
        match (yes, no) {
            (Value::Plain(yes), no) => {
                Value::Plain(choose(wgsl_zero(ty), &yes, no.as_ref().map(Value::plain)))
            }
            (Value::Index(there, words), None) => {
                let there = choose("false", &there, None);
                Value::Index(there, words.iter().map(|w| choose("0u", w, None)).collect())
            }
            (Value::Index(there, words), Some(Value::Index(else_there, else_words))) => {
                let there = choose("false", &there, Some(&else_there));
                let words = words.iter().zip(&else_words);
                Value::Index(there, words.map(|(w, e)| choose("0u", w, Some(e))).collect())
            }
            (Value::Index(..), Some(Value::Plain(_))) => unreachable!("the parts have one type"),
        }
    }

    /// The value of a column of the batch.
    fn load(&mut self, column: usize, ty: Ty, loc: &Loc) -> Value {
        let branch = &self.plan.request.columns[column].branch;
        let at = match loc {
            Loc::Event => "event",
            Loc::At(atom) => &atom.name,
            other => unreachable!("{other:?} is no stored element"),
        };
        let base = self.base(self.plan.request.counters.len() + column, branch);
        let base = &base.name;
        let text = match ty {
            Ty::Bool => format!("load_bool({base} + {at})"),
            Ty::I32 => format!("bitcast<i32>(arena[{base} + {at}])"),
            Ty::I64 => {
                format!("vec2<u32>(arena[{base} + 2u * {at}], arena[{base} + 2u * {at} + 1u])")
            }
            Ty::F32 => format!("f_load(arena[{base} + {at}])"),
            Ty::Index(_) => unreachable!("indices are not stored"),
        };
        Value::Plain(self.constant(branch, text))
    }

    /// Where in the arena offsets (`line` below the number of counters) or a
    /// column begin.
    pub(super) fn base(&mut self, line: usize, name: &str) -> Atom {
        let base = self.once(Key::Base(line), 0, |e| {
            Value::Plain(e.constant(&format!("at_{name}"), format!("arena[{line}u]")))
        });
        base.plain().clone()
    }

    /// First and one-past-last position of the event's elements of a counter.
    pub(super) fn bounds(&mut self, counter: usize) -> (Atom, Atom) {
        let name = &self.plan.request.counters[counter];
        let base = self.base(counter, name);
        let mut at = |key: usize, hint: &str, text: String| {
            let key = Key::Base(usize::MAX - 2 * counter - key);
            let value = self.once(key, 0, |e| Value::Plain(e.constant(hint, text)));
            value.plain().clone()
        };
        let low = at(0, &format!("{name}_low"), format!("arena[{} + event]", base.name));
        let high = at(1, &format!("{name}_high"), format!("arena[{} + event + 1u]", base.name));
        (low, high)
    }

    /// The element in `slot` of `loc`, an element of `space`.
    pub(super) fn related(&mut self, space: SpaceId, loc: &Loc, slot: Slot) -> Loc {
        match (self.ir.space(space), slot) {
            (_, Slot::Parent) => self.parent(space, loc),
            (Space::Filter { .. } | Space::Sort { .. }, Slot::Base(_)) => loc.base().clone(),
            (Space::Nested { .. }, Slot::Base(_)) => loc.member(1).clone(),
            (_, Slot::Base(k)) => loc.member(k as usize).clone(),
            (_, Slot::Pair(a, b)) => {
                Loc::Tuple(vec![loc.member(a as usize).clone(), loc.member(b as usize).clone()])
            }
        }
    }

    /// The parent element of `loc`, an element of `space`.
    pub(super) fn parent(&mut self, space: SpaceId, loc: &Loc) -> Loc {
        let ir = self.ir;
        if ir.parent(space) == Some(SpaceId::EVENT) {
            return Loc::Event;
        }
        match (ir.space(space), loc) {
            (Space::Filter { base, .. } | Space::Sort { base, .. }, _) => {
                self.parent(*base, loc.base())
            }
            (Space::Combos { base, .. }, _) => self.parent(*base, loc.member(0)),
            (Space::Cross { first, .. }, _) => self.parent(*first, loc.member(0)),
            (Space::Nested { .. }, _) => loc.member(0).clone(),
            (Space::Concat { parts }, Loc::Part(k, inner)) => self.parent(parts[*k], inner),
            (Space::Concat { parts }, Loc::Any(tag, _)) => {
                let up = ir.parent(space).expect("not the event");
                let mut found: Option<Value> = None;
                for k in (0..parts.len()).rev() {
                    let inner = self.in_part(space, k, loc);
                    let words = self.parent(parts[k], &inner).words(ir, up);
                    let value = Value::Index(Atom::literal("true"), words);
                    found = Some(match found {
                        None => value,
                        Some(no) => {
                            let here = self.constant("part", format!("{} == {k}u", tag.name));
                            self.either("up", Ty::Index(up), &here, value, Some(no))
                        }
                    });
                }
                match found {
                    Some(Value::Index(_, words)) => Loc::from_words(ir, up, &words),
                    _ => unreachable!("a concatenation has parts"),
                }
            }
            (shape, loc) => unreachable!("{loc:?} of {shape:?} has no parent"),
        }
    }

    /// The element of part `k` that `loc`, an element of a concatenation, is;
    /// some element of the event's if it is of another part.
    pub(super) fn in_part(&mut self, space: SpaceId, k: usize, loc: &Loc) -> Loc {
        let Loc::Any(tag, words) = loc else { unreachable!("the part of {loc:?} is known") };
        let Space::Concat { parts } = self.ir.space(space) else {
            unreachable!("only concatenations have parts")
        };
        let part = parts[k];
        let own = width(self.ir, part);
        let value = self.once(Key::Part(space, k, loc.clone()), loc.depth(), |e| {
            let mask = |e: &mut Self, w: &Atom| {
                e.constant("word", format!("select(0u, {}, {} == {k}u)", w.name, tag.name))
            };
            let words = words[..own].iter().map(|w| mask(e, w)).collect();
            Value::Index(Atom::literal("true"), words)
        });
        match value {
            Value::Index(_, words) => Loc::from_words(self.ir, part, &words),
            Value::Plain(_) => unreachable!("words of a part"),
        }
    }

    fn join(&mut self, space: SpaceId, ty: Ty, operands: &[NodeId], loc: &Loc) -> Value {
        match loc {
            Loc::Part(k, inner) => self.value(operands[*k], inner),
            Loc::Any(tag, _) => {
                let last = operands.len() - 1;
                let inner = self.in_part(space, last, loc);
                let mut value = self.value(operands[last], &inner);
                for k in (0..last).rev() {
                    let inner = self.in_part(space, k, loc);
                    let yes = self.value(operands[k], &inner);
                    let here = self.constant("part", format!("{} == {k}u", tag.name));
                    value = self.either("join", ty, &here, yes, Some(value));
                }
                value
            }
            other => unreachable!("{other:?} is no element of a concatenation"),
        }
    }
}
