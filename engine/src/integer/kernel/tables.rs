//! Partial sums that all rows share.
//!
//! Four columns of a matrix have a byte in each row. Their four weights times their four inputs come to one of 256 sums: these
//! are computed once, and each row's byte looks its own up. Columns are the outer loop, rows the inner one, so that one table is
//! enough, and sums wait in memory.
//!
//! Where there is no room for 256 sums, half a byte looks up one of 16; where the least code counts, always.

#[cfg(all(assembly, not(assembly = "riscv32")))]
use super::assembly::add_halves;
#[cfg(assembly)]
use super::assembly::{add_rows, fill};
use crate::integer::IS_LEAST;
use crate::weights::Matrix;

/// The weights of a byte.
const FOUR: usize = 4;

/// The sums of a byte's weights, by the byte.
#[cfg(not(assembly))]
type Table = [i32; 256];

/// As [`super::project`], for matrices of 2-bit weights whose rows begin with a byte. `false`, with nothing done, for others.
pub(super) fn project(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32], room: &mut [i32]) -> bool {
    let suits = |matrix: &Matrix| matrix.codec().is_none() && matrix.cols() == inputs.len();
    let (groups, odd) = inputs.as_chunks::<FOUR>();
    if !odd.is_empty() || !matrices.iter().all(suits) {
        return false;
    }
    sums.fill(0);
    let mut table = if IS_LEAST { None } else { room.first_chunk_mut() };
    for (group, inputs) in groups.iter().enumerate() {
        if let Some(table) = table.as_deref_mut() {
            fill(inputs, table);
            each(matrices, group, sums, |codes, stride, sums| add_rows(codes, stride, table, sums));
        } else {
            let [a, b, c, d] = inputs.map(i32::from);
            let halves = [half(a, b), half(c, d)];
            each(matrices, group, sums, |codes, stride, sums| add_halves(codes, stride, &halves, sums));
        }
    }
    true
}

/// Adds a group of columns to the sums of each matrix: `add` is given the codes from the group's first byte on, how many bytes
/// lie from one row's to the next's, and the sums of the matrix's rows.
#[inline(always)]
fn each(matrices: &[Matrix], group: usize, sums: &mut [i32], add: impl Fn(&[u8], usize, &mut [i32])) {
    let mut rest = sums;
    for matrix in matrices {
        let (sums, others) = rest.split_at_mut_checked(matrix.rows()).unwrap_or_default();
        add(matrix.packed().get(group..).unwrap_or_default(), matrix.cols() / FOUR, sums);
        rest = others;
    }
}

/// Computes the table of four inputs: of one weight, of two, and so on.
#[cfg(not(assembly))]
#[inline(never)]
fn fill(inputs: &[i16; FOUR], table: &mut Table) {
    table[0] = 0;
    let mut filled = 1;
    for &input in inputs {
        let (done, rest) = table.split_at_mut_checked(filled).unwrap_or_default();
        add_weight(done, i32::from(input), rest);
        filled *= 4;
    }
}

/// The sums of one weight more: those so far are for code 0, and those for codes 1, 2 and 3 follow, which stand for +1, 0 and
/// -1.
#[cfg(not(assembly))]
#[inline(always)]
fn add_weight(done: &[i32], input: i32, rest: &mut [i32]) {
    let (plus, rest) = rest.split_at_mut_checked(done.len()).unwrap_or_default();
    let (zero, minus) = rest.split_at_mut_checked(done.len()).unwrap_or_default();
    for (((&sum, plus), zero), minus) in done.iter().zip(plus).zip(zero).zip(minus) {
        (*plus, *zero, *minus) = (sum + input, sum, sum - input);
    }
}

/// Adds what the table has for each row's byte.
#[cfg(not(assembly))]
#[inline(never)]
fn add_rows(codes: &[u8], stride: usize, table: &Table, sums: &mut [i32]) {
    let mut place = 0;
    for sum in sums {
        let Some(&code) = codes.get(place) else { return };
        *sum += table[usize::from(code)];
        place += stride;
    }
}

/// The sums of two weights, by half a byte.
type Half = [i32; 16];

/// Computes them.
#[inline(never)]
fn half(first: i32, second: i32) -> Half {
    const WEIGHTS: [i32; 4] = [0, 1, 0, -1];
    core::array::from_fn(|code| WEIGHTS[code % 4] * first + WEIGHTS[code / 4 % 4] * second)
}

/// Adds what the tables have for the halves of each row's byte: for the lower one, then for the upper one.
#[cfg(any(not(assembly), assembly = "riscv32"))]
#[inline(never)]
fn add_halves(codes: &[u8], stride: usize, [lower, upper]: &[Half; 2], sums: &mut [i32]) {
    let mut place = 0;
    for sum in sums {
        let Some(&code) = codes.get(place) else { return };
        *sum += lower[usize::from(code & 15)] + upper[usize::from(code >> 4)];
        place += stride;
    }
}
