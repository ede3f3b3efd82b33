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
    for (x, (((&input, state), &gate), &weight)) in way.residual.iter_mut().zip(vectors) {
        *state = recur(*state, gate, input);
        *x = x.wrapping_add(product.of(*state, (i32::from(weight) * share + (1 << 14)) >> 15));
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

/// Products of a state and a weight, shifted to the right, in 32 bits (docs/integer.md#in-32-bits): of the product's two parts,
/// `upper * 2^15 + lower`, one is multiplied and one rounded, and so is the sum.
struct Product {
    upper: i32,
    lower: Rounding,
    sum: Rounding,
}

impl Product {
    #[inline(always)]
    fn new(right: i32) -> Self {
        if right > 15 {
            return Self { upper: 1, lower: Rounding::down(15), sum: Rounding::new(right - 15) };
        }
        // To the left by 32 bits and more, nothing is left.
        let upper = 1i32.checked_shl((15 - right) as u32).unwrap_or(0);
        Self { upper, lower: Rounding::new(right), sum: Rounding::down(0) }
    }

    #[inline(always)]
    fn of(&self, state: i32, weight: i32) -> i32 {
        let upper = weight.wrapping_mul(state >> 15).wrapping_mul(self.upper);
        self.sum.of(upper.wrapping_add(self.lower.of(weight.wrapping_mul(state & 32_767))))
    }
}

/// `gate * state + input`.
#[inline(always)]
fn recur(state: i32, gate: i16, input: i16) -> i32 {
    let gate = i32::from(gate);
    let (upper, lower) = (gate.wrapping_mul(state >> 15), gate.wrapping_mul(state & 32_767));
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
    use super::super::words::unbounded;
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
                    let found = Product::new(right).of(state, weight);
                    assert_eq!(i64::from(found), expected, "{state} * {weight} >> {right}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 4000, "{compared}");
    }
}
