//! A container in memory, read in place.

use super::crc::crc32;
use super::error::{ContainerError, PartFault};
use super::fields;
use super::header::{self, description, places, Description, Places, Tokenizer};
use super::notes::Notes;
use super::part_kind::PartKind;
use super::parts::{self, Found, Parts};
use super::{KEY_ID_LEN, MAGIC, SIGNATURE_LEN};
use crate::bytes::begins_with;
use crate::shape::Shape;

/// A container whose checksum and header are right. Nothing is copied but the header's numbers.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    bytes: &'a [u8],
    places: Places,
    about: Description,
}

impl<'a> Container<'a> {
    /// Reads the container at the front of `data`; bytes behind its end are allowed. Every byte of it is read, for the
    /// checksum. For programs that compute what the payload says and nothing else: others call [`Container::open_whole`].
    ///
    /// # Errors
    /// [`ContainerError`]: any but `Shape`; a model with feed-forward sublayers is refused ([`PartFault::FeedForward`]).
    #[inline(always)]
    pub fn open(data: &'a [u8]) -> Result<Self, ContainerError> {
        Self::read(data, false)
    }

    /// [`Container::open`] for programs that compute feed-forward sublayers ([`crate::WholeModel`]), or that have no use for
    /// the model.
    ///
    /// # Errors
    /// [`ContainerError`]: any but `Shape` and [`PartFault::FeedForward`].
    #[inline(always)]
    pub fn open_whole(data: &'a [u8]) -> Result<Self, ContainerError> {
        Self::read(data, true)
    }

    /// One copy for both, which leaves the container where the caller wants it.
    #[inline(never)]
    fn read(data: &'a [u8], takes_sublayers: bool) -> Result<Self, ContainerError> {
        let Some(header) = data.first_chunk::<{ fields::LEN }>() else {
            let is_cut = begins_with(data, MAGIC);
            let truncated = ContainerError::Truncated { len: data.len(), needed: fields::LEN };
            return Err(if is_cut { truncated } else { ContainerError::NotAContainer });
        };
        let file_len = header::file_len(header)?;
        let truncated = ContainerError::Truncated { len: data.len(), needed: file_len };
        let bytes = data.get(..file_len).ok_or(truncated)?;
        let (checked, checksum) = bytes.split_last_chunk::<4>().ok_or(truncated)?;
        let (found, computed) = (u32::from_le_bytes(*checksum), crc32(checked));
        if found != computed {
            return Err(ContainerError::Checksum { found, computed });
        }
        let (places, about) = (places(header)?, description(header)?);
        let container = Self { bytes, places, about };
        if !container.payload_is_its() {
            return Err(ContainerError::Field { offset: places.payload });
        }
        if !container.is_aligned() {
            return Err(ContainerError::Field { offset: fields::at::ALIGNMENT });
        }
        match container.check_parts()?.feed_forward {
            offset @ 1.. if !takes_sublayers => Err(ContainerError::Part { offset, fault: PartFault::FeedForward }),
            _ => Ok(container),
        }
    }

    /// Whether the parts can be found, and the tokens' meaning is among them where the header says so.
    fn check_parts(&self) -> Result<Found, ContainerError> {
        let found = if self.places.has_parts {
            parts::check(self.bytes, self.notes_end(), self.places.payload)?
        } else {
            Found::default()
        };
        if (self.about.tokenizer == Tokenizer::Vocabulary) != found.has_vocabulary {
            return Err(ContainerError::Field { offset: fields::at::TOKENIZER });
        }
        Ok(found)
    }

    const fn notes_end(&self) -> usize {
        fields::LEN + self.places.notes_len
    }

    /// Whether the payload begins like a model file of the header's format and number of classes.
    fn payload_is_its(&self) -> bool {
        let n_classes = self.about.n_classes;
        let Some(magic) = self.about.weights.magic(n_classes) else { return false };
        let count = || header::four(self.payload(), magic.len());
        self.payload().starts_with(magic) && (n_classes == 0 || count() == u32::from(n_classes))
    }

    fn is_aligned(&self) -> bool {
        let Some(head) = self.about.body_start() else { return false };
        self.places.payload.wrapping_add(head) & usize::from(self.about.alignment - 1) == 0
    }

    /// What it says of its model.
    pub const fn about(&self) -> &Description {
        &self.about
    }

    /// The model file: ATOME01, ATOMECL01, ATOME02 or ATOMEP3.
    pub fn payload(&self) -> &'a [u8] {
        let end = self.places.payload + self.places.payload_len;
        self.bytes.get(self.places.payload..end).unwrap_or_default()
    }

    /// The model file, if it is of the shape `program`.
    ///
    /// # Errors
    /// [`ContainerError::Shape`] names both shapes.
    pub fn payload_for(&self, program: &Shape) -> Result<&'a [u8], ContainerError> {
        if self.about.shape != *program {
            return Err(ContainerError::Shape { container: self.about.shape, program: *program });
        }
        Ok(self.payload())
    }

    /// Whether the model is for `product`, where 0 stands for a container that names none, and at least of version
    /// `least_version`. Only a right signature makes that certain.
    ///
    /// # Errors
    /// [`ContainerError::Product`], [`ContainerError::Outdated`].
    pub const fn check_identity(&self, product: u32, least_version: u32) -> Result<(), ContainerError> {
        if self.about.product != product {
            return Err(ContainerError::Product { container: self.about.product, program: product });
        }
        if self.about.model_version < least_version {
            return Err(ContainerError::Outdated { found: self.about.model_version, least: least_version });
        }
        Ok(())
    }

    /// Where the payload begins.
    pub const fn payload_offset(&self) -> usize {
        self.places.payload
    }

    /// The notes.
    pub fn notes(&self) -> Notes<'a> {
        Notes::new(self.bytes.get(fields::LEN..self.notes_end()).unwrap_or_default())
    }

    /// The parts, those that this library does not know among them.
    pub fn parts(&self) -> Parts<'a> {
        if !self.places.has_parts {
            return Parts::NONE;
        }
        Parts::new(self.bytes, self.notes_end())
    }

    /// The part of this kind; `None` where there is none.
    pub fn part(&self, kind: PartKind) -> Option<&'a [u8]> {
        self.parts().find(|(found, _)| *found == kind).map(|(_, part)| part)
    }

    /// Whether it claims to be signed; who has the public key can tell whether that is so.
    pub const fn is_signed(&self) -> bool {
        self.places.is_signed
    }

    /// What a signature is over: everything in front of it.
    pub fn signed_part(&self) -> &'a [u8] {
        self.bytes.split_last_chunk::<{ super::TAIL_LEN }>().map_or(&[], |(signed, _)| signed)
    }

    /// The signature; `None` where there is none.
    pub fn signature(&self) -> Option<&'a [u8; SIGNATURE_LEN]> {
        let (_, tail) = self.bytes.split_last_chunk::<{ super::TAIL_LEN }>()?;
        self.places.is_signed.then_some(tail.first_chunk()?)
    }

    /// The first bytes of the public key that it claims to be signed for; `None` where it names none.
    pub fn key_id(&self) -> Option<[u8; KEY_ID_LEN]> {
        let id = *self.bytes.get(fields::at::KEY_ID..)?.first_chunk()?;
        (self.places.is_signed && id != [0; KEY_ID_LEN]).then_some(id)
    }

    /// Whether its signature may be of this key: it may where the container names no other.
    pub fn may_be_signed_by(&self, public_key: &[u8; 32]) -> bool {
        self.key_id().is_none_or(|id| public_key.starts_with(&id))
    }

    /// Bytes of the container.
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Never.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
