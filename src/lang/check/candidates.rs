//! Fields of candidates: the four-momentum of pairs, triples and more.
//!
//! With m² = m|m| (ROOT's convention for negative masses), mT² = m² + pT² and
//! the rapidity y, the product of two four-vectors is a sum of three terms,
//! all of them positive:
//!
//! ```text
//!   (m1² m2² + m1² pT2² + m2² pT1²) / (mT1 mT2 + pT1 pT2)
//! + 2 mT1 mT2 sinh²(Δy/2)
//! + 2 pT1 pT2 sin²(Δφ/2)
//! ```
//!
//! Where an mT² is not positive it is E1 E2 - p1·p2. Masses of more than two
//! are sums over pairs, which all terms of m² are shared out to.

use super::describe::type_words;
use super::fields::{Field, common_type};
use super::value::{Col, Object};
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{Map, NodeId, Slot, Space, SpaceId, Ty};
use crate::syntax::{BinaryOp, CompareOp};

impl Checker<'_> {
    /// A field of candidates, over their space.
    pub(super) fn candidate_field(&mut self, space: SpaceId, name: &str) -> Checked<Col> {
        let key = (space, name.to_string());
        if let Some(col) = self.candidate_fields.get(&key) {
            return Ok(*col);
        }
        let col = self.new_candidate_field(space, name)?;
        self.candidate_fields.insert(key, col);
        Ok(col)
    }

    fn new_candidate_field(&mut self, space: SpaceId, name: &str) -> Checked<Col> {
        let pt_of_two = name == "pt" && self.slots(space).len() == 2;
        match name {
            "mass" => {
                let square = self.mass_squared(space)?;
                self.map_col(square, |c, n| c.signed_root(n))
            }
            "charge" => self.total_charge(space),
            "pt" if pt_of_two => self.pair_pt(space),
            "px" | "py" | "pz" | "energy" => self.total(space, name),
            "pt" => {
                let (x, y) = (self.total(space, "px")?, self.total(space, "py")?);
                self.zip_cols(x, y, |c, x, y| c.hypotenuse(x, y))
            }
            "phi" => {
                let (x, y) = (self.total(space, "px")?, self.total(space, "py")?);
                self.zip_cols(x, y, |c, x, y| c.function("atan2", &[y, x]))
            }
            "eta" => {
                let (pt, z) = (self.candidate_field(space, "pt")?, self.total(space, "pz")?);
                self.zip_cols(pt, z, |c, pt, z| {
                    let ratio = c.arithmetic_node(BinaryOp::Div, z, pt);
                    c.function("asinh", &[ratio])
                })
            }
            "p" => {
                let (pt, z) = (self.candidate_field(space, "pt")?, self.total(space, "pz")?);
                self.zip_cols(pt, z, |c, pt, z| c.hypotenuse(pt, z))
            }
            _ => self.rapidity(space),
        }
    }

    /// asinh(pz / mT): E - |pz| would cancel, the more the further forward.
    fn rapidity(&mut self, space: SpaceId) -> Checked<Col> {
        let (pt, z) = (self.candidate_field(space, "pt")?, self.total(space, "pz")?);
        let square = self.mass_squared(space)?;
        let mt = self.zip_cols(square, pt, |c, square, pt| {
            let pt2 = c.square(pt);
            let mt2 = c.add(square, pt2);
            c.function("sqrt", &[mt2])
        })?;
        self.zip_cols(mt, z, |c, mt, z| {
            let ratio = c.arithmetic_node(BinaryOp::Div, z, mt);
            c.function("asinh", &[ratio])
        })
    }

    /// sign(m²) sqrt(|m²|).
    fn signed_root(&mut self, square: NodeId) -> NodeId {
        let magnitude = self.function("abs", &[square]);
        let root = self.function("sqrt", &[magnitude]);
        let zero = self.ir.real(0.0);
        let negative = self.compare_nodes(CompareOp::Lt, square, zero);
        let flipped = self.ir.map(Map::Neg, &[root]);
        self.ir.map(Map::Select, &[negative, flipped, root])
    }

    fn hypotenuse(&mut self, x: NodeId, y: NodeId) -> NodeId {
        let (x2, y2) = (self.square(x), self.square(y));
        let square = self.add(x2, y2);
        self.function("sqrt", &[square])
    }

    fn map_col(&mut self, col: Col, f: impl FnOnce(&mut Self, NodeId) -> NodeId) -> Checked<Col> {
        let value = f(self, col.value);
        Ok(Col { value, valid: col.valid })
    }

    fn zip_cols(
        &mut self,
        a: Col,
        b: Col,
        f: impl FnOnce(&mut Self, NodeId, NodeId) -> NodeId,
    ) -> Checked<Col> {
        let value = f(self, a.value, b.value);
        Ok(Col { value, valid: self.both(a.valid, b.valid) })
    }

    /// The members' slots of a candidate space, each with its base.
    fn slots(&self, space: SpaceId) -> Vec<(Slot, SpaceId)> {
        match self.ir.space(space) {
            Space::Combos { base, size } => (0..*size).map(|k| (Slot::Base(k), *base)).collect(),
            Space::Cross { first, second } => {
                vec![(Slot::Base(0), *first), (Slot::Base(1), *second)]
            }
            _ => unreachable!("candidates are combinations or crosses"),
        }
    }

    /// A field of a member's space over that space; derived fields and the
    /// inner quantities `m2`, `mt2`, `mt`, `eta_minus_y` included.
    fn member_field(&mut self, base: SpaceId, name: &str) -> Checked<Col> {
        let own = Object::own(base);
        if matches!(name, "m2" | "mt2" | "mt" | "eta_minus_y") {
            return self.inner_quantity(&own, name);
        }
        match self.object_field(&own, name)? {
            Some(Field::Column(col)) => {
                let ty = if name == "charge" { self.ir.ty(col.value) } else { Ty::F32 };
                let col = Col { value: self.converted(col.value, ty), valid: col.valid };
                Ok(self.each_node(col, |c, n| c.solid(n, base)))
            }
            _ => self.no_member_field(base, name),
        }
    }

    fn inner_quantity(&mut self, own: &Object, name: &str) -> Checked<Col> {
        if name == "m2" {
            let mass = self.member_field(own.of, "mass")?;
            return self.map_col(mass, |c, m| c.signed_square(m));
        }
        let mut parts = Vec::new();
        let mut valid = None;
        for field in ["pt", "eta", "phi", "mass"] {
            let col = self.member_field(own.of, field)?;
            valid = self.both(valid, col.valid);
            parts.push(col.value);
        }
        let value = self.component(name, parts[0], parts[1], parts[2], parts[3]);
        Ok(Col { value, valid })
    }

    fn no_member_field<T>(&mut self, base: SpaceId, name: &str) -> Checked<T> {
        let what = self.describe_space(base);
        let text = format!("this needs `{name}` of the members, and {what} has no `{name}`");
        let mut d = Diagnostic::new(self.at, text);
        if let Space::Collection { name: collection, .. } = self.ir.space(base) {
            d = d.help(format!("define it: `{collection}.{name}: ...` under `define`"));
        }
        self.fail(d)
    }

    /// A field of each member, lifted to the candidates' space.
    fn of_members(&mut self, space: SpaceId, name: &str) -> Checked<Vec<Col>> {
        let mut cols = Vec::new();
        for (slot, base) in self.slots(space) {
            let col = self.member_field(base, name)?;
            cols.push(self.each_node(col, |c, n| c.ir.lift(n, space, slot)));
        }
        Ok(cols)
    }

    /// The sum of a real field over the members.
    fn total(&mut self, space: SpaceId, name: &str) -> Checked<Col> {
        let cols = self.of_members(space, name)?;
        let mut total = cols[0];
        for col in &cols[1..] {
            total = self.zip_cols(total, *col, |c, a, b| c.add(a, b))?;
        }
        Ok(total)
    }

    /// The sum of the members' charges: an integer if all of them are.
    fn total_charge(&mut self, space: SpaceId) -> Checked<Col> {
        let mut cols = self.of_members(space, "charge")?;
        let types: Vec<Ty> = cols.iter().map(|c| self.ir.ty(c.value)).collect();
        let ty = match common_type(&types) {
            Some(ty @ (Ty::I32 | Ty::I64 | Ty::F32)) => ty,
            _ => {
                let found = type_words(Ty::Bool);
                let text = format!("this adds the charges of the members, and one is {found}");
                let help = "a charge is a number";
                return self.fail(Diagnostic::new(self.at, text).help(help));
            }
        };
        for col in &mut cols {
            col.value = self.converted(col.value, ty);
        }
        let mut total = cols[0];
        for col in &cols[1..] {
            total = match ty {
                Ty::F32 => self.zip_cols(total, *col, |c, a, b| c.add(a, b))?,
                _ => self.integers(Map::Add, [total, *col], self.at)?,
            };
        }
        Ok(total)
    }

    /// A field of both members of a pair.
    fn of_both(&mut self, space: SpaceId, name: &str) -> Checked<[Col; 2]> {
        let cols = self.of_members(space, name)?;
        Ok([cols[0], cols[1]])
    }

    /// pT² = (pT1 - pT2)² + 4 pT1 pT2 cos²(Δφ/2).
    fn pair_pt(&mut self, space: SpaceId) -> Checked<Col> {
        let ([a, b], [phi_a, phi_b]) = (self.of_both(space, "pt")?, self.of_both(space, "phi")?);
        let mut valid = self.both(a.valid, b.valid);
        for col in [phi_a, phi_b] {
            valid = self.both(valid, col.valid);
        }
        let dphi = self.function("delta_phi", &[phi_a.value, phi_b.value]);
        let half = self.scaled(0.5, dphi);
        let cosine = self.function("cos", &[half]);
        let cosine2 = self.square(cosine);
        let product = self.mul(a.value, b.value);
        let product = self.scaled(4.0, product);
        let second = self.mul(product, cosine2);
        let difference = self.sub(a.value, b.value);
        let first = self.square(difference);
        let square = self.add(first, second);
        Ok(Col { value: self.function("sqrt", &[square]), valid })
    }

    /// m² of candidates: Σ m²(members) + Σ 2 p1·p2 over pairs of members. Of more than
    /// two members each shares its m² out over its pairs, so that there is one sum.
    fn mass_squared(&mut self, space: SpaceId) -> Checked<Col> {
        match *self.ir.space(space) {
            Space::Combos { base, size } if size > 2 => {
                let pairs = self.ir.add_space(Space::Combos { base, size: 2 });
                let share = 1.0 / f64::from(size - 1);
                let of_pair = self.square_and_product(pairs, share)?;
                self.over_pairs(of_pair, space, size)
            }
            _ => self.square_and_product(space, 1.0),
        }
    }

    /// `share` (m1² + m2²) + 2 p1·p2 of pairs.
    fn square_and_product(&mut self, pairs: SpaceId, share: f64) -> Checked<Col> {
        let [a, b] = self.of_both(pairs, "m2")?;
        let squares = self.zip_cols(a, b, |c, a, b| {
            let [a, b] = [a, b].map(|n| if share == 1.0 { n } else { c.scaled(share, n) });
            c.add(a, b)
        })?;
        let product = self.twice_product(pairs)?;
        self.zip_cols(squares, product, |c, a, b| c.add(a, b))
    }

    /// The sum of a column of pairs over all pairs of a candidate's members.
    fn over_pairs(&mut self, of_pairs: Col, space: SpaceId, size: u32) -> Checked<Col> {
        let mut sum: Option<Col> = None;
        for a in 0..size {
            for b in a + 1..size {
                let col = self.each_node(of_pairs, |c, n| c.ir.lift(n, space, Slot::Pair(a, b)));
                sum = Some(match sum {
                    None => col,
                    Some(sum) => self.zip_cols(sum, col, |c, a, b| c.add(a, b))?,
                });
            }
        }
        Ok(sum.expect("three pairs or more"))
    }

    /// 2 p1·p2 of pairs.
    fn twice_product(&mut self, space: SpaceId) -> Checked<Col> {
        let mut valid = None;
        let mut of = |c: &mut Self, name: &str| -> Checked<[NodeId; 2]> {
            let cols = c.of_both(space, name)?;
            for col in cols {
                valid = c.both(valid, col.valid);
            }
            Ok(cols.map(|col| col.value))
        };
        let (m2, pt, mt) = (of(self, "m2")?, of(self, "pt")?, of(self, "mt")?);
        let (eta, defect) = (of(self, "eta")?, of(self, "eta_minus_y")?);
        let (phi, mt2) = (of(self, "phi")?, of(self, "mt2")?);
        let (e, px) = (of(self, "energy")?, of(self, "px")?);
        let (py, pz) = (of(self, "py")?, of(self, "pz")?);
        let (deta, ddefect) = (self.sub(eta[0], eta[1]), self.sub(defect[0], defect[1]));
        let dy = self.sub(deta, ddefect);
        let stable = self.stable_product(m2, pt, mt, dy, phi);
        let plain = self.plain_product(e, px, py, pz);
        let zero = self.ir.real(0.0);
        let [good1, good2] = mt2.map(|n| self.compare_nodes(CompareOp::Gt, n, zero));
        let good = self.ir.map(Map::And, &[good1, good2]);
        let product = self.ir.map(Map::Select, &[good, stable, plain]);
        Ok(Col { value: self.scaled(2.0, product), valid })
    }

    fn stable_product(
        &mut self,
        m2: [NodeId; 2],
        pt: [NodeId; 2],
        mt: [NodeId; 2],
        dy: NodeId,
        phi: [NodeId; 2],
    ) -> NodeId {
        let pt2 = pt.map(|n| self.square(n));
        let (mm, mp) = (self.mul(m2[0], m2[1]), self.mul(m2[0], pt2[1]));
        let pm = self.mul(m2[1], pt2[0]);
        let numerator = self.add(mm, mp);
        let numerator = self.add(numerator, pm);
        let (mtmt, ptpt) = (self.mul(mt[0], mt[1]), self.mul(pt[0], pt[1]));
        let denominator = self.add(mtmt, ptpt);
        let first = self.arithmetic_node(BinaryOp::Div, numerator, denominator);
        let dphi = self.function("delta_phi", &[phi[0], phi[1]]);
        let second = self.half_angle_term("sinh", dy, mtmt);
        let third = self.half_angle_term("sin", dphi, ptpt);
        let sum = self.add(first, second);
        self.add(sum, third)
    }

    /// 2 product f²(x/2).
    fn half_angle_term(&mut self, function: &str, x: NodeId, product: NodeId) -> NodeId {
        let half = self.scaled(0.5, x);
        let value = self.function(function, &[half]);
        let square = self.square(value);
        let twice = self.scaled(2.0, product);
        self.mul(twice, square)
    }

    /// E1 E2 - p1·p2.
    fn plain_product(
        &mut self,
        e: [NodeId; 2],
        px: [NodeId; 2],
        py: [NodeId; 2],
        pz: [NodeId; 2],
    ) -> NodeId {
        let mut product = self.mul(e[0], e[1]);
        for p in [px, py, pz] {
            let term = self.mul(p[0], p[1]);
            product = self.sub(product, term);
        }
        product
    }
}
