//! What the assembly does, in Rust: for tests on machines that do not run it.

use super::sum::Sum;
use super::tables::{Tables, FIRST_ROUNDED, MISFIT};
use crate::weights::Trit;

/// Adds `row`'s terms from column `start` on, a multiple of 4. Returns the first column whose term is not added, or the
/// number of columns.
pub(super) fn run_groups(tables: &Tables, row: &[u8], start: usize, sum: &mut Sum) -> usize {
    for column in start..tables.len() {
        let Some(codes) = row.get(column / 4) else { return column };
        let entry = tables.entry(sum.level, column);
        let term = match Trit::from_code(codes >> (2 * (column % 4))) {
            Trit::Zero => continue,
            Trit::Plus => entry,
            Trit::Minus => entry.wrapping_neg(),
        };
        if add(sum, term).is_none() {
            return column;
        }
    }
    tables.len()
}

/// Adds a term, in two's complement. `None`, and nothing added, where the sum leaves the window of its level, or the term
/// is [`MISFIT`], which takes any sum out of it.
fn add(sum: &mut Sum, term: u32) -> Option<()> {
    let term = if sum.is_negative { term.wrapping_neg() } else { term };
    let exact = sum.magnitude.wrapping_add(term);
    if exact as i32 >= 0 {
        sum.magnitude = rounded(exact)?;
    } else if (term as i32) < 0 && term != MISFIT {
        sum.magnitude = rounded(exact.wrapping_neg())?;
        sum.is_negative = !sum.is_negative;
    } else {
        return None;
    }
    Some(())
}

/// Rounds an exact sum below 2^31 to 24 significant bits, ties to even. `None` for an odd one that is too small: of what
/// lies below its units, only that there is something is known.
fn rounded(exact: u32) -> Option<u32> {
    if exact < FIRST_ROUNDED {
        return exact.is_multiple_of(2).then_some(exact);
    }
    let last = 1 << (8 - exact.leading_zeros());
    let tie_up = u32::from(exact & last != 0);
    Some((exact + (last / 2 - 1) + tie_up) & last.wrapping_neg())
}
