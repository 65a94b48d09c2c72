//! Four-vectors in single precision: components, angles, transverse masses.

use super::fields::Field;
use super::value::{Col, Context, Object, Value};
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{NodeId, Ty};
use crate::syntax::{BinaryOp, Expr, Ident, Span};

/// Functions that are fields as well: `mass(x)` is `x.mass`.
pub(super) const VECTOR_FUNCTIONS: [&str; 10] =
    ["pt", "eta", "phi", "mass", "energy", "px", "py", "pz", "p", "rapidity"];

impl<'a> Checker<'a> {
    pub(super) fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.arithmetic_node(BinaryOp::Add, a, b)
    }

    pub(super) fn sub(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.arithmetic_node(BinaryOp::Sub, a, b)
    }

    pub(super) fn mul(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.arithmetic_node(BinaryOp::Mul, a, b)
    }

    pub(super) fn square(&mut self, a: NodeId) -> NodeId {
        self.mul(a, a)
    }

    pub(super) fn scaled(&mut self, factor: f64, a: NodeId) -> NodeId {
        let factor = self.ir.real(factor);
        self.mul(factor, a)
    }

    /// `mass(x)` and the like.
    pub(super) fn vector_function(
        &mut self,
        name: &Ident,
        args: &[&'a Expr],
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        if args.len() != 1 {
            let form = format!("{}(pairs(Muon)[0])", name.name);
            return self.wrong_count(name, args.len(), (1, 1), &form);
        }
        let value = self.expr(args[0], ctx)?;
        self.field_of(&value, name)
    }

    /// `dr dphi deta mt` of two elements.
    pub(super) fn vector_pair(
        &mut self,
        name: &str,
        args: &[&'a Expr],
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let operands = self.arguments(args, ctx)?;
        match name {
            "dr" => self.delta_r(name, &operands),
            "mt" => self.transverse_mass(&operands),
            "dphi" => self.of_fields(name, &operands, &["phi"], |c, n| {
                c.function("delta_phi", &[n[1], n[0]])
            }),
            _ => self.of_fields(name, &operands, &["eta"], |c, n| c.sub(n[0], n[1])),
        }
    }

    /// A function of fields of two elements: the nodes come field by field,
    /// first element before second.
    fn of_fields(
        &mut self,
        name: &str,
        operands: &[(Value, Span)],
        fields: &[&str],
        f: impl FnOnce(&mut Self, &[NodeId]) -> NodeId,
    ) -> Checked<Value> {
        let mut values = Vec::new();
        for field in fields {
            for (value, span) in operands {
                if matches!(value, Value::Scalar(_) | Value::Array(..)) {
                    let text = format!("`{name}` takes elements, found {}", self.describe(value));
                    let help = format!("give the elements themselves: `{name}(a, b)`");
                    return self.fail(Diagnostic::new(*span, text).help(help));
                }
                let field = Ident { name: (*field).to_string(), span: *span };
                values.push((self.field_of(value, &field)?, *span));
            }
        }
        let (extent, cols) = self.align(&values)?;
        let (nodes, valid) = self.real_nodes(&cols);
        let value = f(self, &nodes);
        Ok(extent.value(Col { value, valid }))
    }

    /// Aligned columns as real nodes over one space, constants too, and where
    /// all of them have a value.
    fn real_nodes(&mut self, cols: &[Col]) -> (Vec<NodeId>, Option<NodeId>) {
        let mut nodes: Vec<NodeId> =
            cols.iter().map(|c| self.converted(c.value, Ty::F32)).collect();
        let full = nodes.iter().find(|n| self.ir.constant(**n).is_none());
        if let Some(space) = full.map(|n| self.ir.over(*n)) {
            nodes = nodes.into_iter().map(|n| self.solid(n, space)).collect();
        }
        let valid = cols.iter().fold(None, |valid, col| self.both(valid, col.valid));
        (nodes, valid)
    }

    /// ΔR = sqrt(Δη² + Δφ²).
    pub(super) fn delta_r(&mut self, name: &str, operands: &[(Value, Span)]) -> Checked<Value> {
        self.of_fields(name, operands, &["eta", "phi"], |c, n| {
            let deta = c.sub(n[0], n[1]);
            let dphi = c.function("delta_phi", &[n[2], n[3]]);
            let (deta2, dphi2) = (c.square(deta), c.square(dphi));
            let sum = c.add(deta2, dphi2);
            c.function("sqrt", &[sum])
        })
    }

    /// mT = sqrt(2 pT1 pT2 (1 - cos Δφ)) = sqrt(4 pT1 pT2 sin²(Δφ/2)).
    fn transverse_mass(&mut self, operands: &[(Value, Span)]) -> Checked<Value> {
        self.of_fields("mt", operands, &["pt", "phi"], |c, n| {
            let dphi = c.function("delta_phi", &[n[2], n[3]]);
            let half = c.scaled(0.5, dphi);
            let sine = c.function("sin", &[half]);
            let (sine2, product) = (c.square(sine), c.mul(n[0], n[1]));
            let product = c.scaled(4.0, product);
            let square = c.mul(product, sine2);
            c.function("sqrt", &[square])
        })
    }

    /// A field that follows from pt, eta, phi and mass, where the element is seen from.
    pub(super) fn derived_field(&mut self, object: &Object, name: &str) -> Checked<Col> {
        let mut parts = Vec::new();
        for field in ["pt", "eta", "phi", "mass"] {
            match self.object_field(object, field)? {
                Some(Field::Column(col)) => parts.push((Value::Scalar(col), Span::default())),
                _ => unreachable!("the element has a four-momentum"),
            }
        }
        let (_, cols) = self.align(&parts)?;
        let (nodes, valid) = self.real_nodes(&cols);
        let value = self.component(name, nodes[0], nodes[1], nodes[2], nodes[3]);
        Ok(Col { value, valid })
    }

    /// A component of the four-momentum of pt, eta, phi, mass.
    pub(super) fn component(
        &mut self,
        name: &str,
        pt: NodeId,
        eta: NodeId,
        phi: NodeId,
        mass: NodeId,
    ) -> NodeId {
        let pz = |c: &mut Self| {
            let sinh = c.function("sinh", &[eta]);
            c.mul(pt, sinh)
        };
        match name {
            "px" | "py" => {
                let function = if name == "px" { "cos" } else { "sin" };
                let angle = self.function(function, &[phi]);
                self.mul(pt, angle)
            }
            "pz" => pz(self),
            "p" => {
                let cosh = self.function("cosh", &[eta]);
                self.mul(pt, cosh)
            }
            "mt2" => {
                let (m2, pt2) = (self.signed_square(mass), self.square(pt));
                self.add(m2, pt2)
            }
            "mt" => {
                let mt2 = self.component("mt2", pt, eta, phi, mass);
                self.function("sqrt", &[mt2])
            }
            "energy" => {
                let mt2 = self.component("mt2", pt, eta, phi, mass);
                let pz = pz(self);
                let pz2 = self.square(pz);
                let square = self.add(mt2, pz2);
                self.function("sqrt", &[square])
            }
            "eta_minus_y" => self.eta_minus_y(pt, eta, phi, mass),
            _ => {
                let mt = self.component("mt", pt, eta, phi, mass);
                let pz = pz(self);
                let ratio = self.arithmetic_node(BinaryOp::Div, pz, mt);
                self.function("asinh", &[ratio])
            }
        }
    }

    /// η - y = asinh(sinh η m² / (mT (E + p))): small, and without
    /// cancellation, so that differences of y are as good as those of η.
    fn eta_minus_y(&mut self, pt: NodeId, eta: NodeId, phi: NodeId, mass: NodeId) -> NodeId {
        let [e, p, mt] = ["energy", "p", "mt"].map(|n| self.component(n, pt, eta, phi, mass));
        let (sinh, m2) = (self.function("sinh", &[eta]), self.signed_square(mass));
        let (above, sum) = (self.mul(sinh, m2), self.add(e, p));
        let below = self.mul(mt, sum);
        let ratio = self.arithmetic_node(BinaryOp::Div, above, below);
        self.function("asinh", &[ratio])
    }

    /// m |m|.
    pub(super) fn signed_square(&mut self, mass: NodeId) -> NodeId {
        let magnitude = self.function("abs", &[mass]);
        self.mul(mass, magnitude)
    }
}
