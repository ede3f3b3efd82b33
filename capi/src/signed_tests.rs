//! Signed containers as C loads them.

use core::ptr::{null, null_mut};
use std::vec::Vec;

use atome_engine::container::put_signature;
use ed25519_compact::{KeyPair, Seed};

use crate::codes::*;
use crate::container_tests::container;
use crate::signed::*;
use crate::tests::{blob, Memory, MODEL_SIZE, SHAPE};

fn keys(seed: u8) -> KeyPair {
    KeyPair::from_seed(Seed::new([seed; 32]))
}

fn signed(plain: &[u8], by: &KeyPair) -> Vec<u8> {
    let mut file = container(SHAPE, plain);
    put_signature(&mut file, |message| *by.sk.sign(message, None)).unwrap();
    file
}

fn load(file: &[u8], key: &KeyPair) -> i32 {
    let mut model = Memory::new(MODEL_SIZE);
    // SAFETY: memory of the struct's size, whole slices, and a key of 32 bytes.
    let code = unsafe { atome_load_signed(model.at(), file.as_ptr(), file.len(), key.pk.as_ptr()) };
    assert_eq!(code == ATOME_OK, model.0.iter().any(|&word| word != 0), "the model is touched by success alone");
    code
}

/// Damage that a checksum cannot see, because who did it made a new one.
fn resealed(mut file: Vec<u8>) -> Vec<u8> {
    let checked = file.len() - 4;
    let checksum = atome_engine::container::crc32(&file[..checked]);
    file[checked..].copy_from_slice(&checksum.to_le_bytes());
    file
}

#[test]
fn the_right_signature_loads_and_nothing_else() {
    let (ours, theirs) = (keys(1), keys(2));
    let file = signed(&blob(1), &ours);
    assert_eq!(load(&file, &ours), ATOME_OK);
    // Signed again by somebody else, or never, or with the flag alone, or no container at all.
    assert_eq!(load(&file, &theirs), ATOME_ERR_SIGNATURE);
    assert_eq!(load(&signed(&blob(1), &theirs), &ours), ATOME_ERR_SIGNATURE);
    assert_eq!(load(&container(SHAPE, &blob(1)), &ours), ATOME_ERR_SIGNATURE);
    assert_eq!(load(&blob(1), &ours), ATOME_ERR_INVALID);
    let mut unsigned = file.clone();
    unsigned[10] = 0;
    assert_eq!(load(&resealed(unsigned), &ours), ATOME_ERR_SIGNATURE);
}

#[test]
fn a_swapped_model_does_not_load() {
    let ours = keys(1);
    let (one, other) = (signed(&blob(1), &ours), signed(&blob(2), &ours));
    assert_eq!((load(&one, &ours), load(&other, &ours)), (ATOME_OK, ATOME_OK));
    let tail = one.len() - 68;
    let swapped = [&other[..tail], &one[tail..]].concat();
    assert_eq!(load(&resealed(swapped), &ours), ATOME_ERR_SIGNATURE);
}

#[test]
fn no_truncation_and_no_flipped_bit_loads() {
    let ours = keys(1);
    let file = signed(&blob(1), &ours);
    for len in 0..file.len() {
        assert!(load(&file[..len], &ours) < 0, "{len} bytes");
    }
    for bit in 0..8 * file.len() {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(load(&damaged, &ours) < 0, "bit {bit}");
        // A checksum that fits again costs a verification, which takes an interpreter long.
        if bit / 8 < file.len() - 4 && (!cfg!(miri) || bit % 4_001 == 0) {
            assert!(load(&resealed(damaged), &ours) < 0, "bit {bit}, with a new checksum");
        }
    }
}

#[test]
fn null_gives_a_code() {
    let ours = keys(1);
    let file = signed(&blob(1), &ours);
    let mut model = Memory::new(MODEL_SIZE);
    // SAFETY: every pointer is NULL or leads to what the function expects.
    unsafe {
        let (data, len, key) = (file.as_ptr(), file.len(), ours.pk.as_ptr());
        assert_eq!(atome_load_signed(null_mut(), data, len, key), ATOME_ERR_INVALID);
        assert_eq!(atome_load_signed(model.at(), null(), len, key), ATOME_ERR_INVALID);
        assert_eq!(atome_load_signed(model.at(), data, len, null()), ATOME_ERR_INVALID);
        assert_eq!(atome_classifier_load_signed(null_mut(), data, len, key), ATOME_ERR_INVALID);
    }
}
