//! Texts to learn from or to judge on.

use std::path::Path;

use anyhow::Result;
use atome_train::corpus::Corpus;
use atome_train::encoding::{decode_marked, first_invalid};

use crate::output::note;

/// Reads a text for a model of `vocab_size` tokens. Bytes are tokens whatever they mean; but where they are hardly what a
/// user takes them for, that is said.
pub fn load(path: &Path, vocab_size: usize) -> Result<Corpus> {
    let corpus = Corpus::load(path, vocab_size)?;
    if let Some(what) = corpus.bytes().and_then(oddity) {
        let name = path.display();
        note(&format!("note: {name}: {what}: its bytes are taken as they are; `atome corpus` makes UTF-8 of it"));
    }
    Ok(corpus)
}

/// What is unusual about a text's bytes.
fn oddity(bytes: &[u8]) -> Option<String> {
    if let Some(marked) = decode_marked(bytes) {
        return Some(format!("begins with the byte-order mark of {}", marked.encoding));
    }
    first_invalid(bytes).map(|offset| format!("is not UTF-8 (offset {offset})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_plain_utf_8_is_odd() {
        for plain in [b"".as_slice(), b"text\0", "\u{e4}\u{65e5}".as_bytes()] {
            assert_eq!(oddity(plain), None);
        }
        assert_eq!(oddity(b"ab\xe4").unwrap(), "is not UTF-8 (offset 2)");
        assert_eq!(oddity(b"\xff\xfea\0").unwrap(), "begins with the byte-order mark of UTF-16LE");
        assert_eq!(oddity(b"\xef\xbb\xbfa").unwrap(), "begins with the byte-order mark of UTF-8");
    }
}
