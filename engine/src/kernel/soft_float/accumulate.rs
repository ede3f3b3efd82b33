//! One running sum in fixed point, every addition rounded as binary32 rounds it.

use super::arithmetic::ordinary_product;
use super::scale::Scale;
use super::tables::{Tables, FIRST_LEVEL, LEVELS, MISFIT, STEP};
use crate::kernel::project::accumulate;
use crate::weights::Trit;

/// Where rounding begins: from here up, a sum of 24 significant bits is a multiple of at least 4 units, so that the two
/// lowest bits of the exact sum (half, and whether anything lies below) decide how it rounds.
const FIRST_ROUNDED: u32 = 1 << 25;

/// Flips the sign of four packed weights: code 01 becomes 11 and 11 becomes 01; 00 becomes the other code of 0.
const FLIP: u8 = 0xaa;

/// A binary32 sum as sign, magnitude and unit.
///
/// The magnitude is an even number of units with at most 24 significant bits, at most 2^31. A sum of 0 is +0.
pub(super) struct Sum {
    /// Magnitude less `binade`, which makes one unsigned comparison of "has the sum left its binade".
    above: u32,
    /// The power of two at the magnitude's leading bit; 0 below [`FIRST_ROUNDED`], where the comparison always fails.
    binade: u32,
    /// [`FLIP`] while the sum is negative: weights then count the other way round.
    flip: u8,
    level: usize,
}

impl Sum {
    /// +0
    #[inline]
    fn nothing() -> Self {
        Self { above: 0, binade: 0, flip: 0, level: FIRST_LEVEL }
    }

    /// `value` as a sum over these tables; `None` where it has no place on any level.
    pub(super) fn enter(tables: &Tables, value: f32) -> Option<Self> {
        let bits = value.to_bits();
        let flip = if value.is_sign_negative() { FLIP } else { 0 };
        let field = (bits >> 23 & 0xff) as i32;
        if bits == 0 {
            return Some(Self::nothing());
        }
        let significand = bits & 0x007f_ffff | 0x0080_0000;
        let low_zeros = significand.trailing_zeros() as i32;
        (0..LEVELS).rev().find_map(|level| {
            // The value is significand * 2^shift units.
            let shift = field - 150 - tables.unit(level);
            // A subnormal, inf or NaN: the unit is a normal number, and the window ends below inf.
            let fits = field != 0 && shift <= 7 && shift + low_zeros >= 1;
            let magnitude = if shift >= 0 { significand << (shift & 31) } else { significand >> (-shift & 31) };
            fits.then(|| Self::with(magnitude, flip, level))
        })
    }

    fn with(magnitude: u32, flip: u8, level: usize) -> Self {
        let mut sum = Self { above: magnitude, binade: 0, flip, level };
        if magnitude >= FIRST_ROUNDED {
            sum.round(magnitude);
        }
        sum
    }

    /// The sum as binary32. Exact.
    pub(super) fn value(&self, tables: &Tables) -> f32 {
        let magnitude = self.magnitude();
        if magnitude == 0 {
            return 0.0;
        }
        let zeros = magnitude.leading_zeros();
        let field = (158 - zeros as i32 + tables.unit(self.level)) as u32;
        let sign = u32::from(self.flip) >> 7 << 31;
        // The hidden bit adds the last 1 to the exponent field.
        f32::from_bits(sign | (((field - 1) << 23) + (magnitude << zeros >> 8)))
    }

    /// The sum as binary32, times the scale.
    #[inline]
    fn times(&self, tables: &Tables, scale: &Scale) -> f32 {
        let magnitude = self.magnitude();
        if magnitude != 0 && scale.field != 0 {
            let zeros = magnitude.leading_zeros();
            let fields = (158 - zeros as i32 + tables.unit(self.level)) as u32 + scale.field;
            let sign = scale.sign ^ u32::from(self.flip) >> 7 << 31;
            if let Some(bits) = ordinary_product(sign, fields, magnitude << zeros >> 8, scale.significand) {
                return f32::from_bits(bits);
            }
        }
        self.value(tables) * scale.value
    }

    #[inline]
    fn magnitude(&self) -> u32 {
        self.above.wrapping_add(self.binade)
    }

    /// Adds the terms of the columns from `column` on, until one of them leaves the window. Returns the column of that
    /// term, which is not added, or the number of columns.
    pub(super) fn run(&mut self, tables: &Tables, row: &[u8], mut column: usize) -> usize {
        while column < tables.len() {
            if column.is_multiple_of(4) {
                column = self.run_groups(tables, row, column);
            }
            // Where that stopped, the level is about to change: the rest of four columns goes term by term.
            let Some(&codes) = row.get(column / 4) else { return tables.len() };
            for place in column % 4..4 {
                let term = (codes ^ self.flip) >> (2 * place) & 3;
                if term & 1 != 0 && !self.add(tables, column, term & 2 != 0) {
                    return column;
                }
                column += 1;
            }
        }
        column
    }

    /// Adds all terms of whole groups of four columns for as long as the level stays the same. Returns the first column
    /// whose term is not added.
    #[cfg(fast_ways = "fixed-point")]
    #[inline]
    fn run_groups(&mut self, tables: &Tables, row: &[u8], start: usize) -> usize {
        let (magnitude, is_negative) = (self.magnitude(), self.flip != 0);
        let mut state = super::assembly::State { magnitude, is_negative, level: self.level };
        let column = super::assembly::run_groups(tables, row, start, &mut state);
        // Binade 0 goes with any magnitude.
        let flip = if state.is_negative { FLIP } else { 0 };
        *self = Self { above: state.magnitude, binade: 0, flip, level: state.level };
        column
    }

    /// The same, in Rust.
    #[cfg(not(fast_ways = "fixed-point"))]
    #[inline]
    fn run_groups(&mut self, tables: &Tables, row: &[u8], start: usize) -> usize {
        let groups = row.get(start / 4..).unwrap_or(&[]).iter();
        let entries = tables.level(self.level).get(start..).unwrap_or(&[]).as_chunks::<4>().0;
        let (mut above, mut binade) = (self.above, self.binade);
        for (group, (&codes, entries)) in groups.zip(entries).enumerate() {
            let mut codes = codes ^ self.flip;
            for (place, &entry) in entries.iter().enumerate() {
                let code = codes & 3;
                codes >>= 2;
                if code & 1 == 0 {
                    continue;
                }
                let term = if code & 2 == 0 { entry } else { entry.wrapping_neg() };
                let exact = above.wrapping_add(term);
                if exact < binade {
                    above = rounded(exact, binade);
                    continue;
                }
                (self.above, self.binade) = (above, binade);
                match self.change(term) {
                    Change::Binade => {}
                    Change::Sign => codes ^= FLIP,
                    Change::Level => return start + 4 * group + place,
                }
                (above, binade) = (self.above, self.binade);
            }
        }
        (self.above, self.binade) = (above, binade);
        tables.len()
    }

    /// Adds a term that leaves the binade. Where it leaves the level, too, nothing is added.
    #[inline]
    fn change(&mut self, term: u32) -> Change {
        let exact = self.magnitude().wrapping_add(term);
        if exact as i32 >= 0 {
            return if self.settle(exact) { Change::Binade } else { Change::Level };
        }
        // Too large, or below zero.
        if term as i32 >= 0 || term == MISFIT || !self.settle(exact.wrapping_neg()) {
            return Change::Level;
        }
        self.flip ^= FLIP;
        Change::Sign
    }

    /// Takes the magnitude of an exact sum below 2^31, unless it is too small for what lies below its units.
    #[inline]
    fn settle(&mut self, exact: u32) -> bool {
        if exact >= FIRST_ROUNDED {
            self.round(exact);
            return true;
        }
        let fits = exact & 1 == 0;
        if fits {
            (self.above, self.binade) = (exact, 0);
        }
        fits
    }

    /// Rounds a magnitude of at least [`FIRST_ROUNDED`].
    #[inline]
    fn round(&mut self, exact: u32) {
        // The new binade is near the old one, and not every core counts zeros.
        let mut binade = self.binade.max(FIRST_ROUNDED);
        while exact < binade {
            binade >>= 1;
        }
        while exact - binade >= binade {
            binade <<= 1;
        }
        (self.above, self.binade) = (rounded(exact - binade, binade), binade);
    }

    /// Adds a term on whichever level it fits. `false`, and nothing added, where that is none.
    #[cold]
    #[inline(never)]
    fn add(&mut self, tables: &Tables, column: usize, subtract: bool) -> bool {
        let entry = |level: usize| {
            let entry = tables.level(level).get(column).copied().unwrap_or(MISFIT);
            if subtract {
                entry.wrapping_neg()
            } else {
                entry
            }
        };
        let term = entry(self.level);
        if term != MISFIT {
            if !matches!(self.change(term), Change::Level) {
                return true;
            }
            if (self.magnitude().wrapping_add(term) as i32) >= 0 || (term as i32) < 0 {
                return self.add_below(entry);
            }
        }
        self.add_above(entry)
    }

    /// Adds a term after which the sum is too small for its units, on finer levels.
    fn add_below(&mut self, entry: impl Fn(usize) -> u32) -> bool {
        let (magnitude, level) = (self.magnitude(), self.level);
        let mut finer = magnitude;
        for below in (0..level).rev() {
            if finer >= MISFIT >> STEP || entry(below) == MISFIT {
                return false;
            }
            finer <<= STEP;
            let mut sum = Self { level: below, ..Self::with(finer, self.flip, below) };
            if !matches!(sum.change(entry(below)), Change::Level) {
                *self = sum;
                return true;
            }
        }
        false
    }

    /// Adds a term after which the sum is too large, or which is too large itself, on the next coarser level.
    fn add_above(&mut self, entry: impl Fn(usize) -> u32) -> bool {
        let above = self.level + 1;
        if above >= LEVELS {
            return false;
        }
        let term = entry(above);
        let coarse = coarser(self.magnitude());
        // Two numbers that stand for something between even ones have no known sum.
        if term == MISFIT || term & coarse & 1 != 0 {
            return false;
        }
        let exact = coarse.wrapping_add(term);
        let is_negative = (exact as i32) < 0;
        if is_negative && (term as i32) >= 0 {
            return false;
        }
        let mut sum = Self { above: 0, binade: 0, flip: self.flip, level: above };
        if !sum.settle(if is_negative { exact.wrapping_neg() } else { exact }) {
            return false;
        }
        if is_negative {
            sum.flip ^= FLIP;
        }
        *self = sum;
        true
    }
}

/// What adding a term beyond the binade came to.
enum Change {
    /// It is added.
    Binade,
    /// It is added, and the sum's sign is another.
    Sign,
    /// It is not added: the level would be another.
    Level,
}

/// A magnitude in the units of the next coarser level.
fn coarser(magnitude: u32) -> u32 {
    let kept = magnitude >> (STEP + 1);
    kept << 1 | u32::from(kept << (STEP + 1) != magnitude)
}

/// Rounds `exact`, less the binade of at least [`FIRST_ROUNDED`] that it lies in, to 24 significant bits, ties to even.
/// May reach `binade`.
#[inline]
fn rounded(exact: u32, binade: u32) -> u32 {
    let last = binade >> 23;
    let tie_up = u32::from(exact & last != 0);
    (exact + ((last >> 1) - 1) + tie_up) & last.wrapping_neg()
}

/// The sum of `row`'s terms, all columns of the tables, times the scale. `x` is what the tables were filled from.
#[inline]
pub(super) fn row_product(tables: &Tables, x: &[f32], row: &[u8], scale: &Scale) -> f32 {
    // What nearly all rows are: one run from nothing to the end.
    let mut sum = Sum::nothing();
    let column = sum.run_groups(tables, row, 0);
    if column == tables.len() {
        return sum.times(tables, scale);
    }
    rest_of_run(tables, x, row, column, sum) * scale.value
}

/// The sum of `row`'s terms on `start`, all columns of the tables.
pub(super) fn row_sum(tables: &Tables, x: &[f32], row: &[u8], start: f32) -> f32 {
    match Sum::enter(tables, start) {
        Some(sum) => rest_of_run(tables, x, row, 0, sum),
        None => rest_of_row(tables, x, row, 0, start),
    }
}

/// The same from `column` on.
#[inline(never)]
fn rest_of_run(tables: &Tables, x: &[f32], row: &[u8], column: usize, mut sum: Sum) -> f32 {
    let column = sum.run(tables, row, column);
    rest_of_row(tables, x, row, column, sum.value(tables))
}

/// The same from `column` on, whose term leaves every window, or where the sum is outside of them.
#[inline(never)]
fn rest_of_row(tables: &Tables, x: &[f32], row: &[u8], mut column: usize, mut value: f32) -> f32 {
    loop {
        let (Some(&x), Some(codes)) = (x.get(column), row.get(column / 4)) else { return value };
        value = accumulate(value, Trit::from_code(codes >> (2 * (column % 4))), x);
        column += 1;
        if let Some(mut sum) = Sum::enter(tables, value) {
            column = sum.run(tables, row, column);
            value = sum.value(tables);
        }
    }
}
