//! Containers: a model file that says what is in it (docs/container.md).

use core::ffi::{c_char, c_int};
use core::slice;

use atome_engine::bytes::begins_with;
use atome_engine::container::{Container, ContainerError, Description, PartFault, Tokenizer, MAGIC};
use atome_engine::{Dims, Shape};

use crate::arithmetic::{Chosen, Exact};
use crate::codes::{
    ATOME_ERR_CONFIG, ATOME_ERR_DAMAGED, ATOME_ERR_INVALID, ATOME_ERR_OUTDATED, ATOME_ERR_PRODUCT, ATOME_ERR_SHAPE,
    ATOME_ERR_TRUNCATED, ATOME_OK,
};
use crate::config::container_reader;
use crate::text::Text;
use crate::types::atome_container_info_t;

pub(crate) const fn code(error: ContainerError) -> c_int {
    match error {
        // A part of a later kind asks for a later library, as a later version does.
        ContainerError::NotAContainer
        | ContainerError::Version { .. }
        | ContainerError::Part { fault: PartFault::Unknown(_) | PartFault::FeedForward, .. } => ATOME_ERR_INVALID,
        ContainerError::Truncated { .. } => ATOME_ERR_TRUNCATED,
        ContainerError::Checksum { .. } | ContainerError::Field { .. } | ContainerError::Part { .. } => {
            ATOME_ERR_DAMAGED
        }
        ContainerError::Shape { .. } => ATOME_ERR_SHAPE,
        ContainerError::Product { .. } => ATOME_ERR_PRODUCT,
        ContainerError::Outdated { .. } => ATOME_ERR_OUTDATED,
    }
}

/// `len` bytes at `data`.
///
/// # Safety
/// `data` is NULL or leads to `len` bytes that stay readable and unchanged for `'d`.
pub(crate) unsafe fn bytes<'d>(data: *const u8, len: usize) -> Option<&'d [u8]> {
    // SAFETY: not NULL; the caller vouches for len bytes.
    (!data.is_null()).then(|| unsafe { slice::from_raw_parts(data, len.min(isize::MAX as usize)) })
}

/// The model file that is to be loaded: the one in a container, where the program reads containers and the data are one, or
/// the data themselves.
///
/// # Safety
/// As [`bytes`].
#[inline]
pub(crate) unsafe fn model_file<'d>(data: *const u8, len: usize) -> Result<&'d [u8], c_int> {
    let (mut data, mut len) = (data, len);
    if let Some(read) = container_reader() {
        // SAFETY: the caller vouches for the data; the other two are places of ours.
        let code = unsafe { read(data, len, &mut data, &mut len) };
        if code != ATOME_OK {
            return Err(code);
        }
    }
    // SAFETY: the caller's data, or a part of them.
    unsafe { bytes(data, len) }.ok_or(ATOME_ERR_INVALID)
}

/// Checks a container and finds the model file in it: what atome_load and atome_classifier_load do with data that begin
/// with ATOMEBOX. Reads every byte of it. Data that are no container are their own model file, unchecked.
///
/// Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL or the container is of another version;
/// ATOME_ERR_TRUNCATED (-2) when data end early; ATOME_ERR_CONFIG (-3) when header and library do not fit together;
/// ATOME_ERR_SHAPE (-6) when the model is of another shape than this program, see atome_explain;
/// ATOME_ERR_DAMAGED (-7) when the checksum or the header is wrong. payload and payload_len are untouched unless the result
/// is ATOME_OK.
/// cbindgen:prefix=ATOME_HIDDEN_ ATOME_WEAK_
///
/// # Safety
/// `data` is NULL or leads to `len` readable bytes; `payload` and `payload_len` are NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn atome_container_payload(
    data: *const u8,
    len: usize,
    payload: *mut *const u8,
    payload_len: *mut usize,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { payload_of::<Exact>(data, len, payload, payload_len) }
}

/// # Safety
/// As `atome_container_payload`.
#[inline(always)]
pub(crate) unsafe fn payload_of<C: Chosen>(
    data: *const u8,
    len: usize,
    payload: *mut *const u8,
    payload_len: *mut usize,
) -> c_int {
    // SAFETY: as the caller promises.
    let Some(data) = (unsafe { bytes(data, len) }) else {
        return ATOME_ERR_INVALID;
    };
    if payload.is_null() || payload_len.is_null() {
        return ATOME_ERR_INVALID;
    }
    let found = if begins_with(data, MAGIC) { checked_payload::<C>(data) } else { Ok(data) };
    match found {
        Ok(file) => {
            // SAFETY: not NULL; the caller vouches for both places.
            unsafe {
                payload.write(file.as_ptr());
                payload_len.write(file.len());
            }
            ATOME_OK
        }
        Err(code) => code,
    }
}

fn checked_payload<C: Chosen>(data: &[u8]) -> Result<&[u8], c_int> {
    let layout = C::layout().ok_or(ATOME_ERR_CONFIG)?;
    let container = Container::open(data).map_err(code)?;
    if container.about().shape != *C::shape(layout) {
        return Err(ATOME_ERR_SHAPE);
    }
    Ok(container.payload())
}

/// Reads what a container says of its model, whatever the shape of this program.
///
/// Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data are no container or of another version;
/// ATOME_ERR_TRUNCATED (-2) when data end early; ATOME_ERR_DAMAGED (-7) when the checksum or the header is wrong. info is
/// untouched unless the result is ATOME_OK.
///
/// # Safety
/// `data` is NULL or leads to `len` readable bytes; `info` is NULL or writable.
#[no_mangle]
pub unsafe extern "C" fn atome_container_info(data: *const u8, len: usize, info: *mut atome_container_info_t) -> c_int {
    // SAFETY: as the caller promises.
    let Some(data) = (unsafe { bytes(data, len) }).filter(|_| !info.is_null()) else {
        return ATOME_ERR_INVALID;
    };
    let container = match Container::open(data) {
        Ok(container) => container,
        Err(error) => return code(error),
    };
    let Description { shape, window, n_classes, weights, tokenizer, training_digest, product, model_version, .. } =
        *container.about();
    let Dims { vocab_size, d_model, n_layers, d_head, kernel_size, n_pathways, top_k } = shape.dims();
    // SAFETY: not NULL; the caller vouches for the place.
    unsafe {
        info.write(atome_container_info_t {
            d_model: d_model as u16,
            n_layers: n_layers as u16,
            d_head: d_head as u16,
            kernel_size: kernel_size as u16,
            n_pathways: n_pathways as u16,
            vocab_size: vocab_size as u16,
            top_k: top_k as u16,
            window,
            n_classes,
            weights: weights as u16,
            tokens_are_bytes: u16::from(tokenizer == Tokenizer::Bytes),
            is_signed: u16::from(container.is_signed()),
            training_digest,
            product,
            model_version,
            key_id: container.key_id().unwrap_or_default(),
        });
    }
    ATOME_OK
}

/// Says in English why a container can or cannot be loaded by this program; of a model of another shape it names both
/// shapes. atome_explain does it for every kind of model file. Writes at most size bytes to text, a NUL at the end included,
/// and cuts what has no room; 256 bytes are always enough.
///
/// Returns what atome_container_payload returns for data that are a container, and ATOME_ERR_INVALID (-1) for others and
/// when a pointer is NULL or size is 0 (nothing is written then).
///
/// # Safety
/// `data` is NULL or leads to `len` readable bytes; `text` is NULL or has room for `size` bytes.
#[no_mangle]
pub unsafe extern "C" fn atome_container_explain(data: *const u8, len: usize, text: *mut c_char, size: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { explain_for::<Exact>(data, len, text, size) }
}

/// # Safety
/// As `atome_container_explain`.
#[inline(always)]
pub(crate) unsafe fn explain_for<C: Chosen>(data: *const u8, len: usize, text: *mut c_char, size: usize) -> c_int {
    // SAFETY: as the caller promises.
    let Some(data) = (unsafe { bytes(data, len) }).filter(|_| !text.is_null() && size > 0) else {
        return ATOME_ERR_INVALID;
    };
    // SAFETY: not NULL; the caller vouches for size bytes.
    let mut text = Text::new(unsafe { slice::from_raw_parts_mut(text.cast(), size.min(isize::MAX as usize)) });
    let Some(layout) = C::layout() else {
        text.push("atome.h and libatome.a do not fit together");
        return ATOME_ERR_CONFIG;
    };
    let found = Container::open(data).and_then(|container| container.payload_for(C::shape(layout)));
    match found {
        Ok(_) => {
            text.push("the container fits this program");
            ATOME_OK
        }
        Err(error) => {
            explain(&mut text, &error);
            code(error)
        }
    }
}

/// What is wrong with a container.
pub(crate) fn explain(text: &mut Text, error: &ContainerError) {
    match *error {
        ContainerError::NotAContainer => text.push("this is no container"),
        ContainerError::Version { found } => {
            text.push("container of version ");
            text.push_number(usize::from(found));
            text.push(", expected 1");
        }
        ContainerError::Truncated { len, needed } => {
            text.push("ends after ");
            text.push_number(len);
            text.push(" bytes, expected ");
            text.push_number(needed);
        }
        ContainerError::Checksum { .. } => text.push("the container is damaged: wrong checksum"),
        ContainerError::Field { offset } | ContainerError::Part { offset, .. } => {
            text.push("offset ");
            text.push_number(offset);
            text.push(": expected ");
            text.push(error.expected());
        }
        ContainerError::Shape { container, program } => {
            text.push("model ");
            push_shape(text, &container);
            text.push("; program ");
            push_shape(text, &program);
        }
        // Found by those alone who ask for a product, and they give a code.
        ContainerError::Product { .. } | ContainerError::Outdated { .. } => {}
    }
}

fn push_shape(text: &mut Text, shape: &Shape) {
    let Dims { vocab_size, d_model, n_layers, d_head, kernel_size, n_pathways, top_k } = shape.dims();
    for (name, value) in [
        ("VOCAB_SIZE=", vocab_size),
        (" D_MODEL=", d_model),
        (" N_LAYERS=", n_layers),
        (" D_HEAD=", d_head),
        (" KERNEL_SIZE=", kernel_size),
        (" N_PATHWAYS=", n_pathways),
        (" TOP_K=", top_k),
    ] {
        text.push(name);
        text.push_number(value);
    }
}
