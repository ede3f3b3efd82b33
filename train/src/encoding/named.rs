//! Encodings by their names.

use encoding_rs::{Encoding, REPLACEMENT};

/// The encoding of this name, such as `utf-16le`, `latin1` or `windows-1251`.
pub fn named(label: &str) -> Option<&'static Encoding> {
    // The standard's names for what must not be decoded all lead to this one.
    Encoding::for_label(label.as_bytes()).filter(|&encoding| encoding != REPLACEMENT)
}
