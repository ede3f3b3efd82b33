//! Layer norm (docs/integer.md#2-norm).

use super::constants::NormConstants;
use super::words::{bits, ceil_log2, root, width, Rounding};
use super::IS_LEAST;
use crate::bytes::{read_u32, word};
use crate::weights::Norm;

/// Values are brought to so many bits before their mean is taken.
const VALUE_BITS: i32 = 14;

/// 1e-5 * 2^48: what keeps the variance off 0.
const EPSILON: u64 = 2_814_749_767;
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
    let InverseRoot { factor, fraction_bits } = InverseRoot::new(squares as u64, d as u32, residual_bits - shift);
    let normed = Rounding::new(fraction_bits - constants.value_bits);
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
    for ((out, gamma), beta) in out.iter_mut().zip(norm.gamma.places()).zip(norm.beta.places()) {
        let value = i32::from(*out);
        // Wraps round only where the model is one that a load refuses.
        let scaled = gamma_of(bits_at(gamma)).wrapping_mul(value).wrapping_add(beta_of(bits_at(beta)));
        *out = clamp(scaled.wrapping_add(1 << 14) >> 15) as i16;
    }
}

/// The bits of a float in a file: without a call, unless the least code counts.
#[inline(always)]
fn bits_at(place: &[u8; 4]) -> u32 {
    if IS_LEAST {
        read_u32(place)
    } else {
        word(place)
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
    factor: i32,
    fraction_bits: i32,
}

impl InverseRoot {
    /// From the sum of the squared differences of `d` values with `value_bits` fraction bits.
    #[inline(always)]
    fn new(squares: u64, d: u32, value_bits: i32) -> Self {
        // d times the variance, and d times epsilon, in the unit of the squares.
        let epsilon = shifted(u64::from(d) * EPSILON, (EPSILON_BITS - 2 * value_bits).max(-MOST_EPSILON_SHIFT));
        let total = (squares + epsilon).max(1);
        // To 31 or 32 bits by an even shift, whose half is the root's.
        let shift = (u64::BITS - total.leading_zeros()) as i32 - 32;
        let shift = shift + (shift & 1);
        let total_root = root(shifted(total, shift) as u32).max(1);
        // The root of d by the most even shift with which that has 32 bits.
        let d_shift = (32 - bits(d)) / 2;
        let d_root = root(d << (2 * d_shift));
        let factor = ((d_root << 14) + (total_root >> 1)) / total_root;
        Self { factor: factor as i32, fraction_bits: 14 + d_shift + shift / 2 }
    }
}

/// `value * 2^-right`, rounded down.
#[cfg_attr(vectors, inline)]
#[cfg_attr(not(vectors), inline(never))]
fn shifted(value: u64, right: i32) -> u64 {
    match right {
        ..=0 => value << -right,
        1..=63 => value >> right,
        _ => 0,
    }
}

// The sums above are bounded for these sizes.
const _: () = assert!(ceil_log2(super::MOST_MODEL) <= 10);
