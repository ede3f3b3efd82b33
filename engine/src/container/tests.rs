//! What is written is read back, and nothing else is read at all.

extern crate std;

use std::vec;
use std::vec::Vec;

use super::*;
use crate::format::{Classifier, Model};
use crate::shape::{Dims, Shape};

pub(super) const SHAPE: Shape = match Shape::new(Dims {
    d_model: 3,
    n_layers: 1,
    d_head: 2,
    kernel_size: 2,
    n_pathways: 3,
    vocab_size: 5,
    top_k: 2,
}) {
    Ok(shape) => shape,
    Err(_) => panic!("in range"),
};

pub(super) const NOTES: [(&str, &str); 2] = [("name", "a tiny one"), ("Sprache", "träge")];

pub(super) fn plain() -> Vec<u8> {
    let mut plain = vec![0x14; Model::blob_len(&SHAPE)];
    plain[..7].copy_from_slice(b"ATOME01");
    plain
}

pub(super) fn about() -> Description {
    let identity = Description {
        product: 0x8000_0007,
        model_version: 0xffff_fff0,
        ..Description::new(SHAPE, 9, WeightFormat::TwoBits)
    };
    Description { training_digest: [7; 32], ..identity }
}

fn written(about: &Description, notes: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut file = vec![0xaa; file_len(about, notes, payload).unwrap()];
    write(about, notes, payload, &mut file).unwrap();
    file
}

pub(super) fn resealed(mut file: Vec<u8>) -> Vec<u8> {
    let checked = file.len() - 4;
    let checksum = crc32(&file[..checked]);
    file[checked..].copy_from_slice(&checksum.to_le_bytes());
    file
}

#[test]
fn what_is_written_is_read_back() {
    let file = written(&about(), &NOTES, &plain());
    let mut longer = file.clone();
    longer.extend([0xff; 9]);
    for data in [&file, &longer] {
        let container = Container::open(data).unwrap();
        assert_eq!(*container.about(), about());
        assert_eq!(container.payload(), plain());
        assert_eq!(container.notes().collect::<Result<Vec<_>, _>>().unwrap(), NOTES);
        assert_eq!((container.len(), container.is_signed(), container.signature()), (file.len(), false, None));
        assert!(!container.is_empty());
        // Behind the payload there is room for a signature, and the checksum.
        assert_eq!(container.len(), container.payload_offset() + plain().len() + 64 + 4);
        assert!(Model::new(SHAPE, container.payload_for(&SHAPE).unwrap()).is_ok());
    }
}

#[test]
fn a_payload_begins_as_its_format_does() {
    use WeightFormat::{BaseThree, PowersOfThree, TwoBits};
    let magics = [(TwoBits, b"ATOME01"), (BaseThree, b"ATOME02"), (PowersOfThree, b"ATOMEP3")];
    for (weights, magic) in magics {
        assert_eq!(weights.magic(0), Some(&magic[..]));
        for (other, _) in magics {
            let file = written(&Description { weights: other, ..about() }, &[], magic);
            assert_eq!(Container::open(&file).is_ok(), weights == other, "{weights:?} as {other:?}");
        }
    }
    assert_eq!(
        [TwoBits, BaseThree, PowersOfThree].map(|weights| weights.magic(2)),
        [Some(&b"ATOMECL01"[..]), None, None]
    );
}

#[test]
fn both_meanings_of_tokens_are_read_back() {
    for tokenizer in [Tokenizer::Other, Tokenizer::Bytes] {
        let file = written(&Description { tokenizer, ..about() }, &[], &plain());
        assert_eq!(Container::open(&file).unwrap().about().tokenizer, tokenizer);
    }
}

#[test]
fn sections_are_aligned() {
    for alignment in [1, 2, 16, 64, 4096] {
        for notes in [&NOTES[..], &NOTES[..1], &[]] {
            let about = Description { alignment, ..about() };
            let file = written(&about, notes, &plain());
            let start = Container::open(&file).unwrap().payload_offset();
            assert_eq!((start + 7) % usize::from(alignment), 0);
        }
    }
    let mut classifier = b"ATOMECL01\x02\0\0\0".to_vec();
    classifier.resize(Classifier::blob_len(&SHAPE, 2), 0);
    let about = Description { n_classes: 2, ..about() };
    let file = written(&about, &NOTES, &classifier);
    let container = Container::open(&file).unwrap();
    assert_eq!((container.payload_offset() + 13) % 16, 0);
    assert!(Classifier::new(SHAPE, container.payload(), 4).is_ok());
    let three = Description { n_classes: 3, ..about };
    assert!(matches!(Container::open(&written(&three, &[], &classifier)), Err(ContainerError::Field { .. })));
}

#[test]
fn every_truncation_and_every_flipped_bit_is_found() {
    let mut signed = written(&about(), &NOTES, &plain());
    put_signature(&mut signed, [0xab; KEY_ID_LEN], |_| [0x55; SIGNATURE_LEN]).unwrap();
    let container = Container::open(&signed).unwrap();
    assert_eq!((container.is_signed(), container.signature()), (true, Some(&[0x55; SIGNATURE_LEN])));
    for file in [written(&about(), &NOTES, &plain()), signed] {
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

/// Any header in front of a right checksum: an error or a container that stays within its bytes.
#[test]
fn every_byte_of_a_header_may_be_anything() {
    let file = written(&about(), &NOTES, &plain());
    for at in 0..96 {
        for value in (0..=255).step_by(if cfg!(miri) { 51 } else { 1 }) {
            let mut changed = file.clone();
            changed[at] = value;
            let changed = resealed(changed);
            if let Ok(container) = Container::open(&changed) {
                assert!(container.payload().len() <= changed.len());
                assert!(container.notes().count() <= changed.len());
                let in_digest = at >= 64;
                let in_shape = (16..32).contains(&at);
                let in_identity = (52..64).contains(&at);
                assert!(
                    in_digest || in_shape || in_identity || [10, 36, 38, 40, 41].contains(&at) || value == file[at],
                    "byte {at}"
                );
            }
        }
    }
}

#[test]
fn contradictions_are_named() {
    let changed = |at: usize, bytes: &[u8]| {
        let mut file = written(&about(), &NOTES, &plain());
        file[at..at + bytes.len()].copy_from_slice(bytes);
        Container::open(&resealed(file)).map(|_| ()).unwrap_err()
    };
    let at = |error| match error {
        ContainerError::Field { offset } => offset,
        other => panic!("{other}"),
    };
    assert_eq!(changed(8, &[2, 0]), ContainerError::Version { found: 2 });
    assert_eq!(changed(0, b"BTOMEBOX"), ContainerError::NotAContainer);
    assert_eq!(at(changed(10, &[4])), 10);
    // Header, signature and checksum take 164 bytes.
    for len in [3, 96, 100, 163] {
        assert_eq!(at(changed(12, &[len, 0, 0, 0])), 12, "{len}");
    }
    assert_eq!(at(changed(16, &[0, 0])), 16);
    assert_eq!(at(changed(30, &[0, 0])), 30);
    assert_eq!(at(changed(34, &[4])), 34);
    // A vocabulary that is not there.
    assert_eq!(at(changed(36, &[2])), 36);
    assert_eq!(at(changed(36, &[3])), 36);
    assert_eq!(at(changed(38, &[3])), 38);
    // A power of 2, but the sections are aligned to 16 alone.
    assert_eq!(at(changed(38, &[0, 16])), 38);
    assert_eq!(at(changed(40, &[0xff, 0xff, 0xff, 0xff])), 44);
    assert_eq!(at(changed(48, &[0xff, 0xff, 0xff, 0xff])), 48);
    // The second note begins behind two lengths, "name" and "a tiny one".
    for (start, whole) in [(96, 0), (96 + 18, 1)] {
        let mut file = written(&about(), &NOTES, &plain());
        file[start] = 200;
        let file = resealed(file);
        let notes: Vec<_> = Container::open(&file).unwrap().notes().collect();
        assert_eq!(notes.len(), whole + 1);
        assert_eq!(notes[whole], Err(ContainerError::Field { offset: start }));
    }
}

#[test]
fn every_field_says_what_belongs_there_in_words_of_its_own() {
    use fields::at;
    let fields = [
        at::FLAGS,
        at::FILE_LEN,
        at::SIZES,
        at::WINDOW,
        at::N_CLASSES,
        at::WEIGHTS,
        at::TOKENIZER,
        at::ALIGNMENT,
        at::PAYLOAD,
        at::PAYLOAD_LEN,
        fields::LEN,
    ];
    let errors = fields.map(|offset| ContainerError::Field { offset });
    for (index, error) in errors.iter().enumerate() {
        assert!(error.expected().len() > 4);
        assert!(errors[..index].iter().all(|other| other.expected() != error.expected()), "{error}");
        assert!(std::format!("{error}").ends_with(error.expected()));
    }
    assert_eq!(ContainerError::NotAContainer.expected(), "");
}

#[test]
fn a_cut_header_is_no_foreign_file() {
    let short = Container::open(b"ATOMEBOX").unwrap_err();
    assert_eq!(short, ContainerError::Truncated { len: 8, needed: 96 });
    assert_eq!(std::format!("{short}"), "ends at offset 8, expected a container of at least 96 bytes");
    let file = written(&about(), &NOTES, &plain());
    let cut = Container::open(&file[..96]).unwrap_err();
    assert_eq!(std::format!("{cut}"), std::format!("ends at offset 96, expected a container of {} bytes", file.len()));
    assert_eq!(Container::open(b"ATOMEBO").unwrap_err(), ContainerError::NotAContainer);
}

#[test]
fn another_shape_is_refused_by_name() {
    let file = written(&about(), &NOTES, &plain());
    let other = Shape::new(Dims { d_model: 4, ..SHAPE.dims() }).unwrap();
    let error = Container::open(&file).unwrap().payload_for(&other).unwrap_err();
    let text = std::format!("{error}");
    assert!(text.contains("d_model=3") && text.contains("d_model=4"), "{text}");
    // What attention keeps changes the results, too.
    let other = Shape::new(Dims { top_k: 3, ..SHAPE.dims() }).unwrap();
    assert!(Container::open(&file).unwrap().payload_for(&other).is_err());
}

#[test]
fn product_version_and_key_id_lie_where_the_document_says() {
    let mut file = written(&about(), &NOTES, &plain());
    assert_eq!(file[52..64], [7, 0, 0, 0x80, 0xf0, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    assert_eq!(Container::open(&file).unwrap().key_id(), None);
    put_signature(&mut file, [1, 2, 3, 0xfe], |signed| {
        // Nobody can put another id in: it is in the signed part.
        assert_eq!((&signed[..8], &signed[60..64]), (&MAGIC[..], &[1, 2, 3, 0xfe][..]));
        [0x55; SIGNATURE_LEN]
    })
    .unwrap();
    let signed = Container::open(&file).unwrap();
    assert_eq!((*signed.about(), signed.key_id()), (about(), Some([1, 2, 3, 0xfe])));
    let mut key = [9; 32];
    assert!(!signed.may_be_signed_by(&key));
    key[..4].copy_from_slice(&[1, 2, 3, 0xfe]);
    assert!(signed.may_be_signed_by(&key));
    // Signed for another key, or for one that is not named.
    put_signature(&mut file, [0; KEY_ID_LEN], |_| [0x55; SIGNATURE_LEN]).unwrap();
    let signed = Container::open(&file).unwrap();
    assert_eq!((signed.key_id(), signed.may_be_signed_by(&key), signed.may_be_signed_by(&[9; 32])), (None, true, true));
}

/// A header of 12 zeros at offset 52, as it was written before these fields had a meaning.
#[test]
fn an_old_container_names_no_product_and_is_of_version_0() {
    let about = Description::new(SHAPE, 9, WeightFormat::TwoBits);
    let file = written(&about, &NOTES, &plain());
    assert_eq!(file[52..64], [0; 12]);
    let container = Container::open(&file).unwrap();
    assert_eq!((container.about().product, container.about().model_version), (0, 0));
    assert_eq!(container.check_identity(0, 0), Ok(()));
    assert_eq!(container.check_identity(0, 1), Err(ContainerError::Outdated { found: 0, least: 1 }));
    assert_eq!(container.check_identity(1, 0), Err(ContainerError::Product { container: 0, program: 1 }));
}

#[test]
fn another_product_and_an_older_model_are_refused_by_name() {
    let file = written(&about(), &NOTES, &plain());
    let container = Container::open(&file).unwrap();
    let (product, version) = (about().product, about().model_version);
    for least in [0, 1, version - 1, version] {
        assert_eq!(container.check_identity(product, least), Ok(()));
    }
    let outdated = container.check_identity(product, version + 1).unwrap_err();
    assert_eq!(
        std::format!("{outdated}"),
        "the model is of version 4294967280, expected version 4294967281 or a later one"
    );
    for other in [0, product - 1, product + 1, u32::MAX] {
        let error = container.check_identity(other, version).unwrap_err();
        assert_eq!(error, ContainerError::Product { container: product, program: other });
        assert!(std::format!("{error}").ends_with(&std::format!("expected product {other}")));
    }
}

#[test]
fn what_cannot_be_written_is_refused() {
    let long = "x".repeat(65_536);
    assert_eq!(file_len(&about(), &[("a", &long)], &plain()), None);
    let classes = Description { n_classes: 2, weights: WeightFormat::BaseThree, ..about() };
    assert_eq!(file_len(&classes, &[], &plain()), None);
    assert_eq!(write(&about(), &[], &plain(), &mut [0; 5]), None);
}
