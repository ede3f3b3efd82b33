//! What the library says of itself.

use core::ffi::{c_char, c_int, CStr};

use atome_engine::kernel::Kernel;

use crate::codes::{
    ATOME_ERR_ARITHMETIC, ATOME_ERR_CONFIG, ATOME_ERR_DAMAGED, ATOME_ERR_GRAMMAR, ATOME_ERR_INVALID,
    ATOME_ERR_MALFORMED, ATOME_ERR_OUTDATED, ATOME_ERR_PLAN, ATOME_ERR_PRODUCT, ATOME_ERR_SHAPE, ATOME_ERR_SIGNATURE,
    ATOME_ERR_TRUNCATED, ATOME_OK,
};

/// A constant string for C.
macro_rules! c_string {
    ($($text:expr),*) => {
        concat!($($text,)* "\0").as_ptr().cast()
    };
}

pub(crate) use c_string;

/// Version of the library, such as "0.1.0". A constant string; not to be freed.
#[no_mangle]
pub extern "C" fn atome_version() -> *const c_char {
    c_string!(env!("CARGO_PKG_VERSION"))
}

/// How exp, tanh and sqrt are computed. "portable": correctly rounded, the same bits on every chip. "system": by expf,
/// tanhf and sqrtf of the C library that the program links, the same bits as the C99 engine built by the same toolchain. A
/// constant string; not to be freed.
#[no_mangle]
pub extern "C" fn atome_mode() -> *const c_char {
    if cfg!(feature = "system-libm") {
        c_string!("system")
    } else {
        c_string!("portable")
    }
}

/// Which instructions compute: "avx512", "avx2" or "sse2" on x86-64, the best that the processor has; "neon" on aarch64; on
/// microcontrollers the one way that the archive was built with; "portable" where there is nothing faster than plain code.
/// All give the same bits. A constant string; not to be freed.
#[no_mangle]
pub extern "C" fn atome_kernel() -> *const c_char {
    Kernel::current().c_name().as_ptr()
}

/// Computes as `name` says from now on, in the whole program: one of the names of atome_kernel. For tests and measurements.
///
/// Returns 0; ATOME_ERR_INVALID (-1), and changes nothing, when name is NULL or this processor or archive has no such way.
///
/// # Safety
/// `name` is NULL or a C string.
#[no_mangle]
pub unsafe extern "C" fn atome_select_kernel(name: *const c_char) -> c_int {
    if name.is_null() {
        return ATOME_ERR_INVALID;
    }
    // Byte by byte, as far as they agree: `CStr::from_ptr` would ask the program for strlen.
    // SAFETY: not NULL, so a C string, as the caller promises; nothing behind its end is read, because `all` stops there.
    let is = |expected: &CStr| unsafe {
        expected
            .to_bytes_with_nul()
            .iter()
            .enumerate()
            .all(|(index, &byte)| name.add(index).cast::<u8>().read() == byte)
    };
    match Kernel::ALL.into_iter().find(|kernel| is(kernel.c_name())) {
        Some(kernel) if kernel.select() => ATOME_OK,
        _ => ATOME_ERR_INVALID,
    }
}

/// What a return code means, in one English sentence without a full stop; every result from 0 on is "success". A constant
/// string; not to be freed.
#[no_mangle]
pub extern "C" fn atome_error_text(code: c_int) -> *const c_char {
    match code {
        0.. => c_string!("success"),
        ATOME_ERR_INVALID => {
            c_string!("NULL, a number out of range, a model that was never loaded, or data of another format")
        }
        ATOME_ERR_TRUNCATED => c_string!("the data ends before a model of this program's shape does"),
        ATOME_ERR_CONFIG => {
            c_string!("atome.h and libatome.a do not fit together, or a shape macro is out of range")
        }
        ATOME_ERR_PLAN => c_string!("a stream needs the cached memory plan, and the program has another"),
        ATOME_ERR_MALFORMED => c_string!("a byte of the model's weights stands for no weights in its format"),
        ATOME_ERR_SHAPE => c_string!("the model is of another shape than the program's"),
        ATOME_ERR_DAMAGED => c_string!("the container or grammar is damaged: its checksum, header or table is wrong"),
        ATOME_ERR_SIGNATURE => c_string!("the container bears no valid signature of this key"),
        ATOME_ERR_PRODUCT => c_string!("the model is for another product"),
        ATOME_ERR_OUTDATED => c_string!("the model is older than the program takes"),
        ATOME_ERR_ARITHMETIC => c_string!("the model's numbers are not for the integer arithmetic"),
        ATOME_ERR_GRAMMAR => c_string!("no text of the grammar can be made here by this model"),
        _ => c_string!("no such code"),
    }
}
