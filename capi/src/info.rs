//! What the library says of itself.

use core::ffi::{c_char, c_int};

use crate::codes::{ATOME_ERR_CONFIG, ATOME_ERR_INVALID, ATOME_ERR_TRUNCATED};

macro_rules! c_string {
    ($($text:expr),*) => {
        concat!($($text,)* "\0").as_ptr().cast()
    };
}

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
        _ => c_string!("no such code"),
    }
}
