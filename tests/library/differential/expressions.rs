//! Random expressions by type. Every composite one stands in parentheses, so
//! that a failing one can be cut down piece by piece.

use super::elements::{Collection, Element, Scope, Ty};
use super::writer::Writer;
use gpuana::kernels::FUNCTIONS;

/// Real numbers as written; bin edges are among them.
const REALS: &[&str] = &[
    "0.0",
    "0.5",
    "1.0",
    "2.0",
    "0.1",
    "0.3",
    "2.5",
    "10.0",
    "20.0",
    "25.0",
    "30.5",
    "91.2",
    "1e-3",
    "1e10",
    "1e-30",
    "3.4e38",
    "3.1415927",
    "7e-39",
    "(-1.0)",
    "(-0.0)",
    "(-2.5)",
];
/// Those of them that single precision has.
const EXACT: &[&str] = &["0.0", "0.5", "1.0", "2.5", "30.5", "(-1.0)", "(-2.5)"];
const INTS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "7",
    "11",
    "16",
    "31",
    "32",
    "33",
    "255",
    "65536",
    "2147483647",
    "(-1)",
    "(-2)",
    "(-7)",
    "0x55",
];
const LONGS: &[&str] = &[
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "2147483648",
    "(~1)",
    "(~9007199254740992)",
    "4611686018427387904",
];
/// Columns of the event.
const COLUMNS: [&[&str]; 4] = [
    &["MET.pt", "MET.pt", "MET.phi", "MET.sumEt", "genWeight", "pileup"],
    &["year", "PV.npvs", "PV_score", "nJet", "nMuon", "nElectron"],
    &["event", "event", "run"],
    &["HLT_IsoMu24", "HLT.Ele32"],
];

impl Writer {
    /// An expression of a type with about `size` parts.
    pub(crate) fn sized(&mut self, scope: &Scope, ty: Ty, size: i32) -> String {
        let kept = std::mem::replace(&mut self.left, size);
        let text = self.expression(scope, ty);
        self.left = kept;
        text
    }

    pub(crate) fn expression(&mut self, scope: &Scope, ty: Ty) -> String {
        self.left -= 1;
        if self.left <= 0 {
            return self.leaf(scope, ty);
        }
        match self.dice.below(9) {
            0 => return self.chosen(scope, ty),
            1 => {
                if let Some(text) = self.of_object(scope, ty) {
                    return text;
                }
            }
            2 => {
                if let Some(text) = self.called(scope, ty) {
                    return text;
                }
            }
            _ => {}
        }
        match ty {
            Ty::Real => self.real(scope),
            Ty::Int => self.int(scope),
            Ty::Long => self.long(scope),
            Ty::Bool => self.boolean(scope),
        }
    }

    /// A name or a number.
    pub(crate) fn leaf(&mut self, scope: &Scope, ty: Ty) -> String {
        let mut near: Vec<String> = Vec::new();
        let named = scope.elements.iter().map(|(name, element)| (format!("{name}."), element));
        for (prefix, element) in named.chain(scope.bare.iter().map(|e| (String::new(), e))) {
            near.extend(element.fields(ty).iter().map(|f| format!("{prefix}{f}")));
            near.extend(self.own_fields(element, ty).iter().map(|f| format!("{prefix}{f}")));
        }
        near.extend(scope.numbers.iter().filter(|(_, t)| *t == ty).map(|(n, _)| n.clone()));
        if !near.is_empty() && self.dice.percent(70) {
            return self.dice.pick(&near).clone();
        }
        if self.dice.percent(60) {
            return self.column(ty);
        }
        self.literal(ty)
    }

    fn column(&mut self, ty: Ty) -> String {
        let own: Vec<String> =
            self.values.iter().filter(|(_, t)| *t == ty).map(|(n, _)| n.clone()).collect();
        if !own.is_empty() && self.dice.percent(40) {
            return self.dice.pick(&own).clone();
        }
        (*self.dice.pick(COLUMNS[ty as usize])).to_string()
    }

    pub(crate) fn literal(&mut self, ty: Ty) -> String {
        (*match ty {
            Ty::Real => self.dice.pick(REALS),
            Ty::Int => self.dice.pick(INTS),
            Ty::Long => self.dice.pick(LONGS),
            Ty::Bool => self.dice.pick(&["true", "false"]),
        })
        .to_string()
    }

    /// Conditions and defaults, of any type.
    fn chosen(&mut self, scope: &Scope, ty: Ty) -> String {
        let two = |w: &mut Writer| (w.expression(scope, ty), w.expression(scope, ty));
        let (a, b) = two(self);
        match self.dice.below(3) {
            0 => {
                let condition = self.expression(scope, Ty::Bool);
                format!("(if {condition} then {a} else {b})")
            }
            1 if ty != Ty::Bool => {
                let name = *self.dice.pick(&["min", "max"]);
                if self.dice.percent(30) {
                    return format!("clamp({a}, {}, {b})", self.literal(ty));
                }
                format!("{name}({a}, {b})")
            }
            _ => format!("default({a}, {b})"),
        }
    }

    /// A field of an object.
    fn of_object(&mut self, scope: &Scope, ty: Ty) -> Option<String> {
        let (text, element) = self.object(scope)?;
        let mut fields: Vec<String> = element.fields(ty).iter().map(|f| (*f).to_string()).collect();
        fields.extend(self.own_fields(&element, ty));
        if fields.is_empty() {
            return (ty == Ty::Bool).then(|| format!("exists({text})"));
        }
        Some(format!("{text}.{}", self.dice.pick(&fields)))
    }

    fn real(&mut self, scope: &Scope) -> String {
        let real = |w: &mut Writer| w.expression(scope, Ty::Real);
        match self.dice.below(17) {
            0..=3 => {
                let (a, op, b) = (real(self), *self.dice.pick(&["+", "-", "*", "/"]), real(self));
                format!("({a} {op} {b})")
            }
            4 => {
                let (a, b) = (real(self), self.expression(scope, Ty::Int));
                let op = *self.dice.pick(&["+", "-", "*", "/"]);
                if self.dice.percent(50) {
                    format!("({a} {op} {b})")
                } else {
                    format!("({b} {op} {a})")
                }
            }
            5 => {
                let (a, b) = (self.expression(scope, Ty::Int), self.expression(scope, Ty::Int));
                format!("({a} / {b})")
            }
            6 => {
                let a = real(self);
                let n = *self.dice.pick(&["2", "3", "0", "1", "5", "0.5", "1.5"]);
                if self.dice.percent(20) {
                    format!("({a} ** {})", real(self))
                } else {
                    format!("({a} ** {n})")
                }
            }
            7 => format!("(-{})", real(self)),
            8 => {
                let ty = *self.dice.pick(&[Ty::Int, Ty::Long, Ty::Bool]);
                format!("float({})", self.expression(scope, ty))
            }
            9..=11 => self.function(scope),
            12..=14 => self.reduced(scope, Ty::Real),
            _ => self.of_two(scope),
        }
    }

    /// A call of the next function in turn.
    pub(crate) fn function(&mut self, scope: &Scope) -> String {
        let function = &FUNCTIONS[self.turn % FUNCTIONS.len()];
        self.turn += 1;
        let arguments: Vec<String> =
            (0..function.arity()).map(|_| self.expression(scope, Ty::Real)).collect();
        match function.name {
            // Its only spelling; a whole number would become multiplications.
            "pow" => format!("({} ** float({}))", arguments[0], arguments[1]),
            name => format!("{name}({})", arguments.join(", ")),
        }
    }

    /// A function of two elements.
    fn of_two(&mut self, scope: &Scope) -> String {
        let (Some((a, _)), Some((b, _))) = (self.object(scope), self.object(scope)) else {
            return self.leaf(scope, Ty::Real);
        };
        match self.dice.below(5) {
            0 => format!("mt({a}, MET)"),
            1 => format!("dphi({a}, MET)"),
            _ => format!("{}({a}, {b})", self.dice.pick(&["dr", "dphi", "deta", "mt"])),
        }
    }

    fn int(&mut self, scope: &Scope) -> String {
        let int = |w: &mut Writer| w.expression(scope, Ty::Int);
        match self.dice.below(14) {
            0..=2 => {
                let ops = ["+", "-", "*", "&", "|", "^", "<<", ">>"];
                let (a, op, b) = (int(self), *self.dice.pick(&ops), int(self));
                format!("({a} {op} {b})")
            }
            3 | 4 => {
                let (a, op) = (int(self), *self.dice.pick(&["//", "%"]));
                let b = if self.dice.percent(50) {
                    (*self.dice.pick(&["2", "7", "16", "255"])).to_string()
                } else {
                    self.expression(scope, Ty::Int).replace("(0)", "(1)")
                };
                let b = if b == "0" { "3".to_string() } else { b };
                format!("({a} {op} {b})")
            }
            5 => format!("({}{})", self.dice.pick(&["-", "~"]).to_owned(), int(self)),
            6 => format!("abs({})", int(self)),
            7 => format!("int({})", self.expression(scope, Ty::Real)),
            8 => format!("int({})", self.expression(scope, Ty::Bool)),
            9 => format!("({} ** {})", int(self), self.dice.pick(&["0", "2", "3"])),
            10 | 11 => match self.collection(scope) {
                Some(c) if self.dice.percent(50) => format!("count({})", c.text),
                Some(c) => format!("count({}, {})", c.text, self.about(scope, &c, Ty::Bool)),
                None => self.leaf(scope, Ty::Int),
            },
            _ => self.reduced(scope, Ty::Int),
        }
    }

    fn long(&mut self, scope: &Scope) -> String {
        let long = |w: &mut Writer| w.expression(scope, Ty::Long);
        match self.dice.below(9) {
            6 | 7 => {
                let (a, op, b) =
                    (long(self), *self.dice.pick(&["+", "-", "*", "//", "%"]), long(self));
                // Constants stay within 64 bits, and none is divided by zero.
                let varies = |text: &str| text.contains(|c: char| c.is_ascii_lowercase());
                let op = if varies(&a) && varies(&b) { op } else { "^" };
                let b = if op.starts_with(['/', '%']) { format!("({b} | 1)") } else { b };
                format!("({a} {op} {b})")
            }
            8 => format!("{}({})", self.dice.pick(&["-", "abs"]), long(self)),
            0 | 1 => {
                let (a, op, b) = (long(self), *self.dice.pick(&["&", "|", "^"]), long(self));
                let b = if self.dice.percent(40) { self.expression(scope, Ty::Int) } else { b };
                format!("({a} {op} {b})")
            }
            2 | 3 => {
                let (a, op) = (long(self), *self.dice.pick(&["<<", ">>"]));
                format!("({a} {op} {})", self.expression(scope, Ty::Int))
            }
            4 => format!("(~{})", long(self)),
            _ => self.reduced(scope, Ty::Long),
        }
    }

    fn boolean(&mut self, scope: &Scope) -> String {
        let boolean = |w: &mut Writer| w.expression(scope, Ty::Bool);
        match self.dice.below(16) {
            0..=4 => self.comparison(scope),
            5 | 6 => {
                let (a, op, b) = (boolean(self), *self.dice.pick(&["and", "or"]), boolean(self));
                format!("({a} {op} {b})")
            }
            7 => format!("(not {})", boolean(self)),
            8 => {
                let (a, op, b) = (boolean(self), *self.dice.pick(&["==", "!="]), boolean(self));
                format!("({a} {op} {b})")
            }
            9 => {
                let name = *self.dice.pick(&["is_nan", "is_finite"]);
                format!("{name}({})", self.expression(scope, Ty::Real))
            }
            10 => match self.object(scope) {
                Some((text, _)) => format!("exists({text})"),
                None => format!("exists({})", self.expression(scope, Ty::Real)),
            },
            11 => self.membership(scope).unwrap_or_else(|| self.leaf(scope, Ty::Bool)),
            12 => self.disjoint(scope).unwrap_or_else(|| self.leaf(scope, Ty::Bool)),
            _ => self.reduced(scope, Ty::Bool),
        }
    }

    fn comparison(&mut self, scope: &Scope) -> String {
        let ty = *self.dice.pick(&[Ty::Real, Ty::Real, Ty::Int, Ty::Long]);
        let ops = ["<", "<=", ">", ">=", "==", "!="];
        let (a, op) = (self.expression(scope, ty), *self.dice.pick(&ops));
        let other = match (ty, self.dice.below(4)) {
            (Ty::Real | Ty::Long, 0) => Ty::Int,
            _ => ty,
        };
        let b = match (self.dice.percent(50), other, op) {
            // Only what a value can be is compared for equality.
            (true, Ty::Real, "==" | "!=") => self.dice.pick(EXACT).to_string(),
            (true, ..) => self.literal(other),
            (false, ..) => self.expression(scope, other),
        };
        if self.dice.percent(20) {
            let (c, op) = (self.leaf(scope, ty), *self.dice.pick(&ops[..4]));
            return format!("({a} {op} {b} < {c})");
        }
        format!("({a} {op} {b})")
    }

    /// `disjoint(element, candidate)`, of some stored collection both.
    fn disjoint(&mut self, scope: &Scope) -> Option<String> {
        let (a, element) = self.object(scope)?;
        let origins = element.origins();
        for _ in 0..6 {
            let (b, other) = self.object(scope)?;
            if other.origins().iter().any(|o| origins.contains(o)) {
                return Some(format!("disjoint({a}, {b})"));
            }
        }
        None
    }

    /// `element in collection`, `element not in candidate`.
    fn membership(&mut self, scope: &Scope) -> Option<String> {
        let word = if self.dice.percent(30) { "not in" } else { "in" };
        let (text, element) = self.object(scope)?;
        let same = |e: &Element| e.root == element.root;
        for _ in 0..6 {
            let (of, found) = if self.dice.percent(50) {
                let (of, other) = self.object(scope)?;
                // In a candidate are its members, not itself.
                let members = other.members();
                (of, if members.is_empty() { same(&other) } else { members.iter().all(same) })
            } else {
                let Collection { text, element, .. } = self.collection(scope)?;
                (text, same(&element))
            };
            if found {
                return Some(format!("({text} {word} {of})"));
            }
        }
        None
    }
}
