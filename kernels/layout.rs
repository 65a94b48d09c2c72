//! What Rust and WGSL must agree on: where the numbers of a table or of a block
//! in the output lie, and which number stands for which case. Each is defined
//! once, in Rust; the text of a kernel gets the constants that it names.

/// Constants of both languages. `record` numbers its positions from 0 and calls
/// how many there are by the name before the braces; `numbers` are what they are
/// set to. All are `u32`.
macro_rules! layout {
    (
        $(record $size:ident { $($(#[$doc:meta])* $position:ident,)* })*
        $(numbers { $($(#[$of:meta])* $name:ident = $value:expr;)* })?
    ) => {
        $(crate::kernels::layout::positions! { $size 0; $($(#[$doc])* $position)* })*
        $($($(#[$of])* pub(crate) const $name: u32 = $value;)*)?
        /// The constants of this file by name, for WGSL.
        pub(crate) const LAYOUT: &[(&str, u32)] = &[
            $($((stringify!($position), $position),)* (stringify!($size), $size),)*
            $($((stringify!($name), $name),)*)?
        ];
    };
}
pub(crate) use layout;

/// The positions of one record from `$at` on.
macro_rules! positions {
    ($size:ident $at:expr;) => {
        /// How many words there are, before what has no fixed length.
        pub(crate) const $size: u32 = $at;
    };
    ($size:ident $at:expr; $(#[$doc:meta])* $position:ident $($rest:tt)*) => {
        $(#[$doc])*
        pub(crate) const $position: u32 = $at;
        crate::kernels::layout::positions! { $size $at + 1; $($rest)* }
    };
}
pub(crate) use positions;

/// The words of a record, each given by its position.
///
/// # Panics
/// If a position is missing or there twice.
pub(crate) fn record<const N: usize>(fields: [(u32, u32); N]) -> Vec<u32> {
    let mut words = [None; N];
    for (position, word) in fields {
        let known = words[position as usize].replace(word);
        assert!(known.is_none(), "position {position} is there twice");
    }
    words.into_iter().map(|word| word.expect("as many fields as positions")).collect()
}

/// A constant in WGSL.
pub(crate) fn wgsl(name: &str, value: u32) -> String {
    format!("const {name}: u32 = {value}u;\n")
}

#[cfg(test)]
mod tests {
    layout! {
        record SIZE {
            /// The first.
            FIRST,
            /// The second.
            SECOND,
        }
        numbers {
            /// Of no meaning.
            SEVEN = 7;
        }
    }

    #[test]
    fn positions_are_counted() {
        assert_eq!(LAYOUT, [("FIRST", 0), ("SECOND", 1), ("SIZE", 2), ("SEVEN", 7)]);
        assert_eq!((FIRST, SECOND, SIZE, SEVEN), (0, 1, 2, 7));
        assert_eq!(super::record([(SECOND, 8), (FIRST, 9)]), [9, 8]);
        assert_eq!(super::wgsl("SEVEN", SEVEN), "const SEVEN: u32 = 7u;\n");
    }
}
