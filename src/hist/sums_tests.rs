//! The sums against arithmetic on plain big integers, bit by bit.

use super::*;

/// A sum as one big two's-complement integer in units of 2^-2200, done the
/// slow way: a weight is added one bit of its value at a time.
#[derive(Clone)]
struct Naive {
    bits: Vec<u32>,
}

const UNIT: i32 = -2208;

impl Naive {
    fn new() -> Self {
        Naive { bits: vec![0; 140] }
    }

    /// Adds `+-m * 2^e`.
    fn add(&mut self, negative: bool, m: u128, e: i32) {
        for bit in (0..128).filter(|b| m >> b & 1 == 1) {
            let position = (e + bit - UNIT) as usize;
            let (mut at, mut more) = (position / 32, 1u64 << (position % 32));
            while more != 0 && at < self.bits.len() {
                let digit = u64::from(self.bits[at]);
                let sum = if negative { digit.wrapping_sub(more) } else { digit + more };
                self.bits[at] = sum as u32;
                more = u64::from(if negative { digit < more } else { sum >> 32 != 0 });
                at += 1;
            }
        }
    }

    /// The nearest double, by trying: the candidate whose distance is least.
    fn value(&self) -> f64 {
        let negative = self.bits[139] >> 31 == 1;
        let mut magnitude = self.clone();
        if negative {
            magnitude.bits.iter_mut().for_each(|d| *d = !*d);
            magnitude.add(false, 1, UNIT);
        }
        let mut text = magnitude.bits.clone();
        // Decimal digits of the integer; the standard library parses them, and
        // the power of two is put in by exact decimal halving: 10^2208 / 2^2208
        // = 5^2208, so integer * 5^2208 is the value with 2208 decimal places.
        for _ in 0..-UNIT {
            multiply(&mut text, 5);
        }
        let mut decimal = String::new();
        while let Some(rest) = divide(&mut text, 1_000_000_000) {
            decimal.insert_str(0, &format!("{rest:09}"));
        }
        let parsed: f64 = format!("{decimal}e{UNIT}").parse().unwrap_or(0.0);
        if negative { -parsed } else { parsed }
    }
}

fn multiply(digits: &mut Vec<u32>, by: u32) {
    let mut carried = 0;
    for digit in digits.iter_mut() {
        let product = u64::from(*digit) * u64::from(by) + carried;
        *digit = product as u32;
        carried = product >> 32;
    }
    if carried != 0 {
        digits.push(carried as u32);
    }
}

/// Divides and gives the remainder; nothing if there was nothing left.
fn divide(digits: &mut Vec<u32>, by: u32) -> Option<u32> {
    while digits.last() == Some(&0) {
        digits.pop();
    }
    if digits.is_empty() {
        return None;
    }
    let mut rest = 0u64;
    for digit in digits.iter_mut().rev() {
        let value = rest << 32 | u64::from(*digit);
        *digit = (value / u64::from(by)) as u32;
        rest = value % u64::from(by);
    }
    Some(rest as u32)
}

/// A small generator of 64 random bits (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A finite single, of the given spread of exponents around 1.
    fn single(&mut self, spread: u64) -> f32 {
        let exponent = 127 - spread.min(126) + self.next() % (2 * spread.min(126) + 1);
        let fraction = (self.next() as u32) & 0x7f_ffff;
        f32::from_bits((self.next() as u32) << 31 | (exponent as u32) << 23 | fraction)
    }

    /// A finite double of any exponent, denormals too.
    fn double(&mut self) -> f64 {
        let bits = self.next();
        f64::from_bits(if bits >> 52 & 0x7ff == 0x7ff { bits ^ 1 << 62 } else { bits })
    }
}

fn expected(weights: &[f64]) -> (f64, f64) {
    let (mut sum, mut squares) = (Naive::new(), Naive::new());
    for w in weights {
        let bits = w.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as i32;
        let m = (bits & ((1 << 52) - 1)) | u64::from(exponent > 0) << 52;
        let e = exponent.max(1) - 1075;
        sum.add(*w < 0.0, u128::from(m), e);
        squares.add(false, u128::from(m) * u128::from(m), 2 * e);
    }
    (sum.value(), squares.value())
}

#[test]
fn sums_of_singles_are_exact() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (count, spread) in [(1, 126), (3, 0), (50, 1), (50, 20), (300, 126)] {
        let weights: Vec<f32> = (0..count).map(|_| random.single(spread)).collect();
        let mut sums = WeightSums::new(3);
        weights.iter().for_each(|w| sums.add_f32(1, *w));
        let wide: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
        assert_eq!((sums.sumw(1), sums.sumw2(1)), expected(&wide), "{count} {spread}");
        assert_eq!((sums.sumw(0), sums.sumw2(2)), (0.0, 0.0));
    }
}

#[test]
fn sums_of_doubles_are_exact() {
    let mut random = Random(42);
    for count in [1, 2, 40] {
        let weights: Vec<f64> = (0..count).map(|_| random.double()).collect();
        let mut sums = WeightSums::new(1);
        weights.iter().for_each(|w| sums.add_f64(0, *w));
        assert_eq!((sums.sumw(0), sums.sumw2(0)), expected(&weights), "{weights:?}");
    }
    let mut sums = WeightSums::new(1);
    [5e-324, f64::MAX, -f64::MAX, 5e-324].iter().for_each(|w| sums.add_f64(0, *w));
    assert_eq!((sums.sumw(0), sums.sumw2(0)), (1e-323, f64::INFINITY));
}

#[test]
fn any_split_and_order_gives_equal_sums() {
    let mut random = Random(7);
    let entries: Vec<(usize, f32)> =
        (0..2000).map(|i| (i % 5, random.single(1 + (i as u64 % 126)))).collect();
    let fill = |entries: &mut dyn Iterator<Item = &(usize, f32)>| {
        let mut sums = WeightSums::new(5);
        entries.for_each(|(bin, w)| sums.add_f32(*bin, *w));
        sums
    };
    let whole = fill(&mut entries.iter());
    assert_eq!(fill(&mut entries.iter().rev()), whole);
    let mut parts: Vec<WeightSums> = entries.chunks(77).map(|c| fill(&mut c.iter())).collect();
    parts.reverse();
    let mut merged = WeightSums::new(5);
    parts.iter().for_each(|p| merged.merge(p));
    assert_eq!(merged, whole);
    merged.add_f32(4, 1e-30);
    assert_ne!(merged, whole);
}

#[test]
fn device_cells_are_added_as_they_are() {
    let mut sums = WeightSums::new(2);
    let (mut sumw, mut sumw2) = ([0; 9], [0; 18]);
    sumw[5] = i64::MIN; // units of 1
    sumw[4] = i64::MAX; // units of 2^-32
    sumw2[10] = i64::MAX;
    for _ in 0..3 {
        sums.add_cells(1, &sumw, &sumw2);
    }
    let unit = 0.5f64.powi(32);
    // 3 (-2^63 + (2^63 - 1) 2^-32), rounded: the second term is above half an
    // ulp (2^11) of the first.
    assert_eq!(sums.sumw(1), -3.0 * 2f64.powi(63) + 3.0 * 2f64.powi(63) * unit);
    assert_eq!(sums.sumw2(1), 3.0 * 2f64.powi(63));
    assert_eq!((sums.sumw(0), sums.sumw2(0)), (0.0, 0.0));
}

#[test]
fn cells_carry_before_they_overflow() {
    // Each merge doubles the sums: 2^80 entries of the largest weight.
    for w in [f32::MAX, -f32::MAX, -0.1] {
        let mut sums = WeightSums::new(1);
        sums.add_f32(0, w);
        for _ in 0..80 {
            let copy = sums.clone();
            sums.merge(&copy);
        }
        assert_eq!(sums.sumw(0), f64::from(w) * 2f64.powi(80));
        assert_eq!(sums.sumw2(0), f64::from(w) * f64::from(w) * 2f64.powi(80));
    }
}

#[test]
fn single_entries_carry_before_they_overflow() {
    let mut sums = Sums::new(1);
    let ones = Pieces { first: 0, words: [u32::MAX, u32::MAX] };
    let one = u128::from(u64::MAX);
    sums.add(0, false, ones);
    sums.bound = LIMIT; // as if so many entries had been added
    sums.cells.iter_mut().for_each(|c| *c = i64::from(u32::MAX) * LIMIT as i64);
    for _ in 0..3 {
        sums.add(0, false, ones);
    }
    assert!(sums.bound < 10);
    assert_eq!(sums.value(0), ((u128::from(LIMIT) + 3) * one) as f64);
}
