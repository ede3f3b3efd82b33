//! Tables by hand. What the compiler makes is tested beside it, with hostile ones.

use std::string::ToString;
use std::vec::Vec;

use super::layout::{HEADER_LEN, MAGIC};
use super::{Allowed, Bytes, Grammar, GrammarError, NoText, TokenBytes};

/// `"ok" ("!" | "?")`, where the end is a node of its own.
fn table() -> Vec<u8> {
    let mut table = MAGIC.to_vec();
    for field in [2_u16, 2, 2] {
        table.extend(field.to_le_bytes());
    }
    table.extend([0, 0]);
    let mut alphabet = [0; 32];
    b"ok!?".iter().for_each(|&byte| alphabet[usize::from(byte / 8)] |= 1 << (byte % 8));
    table.extend(alphabet);
    // Text, first edge and copy of each node; then the bytes of its text, and whether texts may end.
    table.extend([0, 0, 0, 0, 0, 0, 2, 0]);
    table.extend([0, 0, 2, 0, 0, 0, 0, 1]);
    table.extend([1, 0, 0, 0, 0, 0]);
    table.extend([b'!', b'!', 1, 0, b'?', b'?', 1, 0]);
    table.extend(b"ok");
    table
}

#[test]
fn a_table_says_what_may_come() {
    let table = table();
    let grammar = Grammar::open(&table).unwrap();
    assert_eq!((grammar.states(), grammar.len(), grammar.is_empty()), (2, table.len(), false));
    let allowed = Allowed::new(grammar, Bytes);
    let mut guide = allowed.begin([].into_iter(), 256, None, 3).unwrap();
    assert!(guide.allows(b"ok", 1) && guide.allows(b"ok?", 0) && !guide.allows(b"ok", 0));
    assert!(!guide.allows(b"k", 9) && !guide.allows(b"", 9) && !guide.allows(b"ok?!", 9));
    assert!(guide.advance(b"o") && !guide.advance(b"o") && guide.advance(b"k"));
    assert!(!guide.may_end() && !guide.must_end());
    let mut logits = [0.5; 256];
    logits[usize::from(b'a')] = 9.0;
    assert_eq!(guide.pick(&mut logits, 1, |_| usize::from(b'a')), Some(usize::from(b'!')));
    let kept: Vec<_> = (0..=255).filter(|&byte: &u8| logits[usize::from(byte)] == 0.5).collect();
    assert_eq!(kept, b"!?");
    assert!(guide.may_end() && guide.must_end());
    assert_eq!(guide.pick(&mut [0.0; 256], 0, |_| 7), None);
}

/// Bytes, and one subword.
#[derive(Clone, Copy)]
struct WithSubword;

impl TokenBytes for WithSubword {
    fn bytes(&self, token: usize) -> &[u8] {
        if token == 256 {
            b"ok"
        } else {
            Bytes.bytes(token)
        }
    }

    fn of_byte(&self, byte: u8) -> Option<usize> {
        Bytes.of_byte(byte)
    }

    fn count(&self, text: &[u8]) -> usize {
        if text.starts_with(b"ok") {
            text.len() - 1
        } else {
            text.len()
        }
    }
}

#[test]
fn a_subword_that_ends_texts_is_refused_before_it_is_missed() {
    let table = table();
    let allowed = Allowed::new(Grammar::open(&table).unwrap(), WithSubword);
    // Two tokens are room enough for "ok!", unless its first one is the end.
    let begin = |stop| allowed.begin([].into_iter(), 257, stop, 2).map(|_| ());
    assert_eq!((begin(None), begin(Some(10))), (Ok(()), Ok(())));
    assert_eq!(begin(Some(256)), Err(NoText::Unsayable(b'o')));
}

#[test]
fn what_cannot_be_said_is_told_before_anything_is() {
    let table = table();
    let allowed = Allowed::new(Grammar::open(&table).unwrap(), Bytes);
    let why = |vocab_size, stop, room| allowed.begin([].into_iter(), vocab_size, stop, room).map(|_| ()).unwrap_err();
    assert_eq!(why(256, None, 2), NoText::NoRoom);
    let short = Allowed { most_bytes: 2, ..allowed };
    assert_eq!(short.begin([].into_iter(), 256, None, 9).map(|_| ()), Err(NoText::NoRoom));
    assert_eq!(why(100, None, 9), NoText::Unsayable(b'k'));
    assert_eq!(why(256, Some(usize::from(b'!')), 9), NoText::Unsayable(b'!'));
    assert!(why(100, None, 9).to_string().contains("byte 107"));
    assert_eq!((Bytes.bytes(255), Bytes.bytes(256)), (&[255][..], &[][..]));
}

#[test]
fn contradictions_are_named_with_their_place() {
    let error = |at: usize, value: u8| {
        let mut changed = table();
        changed[at] = value;
        Grammar::open(&changed).map(|_| ()).unwrap_err()
    };
    let offset = |error| match error {
        GrammarError::Table { offset, .. } => offset,
        other => panic!("{other}"),
    };
    assert_eq!(error(0, b'B'), GrammarError::NotAGrammar);
    assert!(matches!(error(8, 3), GrammarError::Length { .. }));
    assert_eq!(offset(error(14, 4)), 14);
    // The alphabet: with 0, and without k.
    assert_eq!((offset(error(16, 1)), offset(error(16 + 13, 0))), (16, table().len()));
    let nodes = HEADER_LEN;
    for (at, value, expected) in [
        // A text and an edge that are not there, and one edge fewer than the table has.
        (nodes, 1, nodes),
        (nodes + 8 + 2, 3, nodes),
        (nodes + 2, 1, 10),
        // A copy of a kind that is not there.
        (nodes + 7, 2, nodes),
        // Ways to an end that are none: too short, and from a node whose texts do not end.
        (nodes + 16, 2, nodes + 16),
        (nodes + 16, 0, nodes + 16),
        // The way that leads there is the first one that is not as long as it says.
        (nodes + 19, 1, nodes + 16),
        // Edges out of order, backward, and to nowhere.
        (nodes + 22 + 4, b'!', nodes),
        (nodes + 22 + 1, b' ', nodes),
        (nodes + 22 + 2, 2, nodes),
    ] {
        let mut changed = table();
        changed[at] = value;
        let found = Grammar::open(&changed).map(|_| ());
        assert_eq!(found.map_err(offset), Err(expected), "byte {at}");
    }
    let shown = error(8, 3).to_string();
    assert!(shown.starts_with("has 80 bytes, expected a grammar of 91"), "{shown}");
    assert!(error(16, 1).to_string().starts_with("offset 16: expected no byte 0"));
}
