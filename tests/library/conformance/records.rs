//! Kernels that read tables, or that give more than one value: what each leaves in
//! as many words of the output as it says, beside what its twin does.

use super::axes::axes;
use super::entries;
use super::sums::sums;
use crate::support::random::Random;
use gpuana::kernels::angle::{f_huge_quadrant, f_huge_rest};
use gpuana::kernels::real::{f_div, f_load};

/// From a row to its output.
type Twin = Box<dyn Fn(&[u32]) -> Vec<u32>>;

/// What is computed for each of some rows of words.
pub(crate) struct Record {
    /// What it is, for messages.
    pub(crate) name: String,
    /// What they call beside the library.
    pub(crate) declarations: String,
    /// WGSL statements: `at` is where the row begins in the arena, `to` where its
    /// output begins.
    pub(crate) body: String,
    /// What the body reads beside its row.
    pub(crate) tables: Vec<u32>,
    /// Words of a row.
    pub(crate) input: usize,
    /// Words of its output, which are zero before.
    pub(crate) output: usize,
    /// The rows, one behind the other.
    pub(crate) rows: Vec<u32>,
    /// The output of a row.
    pub(crate) twin: Twin,
}

impl Record {
    pub(crate) fn new<const N: usize>(
        name: &str,
        body: &str,
        rows: impl IntoIterator<Item = [u32; N]>,
        output: usize,
        twin: impl Fn([u32; N]) -> Vec<u32> + 'static,
    ) -> Record {
        Record {
            name: name.to_owned(),
            declarations: String::new(),
            body: body.to_owned(),
            tables: Vec::new(),
            input: N,
            output,
            rows: rows.into_iter().flatten().collect(),
            twin: Box::new(move |row| twin(row.try_into().expect("a whole row"))),
        }
    }

    pub(crate) fn with_tables(mut self, tables: Vec<u32>) -> Record {
        self.tables = tables;
        self
    }
}

/// WGSL that puts these words into the output.
pub(crate) fn put(words: &[&str]) -> String {
    let line = |(k, word): (usize, &&str)| format!("atomicStore(&out[to + {k}u], {word});\n");
    words.iter().enumerate().map(line).collect()
}

/// All of them.
pub(crate) fn all() -> Vec<Record> {
    let mut out = reals();
    out.extend(angles());
    out.extend(axes());
    out.extend(sums());
    out.extend(entries::terms());
    out.extend(entries::share_sums());
    out.push(flags());
    out.push(order());
    out
}

/// Words of every kind: small ones, every bit, and those around `from`.
pub(crate) fn words<const N: usize>(seed: u64, count: usize) -> Vec<[u32; N]> {
    let mut random = Random::new(seed);
    let word = |random: &mut Random| {
        let word = random.word();
        match word >> 61 {
            0..=1 => (word as u32) % 300,
            2 => u32::MAX - (word as u32) % 300,
            _ => word as u32,
        }
    };
    (0..count).map(|_| std::array::from_fn(|_| word(&mut random))).collect()
}

fn reals() -> Vec<Record> {
    let quotient = |[sign, high, low]: [u32; 3]| {
        let (a, b) = (f32::from_bits(sign | high), f32::from_bits(low));
        let quotient = f_div(f_load(a.to_bits()), f_load(b.to_bits()));
        // A NaN is the one that `f_nan` gives.
        vec![if quotient.is_nan() { f32::NAN } else { quotient }.to_bits()]
    };
    let special = [0u32, 1, 0x007f_ffff, 0x7f80_0000, 0x7f80_0001, 0x7fff_ffff];
    let usual = [0x0080_0000u32, 0x3f80_0000, 0x7f7f_ffff];
    let mut rows = Vec::new();
    for sign in [0, 0x8000_0000] {
        for a in special {
            rows.extend(special.map(|b| [sign, a, b]));
            rows.extend(usual.iter().flat_map(|b| [[sign, a, *b], [sign, *b, a]]));
        }
    }
    let normalised = words::<3>(2, 20_000)
        .into_iter()
        .map(|[top, more, exponent]| [top | 0x8000_0000, more & 1, 31 + exponent % 192]);
    vec![
        Record::new(
            "f_div_special",
            &put(&["bitcast<u32>(f_div_special(arena[at], arena[at + 1u], arena[at + 2u]))"]),
            rows,
            1,
            quotient,
        ),
        Record::new(
            "f_from_normalised",
            &put(&["bitcast<u32>(f_from_normalised(arena[at], arena[at + 1u] == 1u, \
                    arena[at + 2u]))"]),
            normalised,
            1,
            |[top, more, exponent]| {
                // The bits that follow are half of the last one's unit.
                let exact = (f64::from(top) + 0.5 * f64::from(more)) / 2f64.powi(31);
                let scaled = exact * 2f64.powi(exponent as i32 - 127);
                vec![(scaled as f32).to_bits()]
            },
        ),
        Record::new(
            "f_from_u32",
            &put(&["bitcast<u32>(f_from_u32(arena[at]))"]),
            words::<1>(3, 20_000),
            1,
            |[word]| vec![(word as f32).to_bits()],
        ),
        Record::new(
            "f_load, f_magnitude, f_bits, f_of_bits, f_nan, f_inf",
            &put(&[
                "f_magnitude(f_load(arena[at]))",
                "f_bits(f_load(arena[at]))",
                "bitcast<u32>(f_of_bits(f_bits(f_load(arena[at]))))",
                "f_bits(f_nan())",
                "f_bits(f_inf())",
            ]),
            // No NaN: what a device does to its bits is its own affair.
            words::<1>(4, 20_000).into_iter().filter(|[word]| !f32::from_bits(*word).is_nan()),
            5,
            |[word]| {
                let bits = f_load(word).to_bits();
                vec![bits & 0x7fff_ffff, bits, bits, f32::NAN.to_bits(), f32::INFINITY.to_bits()]
            },
        ),
    ]
}

/// 2/pi in binary, 224 digits behind a word of zeros: from the digits in Abramowitz
/// and Stegun's style of any table, here those that fdlibm's reduction uses, in 24 bits.
const TWO_OVER_PI: [u32; 10] = [
    0xa2f983, 0x6e4e44, 0x1529fc, 0x2757d1, 0xf534dd, 0xc0db62, 0x95993c, 0x439041, 0xfe5163,
    0xabdebb,
];

/// 32 digits of 2/pi from this one on, of which the first 32 are zeros.
fn digits(at: u32) -> u32 {
    let digit = |k: u32| match k.checked_sub(32) {
        Some(k) => TWO_OVER_PI[(k / 24) as usize] >> (23 - k % 24) & 1,
        None => 0,
    };
    (0..32).fold(0, |word, k| word << 1 | digit(at + k))
}

fn angles() -> Vec<Record> {
    // Digits beyond the table are not asked for: an exponent is below 255.
    let huge = words::<1>(5, 20_000).into_iter().map(|[word]| {
        let exponent = 140 + (word >> 23 & 0xff) % 115;
        [word & 0x807f_ffff | exponent << 23]
    });
    let huge: Vec<[u32; 1]> = huge.collect();
    vec![
        Record::new(
            "f_two_over_pi, f_digits",
            &put(&["f_digits(arena[at])", "f_two_over_pi(arena[at] >> 5u)"]),
            (0..199).map(|at| [at]),
            2,
            |[at]| vec![digits(at), digits(at & !31)],
        ),
        Record::new(
            "u_product",
            &format!("let p = u_product(arena[at], arena[at + 1u]);\n{}", put(&["p.x", "p.y"])),
            words::<2>(6, 20_000),
            2,
            |[a, b]| {
                let product = u64::from(a) * u64::from(b);
                vec![product as u32, (product >> 32) as u32]
            },
        ),
        Record::new(
            "f_quarters",
            &format!(
                "let q = f_quarters(bitcast<f32>(arena[at]));\n{}",
                put(&["q.x", "q.y", "q.z"])
            ),
            huge.clone(),
            3,
            |[word]| {
                let significand = u128::from(word & 0x7f_ffff | 0x80_0000);
                let at = (word >> 23 & 0xff) - 120;
                let window = (0..3).fold(0, |w, k| w << 32 | u128::from(digits(at + 32 * k)));
                let product = significand * window;
                (0..3).map(|k| (product >> (32 * k)) as u32).collect()
            },
        ),
        Record::new(
            "f_huge_quadrant, f_huge_rest",
            &format!(
                "let x = bitcast<f32>(arena[at]);\n{}",
                put(&["f_huge_quadrant(x)", "bitcast<u32>(f_huge_rest(x))"])
            ),
            huge,
            2,
            |[word]| {
                let x = f32::from_bits(word);
                vec![f_huge_quadrant(x), f_huge_rest(x).to_bits()]
            },
        ),
    ]
}

fn flags() -> Record {
    Record::new(
        "load_bool",
        &put(&[
            "select(0u, 1u, load_bool(4u * at))",
            "select(0u, 1u, load_bool(4u * at + 1u))",
            "select(0u, 1u, load_bool(4u * at + 2u))",
            "select(0u, 1u, load_bool(4u * at + 3u))",
        ]),
        words::<1>(20, 5_000).into_iter().chain([[0], [0x0100_0000], [0x0001_0000]]),
        4,
        |[word]| word.to_le_bytes().map(|byte| u32::from(byte != 0)).to_vec(),
    )
}

/// Keys order as numbers do, NaN last.
fn order() -> Record {
    Record::new(
        "sort_key",
        &put(&[
            "select(0u, 1u, sort_key(f_load(arena[at])) < sort_key(f_load(arena[at + 1u])))",
            "select(0u, 1u, sort_key(f_load(arena[at])) == sort_key(f_load(arena[at + 1u])))",
        ]),
        words::<2>(21, 20_000).into_iter().chain([
            [0, 0x8000_0000],
            [0x7fc0_0000, 0x7f80_0000],
            [0x7fc0_0000, 0xffc0_0000],
            [1, 0x8000_0001],
            [0xff80_0000, 0xff7f_ffff],
        ]),
        2,
        |row| {
            let [a, b] = row.map(f_load);
            let (less, equal) = match (a.is_nan(), b.is_nan()) {
                (false, false) => (a < b, a == b),
                (a_last, b_last) => (!a_last && b_last, a_last && b_last),
            };
            vec![u32::from(less), u32::from(equal)]
        },
    )
}
