//! Random collections, elements of them, and what is said about each element.

use super::elements::{Collection, Element, Kind, Scope, Ty};
use super::writer::Writer;

/// Most evaluations of one expression in a busy event.
const MOST_TIMES: usize = 400;

impl Writer {
    /// A collection that an expression in this scope can loop over.
    pub(crate) fn collection(&mut self, scope: &Scope) -> Option<Collection> {
        for _ in 0..4 {
            let found = self.any_collection(scope)?;
            if found.most * scope.times <= MOST_TIMES {
                return Some(found);
            }
        }
        None
    }

    fn any_collection(&mut self, scope: &Scope) -> Option<Collection> {
        self.left -= 1;
        if self.left <= 2 || self.dice.percent(25) {
            return Some(self.simple());
        }
        match self.dice.below(14) {
            0..=3 => self.filtered(scope),
            4 | 5 => self.sorted(scope),
            6 => Some(self.concatenated()),
            7 | 8 => self.paired(scope),
            9 => self.larger(),
            10 => self.crossed(),
            11 => Some(self.referred()),
            12 => self.nearest_of_each(scope),
            _ => Some(self.simple()),
        }
    }

    /// A stored or defined collection, or the leptons.
    pub(crate) fn simple(&mut self) -> Collection {
        if !self.collections.is_empty() && self.dice.percent(50) {
            return self.dice.pick(&self.collections).clone();
        }
        let stored = |text: &str, kind, most| Collection {
            text: text.to_string(),
            element: Element::stored(kind),
            plain: true,
            most,
        };
        match self.dice.below(7) {
            0 | 1 => stored("Jet", Kind::Jet, 9),
            2 | 3 => stored("Muon", Kind::Muon, 6),
            4 => stored("Electron", Kind::Electron, 6),
            _ => self.leptons(),
        }
    }

    fn leptons(&mut self) -> Collection {
        let text = "concat(Muon, Electron)".to_string();
        let element = Element { kind: Kind::Lepton, root: text.clone() };
        Collection { text, element, plain: true, most: 12 }
    }

    fn filtered(&mut self, scope: &Scope) -> Option<Collection> {
        let of = self.collection(scope)?;
        let condition = self.about(scope, &of, Ty::Bool);
        Some(Collection { text: format!("{}[{condition}]", of.text), ..of })
    }

    fn sorted(&mut self, scope: &Scope) -> Option<Collection> {
        let of = self.collection(scope)?;
        let key = self.key(scope, &of);
        Some(Collection { text: format!("{}.sort_by({key})", of.text), ..of })
    }

    /// A key that is never missing.
    fn key(&mut self, scope: &Scope, of: &Collection) -> String {
        let ty = *self.dice.pick(&[Ty::Real, Ty::Real, Ty::Int, Ty::Long]);
        let (head, inner) = self.bind(scope, of);
        let default = self.literal(ty);
        format!("{head}default({}, {default})", self.expression(&inner, ty))
    }

    fn concatenated(&mut self) -> Collection {
        // Parts that depend on an element would belong to it alone.
        let event = Scope::event();
        let parts: Vec<Collection> = (0..2 + self.dice.below(2))
            .filter_map(|_| self.collection(&event))
            .filter(|c| c.plain && c.most <= 12 && c.element.members().is_empty())
            .collect();
        if parts.len() < 2 {
            return self.leptons();
        }
        let light =
            |c: &Collection| matches!(c.element.kind, Kind::Muon | Kind::Electron | Kind::Lepton);
        let kind = if parts.iter().all(light) { Kind::Lepton } else { Kind::Mixed };
        let texts: Vec<&str> = parts.iter().map(|c| c.text.as_str()).collect();
        let text = format!("concat({})", texts.join(", "));
        let most = parts.iter().map(|c| c.most).sum();
        Collection { element: Element { kind, root: text.clone() }, text, plain: true, most }
    }

    fn paired(&mut self, scope: &Scope) -> Option<Collection> {
        let of = self.collection(scope)?;
        if !of.plain || !of.element.members().is_empty() {
            return Some(of);
        }
        let text = format!("pairs({})", of.text);
        let kind = Kind::Candidate(vec![of.element.clone(); 2]);
        let element = Element { kind, root: text.clone() };
        Some(Collection {
            text,
            element,
            plain: true,
            most: of.most * of.most.saturating_sub(1) / 2,
        })
    }

    /// Triples, rarely four or five of a few.
    pub(crate) fn larger(&mut self) -> Option<Collection> {
        let of = self.collection(&Scope::event())?;
        if !of.plain || !of.element.members().is_empty() || of.most > 9 {
            return Some(of);
        }
        let n = of.most;
        let (text, size, most) = if n <= 6 && self.dice.percent(20) {
            (format!("combinations({}, 4)", of.text), 4, n * (n - 1) * (n - 2) * (n - 3) / 24)
        } else {
            (format!("triples({})", of.text), 3, n * (n - 1) * (n - 2) / 6)
        };
        let kind = Kind::Candidate(vec![of.element.clone(); size]);
        Some(Collection { element: Element { kind, root: text.clone() }, text, plain: true, most })
    }

    fn crossed(&mut self) -> Option<Collection> {
        let event = Scope::event();
        let (a, b) = (self.collection(&event)?, self.collection(&event)?);
        if !a.plain || !b.plain || a.most * b.most > 150 {
            return Some(a);
        }
        let nested = !a.element.members().is_empty() || !b.element.members().is_empty();
        if nested && self.dice.percent(70) {
            return Some(a);
        }
        let text = format!("cross({}, {})", a.text, b.text);
        let kind = Kind::Candidate(vec![a.element.clone(), b.element.clone()]);
        let element = Element { kind, root: text.clone() };
        Some(Collection { text, element, plain: true, most: a.most * b.most })
    }

    /// What each element refers to.
    fn referred(&mut self) -> Collection {
        let of = self.simple();
        let references = of.element.references();
        if references.is_empty() || !of.plain {
            return of;
        }
        let (field, kind) = self.dice.pick(references).clone();
        let text = format!("{}.{field}", of.text);
        Collection { text, element: Element::stored(kind), plain: false, most: of.most }
    }

    fn nearest_of_each(&mut self, scope: &Scope) -> Option<Collection> {
        let (of, to) = (self.simple(), self.collection(scope)?);
        if !of.plain || of.most * to.most * scope.times > MOST_TIMES {
            return Some(of);
        }
        let limit = *self.dice.pick(&["", ", 0.4", ", MET.pt"]);
        let text = format!("nearest({}, {}{limit})", of.text, to.text);
        Some(Collection { text, element: to.element, plain: false, most: of.most })
    }

    /// Names for an element of a collection: the text before what is said
    /// about it, and the scope in which that stands.
    pub(crate) fn bind(&mut self, scope: &Scope, of: &Collection) -> (String, Scope) {
        let mut inner = scope.clone();
        inner.times *= of.most.max(1);
        inner.bare = None;
        let members = of.element.members();
        if !members.is_empty() && self.dice.percent(40) {
            let names: Vec<String> = members.iter().map(|_| self.name("m")).collect();
            inner.elements.extend(names.iter().cloned().zip(members.iter().cloned()));
            return (format!("({}) => ", names.join(", ")), inner);
        }
        if self.dice.percent(40) {
            inner.bare = Some(of.element.clone());
            return (String::new(), inner);
        }
        let name = self.name("x");
        inner.elements.push((name.clone(), of.element.clone()));
        (format!("{name} => "), inner)
    }

    /// Something about each element of a collection.
    pub(crate) fn about(&mut self, scope: &Scope, of: &Collection, ty: Ty) -> String {
        let (head, inner) = self.bind(scope, of);
        format!("{head}{}", self.expression(&inner, ty))
    }

    /// One value for each element of a collection.
    pub(crate) fn array(&mut self, scope: &Scope, of: &Collection, ty: Ty) -> String {
        let mut fields: Vec<String> =
            of.element.fields(ty).iter().map(|f| format!("{}.{f}", of.text)).collect();
        fields.extend(self.own_fields(&of.element, ty).iter().map(|f| format!("{}.{f}", of.text)));
        match self.dice.below(8) {
            0..=2 if !fields.is_empty() => self.dice.pick(&fields).clone(),
            3 if ty == Ty::Real && !fields.is_empty() => {
                let (field, op) =
                    (self.dice.pick(&fields).clone(), *self.dice.pick(&["+", "-", "*", "/"]));
                format!("({field} {op} {})", self.expression(scope, Ty::Real))
            }
            4 if ty == Ty::Real => match self.object(scope) {
                Some((object, _)) => format!("dr({object}, {})", of.text),
                None => format!("dphi({}, MET)", of.text),
            },
            5 if ty == Ty::Bool => {
                let field = format!("{}.pt", of.text);
                format!("({field} > {})", self.expression(scope, Ty::Real))
            }
            _ => format!("{}.map({})", of.text, self.about(scope, of, ty)),
        }
    }

    /// The values of a collection put together.
    pub(crate) fn reduced(&mut self, scope: &Scope, ty: Ty) -> String {
        let Some(of) = self.collection(scope) else { return self.leaf(scope, ty) };
        let names: &[&str] = match ty {
            Ty::Real => &["sum", "sum", "mean", "min", "max"],
            Ty::Int => &["sum", "min", "max"],
            Ty::Long => &["sum", "min", "max"],
            Ty::Bool => &["any", "any", "all"],
        };
        let name = *self.dice.pick(names);
        if self.dice.percent(15) && ty == Ty::Bool {
            return format!("any({})", of.text);
        }
        let number = matches!(name, "min" | "max");
        if self.dice.percent(40) && !number {
            return format!("{name}({}, {})", of.text, self.about(scope, &of, ty));
        }
        let array = self.array(scope, &of, ty);
        if self.dice.percent(15) {
            return format!("{array}[{}]", self.dice.below(3));
        }
        format!("{name}({array})")
    }

    /// One element.
    pub(crate) fn object(&mut self, scope: &Scope) -> Option<(String, Element)> {
        self.left -= 1;
        let mut near: Vec<(String, Element)> = scope.elements.clone();
        if let Some(bare) = &scope.bare {
            let to = |(f, kind): &(&str, Kind)| ((*f).to_string(), Element::stored(kind.clone()));
            near.extend(bare.references().iter().map(to));
        }
        if near.is_empty() || self.dice.percent(20) {
            near.extend(self.objects.iter().cloned());
        }
        if !near.is_empty() && (self.left <= 0 || self.dice.percent(60)) {
            let (text, element) = self.dice.pick(&near).clone();
            return Some(self.object_or_next(text, element));
        }
        let of = self.collection(scope)?;
        let text = match self.dice.below(8) {
            0..=2 => format!("{}[{}]", of.text, self.dice.below(3)),
            3 | 4 => {
                let name = *self.dice.pick(&["min_by", "max_by"]);
                let ty = *self.dice.pick(&[Ty::Real, Ty::Real, Ty::Int, Ty::Long]);
                format!("{}.{name}({})", of.text, self.about(scope, &of, ty))
            }
            5 if of.plain => {
                let ty = *self.dice.pick(&[Ty::Real, Ty::Real, Ty::Int]);
                let array = self.array(scope, &of, ty);
                format!("{}({array})", self.dice.pick(&["argmin", "argmax"]))
            }
            _ if !near.is_empty() => {
                let from = self.dice.pick(&near).0.clone();
                let limit = *self.dice.pick(&["", ", 0.4", ", 1.5"]);
                format!("nearest({from}, {}{limit})", of.text)
            }
            _ => format!("{}[0]", of.text),
        };
        Some(self.object_or_next(text, of.element))
    }

    /// An object, or a member of it, or what it refers to.
    fn object_or_next(&mut self, text: String, element: Element) -> (String, Element) {
        let members = element.members();
        if !members.is_empty() && self.dice.percent(30) {
            let at = self.dice.below(members.len());
            return (format!("{text}[{at}]"), members[at].clone());
        }
        let references = element.references();
        if !references.is_empty() && self.dice.percent(25) {
            let (field, kind) = self.dice.pick(references).clone();
            return (format!("{text}.{field}"), Element::stored(kind));
        }
        (text, element)
    }
}
