//! Loading: `atome_load`, `atome_classifier_load`, and for each of them a function that takes only files of exactly the length
//! of the program's shape.

use core::ffi::c_int;

use atome_engine::bytes::begins_with;
use atome_engine::format::{classifier_body, model_body, ClassifierBody, CLASSIFIER_MAGIC, MAGIC};
use atome_engine::{Classifier, Codec, FormatError, Model, Shape};

use crate::arithmetic::{Chosen, Exact};
use crate::codes::{
    ATOME_ERR_ARITHMETIC, ATOME_ERR_CONFIG, ATOME_ERR_INVALID, ATOME_ERR_MALFORMED, ATOME_ERR_SHAPE,
    ATOME_ERR_TRUNCATED, ATOME_OK,
};
use crate::config::{formats, max_classes};
use crate::container::model_file;
use crate::sections::fill;
use crate::types::{atome_classifier_t, atome_model_t, atome_ternary_t};

/// Bytes of a classifier's file in front of its first section.
pub(crate) const CLASSIFIER_HEADER: usize = CLASSIFIER_MAGIC.len() + 4;

pub(crate) const fn code(error: FormatError) -> c_int {
    match error {
        FormatError::Truncated { .. } => ATOME_ERR_TRUNCATED,
        FormatError::Malformed { .. } => ATOME_ERR_MALFORMED,
        _ => ATOME_ERR_INVALID,
    }
}

/// Loads an ATOME01 blob of this program's shape; where ATOME_FORMATS is defined, ATOME02 and ATOMEP3, too, and where
/// ATOME_CONTAINERS is, a container (ATOMEBOX) that holds a model. Nothing is copied: the model points into data, which belongs
/// to the caller, must outlive the model and must not change while it is in use. data may lie at any address, in flash too.
/// Bytes after the end are allowed, so that a model of another shape, if it is longer, loads, too, and answers with nonsense:
/// atome_load_exact refuses it. A model may be loaded again, from the same or another blob, at any time.
///
/// Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data is of another format, of one that the program
/// does not read, or too short to tell (atome_explain says which); ATOME_ERR_TRUNCATED (-2) when data ends early;
/// ATOME_ERR_CONFIG (-3) when header and library do not fit together; ATOME_ERR_MALFORMED (-5) when a byte stands for no
/// weights: in ATOME02 one above 242, in ATOMEP3 one with the code 111, in both one with a weight other than 0 behind a
/// matrix's last weight; of a container also ATOME_ERR_SHAPE (-6) and ATOME_ERR_DAMAGED (-7), see atome_container_payload; with
/// ATOME_INTEGER also ATOME_ERR_ARITHMETIC (-11). The model is untouched unless the result is ATOME_OK.
///
/// # Safety
/// `model` is NULL or writable; `data` is NULL or leads to `len` readable bytes.
#[no_mangle]
pub unsafe extern "C" fn atome_load(model: *mut atome_model_t, data: *const u8, len: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { load::<Exact>(model, data, len) }
}

/// # Safety
/// As `atome_load`.
#[inline(always)]
pub(crate) unsafe fn load<C: Chosen>(model: *mut atome_model_t, data: *const u8, len: usize) -> c_int {
    let Some(layout) = C::layout() else {
        return ATOME_ERR_CONFIG;
    };
    if model.is_null() {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: the caller vouches for len bytes.
    let data = match unsafe { model_file(data, len) } {
        Ok(data) => data,
        Err(code) => return code,
    };
    // SAFETY: not NULL; the caller vouches for the struct.
    unsafe { load_file::<C>(model, C::shape(layout), data) }
}

/// [`fill`], where the arithmetic takes the model.
///
/// # Safety
/// As [`fill`].
#[inline(always)]
pub(crate) unsafe fn fill_checked<C: Chosen>(
    model: *mut atome_model_t,
    shape: &Shape,
    body: &[u8],
    codec: Option<&Codec>,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        if !C::takes(shape, body, codec) {
            return ATOME_ERR_ARITHMETIC;
        }
        fill(model, shape, body, codec);
    }
    ATOME_OK
}

/// Loads a model file that lies in no container.
///
/// # Safety
/// `model` leads to a writable `atome_model_t` of the program's shape.
#[inline(always)] // a program mostly has one of its callers, and calls among those would go through names that others may take
pub(crate) unsafe fn load_file<C: Chosen>(model: *mut atome_model_t, shape: &Shape, file: &[u8]) -> c_int {
    match (model_body(shape, file), formats()) {
        // SAFETY: as the caller promises.
        (Ok(body), _) => unsafe { fill_checked::<C>(model, shape, body, None) },
        // SAFETY: as the caller promises.
        (Err(FormatError::BadMagic { .. }), Some(formats)) => unsafe { (formats.load)(model, shape, file, false) },
        (Err(error), _) => code(error),
    }
}

/// atome_load of data that have exactly the length of a model of this program's shape: how a program notices that the model
/// in it is of another shape, which no format but the container's tells. Data that are longer give ATOME_ERR_SHAPE (-6),
/// data that are shorter ATOME_ERR_TRUNCATED (-2), and nothing is loaded; everything else is as in atome_load. In a container,
/// the model in it has to have that length; bytes behind the container are allowed. ATOME_BLOB_SIZE_ATOME01 and its like are
/// these lengths; atome_explain says what shape the data fit.
///
/// Returns what atome_load returns.
///
/// # Safety
/// `model` is NULL or writable; `data` is NULL or leads to `len` readable bytes.
#[no_mangle]
pub unsafe extern "C" fn atome_load_exact(model: *mut atome_model_t, data: *const u8, len: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { load_exact::<Exact>(model, data, len) }
}

/// # Safety
/// As `atome_load_exact`.
#[inline(always)]
pub(crate) unsafe fn load_exact<C: Chosen>(model: *mut atome_model_t, data: *const u8, len: usize) -> c_int {
    let Some(layout) = C::layout() else {
        return ATOME_ERR_CONFIG;
    };
    if model.is_null() {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: the caller vouches for len bytes.
    let file = match unsafe { model_file(data, len) } {
        Ok(file) => file,
        Err(code) => return code,
    };
    let shape = C::shape(layout);
    if begins_with(file, MAGIC) {
        if Model::blob_len(shape) < file.len() {
            return ATOME_ERR_SHAPE;
        }
    } else if let Some(formats) = formats() {
        // SAFETY: not NULL; the caller vouches for the struct.
        return unsafe { (formats.load)(model, shape, file, true) };
    }
    // SAFETY: not NULL; the caller vouches for the struct.
    unsafe { load_file::<C>(model, shape, file) }
}

/// Loads an ATOMECL01 blob, or a container that holds one, of this program's shape; everything said of atome_load holds.
///
/// Returns ATOME_OK (0); ATOME_ERR_INVALID (-1) when a pointer is NULL, data is not ATOMECL01 or too short to tell, or its
/// number of classes is not 1 to ATOME_MAX_CLASSES; ATOME_ERR_TRUNCATED (-2) when data ends early; ATOME_ERR_CONFIG (-3)
/// when header and library do not fit together; of a container also ATOME_ERR_SHAPE (-6) and ATOME_ERR_DAMAGED (-7); with
/// ATOME_INTEGER also ATOME_ERR_ARITHMETIC (-11). The classifier is untouched unless the result is ATOME_OK.
///
/// # Safety
/// `clf` is NULL or writable; `data` is NULL or leads to `len` readable bytes.
#[no_mangle]
pub unsafe extern "C" fn atome_classifier_load(clf: *mut atome_classifier_t, data: *const u8, len: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { classifier_load::<Exact>(clf, data, len) }
}

/// # Safety
/// As `atome_classifier_load`.
#[inline(always)]
pub(crate) unsafe fn classifier_load<C: Chosen>(clf: *mut atome_classifier_t, data: *const u8, len: usize) -> c_int {
    let Some(layout) = C::layout() else {
        return ATOME_ERR_CONFIG;
    };
    if clf.is_null() {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: the caller vouches for len bytes.
    let data = match unsafe { model_file(data, len) } {
        Ok(data) => data,
        Err(code) => return code,
    };
    // SAFETY: not NULL; the caller vouches for the struct.
    unsafe { load_classifier_file::<C>(clf, C::shape(layout), data) }
}

/// Loads a classifier's file that lies in no container.
///
/// # Safety
/// `clf` leads to a writable `atome_classifier_t` of the program's shape.
#[inline(always)] // as `load_file`
pub(crate) unsafe fn load_classifier_file<C: Chosen>(
    clf: *mut atome_classifier_t,
    shape: &Shape,
    file: &[u8],
) -> c_int {
    match classifier_body(shape, file, max_classes()) {
        Ok(ClassifierBody { model, head }) => {
            let (rows, cols) = (head.rows(), head.cols());
            let (packed, scale) = (head.packed().as_ptr(), head.scale());
            // SAFETY: as the caller promises.
            unsafe {
                if !C::takes(shape, model, None) || C::check_head(&head).is_err() {
                    return ATOME_ERR_ARITHMETIC;
                }
                (*clf).head = atome_ternary_t { packed, scale, rows: rows as u16, cols: cols as u16 };
                (*clf).n_classes = rows as c_int;
                fill(&raw mut (*clf).base, shape, model, None);
            }
            ATOME_OK
        }
        Err(error) => code(error),
    }
}

/// atome_classifier_load of data that have exactly the length of a classifier of this program's shape and the number of
/// classes that they name; everything said of atome_load_exact holds. ATOME_BLOB_SIZE_ATOMECL01 is that length.
///
/// Returns what atome_classifier_load returns.
///
/// # Safety
/// `clf` is NULL or writable; `data` is NULL or leads to `len` readable bytes.
#[no_mangle]
pub unsafe extern "C" fn atome_classifier_load_exact(
    clf: *mut atome_classifier_t,
    data: *const u8,
    len: usize,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { classifier_load_exact::<Exact>(clf, data, len) }
}

/// # Safety
/// As `atome_classifier_load_exact`.
#[inline(always)]
pub(crate) unsafe fn classifier_load_exact<C: Chosen>(
    clf: *mut atome_classifier_t,
    data: *const u8,
    len: usize,
) -> c_int {
    let Some(layout) = C::layout() else {
        return ATOME_ERR_CONFIG;
    };
    if clf.is_null() {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: the caller vouches for len bytes.
    let file = match unsafe { model_file(data, len) } {
        Ok(file) => file,
        Err(code) => return code,
    };
    let shape = C::shape(layout);
    if classes(file).is_some_and(|n_classes| Classifier::blob_len(shape, n_classes) < file.len()) {
        return ATOME_ERR_SHAPE;
    }
    // SAFETY: not NULL; the caller vouches for the struct.
    unsafe { load_classifier_file::<C>(clf, shape, file) }
}

/// The number of classes that a file names, where it is a classifier's that the program may load.
fn classes(file: &[u8]) -> Option<usize> {
    let count = file.strip_prefix(CLASSIFIER_MAGIC)?.first_chunk()?;
    usize::try_from(i32::from_le_bytes(*count)).ok().filter(|&n_classes| n_classes >= 1 && n_classes <= max_classes())
}
