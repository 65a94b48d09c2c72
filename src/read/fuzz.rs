//! What fuzzing calls: every part of the readers that sees bytes of a file, on
//! any bytes. The programs in `fuzz/` hand their input to these; the tests run
//! each for a moment, on damaged parts of the shipped files.

use super::root::fuzz as root;
use super::storage::Storage;
use super::{Source, open_storage};
use crate::batch::Request;

/// Takes any bytes; a panic is a defect.
pub type Target = fn(&[u8]);

/// All targets, by their names in `fuzz/`.
pub const TARGETS: [(&str, Target); 7] = [
    ("root_header", root_header),
    ("tree_metadata", tree_metadata),
    ("basket", basket),
    ("ntuple_envelopes", ntuple_envelopes),
    ("ntuple_pages", ntuple_pages),
    ("parquet", parquet),
    ("arrow", arrow),
];

/// Events that are read of a table at most.
const EVENTS: u64 = 1000;

/// A ROOT file's header, directories, keys, and layouts of classes.
pub fn root_header(data: &[u8]) {
    root::header(data);
}

/// What describes a `TTree`, and reading by it.
pub fn tree_metadata(data: &[u8]) {
    root::metadata(data);
}

/// A basket: type, number of events, record.
pub fn basket(data: &[u8]) {
    root::basket(data);
}

/// What describes an `RNTuple`: checksum of the header, header, footer, page list.
pub fn ntuple_envelopes(data: &[u8]) {
    root::rntuple::envelopes(data);
}

/// A page of an `RNTuple`: type, bits, number of elements, bytes.
pub fn ntuple_pages(data: &[u8]) {
    root::rntuple::page(data);
}

/// A Parquet file, whole.
pub fn parquet(data: &[u8]) {
    if data.starts_with(b"PAR1") {
        table(data);
    }
}

/// An Arrow file, whole.
pub fn arrow(data: &[u8]) {
    if data.starts_with(b"ARROW1") {
        table(data);
    }
}

fn table(data: &[u8]) {
    if let Ok(source) = open_storage(Storage::of_bytes(data.to_vec()), None) {
        read_some(source.as_ref());
    }
}

/// Reads the first events of all branches, one branch after the other.
fn read_some(source: &dyn Source) {
    let schema = source.schema();
    for request in schema.branches.iter().filter_map(|branch| Request::of([branch]).ok()).take(64) {
        if let Ok(mut reader) = source.columns(&request) {
            let _ = reader.read(0..schema.events.min(EVENTS));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    fn top() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    fn shipped(file: &str) -> Vec<u8> {
        std::fs::read(top().join("tests/data").join(file)).expect("is shipped")
    }

    /// Inputs that a target takes without an error, and how often to damage each.
    fn seeds(target: &str) -> (Vec<Vec<u8>>, usize) {
        let files = |names: &[&str]| names.iter().map(|name| shipped(name)).collect();
        match target {
            "root_header" => (files(&["leaves_tail.root", "muons_rntuple.root"]), 1000),
            "tree_metadata" => (root::seeds::metadata(), 1000),
            "basket" => {
                let codecs = ["zlib", "zstd", "lz4", "lzma", "none"];
                let leaves = codecs.map(|codec| format!("leaves_{codec}.root"));
                let files = leaves.into_iter().chain(["vectors_zlib.root".to_owned()]);
                (files.flat_map(|file| root::seeds::baskets(&shipped(&file))).collect(), 20)
            }
            "ntuple_envelopes" => {
                (vec![root::rntuple::seed(&shipped("leaves_rntuple.root"))], 2000)
            }
            "ntuple_pages" => {
                let page = |code: u8, bits: u8| {
                    [&[code, bits, 100, 0][..], &(0..=255).cycle().take(800).collect::<Vec<u8>>()]
                        .concat()
                };
                let bits = |code| if code == 0 { vec![1] } else { vec![8, 16, 17, 32, 64] };
                let all = (0..30).flat_map(|code| bits(code).into_iter().map(move |b| (code, b)));
                (all.map(|(code, bits)| page(code, bits)).collect(), 20)
            }
            "parquet" => (files(&["leaves_gzip.parquet", "leaves_none.parquet"]), 100),
            "arrow" => (files(&["leaves_none.arrow", "leaves_zstd.arrow"]), 100),
            other => panic!("{other} has no seeds"),
        }
    }

    /// A short pseudo-random sequence (xorshift64*), the same everywhere.
    struct Random(u64);

    impl Random {
        fn below(&mut self, n: usize) -> usize {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) as usize % n.max(1)
        }
    }

    fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len());
            match random.below(6) {
                0 => bytes.truncate(at),
                1 => bytes[at..].iter_mut().take(4).for_each(|byte| *byte = 0xff),
                2 => bytes[at..].iter_mut().take(8).for_each(|byte| *byte = 0),
                3 => {
                    let copied = bytes[at..].iter().take(16).copied().collect::<Vec<u8>>();
                    let to = random.below(bytes.len());
                    bytes.splice(to..to, copied);
                }
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << random.below(8);
                    }
                }
            }
        }
    }

    #[test]
    fn no_target_panics_on_damaged_parts() {
        for (name, target) in TARGETS {
            let (seeds, times) = seeds(name);
            assert!(!seeds.is_empty(), "{name}");
            let mut random = Random(0x5eed_0005);
            for seed in &seeds {
                target(seed);
                for _ in 0..times {
                    let mut bytes = seed.clone();
                    damage(&mut bytes, &mut random);
                    target(&bytes);
                }
            }
        }
    }

    #[test]
    fn seeds_get_to_what_they_are_for() {
        // A seed that is refused at its first byte would test nothing.
        let (metadata, _) = seeds("tree_metadata");
        assert!(root::branches(&metadata[0]) > 10);
        let (envelopes, _) = seeds("ntuple_envelopes");
        assert!(root::rntuple::described(&envelopes[0]).expect("is whole") > 10);
        let (baskets, _) = seeds("basket");
        assert!(baskets.len() > 50 && baskets.iter().all(|seed| root::unpacked(seed).is_ok()));
    }

    /// The programs in `fuzz/` are these targets, and no others.
    #[test]
    fn every_target_has_its_program() {
        let folder = top().join("fuzz/fuzz_targets");
        let manifest = std::fs::read_to_string(top().join("fuzz/Cargo.toml")).expect("is shipped");
        let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
            .expect("a folder")
            .map(|entry| entry.expect("can be listed").path())
            .collect();
        found.sort();
        let mut names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        assert_eq!(found, names.iter().map(|n| folder.join(format!("{n}.rs"))).collect::<Vec<_>>());
        for name in names {
            let text = std::fs::read_to_string(folder.join(format!("{name}.rs"))).expect("reads");
            assert!(text.contains(&format!("fuzz::{name}(data)")), "{name}");
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        }
    }

    /// `GPUANA_FUZZ_CORPUS=fuzz/corpus cargo test --lib fuzz` writes the seeds
    /// for the programs in `fuzz/`.
    #[test]
    fn seeds_can_be_written() {
        let Some(folder) = std::env::var_os("GPUANA_FUZZ_CORPUS") else { return };
        for (name, _) in TARGETS {
            let folder = top().join(&folder).join(name);
            std::fs::create_dir_all(&folder).expect("a folder");
            for (number, seed) in seeds(name).0.iter().enumerate() {
                std::fs::write(folder.join(format!("seed{number}")), seed).expect("writes");
            }
        }
    }
}
