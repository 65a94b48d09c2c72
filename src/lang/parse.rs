//! Tokens to syntax tree, by precedence climbing. From loose to tight:
//! `=>` and `if`; `or`; `and`; `not`; comparisons and `in`; `|`; `^`; `&`;
//! `<< >>`; `+ -`; `* / // %`; `- ~`; `**` (to the right); `.name`, calls, `[]`.

use super::fault::Fault;
use super::lex::{Kind, Token, lex, unquoted};
use super::syntax_errors;
use super::text_map::TextMap;
use crate::diag::Diagnostic;
use crate::syntax::operators::{COMPARE, LAMBDA, Level, NOT, UNARY, binary, comparison};
use crate::syntax::{BinaryOp, Expr, ExprKind, Ident, Span, UnaryOp};

/// How deep a syntax tree may be: passes over it recurse. Chains of `and` and
/// of `or` may be of any length; they become balanced trees. Other operators one
/// after the other, as in a long sum, are as deep as the deepest operand.
pub const MAX_DEPTH: usize = 200;

/// Most operators, other than `and` and `or`, one after the other.
const MAX_CHAIN: usize = 1_000;

/// Chains of `and` and `or` longer than this become balanced trees.
const LONG_CHAIN: usize = 32;

type Parsed<T> = Result<T, Box<Fault>>;

/// The expression that `text` is, with places in the analysis file.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn expression(text: &str, map: &TextMap) -> Result<Expr, Box<Fault>> {
    let (tokens, stopped) = lex(text, map);
    if stopped.is_none() {
        syntax_errors::check_brackets(&tokens, map)?;
    }
    let mut parser = Parser { tokens, map, at: 0, nesting: 0, stopped };
    let part = parser.part(LAMBDA)?;
    if parser.peek().kind != Kind::End || parser.stopped.is_some() {
        return Err(parser.fail_after_operand());
    }
    if let ExprKind::Lambda(..) = part.expr.kind {
        return Err(Fault::new(syntax_errors::lambda_on_its_own(part.expr.span)));
    }
    Ok(part.expr)
}

/// An expression and how deep its tree is.
struct Part {
    expr: Expr,
    depth: usize,
    /// How many operators stand one after the other in it.
    links: usize,
}

struct Parser<'a, 'm> {
    tokens: Vec<Token<'a>>,
    map: &'m TextMap,
    at: usize,
    /// How many calls of [`Parser::part`] are open.
    nesting: usize,
    /// What stopped the lexer at the last token.
    stopped: Option<Diagnostic>,
}

impl<'a> Parser<'a, '_> {
    fn peek(&self) -> &Token<'a> {
        &self.tokens[self.at]
    }

    /// Steps over a token and says where it stands; stays at the last one.
    fn step(&mut self) -> Span {
        let span = self.span(self.peek());
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        span
    }

    fn span(&self, token: &Token<'_>) -> Span {
        self.map.span(token.start, token.end)
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peek().kind, Kind::Symbol(found) if found == symbol)
    }

    fn eat(&mut self, symbol: &str) -> Option<Span> {
        self.is(symbol).then(|| self.step())
    }

    fn eat_name(&mut self) -> Option<Ident> {
        if self.peek().kind != Kind::Name {
            return None;
        }
        let name = self.peek().text.to_owned();
        Some(Ident { name, span: self.step() })
    }

    /// What is wrong where an operand should begin.
    fn fail_at_operand(&mut self) -> Box<Fault> {
        if let Some(fault) = self.stop() {
            return fault;
        }
        let incomplete = self.peek().kind == Kind::End;
        let diagnostic = syntax_errors::missing_operand(&self.tokens, self.at, self.map);
        Box::new(Fault { diagnostic, incomplete })
    }

    /// What is wrong with the token that follows a complete operand.
    fn fail_after_operand(&mut self) -> Box<Fault> {
        if let Some(fault) = self.stop() {
            return fault;
        }
        let incomplete = self.peek().kind == Kind::End;
        let diagnostic = syntax_errors::unexpected(&self.tokens, self.at, self.map);
        Box::new(Fault { diagnostic, incomplete })
    }

    /// The lexer's finding, if it is what the parser ran into.
    fn stop(&mut self) -> Option<Box<Fault>> {
        if self.peek().kind == Kind::End { self.stopped.take().map(Fault::new) } else { None }
    }

    fn make(&self, kind: ExprKind, start: Span, end: Span, below: usize) -> Parsed<Part> {
        let span = Span { start: start.start, end: end.end };
        if below >= MAX_DEPTH {
            return Err(Fault::new(syntax_errors::too_deep(span, MAX_DEPTH)));
        }
        Ok(Part { expr: Expr { kind, span }, depth: below + 1, links: 0 })
    }

    /// An expression of operators of at least `level`.
    fn part(&mut self, level: Level) -> Parsed<Part> {
        self.nesting += 1;
        if self.nesting > MAX_DEPTH {
            return Err(Fault::new(syntax_errors::too_deep(self.span(self.peek()), MAX_DEPTH)));
        }
        let mut left = self.prefix(level)?;
        while let Kind::Symbol(symbol) = self.peek().kind {
            if symbol == "in" || symbol == "not" || comparison(symbol).is_some() {
                if level > COMPARE || (symbol == "not" && !self.next_is("in")) {
                    break;
                }
                left = self.comparison(left)?;
            } else if let Some((strength, op)) = binary(symbol) {
                if strength < level {
                    break;
                }
                left = match op {
                    BinaryOp::And | BinaryOp::Or => self.chain(left, symbol, op, strength)?,
                    _ => self.binary(left, op, strength)?,
                };
            } else {
                break;
            }
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn next_is(&self, symbol: &'static str) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|t| t.kind == Kind::Symbol(symbol))
    }

    fn binary(&mut self, left: Part, op: BinaryOp, strength: Level) -> Parsed<Part> {
        self.step();
        let right = self.part(if op == BinaryOp::Pow { UNARY } else { strength + 1 })?;
        self.join(op, left, right)
    }

    fn join(&self, op: BinaryOp, left: Part, right: Part) -> Parsed<Part> {
        let (start, end) = (left.expr.span, right.expr.span);
        let follows = op.chains() && left.links > 0;
        let below = if follows { left.depth - 1 } else { left.depth }.max(right.depth);
        let links = if op.chains() { left.links + 1 } else { 0 };
        if links > MAX_CHAIN {
            let span = Span { start: start.start, end: end.end };
            return Err(Fault::new(syntax_errors::too_long(span, MAX_CHAIN)));
        }
        let kind = ExprKind::Binary(op, Box::new(left.expr), Box::new(right.expr));
        Ok(Part { links, ..self.make(kind, start, end, below)? })
    }

    /// `a and b and c ...`: to the left, or balanced if long.
    fn chain(&mut self, left: Part, symbol: &str, op: BinaryOp, level: Level) -> Parsed<Part> {
        let mut operands = vec![left];
        while self.eat(symbol).is_some() {
            operands.push(self.part(level + 1)?);
        }
        while operands.len() > LONG_CHAIN {
            let mut pairs = Vec::with_capacity(operands.len().div_ceil(2));
            let mut rest = operands.into_iter();
            while let Some(first) = rest.next() {
                pairs.push(match rest.next() {
                    Some(second) => self.join(op, first, second)?,
                    None => first,
                });
            }
            operands = pairs;
        }
        let mut rest = operands.into_iter();
        let Some(mut all) = rest.next() else { return Err(self.fail_at_operand()) };
        for right in rest {
            all = self.join(op, all, right)?;
        }
        Ok(all)
    }

    /// `a < b <= c`, `a in b` or `a not in b`.
    fn comparison(&mut self, left: Part) -> Parsed<Part> {
        let negated = self.eat("not").is_some();
        if self.eat("in").is_some() {
            let of = self.part(COMPARE + 1)?;
            self.refuse_mixed_comparison()?;
            let (start, end) = (left.expr.span, of.expr.span);
            let below = left.depth.max(of.depth);
            let (element, of) = (Box::new(left.expr), Box::new(of.expr));
            return self.make(ExprKind::In { element, of, negated }, start, end, below);
        }
        let (mut operands, mut operators, mut below) = (vec![left.expr], Vec::new(), left.depth);
        while let Kind::Symbol(symbol) = self.peek().kind {
            let Some(op) = comparison(symbol) else { break };
            self.step();
            let right = self.part(COMPARE + 1)?;
            below = below.max(right.depth);
            operators.push(op);
            operands.push(right.expr);
        }
        self.refuse_mixed_comparison()?;
        let (start, end) = (operands[0].span, operands[operands.len() - 1].span);
        self.make(ExprKind::Compare(operands, operators), start, end, below)
    }

    fn refuse_mixed_comparison(&self) -> Parsed<()> {
        let mixed = match self.peek().kind {
            Kind::Symbol("in") => true,
            Kind::Symbol("not") => self.next_is("in"),
            Kind::Symbol(symbol) => comparison(symbol).is_some(),
            _ => false,
        };
        if mixed {
            return Err(Fault::new(syntax_errors::mixed_comparison(self.span(self.peek()))));
        }
        Ok(())
    }

    /// What can begin an expression: a prefix operator, or an operand with what
    /// hangs on it.
    fn prefix(&mut self, level: Level) -> Parsed<Part> {
        match self.peek().kind {
            Kind::Symbol("not") if level <= NOT => self.unary(UnaryOp::Not, NOT),
            Kind::Symbol("-") => self.unary(UnaryOp::Neg, UNARY),
            Kind::Symbol("~") => self.unary(UnaryOp::BitNot, UNARY),
            Kind::Symbol("if") if level == LAMBDA => self.choice(),
            Kind::Name if level == LAMBDA && self.next_is("=>") => self.lambda(),
            Kind::Symbol("(") if level == LAMBDA && self.at_parameters() => self.lambda(),
            _ => self.postfix(),
        }
    }

    fn unary(&mut self, op: UnaryOp, level: Level) -> Parsed<Part> {
        let start = self.step();
        let operand = self.part(level)?;
        let (end, below) = (operand.expr.span, operand.depth);
        self.make(ExprKind::Unary(op, Box::new(operand.expr)), start, end, below)
    }

    fn choice(&mut self) -> Parsed<Part> {
        let start = self.step();
        let condition = self.part(LAMBDA)?;
        self.expect("then")?;
        let yes = self.part(LAMBDA)?;
        self.expect("else")?;
        let no = self.part(LAMBDA)?;
        let (end, below) = (no.expr.span, condition.depth.max(yes.depth).max(no.depth));
        let boxes = (Box::new(condition.expr), Box::new(yes.expr), Box::new(no.expr));
        self.make(ExprKind::If(boxes.0, boxes.1, boxes.2), start, end, below)
    }

    fn expect(&mut self, word: &'static str) -> Parsed<()> {
        if self.eat(word).is_some() {
            return Ok(());
        }
        let mut fault = self.fail_after_operand();
        if self.peek().kind == Kind::Name || fault.diagnostic.help.is_empty() {
            let token = self.peek();
            fault.diagnostic = syntax_errors::missing_word(word, token, fault.diagnostic.span);
        }
        Err(fault)
    }

    /// Whether `(a, b) =>` stands here.
    fn at_parameters(&self) -> bool {
        let mut rest = self.tokens[self.at + 1..].iter();
        loop {
            let (name, next) = (rest.next(), rest.next());
            if name.map(|t| t.kind) != Some(Kind::Name) {
                return false;
            }
            match next.map(|t| t.kind) {
                Some(Kind::Symbol(",")) => {}
                Some(Kind::Symbol(")")) => {
                    return rest.next().map(|t| t.kind) == Some(Kind::Symbol("=>"));
                }
                _ => return false,
            }
        }
    }

    fn lambda(&mut self) -> Parsed<Part> {
        let start = self.span(self.peek());
        let mut parameters: Vec<Ident> = Vec::new();
        while !self.is("=>") {
            let Some(name) = self.eat_name() else {
                self.step(); // A bracket or comma; `at_parameters` has checked them.
                continue;
            };
            if let Some(first) = parameters.iter().find(|p| p.name == name.name) {
                return Err(Fault::new(syntax_errors::twice(&name, first.span)));
            }
            parameters.push(name);
        }
        self.step();
        let body = self.part(LAMBDA)?;
        let (end, below) = (body.expr.span, body.depth);
        self.make(ExprKind::Lambda(parameters, Box::new(body.expr)), start, end, below)
    }

    /// An operand and the fields, calls and brackets behind it.
    fn postfix(&mut self) -> Parsed<Part> {
        let mut part = self.operand()?;
        loop {
            part = if self.eat(".").is_some() {
                self.member(part)?
            } else if self.is("[") {
                self.index(part)?
            } else {
                return Ok(part);
            };
        }
    }

    fn member(&mut self, object: Part) -> Parsed<Part> {
        let quoted = self.peek().kind == Kind::Quoted;
        let name = match quoted {
            true => Some(Ident { name: unquoted(self.peek().text), span: self.step() }),
            false => self.eat_name(),
        };
        let Some(name) = name else { return Err(self.fail_at_operand()) };
        let (start, below) = (object.expr.span, object.depth);
        let object = Box::new(object.expr);
        if self.is("(") && !quoted {
            let (arguments, deepest, end) = self.arguments()?;
            let kind = ExprKind::Method(object, name, arguments);
            return self.make(kind, start, end, below.max(deepest));
        }
        let end = name.span;
        self.make(ExprKind::Field(object, name), start, end, below)
    }

    fn index(&mut self, collection: Part) -> Parsed<Part> {
        let start = collection.expr.span;
        self.step();
        let inside = self.part(LAMBDA)?;
        if let Some(diagnostic) = syntax_errors::arrow_for_at_least(&inside.expr) {
            return Err(Fault::new(diagnostic));
        }
        let Some(end) = self.eat("]") else { return Err(self.fail_after_operand()) };
        let below = collection.depth.max(inside.depth);
        let kind = ExprKind::Index(Box::new(collection.expr), Box::new(inside.expr));
        self.make(kind, start, end, below)
    }

    /// `(a, b)`: the arguments, the depth of the deepest, the closing bracket.
    fn arguments(&mut self) -> Parsed<(Vec<Expr>, usize, Span)> {
        self.step();
        let (mut arguments, mut deepest) = (Vec::new(), 0);
        if let Some(end) = self.eat(")") {
            return Ok((arguments, deepest, end));
        }
        loop {
            let argument = self.part(LAMBDA)?;
            deepest = deepest.max(argument.depth);
            arguments.push(argument.expr);
            if let Some(end) = self.eat(")") {
                return Ok((arguments, deepest, end));
            }
            if self.eat(",").is_none() {
                return Err(self.fail_after_operand());
            }
        }
    }

    /// A name, a call, a number, or brackets around an expression.
    fn operand(&mut self) -> Parsed<Part> {
        let token = self.peek();
        let (kind, text) = (token.kind, token.text);
        let kind = match kind {
            Kind::Name if self.next_is("(") => return self.call(),
            Kind::Name => ExprKind::Name(text.to_owned()),
            Kind::Quoted => ExprKind::Branch(unquoted(text)),
            Kind::Integer(value) => ExprKind::Integer(value),
            Kind::Real(value) => ExprKind::Real(value),
            Kind::Text => ExprKind::Text(text[1..text.len() - 1].to_owned()),
            Kind::Symbol("true") => ExprKind::Bool(true),
            Kind::Symbol("false") => ExprKind::Bool(false),
            Kind::Symbol("(") => return self.bracketed(),
            _ => return Err(self.fail_at_operand()),
        };
        let span = self.step();
        self.make(kind, span, span, 0)
    }

    fn call(&mut self) -> Parsed<Part> {
        let first = self.at;
        let Some(name) = self.eat_name() else { return Err(self.fail_at_operand()) };
        let start = name.span;
        let (arguments, below, end) = self.arguments()?;
        if name.name == "pow" {
            return Err(Fault::new(syntax_errors::pow(&self.tokens[first..self.at], start)));
        }
        self.make(ExprKind::Call(name, arguments), start, end, below)
    }

    fn bracketed(&mut self) -> Parsed<Part> {
        let start = self.step();
        let mut part = self.part(LAMBDA)?;
        let Some(end) = self.eat(")") else { return Err(self.fail_after_operand()) };
        part.expr.span = Span { start: start.start, end: end.end };
        Ok(part)
    }
}
