//! A second Rust static library, as somebody else's would be: with the usual panic handler and nothing hidden.

#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

const TABLE: [f32; 5] = [0.5, 1.5, -2.25, 3.0, 10.125];

/// A number that depends on every byte. It indexes with a check, so that the library holds a way to panic.
///
/// # Safety
/// `bytes` leads to `length` readable bytes.
#[no_mangle]
pub unsafe extern "C" fn other_checksum(bytes: *const u8, length: usize) -> u32 {
    // SAFETY: as the caller promises.
    let bytes = unsafe { core::slice::from_raw_parts(bytes, length) };
    let sum: f32 = bytes.iter().map(|&byte| TABLE[usize::from(byte) % bytes.len().min(5)] + f32::from(byte)).sum();
    sum.to_bits()
}
