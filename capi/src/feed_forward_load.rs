//! Loading models with feed-forward sublayers: a container of the program's shape, whose part has as many of them a layer as the
//! program.

use core::ffi::{c_char, c_int};
use core::slice;

use atome_engine::container::{Container, ContainerError, PartKind};
use atome_engine::format::{
    body_with, classifier_body, model_body, ClassifierBody, FormatError, Sublayers, SublayersError, MAGIC,
};
use atome_engine::integer::{Check, Reason, Refusal};
use atome_engine::{Classifier, Codec, Shape};

use crate::arithmetic::{Chosen, Exact, Integer};
use crate::codes::{
    ATOME_ERR_ARITHMETIC, ATOME_ERR_CONFIG, ATOME_ERR_DAMAGED, ATOME_ERR_INVALID, ATOME_ERR_MALFORMED, ATOME_ERR_SHAPE,
    ATOME_OK,
};
use crate::config::{cache, max_classes, sublayers};
use crate::container::{bytes, code as container_code, explain as explain_container};
use crate::explain::{explain_file, push_refusal};
use crate::feed_forward::{tail, LayerWithSublayers};
use crate::formats::codec_of;
use crate::load::code;
use crate::model::LoadedLayer;
use crate::sections::{fill, walk, Others};
use crate::text::Text;
use crate::types::{atome_classifier_t, atome_model_t, atome_ternary_t};

/// An arithmetic's judgement of models with sublayers.
pub(crate) trait Judges: Chosen {
    /// As [`Chosen::takes`].
    ///
    /// # Safety
    /// As there; `sublayers` are of that shape.
    unsafe fn takes_all(shape: &Shape, body: &[u8], codec: Option<&Codec>, sublayers: &Sublayers) -> bool;

    /// As [`Chosen::reason`].
    ///
    /// # Safety
    /// As [`Judges::takes_all`].
    unsafe fn reason_of_all(shape: &Shape, body: &[u8], codec: Option<&Codec>, sublayers: &Sublayers) -> Refusal;
}

impl Judges for Exact {
    unsafe fn takes_all(_: &Shape, _: &[u8], _: Option<&Codec>, _: &Sublayers) -> bool {
        true
    }

    unsafe fn reason_of_all(_: &Shape, _: &[u8], _: Option<&Codec>, _: &Sublayers) -> Refusal {
        Refusal::BrokenWeights
    }
}

impl Judges for Integer {
    unsafe fn takes_all(shape: &Shape, body: &[u8], codec: Option<&Codec>, sublayers: &Sublayers) -> bool {
        let (mut check, mut index) = (Check::default(), 0);
        let layer = |layer: &LoadedLayer| {
            check.layer(&LayerWithSublayers { layer: *layer, sublayers: *sublayers, index });
            index += 1;
        };
        // SAFETY: as the caller promises.
        let Others { embed, final_norm, unembed } = unsafe { walk(shape, body, codec, layer) };
        check.finish(&embed, &final_norm, &unembed)
    }

    unsafe fn reason_of_all(shape: &Shape, body: &[u8], codec: Option<&Codec>, sublayers: &Sublayers) -> Refusal {
        let (mut reason, mut index) = (Reason::default(), 0);
        let layer = |layer: &LoadedLayer| {
            reason.layer(&LayerWithSublayers { layer: *layer, sublayers: *sublayers, index });
            index += 1;
        };
        // SAFETY: as the caller promises.
        let Others { embed, final_norm, unembed } = unsafe { walk(shape, body, codec, layer) };
        reason.finish(&embed, &final_norm, &unembed)
    }
}

/// A container of the program's shape that has as many sublayers a layer as the program.
struct Found<'d> {
    /// The model file.
    file: &'d [u8],
    /// The sublayers' part.
    part: &'d [u8],
    /// Both, and what lies between them.
    all: &'d [u8],
}

/// Why there is none.
enum Missing {
    /// The container is not one for the program.
    Container(ContainerError),
    /// It has another number of sublayers a layer.
    Count(usize),
}

impl Missing {
    fn code(&self) -> c_int {
        match self {
            Self::Container(error) => container_code(*error),
            Self::Count(_) => ATOME_ERR_SHAPE,
        }
    }

    fn explain(&self, text: &mut Text) {
        match self {
            Self::Container(error) => explain_container(text, error),
            Self::Count(count) => {
                text.push("model FEED_FORWARD=");
                text.push_number(*count);
                text.push("; program FEED_FORWARD=");
                text.push_number(sublayers());
            }
        }
    }
}

#[inline(never)] // a description is large: it is gone from the stack when the sections are looked at
fn find<'d>(shape: &Shape, data: &'d [u8]) -> Result<Found<'d>, Missing> {
    let container = Container::open_whole(data).map_err(Missing::Container)?;
    let file = container.payload_for(shape).map_err(Missing::Container)?;
    let part = container.part(PartKind::FEED_FORWARD).unwrap_or_default();
    // Reserved bytes count: no number of sublayers has them.
    let count = part.first_chunk().map_or(0, |head| u32::from_le_bytes(*head) as usize);
    if count != sublayers() {
        return Err(Missing::Count(count));
    }
    // Parts lie in front of the payload.
    let start = part.as_ptr().addr() - data.as_ptr().addr();
    let all = data.get(start..container.payload_offset() + file.len()).unwrap_or_default();
    Ok(Found { file, part, all })
}

fn sublayers_code(error: &SublayersError) -> c_int {
    match error {
        SublayersError::Malformed { .. } => ATOME_ERR_MALFORMED,
        SublayersError::Count { .. } | SublayersError::Length { .. } => ATOME_ERR_DAMAGED,
    }
}

/// The sections of a model file, and what reads their weights.
fn sections<'d>(shape: &Shape, file: &'d [u8]) -> Result<(&'d [u8], Option<&'static Codec>), FormatError> {
    match (model_body(shape, file), codec_of(file)) {
        (Err(FormatError::BadMagic { .. }), Some(codec)) => {
            let body = body_with(shape, codec, file)?.checked(shape)?;
            Ok((body.sections, Some(codec)))
        }
        (body, _) => Ok((body?, None)),
    }
}

/// Points a model at what was found, where the arithmetic takes it.
///
/// # Safety
/// `model` leads to a writable `atome_model_t` of a program of this shape that has sublayers; `body` has its sections.
#[inline(never)]
unsafe fn take<C: Judges>(
    model: *mut atome_model_t,
    shape: &Shape,
    found: &Found,
    body: &[u8],
    codec: Option<&'static Codec>,
) -> c_int {
    let sublayers = match Sublayers::with_codec(shape, codec, found.part) {
        Ok(sublayers) => sublayers,
        Err(error) => return sublayers_code(&error),
    };
    // SAFETY: as the caller promises.
    unsafe {
        if !C::takes_all(shape, body, codec, &sublayers) {
            return ATOME_ERR_ARITHMETIC;
        }
        fill(model, shape, body, codec);
        tail(model, shape).cast_mut().write(found.part.as_ptr());
        let identity = cache().map_or(0, |cache| (cache.fingerprint)(found.all));
        (*model).fingerprint = [identity as u32, (identity >> 32) as u32];
    }
    ATOME_OK
}

/// # Safety
/// As `atome_load`.
pub(crate) unsafe fn load<C: Judges>(model: *mut atome_model_t, data: *const u8, len: usize, is_exact: bool) -> c_int {
    let Some(layout) = C::layout() else { return ATOME_ERR_CONFIG };
    // SAFETY: the caller vouches for len bytes.
    let Some(data) = (unsafe { bytes(data, len) }).filter(|_| !model.is_null()) else { return ATOME_ERR_INVALID };
    let shape = C::shape(layout);
    let found = match find(shape, data) {
        Ok(found) => found,
        Err(missing) => return missing.code(),
    };
    match sections(shape, found.file) {
        Ok((body, _)) if is_exact && MAGIC.len() + body.len() < found.file.len() => ATOME_ERR_SHAPE,
        // SAFETY: not NULL; the caller vouches for the struct.
        Ok((body, codec)) => unsafe { take::<C>(model, shape, &found, body, codec) },
        Err(error) => code(error),
    }
}

/// # Safety
/// As `atome_classifier_load`.
pub(crate) unsafe fn classifier_load<C: Judges>(
    clf: *mut atome_classifier_t,
    data: *const u8,
    len: usize,
    is_exact: bool,
) -> c_int {
    let Some(layout) = C::layout() else { return ATOME_ERR_CONFIG };
    // SAFETY: the caller vouches for len bytes.
    let Some(data) = (unsafe { bytes(data, len) }).filter(|_| !clf.is_null()) else { return ATOME_ERR_INVALID };
    let shape = C::shape(layout);
    let found = match find(shape, data) {
        Ok(found) => found,
        Err(missing) => return missing.code(),
    };
    let ClassifierBody { model, head } = match classifier_body(shape, found.file, max_classes()) {
        Ok(body) => body,
        Err(error) => return code(error),
    };
    let (rows, cols) = (head.rows(), head.cols());
    if is_exact && Classifier::blob_len(shape, rows) < found.file.len() {
        return ATOME_ERR_SHAPE;
    }
    if C::check_head(&head).is_err() {
        return ATOME_ERR_ARITHMETIC;
    }
    // SAFETY: not NULL; the caller vouches for the struct.
    unsafe {
        let code = take::<C>(&raw mut (*clf).base, shape, &found, model, None);
        if code == ATOME_OK {
            let (packed, scale) = (head.packed().as_ptr(), head.scale());
            (*clf).head = atome_ternary_t { packed, scale, rows: rows as u16, cols: cols as u16 };
            (*clf).n_classes = rows as c_int;
        }
        code
    }
}

/// # Safety
/// As `atome_explain`; with `is_whole`, as `atome_container_explain`.
pub(crate) unsafe fn explain<C: Judges>(
    data: *const u8,
    len: usize,
    text: *mut c_char,
    size: usize,
    is_whole: bool,
) -> c_int {
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
    let shape = C::shape(layout);
    match find(shape, data) {
        Err(missing) => {
            missing.explain(&mut text);
            missing.code()
        }
        Ok(_) if !is_whole => {
            text.push("the container fits this program");
            ATOME_OK
        }
        Ok(found) => explain_found::<C>(&mut text, shape, &found),
    }
}

fn explain_found<C: Judges>(text: &mut Text, shape: &Shape, found: &Found) -> c_int {
    let body = match classifier_body(shape, found.file, max_classes()) {
        Ok(ClassifierBody { model, .. }) => Some((model, None)),
        Err(_) => sections(shape, found.file).ok(),
    };
    // What is wrong with the file, the functions for plain files tell.
    let Some((body, codec)) = body else { return explain_file::<C>(text, shape, found.file) };
    match Sublayers::with_codec(shape, codec, found.part) {
        Err(error) => {
            text.push("the feed-forward sublayers are damaged or of another shape");
            sublayers_code(&error)
        }
        // SAFETY: the sections are there.
        Ok(sublayers) => unsafe {
            if C::takes_all(shape, body, codec, &sublayers) {
                return explain_file::<C>(text, shape, found.file);
            }
            text.push("the container");
            push_refusal(text, C::reason_of_all(shape, body, codec, &sublayers));
            ATOME_ERR_ARITHMETIC
        },
    }
}

/// # Safety
/// As `atome_container_payload`.
pub(crate) unsafe fn payload<C: Chosen>(data: *const u8, len: usize, to: *mut *const u8, to_len: *mut usize) -> c_int {
    let Some(layout) = C::layout() else { return ATOME_ERR_CONFIG };
    // SAFETY: the caller vouches for len bytes.
    let data = unsafe { bytes(data, len) }.filter(|_| !to.is_null() && !to_len.is_null());
    let Some(data) = data else { return ATOME_ERR_INVALID };
    match find(C::shape(layout), data) {
        Ok(found) => {
            // SAFETY: not NULL; the caller vouches for both places.
            unsafe {
                to.write(found.file.as_ptr());
                to_len.write(found.file.len());
            }
            ATOME_OK
        }
        Err(missing) => missing.code(),
    }
}
