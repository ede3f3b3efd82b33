//! Parts are read back in place, and a table that does not say where they are is refused by line.

extern crate std;

use std::vec;
use std::vec::Vec;

use super::tests::{about, plain, resealed, NOTES, SHAPE};
use super::*;

const EXTRA: PartKind = PartKind::new(0x8005);

/// A vocabulary and a grammar to a reader of containers, which looks into neither, and something that it may pass over.
fn with_parts() -> Vec<u8> {
    written(&Description { tokenizer: Tokenizer::Vocabulary, ..about() }, &three())
}

fn three() -> [(PartKind, &'static [u8]); 3] {
    [(PartKind::VOCABULARY, b"abcde"), (PartKind::GRAMMAR, b""), (EXTRA, b"xyz")]
}

fn written(about: &Description, parts: &[(PartKind, &[u8])]) -> Vec<u8> {
    let payload = plain();
    let contents = Contents { about, notes: &NOTES, parts, payload: &payload };
    let mut file = vec![0xaa; contents.file_len().unwrap()];
    contents.write(&mut file).unwrap();
    file
}

/// Where the table begins, by the document: behind the notes, at a multiple of 4.
fn table() -> usize {
    (96 + NOTES.iter().map(|(key, value)| 4 + key.len() + value.len()).sum::<usize>()).next_multiple_of(4)
}

#[test]
fn parts_are_read_back_in_place() {
    let file = with_parts();
    let container = Container::open(&file).unwrap();
    assert_eq!(container.parts().collect::<Vec<_>>(), three());
    assert_eq!(container.part(PartKind::VOCABULARY), Some(&b"abcde"[..]));
    assert_eq!(container.part(PartKind::GRAMMAR), Some(&b""[..]));
    assert_eq!(container.part(PartKind::new(0x8006)), None);
    for (_, part) in container.parts() {
        let at = part.as_ptr().addr() - file.as_ptr().addr();
        assert_eq!(at % PART_ALIGNMENT, 0);
        assert!(at + part.len() <= container.payload_offset());
    }
    assert_eq!((container.payload(), container.payload_offset() % 16), (&plain()[..], 9));
    assert_eq!(container.notes().collect::<Result<Vec<_>, _>>().unwrap(), NOTES);
    // As the document has it: flags, count, then kind, reserved, offset and length.
    let at = table();
    assert_eq!((file[10], file[at]), (2, 3));
    assert_eq!(file[at + 4..at + 8], [1, 0, 0, 0]);
    assert_eq!(file[at + 8..at + 16], [(at + 40) as u8, 0, 0, 0, 5, 0, 0, 0]);
}

#[test]
fn a_container_without_parts_is_what_it_was() {
    let file = written(&about(), &[]);
    let mut of_before = vec![0; file_len(&about(), &NOTES, &plain()).unwrap()];
    write(&about(), &NOTES, &plain(), &mut of_before).unwrap();
    assert_eq!((&file, file[10]), (&of_before, 0));
    assert_eq!(Container::open(&file).unwrap().parts().count(), 0);
}

#[test]
fn every_truncation_and_every_flipped_bit_is_found_among_parts_too() {
    let mut signed = with_parts();
    put_signature(&mut signed, [0xab; KEY_ID_LEN], |part| {
        assert_eq!(part.len(), signed_len());
        [0x55; SIGNATURE_LEN]
    })
    .unwrap();
    let container = Container::open(&signed).unwrap();
    // Signing leaves the parts there.
    assert!(container.is_signed() && container.parts().eq(three()));
    for file in [with_parts(), signed] {
        for len in 0..file.len() {
            assert!(Container::open(&file[..len]).is_err(), "{len} of {} bytes", file.len());
        }
        let mut damaged = file.clone();
        for bit in 0..8 * file.len() {
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Container::open(&damaged).is_err(), "bit {} of byte {}", bit % 8, bit / 8);
            damaged[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

fn signed_len() -> usize {
    with_parts().len() - TAIL_LEN
}

/// Any table in front of a right checksum: an error with a place in the table, or parts that lie within the file, apart.
#[test]
fn every_byte_of_a_table_may_be_anything() {
    let file = with_parts();
    for at in table()..table() + 40 {
        for value in (0..=255).step_by(if cfg!(miri) { 51 } else { 1 }) {
            let mut changed = file.clone();
            changed[at] = value;
            let changed = resealed(changed);
            match Container::open(&changed) {
                Ok(container) => {
                    let mut end = table() + 16;
                    for (_, part) in container.parts() {
                        let start = part.as_ptr().addr() - changed.as_ptr().addr();
                        assert!(start >= end && start + part.len() <= container.payload_offset());
                        end = start + part.len();
                    }
                    assert!(container.parts().count() <= 3);
                }
                // The line itself, the one behind it, or with a higher count one where parts lay.
                Err(ContainerError::Part { offset, .. }) => {
                    let lines = if at == table() { MOST_PARTS } else { 3 };
                    assert!((table()..table() + 4 + 12 * lines).contains(&offset), "byte {at}");
                }
                Err(error) => assert_eq!(error, ContainerError::Field { offset: 36 }, "byte {at}"),
            }
        }
    }
}

#[test]
fn faults_of_a_table_are_named() {
    let at = table();
    let changed = |place: usize, bytes: &[u8]| {
        let mut file = with_parts();
        file[place..place + bytes.len()].copy_from_slice(bytes);
        Container::open(&resealed(file)).map(|_| ()).unwrap_err()
    };
    let part = |line: usize, fault| ContainerError::Part { offset: at + line, fault };
    for count in [&[0][..], &[17], &[200], &[3, 1], &[3, 0, 1], &[3, 0, 0, 1]] {
        assert_eq!(changed(at, count), part(0, PartFault::Table), "{count:?}");
    }
    assert_eq!(changed(at + 4, &[0]), part(4, PartFault::Order));
    assert_eq!(changed(at + 6, &[1]), part(4, PartFault::Order));
    assert_eq!(changed(at + 16, &[1]), part(16, PartFault::Order));
    assert_eq!(changed(at + 16, &[3]), part(16, PartFault::FeedForward));
    assert_eq!(changed(at + 16, &[4]), part(16, PartFault::Unknown(PartKind::new(4))));
    for offset in [at as u8, at as u8 + 41, 0, 255] {
        assert_eq!(changed(at + 8, &[offset]), part(4, PartFault::Place), "{offset}");
    }
    assert_eq!(changed(at + 36, &[0xff, 0xff, 0xff, 0xff]), part(28, PartFault::Place));
    // Above the end, and around the end of the addresses of 32 bits.
    assert_eq!(changed(at + 32, &[0xfc, 0xff, 0xff, 0xff]), part(28, PartFault::Place));
    let text = std::format!("{}", changed(at + 16, &[4]));
    assert!(text.contains("a part of kind 4") && text.contains("a later engine"), "{text}");
}

/// As those of an unknown kind: without them it would be another model.
#[test]
fn sublayers_are_for_readers_that_compute_them() {
    let file = written(&about(), &[(PartKind::GRAMMAR, b""), (PartKind::FEED_FORWARD, b"abcdef"), (EXTRA, b"xyz")]);
    let refused = Container::open(&file).unwrap_err();
    assert_eq!(refused, ContainerError::Part { offset: table() + 16, fault: PartFault::FeedForward });
    assert!(std::format!("{refused}").contains("a model without feed-forward sublayers"), "{refused}");
    let whole = Container::open_whole(&file).unwrap();
    assert_eq!(whole.part(PartKind::FEED_FORWARD), Some(&b"abcdef"[..]));
    assert_eq!(whole.payload(), plain());
    for (reads, file) in [(true, with_parts()), (false, file)] {
        for bit in 0..8 * file.len() {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Container::open_whole(&damaged).is_err(), "bit {} of byte {}", bit % 8, bit / 8);
        }
        assert_eq!(Container::open(&file).is_ok(), reads);
        assert!(Container::open_whole(&file).is_ok());
    }
}

#[test]
fn tokens_of_a_vocabulary_need_one_and_bytes_have_none() {
    let open = |tokenizer, parts: &[(PartKind, &[u8])]| {
        Container::open(&written(&Description { tokenizer, ..about() }, parts)).map(|_| ())
    };
    let contradiction = Err(ContainerError::Field { offset: 36 });
    assert_eq!(open(Tokenizer::Vocabulary, &three()), Ok(()));
    assert_eq!(open(Tokenizer::Vocabulary, &three()[1..]), contradiction);
    assert_eq!(open(Tokenizer::Vocabulary, &[]), contradiction);
    assert_eq!(open(Tokenizer::Bytes, &three()), contradiction);
    assert_eq!(open(Tokenizer::Bytes, &three()[1..]), Ok(()));
}

#[test]
fn parts_that_cannot_be_written_are_refused() {
    let len =
        |parts: &[(PartKind, &[u8])]| Contents { about: &about(), notes: &[], parts, payload: &plain() }.file_len();
    let [first, second, third] = three();
    assert_eq!(len(&[second, first]), None);
    assert_eq!(len(&[first, first]), None);
    assert_eq!(len(&[(PartKind::new(0), b"")]), None);
    let many: Vec<_> = (0..=MOST_PARTS as u16).map(|number| (PartKind::new(0x8000 + number), &b""[..])).collect();
    assert_eq!(len(&many), None);
    assert!(len(&many[1..]).is_some() && len(&[third]).is_some());
    assert_eq!(SHAPE, about().shape);
}
