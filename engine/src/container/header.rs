//! The header: what a container says of its model, in 96 bytes.

use byteorder::{ByteOrder, LittleEndian};

use super::error::ContainerError;
use super::fields::{at, LEN};
use super::{MAGIC, VERSION};
use crate::bytes::{begins_with, read_u32};
use crate::format;
use crate::shape::{is_size, Dims, Shape};

/// The bit of the flags that says that the file ends with a signature.
pub(super) const SIGNED: u16 = 1;

/// The bit of the flags that says that a table of parts lies behind the notes. Engines of before refuse it, and well: they
/// would take a vocabulary's tokens for bytes.
pub(super) const HAS_PARTS: u16 = 2;

/// How the weights lie in the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum WeightFormat {
    /// 2 bits a weight: an ATOME01 file, or with classes an ATOMECL01 file.
    TwoBits = 1,
    /// Five weights to a byte: an ATOME02 file.
    BaseThree = 2,
    /// 3 bits a weight, powers of 3: an ATOMEP3 file.
    PowersOfThree = 3,
}

impl WeightFormat {
    fn from_number(number: u16) -> Option<Self> {
        [Self::TwoBits, Self::BaseThree, Self::PowersOfThree].into_iter().find(|format| *format as u16 == number)
    }

    /// The magic of a payload with these weights and, where `n_classes` is not 0, a classification head. `None` where there
    /// is no such format.
    pub const fn magic(self, n_classes: u16) -> Option<&'static [u8]> {
        match (self, n_classes) {
            (Self::TwoBits, 0) => Some(format::MAGIC),
            (Self::TwoBits, _) => Some(format::CLASSIFIER_MAGIC),
            (Self::BaseThree, 0) => Some(b"ATOME02"),
            (Self::PowersOfThree, 0) => Some(b"ATOMEP3"),
            _ => None,
        }
    }
}

/// What a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Tokenizer {
    /// Whatever the notes say.
    Other = 0,
    /// Token n is the byte n.
    Bytes = 1,
    /// Token n is the nth entry of the vocabulary, a part of the container.
    Vocabulary = 2,
}

/// What the header says of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its shape, top_k among it.
    pub shape: Shape,
    /// The longest sequence that it was trained for, 1 to 65,535; a program may use another.
    pub window: u16,
    /// Classes of its head; 0 where it has none.
    pub n_classes: u16,
    /// How its weights lie.
    pub weights: WeightFormat,
    /// What its tokens stand for.
    pub tokenizer: Tokenizer,
    /// What the first section, behind the payload's magic, is aligned to from the start of the file: a power of 2, 1 to
    /// 4,096 bytes.
    pub alignment: u16,
    /// SHA-256 of the checkpoint that it was made from, or whatever else tells one training run from another; zeros where
    /// that is not known.
    pub training_digest: [u8; 32],
    /// The product that it is for: a number of its maker's choice; 0 where it names none.
    pub product: u32,
    /// Its version among the product's models, the newest the highest; 0 where it names none.
    pub model_version: u32,
}

impl Description {
    /// Of a model without classes, product and version, whose tokens are bytes if there are 256, aligned to 16 bytes. One
    /// with a vocabulary among its parts needs [`Tokenizer::Vocabulary`].
    pub const fn new(shape: Shape, window: u16, weights: WeightFormat) -> Self {
        let tokenizer = if shape.vocab_size() == 256 { Tokenizer::Bytes } else { Tokenizer::Other };
        Self {
            shape,
            window,
            n_classes: 0,
            weights,
            tokenizer,
            alignment: 16,
            training_digest: [0; 32],
            product: 0,
            model_version: 0,
        }
    }

    /// Where the payload begins when what is in front of it ends at `end`.
    pub(super) fn payload_start(&self, end: usize) -> Option<usize> {
        let head = self.body_start()?;
        let body = end.checked_add(head)?.checked_next_multiple_of(usize::from(self.alignment))?;
        body.checked_sub(head)
    }

    /// Bytes of the payload in front of its first section.
    pub(super) fn body_start(&self) -> Option<usize> {
        // A class count follows the classifier's magic.
        Some(self.weights.magic(self.n_classes)?.len() + if self.n_classes == 0 { 0 } else { 4 })
    }
}

/// Numbers of the header that say where things are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub is_signed: bool,
    pub has_parts: bool,
    pub file_len: usize,
    pub notes_len: usize,
    pub payload: usize,
    pub payload_len: usize,
}

/// One number of the header; 0 where the bytes end, which a whole header never does.
fn two(bytes: &[u8; LEN], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<2>()).map_or(0, |bytes| LittleEndian::read_u16(bytes))
}

/// Four bytes of a container as a number; 0 where it ends. On microcontrollers a call: containers have many.
#[cfg_attr(target_os = "none", inline(never))]
pub(super) fn four(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).map_or(0, read_u32)
}

fn expect(holds: bool, offset: usize) -> Result<(), ContainerError> {
    if holds {
        Ok(())
    } else {
        Err(ContainerError::Field { offset })
    }
}

/// The length of the file, from a header that has nothing else checked but magic and version.
pub(super) fn file_len(header: &[u8; LEN]) -> Result<usize, ContainerError> {
    if !begins_with(header, MAGIC) {
        return Err(ContainerError::NotAContainer);
    }
    let version = two(header, at::VERSION);
    if version != VERSION {
        return Err(ContainerError::Version { found: version });
    }
    let len = four(header, at::FILE_LEN) as usize;
    expect(len >= LEN + super::TAIL_LEN, at::FILE_LEN)?;
    Ok(len)
}

/// Where things are, in range and in order.
pub(super) fn places(header: &[u8; LEN]) -> Result<Places, ContainerError> {
    let number = |at| four(header, at) as usize;
    let (file_len, payload, payload_len) = (number(at::FILE_LEN), number(at::PAYLOAD), number(at::PAYLOAD_LEN));
    let (notes_len, flags) = (number(at::NOTES_LEN), two(header, at::FLAGS));
    expect(flags & !(SIGNED | HAS_PARTS) == 0, at::FLAGS)?;
    let notes_end = notes_len.checked_add(LEN);
    expect(notes_end.is_some_and(|end| end <= payload), at::PAYLOAD)?;
    let end = payload.checked_add(payload_len).and_then(|end| end.checked_add(super::TAIL_LEN));
    expect(end == Some(file_len), at::PAYLOAD_LEN)?;
    let (is_signed, has_parts) = (flags & SIGNED != 0, flags & HAS_PARTS != 0);
    Ok(Places { is_signed, has_parts, file_len, notes_len, payload, payload_len })
}

/// What the header says of the model, in range.
pub(super) fn description(header: &[u8; LEN]) -> Result<Description, ContainerError> {
    let size = |index: usize| usize::from(two(header, at::SIZES + 2 * index));
    let shape = Shape::checked(Dims {
        d_model: size(0),
        n_layers: size(1),
        d_head: size(2),
        kernel_size: size(3),
        n_pathways: size(4),
        vocab_size: size(5),
        top_k: size(6),
    });
    let Some(shape) = shape else {
        return Err(ContainerError::Field { offset: at::SIZES });
    };
    let (window, n_classes) = (two(header, at::WINDOW), two(header, at::N_CLASSES));
    expect(is_size(usize::from(window)), at::WINDOW)?;
    let Some(weights) = WeightFormat::from_number(two(header, at::WEIGHTS)) else {
        return Err(ContainerError::Field { offset: at::WEIGHTS });
    };
    expect(weights.magic(n_classes).is_some(), at::N_CLASSES)?;
    let tokenizer = match two(header, at::TOKENIZER) {
        1 => Tokenizer::Bytes,
        2 => Tokenizer::Vocabulary,
        _ => Tokenizer::Other,
    };
    expect(two(header, at::TOKENIZER) <= 2, at::TOKENIZER)?;
    let alignment = two(header, at::ALIGNMENT);
    expect(alignment.is_power_of_two() && alignment <= 4096, at::ALIGNMENT)?;
    let training_digest = header.last_chunk().copied().unwrap_or([0; 32]);
    let (product, model_version) = (four(header, at::PRODUCT), four(header, at::MODEL_VERSION));
    Ok(Description { shape, window, n_classes, weights, tokenizer, alignment, training_digest, product, model_version })
}

/// The header with these contents.
pub(super) fn encode(about: &Description, places: &Places) -> Option<[u8; LEN]> {
    let mut header = [0; LEN];
    header.get_mut(..MAGIC.len())?.copy_from_slice(MAGIC);
    let dims = about.shape.dims();
    let sizes =
        [dims.d_model, dims.n_layers, dims.d_head, dims.kernel_size, dims.n_pathways, dims.vocab_size, dims.top_k];
    let sizes = sizes.iter().enumerate().map(|(index, &size)| (at::SIZES + 2 * index, size as u16));
    let flag = |is_set: bool, flag| if is_set { flag } else { 0 };
    let others = [
        (at::VERSION, VERSION),
        (at::FLAGS, flag(places.is_signed, SIGNED) | flag(places.has_parts, HAS_PARTS)),
        (at::WINDOW, about.window),
        (at::N_CLASSES, about.n_classes),
        (at::WEIGHTS, about.weights as u16),
        (at::TOKENIZER, about.tokenizer as u16),
        (at::ALIGNMENT, about.alignment),
    ];
    for (at, value) in sizes.chain(others) {
        LittleEndian::write_u16(header.get_mut(at..at + 2)?, value);
    }
    let word = |value: usize| u32::try_from(value).ok();
    for (at, value) in [
        (at::FILE_LEN, word(places.file_len)?),
        (at::NOTES_LEN, word(places.notes_len)?),
        (at::PAYLOAD, word(places.payload)?),
        (at::PAYLOAD_LEN, word(places.payload_len)?),
        (at::PRODUCT, about.product),
        (at::MODEL_VERSION, about.model_version),
    ] {
        LittleEndian::write_u32(header.get_mut(at..at + 4)?, value);
    }
    header.get_mut(at::DIGEST..)?.copy_from_slice(&about.training_digest);
    Some(header)
}
