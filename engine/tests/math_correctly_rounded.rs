//! `exp`, `tanh` and `sqrt` against two independent correctly rounded libraries, bit for bit.
//!
//! `core-math` wraps the C code of the CORE-MATH project; `metallic` is written in Rust on other principles. `sqrt` is
//! compared with the standard library's, which is the instruction of the processor. Every test run compares a stratified
//! subset. All 2^32 arguments of a function take minutes:
//!
//! ```text
//! cargo test --release -p atome-engine --test math_correctly_rounded -- --ignored --nocapture --test-threads=1
//! ```
#![cfg(target_pointer_width = "64")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use atome_engine::math::{self, portable};
use random::Rng;

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "common/random.rs"]
mod random;

/// Compares the portable function with its references at the argument with these bits; says what differs.
type Check = fn(u32) -> Result<(), String>;

/// A function with its references, and the arguments (as bits) at which its path or the kind of its result changes.
struct Subject {
    name: &'static str,
    check: Check,
    boundaries: &'static [u32],
}

const EXP: Subject = Subject {
    name: "exp",
    check: check_exp,
    boundaries: &[
        0x3280_0000, // 2^-26: results other than 1 from here on
        0x3300_0000, // 2^-25
        0x3380_0000, // 2^-24
        0x3f31_7218, // ln 2
        0x42ae_0000, // 87, from where on a host computes in integers
        0x42ae_ac50, // -x of the smallest normal result
        0x42b1_7217, // the largest finite result
        0x42cf_f1b4, // -x of the smallest result
    ],
};

const TANH: Subject = Subject {
    name: "tanh",
    check: check_tanh,
    boundaries: &[
        0x3980_0000, // 2^-12: results other than x
        0x3eb1_7218, // ln 2 / 2
        0x4110_2cb4, // about 9.011, where the results reach 1
        0x4120_0000, // 10
    ],
};

const SQRT: Subject = Subject { name: "sqrt", check: check_sqrt, boundaries: &[] };

fn check_exp(bits: u32) -> Result<(), String> {
    let x = f32::from_bits(bits);
    // C code is out of Miri's reach.
    #[cfg(not(miri))]
    compare("exp", x, portable::exp(x), "core-math", core_math::expf(x))?;
    compare("exp", x, portable::exp(x), "metallic", metallic::expf(x))
}

fn check_tanh(bits: u32) -> Result<(), String> {
    let x = f32::from_bits(bits);
    #[cfg(not(miri))]
    compare("tanh", x, portable::tanh(x), "core-math", core_math::tanhf(x))?;
    compare("tanh", x, portable::tanh(x), "metallic", metallic::tanhf(x))
}

fn check_sqrt(bits: u32) -> Result<(), String> {
    let x = f32::from_bits(bits);
    compare("sqrt", x, portable::sqrt(x), "std", x.sqrt())
}

/// Equal bits, or both NaN: payload and sign of a NaN are not part of the contract.
fn compare(name: &str, x: f32, ours: f32, reference: &str, theirs: f32) -> Result<(), String> {
    if ours.to_bits() == theirs.to_bits() || (ours.is_nan() && theirs.is_nan()) {
        return Ok(());
    }
    Err(format!(
        "{name}({x:e}), bits {:#010x}: {ours:e} ({:#010x}), but {reference} says {theirs:e} ({:#010x})",
        x.to_bits(),
        ours.to_bits(),
        theirs.to_bits()
    ))
}

/// Both signs of: mantissas all over every exponent, whole neighbourhoods of the boundaries and of every power of two,
/// and random bits.
fn check_stratified(subject: &Subject) {
    let (mantissas, neighbours, random_bits) = if cfg!(miri) { (2, 1, 100) } else { (4096, 2000, 2_000_000) };
    let mut random = Rng(0x5eed);
    let mut compared = 0u64;
    let mut both_signs = |magnitude: u32| {
        for bits in [magnitude & 0x7fff_ffff, magnitude | 0x8000_0000] {
            (subject.check)(bits).unwrap_or_else(|difference| panic!("{difference}"));
            compared += 1;
        }
    };
    for exponent in (0..=255u32).step_by(if cfg!(miri) { 5 } else { 1 }) {
        let stride = (1 << 23) / mantissas;
        for step in 0..mantissas {
            // One random mantissa in each of the equal slices of the binade.
            both_signs((exponent << 23) + step * stride + random.word() % stride);
        }
        for near in 0..=neighbours.min(50) {
            both_signs((exponent << 23) + near);
            both_signs((exponent << 23).wrapping_sub(near));
        }
    }
    for &boundary in subject.boundaries {
        for near in 0..=neighbours {
            both_signs(boundary + near);
            both_signs(boundary - near);
        }
    }
    for _ in 0..random_bits {
        both_signs(random.word());
    }
    assert!(compared > 0);
    eprintln!("{}: {compared} arguments compared, 0 differ", subject.name);
}

/// Every one of the 2^32 arguments, on all cores; panics with the first differences when there are any.
fn check_all(subject: &Subject) {
    const CHUNK: u64 = 1 << 20;
    const CHUNKS: u64 = (1 << 32) / CHUNK;
    const SHOWN: u64 = 10;
    let next_chunk = AtomicU64::new(0);
    let compared = AtomicU64::new(0);
    let differing = AtomicU64::new(0);
    let start = Instant::now();

    let work = || loop {
        let chunk = next_chunk.fetch_add(1, Ordering::Relaxed);
        if chunk >= CHUNKS {
            break;
        }
        for bits in chunk * CHUNK..(chunk + 1) * CHUNK {
            if let Err(difference) = (subject.check)(bits as u32) {
                if differing.fetch_add(1, Ordering::Relaxed) < SHOWN {
                    eprintln!("\n{difference}");
                }
            }
        }
        let done = compared.fetch_add(CHUNK, Ordering::Relaxed) + CHUNK;
        if (done / CHUNK).is_multiple_of(16) {
            let percent = done as f64 / (CHUNK * CHUNKS) as f64 * 100.0;
            eprint!("\r{}: {percent:5.1} %, {:.0} s ", subject.name, start.elapsed().as_secs_f64());
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });

    let (compared, differing) = (compared.into_inner(), differing.into_inner());
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("\r{}: {compared} inputs, {differing} differences, {seconds:.0} s", subject.name);
    assert_eq!(compared, 1 << 32);
    assert_eq!(differing, 0);
}

#[test]
fn exp_is_correctly_rounded_on_a_stratified_subset() {
    check_stratified(&EXP);
}

#[test]
fn tanh_is_correctly_rounded_on_a_stratified_subset() {
    check_stratified(&TANH);
}

#[test]
fn sqrt_is_correctly_rounded_on_a_stratified_subset() {
    check_stratified(&SQRT);
}

#[test]
#[ignore = "all 2^32 arguments: minutes in a release build, hours otherwise"]
fn exp_is_correctly_rounded_everywhere() {
    check_all(&EXP);
}

#[test]
#[ignore = "all 2^32 arguments: minutes in a release build, hours otherwise"]
fn tanh_is_correctly_rounded_everywhere() {
    check_all(&TANH);
}

#[test]
#[ignore = "all 2^32 arguments: minutes in a release build, hours otherwise"]
fn sqrt_is_correctly_rounded_everywhere() {
    check_all(&SQRT);
}

#[test]
fn special_values() {
    assert!(portable::exp(f32::NAN).is_nan());
    assert_eq!(portable::exp(0.0), 1.0);
    assert_eq!(portable::exp(-0.0), 1.0);
    assert_eq!(portable::exp(f32::INFINITY), f32::INFINITY);
    assert_eq!(portable::exp(f32::NEG_INFINITY).to_bits(), 0);
    assert_eq!(portable::exp(1.0), std::f32::consts::E);

    assert!(portable::tanh(f32::NAN).is_nan());
    assert_eq!(portable::tanh(-0.0).to_bits(), (-0f32).to_bits());
    assert_eq!(portable::tanh(f32::NEG_INFINITY), -1.0);
    assert_eq!(portable::tanh(f32::from_bits(1)).to_bits(), 1);

    assert!(portable::sqrt(f32::NAN).is_nan());
    assert!(portable::sqrt(-1.0).is_nan());
    assert_eq!(portable::sqrt(-0.0).to_bits(), (-0f32).to_bits());
    assert_eq!(portable::sqrt(f32::INFINITY), f32::INFINITY);
    assert_eq!(portable::sqrt(2.25), 1.5);
}

/// The functions of the build: the portable ones, or those of a C library, which stay within a few last places.
#[test]
fn the_mode_decides_which_functions_a_build_uses() {
    let tolerance = match math::MODE {
        "portable" => 0,
        "system" => 4,
        other => panic!("unknown mode {other}"),
    };
    assert_eq!(math::MODE == "system", cfg!(feature = "system-libm"));
    for step in -80..=80 {
        let x = step as f32 / 16.0;
        let near = |ours: f32, portable: f32| ours.to_bits().abs_diff(portable.to_bits()) <= tolerance;
        assert!(near(math::exp(x), portable::exp(x)), "exp({x})");
        assert!(near(math::tanh(x), portable::tanh(x)), "tanh({x})");
        assert!(near(math::sqrt(x.abs()), portable::sqrt(x.abs())), "sqrt({x})");
    }
}
