//! Which mutant this process is to run, said by its environment. Written by `cargo xtask mutants`.

extern crate std;

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::io::Write;

/// Not read yet; none; none, and functions are noted as they are entered.
const UNKNOWN: u32 = u32::MAX;
const NONE: u32 = u32::MAX - 1;
const NOTING: u32 = u32::MAX - 2;

static CHOSEN: AtomicU32 = AtomicU32::new(UNKNOWN);
static ENTERED: [AtomicBool; 1 << 14] = [const { AtomicBool::new(false) }; 1 << 14];

/// The number of the chosen mutant, counted from a function's first; too large for any where it is another function's. The
/// compiler evaluates the original.
#[inline(always)]
pub const fn chosen(first: u32) -> u32 {
    core::intrinsics::const_eval_select((first,), compiled, running)
}

const fn compiled(_: u32) -> u32 {
    u32::MAX
}

#[inline(always)]
fn running(first: u32) -> u32 {
    let chosen = CHOSEN.load(Relaxed);
    if chosen >= NOTING { special(first) } else { chosen.wrapping_sub(first) }
}

#[cold]
#[inline(never)]
fn special(first: u32) -> u32 {
    if CHOSEN.load(Relaxed) == UNKNOWN {
        let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
        let noting = std::env::var_os("MUTANTS_ENTERED").is_some();
        CHOSEN.store(number("MUTANT").unwrap_or(if noting { NOTING } else { NONE }), Relaxed);
        return running(first);
    }
    if CHOSEN.load(Relaxed) == NOTING && !ENTERED[first as usize].swap(true, Relaxed) {
        let path = std::env::var_os("MUTANTS_ENTERED").unwrap_or_default();
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        let _ = file.and_then(|mut file| std::writeln!(file, "{first}"));
    }
    u32::MAX
}
