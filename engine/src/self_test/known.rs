//! What is compared with recorded results: single operations and the elementary functions.

use core::hint::black_box;

use crate::math::{self, portable};

/// The bits that count: all NaN are alike.
pub(super) fn bits(value: f32) -> u32 {
    if value.is_nan() {
        0x7fc0_0000
    } else {
        value.to_bits()
    }
}

/// A digest of results. A changed word changes it, because every step can be undone.
#[derive(Clone, Copy)]
pub(super) struct Digest(u32);

impl Digest {
    pub(super) const fn new() -> Self {
        Self(0)
    }

    #[inline(never)]
    pub(super) fn add(&mut self, value: f32) {
        self.0 = (self.0 ^ bits(value)).wrapping_mul(0x9e37_79b1).rotate_left(13);
    }

    pub(super) fn add_all(&mut self, values: &[f32]) {
        for &value in values {
            self.add(value);
        }
    }

    pub(super) const fn is(self, recorded: u32) -> bool {
        self.0 == recorded
    }
}

/// Zeros, the ends of the range, subnormals, ties of the rounding, infinity and NaN.
const OPERANDS: [u32; 14] = [
    0x0000_0000, // 0
    0x8000_0000, // -0
    0x3f80_0000, // 1
    0xbf80_0001, // -1 and the last place
    0x3eaa_aaab, // 1/3
    0x3380_0000, // 2^-24, half a unit of 1
    0x3380_0001,
    0x4b7f_ffff, // 2^24 - 1
    0x0000_0001, // the smallest subnormal
    0x807f_ffff, // the greatest, negative
    0x0080_0000, // the smallest normal
    0x7f7f_ffff, // the greatest
    0xff80_0000, // -inf
    0x7fc0_0000, // NaN
];

/// An operation of binary32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// 1 or 0.
    IsGreater,
}

impl Operation {
    pub(super) const ALL: [Self; 5] = [Self::Add, Self::Subtract, Self::Multiply, Self::Divide, Self::IsGreater];
}

/// As this target does it.
#[inline(never)]
pub(super) fn compute(operation: Operation, a: f32, b: f32) -> f32 {
    match operation {
        Operation::Add => a + b,
        Operation::Subtract => a - b,
        Operation::Multiply => a * b,
        Operation::Divide => a / b,
        Operation::IsGreater => f32::from(u8::from(a > b)),
    }
}

/// The digest of every operation on every pair of operands.
const ARITHMETIC: u32 = 0x0cc0_a0e3;

/// Whether `compute` gives the recorded results.
pub(super) fn arithmetic(compute: impl Fn(Operation, f32, f32) -> f32) -> bool {
    let mut digest = Digest::new();
    for operation in Operation::ALL {
        for a in OPERANDS {
            for b in OPERANDS {
                digest.add(compute(operation, f32::from_bits(black_box(a)), f32::from_bits(black_box(b))));
            }
        }
    }
    digest.is(ARITHMETIC)
}

/// Small, middling and large, with those that lie next to a rounding's edge (module `math`), and what is decided without
/// a series.
const ARGUMENTS: [u32; 16] = [
    0x0000_0000, // 0
    0x3f80_0000, // 1
    0xbf80_0000, // -1
    0xc169_12cd, // -14.56709
    0x3ac3_7de2, // 0.0014914835
    0x3d4c_cccd, // 0.05
    0xbe99_999a, // -0.3
    0x3fc0_0000, // 1.5
    0x40a0_0000, // 5
    0x4110_0001, // 9.000001
    0x42b1_7217, // 88.72283
    0x42b2_0000, // 89
    0xc2c8_0000, // -100
    0x0000_0007, // subnormal
    0x7f80_0000, // inf
    0x7fc0_0000, // NaN
];

/// The digest of the portable functions' results.
const MATH: u32 = 0x15fa_b3eb;

pub(super) type Function = fn(f32) -> f32;

/// The portable functions, and those in use.
pub(super) const FUNCTIONS: [(Function, Function); 3] =
    [(portable::exp, math::exp), (portable::tanh, math::tanh), (portable::sqrt, math::sqrt)];

/// Whether the first of each pair gives the recorded results, and so does the logarithm, and the second of each pair the
/// same as the first or nearly so.
pub(super) fn math(pairs: [(Function, Function); 3], ln: Function) -> bool {
    let mut digest = Digest::new();
    let mut agree = true;
    for argument in ARGUMENTS {
        let x = f32::from_bits(black_box(argument));
        for (definition, in_use) in pairs {
            let expected = definition(x);
            digest.add(expected);
            agree &= is_near(bits(in_use(x)), bits(expected));
        }
        digest.add(ln(x));
    }
    agree && digest.is(MATH)
}

/// C libraries round `expf` and `tanhf` wrongly now and then.
const UNITS: u32 = 4;

/// Whether two floats, by their bits, are the same, or in system mode at most [`UNITS`] apart.
const fn is_near(a: u32, b: u32) -> bool {
    a == b || cfg!(feature = "system-libm") && a.abs_diff(b) <= UNITS
}
