//! The model files that are measured.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use atome_engine::Packing;
use fastrand::Rng;

use crate::shapes::{BenchShape, REAL};

/// Classes of every classifier.
pub const CLASSES: usize = 4;

const CLASSIFIER_MAGIC: &[u8] = b"ATOMECL01";

/// A model of some shape.
#[derive(Clone, Copy, Debug)]
pub struct ModelFile {
    /// A file without classes; it lives as long as the program.
    pub model: &'static [u8],
    /// Weights and a random head, as an ATOMECL01 file.
    pub classifier: &'static [u8],
    /// Whether the weights are random.
    pub is_random: bool,
}

impl ModelFile {
    /// The 944K model where its file is there and the shape is its own, else a random one, which is said on stderr.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn of(shape: &BenchShape) -> Result<Self> {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/atome_944k.bin");
        let mut rng = Rng::with_seed(944);
        let is_random = *shape != REAL || !path.is_file();
        if *shape == REAL && is_random {
            eprintln!(
                "NO 944K MODEL: ../shared/data/atome_944k.bin IS NOT THERE; A RANDOM ONE OF ITS SHAPE IS MEASURED"
            );
        }
        let model = if is_random {
            random(shape, Packing::TwoBits, &mut rng)
        } else {
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?
        };
        let mut classifier = CLASSIFIER_MAGIC.to_vec();
        classifier.extend((CLASSES as i32).to_le_bytes());
        classifier.extend(&model[Packing::TwoBits.magic().len()..]);
        quantised(&mut classifier, Packing::TwoBits, CLASSES, shape.d_model, 0.3, &mut rng);
        Ok(Self { model: model.leak(), classifier: classifier.leak(), is_random })
    }

    /// A random model whose weights are packed so; its classifier has other weights, of two bits each.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn packed(shape: &BenchShape, packing: Packing) -> Result<Self> {
        let model = random(shape, packing, &mut Rng::with_seed(944));
        Ok(Self { model: model.leak(), is_random: true, ..Self::of(shape)? })
    }
}

/// Weights of which a third is 0, as in trained models.
fn random(shape: &BenchShape, packing: Packing, rng: &mut Rng) -> Vec<u8> {
    let BenchShape { d_model: d, n_layers, d_head, .. } = *shape;
    let (vocab_size, taps, pathways) = (256, 5, 3);
    let mut file = packing.magic().to_vec();
    quantised(&mut file, packing, vocab_size, d, 1.0, rng);
    for _ in 0..n_layers {
        floats(&mut file, d, 1.0, rng);
        floats(&mut file, d, 0.0, rng);
        quantised(&mut file, packing, d, taps, 0.5, rng);
        for mean in [0.5, 0.0, 0.0] {
            floats(&mut file, d, mean, rng);
        }
        for rows in [d_head, d_head, d, pathways] {
            quantised(&mut file, packing, rows, d, 1.0 / (d as f32).sqrt(), rng);
        }
    }
    floats(&mut file, d, 1.0, rng);
    floats(&mut file, d, 0.0, rng);
    quantised(&mut file, packing, vocab_size, d, 0.3, rng);
    file
}

fn floats(file: &mut Vec<u8>, count: usize, mean: f32, rng: &mut Rng) {
    for _ in 0..count {
        file.extend((mean + rng.f32() - 0.5).to_le_bytes());
    }
}

/// A scale, then the weights.
fn quantised(file: &mut Vec<u8>, packing: Packing, rows: usize, cols: usize, scale: f32, rng: &mut Rng) {
    file.extend(scale.to_le_bytes());
    let mut left = rows * cols;
    while left > 0 {
        // -1, 0 and +1 in the codes of each packing, and 0 behind the last weight.
        let per_group = match packing {
            Packing::TwoBits => 4,
            Packing::BaseThree => 5,
            Packing::PowersOfThree => 8,
        };
        let mut codes = [0; 8];
        codes[..left.min(per_group)].fill_with(|| rng.u32(..3));
        left = left.saturating_sub(per_group);
        let codes = codes[..per_group].iter().rev();
        match packing {
            Packing::TwoBits => file.push(codes.fold(0, |byte, &code| byte << 2 | [0, 1, 3][code as usize])),
            Packing::BaseThree => file.push(codes.fold(0, |byte, &code| 3 * byte + [1, 2, 0][code as usize])),
            Packing::PowersOfThree => file.extend(&codes.fold(0, |word, code| word << 3 | code).to_le_bytes()[..3]),
        }
    }
}
