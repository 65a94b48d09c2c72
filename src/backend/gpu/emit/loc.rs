//! Where an element is, in the emitted text: the variables that hold its
//! positions. A location is enough to evaluate any column of its space there.

use crate::ir::{Ir, Space, SpaceId};
use std::rc::Rc;

/// A name (or literal) in the emitted text that can be used as it stands, and
/// the scope in which it is defined.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Atom {
    /// The text.
    pub(super) name: Rc<str>,
    /// Depth of the scope that defines it; 0 is the kernel's body.
    pub(super) depth: usize,
    /// Whether it runs over elements, rather than points to one of them.
    pub(super) runs: bool,
}

impl Atom {
    /// A literal, the same everywhere.
    pub(super) fn literal(text: impl Into<Rc<str>>) -> Atom {
        Atom { name: text.into(), depth: 0, runs: false }
    }
}

/// An element of a space.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Loc {
    /// The event.
    Event,
    /// Of a stored collection: position in its flat columns.
    At(Atom),
    /// Of a filter or sort: the element in the base, and the depth of the
    /// scope in which it is known to belong.
    Kept(Box<Loc>, usize),
    /// Of a known part of a concatenation.
    Part(usize, Box<Loc>),
    /// Of a concatenation: the part, and the words of the element in it.
    Any(Atom, Vec<Atom>),
    /// Of combinations and crosses: the members; of a nested space: the outer
    /// element and the inner one.
    Tuple(Vec<Loc>),
}

impl Loc {
    /// Depth of the innermost scope that the location depends on.
    pub(super) fn depth(&self) -> usize {
        match self {
            Loc::Event => 0,
            Loc::At(atom) => atom.depth,
            Loc::Kept(base, depth) => base.depth().max(*depth),
            Loc::Part(_, inner) => inner.depth(),
            Loc::Any(tag, words) => words.iter().map(|w| w.depth).fold(tag.depth, usize::max),
            Loc::Tuple(members) => members.iter().map(Loc::depth).max().unwrap_or(0),
        }
    }

    /// Whether loops run over it, rather than an index pointing there.
    pub(super) fn runs(&self) -> bool {
        match self {
            Loc::Event => true,
            Loc::At(atom) => atom.runs,
            Loc::Kept(base, _) => base.runs(),
            Loc::Part(_, inner) => inner.runs(),
            Loc::Any(tag, _) => tag.runs,
            Loc::Tuple(members) => members.iter().all(Loc::runs),
        }
    }

    /// The element in the base of a filter or sort.
    pub(super) fn base(&self) -> &Loc {
        match self {
            Loc::Kept(base, _) => base,
            other => unreachable!("no element of a filter or sort: {other:?}"),
        }
    }

    /// Member `k` of a combination, cross or nested space.
    pub(super) fn member(&self, k: usize) -> &Loc {
        match self {
            Loc::Tuple(members) => &members[k],
            other => unreachable!("no tuple of elements: {other:?}"),
        }
    }

    /// The element as words, `width(space)` of them.
    pub(super) fn words(&self, ir: &Ir, space: SpaceId) -> Vec<Atom> {
        match (self, ir.space(space)) {
            (Loc::Event, _) => Vec::new(),
            (Loc::At(atom), _) => vec![atom.clone()],
            (Loc::Kept(base, _), Space::Filter { base: of, .. } | Space::Sort { base: of, .. }) => {
                base.words(ir, *of)
            }
            (Loc::Part(k, inner), Space::Concat { parts }) => {
                let mut words = vec![Atom::literal(format!("{k}u"))];
                words.extend(inner.words(ir, parts[*k]));
                words.resize(width(ir, space), Atom::literal("0u"));
                words
            }
            (Loc::Any(tag, rest), _) => {
                let mut words = vec![tag.clone()];
                words.extend(rest.iter().cloned());
                words
            }
            (Loc::Tuple(members), shape) => {
                let spaces = member_spaces(shape, members.len());
                members.iter().zip(spaces).flat_map(|(m, s)| m.words(ir, s)).collect()
            }
            (loc, shape) => unreachable!("{loc:?} is no element of {shape:?}"),
        }
    }

    /// The element of `space` that `words` describe: the inverse of [`Loc::words`].
    pub(super) fn from_words(ir: &Ir, space: SpaceId, words: &[Atom]) -> Loc {
        match ir.space(space) {
            Space::Event => Loc::Event,
            Space::Collection { .. } => Loc::At(words[0].clone()),
            Space::Filter { base, .. } | Space::Sort { base, .. } => {
                Loc::Kept(Box::new(Loc::from_words(ir, *base, words)), 0)
            }
            Space::Concat { .. } => Loc::Any(words[0].clone(), words[1..].to_vec()),
            shape @ (Space::Combos { .. } | Space::Cross { .. } | Space::Nested { .. }) => {
                let size = if let Space::Combos { size, .. } = shape { *size as usize } else { 2 };
                let mut rest = words;
                let mut members = Vec::with_capacity(size);
                for member in member_spaces(shape, size) {
                    let (own, more) = rest.split_at(width(ir, member));
                    members.push(Loc::from_words(ir, member, own));
                    rest = more;
                }
                Loc::Tuple(members)
            }
        }
    }
}

/// The spaces of the members of a tuple.
fn member_spaces(shape: &Space, size: usize) -> Vec<SpaceId> {
    match shape {
        Space::Combos { base, .. } => vec![*base; size],
        Space::Cross { first, second } => vec![*first, *second],
        Space::Nested { outer, inner } => vec![*outer, *inner],
        other => unreachable!("{other:?} has no members"),
    }
}

/// Number of words that tell an element of `space` from the others of an event.
pub(super) fn width(ir: &Ir, space: SpaceId) -> usize {
    match ir.space(space) {
        Space::Event => 0,
        Space::Collection { .. } => 1,
        Space::Filter { base, .. } | Space::Sort { base, .. } => width(ir, *base),
        Space::Concat { parts } => 1 + parts.iter().map(|p| width(ir, *p)).max().unwrap_or(0),
        Space::Combos { base, size } => *size as usize * width(ir, *base),
        Space::Cross { first, second } => width(ir, *first) + width(ir, *second),
        Space::Nested { outer, inner } => width(ir, *outer) + width(ir, *inner),
    }
}

/// A space in words, for comments: `pairs(Jet[..])`.
pub(super) fn describe(ir: &Ir, space: SpaceId) -> String {
    match ir.space(space) {
        Space::Event => "event".to_owned(),
        Space::Collection { name, .. } => name.clone(),
        Space::Filter { base, mask } => format!("{}[node {}]", describe(ir, *base), mask.index()),
        Space::Sort { base, key } => {
            format!("{}.sort_by(node {})", describe(ir, *base), key.index())
        }
        Space::Concat { parts } => {
            let parts: Vec<String> = parts.iter().map(|p| describe(ir, *p)).collect();
            format!("concat({})", parts.join(", "))
        }
        Space::Combos { base, size: 2 } => format!("pairs({})", describe(ir, *base)),
        Space::Combos { base, size: 3 } => format!("triples({})", describe(ir, *base)),
        Space::Combos { base, size } => format!("combinations({}, {size})", describe(ir, *base)),
        Space::Cross { first, second } => {
            format!("{} x {}", describe(ir, *first), describe(ir, *second))
        }
        Space::Nested { outer, inner } => {
            format!("{} seen from {}", describe(ir, *inner), describe(ir, *outer))
        }
    }
}
