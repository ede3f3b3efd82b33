//! ATOMECL01: a model with a classification head.

use super::cursor::Cursor;
use super::error::FormatError;
use super::model::Model;
use super::sections::body_len;
use super::CLASSIFIER_MAGIC;
use crate::shape::Shape;
use crate::weights::Matrix;

/// A classifier whose weights stay where the file lies.
#[derive(Clone, Copy, Debug)]
pub struct Classifier<'a> {
    /// The model below the head.
    pub base: Model<'a>,
    /// One row of d_model weights a class.
    pub head: Matrix<'a>,
}

const HEADER: usize = CLASSIFIER_MAGIC.len() + 4;

impl<'a> Classifier<'a> {
    /// Bytes of an ATOMECL01 file of this shape and class count, magic and count included.
    pub const fn blob_len(shape: &Shape, n_classes: usize) -> usize {
        HEADER + body_len(shape) + 4 + Matrix::packed_len(n_classes, shape.d_model())
    }

    /// Reads an ATOMECL01 file of the given shape with at most `most_classes` classes. Bytes behind the end are allowed.
    ///
    /// # Errors
    /// [`FormatError::TooShort`], [`FormatError::BadMagic`] or [`FormatError::BadClassCount`] where the header is wrong,
    /// [`FormatError::Truncated`] where the data ends early.
    pub fn new(shape: Shape, data: &'a [u8], most_classes: usize) -> Result<Self, FormatError> {
        let Some((header, body)) = data.split_at_checked(HEADER) else {
            return Err(FormatError::TooShort {
                len: data.len(),
                needed: HEADER,
            });
        };
        let Some(count) = header.strip_prefix(CLASSIFIER_MAGIC) else {
            return Err(FormatError::BadMagic { expected: "ATOMECL01" });
        };
        let found = Cursor::new(count).i32().unwrap_or(0);
        let n_classes = match usize::try_from(found) {
            Ok(count) if count >= 1 && count <= most_classes => count,
            _ => {
                return Err(FormatError::BadClassCount {
                    found,
                    most: most_classes,
                })
            }
        };
        Model::from_body(shape, body)
            .and_then(|(base, mut rest)| {
                Some(Self {
                    base,
                    head: rest.matrix(n_classes, shape.d_model())?,
                })
            })
            .ok_or(FormatError::Truncated {
                len: data.len(),
                needed: Self::blob_len(&shape, n_classes),
            })
    }

    /// Number of classes.
    pub const fn n_classes(&self) -> usize {
        self.head.rows()
    }
}
