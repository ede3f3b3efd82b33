//! Loading containers whose signature is right: cargo feature `signed`.
//!
//! Ed25519 is ed25519-compact's. It checks indices as it goes; none of those checks can fail, but the compiler does not
//! see that, so this feature brings code into the archive that would stop in an endless loop.

use core::ffi::c_int;

use atome_engine::container::Container;
use atome_engine::Shape;
use ed25519_compact::{PublicKey, Signature};

use crate::codes::{ATOME_ERR_CONFIG, ATOME_ERR_INVALID, ATOME_ERR_SIGNATURE};
use crate::config::config;
use crate::container::{bytes, code};
use crate::load::{load_classifier_file, load_file};
use crate::types::{atome_classifier_t, atome_model_t};

/// The model file in a container that the owner of `public_key` has signed, and its shape. Signature, checksum and header are
/// right; its sections were not looked at.
///
/// # Safety
/// `data` is NULL or leads to `len` bytes, `public_key` is NULL or leads to 32, readable and unchanged for `'d`.
unsafe fn signed_file<'d>(
    data: *const u8,
    len: usize,
    public_key: *const u8,
) -> Result<(&'static Shape, &'d [u8]), c_int> {
    let layout = config().ok_or(ATOME_ERR_CONFIG)?;
    // SAFETY: as the caller promises.
    let (data, key) = unsafe { (bytes(data, len), bytes(public_key, PublicKey::BYTES)) };
    let (data, key) = (data.ok_or(ATOME_ERR_INVALID)?, key.ok_or(ATOME_ERR_INVALID)?);
    let container = Container::open(data).map_err(code)?;
    let shape = layout.shape();
    let file = container.payload_for(shape).map_err(code)?;
    let (key, signature) = key.first_chunk().zip(container.signature()).ok_or(ATOME_ERR_SIGNATURE)?;
    let verified = PublicKey::new(*key).verify(container.signed_part(), &Signature::new(*signature));
    verified.map(|()| (shape, file)).map_err(|_| ATOME_ERR_SIGNATURE)
}

/// atome_load of a container that bears a valid signature; public_key has 32 bytes (`atome keygen` makes it, `atome sign`
/// signs). Nothing of the model is used before the signature of all of it is found right. Only in archives that are built
/// with `--signed`; define ATOME_SIGNED before the include.
///
/// Returns what atome_load returns; also ATOME_ERR_INVALID (-1) for data that are no container, and ATOME_ERR_SIGNATURE (-8)
/// when the container is not signed, or by another key, or was changed after signing.
///
/// # Safety
/// `model` is NULL or writable; `data` is NULL or leads to `len` readable bytes, `public_key` is NULL or leads to 32.
#[no_mangle]
pub unsafe extern "C" fn atome_load_signed(
    model: *mut atome_model_t,
    data: *const u8,
    len: usize,
    public_key: *const u8,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        match signed_file(data, len, public_key) {
            Ok((shape, file)) if !model.is_null() => load_file(model, shape, file),
            Ok(_) => ATOME_ERR_INVALID,
            Err(code) => code,
        }
    }
}

/// atome_classifier_load of a container that bears a valid signature; everything said of atome_load_signed holds.
///
/// Returns what atome_classifier_load returns; also ATOME_ERR_INVALID (-1) for data that are no container, and
/// ATOME_ERR_SIGNATURE (-8) when the container is not signed, or by another key, or was changed after signing.
///
/// # Safety
/// `clf` is NULL or writable; `data` is NULL or leads to `len` readable bytes, `public_key` is NULL or leads to 32.
#[no_mangle]
pub unsafe extern "C" fn atome_classifier_load_signed(
    clf: *mut atome_classifier_t,
    data: *const u8,
    len: usize,
    public_key: *const u8,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        match signed_file(data, len, public_key) {
            Ok((shape, file)) if !clf.is_null() => load_classifier_file(clf, shape, file),
            Ok(_) => ATOME_ERR_INVALID,
            Err(code) => code,
        }
    }
}
