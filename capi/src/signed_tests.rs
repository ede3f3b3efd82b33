//! Signed containers as C loads them.

use core::cell::RefCell;
use core::ptr::{null, null_mut};
use std::vec::Vec;

use atome_engine::container::put_signature;
use ed25519_compact::{KeyPair, Seed};

use crate::codes::*;
use crate::container_tests::{container, container_for};
use crate::signed::*;
use crate::tests::{blob, Memory, MODEL_SIZE, SHAPE};

pub(crate) fn keys(seed: u8) -> KeyPair {
    KeyPair::from_seed(Seed::new([seed; 32]))
}

pub(crate) fn signed(plain: &[u8], by: &KeyPair) -> Vec<u8> {
    put(container(SHAPE, plain), [0; 4], by)
}

/// A signature that names the key `id`, and is by `by`.
fn put(mut file: Vec<u8>, id: [u8; 4], by: &KeyPair) -> Vec<u8> {
    put_signature(&mut file, id, |message| *by.sk.sign(message, None)).unwrap();
    file
}

/// Of a product and a version, naming its key, as `atome sign` makes it.
fn signed_for(product: u32, version: u32, by: &KeyPair) -> Vec<u8> {
    put(container_for(product, version, &blob(1)), *by.pk.first_chunk().unwrap(), by)
}

fn load(file: &[u8], key: &KeyPair) -> i32 {
    load_by(file, &key.pk)
}

pub(crate) fn load_by(file: &[u8], key: &[u8; 32]) -> i32 {
    let mut model = Memory::new(MODEL_SIZE);
    // SAFETY: memory of the struct's size, whole slices, and a key of 32 bytes.
    let code = unsafe { atome_load_signed(model.at(), file.as_ptr(), file.len(), key.as_ptr()) };
    assert_eq!(code == ATOME_OK, model.0.iter().any(|&word| word != 0), "the model is touched by success alone");
    code
}

fn load_at_least(file: &[u8], keys: &[&KeyPair], product: u32, min_version: u32) -> i32 {
    let keys: Vec<[u8; 32]> = keys.iter().map(|pair| *pair.pk).collect();
    let mut model = Memory::new(MODEL_SIZE);
    // SAFETY: memory of the struct's size, whole slices, and as many keys as said.
    let code = unsafe {
        let (data, len) = (file.as_ptr(), file.len());
        atome_load_signed_at_least(model.at(), data, len, keys.as_ptr(), keys.len(), product, min_version)
    };
    assert_eq!(code == ATOME_OK, model.0.iter().any(|&word| word != 0), "the model is touched by success alone");
    code
}

/// Damage that a checksum cannot see, because who did it made a new one.
pub(crate) fn resealed(mut file: Vec<u8>) -> Vec<u8> {
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
fn an_older_model_and_another_products_are_refused() {
    let ours = keys(1);
    let file = signed_for(7, 3, &ours);
    for (product, min_version, code) in [
        (7, 0, ATOME_OK),
        (7, 2, ATOME_OK),
        (7, 3, ATOME_OK),
        (7, 4, ATOME_ERR_OUTDATED),
        (7, u32::MAX, ATOME_ERR_OUTDATED),
        (8, 0, ATOME_ERR_PRODUCT),
        (0, 0, ATOME_ERR_PRODUCT),
        (8, 4, ATOME_ERR_PRODUCT),
    ] {
        assert_eq!(load_at_least(&file, &[&ours], product, min_version), code, "product {product}, {min_version}");
    }
    // Who asks for neither gets any model that was ever signed.
    assert_eq!(load(&file, &ours), ATOME_OK);
    // Numbers that somebody changed are no longer those that were signed.
    for at in [52, 56, 60] {
        let mut newer = file.clone();
        newer[at] = 9;
        assert_eq!(load_at_least(&resealed(newer), &[&ours], 7, 0), ATOME_ERR_SIGNATURE, "byte {at}");
    }
}

#[test]
fn an_old_container_is_of_no_product_and_of_version_0() {
    let ours = keys(1);
    let file = signed(&blob(1), &ours);
    assert_eq!(load_at_least(&file, &[&ours], 0, 0), ATOME_OK);
    assert_eq!(load_at_least(&file, &[&ours], 0, 1), ATOME_ERR_OUTDATED);
    assert_eq!(load_at_least(&file, &[&ours], 7, 0), ATOME_ERR_PRODUCT);
}

#[test]
fn two_keys_live_side_by_side_until_one_is_retired() {
    let (old, new, theirs) = (keys(1), keys(2), keys(3));
    // Those that name their key, and those that do not.
    let by_old = [signed_for(7, 3, &old), put(container_for(7, 3, &blob(1)), [0; 4], &old)];
    let by_new = [signed_for(7, 3, &new), put(container_for(7, 3, &blob(1)), [0; 4], &new)];
    for file in by_old.iter().chain(&by_new) {
        assert_eq!(load_at_least(file, &[&old, &new], 7, 3), ATOME_OK);
        assert_eq!(load_at_least(file, &[&new, &theirs, &old], 7, 3), ATOME_OK);
        assert_eq!(load_at_least(file, &[&theirs], 7, 3), ATOME_ERR_SIGNATURE);
    }
    for file in &by_old {
        assert_eq!(load_at_least(file, &[&new], 7, 3), ATOME_ERR_SIGNATURE);
    }
    // As many as there may be, the right one last; one more, and none.
    let many: Vec<KeyPair> = (10..17).map(keys).collect();
    let mut list: Vec<&KeyPair> = many.iter().collect();
    list.push(&new);
    assert_eq!((list.len(), load_at_least(&by_new[1], &list, 7, 3)), (ATOME_MAX_KEYS, ATOME_OK));
    list.push(&old);
    assert_eq!(load_at_least(&by_new[1], &list, 7, 3), ATOME_ERR_INVALID);
    assert_eq!(load_at_least(&by_new[1], &[], 7, 3), ATOME_ERR_INVALID);
    // A right signature under another key's name.
    let named_wrong = put(container_for(7, 3, &blob(1)), *old.pk.first_chunk().unwrap(), &new);
    assert_eq!(load_at_least(&named_wrong, &[&old, &new], 7, 3), ATOME_ERR_SIGNATURE);
}

/// What a fault of the chip would do: one of two answers is another.
#[test]
fn no_single_answer_decides() {
    let asked = |answers: &[Result<u8, i32>]| {
        let left = RefCell::new(answers.to_vec());
        let said = agreed(|| left.borrow_mut().remove(0));
        (said, left.into_inner().len())
    };
    let bad = Err(ATOME_ERR_SIGNATURE);
    assert_eq!(asked(&[Ok(1), Ok(1), Ok(1)]), (Ok(1), 1), "asked twice");
    assert_eq!(asked(&[Ok(1), bad]).0, bad);
    assert_eq!(asked(&[bad, Ok(1)]).0, bad);
    assert_eq!(asked(&[Ok(1), Err(ATOME_ERR_OUTDATED)]).0, Err(ATOME_ERR_OUTDATED));
    assert_eq!(asked(&[Ok(1), Ok(2)]).0, bad, "memory that changed in between");
}

#[test]
fn no_truncation_and_no_flipped_bit_loads() {
    let ours = keys(1);
    for file in [signed(&blob(1), &ours), signed_for(7, 3, &ours)] {
        none_of_it_loads_damaged(&file, &ours);
    }
}

fn none_of_it_loads_damaged(file: &[u8], ours: &KeyPair) {
    for len in 0..file.len() {
        assert!(load(&file[..len], ours) < 0, "{len} bytes");
    }
    for bit in 0..8 * file.len() {
        let mut damaged = file.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(load(&damaged, ours) < 0, "bit {bit}");
        // A checksum that fits again costs a verification, which takes an interpreter long.
        if bit / 8 < file.len() - 4 && (!cfg!(miri) || bit % 4_001 == 0) {
            assert!(load(&resealed(damaged), ours) < 0, "bit {bit}, with a new checksum");
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
        let keys = key.cast();
        for (model, data, keys, n_keys) in [
            (null_mut(), data, keys, 1),
            (model.at(), null(), keys, 1),
            (model.at(), data, null(), 1),
            (model.at(), data, keys, 0),
            (model.at(), data, keys, usize::MAX),
        ] {
            assert_eq!(atome_load_signed_at_least(model, data, len, keys, n_keys, 0, 0), ATOME_ERR_INVALID);
            let clf = model.cast();
            assert_eq!(atome_classifier_load_signed_at_least(clf, data, len, keys, n_keys, 0, 0), ATOME_ERR_INVALID);
        }
    }
}
