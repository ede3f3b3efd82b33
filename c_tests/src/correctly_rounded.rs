//! exp and tanh for the portable reference: the CORE-MATH project's, which share nothing with the engine's.
//!
//! Source: Sibidanov, Zimmermann and Glondu, "The CORE-MATH Project", ARITH 2022.

/// `expf`, correctly rounded. Called by the C references.
#[no_mangle]
pub extern "C" fn atome_test_expf(x: f32) -> f32 {
    core_math::expf(x)
}

/// `tanhf`, correctly rounded. Called by the C references.
#[no_mangle]
pub extern "C" fn atome_test_tanhf(x: f32) -> f32 {
    core_math::tanhf(x)
}
