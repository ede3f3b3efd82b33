//! Convolution, recurrence, and the sum of the pathways (docs/integer.md#9-mix).

use super::constants::{LayerConstants, STATE_BITS};
use super::kernel::convolve;
use super::router::Shares;
use super::words::Rounding;
use super::workspace::LayerMemory;
use crate::weights::Matrix;

/// One position's vectors on their way through a layer.
pub(super) struct Way<'p> {
    /// Normalised inputs, `[d_model]`.
    pub inputs: &'p [i16],
    /// Shares of the pathways.
    pub shares: &'p Shares,
    /// Sums of attention, `[d_model]`; then room for those of the convolution.
    pub sums: &'p mut [i32],
    /// What the pathways are added to, `[d_model]`, and its fraction bits.
    pub residual: &'p mut [i32],
    pub residual_bits: i32,
}

/// Adds the three pathways to the residual stream, and moves the channels on by one position. The values of attention were shifted
/// to the right by `attended` bits.
///
/// One pathway after the other: a loop with all of them has more values than a small chip has registers.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn mix(taps: &Matrix, constants: LayerConstants, memory: &mut LayerMemory, way: &mut Way, attended: i32) {
    let residual_bits = way.residual_bits;
    add(way, 1, Rounding::new(-(constants.value().exponent + attended + 1 + residual_bits)));
    convolve(taps, way.inputs, memory.history, way.sums);
    let (factor, rounding) = conv_factor(constants, way.shares[0], residual_bits);
    add(way, factor, rounding);
    let right = constants.output_weight_bits() + constants.norm().output_bits + STATE_BITS - residual_bits;
    add_states(memory, way, Product::new(right));
    remember(memory.history, way.inputs);
}

/// Adds the sums times a factor.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
fn add(way: &mut Way, factor: i32, rounding: Rounding) {
    for (x, &sum) in way.residual.iter_mut().zip(&*way.sums) {
        *x = x.wrapping_add(rounding.of(sum.wrapping_mul(factor)));
    }
}

/// Moves the states on, and adds what their outputs come to.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
fn add_states(memory: &mut LayerMemory, way: &mut Way, product: Product) {
    let share = way.shares[1] as i32;
    let vectors = way.inputs.iter().zip(&mut *memory.state).zip(&*memory.gates).zip(&*memory.output_weights);
    let outputs = way.residual.iter_mut().zip(vectors).map(|(x, (((&input, state), &gate), &weight))| {
        *state = recur(*state, gate, input);
        (x, Parts::new(*state, (i32::from(weight) * share + (1 << 14)) >> 15))
    });
    // One loop for each.
    match product {
        Product::Short(rounding) => outputs.for_each(|(x, parts)| {
            *x = x.wrapping_add(parts.short(rounding));
        }),
        Product::Long { factor, rounding } => outputs.for_each(|(x, parts)| {
            *x = x.wrapping_add(parts.long(factor, rounding));
        }),
    }
}

/// What the convolution's sums are multiplied by, and how the products are rounded.
#[inline(always)]
fn conv_factor(constants: LayerConstants, share: u32, residual_bits: i32) -> (i32, Rounding) {
    let scale = constants.conv();
    // With a factor of so many bits, products have 30.
    let factor_bits = 30 - constants.conv_sum_bits();
    let right = 31 - factor_bits;
    let factor = (scale.mantissa() * share + (1 << (right - 1))) >> right;
    (scale.sign() * factor as i32, Rounding::new(-(scale.exponent + 16 - factor_bits + residual_bits)))
}

/// A product, `upper * 2^15 + lower`, of a number of 32 bits and one of 15 bits and a sign.
struct Parts {
    upper: i32,
    lower: i32,
}

impl Parts {
    #[inline(always)]
    fn new(a: i32, b: i32) -> Self {
        Self { upper: b.wrapping_mul(a >> 15), lower: b.wrapping_mul(a & 32_767) }
    }

    /// Shifted to the right as [`Product::Short`] says.
    #[inline(always)]
    fn short(self, rounding: Rounding) -> i32 {
        rounding.of(self.upper.wrapping_add(self.lower >> 15))
    }

    /// As [`Product::Long`] says.
    #[inline(always)]
    fn long(self, factor: i32, rounding: Rounding) -> i32 {
        self.upper.wrapping_mul(factor).wrapping_add(rounding.of(self.lower))
    }
}

/// How products of a state and a weight are shifted to the right, in 32 bits (docs/integer.md#in-32-bits).
enum Product {
    /// By 16 bits and more: what is left of it behind 15 bits.
    Short(Rounding),
    /// By 15 bits and less, or to the left: the upper part is multiplied by the factor, the lower one rounded.
    Long { factor: i32, rounding: Rounding },
}

impl Product {
    #[inline(always)]
    fn new(right: i32) -> Self {
        match right {
            16.. => Self::Short(Rounding::new(right - 15)),
            _ => Self::Long {
                // To the left by 32 bits and more, nothing is left.
                factor: 1i32.checked_shl((15 - right) as u32).unwrap_or(0),
                rounding: Rounding::new(right),
            },
        }
    }
}

/// `gate * state + input`.
#[inline(always)]
fn recur(state: i32, gate: i16, input: i16) -> i32 {
    let Parts { upper, lower } = Parts::new(state, i32::from(gate));
    upper.wrapping_add((lower + (1 << 14)) >> 15).wrapping_add(i32::from(input) << STATE_BITS)
}

/// The inputs become the newest of the history.
fn remember(history: &mut [i16], inputs: &[i16]) {
    let kept = history.len().saturating_sub(inputs.len());
    history.copy_within(..kept, history.len() - kept);
    for (newest, &input) in history.iter_mut().zip(inputs) {
        *newest = input;
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::unbounded;
    use super::*;

    #[test]
    fn products_in_32_bits_are_those_of_unbounded_integers() {
        let states = [0, 1, -1, 32_767, 32_768, -32_769, 0x1234_5678, -0x2345_6789, (1 << 30) - 1, 1 - (1 << 30)];
        let mut compared = 0;
        for state in states {
            for weight in [0, 1, -1, 77, -1234, 32_767, -32_767] {
                for right in -40..80 {
                    let product = i64::from(state) * i64::from(weight);
                    let expected = unbounded(product, right);
                    if expected.unsigned_abs() >= 1 << 30 || product != 0 && right < -30 {
                        continue;
                    }
                    let parts = Parts::new(state, weight);
                    let found = match Product::new(right) {
                        Product::Short(rounding) => parts.short(rounding),
                        Product::Long { factor, rounding } => parts.long(factor, rounding),
                    };
                    assert_eq!(i64::from(found), expected, "{state} * {weight} >> {right}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 4000, "{compared}");
    }
}
