//! Models in checkpoints.

use std::collections::BTreeMap;

use anyhow::{bail, ensure, Context, Result};
use atome_engine::Dims;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::checkpoint::{dims_of, keys, set_dims, sublayers, Checkpoint, Tensor};
use crate::config::{AtomeConfig, GptConfig, ModelConfig, Pathways, Quantiser};
use crate::hex::hex;
use crate::layout::Layout;

/// A model as a checkpoint has it.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedModel {
    /// Its kind and sizes.
    pub config: ModelConfig,
    /// Its parameters, as the layout says.
    pub params: Vec<f32>,
}

impl SavedModel {
    /// The model in `checkpoint`: one of ours, or a PyTorch checkpoint of either kind.
    ///
    /// # Errors
    /// Names the description or the tensor that is missing or wrong.
    pub fn from_checkpoint(checkpoint: &Checkpoint) -> Result<Self> {
        let config = config_of(checkpoint)?;
        config.check()?;
        let params = values(checkpoint, &config, "")?;
        Ok(Self { config, params })
    }

    /// A checkpoint of the model alone.
    pub fn to_checkpoint(&self) -> Checkpoint {
        let mut checkpoint = Checkpoint::default();
        describe(&mut checkpoint, &self.config);
        add(&mut checkpoint, &self.config, "", &self.params);
        checkpoint
    }

    /// Digest of configuration and parameters.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(json(&self.config));
        for value in &self.params {
            hash.update(value.to_le_bytes());
        }
        hex(&hash.finalize())
    }
}

/// Any part of a description as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("numbers, strings and structs have a form in JSON")
}

/// Says in the metadata which model it is.
pub(crate) fn describe(checkpoint: &mut Checkpoint, config: &ModelConfig) {
    checkpoint.metadata.insert(keys::MODEL.to_owned(), json(config));
    match config {
        ModelConfig::Atome(config) => set_dims(checkpoint, &config.dims(), None),
        ModelConfig::Gpt(config) => {
            checkpoint.metadata.insert(keys::SHAPE.to_owned(), json(config));
        }
    }
}

/// Puts `values`, which lie as the layout says, in the checkpoint: as tensors named with `prefix`.
pub(crate) fn add(checkpoint: &mut Checkpoint, config: &ModelConfig, prefix: &str, values: &[f32]) {
    for tensor in Layout::new(config).tensors {
        let data = values[tensor.range].to_vec();
        let saved = Tensor::new(tensor.shape, data).expect("a layout's ranges have the sizes of its shapes");
        checkpoint.tensors.insert(format!("{prefix}{}", tensor.name), saved);
    }
}

/// The values that [`add`] put into a checkpoint.
///
/// # Errors
/// Names the tensor that is missing or wrong.
pub(crate) fn values(checkpoint: &Checkpoint, config: &ModelConfig, prefix: &str) -> Result<Vec<f32>> {
    // Counted before anything is reserved: a wrong size may ask for more memory than there is.
    let stored: usize = checkpoint.tensors.values().map(|tensor| tensor.data().len()).sum();
    let mut all = Vec::with_capacity(stored);
    let mut found = 0;
    for tensor in Layout::new(config).tensors {
        let name = format!("{prefix}{}", tensor.name);
        let Some(saved) = checkpoint.tensors.get(&name) else {
            bail!("tensor {name}: missing, expected the shape {:?}", tensor.shape);
        };
        ensure!(saved.shape() == tensor.shape, "tensor {name}: shape {:?}, expected {:?}", saved.shape(), tensor.shape);
        if let Some((index, value)) = saved.data().iter().enumerate().find(|(_, value)| !value.is_finite()) {
            bail!("tensor {name}: value {index} is {value}, expected finite numbers");
        }
        all.extend(saved.data());
        found += 1;
    }
    let blocks = |name: &String| name.strip_prefix(prefix).is_some_and(|name| name.starts_with("blocks."));
    let expected = Layout::new(config).tensors.iter().filter(|tensor| tensor.name.starts_with("blocks.")).count();
    let there = checkpoint.tensors.keys().filter(|name| blocks(name)).count();
    ensure!(
        there == expected,
        "{there} tensors of blocks, expected {expected} of {found}: the description is of another model"
    );
    Ok(all)
}

/// The model that the metadata describe, or the tensors where they do not.
///
/// # Errors
/// Names the part that is missing or wrong.
pub(crate) fn config_of(checkpoint: &Checkpoint) -> Result<ModelConfig> {
    // A mere word is somebody else's.
    let is_json = |text: &&String| text.starts_with(['{', '[']);
    if let Some(text) = checkpoint.metadata.get(keys::MODEL).filter(is_json) {
        return serde_json::from_str(text).context("metadata: model");
    }
    if checkpoint.tensors.contains_key("tok_embed.weight") {
        return gpt_config(checkpoint);
    }
    let Dims { vocab_size, d_model, n_layers, d_head, kernel_size, n_pathways, top_k } = dims_of(checkpoint)?.dims;
    ensure!(n_pathways == 3, "n_pathways is {n_pathways}, and nothing says which pathways they are: expected 3");
    Ok(ModelConfig::Atome(AtomeConfig {
        vocab_size,
        d_model,
        n_layers,
        d_head,
        kernel_size,
        top_k,
        feed_forward: sublayers(checkpoint),
        pathways: Pathways::ALL,
        quantiser: Quantiser::Ternary,
    }))
}

fn gpt_config(checkpoint: &Checkpoint) -> Result<ModelConfig> {
    let text = checkpoint.metadata.get(keys::SHAPE).context("metadata: the sizes of a GPT are not described")?;
    let sizes: Map<String, Value> = serde_json::from_str(text).context("metadata: shape")?;
    let sizes: BTreeMap<&str, u64> =
        sizes.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_u64()?))).collect();
    let size = |name: &str| -> Result<usize> {
        let found = sizes.get(name).and_then(|&size| usize::try_from(size).ok());
        found.with_context(|| format!("metadata: shape: expected a whole number for {name}"))
    };
    Ok(ModelConfig::Gpt(GptConfig {
        vocab_size: size("vocab_size")?,
        d_model: size("d_model")?,
        n_layers: size("n_layers")?,
        n_heads: size("n_heads")?,
        d_ff: size("d_ff")?,
        max_seq: size("max_seq")?,
    }))
}
