//! Whether a part is a vocabulary, checked once.

use super::error::{EntryFault, VocabularyError};
use super::layout::{Layout, STARTS};
use super::{BYTES, LONGEST, LONGEST_NAME, MOST_SPECIALS};

pub(super) fn check(layout: &Layout, vocab_size: usize) -> Result<(), VocabularyError> {
    let (entries, specials) = (layout.entries(), layout.specials());
    let found = BYTES + entries;
    if found != vocab_size {
        return Err(VocabularyError::Tokens { found, expected: vocab_size });
    }
    if specials > entries || specials > MOST_SPECIALS {
        return Err(VocabularyError::Specials { found: specials });
    }
    for entry in 0..entries {
        let fault = if entry < specials { special(layout, entry) } else { subword(layout, entry) };
        if let Some(fault) = fault {
            return Err(VocabularyError::Entry { token: BYTES + entry, fault });
        }
    }
    let len = layout.texts() + if entries == 0 { 0 } else { layout.end(entries - 1) };
    if layout.part().len() != len {
        return Err(VocabularyError::Length { found: layout.part().len(), expected: len });
    }
    index(layout)
}

fn special(layout: &Layout, entry: usize) -> Option<EntryFault> {
    let Some(name) = layout.entry(entry).filter(|name| (1..=LONGEST_NAME).contains(&name.len())) else {
        return Some(EntryFault::Length);
    };
    let is_taken = (0..entry).any(|other| layout.entry(other) == Some(name));
    (is_taken || core::str::from_utf8(name).is_err()).then_some(EntryFault::Name)
}

fn subword(layout: &Layout, entry: usize) -> Option<EntryFault> {
    let Some(bytes) = layout.entry(entry).filter(|bytes| (2..=LONGEST).contains(&bytes.len())) else {
        return Some(EntryFault::Length);
    };
    if bytes.contains(&b'\n') {
        return Some(EntryFault::LineEnd);
    }
    let before = entry.checked_sub(1).filter(|before| *before >= layout.specials());
    let is_behind = before.and_then(|before| layout.entry(before)).is_none_or(|before| before < bytes);
    (!is_behind).then_some(EntryFault::Order)
}

/// The numbers rise from 0 to all subwords, and between two of them lie those that begin with the byte: as subwords are in
/// order, it is enough that each one lies in its byte's place.
fn index(layout: &Layout) -> Result<(), VocabularyError> {
    let subwords = layout.entries() - layout.specials();
    let fails = |number: usize| Err(VocabularyError::Index { offset: 4 + 2 * number });
    if layout.start(0) != 0 {
        return fails(0);
    }
    for byte in 0..STARTS - 1 {
        let (start, end) = (layout.start(byte), layout.start(byte + 1));
        if end < start || end > subwords {
            return fails(byte + 1);
        }
        let begins = |subword: usize| {
            let first = layout.entry(layout.specials() + subword).and_then(|bytes| bytes.first());
            first.is_some_and(|&first| usize::from(first) == byte)
        };
        if !(start..end).all(begins) {
            return fails(byte + 1);
        }
    }
    if layout.start(STARTS - 1) != subwords {
        return fails(STARTS - 1);
    }
    Ok(())
}
