//! The values of a node over one block of events, and the buffers they live in.

use super::real::Real;
use crate::ir::Const;
use std::borrow::Cow;
use std::ops::Range;

/// The index that points to no element.
pub(super) const NONE: u32 = u32::MAX;

/// One value an element of the node's space in the block; borrowed where a
/// stored column serves as it is.
#[derive(Debug)]
pub(super) enum Column<'b, R: Real> {
    /// 0 or 1.
    Bool(Cow<'b, [u8]>),
    I32(Cow<'b, [i32]>),
    I64(Cow<'b, [i64]>),
    Real(Cow<'b, [R]>),
    /// Position in the target space within the block, or [`NONE`].
    Index(Vec<u32>),
}

impl<R: Real> Column<'_, R> {
    /// Number of elements.
    pub(super) fn len(&self) -> usize {
        match self {
            Column::Bool(v) => v.len(),
            Column::I32(v) => v.len(),
            Column::I64(v) => v.len(),
            Column::Real(v) => v.len(),
            Column::Index(v) => v.len(),
        }
    }
}

impl<'b, R: Real> Column<'b, R> {
    /// A copy of some elements.
    pub(super) fn part(&self, elements: Range<usize>, pools: &mut Pools<R>) -> Column<'b, R> {
        fn copy<R: Real, T: Element<R>>(values: &[T], pools: &mut Pools<R>) -> Vec<T> {
            let mut buffer = pools.take::<T>();
            buffer.extend_from_slice(values);
            buffer
        }
        match self {
            Column::Bool(v) => u8::wrap(copy(&v[elements], pools)),
            Column::I32(v) => i32::wrap(copy(&v[elements], pools)),
            Column::I64(v) => i64::wrap(copy(&v[elements], pools)),
            Column::Real(v) => R::wrap(copy(&v[elements], pools)),
            Column::Index(v) => u32::wrap(copy(&v[elements], pools)),
        }
    }

    /// Appends the elements of a column of the same type.
    pub(super) fn append(&mut self, more: &Column<'_, R>) {
        match (self, more) {
            (Column::Bool(v), Column::Bool(more)) => v.to_mut().extend_from_slice(more),
            (Column::I32(v), Column::I32(more)) => v.to_mut().extend_from_slice(more),
            (Column::I64(v), Column::I64(more)) => v.to_mut().extend_from_slice(more),
            (Column::Real(v), Column::Real(more)) => v.to_mut().extend_from_slice(more),
            (Column::Index(v), Column::Index(more)) => v.extend_from_slice(more),
            (column, more) => unreachable!("the parts of {column:?} have one type, not {more:?}"),
        }
    }
}

/// Most buffers of one type that wait to be used again.
const MOST_IDLE: usize = 64;

/// Buffers to use again: a block frees what the next one needs.
#[derive(Debug, Default)]
pub(super) struct Pools<R> {
    bools: Vec<Vec<u8>>,
    ints: Vec<Vec<i32>>,
    longs: Vec<Vec<i64>>,
    reals: Vec<Vec<R>>,
    indices: Vec<Vec<u32>>,
}

impl<R: Real> Pools<R> {
    /// An empty buffer.
    pub(super) fn take<T: Element<R>>(&mut self) -> Vec<T> {
        let mut buffer = T::pool(self).pop().unwrap_or_default();
        buffer.clear();
        buffer
    }

    /// A buffer of this many values, whatever they are: all will be written.
    pub(super) fn take_any<T: Element<R>>(&mut self, len: usize) -> Vec<T> {
        let mut buffer = T::pool(self).pop().unwrap_or_default();
        // Most buffers had as many: nothing is written here.
        buffer.resize(len, T::default());
        buffer
    }

    /// A buffer that is no longer needed. Not all were taken from here, so only
    /// some are kept: memory must not grow with the number of blocks.
    pub(super) fn give<T: Element<R>>(&mut self, buffer: Vec<T>) {
        if buffer.capacity() > 0 && T::pool(self).len() < MOST_IDLE {
            T::pool(self).push(buffer);
        }
    }

    /// The buffer of a column that is no longer needed, if it owns one.
    pub(super) fn recycle(&mut self, column: Column<'_, R>) {
        match column {
            Column::Bool(Cow::Owned(v)) => self.give(v),
            Column::I32(Cow::Owned(v)) => self.give(v),
            Column::I64(Cow::Owned(v)) => self.give(v),
            Column::Real(Cow::Owned(v)) => self.give(v),
            Column::Index(v) => self.give(v),
            _ => {}
        }
    }
}

/// What the values of a column are in memory: `u8` for Bool, `u32` for Index.
pub(super) trait Element<R: Real>: Copy + Default + 'static {
    /// What an index that points to nothing picks.
    const ABSENT: Self;
    /// The buffers of this type.
    fn pool(pools: &mut Pools<R>) -> &mut Vec<Vec<Self>>;
    /// The values of a column of this type.
    fn slice<'a>(column: &'a Column<'_, R>) -> &'a [Self];
    /// A column of these values.
    fn wrap(values: Vec<Self>) -> Column<'static, R>;
    /// The value of a constant of this type.
    fn constant(constant: Const) -> Self;
}

macro_rules! element {
    ($ty:ty, $pool:ident, $variant:ident, $wrap:expr, $absent:expr, $constant:expr) => {
        impl<R: Real> Element<R> for $ty {
            const ABSENT: Self = $absent;

            fn pool(pools: &mut Pools<R>) -> &mut Vec<Vec<Self>> {
                &mut pools.$pool
            }

            fn slice<'a>(column: &'a Column<'_, R>) -> &'a [Self] {
                match column {
                    Column::$variant(v) => v,
                    other => unreachable!("the representation is typed, but found {other:?}"),
                }
            }

            fn wrap(values: Vec<Self>) -> Column<'static, R> {
                Column::$variant($wrap(values))
            }

            fn constant(constant: Const) -> Self {
                let read: fn(Const) -> Option<Self> = $constant;
                read(constant).unwrap_or_else(|| unreachable!("{constant:?} has another type"))
            }
        }
    };
}

element!(u8, bools, Bool, Cow::Owned, 0, |c| match c {
    Const::Bool(b) => Some(u8::from(b)),
    _ => None,
});
element!(i32, ints, I32, Cow::Owned, 0, |c| match c {
    Const::I32(i) => Some(i),
    _ => None,
});
element!(i64, longs, I64, Cow::Owned, 0, |c| match c {
    Const::I64(i) => Some(i),
    _ => None,
});
element!(u32, indices, Index, std::convert::identity, NONE, |_| None);

impl<R: Real> Element<R> for R {
    const ABSENT: R = R::ZERO;

    fn pool(pools: &mut Pools<R>) -> &mut Vec<Vec<R>> {
        &mut pools.reals
    }

    fn slice<'a>(column: &'a Column<'_, R>) -> &'a [R] {
        match column {
            Column::Real(v) => v,
            other => unreachable!("the representation is typed, but found {other:?}"),
        }
    }

    fn wrap(values: Vec<R>) -> Column<'static, R> {
        Column::Real(Cow::Owned(values))
    }

    fn constant(constant: Const) -> R {
        match constant {
            Const::Real { exact, single } | Const::Parameter { exact, single, .. } => {
                R::constant(exact, single)
            }
            other => unreachable!("{other:?} has another type"),
        }
    }
}

/// An operand: a column, or one value for all elements.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arg<'a, T> {
    /// A constant.
    Scalar(T),
    /// One value an element.
    Slice(&'a [T]),
}
