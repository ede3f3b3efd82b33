//! Sublayers against the definition in integers without an end, and against their bounds.

use std::vec;
use std::vec::Vec;

use super::constants::{NormConstants, Seen};
#[cfg(vectors)]
use super::feed_forward::several;
use super::feed_forward::{add, rectify, sublayer_top, One, Vectors};
use super::kernel::compiled;
use super::norm::norm;
use super::scaled::Scaled;
use super::words::unbounded;
use crate::format::Cursor;
use crate::kernel::{Kernel, CHOICE};
use crate::random::Rng;
use crate::weights::{Conv, FeedForward, Floats, Layer, Matrix, Norm, Packing, Pathways, Ssm};

/// Weights of a packing.
fn packed(rng: &mut Rng, packing: Packing, count: usize) -> Vec<u8> {
    let byte = |rng: &mut Rng| match packing {
        Packing::TwoBits => rng.word() as u8,
        Packing::BaseThree => rng.below(243) as u8,
        // No three bits are 111 where no two neighbours are set.
        Packing::PowersOfThree => {
            let word = rng.word() as u8;
            word & !(word << 1)
        }
    };
    (0..packing.len(count)).map(|_| byte(rng)).collect()
}

/// A sublayer in a file, with scales and vectors of any size.
fn sublayer(rng: &mut Rng, packing: Packing, d: usize) -> Vec<u8> {
    let float = |rng: &mut Rng| rng.float() * 2f32.powi(rng.below(60) as i32 - 40);
    let mut bytes: Vec<u8> = (0..2 * d).flat_map(|_| float(rng).to_le_bytes()).collect();
    for _ in 0..2 {
        bytes.extend(float(rng).to_le_bytes());
        bytes.extend(packed(rng, packing, d * d));
    }
    bytes
}

/// A layer of nothing but a sublayer.
struct Only<'m>(FeedForward<'m>);

impl<'m> Layer<'m> for Only<'m> {
    fn norm(&self) -> Norm<'m> {
        self.0.norm
    }
    fn wq(&self) -> Matrix<'m> {
        self.0.up
    }
    fn wk(&self) -> Matrix<'m> {
        self.0.up
    }
    fn wv(&self) -> Matrix<'m> {
        self.0.up
    }
    fn top_k(&self) -> usize {
        1
    }
    fn router(&self) -> Matrix<'m> {
        self.0.up
    }
    fn ssm(&self) -> Ssm<'m> {
        let none = Floats::new(&[]);
        Ssm { a_raw: none, b: none, c_out: none }
    }
    fn pathways(&self) -> Pathways<'m> {
        Pathways { conv: Conv { taps: self.0.up }, ssm: self.ssm(), n_pathways: 3 }
    }
    fn feed_forward(&self, index: usize) -> Option<FeedForward<'m>> {
        (index == 0).then_some(self.0)
    }
}

fn sums_of(matrix: &Matrix, inputs: &[i64]) -> Vec<i64> {
    let weights: Vec<i8> = matrix.weights().collect();
    weights.chunks(inputs.len()).map(|row| row.iter().zip(inputs).map(|(&w, u)| i64::from(w) * u).sum()).collect()
}

/// Step 9.1 in unbounded integers, behind the norm, which others test.
fn expected(sublayer: &FeedForward, x: &[i32], residual_bits: i32) -> Vec<i64> {
    let constants = NormConstants::new(&sublayer.norm, x.len(), &mut Seen(0));
    let mut normed = vec![0; x.len()];
    norm(&sublayer.norm, &constants, x, residual_bits, &mut normed);
    let sign = if sublayer.up.scale() < 0.0 { -1 } else { 1 };
    let sums = sums_of(&sublayer.up, &normed.iter().map(|&u| i64::from(u)).collect::<Vec<_>>());
    let z: Vec<i64> = sums.into_iter().map(|sum| (sign * sum).max(0)).collect();
    let all = z.iter().fold(0, |all, z| all | z);
    let shift = (i64::BITS as i32 - all.leading_zeros() as i32 - 15).max(0);
    let hidden: Vec<i64> = z.into_iter().map(|z| unbounded(z, shift).min(32_767)).collect();
    let scale = Scaled::new(sublayer.up.scale().abs()).times(Scaled::new(sublayer.down.scale()));
    let right = -(scale.exponent - constants.output_bits + shift + residual_bits);
    let y = sums_of(&sublayer.down, &hidden);
    y.iter().zip(x).map(|(y, &x)| i64::from(x) + unbounded(y * i64::from(scale.signed()), right)).collect()
}

/// Every kernel, one position and two at a time; and nothing that is added is beyond its bound.
#[test]
fn sublayers_are_those_of_unbounded_integers_and_within_their_bounds() {
    let _one_at_a_time = CHOICE.lock();
    let before = Kernel::current();
    let mut rng = Rng(61);
    let (mut greatest, mut changed) = (0.0f64, 0);
    for case in 0..if cfg!(miri) { 3 } else { 400 } {
        let d = [1, 4, 7, 16, 64, 72, 130][case % 7];
        let packing = Packing::ALL[case / 7 % 3];
        let file = sublayer(&mut rng, packing, d);
        let one = Cursor::with_codec(&file, packing.codec()).feed_forward(d).expect("whole");
        let block = Only(one);
        // The unit with which a sublayer's outputs have room.
        let residual_bits = (28 - sublayer_top(&one)).min(40);
        let x: Vec<i32> = (0..2 * d).map(|_| (rng.word() as i32) >> 3 >> rng.below(20)).collect();
        let expected: Vec<i64> = x.chunks(d).flat_map(|x| expected(&one, x, residual_bits)).collect();
        let bound = 2f64.powi(sublayer_top(&one) + residual_bits);
        for (&x, &found) in x.iter().zip(&expected) {
            let added = (found - i64::from(x)).abs() as f64;
            assert!(added <= bound * (1.0 + 2f64.powi(-5)) + 0.5, "case {case}: {added} of {bound}");
            greatest = greatest.max(if bound > 1e6 { added / bound } else { 0.0 });
            changed += usize::from(added > 0.0);
        }
        for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.select()) {
            let (mut sums, mut normed, mut room) = (vec![9; 2 * d + 3], vec![9; 2 * d], vec![9; 300]);
            let mut found = x.clone();
            for residual in found.chunks_mut(d) {
                let vectors =
                    Vectors { residual, residual_bits, normed: &mut normed[..d], sums: &mut sums, room: &mut room };
                compiled(One { block: &block, vectors });
            }
            assert!(found.iter().map(|&x| i64::from(x)).eq(expected.iter().copied()), "{}, {case}", kernel.name());
            #[cfg(vectors)]
            for count in 0..=2 {
                let mut found = x.clone();
                several(&block, &mut found[..count * d], residual_bits, &mut normed[..count * d], &mut sums);
                let all = x.iter().skip(count * d).map(|&x| i64::from(x));
                let all: Vec<i64> = expected[..count * d].iter().copied().chain(all).collect();
                assert!(found.iter().map(|&x| i64::from(x)).eq(all), "{}, {case}, {count}", kernel.name());
            }
        }
    }
    before.select();
    assert!(cfg!(miri) || greatest > 0.01 && changed > 1000, "{greatest} of a bound, {changed} changed");
}

#[test]
fn hidden_values_are_above_zero_and_have_fifteen_bits() {
    let up = |scale| Matrix::new(&[0], scale, 1, 1).expect("a byte");
    for (sums, scale, expected, shift) in [
        ([0, 5, -3], 0.5, [0, 5, 0], 0),
        ([0, 5, -3], -0.5, [0, 0, 3], 0),
        ([32_767, -1, 1], 2.0, [32_767, 0, 1], 0),
        ([65_535, 3, 1], 2.0, [32_767, 2, 1], 1),
        ([-(1 << 29), 1 << 29, (1 << 14) + (1 << 13)], 1.0, [0, 16_384, 1], 15),
        ([-(1 << 29), 1 << 29, 0], -1.0, [16_384, 0, 0], 15),
    ] {
        let (mut sums, mut hidden) = (sums, [7; 3]);
        assert_eq!(rectify(&up(scale), &mut sums, &mut hidden), shift, "{sums:?}");
        assert_eq!(hidden, expected, "{sums:?}");
    }
}

#[test]
fn outputs_are_rounded_once() {
    let mut residual = [10, 10, 10, 10, 10];
    // 0.75 * 2^3 * 2^-2, of which halves go upwards.
    add(Scaled::new(0.75), 3, &[1, -1, 3, -3, 1 << 24], &mut residual, -2);
    assert_eq!(residual, [12, 9, 15, 6, 10 + 3 * (1 << 23)]);
    // Nothing is left, or all.
    add(Scaled::new(1.0), 0, &[1 << 25; 5], &mut residual, -90);
    assert_eq!(residual[0], 12);
    add(Scaled::new(-1e-30), 0, &[1 << 25; 5], &mut residual, 104);
    let expected = ((1e-30f32 as f64) * 2f64.powi(129)).round();
    assert!((f64::from(residual[1] - 9) + expected).abs() <= expected * 2f64.powi(-16), "{residual:?}");
}
