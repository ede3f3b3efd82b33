//! ATOME01, ATOME02 and ATOMEP3: a model in place.

use super::coded::{any_body, CodedBody};
use super::cursor::Cursor;
use super::error::FormatError;
use super::sections::{block_len, body_len, embed_len, packed_body_len};
use super::MAGIC;
use crate::fingerprint::Fingerprint;
use crate::shape::Shape;
use crate::weights::{Attention, Block, Codec, Conv, Matrix, Norm, Packing, Ssm, Weights};

/// The identity of a model: that of its sections and of all numbers that change what they mean.
pub fn model_fingerprint(shape: &Shape, body: &[u8], codec: Option<&Codec>) -> u64 {
    let mut fingerprint = Fingerprint::of_shape(shape);
    if let Some(codec) = codec {
        fingerprint.word(codec.packing() as u64);
    }
    fingerprint.bytes(body);
    fingerprint.finish()
}

/// A model whose weights stay where the file lies: flash, a file mapping, a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    shape: Shape,
    embed: Matrix<'a>,
    blocks: &'a [u8],
    codec: Option<&'static Codec>,
    final_norm: Norm<'a>,
    unembed: Matrix<'a>,
    fingerprint: u64,
}

impl<'a> Model<'a> {
    /// Bytes of an ATOME01 file of this shape, magic included.
    pub const fn blob_len(shape: &Shape) -> usize {
        body_len(shape).saturating_add(MAGIC.len())
    }

    /// Bytes of a model file of this shape whose weights lie as `packing` says, magic included: ATOME01, ATOME02 or ATOMEP3.
    pub const fn packed_blob_len(shape: &Shape, packing: Packing) -> usize {
        packed_body_len(shape, packing).saturating_add(packing.magic().len())
    }

    /// Reads an ATOME01, ATOME02 or ATOMEP3 file of the given shape, as its magic says. Bytes behind the end are allowed.
    ///
    /// # Errors
    /// As [`any_body`].
    pub fn new(shape: Shape, data: &'a [u8]) -> Result<Self, FormatError> {
        let CodedBody { sections, codec } = any_body(&shape, data)?;
        let packing = codec.map_or(Packing::TwoBits, Codec::packing);
        let needed = Self::packed_blob_len(&shape, packing);
        Self::from_body(shape, sections, codec).ok_or(FormatError::Truncated { len: data.len(), needed })
    }

    /// How the weights lie.
    pub fn packing(&self) -> Packing {
        self.codec.map_or(Packing::TwoBits, Codec::packing)
    }

    /// Layer `layer`; `None` from n_layers on.
    pub fn block(&self, layer: usize) -> Option<Block<'a>> {
        let (d, h) = (self.shape.d_model(), self.shape.d_head());
        let start = layer.checked_mul(block_len(&self.shape, self.packing()))?;
        let mut at = Cursor::with_codec(self.blocks, self.codec).skip(start)?;
        Some(Block {
            norm: at.norm(d)?,
            conv: Conv { taps: at.matrix(d, self.shape.kernel_size())? },
            ssm: Ssm { a_raw: at.floats(d)?, b: at.floats(d)?, c_out: at.floats(d)? },
            attention: Attention {
                wq: at.matrix(h, d)?,
                wk: at.matrix(h, d)?,
                wv: at.matrix(d, d)?,
                top_k: self.shape.top_k(),
            },
            router: at.matrix(self.shape.n_pathways(), d)?,
        })
    }

    /// Reads the sections; `None` where they do not fit.
    pub(super) fn from_body(shape: Shape, body: &'a [u8], codec: Option<&'static Codec>) -> Option<Self> {
        let d = shape.d_model();
        let packing = codec.map_or(Packing::TwoBits, Codec::packing);
        let (start, len) = (embed_len(&shape, packing), shape.n_layers() * block_len(&shape, packing));
        let all = Cursor::with_codec(body, codec);
        let embed = { all }.matrix(shape.vocab_size(), d)?;
        let blocks = body.get(start..start + len)?;
        let mut tail = all.skip(start + len)?;
        let final_norm = tail.norm(d)?;
        let unembed = tail.matrix(shape.vocab_size(), d)?;
        let fingerprint = model_fingerprint(&shape, body, codec);
        Some(Self { shape, embed, blocks, codec, final_norm, unembed, fingerprint })
    }
}

impl<'a> Weights<'a> for Model<'a> {
    type Layer = Block<'a>;

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn embed(&self) -> Matrix<'a> {
        self.embed
    }

    fn layer(&self, layer: usize) -> Option<Block<'a>> {
        self.block(layer)
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
