//! Files whose weights do not lie two bits each: ATOME02 and ATOMEP3.

use super::error::FormatError;
use super::two_bits::model_body;
use crate::bytes::begins_with;
use crate::shape::Shape;
use crate::weights::{Codec, Fault};

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
    unchecked_body(shape, data)?.checked(shape)
}

/// [`coded_body`], without a look at the weights.
///
/// # Errors
/// As [`coded_body`], but for [`FormatError::Malformed`].
#[inline(always)] // into its few callers, of which a program has one
pub fn unchecked_body<'a>(shape: &Shape, data: &'a [u8]) -> Result<CodedBody<'a>, FormatError> {
    let Some(rest) = data.get(MAGIC..) else {
        return Err(FormatError::TooShort { len: data.len(), needed: MAGIC });
    };
    let Some(codec) = Codec::ALL.into_iter().find(|codec| begins_with(data, codec.packing().magic())) else {
        return Err(FormatError::BadMagic { expected: "ATOME01, ATOME02 or ATOMEP3" });
    };
    let (end, _) = walk(shape, codec, &[]);
    match rest.get(..end) {
        Some(sections) => Ok(CodedBody { sections, codec: Some(codec) }),
        None => Err(FormatError::Truncated { len: data.len(), needed: end.saturating_add(MAGIC) }),
    }
}

impl CodedBody<'_> {
    /// Bytes of the file, its magic included.
    pub fn file_len(&self) -> usize {
        MAGIC + self.sections.len()
    }

    /// Itself, where all of its weights are some.
    ///
    /// # Errors
    /// [`FormatError::Malformed`] names the first byte that stands for none.
    #[inline(always)] // as above
    pub fn checked(self, shape: &Shape) -> Result<Self, FormatError> {
        let Some(codec) = self.codec else { return Ok(self) };
        match walk(shape, codec, self.sections) {
            (_, None) => Ok(self),
            (_, Some((start, Fault { index, found, expected }))) => {
                Err(FormatError::Malformed { offset: MAGIC + start + index, found, expected })
            }
        }
    }
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
