//! The text under construction: nested scopes, names, and which values are
//! already known in which scope.
//!
//! A value is written into the outermost scope in which its element is known,
//! while inner loops are still open: their text is appended when they close,
//! so everything that a loop does not change ends up before it.

use super::graph::{Graph, Needed};
use super::loc::{Atom, Loc};
use super::placed::Placed;
use super::places::{Extra, Keep};
use super::tables::Tables;
use crate::ir::{Ir, KernelId, NodeId, SpaceId, Ty};
use crate::kernels::fill::FillLayout;
use crate::plan::Plan;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::rc::Rc;

/// The value of a node at one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A number or truth value.
    Plain(Atom),
    /// An index: whether it points somewhere, and the words of where.
    Index(Atom, Vec<Atom>),
}

impl Value {
    /// The text of a value that is no index.
    pub(super) fn plain(&self) -> &Atom {
        match self {
            Value::Plain(atom) => atom,
            Value::Index(..) => unreachable!("an index is no operand"),
        }
    }
}

/// What a scope remembers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A node's value at an element.
    Node(NodeId, Loc),
    /// The number of elements of a space in a parent element.
    Count(SpaceId, Loc),
    /// The words of an element of a concatenation, where it is of this part.
    Part(SpaceId, usize, Loc),
    /// A line of the arena's directory.
    Base(usize),
    /// What a kernel returns for these nodes at an element.
    Kernel(KernelId, Vec<NodeId>, Loc),
}

/// Where a loop over a sorted space is: the key and ordinal of its element.
#[derive(Debug, Clone)]
pub(super) struct SortState {
    pub(super) key: Atom,
    pub(super) ordinal: Atom,
}

#[derive(Debug, Default)]
struct Scope {
    header: String,
    text: String,
    known: HashMap<Key, Value>,
}

/// Writes one kernel.
pub(super) struct Emitter<'p> {
    pub(super) plan: &'p Plan,
    pub(super) ir: &'p Ir,
    pub(super) graph: &'p Graph<'p>,
    /// What the loop under construction needs, innermost last.
    pub(super) needed: Vec<Needed>,
    pub(super) sorted: HashMap<Loc, SortState>,
    /// Numbers of the elements of flat concatenations in their loops.
    pub(super) flat: HashMap<Loc, Atom>,
    pub(super) tables: &'p Tables,
    /// The kernels of the graph, by their ids.
    pub(super) kernels: &'p [Placed],
    /// Those of them that the text calls.
    pub(super) kernels_used: BTreeSet<usize>,
    /// Where the kernel's fills lie in its output.
    pub(super) layouts: BTreeMap<usize, FillLayout>,
    /// Where in the tables the fills' descriptions begin, and these.
    pub(super) described_at: u32,
    pub(super) descriptions: Vec<u32>,
    /// What the arena says beyond offsets and columns.
    pub(super) extras: Vec<Extra>,
    /// What is kept in `scratch`, with their lines of `extras`.
    pub(super) keeps: BTreeMap<Keep, usize>,
    /// Those of them that have been written.
    pub(super) kept: BTreeSet<Keep>,
    /// Whether `values` and `weights` are used.
    pub(super) uses_fill_arrays: bool,
    /// Lengths of `soft_factors` and `soft_exponents`: what soft fills need.
    pub(super) soft_sizes: [usize; 2],
    scopes: Vec<Scope>,
    names: u32,
}

/// Writes what is done for one element.
pub(super) type Body<'b, 'p> = &'b mut dyn FnMut(&mut Emitter<'p>, &Loc);

impl<'p> Emitter<'p> {
    /// An empty kernel that needs `needed` for the fills in `layouts`.
    pub(super) fn new(
        plan: &'p Plan,
        graph: &'p Graph<'p>,
        needed: Needed,
        (tables, kernels): (&'p Tables, &'p [Placed]),
        layouts: BTreeMap<usize, FillLayout>,
        described_at: u32,
    ) -> Emitter<'p> {
        Emitter {
            plan,
            ir: &plan.ir,
            graph,
            needed: vec![needed],
            sorted: HashMap::new(),
            flat: HashMap::new(),
            tables,
            kernels,
            kernels_used: BTreeSet::new(),
            layouts,
            described_at,
            descriptions: Vec::new(),
            extras: Vec::new(),
            keeps: BTreeMap::new(),
            kept: BTreeSet::new(),
            uses_fill_arrays: false,
            soft_sizes: [0; 2],
            scopes: vec![Scope::default()],
            names: 0,
        }
    }

    /// The finished text of the kernel's body.
    pub(super) fn text(&mut self) -> String {
        debug_assert_eq!(self.scopes.len(), 1, "all scopes are closed");
        std::mem::take(&mut self.top().text)
    }

    /// Depth of the innermost open scope.
    pub(super) fn depth(&self) -> usize {
        self.scopes.len() - 1
    }

    fn top(&mut self) -> &mut Scope {
        self.scopes.last_mut().expect("the body's scope stays open")
    }

    /// Writes a line.
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        let top = self.top();
        top.text.push_str(line.as_ref());
        top.text.push('\n');
    }

    /// Opens a block: `header {`.
    pub(super) fn open(&mut self, header: impl Into<String>) {
        self.scopes.push(Scope { header: header.into(), ..Scope::default() });
    }

    /// Closes the innermost block; one without text disappears.
    pub(super) fn close(&mut self) {
        let scope = self.scopes.pop().expect("a block is open");
        if !scope.text.is_empty() {
            let _ = write!(self.top().text, "{} {{\n{}}}\n", scope.header, scope.text);
        }
    }

    /// Runs `write` with the scope of `depth` as the innermost one.
    pub(super) fn at_depth<R>(&mut self, depth: usize, write: impl FnOnce(&mut Self) -> R) -> R {
        let inner = self.scopes.split_off(depth + 1);
        let result = write(self);
        debug_assert_eq!(self.depth(), depth, "blocks are closed where they were opened");
        self.scopes.extend(inner);
        result
    }

    /// What the innermost scope knows under `key`.
    pub(super) fn known(&self, key: &Key) -> Option<&Value> {
        self.scopes.last().and_then(|s| s.known.get(key))
    }

    /// Remembers a value in the innermost scope.
    pub(super) fn remember(&mut self, key: Key, value: Value) {
        self.top().known.insert(key, value);
    }

    fn fresh(&mut self, hint: &str) -> Rc<str> {
        self.names += 1;
        let clean: String =
            hint.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let lead = if clean.starts_with(|c: char| c.is_ascii_alphabetic()) { "" } else { "c" };
        format!("{lead}{}_{}", clean.trim_end_matches('_'), self.names).into()
    }

    /// A new name of the innermost scope, not declared yet.
    pub(super) fn name(&mut self, hint: &str) -> Atom {
        Atom { name: self.fresh(hint), depth: self.depth(), runs: false }
    }

    /// `let hint = text;`
    pub(super) fn constant(&mut self, hint: &str, text: impl AsRef<str>) -> Atom {
        let atom = self.name(hint);
        self.line(format!("let {} = {};", atom.name, text.as_ref()));
        atom
    }

    /// `var hint: ty = text;`
    pub(super) fn variable(&mut self, hint: &str, ty: &str, text: &str) -> Atom {
        let atom = self.name(hint);
        self.line(format!("var {}: {ty} = {text};", atom.name));
        atom
    }
}

/// The WGSL type of a plain value.
pub(super) fn wgsl_type(ty: Ty) -> &'static str {
    match ty {
        Ty::Bool => "bool",
        Ty::I32 => "i32",
        Ty::I64 => "vec2<u32>",
        Ty::F32 => "f32",
        Ty::Index(_) => unreachable!("an index is several values"),
    }
}

/// The value that stands for a missing one.
pub(super) fn wgsl_zero(ty: Ty) -> &'static str {
    match ty {
        Ty::Bool => "false",
        Ty::I32 => "0i",
        Ty::I64 => "vec2<u32>(0u, 0u)",
        Ty::F32 => "0.0f",
        Ty::Index(_) => unreachable!("an index is several values"),
    }
}

/// Indents a text by its braces, four blanks a level.
pub(super) fn indent(text: &str, mut level: usize) -> String {
    let mut out = String::with_capacity(text.len() * 3 / 2);
    for line in text.lines() {
        if line.starts_with('}') {
            level = level.saturating_sub(1);
        }
        for _ in 0..level {
            out.push_str("    ");
        }
        out.push_str(line);
        out.push('\n');
        if line.ends_with('{') {
            level += 1;
        }
    }
    out
}
