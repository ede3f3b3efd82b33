//! Writing a container.

use byteorder::{ByteOrder, LittleEndian};

use super::crc::crc32;
use super::fields;
use super::header::{self, Description, Places, SIGNED};
use super::part_kind::PartKind;
use super::{notes, parts, KEY_ID_LEN, SIGNATURE_LEN, TAIL_LEN};

/// What goes into a container.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// What the header says of the model.
    pub about: &'a Description,
    /// Notes for people: keys and values.
    pub notes: &'a [(&'a str, &'a str)],
    /// What the model has beside its weights, in the order of their kinds, each at most once.
    pub parts: &'a [(PartKind, &'a [u8])],
    /// A model file as the description says.
    pub payload: &'a [u8],
}

impl Contents<'_> {
    fn places(&self) -> Option<Places> {
        let notes_len = notes::len(self.notes)?;
        let payload = self.about.payload_start(parts::end(self.parts, fields::LEN.checked_add(notes_len)?)?)?;
        let payload_len = self.payload.len();
        let file_len = payload.checked_add(payload_len)?.checked_add(TAIL_LEN)?;
        u32::try_from(file_len).ok()?;
        Some(Places { is_signed: false, has_parts: !self.parts.is_empty(), file_len, notes_len, payload, payload_len })
    }

    /// Bytes of the container. `None` where that is 4 GiB or more, a note is longer than 65,535 bytes, the parts are more than
    /// [`super::MOST_PARTS`] or out of order, or the description contradicts itself (classes with weights of a format that
    /// has none).
    pub fn file_len(&self) -> Option<usize> {
        Some(self.places()?.file_len)
    }

    /// Writes an unsigned container to `out`, which must have [`Contents::file_len`] bytes. Returns `None` for what that does,
    /// and where `out` is of another length; [`super::Container::open`] tells whether contents and description fit together.
    pub fn write(&self, out: &mut [u8]) -> Option<()> {
        let places = self.places()?;
        if out.len() != places.file_len {
            return None;
        }
        out.fill(0);
        out.get_mut(..fields::LEN)?.copy_from_slice(&header::encode(self.about, &places)?);
        notes::write(self.notes, out.get_mut(fields::LEN..)?)?;
        parts::write(self.parts, fields::LEN + places.notes_len, out)?;
        out.get_mut(places.payload..places.payload + self.payload.len())?.copy_from_slice(self.payload);
        seal(out)
    }
}

/// [`Contents::file_len`] of a container without parts.
pub fn file_len(about: &Description, notes: &[(&str, &str)], payload: &[u8]) -> Option<usize> {
    Contents { about, notes, parts: &[], payload }.file_len()
}

/// [`Contents::write`] for a container without parts.
pub fn write(about: &Description, notes: &[(&str, &str)], payload: &[u8], out: &mut [u8]) -> Option<()> {
    Contents { about, notes, parts: &[], payload }.write(out)
}

/// Makes `container`, which [`super::Container::open`] takes, a signed one: first sets the flag and `key_id`, the first bytes of
/// the public key, then calls `sign` with the part that a signature is over, and puts in what it returns. Engines before key
/// ids were introduced refuse a container that names one: zeros name none.
pub fn put_signature(
    container: &mut [u8],
    key_id: [u8; KEY_ID_LEN],
    sign: impl FnOnce(&[u8]) -> [u8; SIGNATURE_LEN],
) -> Option<()> {
    let flags = container.get_mut(fields::at::FLAGS..fields::at::FLAGS + 2)?;
    let others = LittleEndian::read_u16(flags);
    LittleEndian::write_u16(flags, others | SIGNED);
    *container.get_mut(fields::at::KEY_ID..)?.first_chunk_mut()? = key_id;
    let (signed, tail) = container.split_last_chunk_mut::<TAIL_LEN>()?;
    tail.first_chunk_mut::<SIGNATURE_LEN>()?.copy_from_slice(&sign(signed));
    seal(container)
}

/// Writes the checksum.
fn seal(container: &mut [u8]) -> Option<()> {
    let (checked, checksum) = container.split_last_chunk_mut::<4>()?;
    *checksum = crc32(checked).to_le_bytes();
    Some(())
}
