//! The power-on self-test.

use core::ffi::c_int;

use atome_engine::{self_test, SelfTestError};

/// atome_self_test: everything is as it should be.
pub const ATOME_SELF_TEST_OK: c_int = 0;
/// Additions, multiplications or divisions of floats give other bits than IEEE 754 binary32, rounded to nearest: a
/// floating-point unit that flushes to zero or rounds otherwise, or another run-time library.
pub const ATOME_SELF_TEST_ARITHMETIC: c_int = 1;
/// exp, tanh, sqrt or ln. In system mode those of the C library may be 4 units in the last place away.
pub const ATOME_SELF_TEST_MATH: c_int = 2;
/// Ternary matrices times vectors.
pub const ATOME_SELF_TEST_PROJECTION: c_int = 3;
/// Layer norm.
pub const ATOME_SELF_TEST_LAYER_NORM: c_int = 4;
/// Top-k attention.
pub const ATOME_SELF_TEST_ATTENTION: c_int = 5;
/// Convolution, recurrence and the mix of the pathways.
pub const ATOME_SELF_TEST_MIX: c_int = 6;
/// The integer arithmetic, in programs that chose it: there, nothing else is checked.
pub const ATOME_SELF_TEST_INTEGER: c_int = 7;

// The header generator wants plain numbers.
const _: () = assert!(
    SelfTestError::Arithmetic as c_int == ATOME_SELF_TEST_ARITHMETIC
        && SelfTestError::Math as c_int == ATOME_SELF_TEST_MATH
        && SelfTestError::Projection as c_int == ATOME_SELF_TEST_PROJECTION
        && SelfTestError::LayerNorm as c_int == ATOME_SELF_TEST_LAYER_NORM
        && SelfTestError::Attention as c_int == ATOME_SELF_TEST_ATTENTION
        && SelfTestError::Mix as c_int == ATOME_SELF_TEST_MIX
);

/// Power-on self-test: compares float arithmetic, the elementary functions and each kernel that predictions use here
/// (atome_kernel) with the portable definition and with recorded results, on small built-in inputs, ordinary and hostile.
/// In a program of ATOME_INTEGER it compares predictions from small built-in models with recorded results instead.
/// Needs no model and no state, and writes to its stack alone; qemu/README.md says how much of it.
///
/// Returns ATOME_SELF_TEST_OK (0), or the ATOME_SELF_TEST_ number of the first part that gives other bits.
#[no_mangle]
pub extern "C" fn atome_self_test() -> c_int {
    match self_test() {
        Ok(()) => ATOME_SELF_TEST_OK,
        Err(part) => part as c_int,
    }
}
