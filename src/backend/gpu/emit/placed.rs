//! The kernels of a plan on the device: their texts, and where their tables lie.

use crate::ir::Ir;
use crate::kernels::Wgsl;

/// A kernel of a graph.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) wgsl: Wgsl,
    /// Where its table begins, if it has one.
    pub(super) table: Option<u32>,
}

/// All kernels of a graph, by their ids; appends their tables.
pub(super) fn placed(ir: &Ir, tables: &mut Vec<u32>) -> Vec<Placed> {
    let mut append = |words: Vec<u32>| {
        let start = tables.len() as u32;
        tables.extend(words);
        start
    };
    let mut each = |kernel: &dyn crate::kernels::Kernel| {
        let words = kernel.table(&mut append);
        Placed { wgsl: kernel.wgsl(), table: (!words.is_empty()).then(|| append(words)) }
    };
    ir.kernels().iter().map(|kernel| each(&**kernel)).collect()
}

/// The texts of these kernels, each once.
pub(super) fn texts<'k>(kernels: &'k [Placed], used: impl Iterator<Item = &'k usize>) -> String {
    let mut texts: Vec<&str> = used.map(|id| &*kernels[*id].wgsl.text).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.concat()
}
