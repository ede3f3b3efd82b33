//! `ln` against the logarithm of binary64: within 6.1e-8 relative, from the smallest subnormal to the largest float.

use atome_engine::math::ln;

/// Half a last place is up to 2^-24 = 5.96e-8 of the value; the rest is what the method may lose before it rounds.
const BOUND: f64 = 6.1e-8;

fn relative_error(bits: u32) -> f64 {
    let x = f32::from_bits(bits);
    let exact = f64::from(x).ln();
    let ours = f64::from(ln(x));
    if exact == 0.0 {
        ours.abs()
    } else {
        ((ours - exact) / exact).abs()
    }
}

fn check(bits: u32) {
    let error = relative_error(bits);
    assert!(error <= BOUND, "ln({:e}): relative error {error:e}", f32::from_bits(bits));
}

#[test]
fn every_binade_is_within_the_bound() {
    let mantissas = if cfg!(miri) { 2u32 } else { 2048 };
    let stride = (1 << 23) / mantissas;
    for exponent in (0..255u32).step_by(if cfg!(miri) { 5 } else { 1 }) {
        for step in 0..mantissas {
            // The odd factor moves the sample about inside its slice.
            let within = step.wrapping_mul(0x9e37_79b1).wrapping_add(exponent) % stride;
            check((exponent << 23) + step * stride + within.max(1));
        }
        check((exponent << 23).max(1));
    }
}

/// Next to 1 the logarithm goes to zero, and a method of fixed absolute precision would lose it.
#[test]
fn the_neighbourhood_of_one_is_within_the_bound() {
    let one = 1f32.to_bits();
    for near in 0..if cfg!(miri) { 20 } else { 200_000 } {
        check(one - near);
        check(one + near);
    }
}

#[test]
#[ignore = "all arguments in (0, 1]: minutes in a release build"]
fn all_of_the_unit_interval_is_within_the_bound() {
    let worst = (1..=1f32.to_bits()).map(relative_error).fold(0.0, f64::max);
    eprintln!("ln: {} inputs, largest relative error {worst:e}", 1f32.to_bits());
    assert!(worst <= BOUND);
}

#[test]
fn special_values() {
    assert_eq!(ln(0.0), f32::NEG_INFINITY);
    assert_eq!(ln(-0.0), f32::NEG_INFINITY);
    assert_eq!(ln(1.0).to_bits(), 0);
    assert_eq!(ln(f32::INFINITY), f32::INFINITY);
    for outside in [-1.0, -1e-45, f32::NEG_INFINITY, f32::NAN, -f32::NAN] {
        assert!(ln(outside).is_nan(), "ln({outside})");
    }
}
