//! From the words that a device counted to the sums of a fill.

use super::FillData;
use crate::kernels::fill::{
    CELL_ROWS, CELL_SUMW, CELL_SUMW2, CELL_WEIGHT_SHARE, FillLayout, SUMW_CELLS, SUMW2_CELLS,
    SUMW2_WORDS,
};

impl FillData {
    /// Adds what a device's buffer holds of a fill, from its word 0 (not from `base`) on.
    ///
    /// # Panics
    /// If the buffer ends before the fill does, or the layout is of another fill.
    pub fn add_decoded(&mut self, layout: &FillLayout, buffer: &[u32]) {
        let number = |at: usize| u64::from(buffer[at]) | u64::from(buffer[at + 1]) << 32;
        self.nan += number(layout.nan());
        self.missing += number(layout.missing());
        self.bad_weight += number(layout.bad_weight());
        self.dropped += if layout.soft { number(layout.dropped()) } else { 0 };
        if let Some(moments) = &mut self.moments {
            let [sums, numbers] = layout.moments;
            for at in 0..sums * numbers {
                let word = layout.slot(layout.cells) + SUMW2_WORDS as usize * at;
                let cells = std::array::from_fn(|i| number(word + 2 * i) as i64);
                moments.add_cells(at / numbers, at % numbers, &cells);
            }
        }
        for cell in 0..layout.cells {
            let slot = layout.slot(cell);
            self.counts[cell] += number(slot);
            if let Some(sums) = &mut self.sums {
                let signed = |at: u32, i: usize| number(slot + at as usize + 2 * i) as i64;
                let squares =
                    |at: u32| -> [i64; SUMW2_CELLS] { std::array::from_fn(|i| signed(at, i)) };
                let sumw: [i64; SUMW_CELLS] = std::array::from_fn(|i| signed(CELL_SUMW, i));
                sums.add_cells(cell, &sumw, &squares(CELL_SUMW2));
                if layout.soft {
                    sums.add_upper_cells(cell, &squares(CELL_WEIGHT_SHARE));
                    for row in 0..layout.rows {
                        let at = CELL_ROWS + SUMW2_WORDS * row as u32;
                        sums.add_row_cells(row, cell, &squares(at));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::fill::{SUMW_FIRST, SUMW2_FIRST};

    #[test]
    fn a_buffer_decodes_to_what_was_put_in() {
        for weighted in [false, true] {
            let layout =
                FillLayout { base: 10, cells: 3, weighted, soft: false, rows: 0, moments: [0; 2] };
            assert_eq!(layout.slot(3), layout.base + layout.words());
            let mut buffer = vec![0u32; layout.base + layout.words()];
            buffer[layout.nan()] = 1;
            buffer[layout.missing() + 1] = 1;
            buffer[layout.bad_weight()] = 3;
            buffer[layout.slot(1)] = 7;
            if weighted {
                // -1 in units of 2^0 and 5 in units of 2^-32.
                let unit =
                    layout.slot(1) + CELL_SUMW as usize + 2 * SUMW_FIRST.unsigned_abs() as usize;
                buffer[unit..unit + 2].fill(u32::MAX);
                let squares = layout.slot(1) + CELL_SUMW2 as usize;
                buffer[squares + 2 * (SUMW2_FIRST.unsigned_abs() as usize - 1)] = 5;
            }
            let mut data = FillData::new(layout.cells, weighted);
            data.add_decoded(&layout, &buffer);
            assert_eq!((data.nan, data.missing, data.bad_weight), (1, 1 << 32, 3));
            assert_eq!(data.counts, [0, 7, 0]);
            let (sumw, sumw2) = if weighted { (-1.0, 5.0 * 0.5f64.powi(32)) } else { (7.0, 7.0) };
            assert_eq!((data.sumw(1), data.sumw2(1)), (sumw, sumw2));
        }
    }
}
