//! Signatures and keys that the mathematics of Ed25519 lets somebody make who has no secret key: none of them loads.
//!
//! Points and scalars are curve25519-dalek's, another implementation than the one that checks.

use std::vec::Vec;

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::{EdwardsPoint, Scalar};

use crate::codes::{ATOME_ERR_SIGNATURE, ATOME_OK};
use crate::signed_tests::{keys, load_by, resealed, signed};
use crate::tests::blob;

/// The order of the curve's large subgroup, 2^252 + ..., low byte first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The field's prime, 2^255 - 19, low byte first, plus `more`: a number of 0 to 18, so that it still has 255 bits.
fn prime_plus(more: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed + more;
    bytes[31] = 0x7f;
    bytes
}

/// A container with this signature in the place of its own, and a checksum that fits.
fn with_signature(file: &[u8], r: &[u8; 32], s: &[u8; 32]) -> Vec<u8> {
    let mut file = file.to_vec();
    let tail = file.len() - 68;
    file[tail..tail + 32].copy_from_slice(r);
    file[tail + 32..tail + 64].copy_from_slice(s);
    resealed(file)
}

/// Both halves of a container's signature.
fn halves(file: &[u8]) -> ([u8; 32], [u8; 32]) {
    let tail = file.len() - 68;
    (*file[tail..].first_chunk().unwrap(), *file[tail + 32..].first_chunk().unwrap())
}

/// Sum of two numbers of 32 bytes; `None` where it has more.
fn sum(a: &[u8; 32], b: &[u8; 32]) -> Option<[u8; 32]> {
    let (mut sum, mut carry) = ([0; 32], 0_u16);
    for (place, (a, b)) in sum.iter_mut().zip(a.iter().zip(b)) {
        carry += u16::from(*a) + u16::from(*b);
        *place = carry as u8;
        carry >>= 8;
    }
    (carry == 0).then_some(sum)
}

fn point(bytes: &[u8; 32]) -> EdwardsPoint {
    CompressedEdwardsY(*bytes).decompress().unwrap()
}

/// Every encoding of a point of small order, and every one whose number is not below the prime: with either sign.
fn odd_encodings() -> Vec<[u8; 32]> {
    let mut all: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().0).collect();
    all.extend((0..19).map(prime_plus));
    for index in 0..all.len() {
        let mut mirrored = all[index];
        mirrored[31] ^= 0x80;
        all.push(mirrored);
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// With S, S + L, S + 2 L ... the equation holds, too: a second signature for the model would be one that nobody made.
#[test]
fn multiples_of_the_order_do_not_hide_in_s() {
    let ours = keys(1);
    let file = signed(&blob(1), &ours);
    let (r, mut s) = halves(&file);
    assert_eq!(load_by(&with_signature(&file, &r, &s), &ours.pk), ATOME_OK);
    let mut found = 0;
    while let Some(more) = sum(&s, &ORDER) {
        s = more;
        found += 1;
        assert_eq!(load_by(&with_signature(&file, &r, &s), &ours.pk), ATOME_ERR_SIGNATURE, "S + {found} L");
    }
    assert!(found >= 14, "{found}");
}

/// The equation times 8 does not see a point of small order that is added to R or to the key.
#[test]
fn points_of_small_order_do_not_hide_in_r_or_the_key() {
    let ours = keys(1);
    let file = signed(&blob(1), &ours);
    let (r, s) = halves(&file);
    for torsion in &EIGHT_TORSION[1..] {
        let other = (point(&r) + torsion).compress().0;
        assert_eq!(load_by(&with_signature(&file, &other, &s), &ours.pk), ATOME_ERR_SIGNATURE);
        let key = (point(&ours.pk) + torsion).compress().0;
        assert_eq!(load_by(&file, &key), ATOME_ERR_SIGNATURE);
        assert_eq!(load_by(&with_signature(&file, &other, &s), &key), ATOME_ERR_SIGNATURE);
    }
    // The mirrored signature of the mirrored key, and each half of it alone.
    let minus_s = (-Scalar::from_canonical_bytes(s).unwrap()).to_bytes();
    let (minus_r, minus_key) = ((-point(&r)).compress().0, (-point(&ours.pk)).compress().0);
    for (key, r, s) in [(*ours.pk, minus_r, minus_s), (*ours.pk, r, minus_s), (minus_key, minus_r, minus_s)] {
        assert_eq!(load_by(&with_signature(&file, &r, &s), &key), ATOME_ERR_SIGNATURE);
    }
}

/// For a key of small order the equation holds for every message with S = 0 and an R of small order, however they are
/// written: no such key verifies anything, and no such R is taken from our key.
#[test]
fn keys_of_small_order_and_odd_encodings_verify_nothing() {
    let ours = keys(1);
    let file = signed(&blob(1), &ours);
    let odd = odd_encodings();
    assert!(odd.len() >= 38 + 8, "{}", odd.len());
    // An interpreter takes long for each.
    let step = if cfg!(miri) { 17 } else { 1 };
    let (_, honest) = halves(&file);
    for r in odd.iter().step_by(step) {
        for s in [[0; 32], honest, ORDER] {
            let forged = with_signature(&file, r, &s);
            assert_eq!(load_by(&forged, &ours.pk), ATOME_ERR_SIGNATURE, "R {r:02x?}");
            for key in odd.iter().step_by(step) {
                assert_eq!(load_by(&forged, key), ATOME_ERR_SIGNATURE, "key {key:02x?}, R {r:02x?}");
            }
        }
    }
}
