//! Vocabularies as C uses them.

use core::ffi::{c_char, c_int};
use core::ptr::{null, null_mut};
use std::vec;
use std::vec::Vec;

use atome_engine::container::{Contents, Description, PartKind, Tokenizer, WeightFormat};
use atome_engine::vocabulary::{part_len, write};
use atome_engine::{Dims, Model, Shape};

use crate::answer::{atome_container_dialogue, atome_dialogue_t, atome_prompt, ATOME_IN_TOKENS};
use crate::codes::*;
use crate::vocabulary::*;

const SUBWORDS: [&[u8]; 3] = [b" lamp", b"la", b"lamp"];

/// A container of a model of 260 tokens, of another shape than the program; with a vocabulary of three subwords and a special
/// token, or of bytes.
fn boxed(has_vocabulary: bool) -> Vec<u8> {
    let vocab_size = if has_vocabulary { 260 } else { 256 };
    let shape = Shape::new(Dims { d_model: 4, d_head: 2, n_layers: 1, vocab_size, ..Dims::DEFAULT }).unwrap();
    let mut plain = vec![0; Model::blob_len(&shape)];
    plain[..7].copy_from_slice(b"ATOME01");
    let mut part = vec![0; part_len(&["end"], &SUBWORDS).unwrap()];
    write(&["end"], &SUBWORDS, &mut part).unwrap();
    let tokenizer = if has_vocabulary { Tokenizer::Vocabulary } else { Tokenizer::Bytes };
    let about = Description { tokenizer, ..Description::new(shape, 9, WeightFormat::TwoBits) };
    let (all, notes) = ([(PartKind::VOCABULARY, part.as_slice())], [("dialogue.before", "lamp")]);
    let parts = if has_vocabulary { &all[..] } else { &[] };
    let contents = Contents { about: &about, notes: &notes, parts, payload: &plain };
    let mut file = vec![0; contents.file_len().unwrap()];
    contents.write(&mut file).unwrap();
    file
}

const EMPTY: atome_vocabulary_t = atome_vocabulary_t { part: null(), len: 0 };

fn open(file: &[u8]) -> (c_int, atome_vocabulary_t) {
    let mut vocabulary = EMPTY;
    // SAFETY: a whole slice, and a struct to write to.
    (unsafe { atome_container_vocabulary(file.as_ptr(), file.len(), &mut vocabulary) }, vocabulary)
}

fn encoded(vocabulary: &atome_vocabulary_t, text: &[u8], max: c_int) -> (c_int, [c_int; 8]) {
    let mut tokens = [-9; 8];
    // SAFETY: a filled vocabulary, a whole slice, and as much room as is said.
    (unsafe { atome_encode(vocabulary, text.as_ptr().cast(), text.len(), tokens.as_mut_ptr(), max) }, tokens)
}

/// The text of a token; `None` where there is an error.
fn decoded(vocabulary: &atome_vocabulary_t, token: c_int) -> Option<Vec<u8>> {
    let mut text = null();
    // SAFETY: a filled vocabulary, and a place to write to; what is found is as long as it says.
    unsafe {
        let len = usize::try_from(atome_decode(vocabulary, token, &mut text)).ok()?;
        Some(std::slice::from_raw_parts(text.cast::<u8>(), len).to_vec())
    }
}

#[test]
fn texts_are_encoded_and_tokens_read_back() {
    let file = boxed(true);
    let (code, vocabulary) = open(&file);
    assert_eq!(code, ATOME_OK);
    assert!(file.as_ptr_range().contains(&vocabulary.part));
    assert_eq!(encoded(&vocabulary, b"lamp lamps\0", 8), (4, [259, 257, 115, 0, -9, -9, -9, -9]));
    assert_eq!(encoded(&vocabulary, b"lamp lamps", 2), (ATOME_ERR_INVALID, [259, 257, -9, -9, -9, -9, -9, -9]));
    assert_eq!(encoded(&vocabulary, b"", 0), (0, [-9; 8]));
    for (token, text) in
        [(0, &b"\0"[..]), (255, b"\xff"), (256, b""), (257, b" lamp"), (259, b"lamp"), (260, b""), (-1, b"")]
    {
        assert_eq!(decoded(&vocabulary, token).unwrap(), text, "{token}");
    }
}

#[test]
fn a_container_without_a_vocabulary_has_bytes() {
    let file = boxed(false);
    let (code, vocabulary) = open(&file);
    assert_eq!((code, vocabulary.part.is_null()), (ATOME_OK, true));
    assert_eq!(encoded(&vocabulary, b"la", 8), (2, [108, 97, -9, -9, -9, -9, -9, -9]));
    assert_eq!((decoded(&vocabulary, 108).unwrap(), decoded(&vocabulary, 256).unwrap()), (b"l".to_vec(), vec![]));
}

#[test]
fn a_dialogue_of_tokens_is_asked_with_its_vocabulary() {
    let file = boxed(true);
    // SAFETY: zeros are a dialogue; a whole slice; room for eight tokens; C strings.
    unsafe {
        let mut how: atome_dialogue_t = core::mem::zeroed();
        assert_eq!(atome_container_dialogue(file.as_ptr(), file.len(), &mut how), ATOME_OK);
        assert_eq!(how.normalise, ATOME_IN_TOKENS);
        let mut tokens = [0; 8];
        let (question, vocabulary) = (c"a la".as_ptr(), open(&file).1);
        // Eight bytes would have room.
        assert_eq!(atome_prompt(&how, question, tokens.as_mut_ptr(), 8), ATOME_ERR_INVALID);
        let mut in_tokens = |how, vocabulary| {
            let count = atome_prompt_tokens(how, vocabulary, question, tokens.as_mut_ptr(), 8);
            (count, tokens)
        };
        // The text in front is encoded apart.
        assert_eq!(in_tokens(&how, &vocabulary), (4, [259, 97, 32, 258, 0, 0, 0, 0]));
        assert_eq!(in_tokens(&how, null()).0, ATOME_ERR_INVALID);
        assert_eq!(in_tokens(null(), &vocabulary).0, ATOME_ERR_INVALID);
        assert_eq!(in_tokens(&how, &EMPTY).0, 8);
        let plain = boxed(false);
        assert_eq!(atome_container_dialogue(plain.as_ptr(), plain.len(), &mut how), ATOME_OK);
        assert_eq!(how.normalise, 0);
    }
}

#[test]
fn damaged_vocabularies_and_wrong_arguments_give_an_error() {
    let file = boxed(true);
    let (_, vocabulary) = open(&file);
    let at = vocabulary.part.addr() - file.as_ptr().addr();
    // Every byte of the vocabulary under a right checksum: an error, or one that encodes something.
    for offset in (at..at + vocabulary.len).step_by(if cfg!(miri) { 97 } else { 1 }) {
        let mut changed = file.clone();
        changed[offset] ^= 0x11;
        let checked = changed.len() - 4;
        let checksum = atome_engine::container::crc32(&changed[..checked]);
        changed[checked..].copy_from_slice(&checksum.to_le_bytes());
        let (code, found) = open(&changed);
        assert!(code == ATOME_ERR_DAMAGED || code == ATOME_OK && encoded(&found, b"lamp lamps", 8).0 > 0);
        assert_eq!(found.part.is_null(), code != ATOME_OK);
    }
    let mut damaged = file.clone();
    damaged[at] ^= 1;
    assert_eq!(open(&damaged).0, ATOME_ERR_DAMAGED);
    assert_eq!(open(&file[..file.len() - 1]).0, ATOME_ERR_TRUNCATED);
    assert_eq!(open(b"ATOME01").0, ATOME_ERR_INVALID);
    // SAFETY: NULL is answered with an error, and so is what nobody filled.
    unsafe {
        let (mut tokens, mut text) = ([0; 2], null());
        let a = c"a".as_ptr();
        assert_eq!(atome_container_vocabulary(null(), 0, &mut { EMPTY }), ATOME_ERR_INVALID);
        assert_eq!(atome_container_vocabulary(file.as_ptr(), file.len(), null_mut()), ATOME_ERR_INVALID);
        for (vocabulary, string, to) in [
            (null(), a, tokens.as_mut_ptr()),
            (&vocabulary as *const _, null::<c_char>(), tokens.as_mut_ptr()),
            (&vocabulary, a, null_mut()),
        ] {
            assert_eq!(atome_encode(vocabulary, string, 1, to, 2), ATOME_ERR_INVALID);
        }
        assert_eq!(atome_decode(null(), 97, &mut text), ATOME_ERR_INVALID);
        assert_eq!(atome_decode(&vocabulary, 97, null_mut()), ATOME_ERR_INVALID);
        assert!(text.is_null());
    }
}
