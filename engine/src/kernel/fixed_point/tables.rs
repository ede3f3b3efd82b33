//! The input vector in fixed point, at three scales.

/// Columns that one set of tables holds. Three tables of `u32` bound the scratch: 3 KiB, or 768 bytes on ARMv6-M, whose
/// chips have as little as 4 KB of RAM.
pub(super) const BLOCK: usize = if cfg!(all(target_arch = "arm", not(target_has_atomic = "32"))) { 64 } else { 256 };

/// Scales, finest first.
pub(super) const LEVELS: usize = 3;

/// The level that a new sum starts on.
pub(super) const FIRST_LEVEL: usize = 1;

/// Bits between the units of neighbouring levels.
pub(super) const STEP: u32 = 4;

/// The unit of the finest level is 2^-32 of the binade of the largest value. The sums of fewer columns are smaller.
const DEPTH: i32 = if BLOCK > 64 { 32 } else { 33 };

/// Stands for what has no place in a table: inf, NaN, and 2^31 units or more. Added to or subtracted from any magnitude
/// below 2^31, it sets bit 31.
pub(super) const MISFIT: u32 = 1 << 31;

/// A block of `x`, as multiples of a unit: even numbers are exact, and an odd one stands for a value strictly between
/// its even neighbours.
pub(super) struct Tables {
    /// `[level][column]`, two's complement. One array, so that assembly can step from level to level.
    levels: [[u32; BLOCK]; LEVELS],
    len: usize,
    /// Exponent of the finest unit.
    unit: i32,
}

impl Tables {
    pub(super) const fn new() -> Self {
        Self { levels: [[0; BLOCK]; LEVELS], len: 0, unit: 0 }
    }

    /// Fills the tables from the next block of at most [`BLOCK`] values.
    pub(super) fn fill(&mut self, x: &[f32]) {
        self.len = x.len().min(BLOCK);
        let largest = x.iter().map(|x| x.to_bits() & MAGNITUDE).filter(|&bits| bits < INFINITY).max().unwrap_or(0);
        // Sums of up to 2^7 times (2^6 for few columns) the largest value lie in the window; no higher than f32 reaches, and no lower than
        // where a unit is a normal number.
        let exponent = ((largest >> 23) as i32 - 127).clamp(-90, 120);
        self.unit = exponent - DEPTH;
        let [finest, middle, coarsest] = &mut self.levels;
        for (((x, finest), middle), coarsest) in x.iter().zip(finest).zip(middle).zip(coarsest) {
            [*finest, *middle, *coarsest] = entries_of(x.to_bits(), self.unit);
        }
    }

    /// Columns.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The entries of one level.
    #[cfg(not(assembly))]
    #[inline]
    pub(super) fn level(&self, level: usize) -> &[u32] {
        self.levels.get(level).and_then(|entries| entries.get(..self.len)).unwrap_or(&[])
    }

    /// The first entry of the first level; the next level begins [`BLOCK`] entries later.
    #[cfg(assembly)]
    pub(super) fn entries(&self) -> *const u32 {
        self.levels.as_ptr().cast()
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

/// The value with these bits on all levels, the finest of which has units of 2^unit.
#[inline]
fn entries_of(bits: u32, unit: i32) -> [u32; LEVELS] {
    let magnitude = bits & MAGNITUDE;
    if magnitude >= INFINITY {
        return [MISFIT; LEVELS];
    }
    let field = magnitude >> 23;
    let significand = if field == 0 { magnitude } else { magnitude & (HIDDEN - 1) | HIDDEN };
    // The value is significand * 2^(field - 150), and a subnormal's field counts as 1.
    let shift = field.max(1) as i32 - 150 - unit;
    let sign = (bits as i32 >> 31) as u32;
    [0, 1, 2].map(|level| {
        let entry = entry_of(significand, shift - STEP as i32 * level);
        (entry ^ sign).wrapping_sub(sign)
    })
}

/// significand * 2^shift
#[inline]
fn entry_of(significand: u32, shift: i32) -> u32 {
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
