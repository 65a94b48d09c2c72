//! tmp
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let a = match gpuana::config::parse(&text) { Ok(a) => a, Err(d) => { println!("{}", gpuana::diag::render(&d, &args[1], &text, false)); return } };
    let s = gpuana::read::open(std::path::Path::new(&args[2]), None).unwrap();
    match gpuana::lang::check::compile(&a, &text, s.schema()) {
        Ok(c) => { println!("{} nodes {} spaces {} fills", c.plan.ir.nodes().len(), c.plan.ir.spaces().len(), c.plan.fills.len());
          println!("{:?}", c.plan.request);
          for (i, s) in c.plan.ir.spaces().iter().enumerate() { println!("s{i} {s:?}"); }
          for (i, n) in c.plan.ir.nodes().iter().enumerate() { println!("n{i} s{} {:?} {:?}", n.space.index(), n.ty, n.op); } }
        Err(d) => println!("{}", gpuana::diag::render(&d, &args[1], &text, false)),
    }
}
