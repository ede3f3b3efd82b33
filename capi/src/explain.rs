//! Why a model file does or does not load, in words: `atome_explain`.
//!
//! Nothing else in the library refers to this, so that a program that does not call it links none of it.

use core::ffi::{c_char, c_int};
use core::slice;

use atome_engine::container::{Container, MAGIC as CONTAINER_MAGIC};
use atome_engine::format::{any_body, classifier_body, CLASSIFIER_MAGIC};
use atome_engine::integer::Refusal;
use atome_engine::{Classifier, Codec, Dims, FormatError, Model, Packing, Shape};
use atome_recover::{clear_shape, recover, Known, Ranges};

use crate::arithmetic::{Chosen, Exact};
use crate::codes::{
    ATOME_ERR_ARITHMETIC, ATOME_ERR_CONFIG, ATOME_ERR_INVALID, ATOME_ERR_SHAPE, ATOME_ERR_TRUNCATED, ATOME_OK,
};
use crate::config::{container_reader, formats, max_classes};
use crate::container::{bytes, code as container_code, explain as explain_container};
use crate::load::{code, CLASSIFIER_HEADER};
use crate::text::Text;

/// Says in English why atome_load_exact or, for a classifier's file, atome_classifier_load_exact takes or refuses these data;
/// of a model of another shape it names the macros that fit the file and those of this program. Files that carry no shape
/// are searched for one, which looks at every byte many times over: meant for a host and for a laboratory's console. Writes
/// at most size bytes to text, a NUL at the end included, and cuts what has no room; 512 bytes are always enough.
///
/// Returns what those functions return; ATOME_ERR_INVALID (-1), with nothing written, when a pointer is NULL or size is 0.
///
/// # Safety
/// `data` is NULL or leads to `len` readable bytes; `text` is NULL or has room for `size` bytes.
#[no_mangle]
pub unsafe extern "C" fn atome_explain(data: *const u8, len: usize, text: *mut c_char, size: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { explain::<Exact>(data, len, text, size) }
}

/// # Safety
/// As `atome_explain`.
#[inline(always)]
pub(crate) unsafe fn explain<C: Chosen>(data: *const u8, len: usize, text: *mut c_char, size: usize) -> c_int {
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
    if !data.starts_with(CONTAINER_MAGIC) {
        return explain_file::<C>(&mut text, shape, data);
    }
    if container_reader().is_none() {
        text.push("a container, which a program reads that defines ATOME_CONTAINERS");
        return ATOME_ERR_INVALID;
    }
    match Container::open(data).and_then(|container| container.payload_for(shape)) {
        Ok(file) => explain_file::<C>(&mut text, shape, file),
        Err(error) => {
            explain_container(&mut text, &error);
            container_code(error)
        }
    }
}

/// What a file says of itself in front of its sections.
struct Header {
    name: &'static str,
    len: usize,
    packing: Packing,
    n_classes: Option<usize>,
}

fn header(file: &[u8]) -> Option<Header> {
    if let Some(rest) = file.strip_prefix(CLASSIFIER_MAGIC) {
        let n_classes = usize::try_from(i32::from_le_bytes(*rest.first_chunk()?)).unwrap_or(0);
        let (len, packing) = (CLASSIFIER_HEADER, Packing::TwoBits);
        return Some(Header { name: "ATOMECL01", len, packing, n_classes: Some(n_classes) });
    }
    let packing = Packing::of_magic(file.get(..7)?)?;
    let name = match packing {
        Packing::TwoBits => "ATOME01",
        Packing::BaseThree => "ATOME02",
        Packing::PowersOfThree => "ATOMEP3",
    };
    Some(Header { name, len: packing.magic().len(), packing, n_classes: None })
}

fn explain_file<C: Chosen>(text: &mut Text, shape: &Shape, file: &[u8]) -> c_int {
    let Some(header) = header(file) else {
        text.push(if file.starts_with(b"PK\x03\x04") {
            "a zip file, perhaps a PyTorch checkpoint: `atome export` makes a model file of it"
        } else {
            "no model file: expected one that begins with ATOME01, ATOME02, ATOMEP3, ATOMECL01 or ATOMEBOX"
        });
        return ATOME_ERR_INVALID;
    };
    text.push(header.name);
    if header.packing != Packing::TwoBits && formats().is_none() {
        text.push(", which a program reads that defines ATOME_FORMATS");
        return ATOME_ERR_INVALID;
    }
    let needed = match header.n_classes {
        None => Model::packed_blob_len(shape, header.packing),
        Some(count) if count == 0 || count > max_classes() => {
            text.push(" with ");
            text.push_number(count);
            text.push(" classes, expected 1 to ");
            text.push_number(max_classes());
            text.push(" (ATOME_MAX_CLASSES)");
            return ATOME_ERR_INVALID;
        }
        Some(count) => Classifier::blob_len(shape, count),
    };
    if file.len() != needed {
        return explain_length(text, shape, file, &header, needed);
    }
    let read = match header.n_classes {
        // SAFETY: the body has the sections of the shape.
        None => any_body(shape, file).map(|body| unsafe { check::<C>(shape, body.sections, body.codec) }),
        Some(_) => classifier_body(shape, file, max_classes()).map(|body| {
            // SAFETY: as above.
            let base = unsafe { check::<C>(shape, body.model, None) };
            base.and(C::check_head(&body.head))
        }),
    };
    match read {
        Ok(Ok(())) => {
            text.push(": fits this program");
            ATOME_OK
        }
        Ok(Err(refusal)) => {
            push_refusal(text, refusal);
            ATOME_ERR_ARITHMETIC
        }
        Err(error) => {
            if let FormatError::Malformed { offset, found, .. } = error {
                text.push(": the byte at offset ");
                text.push_number(offset);
                text.push(" is ");
                text.push_number(found.into());
                text.push(", which stands for no weights");
            }
            code(error)
        }
    }
}

/// Whether the arithmetic takes a model.
///
/// # Safety
/// As [`Chosen::takes`].
unsafe fn check<C: Chosen>(shape: &Shape, body: &[u8], codec: Option<&Codec>) -> Result<(), Refusal> {
    // SAFETY: as the caller promises.
    unsafe {
        if C::takes(shape, body, codec) {
            Ok(())
        } else {
            Err(C::reason(shape, body, codec))
        }
    }
}

/// What keeps the integer arithmetic from taking a model.
fn push_refusal(text: &mut Text, refusal: Refusal) {
    match refusal {
        Refusal::NotFinite { layer, part } => {
            text.push(": ");
            text.push(part);
            if let Some(layer) = layer {
                text.push(" of layer ");
                text.push_number(layer);
            }
            text.push(" holds an infinity or NaN");
        }
        Refusal::SmallEmbedding => text.push(": what the layers may add dwarfs the embedding's scale"),
        Refusal::TooManySublayers => text.push(": more layers and sublayers than 65535"),
        Refusal::BrokenWeights => text.push(": a layer is missing"),
    }
    text.push(", which ATOME_INTEGER does not take");
}

/// A file of another length than the program's shape has.
fn explain_length(text: &mut Text, shape: &Shape, file: &[u8], header: &Header, needed: usize) -> c_int {
    text.push(" of ");
    text.push_number(file.len());
    text.push(" bytes, expected ");
    text.push_number(needed);
    text.push(" for this program's shape; ");
    let body = file.get(header.len..).unwrap_or_default();
    let of_program = file.get(header.len..needed).is_some_and(|body| fits(body, header, shape));
    let known = Known { packing: header.packing, n_classes: header.n_classes, ranges: Ranges::default() };
    if of_program {
        text.push_number(file.len().saturating_sub(needed));
        text.push(" bytes lie behind a model of that shape");
    } else if let Some(found) = clear_shape(body, &known) {
        text.push("the file fits");
        push_differences(text, &found, &shape.dims());
    } else {
        text.push("no one shape stands out that fits the file, which may be cut or damaged");
    }
    if file.len() > needed {
        ATOME_ERR_SHAPE
    } else {
        ATOME_ERR_TRUNCATED
    }
}

/// Whether the bytes look like a model of this shape.
fn fits(body: &[u8], header: &Header, shape: &Shape) -> bool {
    let Dims { vocab_size, d_model, n_layers, d_head, kernel_size, n_pathways, .. } = shape.dims();
    let ranges = Ranges {
        vocab_size: vocab_size..=vocab_size,
        d_model: d_model..=d_model,
        n_layers: n_layers..=n_layers,
        d_head: d_head..=d_head,
        kernel_size: kernel_size..=kernel_size,
        n_pathways: n_pathways..=n_pathways,
    };
    let mut is_one = false;
    let known = Known { packing: header.packing, n_classes: header.n_classes, ranges };
    recover(body, &known, &mut |_| is_one = true).is_ok() && is_one
}

/// The macros that are not the program's.
fn push_differences(text: &mut Text, file: &Dims, program: &Dims) {
    for (name, found, here) in [
        (" ATOME_VOCAB_SIZE=", file.vocab_size, program.vocab_size),
        (" ATOME_D_MODEL=", file.d_model, program.d_model),
        (" ATOME_N_LAYERS=", file.n_layers, program.n_layers),
        (" ATOME_D_HEAD=", file.d_head, program.d_head),
        (" ATOME_KERNEL_SIZE=", file.kernel_size, program.kernel_size),
        (" ATOME_N_PATHWAYS=", file.n_pathways, program.n_pathways),
    ] {
        if found != here {
            text.push(name);
            text.push_number(found);
            text.push(" (here ");
            text.push_number(here);
            text.push(")");
        }
    }
}
