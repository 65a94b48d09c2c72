//! Expressions and the trees they are read as: brackets around every operation.

use gpuana::lang::parse::expression;
use gpuana::lang::text_map::TextMap;
use gpuana::syntax::{Expr, ExprKind};

/// Text, and its tree.
const TREES: &[(&str, &str)] = &[
    ("pt", "pt"),
    ("42", "42"),
    ("0x1f", "31"),
    ("0XFF", "255"),
    ("1.", "1.0"),
    (".5", "0.5"),
    ("1e5", "100000.0"),
    ("1.5e-3", "0.0015"),
    ("9223372036854775807", "9223372036854775807"),
    ("true and not false", "(And true (Not false))"),
    ("pt > \"30\"", "(pt Gt \"30\")"),
    ("a + b * c", "(Add a (Mul b c))"),
    ("a * b + c", "(Add (Mul a b) c)"),
    ("a - b - c", "(Sub (Sub a b) c)"),
    ("a / b // c % d", "(Mod (FloorDiv (Div a b) c) d)"),
    ("-a ** 2", "(Neg (Pow a 2))"),
    ("a ** -b", "(Pow a (Neg b))"),
    ("a ** b ** c", "(Pow a (Pow b c))"),
    ("2 * -a", "(Mul 2 (Neg a))"),
    ("- - a", "(Neg (Neg a))"),
    ("a--b", "(Sub a (Neg b))"),
    ("-a.b", "(Neg a.b)"),
    ("~a & b", "(BitAnd (BitNot a) b)"),
    ("a | b ^ c & d << 1 + 2", "(BitOr a (BitXor b (BitAnd c (Shl d (Add 1 2)))))"),
    ("a & b == c", "((BitAnd a b) Eq c)"),
    ("jetId & 4 != 0", "((BitAnd jetId 4) Ne 0)"),
    ("60 < mass < 120", "(60 Lt mass Lt 120)"),
    ("a <= b == c != d >= e > f", "(a Le b Eq c Ne d Ge e Gt f)"),
    ("(a < b) < c", "((a Lt b) Lt c)"),
    ("not a == b", "(Not (a Eq b))"),
    ("not not a", "(Not (Not a))"),
    ("not a and b", "(And (Not a) b)"),
    ("a or b and c", "(Or a (And b c))"),
    ("a and b and c", "(And (And a b) c)"),
    ("a in b", "(a in b)"),
    ("a not in b", "(a not-in b)"),
    ("not a in b", "(Not (a in b))"),
    ("a in b and c not in d", "(And (a in b) (c not-in d))"),
    ("a + 1 in b", "((Add a 1) in b)"),
    ("if a then b else c", "(if a b c)"),
    ("if a > 1 then b + 1 else c or d", "(if (a Gt 1) (Add b 1) (Or c d))"),
    ("if a then b else if c then d else e", "(if a b (if c d e))"),
    ("1 + (if a then b else c)", "(Add 1 (if a b c))"),
    ("f()", "f()"),
    ("dr(a, b)", "dr(a b)"),
    ("a.f(b, c).g", "a.f(b c).g"),
    ("HLT.IsoMu24", "HLT.IsoMu24"),
    ("jet[0].pt", "jet[0].pt"),
    ("jet.0x", "!"),
    ("2*`p1.x`+a.`b:c`", "(Add (Mul 2 `p1.x`) a.b:c)"),
    ("`a``b`", "`a`b`"),
    ("`a", "!"),
    ("``", "!"),
    ("Jet[pt > 30][0]", "Jet[(pt Gt 30)][0]"),
    ("Jet[j => j.pt > 30]", "Jet[(j => (j.pt Gt 30))]"),
    ("pairs(lep)[(a, b) => a.kind == b.kind]", "pairs(lep)[(a b => (a.kind Eq b.kind))]"),
    ("(a) => b", "!"),
    ("f((a) => b)", "f((a => b))"),
    ("f(j => k => j + k)", "f((j => (k => (Add j k))))"),
    ("x.map(j => j.pt if a)", "!"),
    ("any(dr(j, lep[pt > 10]) < 0.4)", "any((dr(j lep[(pt Gt 10)]) Lt 0.4))"),
    ("  a\n  +\tb\r\n", "(Add a b)"),
    ("", "!"),
    ("a and", "!"),
    ("a in b in c", "!"),
    ("a < b in c", "!"),
    ("a in b < c", "!"),
    ("a == not b", "!"),
    ("a b", "!"),
    ("(a, b)", "!"),
    ("((a)", "!"),
    ("a)", "!"),
    ("pow(a, 2)", "!"),
    ("9223372036854775808", "!"),
];

fn tree(expr: &Expr) -> String {
    let list = |parts: &[Expr]| parts.iter().map(tree).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        ExprKind::Name(name) => name.clone(),
        ExprKind::Branch(name) => format!("`{name}`"),
        ExprKind::Integer(value) => value.to_string(),
        ExprKind::Real(value) => format!("{value:?}"),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Text(text) => format!("\"{text}\""),
        ExprKind::Unary(op, a) => format!("({op:?} {})", tree(a)),
        ExprKind::Binary(op, a, b) => format!("({op:?} {} {})", tree(a), tree(b)),
        ExprKind::Compare(operands, ops) => {
            let mut all = tree(&operands[0]);
            for (op, operand) in ops.iter().zip(&operands[1..]) {
                all += &format!(" {op:?} {}", tree(operand));
            }
            format!("({all})")
        }
        ExprKind::If(c, a, b) => format!("(if {} {} {})", tree(c), tree(a), tree(b)),
        ExprKind::Call(name, arguments) => format!("{}({})", name.name, list(arguments)),
        ExprKind::Method(of, name, arguments) => {
            format!("{}.{}({})", tree(of), name.name, list(arguments))
        }
        ExprKind::Field(of, name) => format!("{}.{}", tree(of), name.name),
        ExprKind::Index(of, inside) => format!("{}[{}]", tree(of), tree(inside)),
        ExprKind::Lambda(names, body) => {
            let names: Vec<&str> = names.iter().map(|n| n.name.as_str()).collect();
            format!("({} => {})", names.join(" "), tree(body))
        }
        ExprKind::In { element, of, negated } => {
            format!("({} {} {})", tree(element), if *negated { "not-in" } else { "in" }, tree(of))
        }
    }
}

#[test]
fn trees() {
    for (text, expected) in TREES {
        let found = match expression(text, &TextMap::shift(0)) {
            Ok(expr) => tree(&expr),
            Err(_) => "!".to_owned(),
        };
        assert_eq!(found, *expected, "{text}");
    }
}

/// Texts that repeat a part very often, and whether they are expressions.
#[test]
fn depth() {
    let flat = |operator: &str, n: usize| vec!["a"; n].join(operator);
    let cases = [
        ("brackets", "(".repeat(10_000) + "a" + &")".repeat(10_000), false),
        ("brackets, few", "(".repeat(150) + "a" + &")".repeat(150), true),
        ("open brackets", "(".repeat(10_000), false),
        ("filters", "a[".repeat(10_000) + "a" + &"]".repeat(10_000), false),
        ("calls", "f(".repeat(10_000) + "a" + &")".repeat(10_000), false),
        ("minus", "-".repeat(10_000) + "a", false),
        ("not", "not ".repeat(10_000) + "a", false),
        ("lambda", "f(".to_owned() + &"a => ".repeat(10_000) + "a)", false),
        ("powers", flat(" ** ", 10_000), false),
        ("fields", flat(".", 10_000), false),
        ("elements", "a".to_owned() + &"[0]".repeat(10_000), false),
        ("choices", "if a then a else ".repeat(10_000) + "a", false),
        ("sum", flat(" + ", 100), true),
        ("long sum", flat(" + ", 10_000), false),
        ("conditions", flat(" and ", 10_000), true),
        ("alternatives", flat(" or ", 10_000), true),
        ("comparisons", flat(" < ", 10_000), true),
        ("arguments", format!("f({})", flat(", ", 10_000)), true),
    ];
    for (name, text, good) in cases {
        assert_eq!(expression(&text, &TextMap::shift(0)).is_ok(), good, "{name}");
    }
}

/// Long chains keep their operands in order.
#[test]
fn long_chains() {
    let names: Vec<String> = (0..1000).map(|i| format!("a{i}")).collect();
    let expr = expression(&names.join(" and "), &TextMap::shift(0)).expect("a long chain is read");
    let text = tree(&expr).replace("(And ", "").replace(')', "");
    assert_eq!(text, names.join(" "));
    let expr = expression(&names.join(" - "), &TextMap::shift(0)).expect("a long chain is read");
    let (first, links) = expr.chain();
    let operands = std::iter::once(first).chain(links.iter().map(|link| link.right));
    assert_eq!(operands.map(tree).collect::<Vec<_>>(), names);
}
