//! Writing a vocabulary's part.

use byteorder::{ByteOrder, LittleEndian};

use super::layout::{HEAD_LEN, STARTS};

/// Bytes of a part with these special tokens and subwords. `None` where they are more than a part can hold: 65,279 entries and
/// 65,535 bytes of texts. Whether they may be what they are, [`super::Vocabulary::open`] tells.
pub fn part_len(names: &[&str], subwords: &[&[u8]]) -> Option<usize> {
    let texts: usize = names.iter().map(|name| name.len()).chain(subwords.iter().map(|bytes| bytes.len())).sum();
    let entries = names.len().checked_add(subwords.len()).filter(|&entries| entries <= 65_535 - super::BYTES)?;
    u16::try_from(texts).ok()?;
    Some(HEAD_LEN + 2 * entries + texts)
}

/// Writes a part to `out`, which must have [`part_len`] bytes. Returns `None` for what that does, and where `out` is of another
/// length.
pub fn write(names: &[&str], subwords: &[&[u8]], out: &mut [u8]) -> Option<()> {
    if part_len(names, subwords)? != out.len() {
        return None;
    }
    let entries = names.len() + subwords.len();
    LittleEndian::write_u16(out.get_mut(..2)?, u16::try_from(entries).ok()?);
    LittleEndian::write_u16(out.get_mut(2..4)?, u16::try_from(names.len()).ok()?);
    for byte in 0..STARTS {
        let lower =
            subwords.iter().filter(|bytes| bytes.first().is_some_and(|&first| usize::from(first) < byte)).count();
        LittleEndian::write_u16(out.get_mut(4 + 2 * byte..6 + 2 * byte)?, u16::try_from(lower).ok()?);
    }
    let (mut end, texts) = (0, HEAD_LEN + 2 * entries);
    let all = names.iter().map(|name| name.as_bytes()).chain(subwords.iter().copied());
    for (entry, text) in all.enumerate() {
        out.get_mut(texts + end..texts + end + text.len())?.copy_from_slice(text);
        end += text.len();
        let at = HEAD_LEN + 2 * entry;
        LittleEndian::write_u16(out.get_mut(at..at + 2)?, u16::try_from(end).ok()?);
    }
    Some(())
}
