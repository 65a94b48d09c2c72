//! What entries add to exact sums, beside the same sums in Rust.

use super::records::{Record, put, words};
use gpuana::kernels::fill::{self, FillLayout, Pieces};
use gpuana::kernels::quanta;
use gpuana::kernels::real::f_load;

/// A sum as the output has it: 64-bit numbers, the low word first.
struct Cells(Vec<u32>);

impl Cells {
    fn new(words: usize) -> Cells {
        Cells(vec![0; words])
    }

    /// Adds to the number at `word`; nothing where that is 0, which may be behind the end.
    fn add(&mut self, word: usize, number: i64) {
        if number == 0 {
            return;
        }
        let old = u64::from(self.0[word]) | u64::from(self.0[word + 1]) << 32;
        let new = old.wrapping_add(number as u64);
        (self.0[word], self.0[word + 1]) = (new as u32, (new >> 32) as u32);
    }

    /// Adds pieces to the sum at `word`, the first of whose cells is `first`.
    fn add_pieces<const N: usize>(
        &mut self,
        word: usize,
        first: i32,
        pieces: Option<Pieces<N>>,
        negative: bool,
    ) {
        let Some(pieces) = pieces else { return };
        for (k, piece) in pieces.words.iter().enumerate() {
            let cell = usize::try_from(pieces.first - first).expect("within the sum") + k;
            self.add(
                word + 2 * cell,
                if negative { -i64::from(*piece) } else { i64::from(*piece) },
            );
        }
    }
}

/// Pairs of finite weights.
fn weights(seed: u64) -> Vec<[u32; 2]> {
    let cases = fill::cases();
    let mut rows: Vec<[u32; 2]> =
        cases.iter().zip(cases.iter().rev()).map(|(a, b)| [a.to_bits(), b.to_bits()]).collect();
    rows.extend(words::<2>(seed, 20_000));
    rows.retain(|row| row.iter().all(|word| f32::from_bits(*word).is_finite()));
    rows
}

pub(crate) fn sums() -> Vec<Record> {
    let layout =
        FillLayout { base: 0, cells: 1, weighted: true, soft: false, rows: 0, moments: [0; 2] };
    let block = layout.stride();
    let weighted = move |[word, _]: [u32; 2], counted: bool| {
        let (mut cells, w) = (Cells::new(block), f32::from_bits(word));
        cells.add(0, i64::from(counted));
        cells.add_pieces(2, fill::SUMW_FIRST, fill::pieces(w), w.is_sign_negative());
        let squares = 2 + 2 * fill::SUMW_CELLS;
        cells.add_pieces(squares, fill::SUMW2_FIRST, fill::square_pieces(w), false);
        cells.0
    };
    let products = 2 * fill::SUMW2_CELLS;
    let mut all = vec![
        Record::new(
            "fill_weighted, fill_sums",
            "fill_weighted(to, bitcast<f32>(arena[at]));",
            weights(10),
            block,
            move |row| weighted(row, true),
        ),
        Record::new(
            "fill_sums",
            "fill_sums(to, bitcast<f32>(arena[at]));",
            weights(11),
            block,
            move |row| weighted(row, false),
        ),
        Record::new(
            "fill_sum_of_products",
            "fill_sum_of_products(to, bitcast<f32>(arena[at]), bitcast<f32>(arena[at + 1u]));",
            weights(12),
            products,
            move |row| {
                let ([a, b], mut cells) = (row.map(f32::from_bits), Cells::new(products));
                cells.add_pieces(0, fill::SUMW2_FIRST, fill::product_pieces(a, b), false);
                cells.0
            },
        ),
        Record::new(
            "fill_add, fill_count, fill_piece",
            "fill_add(to, arena[at], arena[at + 1u]);
             fill_add(to, arena[at + 2u], arena[at + 3u]);
             fill_count(to);
             fill_piece(to, arena[at], true);
             fill_piece(to, arena[at + 2u], false);",
            words::<4>(13, 20_000),
            2,
            |[a, b, c, d]| {
                let mut cells = Cells::new(2);
                for [low, high] in [[a, b], [c, d], [1, 0]] {
                    cells.add(0, (u64::from(high) << 32 | u64::from(low)) as i64);
                }
                cells.add(0, -i64::from(a));
                cells.add(0, i64::from(c));
                cells.0
            },
        ),
    ];
    all.extend(pieces());
    all.extend(quanta_of_numbers());
    all
}

/// What sums are made of.
fn pieces() -> Vec<Record> {
    vec![
        Record::new(
            "fill_shift",
            &format!(
                "let p = fill_shift(arena[at], arena[at + 1u] & 31u);\n{}",
                put(&["p.x", "p.y"])
            ),
            words::<2>(14, 20_000),
            2,
            |[low, shift]| {
                let wide = u64::from(low) << (shift & 31);
                vec![wide as u32, (wide >> 32) as u32]
            },
        ),
        Record::new(
            "fill_product, fill_mantissa",
            &format!(
                "let p = fill_product(fill_mantissa(arena[at]), fill_mantissa(arena[at + 1u]));\n{}",
                put(&["p.x", "p.y"])
            ),
            words::<2>(15, 20_000),
            2,
            |row| {
                let [m, n] = row.map(|bits| u64::from(bits & 0x7f_ffff | 0x80_0000));
                vec![(m * n) as u32, ((m * n) >> 32) as u32]
            },
        ),
        Record::new(
            "quanta_rounded",
            &put(&["quanta_rounded(arena[at], arena[at + 1u], arena[at + 2u])"]),
            words::<3>(16, 40_000).into_iter().filter_map(|[low, high, shift]| {
                // Numbers of up to 48 bits, results of less than 32.
                let (high, shift) = (high & 0xffff, 1 + shift % 60);
                let number = u64::from(high) << 32 | u64::from(low);
                (number >> shift.min(63) < 0x7fff_ffff).then_some([low, high, shift])
            }),
            1,
            |[low, high, shift]| {
                let number = u128::from(u64::from(high) << 32 | u64::from(low));
                let (whole, rest) = (number >> shift, number & ((1 << shift) - 1));
                let half = 1u128 << (shift - 1);
                let up = rest > half || (rest == half && whole & 1 == 1);
                vec![(whole + u128::from(up)) as u32]
            },
        ),
        Record::new(
            "quanta_add",
            "quanta_add(to, arena[at], arena[at + 1u] % 256u, (arena[at + 2u] & 1u) == 1u);",
            words::<3>(17, 20_000),
            20,
            |[quanta, at, negative]| {
                let (mut cells, at) = (Cells::new(20), at % 256);
                let wide = u64::from(quanta) << (at & 31);
                let sign = if negative & 1 == 1 { -1 } else { 1 };
                let word = 2 * (at >> 5) as usize;
                cells.add(word, sign * i64::from(wide as u32));
                cells.add(word + 2, sign * (wide >> 32) as i64);
                cells.0
            },
        ),
    ]
}

/// The sum whose first cell counts in 2^`first` and that begins at word 0, of one number
/// which is a multiple of 2^q.
fn sum_of_quanta(x: f64, q: i32, first: i32, words: usize) -> Vec<u32> {
    let quanta = libm::ldexp(libm::fabs(x), -q) as u64;
    let at = (q - first) as u32;
    let wide = quanta << (at & 31);
    let sign = if x < 0.0 { -1 } else { 1 };
    let (mut cells, word) = (Cells::new(words), 2 * (at >> 5) as usize);
    cells.add(word, sign * i64::from(wide as u32));
    cells.add(word + 2, sign * (wide >> 32) as i64);
    cells.0
}

fn quanta_of_numbers() -> Vec<Record> {
    let products = 2 * fill::SUMW2_CELLS;
    let first = 32 * fill::SUMW2_FIRST;
    // A number, and how much more the exponent of its bound is.
    let below = |word: u32, more: u32| {
        let own = word >> 23 & 0xff;
        (f32::from_bits(word).is_finite()).then(|| (own.max(1) + more % 70).min(254))
    };
    let number = words::<2>(18, 20_000)
        .into_iter()
        .filter_map(move |[word, more]| below(word, more).map(|e| [word, e]));
    let pairs = words::<4>(19, 20_000).into_iter().filter_map(move |[x, y, more, other]| {
        Some([x, y, below(x, more % 30)?, below(y, other % 30)?])
    });
    vec![
        Record::new(
            "quanta_number",
            "quanta_number(to, SUMW2_BELOW, bitcast<f32>(arena[at]), arena[at + 1u]);",
            number,
            products,
            move |[word, e]| {
                let x = f64::from(f_load(word));
                let q = quanta::quantum(e as i32);
                sum_of_quanta(quanta::rounded(x, quanta::rounder(q)), q, first, products)
            },
        ),
        Record::new(
            "quanta_product",
            "quanta_product(to, bitcast<f32>(arena[at]), bitcast<f32>(arena[at + 1u]),
                 arena[at + 2u], arena[at + 3u]);",
            pairs,
            products,
            move |[x, y, e, f]| {
                let product = f64::from(f_load(x)) * f64::from(f_load(y));
                let q = quanta::quantum_of_products(e as i32, f as i32);
                sum_of_quanta(quanta::rounded(product, quanta::rounder(q)), q, first, products)
            },
        ),
    ]
}
