//! Element-wise loops, compiled twice where the CPU may have wider registers.

pub(super) use crate::wide_registers::wide_registers;
use std::mem::MaybeUninit;

/// A function that appends `f` of the elements of one or several slices.
macro_rules! append {
    ($(#[$doc:meta])* $name:ident, $($x:ident: $t:ident),+) => {
        $(#[$doc])*
        pub(super) fn $name<$($t: Copy,)+ O>(
            out: &mut Vec<O>,
            $($x: &[$t],)+
            f: impl Fn($($t),+) -> O,
        ) {
            wide_registers! {
                fn write[$($t: Copy,)+ O](
                    out: &mut [MaybeUninit<O>],
                    $($x: &[$t],)+
                    f: impl Fn($($t),+) -> O,
                ) {
                    // Of one length, so that the loop needs no checks.
                    let n = out.len();
                    $(let $x = &$x[..n];)+
                    for i in 0..n {
                        out[i].write(f($($x[i]),+));
                    }
                }
            }

            let n = shortest(&[$($x.len()),+]);
            out.reserve(n);
            let start = out.len();
            write(&mut out.spare_capacity_mut()[..n], $($x,)+ f);
            // SAFETY: `reserve` made room for n elements, and `write` wrote each of them.
            unsafe { out.set_len(start + n) };
        }
    };
}

append!(
    /// Appends `f` of each element.
    append1, a: A
);
append!(
    /// Appends `f` of the elements at the same place.
    append2, a: A, b: B
);
append!(
    /// Appends `f` of the elements at the same place.
    append3, a: A, b: B, c: C
);

fn shortest(lengths: &[usize]) -> usize {
    debug_assert!(lengths.iter().all(|n| *n == lengths[0]), "columns of one space: {lengths:?}");
    lengths.iter().copied().min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_appended_once() {
        for n in [0, 1, 7, 8, 9, 1000] {
            let a: Vec<f32> = (0..n).map(|i| i as f32 - 3.5).collect();
            let b: Vec<i32> = (0..n).map(|i| 7 * i).collect();
            let c: Vec<u8> = (0..n).map(|i| (i % 3) as u8).collect();
            let mut out = vec![-1.0];
            append1(&mut out, &a, |a| a * a);
            append2(&mut out, &a, &b, |a, b| a + b as f32);
            append3(&mut out, &a, &b, &c, |a, b, c| if c == 0 { a } else { b as f32 });
            let mut expected = vec![-1.0];
            expected.extend(a.iter().map(|a| a * a));
            expected.extend(a.iter().zip(&b).map(|(a, b)| a + *b as f32));
            let third = |i: usize| if c[i] == 0 { a[i] } else { b[i] as f32 };
            expected.extend((0..a.len()).map(third));
            assert_eq!(out, expected, "{n} elements");
        }
    }
}
