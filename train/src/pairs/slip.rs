//! How people mistype.

use std::ops::Range;

use super::overlap::overlap;
use crate::rng::Rng;

/// One slip of the finger, in a word of four letters or more; texts without such a word stay.
pub fn slip(text: &str, rng: &mut Rng) -> String {
    slip_outside(text, &[], rng)
}

/// [`slip`], where words that lie over bytes of `kept` stay as they are.
pub fn slip_outside(text: &str, kept: &[Range<usize>], rng: &mut Rng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let is_kept = |at: usize| kept.iter().any(|kept| overlap(kept, &(at - 1..at + 3)));
    let inside = |at: usize| bytes[at - 1..at + 3].iter().all(u8::is_ascii_alphabetic) && !is_kept(at);
    let places: Vec<usize> = (1..bytes.len().saturating_sub(2)).filter(|&at| inside(at)).collect();
    if places.is_empty() {
        return text.to_owned();
    }
    let at = places[rng.below(places.len())];
    match rng.below(4) {
        0 => bytes.swap(at, at + 1),
        1 => drop(bytes.remove(at)),
        2 => bytes.insert(at, bytes[at]),
        _ => bytes[at] = b'a' + rng.below(26) as u8,
    }
    // Only letters of ASCII were touched.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    #[test]
    fn a_slip_changes_one_place_and_leaves_numbers_alone() {
        let mut rng = Rng::new(1, Stream::Batch, 0);
        assert_eq!(slip("fan 21", &mut rng), "fan 21");
        let slips: Vec<String> = (0..50).map(|_| slip("battery 21", &mut rng)).collect();
        assert!(slips.iter().all(|slip| slip.starts_with('b') && slip.ends_with("y 21")), "{slips:?}");
        assert!(slips.iter().filter(|&slip| slip != "battery 21").count() > 30);
    }

    #[test]
    fn letters_of_other_languages_stay_whole() {
        let mut rng = Rng::new(2, Stream::Batch, 0);
        let slips: Vec<String> = (0..50).map(|_| slip("größer schalten", &mut rng)).collect();
        assert!(slips.iter().all(|slip| slip.starts_with("größer s")), "{slips:?}");
    }
}
