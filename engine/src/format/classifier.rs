//! ATOMECL01: a model with a classification head.

use super::cursor::Cursor;
use super::error::FormatError;
use super::model::Model;
use super::sections::{body_len, matrix_len};
use super::CLASSIFIER_MAGIC;
use crate::shape::{is_size, Shape};
use crate::weights::{Matrix, Packing};

/// Magic and class count.
const HEADER: usize = CLASSIFIER_MAGIC.len() + 4;

/// What an ATOMECL01 file holds behind its header.
#[derive(Clone, Copy, Debug)]
pub struct ClassifierBody<'a> {
    /// The sections of the model, as in ATOME01.
    pub model: &'a [u8],
    /// One row of d_model weights a class.
    pub head: Matrix<'a>,
}

/// The parts of an ATOMECL01 file of the given shape with at most `most_classes` classes (and 65,535), trailing bytes cut
/// off.
///
/// # Errors
/// [`FormatError::TooShort`], [`FormatError::BadMagic`] or [`FormatError::BadClassCount`] where the header is wrong,
/// [`FormatError::Truncated`] where the data ends early.
#[inline(always)] // as `model_body`
pub fn classifier_body<'a>(
    shape: &Shape,
    data: &'a [u8],
    most_classes: usize,
) -> Result<ClassifierBody<'a>, FormatError> {
    let Some((header, rest)) = data.split_first_chunk::<HEADER>() else {
        return Err(FormatError::TooShort { len: data.len(), needed: HEADER });
    };
    let Some(count) = header.strip_prefix(CLASSIFIER_MAGIC) else {
        return Err(FormatError::BadMagic { expected: "ATOMECL01" });
    };
    let found = Cursor::new(count).i32().unwrap_or(0);
    let n_classes = match usize::try_from(found) {
        Ok(count) if is_size(count) && count <= most_classes => count,
        _ => return Err(FormatError::BadClassCount { found, most: most_classes }),
    };
    rest.split_at_checked(body_len(shape))
        .and_then(|(model, tail)| {
            Some(ClassifierBody { model, head: Cursor::new(tail).matrix(n_classes, shape.d_model())? })
        })
        .ok_or(FormatError::Truncated { len: data.len(), needed: Classifier::blob_len(shape, n_classes) })
}

/// A classifier whose weights stay where the file lies.
#[derive(Clone, Copy, Debug)]
pub struct Classifier<'a> {
    /// The model below the head.
    pub base: Model<'a>,
    /// One row of d_model weights a class.
    pub head: Matrix<'a>,
}

impl<'a> Classifier<'a> {
    /// Bytes of an ATOMECL01 file of this shape and class count, magic and count included.
    pub const fn blob_len(shape: &Shape, n_classes: usize) -> usize {
        body_len(shape).saturating_add(HEADER + matrix_len(n_classes, shape.d_model(), Packing::TwoBits))
    }

    /// Reads an ATOMECL01 file of the given shape with at most `most_classes` classes. Bytes behind the end are allowed.
    ///
    /// # Errors
    /// As [`classifier_body`].
    pub fn new(shape: Shape, data: &'a [u8], most_classes: usize) -> Result<Self, FormatError> {
        let body = classifier_body(&shape, data, most_classes)?;
        let truncated = FormatError::Truncated { len: data.len(), needed: Self::blob_len(&shape, body.head.rows()) };
        Ok(Self { base: Model::from_body(shape, body.model, None).ok_or(truncated)?, head: body.head })
    }

    /// Number of classes.
    pub const fn n_classes(&self) -> usize {
        self.head.rows()
    }
}
