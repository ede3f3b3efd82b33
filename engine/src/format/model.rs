//! ATOME01: a model in place.

use super::cursor::Cursor;
use super::error::FormatError;
use super::sections::{block_len, body_len, embed_len};
use super::MAGIC;
use crate::fingerprint::Fingerprint;
use crate::shape::Shape;
use crate::weights::{Attention, Block, Conv, Matrix, Norm, Ssm, Weights};

/// A model whose weights stay where the file lies: flash, a file mapping, a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    shape: Shape,
    embed: Matrix<'a>,
    blocks: &'a [u8],
    final_norm: Norm<'a>,
    unembed: Matrix<'a>,
    fingerprint: u64,
}

impl<'a> Model<'a> {
    /// Bytes of an ATOME01 file of this shape, magic included.
    pub const fn blob_len(shape: &Shape) -> usize {
        MAGIC.len() + body_len(shape)
    }

    /// Reads an ATOME01 file of the given shape. Bytes behind the end are allowed.
    ///
    /// # Errors
    /// [`FormatError::TooShort`] or [`FormatError::BadMagic`] where this is no such file, [`FormatError::Truncated`]
    /// where it ends early.
    pub fn new(shape: Shape, data: &'a [u8]) -> Result<Self, FormatError> {
        let Some((magic, body)) = data.split_at_checked(MAGIC.len()) else {
            return Err(FormatError::TooShort {
                len: data.len(),
                needed: MAGIC.len(),
            });
        };
        if magic != MAGIC {
            return Err(FormatError::BadMagic { expected: "ATOME01" });
        }
        Self::from_body(shape, body)
            .ok_or(FormatError::Truncated {
                len: data.len(),
                needed: Self::blob_len(&shape),
            })
            .map(|(model, _)| model)
    }

    /// Reads the sections behind the magic; `None` where they do not fit. The cursor stands behind the last one.
    pub(super) fn from_body(shape: Shape, body: &'a [u8]) -> Option<(Self, Cursor<'a>)> {
        let d = shape.d_model();
        let own = body.get(..body_len(&shape))?;
        let embed = Cursor::new(own).matrix(shape.vocab_size(), d)?;
        let blocks_start = embed_len(&shape);
        let blocks_end = blocks_start + shape.n_layers() * block_len(&shape);
        let blocks = own.get(blocks_start..blocks_end)?;
        let mut tail = Cursor::new(body).skip(blocks_end)?;
        let final_norm = Norm {
            gamma: tail.floats(d)?,
            beta: tail.floats(d)?,
        };
        let unembed = tail.matrix(shape.vocab_size(), d)?;
        let mut fingerprint = Fingerprint::of_shape(&shape);
        fingerprint.bytes(own);
        Some((
            Self {
                shape,
                embed,
                blocks,
                final_norm,
                unembed,
                fingerprint: fingerprint.finish(),
            },
            tail,
        ))
    }
}

impl<'a> Weights<'a> for Model<'a> {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn embed(&self) -> Matrix<'a> {
        self.embed
    }

    fn block(&self, layer: usize) -> Option<Block<'a>> {
        let (d, h) = (self.shape.d_model(), self.shape.d_head());
        let mut at = Cursor::new(self.blocks).skip(layer.checked_mul(block_len(&self.shape))?)?;
        Some(Block {
            norm: Norm {
                gamma: at.floats(d)?,
                beta: at.floats(d)?,
            },
            conv: Conv {
                taps: at.matrix(d, self.shape.kernel_size())?,
            },
            ssm: Ssm {
                a_raw: at.floats(d)?,
                b: at.floats(d)?,
                c_out: at.floats(d)?,
            },
            attention: Attention {
                wq: at.matrix(h, d)?,
                wk: at.matrix(h, d)?,
                wv: at.matrix(d, d)?,
                top_k: self.shape.top_k(),
            },
            router: at.matrix(self.shape.n_pathways(), d)?,
        })
    }

    fn final_norm(&self) -> Norm<'a> {
        self.final_norm
    }

    fn unembed(&self) -> Matrix<'a> {
        self.unembed
    }

    fn identity(&self) -> u64 {
        self.fingerprint
    }
}
