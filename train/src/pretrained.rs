//! The weights of a checkpoint as the start of a new training.

use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

use anyhow::{ensure, Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::bounded::{read_if, Limit};
use crate::checkpoint::{dims_of, shown, Checkpoint, Loaded};
use crate::config::{AtomeConfig, ModelConfig};
use crate::hex::hex;
use crate::layout::{Initialisation, Layout};
use crate::saved::SavedModel;
use crate::vocabulary::OwnedVocabulary;

/// Bytes that tell whether a file is a checkpoint.
const START: u64 = 16;

/// Which weights a training began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Name of the checkpoint, without folders: the same training elsewhere gives the same bits.
    pub file: String,
    /// SHA-256 of the checkpoint, in hexadecimal.
    pub sha256: String,
    /// Which of its sets of weights, where it has more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
}

/// A model to go on with.
#[derive(Clone, Debug)]
pub struct Pretrained {
    /// Its kind, sizes and weights.
    pub model: SavedModel,
    /// What its tokens stand for, where they are no bytes.
    pub vocabulary: Option<OwnedVocabulary>,
    /// Where it is from.
    pub origin: Origin,
    /// What to tell the user about the choice, if there was one.
    pub note: Option<String>,
    /// Whether nothing in the file told how many positions attention keeps.
    pub is_top_k_assumed: bool,
}

impl Pretrained {
    /// Reads a checkpoint, of this crate or of PyTorch: its set of weights named `weights`, else the one that is meant.
    ///
    /// # Errors
    /// Names the file, and what is wrong with it.
    pub fn load(path: &Path, weights: Option<&str>) -> Result<Self> {
        let named = || path.display().to_string();
        let file = File::open(path).with_context(named)?;
        let bytes = read_if(file, Limit::CHECKPOINT, START, Checkpoint::begins_with).with_context(named)?;
        ensure!(
            !bytes.starts_with(b"ATOME"),
            "{}: a model file, whose weights are rounded for good: expected the checkpoint that it was exported from",
            named()
        );
        let loaded = Loaded::from_bytes(&bytes, weights).with_context(named)?;
        let model = SavedModel::from_checkpoint(&loaded.checkpoint).with_context(named)?;
        let vocabulary = OwnedVocabulary::from_checkpoint(&loaded.checkpoint).with_context(named)?;
        let fits = vocabulary.as_ref().map_or(Ok(()), |vocabulary| vocabulary.check_fits(model.config.vocab_size()));
        fits.with_context(named)?;
        let is_top_k_assumed = matches!(model.config, ModelConfig::Atome(_))
            && dims_of(&loaded.checkpoint).is_ok_and(|described| described.top_k.is_none());
        let name = path.file_name().unwrap_or(path.as_os_str());
        let origin = Origin {
            file: name.to_string_lossy().into_owned(),
            sha256: hex(&Sha256::digest(&bytes)),
            weights: (!loaded.others.is_empty()).then(|| shown(&loaded.label)),
        };
        Ok(Self { model, vocabulary, origin, note: loaded.note(), is_top_k_assumed })
    }

    /// Whether the weights are those of a model of `config`, or of one with fewer feed-forward sublayers. How they are rounded,
    /// and how many positions attention keeps, may change from training to training.
    ///
    /// # Errors
    /// Names both shapes.
    pub fn check_fits(&self, config: &ModelConfig) -> Result<()> {
        let tensors = |config: &ModelConfig| -> Vec<(String, Vec<usize>)> {
            Layout::new(config).tensors.into_iter().map(|tensor| (tensor.name, tensor.shape)).collect()
        };
        let own = match (config, self.model.config) {
            (ModelConfig::Atome(config), ModelConfig::Atome(own)) => {
                let feed_forward = own.feed_forward.max(config.feed_forward);
                ModelConfig::Atome(AtomeConfig { feed_forward, ..own })
            }
            (_, own) => own,
        };
        ensure!(
            tensors(config) == tensors(&own),
            "{} has the shape {}, expected {}",
            self.origin.file,
            self.model.config,
            config
        );
        Ok(())
    }

    /// The weights for a model of `config`, which [`Self::check_fits`] took; sublayers that they do not have begin as `seed`
    /// says.
    pub fn params(&self, config: &ModelConfig, seed: u64) -> Vec<f32> {
        let layout = Layout::new(config);
        let mut params = layout.initial(seed, Initialisation::Scaled);
        let own: HashMap<String, Range<usize>> =
            Layout::new(&self.model.config).tensors.into_iter().map(|tensor| (tensor.name, tensor.range)).collect();
        for tensor in layout.tensors {
            if let Some(range) = own.get(&tensor.name) {
                params[tensor.range].copy_from_slice(&self.model.params[range.clone()]);
            }
        }
        params
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{GptConfig, Pathways, Quantiser};

    #[test]
    fn only_the_same_tensors_fit() {
        let config = AtomeConfig { d_model: 8, n_layers: 1, ..AtomeConfig::default() };
        let params = Layout::new(&ModelConfig::Atome(config)).initial(3, Initialisation::Scaled);
        let saved = SavedModel { config: ModelConfig::Atome(config), params };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.safetensors");
        saved.to_checkpoint().save(&path).unwrap();
        let loaded = Pretrained::load(&path, None).unwrap();
        assert_eq!(loaded.model, saved);
        assert_eq!(loaded.origin.sha256, hex(&Sha256::digest(std::fs::read(&path).unwrap())));
        assert_eq!((loaded.origin.file.as_str(), loaded.origin.weights.as_deref()), ("base.safetensors", None));
        assert!(loaded.note.is_none() && !loaded.is_top_k_assumed);
        let fits = |config: AtomeConfig| loaded.check_fits(&ModelConfig::Atome(config));
        fits(AtomeConfig { top_k: 2, quantiser: Quantiser::P3, ..config }).unwrap();
        for other in [
            AtomeConfig { d_head: 8, ..config },
            AtomeConfig { pathways: Pathways { state: false, ..Pathways::ALL }, ..config },
        ] {
            assert!(fits(other).is_err());
        }
        let message = fits(AtomeConfig { d_model: 16, ..config }).unwrap_err().to_string();
        assert_eq!(
            message,
            "base.safetensors has the shape vocab_size=256 d_model=8 n_layers=1 d_head=16 kernel_size=5, \
             expected vocab_size=256 d_model=16 n_layers=1 d_head=16 kernel_size=5"
        );
        assert!(loaded.check_fits(&ModelConfig::Gpt(GptConfig::FLASH_FAIR)).is_err());
    }

    #[test]
    fn sublayers_can_be_added_and_none_is_left_out() {
        let config = |feed_forward| {
            ModelConfig::Atome(AtomeConfig { d_model: 8, n_layers: 2, feed_forward, ..AtomeConfig::default() })
        };
        let params = Layout::new(&config(1)).initial(3, Initialisation::Scaled);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.safetensors");
        SavedModel { config: config(1), params }.to_checkpoint().save(&path).unwrap();
        let loaded = Pretrained::load(&path, None).unwrap();
        loaded.check_fits(&config(3)).unwrap();
        assert!(loaded.check_fits(&config(0)).unwrap_err().to_string().contains("feed_forward=1, expected vocab_size"));
        assert_eq!(loaded.params(&config(1), 9), loaded.model.params);
        let (grown, fresh) = (loaded.params(&config(3), 9), Layout::new(&config(3)).initial(9, Initialisation::Scaled));
        let own = SavedModel { config: config(3), params: grown }.to_checkpoint();
        let fresh = SavedModel { config: config(3), params: fresh }.to_checkpoint();
        for (name, tensor) in &own.tensors {
            let from = loaded.model.to_checkpoint().tensors.get(name).cloned();
            assert_eq!(*tensor, from.unwrap_or_else(|| fresh.tensors[name].clone()), "{name}");
        }
    }

    #[test]
    fn what_is_no_checkpoint_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.bin");
        for (bytes, expected) in [
            (
                b"ATOME01 and more",
                "base.bin: a model file, whose weights are rounded for good: expected the checkpoint",
            ),
            (b"a text, and more", "base.bin: offset 0: found \"a text, a\", expected a checkpoint"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let message = format!("{:#}", Pretrained::load(&path, None).unwrap_err());
            assert!(message.contains(expected), "{message}");
        }
    }
}
