//! tmp
use gpuana::backend::Backend;
use std::sync::Arc;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let a = match gpuana::config::parse(&text) {
        Ok(a) => a,
        Err(d) => {
            println!("{}", gpuana::diag::render(&d, &args[1], &text, false));
            return;
        }
    };
    let s = gpuana::read::open(std::path::Path::new(&args[2]), None).unwrap();
    let c = match gpuana::lang::check::compile(&a, &text, s.schema()) {
        Ok(c) => c,
        Err(d) => {
            println!("{}", gpuana::diag::render(&d, &args[1], &text, false));
            return;
        }
    };
    eprintln!(
        "{} nodes {} spaces {} fills",
        c.plan.ir.nodes().len(),
        c.plan.ir.spaces().len(),
        c.plan.fills.len()
    );
    let t = std::time::Instant::now();
    let mut r = s.columns(&c.plan.request).unwrap();
    let backend = gpuana::backend::cpu::CpuBackend::new(gpuana::backend::cpu::Precision::Single);
    let mut pass = backend.compile(&c.plan).unwrap();
    let n = s.schema().events;
    let mut at = 0;
    while at < n {
        let e = (at + 100_000).min(n);
        pass.push(Arc::new(r.read(at..e).unwrap())).unwrap();
        at = e;
    }
    let p = pass.finish().unwrap();
    eprintln!("{:?}", t.elapsed());
    println!("{{");
    for (i, h) in c.histograms.iter().enumerate() {
        let d = &p.fills[h.fill];
        let v: Vec<f64> = (0..d.counts.len()).map(|i| d.sumw(i)).collect();
        println!("{:?}: {:?}{}", h.name, v, if i + 1 < c.histograms.len() { "," } else { "" });
        eprintln!("{} nan {} missing {} bad {}", h.name, d.nan, d.missing, d.bad_weight);
    }
    println!("}}");
}
