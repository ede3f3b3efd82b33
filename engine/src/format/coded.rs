//! Files whose weights do not lie two bits each: ATOME02 and ATOMEP3.

use super::error::FormatError;
use super::model::model_body;
use crate::bytes::begins_with;
use crate::codec::{Codec, Fault};
use crate::shape::Shape;

/// What a model file holds behind its magic.
#[derive(Clone, Copy, Debug)]
pub struct CodedBody<'a> {
    /// The sections, trailing bytes cut off.
    pub sections: &'a [u8],
    /// What reads the weights; `None` for 2-bit weights.
    pub codec: Option<&'static Codec>,
}

/// Bytes of a magic.
const MAGIC: usize = 7;

/// The sections of an ATOME01, ATOME02 or ATOMEP3 file of the given shape.
///
/// # Errors
/// As [`coded_body`].
pub fn any_body<'a>(shape: &Shape, data: &'a [u8]) -> Result<CodedBody<'a>, FormatError> {
    match model_body(shape, data) {
        Ok(sections) => Ok(CodedBody { sections, codec: None }),
        Err(FormatError::BadMagic { .. }) => coded_body(shape, data),
        Err(error) => Err(error),
    }
}

/// The sections of an ATOME02 or ATOMEP3 file of the given shape.
///
/// # Errors
/// [`FormatError::TooShort`] or [`FormatError::BadMagic`] where this is no such file, [`FormatError::Truncated`] where it
/// ends early, [`FormatError::Malformed`] where a byte stands for no weights.
pub fn coded_body<'a>(shape: &Shape, data: &'a [u8]) -> Result<CodedBody<'a>, FormatError> {
    let Some(rest) = data.get(MAGIC..) else {
        return Err(FormatError::TooShort { len: data.len(), needed: MAGIC });
    };
    let Some(codec) = codec_of(data) else {
        return Err(FormatError::BadMagic { expected: "ATOME01, ATOME02 or ATOMEP3" });
    };
    let (end, _) = walk(shape, codec, &[]);
    let Some(sections) = rest.get(..end) else {
        return Err(FormatError::Truncated { len: data.len(), needed: end.saturating_add(MAGIC) });
    };
    let (_, fault) = walk(shape, codec, sections);
    match fault {
        None => Ok(CodedBody { sections, codec: Some(codec) }),
        Some((start, Fault { index, found, expected })) => {
            Err(FormatError::Malformed { offset: MAGIC + start + index, found, expected })
        }
    }
}

/// Bytes of a file of the given shape in the format that the magic of `data` names; `None` where that is neither ATOME02 nor
/// ATOMEP3.
pub fn coded_file_len(shape: &Shape, data: &[u8]) -> Option<usize> {
    let (end, _) = walk(shape, codec_of(data)?, &[]);
    Some(end.saturating_add(MAGIC))
}

/// What reads the weights of a file that begins like `data`.
fn codec_of(data: &[u8]) -> Option<&'static Codec> {
    Codec::ALL.into_iter().find(|codec| begins_with(data, codec.packing().magic()))
}

/// Where the sections end, and the first fault of a matrix that lies in `sections`, with the place of its weights. A walk of
/// its own, because a core counts the code of the names that [`super::sections`] gives.
#[inline(never)]
fn walk(shape: &Shape, codec: &Codec, sections: &[u8]) -> (usize, Option<(usize, Fault)>) {
    let (d, h, v) = (shape.d_model(), shape.d_head(), shape.vocab_size());
    let (mut at, mut found) = (0_usize, None);
    let mut matrix = |floats: usize, count: usize| {
        // What is more than an address can tell is more than there is.
        let start = at.saturating_add(4 * floats + 4);
        at = start.saturating_add(codec.len(count));
        if let (None, Some(packed)) = (found, sections.get(start..at)) {
            found = codec.fault(packed, count).map(|fault| (start, fault));
        }
    };
    matrix(0, v * d);
    for _ in 0..shape.n_layers() {
        for (floats, rows) in [(2 * d, shape.kernel_size()), (3 * d, h), (0, h), (0, d), (0, shape.n_pathways())] {
            matrix(floats, rows * d);
        }
    }
    matrix(2 * d, v * d);
    (at, found)
}
