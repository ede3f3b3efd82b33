//! The input vector in fixed point, at three scales.

/// Columns that a byte of weights stands for.
const COLUMNS: usize = 4;

/// Scales, finest first.
pub(super) const LEVELS: usize = 3;

/// Numbers of a group of four columns: those of the finest level, then those of the next ones. So that assembly can step
/// from level to level, however many groups there are.
pub(super) const GROUP: usize = LEVELS * COLUMNS;

/// The level that a new sum starts on.
pub(super) const FIRST_LEVEL: usize = 1;

/// Bits between the units of neighbouring levels.
pub(super) const STEP: u32 = 4;

/// The unit of the finest level is 2^-32 of the binade of the largest value. The sums of fewer columns are smaller, and get
/// finer units.
const DEPTH: i32 = 32;
const FEW_COLUMNS: usize = 64;

/// Stands for what has no place in a table: inf, NaN, and 2^31 units or more. Added to or subtracted from any magnitude
/// below 2^31, it sets bit 31.
pub(super) const MISFIT: u32 = 1 << 31;

/// Where rounding begins: from here up, a sum of 24 significant bits is a multiple of at least 4 units, so that the two
/// lowest bits of the exact sum (half, and whether anything lies below) decide how it rounds.
pub(super) const FIRST_ROUNDED: u32 = 1 << 25;

/// A block of `x`, as multiples of a unit: even numbers are exact, and an odd one stands for a value strictly between
/// its even neighbours.
pub(crate) struct Tables<'r> {
    /// `[group][level][column]`, the bits of numbers in two's complement.
    groups: &'r mut [[f32; GROUP]],
    /// The values themselves.
    x: &'r [f32],
    /// Exponent of the finest unit.
    unit: i32,
}

/// Columns that there is room for in so many floats, three for each column.
pub(super) const fn columns(room: usize) -> usize {
    COLUMNS * (room / GROUP)
}

impl<'r> Tables<'r> {
    /// Those of the next block of values, as many as there is room for at most; `is_filled` says that they are in the room.
    #[inline(never)]
    pub(super) fn of(x: &'r [f32], room: &'r mut [f32], is_filled: bool) -> Self {
        let x = x.get(..columns(room.len())).unwrap_or(x);
        let groups = room.as_chunks_mut().0;
        let mut largest = 0;
        for x in x {
            let bits = x.to_bits() & MAGNITUDE;
            largest = if bits < INFINITY { bits.max(largest) } else { largest };
        }
        // Sums of up to 2^7 times (2^6 for few columns) the largest value lie in the window; no higher than f32 reaches,
        // and no lower than where a unit is a normal number.
        let exponent = ((largest >> 23) as i32 - 127).clamp(-90, 120);
        let unit = exponent - DEPTH - i32::from(x.len() <= FEW_COLUMNS);
        let entries = groups.as_flattened_mut();
        for (column, x) in x.iter().enumerate() {
            if is_filled {
                break;
            }
            let mut value = Value::new(x.to_bits(), unit);
            let mut at = column / COLUMNS * GROUP + column % COLUMNS;
            for _ in 0..LEVELS {
                let Some(slot) = entries.get_mut(at) else { break };
                *slot = f32::from_bits(value.entry());
                value.shift -= STEP as i32;
                at += COLUMNS;
            }
        }
        Self { groups, x, unit }
    }

    /// Columns that are filled.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.x.len()
    }

    /// What they were filled from.
    #[inline]
    pub(super) fn values(&self) -> &'r [f32] {
        self.x
    }

    /// The entry of a column.
    #[cfg(not(assembly))]
    #[inline]
    pub(super) fn entry(&self, level: usize, column: usize) -> u32 {
        let group = self.groups.get(column / COLUMNS);
        group.and_then(|group| group.get(level * COLUMNS + column % COLUMNS)).map_or(MISFIT, |entry| entry.to_bits())
    }

    /// The first entry of the first level of the group that `column` begins.
    #[cfg(assembly)]
    #[inline]
    pub(super) fn entries(&self, column: usize) -> *const u32 {
        self.groups.as_ptr().wrapping_add(column / COLUMNS).cast()
    }

    /// The exponent of one level's unit.
    #[inline]
    pub(super) fn unit(&self, level: usize) -> i32 {
        self.unit + STEP as i32 * level as i32
    }
}

const MAGNITUDE: u32 = 0x7fff_ffff;
const INFINITY: u32 = 0x7f80_0000;
const HIDDEN: u32 = 0x0080_0000;

/// A value of `x`, taken apart once for all levels: significand * 2^shift units.
struct Value {
    significand: u32,
    shift: i32,
    /// All ones below zero.
    sign: u32,
}

impl Value {
    /// The value with these bits, in units of 2^unit.
    #[inline]
    fn new(bits: u32, unit: i32) -> Self {
        let magnitude = bits & MAGNITUDE;
        let field = magnitude >> 23;
        let significand = if field == 0 { magnitude } else { magnitude & (HIDDEN - 1) | HIDDEN };
        // The value is significand * 2^(field - 150). A subnormal, whose field would count as 1, is less than a unit of any
        // level, and inf and NaN are too large for all: `unit` is in -123..=88.
        Self { significand, shift: field as i32 - 150 - unit, sign: (bits as i32 >> 31) as u32 }
    }

    /// Its entry.
    #[inline]
    fn entry(&self) -> u32 {
        (scaled(self.significand, self.shift) ^ self.sign).wrapping_sub(self.sign)
    }
}

/// significand * 2^shift
#[inline]
fn scaled(significand: u32, shift: i32) -> u32 {
    if shift > 7 {
        MISFIT
    } else if shift >= 1 {
        significand << shift
    } else {
        let down = (1 - shift).min(31);
        let kept = significand >> down;
        kept << 1 | u32::from(kept << down != significand)
    }
}
