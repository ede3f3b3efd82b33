//! A class as a symbol, and a classifier's file.

use anyhow::{ensure, Context, Result};
use atome_engine::{Model, Weights as _};

/// The most classes: as many as there are printable characters of ASCII but the blank.
pub const MOST_CLASSES: usize = 94;

/// The symbol of class 0.
const FIRST: u8 = b'!';

const MAGIC: &[u8] = b"ATOMECL01";
const BASE_MAGIC: &[u8] = b"ATOME01";

/// The character that stands for a class, which is below [`MOST_CLASSES`].
pub fn symbol(class: usize) -> char {
    char::from(FIRST + (class % MOST_CLASSES) as u8)
}

/// The class that an answer stands for; `None` for what is no symbol of so many classes.
pub fn class_of(answer: &str, classes: usize) -> Option<usize> {
    let [byte] = answer.as_bytes() else { return None };
    byte.checked_sub(FIRST).map(usize::from).filter(|&class| class < classes)
}

/// An ATOMECL01 file: `base`, an ATOME01 file with the model `model`, and a head of the unembedding's rows that are the symbols of
/// so many classes. Its logits are the model's, bit for bit.
///
/// # Errors
/// The file is in another format, or has fewer tokens than the symbols need.
pub fn classifier(base: &[u8], model: &Model<'_>, classes: usize) -> Result<Vec<u8>> {
    let body =
        base.strip_prefix(BASE_MAGIC).context("a classifier's weights lie as in ATOME01: expected that format")?;
    let (unembed, first) = (model.unembed(), usize::from(FIRST));
    ensure!(first + classes <= unembed.rows(), "the model has {} tokens, expected {}", unembed.rows(), first + classes);
    let mut file = [MAGIC, &i32::try_from(classes)?.to_le_bytes(), body].concat();
    file.extend(unembed.scale().to_le_bytes());
    let start = first * unembed.cols();
    let codes: Vec<i8> = (start..start + classes * unembed.cols()).map(|index| unembed.weight(index)).collect();
    for four in codes.chunks(4) {
        file.push(four.iter().rev().fold(0, |byte, &code| byte << 2 | (code as u8 & 3)));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_symbol_of_its_own() {
        for class in 0..MOST_CLASSES {
            let text = symbol(class).to_string();
            assert!(text.as_bytes()[0].is_ascii_graphic());
            assert_eq!(class_of(&text, MOST_CLASSES), Some(class));
            assert_eq!(class_of(&text, class), None);
        }
        assert_eq!([class_of("", 9), class_of("!!", 9), class_of(" ", 9), class_of("\u{e9}", 9)], [None; 4]);
    }
}
