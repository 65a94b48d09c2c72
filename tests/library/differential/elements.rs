//! What the generated text speaks of: kinds of elements, their fields, and the
//! names at hand where an expression stands.

/// The type of a generated expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ty {
    Real,
    Int,
    Long,
    Bool,
}

impl Ty {
    pub(crate) const ALL: [Ty; 4] = [Ty::Real, Ty::Int, Ty::Long, Ty::Bool];
}

/// What an element is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Jet,
    Muon,
    Electron,
    /// Of `concat(Muon, Electron)`.
    Lepton,
    /// Of a concatenation with jets.
    Mixed,
    /// Of combinations, with its members.
    Candidate(Vec<Element>),
}

/// An element: only those of one root can be the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) kind: Kind,
    /// The text of what filters and orders started from.
    pub(crate) root: String,
}

/// The text of a collection and what it is of.
#[derive(Debug, Clone)]
pub(crate) struct Collection {
    pub(crate) text: String,
    pub(crate) element: Element,
    /// Not references: it can be combined.
    pub(crate) plain: bool,
    /// About how many elements a busy event has.
    pub(crate) most: usize,
}

/// The names that an expression can use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    /// Elements by name.
    pub(crate) elements: Vec<(String, Element)>,
    /// The element whose fields bare names are.
    pub(crate) bare: Option<Element>,
    /// Parameters that are numbers.
    pub(crate) numbers: Vec<(String, Ty)>,
    /// About how often the expression is evaluated in a busy event.
    pub(crate) times: usize,
}

impl Scope {
    /// The event, with no names but the columns'.
    pub(crate) fn event() -> Scope {
        Scope { times: 1, ..Scope::default() }
    }
}

impl Element {
    /// An element of a stored collection.
    pub(crate) fn stored(kind: Kind) -> Element {
        let root = match kind {
            Kind::Muon => "Muon",
            Kind::Electron => "Electron",
            _ => "Jet",
        };
        Element { kind, root: root.to_string() }
    }

    /// Whether it, or each of its members, has a charge.
    fn charged(&self) -> bool {
        match &self.kind {
            Kind::Jet | Kind::Mixed => false,
            Kind::Muon | Kind::Electron | Kind::Lepton => true,
            Kind::Candidate(members) => members.iter().all(Element::charged),
        }
    }

    /// The fields of a type that every element of this kind has.
    pub(crate) fn fields(&self, ty: Ty) -> Vec<&'static str> {
        let mut fields: Vec<&str> = match (&self.kind, ty) {
            (_, Ty::Real) => {
                // Twice what is cheap and often asked for.
                vec![
                    "pt", "pt", "eta", "phi", "mass", "mass", "energy", "px", "py", "pz", "p",
                    "rapidity",
                ]
            }
            (Kind::Jet, Ty::Int) => vec!["jetId", "flavour", "puId", "muonIdx1"],
            (Kind::Jet, Ty::Bool) => vec!["good"],
            (Kind::Muon | Kind::Electron, Ty::Int) => vec!["charge", "bits", "jetIdx"],
            (Kind::Lepton, Ty::Int) => vec!["charge", "bits", "kind"],
            (Kind::Muon | Kind::Electron | Kind::Lepton, Ty::Bool) => vec!["tight"],
            (Kind::Jet | Kind::Muon | Kind::Electron | Kind::Lepton, Ty::Long) => vec!["code"],
            (Kind::Mixed, Ty::Int) => vec!["kind"],
            (Kind::Candidate(_), Ty::Int) if self.charged() => vec!["charge"],
            _ => vec![],
        };
        match (&self.kind, ty) {
            (Kind::Jet, Ty::Real) => fields.extend(["btag", "area"]),
            (Kind::Muon | Kind::Electron | Kind::Lepton, Ty::Real) => fields.push("dxy"),
            _ => {}
        }
        fields
    }

    /// Its fields that are elements.
    pub(crate) fn references(&self) -> &'static [(&'static str, Kind)] {
        match self.kind {
            Kind::Jet => &[("muon1", Kind::Muon), ("electron2", Kind::Electron)],
            Kind::Muon | Kind::Electron => &[("jet", Kind::Jet)],
            _ => &[],
        }
    }

    /// The texts of collections that elements are of for sure, stored ones or as written.
    pub(crate) fn origins(&self) -> Vec<&str> {
        match (&self.kind, self.root.as_str()) {
            (Kind::Candidate(members), _) => members.iter().flat_map(Element::origins).collect(),
            (_, leptons @ "concat(Muon, Electron)") => vec![leptons, "Muon", "Electron"],
            (_, root) => vec![root],
        }
    }

    /// The members of a candidate.
    pub(crate) fn members(&self) -> &[Element] {
        match &self.kind {
            Kind::Candidate(members) => members,
            _ => &[],
        }
    }
}
