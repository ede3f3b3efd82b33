//! Every text is encoded as its definition says and read back, and no part that is not right is opened.

extern crate std;

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::*;
use crate::random::Rng;

fn part(names: &[&str], subwords: &[&[u8]]) -> Vec<u8> {
    let mut part = vec![0xaa; part_len(names, subwords).unwrap()];
    write(names, subwords, &mut part).unwrap();
    part
}

const NAMES: [&str; 2] = ["end", "Wörter"];
const SUBWORDS: [&[u8]; 8] = [b"\0\0", b" a", b" an", b"ab", b"abcde", b"bc", b"b\xff", b"\xff\xff\xff"];

fn small() -> Vec<u8> {
    part(&NAMES, &SUBWORDS)
}

/// The definition, word for word: of all tokens that the text goes on with, the longest.
fn by_definition(vocabulary: &Vocabulary, mut text: &[u8]) -> Vec<usize> {
    let mut tokens = Vec::new();
    while !text.is_empty() {
        let token = (0..vocabulary.len())
            .filter(|&token| !vocabulary.bytes_of(token).is_empty() && text.starts_with(vocabulary.bytes_of(token)))
            .max_by_key(|&token| vocabulary.bytes_of(token).len())
            .unwrap();
        tokens.push(token);
        text = &text[vocabulary.bytes_of(token).len()..];
    }
    tokens
}

fn encoded(vocabulary: &Vocabulary, text: &[u8]) -> Vec<usize> {
    vocabulary.encode(text.iter().copied()).collect()
}

fn decoded(vocabulary: &Vocabulary, tokens: &[usize]) -> Vec<u8> {
    tokens.iter().flat_map(|&token| vocabulary.bytes_of(token)).copied().collect()
}

fn letters(random: &mut Rng, len: usize, letters: usize) -> Vec<u8> {
    (0..len).map(|_| b'a' + random.below(letters) as u8).collect()
}

#[test]
fn the_longest_token_is_taken_from_the_left() {
    let part = small();
    let vocabulary = Vocabulary::open(&part, 266).unwrap();
    assert_eq!((vocabulary.len(), vocabulary.specials()), (266, 2));
    for (text, tokens) in [
        (&b""[..], &[][..]),
        (b"a", &[97]),
        (b"abcd", &[261, 99, 100]),
        (b"abcdeab", &[262, 261]),
        (b" an a", &[260, 259]),
        (b"\0\0\0", &[258, 0]),
        (b"b\xff\xff\xff\xff", &[264, 265]),
    ] {
        assert_eq!(encoded(&vocabulary, text), tokens, "{text:?}");
    }
}

#[test]
fn specials_have_names_and_no_text() {
    let part = small();
    let vocabulary = Vocabulary::open(&part, 266).unwrap();
    assert_eq!((vocabulary.name_of(256), vocabulary.name_of(257)), (Some("end"), Some("Wörter")));
    assert_eq!((vocabulary.name_of(255), vocabulary.name_of(258)), (None, None));
    assert_eq!((vocabulary.token_of("Wörter"), vocabulary.token_of("ab")), (Some(257), None));
    assert_eq!((vocabulary.bytes_of(256), vocabulary.bytes_of(usize::MAX)), (&b""[..], &b""[..]));
    // A text of a special token's name is made of bytes.
    assert_eq!(encoded(&vocabulary, b"end"), [101, 110, 100]);
}

#[test]
fn a_vocabulary_of_bytes_encodes_bytes() {
    let part = part(&[], &[]);
    let vocabulary = Vocabulary::open(&part, 256).unwrap();
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(encoded(&vocabulary, &all), (0..256).collect::<Vec<_>>());
    assert_eq!(decoded(&vocabulary, &encoded(&vocabulary, &all)), all);
}

#[test]
fn all_texts_are_encoded_by_the_definition_and_read_back() {
    let mut random = Rng(1);
    for round in 0..if cfg!(miri) { 3 } else { 300 } {
        let (kinds, specials) = (1 + round % 5, round % 3);
        let longest = if round % 2 == 0 { 5 } else { LONGEST };
        let mut subwords: Vec<Vec<u8>> = (0..random.below(60))
            .map(|_| {
                let len = 2 + random.below(longest - 1);
                letters(&mut random, len, kinds)
            })
            .collect();
        subwords.sort();
        subwords.dedup();
        let subwords: Vec<&[u8]> = subwords.iter().map(Vec::as_slice).collect();
        let part = part(&NAMES[..specials], &subwords);
        let vocabulary = Vocabulary::open(&part, BYTES + specials + subwords.len()).unwrap();
        for _ in 0..20 {
            let len = random.below(70);
            let text = letters(&mut random, len, kinds + 1);
            let tokens = encoded(&vocabulary, &text);
            assert_eq!(tokens, by_definition(&vocabulary, &text), "{text:?} by {subwords:?}");
            assert_eq!(decoded(&vocabulary, &tokens), text);
            assert!(vocabulary.encoder().encode_slice(&text).eq(tokens));
        }
    }
}

#[test]
fn without_a_vocabulary_tokens_are_bytes() {
    let part = small();
    let encoder = Vocabulary::open(&part, 266).unwrap().encoder();
    assert_eq!(Tokens::of(None, b"abcde".iter().copied()).collect::<Vec<_>>(), [97, 98, 99, 100, 101]);
    assert_eq!(Tokens::of(Some(encoder), b"abcde".iter().copied()).collect::<Vec<_>>(), [262]);
}

/// Each byte of a part may be anything: it is refused, or is a vocabulary that encodes by the definition.
#[test]
fn every_byte_of_a_part_may_be_anything() {
    let good = small();
    let texts = [&b"ab an abcdebc b\xff"[..], b"\0\0\0\xff\xff\xff\xff"];
    for at in 0..good.len() {
        for value in (0..=255).step_by(if cfg!(miri) { 85 } else { 3 }) {
            let mut part = good.clone();
            part[at] = value;
            for text in texts {
                // Whoever skips the check gets tokens, too, and an end.
                assert!(Encoder::trusting(&part).encode(text.iter().copied()).count() <= text.len());
                assert!(Encoder::trusting(&part).encode_slice(text).count() <= text.len());
                let Ok(vocabulary) = Vocabulary::open(&part, 266) else { continue };
                let tokens = encoded(&vocabulary, text);
                assert_eq!(tokens, by_definition(&vocabulary, text), "byte {at} is {value}");
                assert_eq!(decoded(&vocabulary, &tokens), text);
            }
        }
    }
}

#[test]
fn every_truncation_is_refused_and_so_is_more() {
    let good = small();
    for len in 0..good.len() {
        assert!(Vocabulary::open(&good[..len], 266).is_err(), "{len} of {} bytes", good.len());
    }
    let longer = [&good[..], &[0]].concat();
    let error = Vocabulary::open(&longer, 266).unwrap_err();
    assert_eq!(error, VocabularyError::Length { found: good.len() + 1, expected: good.len() });
}

#[test]
fn faults_are_named_with_their_place() {
    let fault = |names: &[&str], subwords: &[&[u8]]| {
        let part = part(names, subwords);
        Vocabulary::open(&part, 256 + names.len() + subwords.len()).map(|_| ()).unwrap_err()
    };
    let entry = |token, fault| VocabularyError::Entry { token, fault };
    let long = [b'x'; LONGEST + 1];
    assert_eq!(fault(&[], &[b"ab", b""]), entry(257, EntryFault::Length));
    assert_eq!(fault(&[], &[b"a"]), entry(256, EntryFault::Length));
    assert_eq!(fault(&[], &[b"ab", &long]), entry(257, EntryFault::Length));
    assert_eq!(fault(&[], &[b"bc", b"ab"]), entry(257, EntryFault::Order));
    assert_eq!(fault(&["end"], &[b"ab", b"ab"]), entry(258, EntryFault::Order));
    assert_eq!(fault(&[], &[b"ab", b"b\n"]), entry(257, EntryFault::LineEnd));
    assert_eq!(fault(&["", "a"], &[]), entry(256, EntryFault::Length));
    assert_eq!(fault(&["a", "b", "a"], &[]), entry(258, EntryFault::Name));
    assert_eq!(fault(&[&"x".repeat(65)], &[]), entry(256, EntryFault::Length));
    let names: Vec<String> = (0..65).map(|name| format!("{name}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(fault(&names, &[]), VocabularyError::Specials { found: 65 });

    let changed = |at: usize, value: u8| {
        let mut part = small();
        part[at] = value;
        Vocabulary::open(&part, 266).map(|_| ()).unwrap_err()
    };
    assert_eq!(changed(0, 9), VocabularyError::Tokens { found: 265, expected: 266 });
    assert_eq!(changed(2, 11), VocabularyError::Specials { found: 11 });
    assert_eq!(changed(4, 1), VocabularyError::Index { offset: 4 });
    assert_eq!(changed(4 + 2 * 98, 1), VocabularyError::Index { offset: 4 + 2 * 98 });
    assert_eq!(changed(4 + 2 * 256, 9), VocabularyError::Index { offset: 4 + 2 * 256 });
    // Names and subwords end where the next begin.
    assert_eq!(changed(518 + 2 * 3, 1), entry(259, EntryFault::Length));
    let invalid = changed(518 + 20 + 4, 0xff);
    assert_eq!(invalid, entry(257, EntryFault::Name));
    assert_eq!(
        format!("{invalid}"),
        "vocabulary: token 257 (entry 1): expected a name of UTF-8 that no other special token has"
    );
    assert!(format!("{}", changed(0, 9)).contains("265 tokens, expected 266"));
}

#[test]
fn what_has_no_place_in_a_part_is_not_written() {
    let long = vec![b'a'; 65_536];
    assert_eq!(part_len(&[], &[&long]), None);
    assert_eq!(write(&[], &[b"ab"], &mut [0; 9]), None);
    let many = vec![&b""[..]; 65_280];
    assert_eq!(part_len(&[], &many), None);
    assert_eq!(part_len(&[], &many[1..]), Some(518 + 2 * 65_279));
}
