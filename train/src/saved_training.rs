//! Trainings in checkpoints.

use anyhow::{ensure, Context, Result};

use crate::checkpoint::{keys, set_dims, Checkpoint, LATEST, MEAN, SQUARE};
use crate::config::ModelConfig;
use crate::recipe::Recipe;
use crate::saved::{add, config_of, describe, json, values};
use crate::state::State;

/// Key of the metadata: steps done.
const STEP: &str = "step";

/// A training in a checkpoint: the model, the optimiser's memory, the recipe and the text's digest.
pub fn save_training(recipe: &Recipe, state: &State, corpus_digest: &str) -> Checkpoint {
    let config = &recipe.model;
    let mut checkpoint = Checkpoint::default();
    describe(&mut checkpoint, config);
    if let (ModelConfig::Atome(config), Some(_)) = (config, &recipe.pairs) {
        // A prompt with its answer has no longer window.
        set_dims(&mut checkpoint, &config.dims(), Some(recipe.chunk));
    }
    // Whoever reads the model reads the mean, if there is one.
    add(&mut checkpoint, config, "", state.model());
    if state.average.is_some() {
        add(&mut checkpoint, config, LATEST, &state.params);
    }
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
    let model = values(checkpoint, &config, "")?;
    let (params, average) = match recipe.average {
        None => (model, None),
        Some(_) => (values(checkpoint, &config, LATEST)?, Some(model)),
    };
    let state = State {
        step,
        params,
        average,
        mean: values(checkpoint, &config, MEAN)?,
        square: values(checkpoint, &config, SQUARE)?,
    };
    Ok((recipe, state, digest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AtomeConfig, GptConfig, Pathways};
    use crate::saved::SavedModel;

    fn training(model: ModelConfig) -> (Recipe, State) {
        let recipe = Recipe { model, seed: 3, ..Recipe::default() };
        let mut state = State::initial(&recipe);
        state.step = 17;
        state.mean[5] = 0.25;
        state.square[7] = 0.5;
        (recipe, state)
    }

    #[test]
    fn a_mean_is_the_model_and_the_latest_weights_go_on() {
        let (recipe, mut state) = training(ModelConfig::Atome(AtomeConfig::default()));
        let recipe = Recipe { average: Some(0.99), ..recipe };
        state.average = Some(state.params.iter().map(|param| param / 2.0).collect());
        let bytes = save_training(&recipe, &state, "abc").to_safetensors().unwrap();
        let loaded = Checkpoint::from_bytes(&bytes).unwrap();
        assert_eq!(load_training(&loaded).unwrap().1, state);
        assert_eq!(SavedModel::from_checkpoint(&loaded).unwrap().params, state.average.unwrap());
        let read = crate::checkpoint::Loaded::from_bytes(&bytes, None).unwrap();
        assert_eq!(SavedModel::from_checkpoint(&read.checkpoint).unwrap().params[3], state.params[3] / 2.0);
        assert_eq!(read.note(), None);
    }

    #[test]
    fn trainings_of_every_kind_survive() {
        let left_out = AtomeConfig { pathways: Pathways { state: false, ..Pathways::ALL }, ..AtomeConfig::default() };
        for model in [
            ModelConfig::Atome(AtomeConfig::default()),
            ModelConfig::Atome(left_out),
            ModelConfig::Atome(AtomeConfig { feed_forward: 2, ..AtomeConfig::default() }),
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
        let taller = AtomeConfig { feed_forward: 3, ..AtomeConfig::default() };
        for config in [
            ModelConfig::Atome(AtomeConfig::default()),
            ModelConfig::Atome(taller),
            ModelConfig::Gpt(GptConfig::FLASH_FAIR),
        ] {
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
