//! The feed-forward sublayers of a model, a part of its container (docs/container.md#feed-forward-sublayers), read in place.

use core::fmt;

use byteorder::{ByteOrder, LittleEndian};

use super::cursor::Cursor;
use super::table::SectionKind;
use crate::fingerprint::Fingerprint;
use crate::shape::Shape;
use crate::weights::{Codec, Expected, Fault, FeedForward, Packing};

/// The most feed-forward sublayers of a layer.
pub const MOST_SUBLAYERS: usize = 16;

/// Bytes in front of the first sublayer.
const HEAD_LEN: usize = 4;

/// The feed-forward sublayers of all layers, as many in each.
#[derive(Clone, Copy, Debug)]
pub struct Sublayers<'a> {
    /// One behind the other, layer by layer.
    bytes: &'a [u8],
    /// Bytes of each.
    len: usize,
    /// In a layer.
    count: usize,
    d_model: usize,
    codec: Option<&'static Codec>,
}

impl<'a> Sublayers<'a> {
    /// Reads a `part` of a model of this shape whose weights lie as `packing` says. It has no byte more than its sublayers.
    ///
    /// # Errors
    /// [`SublayersError`]: a count out of range, another length, a byte that stands for no weights.
    pub fn new(shape: &Shape, packing: Packing, part: &'a [u8]) -> Result<Self, SublayersError> {
        let Some((head, bytes)) = part.split_first_chunk::<HEAD_LEN>() else {
            return Err(SublayersError::Length { found: part.len(), expected: HEAD_LEN });
        };
        // Reserved bytes, which are 0, lie above the count.
        let found = LittleEndian::read_u32(head);
        let count = found as usize;
        if count == 0 || count > MOST_SUBLAYERS {
            return Err(SublayersError::Count { found });
        }
        let expected = Self::part_len(shape, packing, count);
        if part.len() != expected {
            return Err(SublayersError::Length { found: part.len(), expected });
        }
        let (d_model, codec) = (shape.d_model(), packing.codec());
        let all = Self { bytes, len: sublayer_len(d_model, packing), count, d_model, codec };
        match all.fault() {
            Some((offset, Fault { index, found, expected })) => {
                Err(SublayersError::Malformed { offset: HEAD_LEN + offset + index, found, expected })
            }
            None => Ok(all),
        }
    }

    /// Bytes of the part of a model of this shape with `count` sublayers a layer, whose weights lie as `packing` says; more than
    /// an address can tell is `usize::MAX`, as long as no part is.
    pub fn part_len(shape: &Shape, packing: Packing, count: usize) -> usize {
        let len = sublayer_len(shape.d_model(), packing);
        len.saturating_mul(shape.n_layers()).saturating_mul(count).saturating_add(HEAD_LEN)
    }

    /// What a part with `count` sublayers a layer begins with; `None` for a count that no part has.
    pub fn head(count: usize) -> Option<[u8; HEAD_LEN]> {
        (1..=MOST_SUBLAYERS).contains(&count).then_some((count as u32).to_le_bytes())
    }

    /// Sublayers of each layer, 1 to [`MOST_SUBLAYERS`].
    pub const fn per_layer(&self) -> usize {
        self.count
    }

    /// Sublayer `index` of layer `layer`; `None` where there is none.
    #[inline]
    pub fn get(&self, layer: usize, index: usize) -> Option<FeedForward<'a>> {
        if index >= self.count {
            return None;
        }
        let number = layer.checked_mul(self.count)?.checked_add(index)?;
        Cursor::with_codec(self.bytes, self.codec).skip(number.checked_mul(self.len)?)?.feed_forward(self.d_model)
    }

    /// The identity of a model with these sublayers, from that of the model without: never 0.
    pub fn identity(&self, model: u64) -> u64 {
        let mut fingerprint = Fingerprint::new(model);
        fingerprint.word(self.count as u64);
        fingerprint.bytes(self.bytes);
        fingerprint.finish()
    }

    /// The first byte that stands for no weights, and where the weights of its matrix begin behind the head.
    fn fault(&self) -> Option<(usize, Fault)> {
        let codec = self.codec?;
        self.bytes.chunks(self.len.max(1)).enumerate().find_map(|(number, sublayer)| {
            let FeedForward { up, down, .. } = Cursor::with_codec(sublayer, Some(codec)).feed_forward(self.d_model)?;
            [up, down].into_iter().find_map(|matrix| {
                let start = matrix.packed().as_ptr().addr() - sublayer.as_ptr().addr();
                let fault = codec.fault(matrix.packed(), matrix.rows() * matrix.cols())?;
                Some((number * self.len + start, fault))
            })
        })
    }
}

/// Bytes of a sublayer whose weights lie as `packing` says.
fn sublayer_len(d: usize, packing: Packing) -> usize {
    // Both matrices, with a scale each, and gamma and beta.
    packing.len(d * d).saturating_add(4 + 4 * d).saturating_mul(2)
}

/// A section of the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SublayerSection {
    /// The layer it belongs to.
    pub layer: usize,
    /// Which of that layer's sublayers.
    pub index: usize,
    /// Its name in the format's description.
    pub name: &'static str,
    /// What it holds.
    pub kind: SectionKind,
    /// Bytes from the start of the part.
    pub offset: usize,
    /// Bytes in the part.
    pub bytes: usize,
}

impl fmt::Display for SublayerSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer {} feed-forward {} {}", self.layer, self.index, self.name)
    }
}

/// All sections of a part in order: `count` sublayers a layer, whose weights lie as `packing` says.
pub fn sublayer_sections(shape: Shape, packing: Packing, count: usize) -> impl Iterator<Item = SublayerSection> {
    let d = shape.d_model();
    let (vector, matrix) = (SectionKind::Floats { count: d }, SectionKind::Matrix { rows: d, cols: d });
    let four = [("norm gamma", vector), ("norm beta", vector), ("Wup", matrix), ("Wdown", matrix)];
    let all = (0..shape.n_layers()).flat_map(move |layer| (0..count).map(move |index| (layer, index)));
    all.flat_map(move |place| four.map(|section| (place, section))).scan(
        HEAD_LEN,
        move |end, ((layer, index), (name, kind))| {
            let bytes = match kind {
                SectionKind::Floats { count } => 4 * count,
                SectionKind::Matrix { rows, cols } => 4 + packing.len(rows * cols),
            };
            let offset = *end;
            *end = offset.saturating_add(bytes);
            Some(SublayerSection { layer, index, name, kind, offset, bytes })
        },
    )
}

/// Why a part was refused. Offsets and lengths are in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SublayersError {
    /// It does not begin with a count of sublayers.
    Count {
        /// What it begins with, the reserved bytes above the count.
        found: u32,
    },
    /// It does not end where the last sublayer does.
    Length {
        /// Bytes that there are.
        found: usize,
        /// What its count and the model's shape say.
        expected: usize,
    },
    /// A byte of a matrix stands for no weights.
    Malformed {
        /// Where it lies.
        offset: usize,
        /// The byte.
        found: u8,
        /// What was expected there.
        expected: Expected,
    },
}

impl fmt::Display for SublayersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { found } => {
                write!(f, "feed-forward: offset 0: {found}, expected 1 to {MOST_SUBLAYERS} sublayers a layer")
            }
            Self::Length { found, expected } => {
                write!(f, "feed-forward: {found} bytes, expected {expected} of this shape and count")
            }
            Self::Malformed { offset, found, expected } => {
                write!(f, "feed-forward: offset {offset}: byte {found}, expected {expected}")
            }
        }
    }
}

impl core::error::Error for SublayersError {}
