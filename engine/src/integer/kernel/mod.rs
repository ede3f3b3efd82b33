//! The matrix product of docs/integer.md#3-matrix-times-vector, as fast as a chip can.
//!
//! Sums of integers are exact, so every way gives the definition's result, [`super::project`], whatever its order. A way does
//! the matrices that it suits, and leaves the others to the definition.
//!
//! | target | way | where |
//! |---|---|---|
//! | microcontrollers | partial sums of four weights, looked up by their byte | [`tables`] |
//! | those with `kernels` | the loops of that in assembly | `thumb2.s`, `thumb1.s`, `riscv32.s` |

#[cfg(assembly)]
mod assembly;
mod tables;

use super::project;
use crate::weights::Matrix;

/// Multiplies one input, `[cols]`, by all `matrices`: one matrix's sums behind the other's. `room` is for whatever a way has a
/// use for.
pub(super) fn project(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32], room: &mut [i32]) {
    if !tables::project(matrices, inputs, sums, room) {
        by_definition(matrices, inputs, sums);
    }
}

fn by_definition(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) {
    let mut rest = sums;
    for matrix in matrices {
        let (sums, others) = rest.split_at_mut_checked(matrix.rows()).unwrap_or_default();
        project::project(matrix, inputs, sums);
        rest = others;
    }
}

#[cfg(test)]
mod tests;
