//! Writing a container.

use byteorder::{ByteOrder, LittleEndian};

use super::crc::crc32;
use super::fields;
use super::header::{self, Description, Places, SIGNED};
use super::{notes, KEY_ID_LEN, SIGNATURE_LEN, TAIL_LEN};

fn places(about: &Description, notes: &[(&str, &str)], payload: &[u8]) -> Option<Places> {
    let notes_len = notes::len(notes)?;
    let start = about.payload_start(fields::LEN.checked_add(notes_len)?)?;
    let file_len = start.checked_add(payload.len())?.checked_add(TAIL_LEN)?;
    u32::try_from(file_len).ok()?;
    Some(Places { is_signed: false, file_len, notes_len, payload: start, payload_len: payload.len() })
}

/// Bytes of a container with these contents. `None` where that is 4 GiB or more, a note is longer than 65,535 bytes, or the
/// description contradicts itself (classes with weights of a format that has none).
pub fn file_len(about: &Description, notes: &[(&str, &str)], payload: &[u8]) -> Option<usize> {
    Some(places(about, notes, payload)?.file_len)
}

/// Writes an unsigned container to `out`, which must have [`file_len`] bytes. `payload` is a model file as `about` says.
/// Returns `None` for what [`file_len`] does, and where `out` is of another length; [`super::Container::open`] tells whether
/// payload and description fit together.
pub fn write(about: &Description, notes: &[(&str, &str)], payload: &[u8], out: &mut [u8]) -> Option<()> {
    let places = places(about, notes, payload)?;
    if out.len() != places.file_len {
        return None;
    }
    out.fill(0);
    out.get_mut(..fields::LEN)?.copy_from_slice(&header::encode(about, &places)?);
    notes::write(notes, out.get_mut(fields::LEN..)?)?;
    out.get_mut(places.payload..places.payload + payload.len())?.copy_from_slice(payload);
    seal(out)
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
    LittleEndian::write_u16(flags, SIGNED);
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
