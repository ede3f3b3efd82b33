//! Vocabularies of any bytes, and texts in their tokens.

use atome_engine::vocabulary::{part_len, write, Encoder, Vocabulary, BYTES};

use crate::container::change;
use crate::input::Input;

/// A part is refused, or it encodes every text by the definition and gives it back. Encoding by a part that nobody checked ends, too.
pub fn vocabulary(data: &[u8]) {
    let mut input = Input::new(data);
    let part = match input.below(3) {
        0 => input.slice(255).to_vec(),
        way => {
            let mut part = written(&mut input);
            if way == 1 {
                change(&mut input, &mut part);
            }
            part
        }
    };
    let text = input.rest();
    assert!(Encoder::trusting(&part).encode(text.iter().copied()).count() <= text.len());
    let len = part.first_chunk().map_or(0, |count| usize::from(u16::from_le_bytes(*count)));
    assert!(Vocabulary::open(&part, BYTES + len + 1).is_err(), "of another number of tokens");
    let Ok(vocabulary) = Vocabulary::open(&part, BYTES + len) else { return };
    let tokens: Vec<usize> = vocabulary.encode(text.iter().copied()).collect();
    let mut rest = text;
    for token in tokens {
        let bytes = vocabulary.bytes_of(token);
        assert!(!bytes.is_empty() && rest.starts_with(bytes), "another text");
        let is_longer = |other: usize| vocabulary.bytes_of(other).len() > bytes.len();
        assert!(!(0..vocabulary.len()).any(|other| is_longer(other) && rest.starts_with(vocabulary.bytes_of(other))));
        rest = &rest[bytes.len()..];
    }
    assert!(rest.is_empty(), "a text's end is lost");
}

/// A part of the fuzzer's choice, mostly right.
fn written(input: &mut Input) -> Vec<u8> {
    let is_sorted = input.below(8) > 0;
    let names: Vec<_> = (0..input.below(3)).map(|_| String::from_utf8_lossy(input.slice(5)).into_owned()).collect();
    let mut subwords: Vec<_> = (0..input.below(20)).map(|_| input.slice(6)).collect();
    if is_sorted {
        subwords.retain(|subword| subword.len() > 1 && !subword.contains(&b'\n'));
        subwords.sort_unstable();
        subwords.dedup();
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut part = vec![0; part_len(&names, &subwords).expect("short texts")];
    write(&names, &subwords, &mut part).expect("as long as it was computed to be");
    part
}
