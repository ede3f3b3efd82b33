//! Known sums of known models: two independent prototypes of the definition had these bits.

use std::path::PathBuf;

use super::reference::{shape_named, IntegerModel};

struct Vector {
    shape: &'static str,
    file: &'static str,
    text: &'static str,
    residual_unit: i32,
    norm_units: &'static [i32],
    greedy: i32,
    /// Of tokens 32..40, at the last position.
    sums: [i32; 8],
    /// Of all positions' sums, little-endian.
    crc: u32,
}

const REAL: Vector = Vector {
    shape: "real-944k",
    file: "../../shared/data/atome_944k.bin",
    text: "Once upon a time there was",
    residual_unit: 16,
    norm_units: &[10, 10, 10, 10, 10, 9, 9, 9, 10],
    greedy: 32,
    sums: [16567, 3474, -6393, -23244, -17686, -22231, -21352, -1284],
    crc: 0x32f3_b747,
};

const DEFAULT_MODEL: Vector = Vector {
    shape: "default-model",
    file: "../models/default.bin",
    text: "Q: make it 21 degrees\nA:",
    residual_unit: 14,
    norm_units: &[10, 10, 10, 10, 10, 10, 9],
    greedy: 32,
    sums: [25888, 1980, 2677, -1143, -6337, -5694, -2136, -4744],
    crc: 0xd552_ed71,
};

/// Of the polynomial that zip files use, bit by bit.
fn crc_32(bytes: impl Iterator<Item = u8>) -> u32 {
    !bytes.fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

fn check(vector: &Vector, file: &[u8]) {
    let (place, shape) = shape_named(vector.shape);
    let mut model = IntegerModel::load(place, file).unwrap();
    let units: Vec<_> = (0..=shape.n_layers).map(|norm| model.norm_unit(norm)).collect();
    assert_eq!((model.residual_unit(), &units[..]), (vector.residual_unit, vector.norm_units));

    let tokens: Vec<i32> = vector.text.bytes().map(i32::from).collect();
    let (all, greedy) = model.predict(&tokens, 0);
    assert_eq!(greedy, vector.greedy);
    assert_eq!(all[all.len() - shape.vocab_size..][32..40], vector.sums);
    assert_eq!(crc_32(all.iter().flat_map(|sum| sum.to_le_bytes())), vector.crc);

    for (at, sums) in all.chunks(shape.vocab_size).enumerate() {
        assert_eq!(model.predict(&tokens[..=at], at).0, sums, "a longer sequence changed position {at}");
    }
    let shares = |model: &mut IntegerModel, layer| (0..shape.n_pathways).map(|p| model.share(layer, p)).sum::<i64>();
    assert!((0..shape.n_layers).all(|layer| (32_700..=32_770).contains(&shares(&mut model, layer))));
    assert_eq!(model.bounds_exceeded(), 0);
}

#[test]
fn the_checksum_is_the_one_of_zip_files() {
    assert_eq!(crc_32(b"123456789".iter().copied()), 0xcbf4_3926);
}

#[test]
fn the_default_model_has_the_known_sums() {
    check(&DEFAULT_MODEL, &std::fs::read(path(DEFAULT_MODEL.file)).unwrap());
}

#[test]
fn the_real_model_has_the_known_sums() {
    if !path(REAL.file).exists() {
        println!("SKIPPED: ../shared/data/atome_944k.bin is not there");
        return;
    }
    check(&REAL, &std::fs::read(path(REAL.file)).unwrap());
}

/// Of a file that is named from this crate's folder.
pub fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}
