//! How many bytes the buffers of a column of an Arrow file take, by what is said of its
//! length and type: so much memory is counted for it, and no buffer may claim more.

use arrow_schema::DataType;

/// What writers may put behind the values of a buffer.
const PADDING: usize = 64;

/// Bytes of the buffers of a column in their order, of those with a length that its type
/// tells, appended to `into`; `nodes` has the lengths of the column and of what is in it.
/// `None`: the type does not tell how many buffers there are.
pub(super) fn bytes(
    data_type: &DataType,
    nodes: &mut impl Iterator<Item = usize>,
    into: &mut Vec<Option<usize>>,
) -> Option<()> {
    use DataType as D;
    let n = nodes.next().unwrap_or(0);
    let bits = Some(n.div_ceil(8));
    let each = |width: usize| Some(n.saturating_mul(width));
    let offsets = |width: usize| Some(n.saturating_add(1).saturating_mul(width));
    match data_type {
        D::Null => {}
        D::Boolean => into.extend([bits, bits]),
        D::Utf8 | D::Binary => into.extend([bits, offsets(4), None]),
        D::LargeUtf8 | D::LargeBinary => into.extend([bits, offsets(8), None]),
        D::FixedSizeBinary(width) => {
            into.extend([bits, each(usize::try_from(*width).unwrap_or(0))])
        }
        D::List(inner) | D::Map(inner, _) => {
            into.extend([bits, offsets(4)]);
            bytes(inner.data_type(), nodes, into)?;
        }
        D::LargeList(inner) => {
            into.extend([bits, offsets(8)]);
            bytes(inner.data_type(), nodes, into)?;
        }
        D::FixedSizeList(inner, _) => {
            into.push(bits);
            bytes(inner.data_type(), nodes, into)?;
        }
        D::Struct(fields) => {
            into.push(bits);
            for field in fields {
                bytes(field.data_type(), nodes, into)?;
            }
        }
        D::Dictionary(keys, _) => into.extend([bits, each(keys.primitive_width()?)]),
        fixed => into.extend([bits, each(fixed.primitive_width()?)]),
    }
    Some(())
}

/// Whether a buffer may have so many bytes, if its type says how many it needs.
pub(super) fn fit(claimed: usize, needed: Option<usize>) -> bool {
    needed.is_none_or(|needed| claimed <= needed.saturating_add(PADDING))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A type, lengths of it and of what is in it, bytes of its buffers.
    type Case = (DataType, &'static [usize], Option<&'static [Option<usize>]>);

    #[test]
    fn types_and_lengths_tell_the_bytes() {
        use DataType::{Boolean, Float32, Int64, Utf8, Utf8View};
        let list = |inner| DataType::new_list(inner, false);
        let cases: [Case; 7] = [
            (Float32, &[9], Some(&[Some(2), Some(36)])),
            (Boolean, &[9], Some(&[Some(2), Some(2)])),
            (Utf8, &[3], Some(&[Some(1), Some(16), None])),
            (list(Int64), &[2, 5], Some(&[Some(1), Some(12), Some(1), Some(40)])),
            (
                DataType::new_fixed_size_list(Float32, 2, false),
                &[2, 4],
                Some(&[Some(1), Some(1), Some(16)]),
            ),
            (DataType::Null, &[2], Some(&[])),
            (Utf8View, &[2], None),
        ];
        for (data_type, nodes, expected) in cases {
            let mut found = Vec::new();
            let told = bytes(&data_type, &mut nodes.iter().copied(), &mut found);
            assert_eq!(told.map(|()| found.as_slice()), expected, "{data_type}");
        }
        assert!(fit(100, Some(36)) && !fit(101, Some(36)) && fit(usize::MAX, None));
    }
}
