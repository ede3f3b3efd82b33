//! How a tiled matrix lies in memory.
//!
//! Sixteen rows are a group, and a lane is a row. A read of 64 bytes gives every lane a word that needs no shift for three
//! columns: its lowest two codes are those of the first two, its topmost code that of the third. Four reads, each one byte
//! behind the other, take their codes from the same 64 bytes: a byte is lowest in one of them, and topmost in another, three
//! bytes earlier.

use crate::weights::Matrix;

/// Rows of a group.
pub(super) const ROWS: usize = 16;
/// Columns of a read.
pub(super) const COLUMNS: usize = 3;
/// Bytes of a read.
pub(super) const READ: usize = 64;
/// Reads that share their bytes.
pub(super) const READS: usize = 4;

/// Reads of a row.
pub(super) const fn reads(cols: usize) -> usize {
    cols.div_ceil(COLUMNS)
}

/// Where a read starts in its group.
pub(super) const fn place(read: usize) -> usize {
    read / READS * READ + read % READS
}

/// Bytes from a group to the next.
pub(super) const fn group_len(cols: usize) -> usize {
    reads(cols).div_ceil(READS) * READ
}

/// Bytes of a matrix: what is behind the last group is for reads that start late.
pub(crate) const fn len(rows: usize, cols: usize) -> usize {
    rows.div_ceil(ROWS) * group_len(cols) + READ
}

/// Writes the codes of a ternary matrix; `tiles` has [`len`] bytes.
pub(crate) fn write(matrix: &Matrix, tiles: &mut [u8]) {
    tiles.fill(0);
    let cols = matrix.cols();
    for row in 0..matrix.rows() {
        let lane = row / ROWS * group_len(cols) + size_of::<u32>() * (row % ROWS);
        for read in 0..reads(cols) {
            let columns = COLUMNS * read..cols.min(COLUMNS * read + COLUMNS);
            let mut codes = [0; COLUMNS];
            for (code, column) in codes.iter_mut().zip(columns) {
                *code = code_of(matrix.weight(row * cols + column));
            }
            let [lowest, second, topmost] = codes;
            let Some([first, .., last]) =
                tiles.get_mut(lane + place(read)..).and_then(|word| word.first_chunk_mut::<4>())
            else {
                return;
            };
            *first |= lowest | second << 2;
            *last |= topmost << 6;
        }
    }
}

/// The 2-bit code of a weight.
fn code_of(weight: i8) -> u8 {
    match weight {
        0 => 0b00,
        1.. => 0b01,
        ..0 => 0b11,
    }
}
