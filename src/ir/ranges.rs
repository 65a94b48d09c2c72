//! Which integers a node can have: what decides whether 32 bits are enough for a
//! sum, and whether a result must be looked at for having left 64.

use super::{Const, Ir, Map, NodeId, Op, Reduce, Space, SpaceId, Ty};

/// Most elements of a space in one event: a batch with more of a stored collection is
/// refused, and so is an event with more combinations. Positions have 32 bits, and a
/// column of that many reals takes a gigabyte.
pub(crate) const MOST_ELEMENTS: u64 = 1 << 28;

/// The least and the greatest of some integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) low: i128,
    pub(crate) high: i128,
}

impl Range {
    /// All integers of 32 bits.
    pub(crate) const I32: Range = Range { low: i32::MIN as i128, high: i32::MAX as i128 };
    /// All integers of 64 bits.
    pub(crate) const I64: Range = Range { low: i64::MIN as i128, high: i64::MAX as i128 };

    fn new(low: i128, high: i128) -> Range {
        Range { low, high }
    }

    /// Whether all of them are among `other`.
    pub(crate) fn within(self, other: Range) -> bool {
        other.low <= self.low && self.high <= other.high
    }

    /// Those of both.
    fn or(self, other: Range) -> Range {
        Range::new(self.low.min(other.low), self.high.max(other.high))
    }

    /// What `map` makes of numbers of two ranges, before anything wraps; of one
    /// number it is given twice. `None`: any number.
    pub(crate) fn of(map: Map, a: Range, b: Range) -> Option<Range> {
        Some(match map {
            Map::Add => Range::new(a.low + b.low, a.high + b.high),
            Map::Sub => Range::new(a.low - b.high, a.high - b.low),
            Map::Neg => Range::new(-a.high, -a.low),
            Map::Not => Range::new(-1 - a.high, -1 - a.low),
            Map::Mul => {
                let all = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
                let (low, high) = (all.iter().min()?, all.iter().max()?);
                Range::new(*low, *high)
            }
            Map::FloorDiv if b.low > 0 => Range::new(a.low.min(0), a.high.max(0)),
            Map::FloorDiv => {
                // Only a divisor of -1 leaves the magnitude what it is.
                let most = a.low.abs().max(a.high.abs());
                let most = if b.high < -1 { most / 2 + 1 } else { most };
                Range::new(-most, most)
            }
            Map::Mod => Range::new((b.low + 1).min(0), (b.high - 1).max(0)),
            Map::And if a.low >= 0 && b.low >= 0 => Range::new(0, a.high.min(b.high)),
            Map::And if a.low >= 0 => Range::new(0, a.high),
            Map::And if b.low >= 0 => Range::new(0, b.high),
            Map::Shr if b.low == b.high && (0..64).contains(&b.low) => {
                Range::new(a.low >> b.low, a.high >> b.low)
            }
            Map::Shr => Range::new(a.low.min(-1), a.high.max(0)),
            Map::Narrow => {
                let ends = [a.low, a.high].map(|x| x.clamp(Range::I32.low, Range::I32.high));
                Range::new(ends[0], ends[1])
            }
            Map::Widen => a,
            _ => return None,
        })
    }
}

/// The ranges of the first nodes of a graph that grows.
#[derive(Debug, Default)]
pub(crate) struct Ranges(Vec<Range>);

impl Ranges {
    /// That of an integer node; of another one all that its type could count.
    pub(crate) fn of(&mut self, ir: &Ir, node: NodeId) -> Range {
        while self.0.len() <= node.index() {
            let range = self.worked_out(ir, NodeId(self.0.len() as u32));
            self.0.push(range);
        }
        self.0[node.index()]
    }

    /// That of a node whose operands are known.
    fn worked_out(&self, ir: &Ir, id: NodeId) -> Range {
        let node = ir.node(id);
        let all = if node.ty == Ty::I64 { Range::I64 } else { Range::I32 };
        let of = |n: &NodeId| self.0[n.index()];
        let found = match &node.op {
            Op::Const(Const::I32(i)) => Some(Range::new((*i).into(), (*i).into())),
            Op::Const(Const::I64(i)) => Some(Range::new((*i).into(), (*i).into())),
            Op::Count(space) => Some(Range::new(0, elements(ir, *space))),
            Op::Map(Map::Select, ops) => Some(of(&ops[1]).or(of(&ops[2]))),
            Op::Map(Map::ToInt, ops) if ir.ty(ops[0]) == Ty::Bool => Some(Range::new(0, 1)),
            Op::Map(map, ops) => Range::of(*map, of(&ops[0]), of(&ops[ops.len() - 1])),
            Op::Lift { node, .. } => Some(of(node)),
            Op::Pick { node, .. } => Some(of(node).or(Range::new(0, 0))),
            Op::Join(ops) => ops.iter().map(of).reduce(Range::or),
            Op::Part => Some(Range::new(0, Range::I32.high)),
            Op::Reduce(how, values) => {
                let most = elements(ir, ir.over(*values));
                let value = match how {
                    Reduce::Sum => of(values),
                    Reduce::Tally | Reduce::Any => Range::new(0, 1),
                };
                Some(Range::new(most * value.low.min(0), most * value.high.max(0)))
            }
            _ => None,
        };
        // What leaves the type has wrapped to anything.
        found.filter(|range| range.within(all)).unwrap_or(all)
    }
}

/// Most elements of a space in one element of its parent.
fn elements(ir: &Ir, space: SpaceId) -> i128 {
    match ir.space(space) {
        Space::Event => 1,
        Space::Filter { base, .. } | Space::Sort { base, .. } => elements(ir, *base),
        Space::Concat { parts } => parts.iter().map(|part| elements(ir, *part)).sum(),
        Space::Collection { .. }
        | Space::Combos { .. }
        | Space::Cross { .. }
        | Space::Nested { .. } => MOST_ELEMENTS.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nodes_can_be() {
        let mut ir = Ir::default();
        let jets = ir.add_space(Space::Collection { counter: 0, name: "Jet".into() });
        let [run, event] = [Ty::I32, Ty::I64]
            .map(|ty| ir.column(1 + (ty == Ty::I64) as usize, SpaceId::EVENT, ty));
        let id = ir.column(0, jets, Ty::I32);
        let count = ir.count(jets);
        let [two, seven] = [2, 7].map(|i| ir.constant_node(Const::I32(i)));
        let most = i128::from(MOST_ELEMENTS);
        let both = |ir: &mut Ir, map, a, b| ir.map(map, &[a, b]);
        let twice = both(&mut ir, Map::Mul, two, count);
        let less = both(&mut ir, Map::Sub, count, seven);
        let rest = both(&mut ir, Map::Mod, run, seven);
        let bits = both(&mut ir, Map::And, run, seven);
        let wrapped = both(&mut ir, Map::Add, run, two);
        let wide = ir.map(Map::Widen, &[id]);
        let sum = ir.reduce(Reduce::Sum, wide);
        let narrow = ir.map(Map::Narrow, &[event]);
        let table = [
            (run, Range::I32),
            (event, Range::I64),
            (count, Range::new(0, most)),
            (twice, Range::new(0, 2 * most)),
            (less, Range::new(-7, most - 7)),
            (rest, Range::new(0, 6)),
            (bits, Range::new(0, 7)),
            (wrapped, Range::I32),
            (wide, Range::I32),
            (sum, Range::new(most * Range::I32.low, most * Range::I32.high)),
            (narrow, Range::I32),
        ];
        let mut ranges = Ranges::default();
        for (node, range) in table {
            assert_eq!(ranges.of(&ir, node), range, "{:?}", ir.node(node));
        }
    }

    /// Every operation on all pairs of small numbers stays in what is said of it.
    #[test]
    fn no_result_is_outside() {
        let maps = [Map::Add, Map::Sub, Map::Mul, Map::FloorDiv, Map::Mod, Map::And, Map::Shr];
        let ends = [(-5, -2), (-3, 4), (0, 6), (1, 3), (-1, -1), (2, 2)];
        use crate::kernels::wide::*;
        for map in maps {
            for (a, b) in ends.iter().flat_map(|a| ends.iter().map(move |b| (a, b))) {
                let range = |(low, high): &(i64, i64)| Range::new((*low).into(), (*high).into());
                let Some(found) = Range::of(map, range(a), range(b)) else { continue };
                for (x, y) in (a.0..=a.1).flat_map(|x| (b.0..=b.1).map(move |y| (x, y))) {
                    let z = match map {
                        Map::Add => x + y,
                        Map::Sub => x - y,
                        Map::Mul => x * y,
                        Map::FloorDiv => l_floor_div(x, y),
                        Map::Mod => l_mod(x, y),
                        Map::And => x & y,
                        _ => l_shr(x, y as i32),
                    };
                    let inside = Range::new(z.into(), z.into()).within(found);
                    assert!(inside, "{map:?} of {x} and {y} is {z}, not in {found:?}");
                }
            }
        }
    }
}
