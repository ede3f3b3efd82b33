//! Files of other lengths: what loads, and what is said of them.

use core::ptr::null;
use std::ffi::CStr;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use atome_engine::format::{sections_packed, SectionKind, CLASSIFIER_MAGIC};
use atome_engine::{Dims, Packing, Shape};

use crate::codes::*;
use crate::container_tests::container;
use crate::explain::*;
use crate::load::{atome_classifier_load_exact, atome_load, atome_load_exact};
use crate::tests::{Memory, MODEL_SIZE, SHAPE};
use crate::types::{atome_block_t, atome_classifier_t};

/// Of a width at which no other shape fills the same bytes.
const OTHER: Dims = Dims { d_model: 24, n_layers: 3, d_head: 8, vocab_size: 256, ..Dims::DEFAULT };

/// A file with weights, scales and floats like a trained model's.
fn file(dims: Dims, packing: Packing, n_classes: Option<usize>) -> Vec<u8> {
    let mut random = 1_u32;
    let mut next = move || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        random >> 16
    };
    let mut file = match n_classes {
        None => packing.magic().to_vec(),
        Some(count) => [CLASSIFIER_MAGIC, &(count as i32).to_le_bytes()[..]].concat(),
    };
    for section in sections_packed(Shape::new(dims).unwrap(), packing, n_classes) {
        match section.kind {
            SectionKind::Floats { count } => {
                file.extend((0..count).flat_map(|_| (next() as f32 / 65_536.0 - 0.4).to_le_bytes()));
            }
            SectionKind::Matrix { rows, cols } => {
                file.extend(0.07_f32.to_le_bytes());
                file.extend(weights(packing, rows * cols, &mut next));
            }
        }
    }
    file
}

/// Of powers of three, zeros.
fn weights(packing: Packing, count: usize, next: &mut impl FnMut() -> u32) -> Vec<u8> {
    let mut packed = vec![0; packing.len(count)];
    let (per_group, _) = packing.group();
    for index in 0..count.next_multiple_of(per_group) {
        let trit = if index < count { next() as usize % 3 } else { 0 };
        match packing {
            Packing::TwoBits => packed[index / 4] |= [0, 1, 3][trit] << (2 * (index % 4)),
            Packing::BaseThree => packed[index / 5] += [1, 2, 0][trit] * [1, 3, 9, 27, 81][index % 5],
            Packing::PowersOfThree => {}
        }
    }
    packed
}

fn explain(file: &[u8]) -> (i32, String) {
    let mut text = [0x7f; 512];
    // SAFETY: as many bytes as said.
    let code = unsafe { atome_explain(file.as_ptr(), file.len(), text.as_mut_ptr(), text.len()) };
    // SAFETY: ends with a NUL.
    (code, unsafe { CStr::from_ptr(text.as_ptr()) }.to_str().unwrap().to_string())
}

fn load_exact(file: &[u8]) -> i32 {
    // SAFETY: memory of the struct's size, and a whole slice.
    unsafe { atome_load_exact(Memory::new(MODEL_SIZE).at(), file.as_ptr(), file.len()) }
}

fn load_classifier(file: &[u8]) -> i32 {
    let size = MODEL_SIZE + size_of::<atome_classifier_t>() - 4 * size_of::<atome_block_t>();
    // SAFETY: memory of at least the struct's size, and a whole slice.
    unsafe { atome_classifier_load_exact(Memory::new(size).at(), file.as_ptr(), file.len()) }
}

#[test]
#[cfg_attr(miri, ignore = "the search for a shape takes minutes there and has no unsafe code")]
fn a_longer_model_of_another_shape_is_named_and_does_not_load() {
    for packing in [Packing::TwoBits, Packing::BaseThree] {
        let file = file(OTHER, packing, None);
        let (code, text) = explain(&file);
        assert_eq!(code, ATOME_ERR_SHAPE);
        let name = String::from_utf8(packing.magic().to_vec()).unwrap();
        assert!(
            text.starts_with(&name)
                && text.ends_with(
                    "for this program's shape; the file fits ATOME_VOCAB_SIZE=256 (here 11) ATOME_D_MODEL=24 (here 6) \
             ATOME_N_LAYERS=3 (here 2) ATOME_D_HEAD=8 (here 3)"
                ),
            "{text}"
        );
        assert_eq!(load_exact(&file), ATOME_ERR_SHAPE);
    }
    let file = file(OTHER, Packing::TwoBits, None);
    // SAFETY: memory of the struct's size, and a whole slice.
    assert_eq!(unsafe { atome_load(Memory::new(MODEL_SIZE).at(), file.as_ptr(), file.len()) }, ATOME_OK);
}

#[test]
#[cfg_attr(miri, ignore = "the search for a shape takes minutes there and has no unsafe code")]
fn a_shorter_one_is_named_too() {
    let smaller = Dims { n_layers: 1, ..SHAPE.dims() };
    let (code, text) = explain(&file(smaller, Packing::TwoBits, None));
    assert_eq!(code, ATOME_ERR_TRUNCATED);
    assert!(text.contains(" for this program's shape; "), "{text}");
    assert_eq!(load_exact(&file(smaller, Packing::TwoBits, None)), ATOME_ERR_TRUNCATED);
}

#[test]
#[cfg_attr(miri, ignore = "the search for a shape takes minutes there and has no unsafe code")]
fn bytes_behind_a_model_are_told_from_another_shape() {
    let mut padded = file(SHAPE.dims(), Packing::TwoBits, None);
    assert_eq!(explain(&padded), (ATOME_OK, "ATOME01: fits this program".to_string()));
    assert_eq!(load_exact(&padded), ATOME_OK);
    padded.extend([0xff; 5]);
    let (code, text) = explain(&padded);
    assert_eq!((code, load_exact(&padded)), (ATOME_ERR_SHAPE, ATOME_ERR_SHAPE));
    assert!(text.ends_with("; 5 bytes lie behind a model of that shape"), "{text}");
    padded.truncate(100);
    assert!(explain(&padded).1.ends_with("; no one shape stands out that fits the file, which may be cut or damaged"));
}

#[test]
#[cfg_attr(miri, ignore = "the search for a shape takes minutes there and has no unsafe code")]
fn classifiers_are_compared_with_their_number_of_classes() {
    let own = file(SHAPE.dims(), Packing::TwoBits, Some(3));
    assert_eq!((explain(&own).0, load_classifier(&own)), (ATOME_OK, ATOME_OK));
    let other = file(OTHER, Packing::TwoBits, Some(3));
    let (code, text) = explain(&other);
    assert_eq!((code, load_classifier(&other)), (ATOME_ERR_SHAPE, ATOME_ERR_SHAPE));
    assert!(text.contains("the file fits ATOME_VOCAB_SIZE=256 (here 11) ATOME_D_MODEL=24 (here 6)"), "{text}");
    let many = file(SHAPE.dims(), Packing::TwoBits, Some(5));
    let expected = "ATOMECL01 with 5 classes, expected 1 to 4 (ATOME_MAX_CLASSES)";
    assert_eq!(explain(&many), (ATOME_ERR_INVALID, expected.to_string()));
    assert_eq!(load_classifier(&many), ATOME_ERR_INVALID);
}

#[test]
fn other_faults_have_their_words() {
    let box_of = |dims, plain: &[u8]| container(Shape::new(dims).unwrap(), plain);
    let own = file(SHAPE.dims(), Packing::TwoBits, None);
    assert_eq!(explain(&box_of(SHAPE.dims(), &own)).0, ATOME_OK);
    let (code, text) = explain(&box_of(OTHER, &file(OTHER, Packing::TwoBits, None)));
    assert_eq!((code, text.starts_with("model VOCAB_SIZE=256 D_MODEL=24 ")), (ATOME_ERR_SHAPE, true));
    let mut malformed = file(SHAPE.dims(), Packing::BaseThree, None);
    malformed[11] = 250;
    let expected = "ATOME02: the byte at offset 11 is 250, which stands for no weights";
    assert_eq!(explain(&malformed), (ATOME_ERR_MALFORMED, expected.to_string()));
    assert!(explain(b"PK\x03\x04....").1.contains("checkpoint"));
    assert!(explain(b"ATOME").1.contains("expected one that begins with ATOME01"));
    let mut text = [0; 1];
    // SAFETY: as many bytes as said.
    unsafe {
        assert_eq!(atome_explain(null(), 9, text.as_mut_ptr(), 1), ATOME_ERR_INVALID);
        assert_eq!(atome_explain(own.as_ptr(), own.len(), text.as_mut_ptr(), 0), ATOME_ERR_INVALID);
    }
}
