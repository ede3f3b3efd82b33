//! The compiler's calls for float arithmetic, answered here where the C toolchain's library is slower.
//!
//! The finished archive keeps these names to itself: the firmware's own arithmetic stays with its library.

use atome_engine::kernel::fixed_point::arithmetic;

/// Defines calls of the run-time ABI; floats are passed as their bits in any case.
macro_rules! calls {
    ($($name:ident($a:ident, $b:ident) => $result:expr;)*) => {$(
        // SAFETY: the name is the compiler's for just this operation, or begins with this project's.
        #[unsafe(no_mangle)]
        extern "C" fn $name($a: u32, $b: u32) -> u32 {
            $result
        }
    )*};
}

// ARMv6-M has neither atomics nor Thumb-2.
#[cfg(all(target_arch = "arm", not(target_has_atomic = "32")))]
core::arch::global_asm!(include_str!("runtime_thumb1.s"), options(raw));
#[cfg(all(target_arch = "arm", not(target_has_atomic = "32")))]
calls! {
    __atome_multiply_any(a, b) => arithmetic::multiply(a, b);
}

#[cfg(all(target_arch = "arm", target_has_atomic = "32"))]
core::arch::global_asm!(include_str!("runtime_thumb2.s"), options(raw));
#[cfg(target_arch = "arm")]
calls! {
    __atome_add_any(a, b) => arithmetic::add_any(a, b);
}

#[cfg(target_arch = "riscv32")]
calls! {
    __mulsf3(a, b) => arithmetic::multiply(a, b);
    __addsf3(a, b) => arithmetic::add(a, b);
    __subsf3(a, b) => arithmetic::add(a, b ^ 1 << 31);
}
