//! Models and trainings in checkpoints.

use std::collections::BTreeMap;

use anyhow::{bail, ensure, Context, Result};
use atome_engine::Dims;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::checkpoint::{dims_of, keys, set_dims, Checkpoint, Tensor, MEAN, SQUARE};
use crate::config::{AtomeConfig, GptConfig, ModelConfig, Pathways, Quantiser};
use crate::corpus::hex;
use crate::layout::Layout;
use crate::recipe::Recipe;
use crate::trainer::State;

/// Key of the metadata: steps done.
const STEP: &str = "step";

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

/// A training in a checkpoint: the model, the optimiser's memory, the recipe and the text's digest.
pub fn save_training(recipe: &Recipe, state: &State, corpus_digest: &str) -> Checkpoint {
    let config = &recipe.model;
    let mut checkpoint = Checkpoint::default();
    describe(&mut checkpoint, config);
    add(&mut checkpoint, config, "", &state.params);
    add(&mut checkpoint, config, MEAN, &state.mean);
    add(&mut checkpoint, config, SQUARE, &state.square);
    let strings = [
        (keys::RECIPE, json(recipe)),
        (keys::CORPUS, format!("sha256:{corpus_digest}")),
        (STEP, state.step.to_string()),
    ];
    checkpoint.metadata.extend(strings.map(|(key, value)| (key.to_owned(), value)));
    checkpoint
}

/// What [`save_training`] saved: recipe, state and the text's digest.
///
/// # Errors
/// Names the part that is missing or wrong: not every checkpoint of a model is one of a training.
pub fn load_training(checkpoint: &Checkpoint) -> Result<(Recipe, State, String)> {
    let string = |key: &str| {
        let found = checkpoint.metadata.get(key);
        found.with_context(|| format!("metadata: there is no {key}, expected a checkpoint that `atome train` wrote"))
    };
    let recipe: Recipe = serde_json::from_str(string(keys::RECIPE)?).context("metadata: recipe")?;
    recipe.check().context("metadata: recipe")?;
    let config = config_of(checkpoint)?;
    ensure!(config == recipe.model, "metadata: the recipe is for another model than the one described");
    let step = string(STEP)?.parse().context("metadata: step: expected a whole number")?;
    let digest = string(keys::CORPUS)?;
    let digest =
        digest.strip_prefix("sha256:").with_context(|| format!("metadata: {}: expected sha256:...", keys::CORPUS))?;
    let state = State {
        step,
        params: values(checkpoint, &config, "")?,
        mean: values(checkpoint, &config, MEAN)?,
        square: values(checkpoint, &config, SQUARE)?,
    };
    Ok((recipe, state, digest.to_owned()))
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("numbers, strings and structs have a form in JSON")
}

fn describe(checkpoint: &mut Checkpoint, config: &ModelConfig) {
    checkpoint.metadata.insert(keys::MODEL.to_owned(), json(config));
    match config {
        ModelConfig::Atome(config) => set_dims(checkpoint, &dims(config), None),
        ModelConfig::Gpt(config) => {
            checkpoint.metadata.insert(keys::SHAPE.to_owned(), json(config));
        }
    }
}

/// The sizes as the engine names them.
pub fn dims(config: &AtomeConfig) -> Dims {
    Dims {
        d_model: config.d_model,
        n_layers: config.n_layers,
        d_head: config.d_head,
        kernel_size: config.kernel_size,
        n_pathways: config.pathways.count(),
        vocab_size: config.vocab_size,
        top_k: config.top_k,
    }
}

fn add(checkpoint: &mut Checkpoint, config: &ModelConfig, prefix: &str, values: &[f32]) {
    for tensor in Layout::new(config).tensors {
        let data = values[tensor.range].to_vec();
        let saved = Tensor::new(tensor.shape, data).expect("a layout's ranges have the sizes of its shapes");
        checkpoint.tensors.insert(format!("{prefix}{}", tensor.name), saved);
    }
}

fn values(checkpoint: &Checkpoint, config: &ModelConfig, prefix: &str) -> Result<Vec<f32>> {
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

fn config_of(checkpoint: &Checkpoint) -> Result<ModelConfig> {
    // A mere word is somebody else's.
    let is_json = |text: &&String| text.starts_with(['{', '[']);
    if let Some(text) = checkpoint.metadata.get(keys::MODEL).filter(is_json) {
        return serde_json::from_str(text).context("metadata: model");
    }
    if checkpoint.tensors.contains_key("tok_embed.weight") {
        return gpt_config(checkpoint);
    }
    let described = dims_of(checkpoint)?;
    ensure!(
        described.n_pathways == 3,
        "n_pathways is {}, and nothing says which pathways they are: expected 3",
        described.n_pathways
    );
    Ok(ModelConfig::Atome(AtomeConfig {
        vocab_size: described.vocab_size,
        d_model: described.d_model,
        n_layers: described.n_layers,
        d_head: described.d_head,
        kernel_size: described.kernel_size,
        top_k: described.top_k.unwrap_or(Dims::DEFAULT.top_k),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn training(model: ModelConfig) -> (Recipe, State) {
        let recipe = Recipe { model, seed: 3, ..Recipe::default() };
        let mut state = State::initial(&recipe);
        state.step = 17;
        state.mean[5] = 0.25;
        state.square[7] = 0.5;
        (recipe, state)
    }

    #[test]
    fn trainings_of_every_kind_survive() {
        let left_out = AtomeConfig { pathways: Pathways { state: false, ..Pathways::ALL }, ..AtomeConfig::default() };
        for model in [
            ModelConfig::Atome(AtomeConfig::default()),
            ModelConfig::Atome(left_out),
            ModelConfig::Gpt(GptConfig::FLASH_FAIR),
        ] {
            let (recipe, state) = training(model);
            let bytes = save_training(&recipe, &state, "abc").to_safetensors().unwrap();
            let loaded = Checkpoint::from_bytes(&bytes).unwrap();
            assert_eq!(load_training(&loaded).unwrap(), (recipe, state.clone(), "abc".to_owned()));
            let model = SavedModel::from_checkpoint(&loaded).unwrap();
            assert_eq!(model.params, state.params);
            assert_eq!(SavedModel::from_checkpoint(&model.to_checkpoint()).unwrap(), model);
        }
    }

    #[test]
    fn checkpoints_of_others_are_known_by_their_tensors() {
        for config in [ModelConfig::Atome(AtomeConfig::default()), ModelConfig::Gpt(GptConfig::FLASH_FAIR)] {
            let (recipe, state) = training(config);
            let mut checkpoint = save_training(&recipe, &state, "abc");
            checkpoint.metadata.remove(keys::MODEL);
            checkpoint.metadata.remove("recipe");
            assert_eq!(SavedModel::from_checkpoint(&checkpoint).unwrap().config, config);
        }
    }

    #[test]
    fn hostile_checkpoints_are_named_by_their_fault() {
        let (recipe, state) = training(ModelConfig::Atome(AtomeConfig::default()));
        let good = save_training(&recipe, &state, "abc");
        let refused = |change: &dyn Fn(&mut Checkpoint)| {
            let mut bad = good.clone();
            change(&mut bad);
            format!("{:#}", load_training(&bad).unwrap_err())
        };
        let huge = serde_json::to_string(&ModelConfig::Atome(AtomeConfig {
            d_model: 65_535,
            d_head: 65_535,
            ..AtomeConfig::default()
        }));
        let huge = huge.unwrap();
        let set = |key: &'static str, value: &str| {
            let value = value.to_owned();
            move |bad: &mut Checkpoint| drop(bad.metadata.insert(key.to_owned(), value.clone()))
        };
        let cases: [(&str, String); 9] = [
            ("recipe", refused(&|bad| drop(bad.metadata.remove("recipe")))),
            ("recipe", refused(&set("recipe", "{}"))),
            ("another model", refused(&set(keys::MODEL, &huge))),
            ("model", refused(&set(keys::MODEL, "[1"))),
            ("step", refused(&set(STEP, "-1"))),
            ("sha256", refused(&set(keys::CORPUS, "md5:1"))),
            ("adam.mean.embed.weight", refused(&|bad| drop(bad.tensors.remove("adam.mean.embed.weight")))),
            (
                "expected finite",
                refused(&|bad| {
                    bad.tensors.get_mut("embed.weight").unwrap().data_mut()[3] = f32::NAN;
                }),
            ),
            (
                "blocks",
                refused(&|bad| {
                    let tensor = bad.tensors["blocks.0.norm.bias"].clone();
                    bad.tensors.insert("blocks.4.norm.bias".to_owned(), tensor);
                }),
            ),
        ];
        for (expected, message) in cases {
            assert!(message.contains(expected), "{expected}: {message}");
        }
        let wide = ModelConfig::Atome(AtomeConfig { d_model: 128, ..AtomeConfig::default() });
        for (config, expected) in [(huge, "parameters, expected"), (json(&wide), "tensor embed.weight: shape")] {
            let mut bad = good.clone();
            bad.metadata.insert(keys::MODEL.to_owned(), config);
            let message = SavedModel::from_checkpoint(&bad).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
