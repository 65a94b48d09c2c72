//! A kernel that is added from outside, with all that belongs to it in this one file: two
//! inputs, two results and a table of constants, in plans on the CPU in both precisions
//! and on a GPU; and a function that expressions call and gradients differentiate.

use crate::support::{Table, gpu};
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::backend::flush::FlushDenormals;
use gpuana::backend::gpu::{Choice, Gpu, GpuBackend};
use gpuana::backend::{Backend, Partial};
use gpuana::batch::{Batch, Request, RequestedColumn, Values};
use gpuana::bins::{Axis, AxisKind};
use gpuana::gradient::Gradient;
use gpuana::hist::FillData;
use gpuana::ir::{Const, Ir, Map, NodeId, SpaceId, Ty};
use gpuana::kernels::real::{f_div, f_load};
use gpuana::kernels::{
    Algebra, Call, Case, Columns, Cost, Derivative, Input, Kernel, Output, Registry, Term, Type,
    Wgsl,
};
use gpuana::lang::check::{Options, compile_for};
use gpuana::plan::{Fill, Plan};
use gpuana::{config, diag};
use std::sync::Arc;

/// The response of a detector of several layers: for a number x in layer n the number
/// x a + 1 / x with the layer's constant a, and how many layers have a constant above x.
/// A layer that there is none of is taken for the first or the last one.
#[derive(Debug)]
struct Response {
    constants: Vec<f64>,
}

/// The response in one precision: what the arithmetic is made of.
struct Layers<R> {
    constants: Vec<R>,
    product: fn(R, R) -> R,
    inverse: fn(R) -> R,
    sum: fn(R, R) -> R,
}

impl<R: Copy + PartialOrd> Layers<R> {
    fn layer(&self, n: i32) -> usize {
        n.clamp(0, self.constants.len() as i32 - 1) as usize
    }

    fn response(&self, x: R, n: i32) -> R {
        (self.sum)((self.product)(x, self.constants[self.layer(n)]), (self.inverse)(x))
    }

    fn above(&self, x: R) -> i32 {
        self.constants.iter().filter(|a| x < **a).count() as i32
    }
}

impl<R: Copy + PartialOrd + Send + Sync> Columns<R> for Layers<R> {
    fn evaluate(&self, inputs: &[Input<'_, R>], results: &mut [Option<Output<'_, R>>]) {
        let (x, n) = (inputs[0].reals(), inputs[1].integers());
        let [response, above] = results else { panic!("two results") };
        if let Some(response) = response {
            let out = response.reals().iter_mut().zip(x.iter().zip(n));
            out.for_each(|(out, (x, n))| *out = self.response(*x, *n));
        }
        if let Some(above) = above {
            above.integers().iter_mut().zip(x).for_each(|(out, x)| *out = self.above(*x));
        }
    }
}

impl Response {
    fn layers32(&self) -> Layers<f32> {
        let constants = self.constants.iter().map(|a| *a as f32).collect();
        Layers { constants, product: |a, b| a * b, inverse: |x| f_div(1.0, x), sum: |a, b| a + b }
    }

    fn layers64(&self) -> Layers<f64> {
        let constants = self.constants.clone();
        Layers { constants, product: |a, b| a * b, inverse: |x| 1.0 / x, sum: |a, b| a + b }
    }
}

impl Kernel for Response {
    fn name(&self) -> &str {
        "response"
    }

    fn doc(&self) -> &str {
        "The response of a layer to x, and how many layers have a constant above x."
    }

    fn inputs(&self) -> &[Type] {
        &[Type::Real, Type::I32]
    }

    fn results(&self) -> &[Type] {
        &[Type::Real, Type::I32]
    }

    fn text(&self) -> String {
        format!("response of {:?}", self.constants)
    }

    fn cost(&self) -> Cost {
        Cost { host: 4.0, device: 40 }
    }

    fn single(&self) -> Box<dyn Columns<f32>> {
        Box::new(self.layers32())
    }

    fn double(&self) -> Box<dyn Columns<f64>> {
        Box::new(self.layers64())
    }

    fn wgsl(&self) -> Wgsl {
        let text = "
struct Response {
    value: f32,
    above: i32,
}

// At `at` is the number of layers, behind it are their constants.
fn response(at: u32, x: f32, n: i32) -> Response {
    let layers = i32(tables[at]);
    var above = 0i;
    for (var k = 0i; k < layers; k += 1i) {
        above += select(0i, 1i, f_lt(x, f_load(tables[at + 1u + u32(k)])));
    }
    let a = f_load(tables[at + 1u + u32(clamp(n, 0i, layers - 1i))]);
    let product = x * a;
    return Response(product + f_div(1.0, x), above);
}
";
        Wgsl {
            text: text.to_owned(),
            entry: "response".to_owned(),
            results: vec![".value".to_owned(), ".above".to_owned()],
        }
    }

    fn table(&self, _: &mut dyn FnMut(Vec<u32>) -> u32) -> Vec<u32> {
        let constants = self.constants.iter().map(|a| (*a as f32).to_bits());
        std::iter::once(self.constants.len() as u32).chain(constants).collect()
    }

    fn derivative(&self) -> Derivative {
        Derivative::None
    }

    fn cases(&self) -> Vec<Vec<Case>> {
        let mut x: Vec<f32> = self.constants.iter().map(|a| *a as f32).collect();
        x.extend(x.clone().into_iter().map(f32::next_up));
        x.extend([0.0, -0.0, 1e-30, 3e-39, 1e20, -1e38, 0.1, -7.3, f32::MAX]);
        x.extend([f32::INFINITY, f32::NEG_INFINITY, f32::NAN]);
        let n = [i32::MIN, -1, 0, 1, 2, 3, 7, i32::MAX];
        x.iter().flat_map(|x| n.map(|n| vec![Case::Real(*x), Case::I32(n)])).collect()
    }
}

/// Constants of which one makes products denormal, and one is not exact in either precision.
fn kernel() -> Response {
    Response { constants: vec![0.5, 1.0 / 3.0, 1e-37, -250.0] }
}

/// The columns `id`, `x` and `n` of one event a case.
fn events(kernel: &dyn Kernel) -> (Request, Batch) {
    let cases = kernel.cases();
    let (mut x, mut n) = (Vec::new(), Vec::new());
    for case in &cases {
        let [Case::Real(real), Case::I32(integer)] = case[..] else { panic!("{case:?}") };
        x.push(real);
        n.push(integer);
    }
    let id = (0..cases.len() as i32).collect();
    let columns = vec![Values::I32(id), Values::F32(x), Values::I32(n)];
    let names = ["id", "x", "n"].into_iter();
    let named = names.map(|name| RequestedColumn { branch: name.to_owned(), counter: None });
    let request = Request { columns: named.collect(), ..Request::default() };
    (request, Batch { events: cases.len(), columns, ..Batch::default() })
}

/// Both results for each event, in bins of their own, and of a constant x.
fn plan(kernel: Response, request: Request, events: usize) -> Plan {
    let mut ir = Ir::default();
    let mut column = |k, ty| ir.column(k, SpaceId::EVENT, ty);
    let (id, x, n) = (column(0, Ty::I32), column(1, Ty::F32), column(2, Ty::I32));
    let kernel: Arc<dyn Kernel> = Arc::new(kernel);
    let constant = ir.real(0.4);
    let always = ir.constant_node(Const::Bool(true));
    let found = ir.results(&kernel, &[x, n]);
    let fixed = ir.results(&kernel, &[constant, n]);
    assert_eq!(found, ir.results(&kernel, &[x, n]), "equal nodes are one");
    let of_events = AxisKind::Integer { low: 0, high: events as i64 };
    let mut fill = |name: &str, kind: &AxisKind, value: NodeId, weight: Option<NodeId>| Fill {
        name: name.to_owned(),
        axes: vec![(Axis { kind: kind.clone(), label: String::new() }, value)],
        mask: ir.map(Map::Or, &[always, always]),
        missing: None,
        weight,
        soft: None,
    };
    let counts = AxisKind::Integer { low: 0, high: 5 };
    let fills = vec![
        fill("responses", &of_events, id, Some(found[0])),
        fill("responses to a constant", &of_events, id, Some(fixed[0])),
        fill("layers above", &counts, found[1], None),
        fill("layers above a constant", &counts, fixed[1], None),
    ];
    Plan { ir, request, fills }
}

fn run(backend: &dyn Backend, plan: &Plan, batch: &Batch) -> Partial {
    let mut pass = backend.pass(plan).expect("a plan that can be run");
    pass.push(Arc::new(batch.clone())).expect("a batch that fits");
    pass.finish().expect("a finished pass")
}

/// What is wanted, straight from the formula; `load` brings an input to the precision, `add`
/// fills a weight.
fn wanted<R: Copy + PartialOrd>(
    (plan, batch): (&Plan, &Batch),
    mut empty: Partial,
    layers: &Layers<R>,
    (load, constant): (fn(f32) -> R, R),
    add: fn(&mut FillData, usize, R),
) -> Partial {
    let [_, Values::F32(x), Values::I32(n)] = &batch.columns[..] else { panic!("three columns") };
    let cell =
        |fill: usize, bin: i64| plan.fills[fill].axes[0].0.has_underflow() as usize + bin as usize;
    for (id, (x, n)) in x.iter().map(|x| load(*x)).zip(n).enumerate() {
        for (fill, x) in [x, constant].into_iter().enumerate() {
            add(&mut empty.fills[fill], cell(fill, id as i64), layers.response(x, *n));
            let above = i64::from(layers.above(x));
            empty.fills[2 + fill].fill(cell(2 + fill, above));
        }
    }
    empty.events = batch.events as u64;
    empty
}

#[test]
fn a_kernel_from_outside_gives_the_same_bits_everywhere() {
    let (request, batch) = events(&kernel());
    let plan = plan(kernel(), request, batch.events);
    let single = run(&CpuBackend::default(), &plan, &batch);
    let of = (&plan, &batch);
    let expected = {
        let _flush = FlushDenormals::enter();
        let load = (|x: f32| f_load(x.to_bits())) as fn(f32) -> f32;
        let layers = kernel().layers32();
        wanted(of, Partial::new(&plan), &layers, (load, 0.4), FillData::fill_f32)
    };
    assert!(single == expected, "other bits in single precision");
    let double = run(&CpuBackend::new(Precision::Double), &plan, &batch);
    let layers = kernel().layers64();
    let empty = Partial::in_double(&plan);
    let expected = wanted(of, empty, &layers, (f64::from, 0.4), FillData::fill_f64);
    assert!(double == expected, "other bits in double precision");
    assert!(single.fills[2].counts.iter().filter(|n| **n > 0).count() >= 4, "all cases occur");
    assert!(single.fills[0].bad_weight > 0, "some responses are not finite");
    match Gpu::open(&Choice::from_env().expect("a valid choice")) {
        Ok(gpu) => {
            let gpu = GpuBackend::new(gpu);
            assert!(run(&gpu, &plan, &batch) == single, "other bits on {}", gpu.name());
            gpu::present("a kernel from outside", plan.fills.len(), &gpu.name());
        }
        Err(why) => gpu::absent("a kernel from outside", &why.to_string()),
    }
}

/// Plans say which constants a kernel has.
#[test]
fn the_text_of_a_plan_has_the_constants() {
    let (request, batch) = events(&kernel());
    let text = plan(kernel(), request.clone(), batch.events).ir.to_string();
    assert!(text.contains("k0 = response of [0.5, 0.3333333333333333, 1e-37, -250.0]\n"), "{text}");
    assert!(text.contains("result 1 of k0(n1, n2)"), "{text}");
    let other = Response { constants: vec![0.5, 1.0] };
    assert_ne!(text, plan(other, request, batch.events).ir.to_string());
}

/// x / (x + k), with a rule for its derivatives or without one.
#[derive(Debug)]
struct Saturation {
    derivative: Derivative,
}

struct Quotient<R>(fn(R, R) -> R);

impl<R: Copy> Columns<R> for Quotient<R> {
    fn evaluate(&self, inputs: &[Input<'_, R>], results: &mut [Option<Output<'_, R>>]) {
        let [Some(found)] = results else { return };
        let both = inputs[0].reals().iter().zip(inputs[1].reals());
        found.reals().iter_mut().zip(both).for_each(|(out, (x, k))| *out = self.0(*x, *k));
    }
}

impl Kernel for Saturation {
    fn name(&self) -> &str {
        "saturation"
    }

    fn doc(&self) -> &str {
        "x / (x + k)."
    }

    fn inputs(&self) -> &[Type] {
        &[Type::Real, Type::Real]
    }

    fn results(&self) -> &[Type] {
        &[Type::Real]
    }

    fn cost(&self) -> Cost {
        Cost { host: 3.0, device: 25 }
    }

    fn single(&self) -> Box<dyn Columns<f32>> {
        Box::new(Quotient(|x: f32, k| f_div(x, x + k)))
    }

    fn double(&self) -> Box<dyn Columns<f64>> {
        Box::new(Quotient(|x: f64, k| x / (x + k)))
    }

    fn wgsl(&self) -> Wgsl {
        let text = "fn saturation(x: f32, k: f32) -> f32 {\n    return f_div(x, x + k);\n}\n";
        Wgsl { text: text.to_owned(), entry: "saturation".to_owned(), results: vec![String::new()] }
    }

    fn derivative(&self) -> Derivative {
        self.derivative
    }

    /// (k x' - x k') / (x + k)^2.
    fn tangent(&self, graph: &mut dyn Algebra, call: &Call<'_>) -> Option<Term> {
        let ([x, k], [by_x, by_k]) = (call.x, call.t) else { panic!("two inputs") };
        let by_x = by_x.map(|t| graph.times(*k, t));
        let by_k = by_k.map(|t| graph.times(*x, t)).map(|t| graph.negative(t));
        let sum = graph.sum(*x, *k);
        let square = graph.times(sum, sum);
        graph.plus(by_x, by_k).map(|above| graph.ratio(above, square))
    }

    fn cases(&self) -> Vec<Vec<Case>> {
        vec![vec![Case::Real(1.0), Case::Real(2.0)], vec![Case::Real(0.0), Case::Real(-0.0)]]
    }
}

const ANALYSIS: &str = "
parameters:
  k: {start: 3}
histograms:
  h:
    value: x
    weight: saturation(x * k, k)
    bins: [1, -10, 10]
    soft: {kernel: uniform, bandwidth: 0.5}
";

fn gradient(derivative: Derivative) -> Result<Gradient, String> {
    let registry = Registry::standard().with(Arc::new(Saturation { derivative }));
    let options = Options { kernels: Some(&registry), ..Options::default() };
    let show = |d: Vec<_>| diag::render(&d, "analysis.yaml", ANALYSIS, false);
    let analysis = config::parse(ANALYSIS).map_err(show)?;
    let table = Table::parse("x: float32 = 1 | 2");
    let compiled = compile_for(&analysis, ANALYSIS, &table.schema(), &options).map_err(show)?;
    Gradient::new(&compiled, &analysis.parameters).map_err(|e| e.to_string())
}

/// An expression calls it, and a gradient takes its rule. The sum over x of
/// x k / (x k + k) does not depend on k.
#[test]
fn an_expression_calls_a_kernel_of_the_registry() {
    let gradient = gradient(Derivative::Rule).expect("it has a rule");
    let plan = &gradient.compiled.plan;
    let table = Table::parse("x: float32 = 1 | 2");
    let batch = table.batch(&plan.request, 0..table.events);
    let double = run(&CpuBackend::new(Precision::Double), plan, &batch);
    let found = &gradient.results(&double.fills)[0];
    assert!((found.histogram.value(1) - (1.0 / 2.0 + 2.0 / 3.0)).abs() < 1e-12);
    assert!(found.jacobian[1][0].abs() < 1e-12, "{:?}", found.jacobian);
    assert!(plan.ir.to_string().contains("= saturation(n"), "{}", plan.ir);
}

#[test]
fn a_kernel_without_a_rule_is_refused_by_name() {
    let error = gradient(Derivative::None).expect_err("it has no rule");
    assert!(error.contains("no rule for that of the function `saturation`"), "{error}");
    let error = gradient(Derivative::Steps).expect_err("it jumps");
    assert!(error.contains("jumps with the parameter `k`"), "{error}");
}
