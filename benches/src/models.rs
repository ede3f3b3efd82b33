//! The model files that are measured.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use fastrand::Rng;

use crate::shapes::{BenchShape, REAL};

/// Classes of every classifier.
pub const CLASSES: usize = 4;

const MAGIC: &[u8] = b"ATOME01";
const CLASSIFIER_MAGIC: &[u8] = b"ATOMECL01";

/// A model of some shape.
#[derive(Clone, Copy, Debug)]
pub struct ModelFile {
    /// An ATOME01 file; it lives as long as the program.
    pub model: &'static [u8],
    /// The same weights and a random head, as an ATOMECL01 file.
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
            random(shape, &mut rng)
        } else {
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?
        };
        let mut classifier = CLASSIFIER_MAGIC.to_vec();
        classifier.extend((CLASSES as i32).to_le_bytes());
        classifier.extend(&model[MAGIC.len()..]);
        quantised(&mut classifier, CLASSES, shape.d_model, 0.3, &mut rng);
        Ok(Self { model: model.leak(), classifier: classifier.leak(), is_random })
    }
}

/// Weights of which a third is 0, as in trained models.
fn random(shape: &BenchShape, rng: &mut Rng) -> Vec<u8> {
    let BenchShape { d_model: d, n_layers, d_head, .. } = *shape;
    let (vocab_size, taps, pathways) = (256, 5, 3);
    let mut file = MAGIC.to_vec();
    quantised(&mut file, vocab_size, d, 1.0, rng);
    for _ in 0..n_layers {
        floats(&mut file, d, 1.0, rng);
        floats(&mut file, d, 0.0, rng);
        quantised(&mut file, d, taps, 0.5, rng);
        for mean in [0.5, 0.0, 0.0] {
            floats(&mut file, d, mean, rng);
        }
        for rows in [d_head, d_head, d, pathways] {
            quantised(&mut file, rows, d, 1.0 / (d as f32).sqrt(), rng);
        }
    }
    floats(&mut file, d, 1.0, rng);
    floats(&mut file, d, 0.0, rng);
    quantised(&mut file, vocab_size, d, 0.3, rng);
    file
}

fn floats(file: &mut Vec<u8>, count: usize, mean: f32, rng: &mut Rng) {
    for _ in 0..count {
        file.extend((mean + rng.f32() - 0.5).to_le_bytes());
    }
}

/// A scale, then the weights.
fn quantised(file: &mut Vec<u8>, rows: usize, cols: usize, scale: f32, rng: &mut Rng) {
    file.extend(scale.to_le_bytes());
    for _ in 0..(rows * cols).div_ceil(4) {
        let trit = |place: u8, rng: &mut Rng| [0, 1, 3][rng.usize(..3)] << (2 * place);
        file.push((0..4).fold(0, |byte, place| byte | trit(place, rng)));
    }
}
