//! ExactNumber sums against integers of 128 bits and in other orders.

use super::*;

const HARD: [f64; 14] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.1,
    1.0 / 3.0,
    -1e300,
    1e300,
    1e-300,
    f64::MAX,
    f64::MIN_POSITIVE,
    5e-324,
    -5e-324,
    9_007_199_254_740_993.0,
];

#[test]
fn single_numbers_and_products_round_as_the_processor_rounds_them() {
    for a in HARD {
        assert_eq!(ExactNumber::from(a).value(), a);
        for b in HARD {
            let expected = a * b;
            let mut sum = ExactNumber::default();
            sum.add_product(a, b);
            assert_eq!(sum.value(), expected, "{a} * {b}");
            assert_eq!(ExactNumber::from(a).times(b), sum, "{a} * {b}");
            let plus = ExactNumber::from_iter([a, b]).value();
            assert_eq!(plus, a + b, "{a} + {b}");
        }
    }
    assert!(ExactNumber::from(-0.0).value().is_sign_positive());
    assert!(ExactNumber::from(0.0).times(-2.0).value().is_sign_positive());
}

#[test]
fn what_is_not_finite_adds_up_as_doubles_do() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    for (numbers, expected) in [
        ([inf, 1.0, 2.0], inf),
        ([1.0, -inf, -1.0], -inf),
        ([inf, -inf, 1.0], nan),
        ([nan, 1.0, inf], nan),
        ([f64::MAX, f64::MAX, -f64::MAX], f64::MAX),
        ([f64::MAX, f64::MAX, 0.0], inf),
    ] {
        for turn in 0..3 {
            let mut numbers = numbers;
            numbers.rotate_left(turn);
            let found = ExactNumber::from_iter(numbers).value();
            assert_eq!(found.to_bits(), expected.to_bits(), "{numbers:?}");
        }
    }
    for (a, b, expected) in
        [(2.0, inf, inf), (-5e-324, inf, -inf), (0.0, inf, nan), (inf, 0.0, nan), (inf, -1.0, -inf)]
    {
        let found = ExactNumber::from(a).times(b).value();
        assert_eq!(found.to_bits(), expected.to_bits(), "{a} * {b}");
    }
    // Too large for a double on the way, and not at the end.
    let square = ExactNumber::from(1e300).times(1e300);
    assert_eq!(square.value(), inf);
    assert_eq!(square.times(2.0f64.powi(-1000)).times(2.0f64.powi(-40)).value(), {
        let quotient = 1e300 * 2.0f64.powi(-500);
        quotient * quotient * 2.0f64.powi(-40)
    });
}

#[test]
fn sums_of_products_are_those_of_integers_in_any_order() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 7) as i64
    };
    for _ in 0..300 {
        // Factor times sum, each an integer in units of 2^-30: exact in 128 bits.
        let terms: Vec<(i64, i64)> =
            (0..9).map(|_| (next() % (1 << 53), next() % (1 << 53))).collect();
        let expected = terms.iter().map(|(f, s)| i128::from(*f) * i128::from(*s)).sum::<i128>();
        let expected = expected as f64 * 2.0f64.powi(-60);
        let unit = 2.0f64.powi(-30);
        for turn in 0..terms.len() {
            let mut terms = terms.clone();
            terms.rotate_left(turn);
            terms[turn / 2..].reverse();
            let mut total = ExactNumber::default();
            for (f, s) in &terms {
                total.merge(&ExactNumber::from(*s as f64 * unit).times(*f as f64 * unit));
            }
            assert_eq!(total.value(), expected);
        }
    }
}

#[test]
fn integers_and_bins_are_exact() {
    for n in [0, 1, (1 << 53) + 1, u64::MAX] {
        assert_eq!(ExactNumber::integer(n).value(), n as f64);
    }
    // 2^53 + 1 is no double; three of them are one.
    assert_eq!(
        ExactNumber::integer((1 << 53) + 1).times(3.0).value(),
        (3 * ((1u64 << 53) + 1)) as f64
    );
    let mut sums = WeightSums::new(2);
    for w in [1e16, 1.0, -1e16, 0.1] {
        sums.add_f64(1, w);
    }
    let third = 1.0 / 3.0;
    let expected: ExactNumber = [1.0, 0.1].iter().fold(ExactNumber::default(), |mut sum, w| {
        sum.add_product(*w, third);
        sum
    });
    assert_eq!(sums.exact_sumw(1..2).times(third), expected);
    assert_eq!(sums.exact_sumw(0..2).value(), sums.sumw(1));
    assert_eq!(sums.exact_sumw2(0..1).value(), 0.0);
}
