//! The sum of a row, every addition rounded as binary32 rounds it.

#[cfg(assembly)]
use super::assembly::run_groups;
#[cfg(not(assembly))]
use super::groups::run_groups;
use super::sum::Sum;
use super::tables::Tables;
use crate::kernel::project::accumulate;
use crate::weights::Trit;

/// The terms of `row` up to a column, all columns of the tables for most rows: what [`row_sum`] begins with, in fewer steps.
#[inline(never)]
#[cfg_attr(assembly = "thumb1", allow(dead_code))] // where most rows take another way
pub(super) fn first_terms(tables: &Tables, row: &[u8]) -> (usize, f32) {
    let mut sum = Sum::nothing();
    let column = run_groups(tables, row, 0, &mut sum);
    (column, sum.value(tables))
}

/// `start` and the terms of `row`, all columns of the tables, from `column` on: in runs of whole groups of four columns,
/// and by the definition where a run ends because a term leaves every window, or cannot begin because the sum is outside
/// of them.
#[inline(never)]
pub(super) fn row_sum(tables: &Tables, row: &[u8], mut column: usize, start: f32) -> f32 {
    let mut value = start;
    loop {
        if column.is_multiple_of(4) {
            if let Some(mut sum) = Sum::enter(tables, value) {
                column = run_groups(tables, row, column, &mut sum);
                value = sum.value(tables);
            }
        }
        // The rest of its group: this term, at least.
        for place in column % 4..4 {
            let (Some(&x), Some(codes)) = (tables.values().get(column), row.get(column / 4)) else { return value };
            value = accumulate(value, Trit::from_code(codes >> (2 * place)), x);
            column += 1;
        }
    }
}
