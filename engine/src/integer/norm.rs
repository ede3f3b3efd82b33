//! Layer norm (docs/integer.md#2-norm).

use super::constants::NormConstants;
use super::words::{bits, ceil_log2, root, width, Rounding};
use crate::weights::Norm;

/// Values are brought to so many bits before their mean is taken.
const VALUE_BITS: i32 = 14;

/// 1e-5 * 2^48: what keeps the variance off 0.
const EPSILON: i64 = 2_814_749_767;
const EPSILON_BITS: i32 = 48;

/// The most that epsilon is shifted to the left.
const MOST_EPSILON_SHIFT: i32 = 20;

/// `out = gamma * (x - mean) / sqrt(variance + 1e-5) + beta` over `x`, `[d_model]` with `residual_bits` fraction bits, in the
/// unit of `constants`.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn norm(norm: &Norm, constants: &NormConstants, x: &[i32], residual_bits: i32, out: &mut [i16]) {
    let d = x.len() as i32;
    // One shift for the whole vector: how large it is, the result does not depend on.
    let shift = width(x) - VALUE_BITS;
    let values = Rounding::new(shift);
    let (mut sum, mut squares) = (0, Squares::default());
    for &x in x {
        let value = values.of(x);
        sum += value;
        squares.add(value * value);
    }
    let mut squares = squares.sum();
    let mean = (2 * sum + d).div_euclid((2 * d).max(1));
    // The sum of the squared differences from it.
    squares += i64::from(mean) * (i64::from(d) * i64::from(mean) - 2 * i64::from(sum));
    let inverse = InverseRoot::new(squares, i64::from(d), residual_bits - shift);
    let (factor, normed) = (inverse.factor as i32, Rounding::new(inverse.fraction_bits - constants.value_bits));
    for (out, &x) in out.iter_mut().zip(x) {
        *out = clamp(normed.of((values.of(x) - mean).wrapping_mul(factor))) as i16;
    }
    let (gammas, betas) = constants.vectors();
    #[cfg(vectors)]
    if gammas.are_usual() && betas.are_usual() {
        return scale(norm, out, |gamma| gammas.of_usual(gamma), |beta| betas.of_usual(beta));
    }
    scale(norm, out, |gamma| gammas.of(gamma), |beta| betas.of(beta));
}

/// Gamma and beta, each made an integer, come in.
#[inline(always)]
fn scale(norm: &Norm, out: &mut [i16], gamma_of: impl Fn(u32) -> i32, beta_of: impl Fn(u32) -> i32) {
    for ((out, gamma), beta) in out.iter_mut().zip(norm.gamma.bits()).zip(norm.beta.bits()) {
        let value = i32::from(*out);
        // Wraps round only where the model is one that a load refuses.
        let scaled = gamma_of(gamma).wrapping_mul(value).wrapping_add(beta_of(beta));
        *out = clamp(scaled.wrapping_add(1 << 14) >> 15) as i16;
    }
}

/// A sum of numbers of 28 bits.
#[cfg(not(vectors))]
#[derive(Default)]
struct Squares(i64);

#[cfg(not(vectors))]
impl Squares {
    #[inline(always)]
    fn add(&mut self, square: i32) {
        self.0 += i64::from(square);
    }

    #[inline(always)]
    fn sum(self) -> i64 {
        self.0
    }
}

/// A sum of numbers of 28 bits: their halves by themselves, so that vectors of 32 bits have room for both.
#[cfg(vectors)]
#[derive(Default)]
struct Squares {
    low: u32,
    high: u32,
}

#[cfg(vectors)]
impl Squares {
    #[inline(always)]
    fn add(&mut self, square: i32) {
        // Up to 1,024 of these have room.
        self.low += square as u32 & 0xffff;
        self.high += square as u32 >> 16;
    }

    #[inline(always)]
    fn sum(self) -> i64 {
        (i64::from(self.high) << 16) + i64::from(self.low)
    }
}

/// To 16 bits, symmetrically.
#[inline(always)]
fn clamp(value: i32) -> i32 {
    value.clamp(-32_767, 32_767)
}

/// 1 / sqrt(variance + 1e-5), of 15 bits or so.
struct InverseRoot {
    factor: i64,
    fraction_bits: i32,
}

impl InverseRoot {
    /// From the sum of the squared differences of `d` values with `value_bits` fraction bits.
    fn new(squares: i64, d: i64, value_bits: i32) -> Self {
        // d times the variance, and d times epsilon, in the unit of the squares.
        let shift = (EPSILON_BITS - 2 * value_bits).max(-MOST_EPSILON_SHIFT);
        let epsilon = match shift {
            ..=0 => (d * EPSILON) << -shift,
            1..=63 => (d * EPSILON) >> shift,
            _ => 0,
        };
        let total = (squares + epsilon).max(1) as u64;
        // To 31 or 32 bits by an even shift, whose half is the root's.
        let shift = bits(total) - 32;
        let shift = shift + (shift & 1);
        let total = if shift < 0 { total << -shift } else { total >> shift };
        let total_root = i64::from(root(total as u32).max(1));
        let (d_root, d_shift) = root_of_size(d);
        let factor = ((d_root << 14) + (total_root >> 1)) / total_root;
        Self { factor, fraction_bits: 14 + d_shift + shift / 2 }
    }
}

/// The root of `d` times 2^shift, and the shift: the most with which the square has 32 bits.
fn root_of_size(d: i64) -> (i64, i32) {
    let shift = (32 - bits(d as u64)) / 2;
    (i64::from(root((d as u32) << (2 * shift))), shift)
}

// The sums above are bounded for these sizes.
const _: () = assert!(ceil_log2(super::MOST_MODEL) <= 10);
