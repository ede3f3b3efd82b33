//! UTF-16 without a byte-order mark.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// Bytes that are looked at.
const SAMPLE: usize = 1 << 16;

/// Fewer usual characters tell nothing.
const FEWEST: usize = 2;

/// The byte order under which `bytes` are a text of UTF-16, if they are hardly one of single bytes.
///
/// Read as single bytes, UTF-16 is full of control characters: upper halves of letters. Read in its own order it has none,
/// but blanks, line ends and letters; in the other order it has few of these.
pub fn order(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..bytes.len().min(SAMPLE)).unwrap_or(bytes);
    let (units, []) = sample.as_chunks::<2>() else { return None };
    let controls = sample.iter().filter(|&&byte| is_control(char::from(byte))).count();
    if controls == 0 || controls * 200 < sample.len() {
        return None;
    }
    let is_cut = sample.len() < bytes.len();
    let usual = |read: fn([u8; 2]) -> u16| usual(units.iter().map(|&unit| read(unit)), is_cut);
    let (found, little, big) = match (usual(u16::from_le_bytes), usual(u16::from_be_bytes)) {
        (Some(little), Some(big)) if little > 2 * big => (UTF_16LE, little, big),
        (Some(little), None) => (UTF_16LE, little, 0),
        (Some(little), Some(big)) if big > 2 * little => (UTF_16BE, little, big),
        (None, Some(big)) => (UTF_16BE, 0, big),
        _ => return None,
    };
    // A text of bytes with a NUL here and there has hardly any in either order.
    let usual = little.max(big);
    (usual >= FEWEST && usual * 20 >= units.len()).then_some(found)
}

/// Number of characters of a text that are of the usual kind; `None` where one is in no text. A sample may be cut in the middle
/// of a pair.
fn usual(units: impl Iterator<Item = u16>, is_cut: bool) -> Option<usize> {
    let (mut count, mut broken) = (0, 0);
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) if is_control(character) || is_no_character(character) => return None,
            Ok(
                ' '..='~'
                | '\n'
                | '\r'
                | '\t'
                | '\u{400}'..='\u{45f}'
                | '\u{3000}'..='\u{30ff}'
                | '\u{ff00}'..='\u{ff60}',
            ) => {
                count += 1;
            }
            Ok(_) => {}
            Err(_) => broken += 1,
        }
    }
    (broken <= usize::from(is_cut)).then_some(count)
}

fn is_control(character: char) -> bool {
    character.is_ascii_control() && !matches!(character, '\t' | '\n' | '\r' | '\x0c' | '\x1b' | '\x7f')
}

fn is_no_character(character: char) -> bool {
    matches!(u32::from(character), 0xfdd0..=0xfdef) || u32::from(character) & 0xfffe == 0xfffe
}
