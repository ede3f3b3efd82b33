//! Files whose weights have two bits each: ATOME01.

use super::error::FormatError;
use super::sections::body_len;
use super::MAGIC;
use crate::bytes::begins_with;
use crate::shape::Shape;

/// The sections of an ATOME01 file of the given shape, magic and trailing bytes cut off.
///
/// # Errors
/// [`FormatError::TooShort`] or [`FormatError::BadMagic`] where this is no such file, [`FormatError::Truncated`] where it
/// ends early.
#[inline(always)] // into loading, which every program has, although what explains a file calls it too
pub fn model_body<'a>(shape: &Shape, data: &'a [u8]) -> Result<&'a [u8], FormatError> {
    let Some(body) = data.get(MAGIC.len()..) else {
        return Err(FormatError::TooShort { len: data.len(), needed: MAGIC.len() });
    };
    if !begins_with(data, MAGIC) {
        return Err(FormatError::BadMagic { expected: "ATOME01" });
    }
    body.get(..body_len(shape))
        .ok_or(FormatError::Truncated { len: data.len(), needed: body_len(shape).saturating_add(MAGIC.len()) })
}
