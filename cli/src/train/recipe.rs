//! The recipe that the flags ask for.

use anyhow::Result;
use atome_train::config::{AtomeConfig, GptConfig, ModelConfig, Pathways, Quantiser};
use atome_train::layout::Initialisation;
use atome_train::recipe::Recipe;

use super::args::{InitName, Kind, ModelArgs, PathwayName, QuantiserName, RecipeArgs};
use crate::usage_error::UsageError;

/// `base` with all that the flags say.
pub fn recipe(base: Recipe, model: &ModelArgs, args: &RecipeArgs) -> Result<Recipe> {
    let mut recipe = base;
    recipe.model = config(recipe.model, model)?;
    set(&mut recipe.steps, args.steps);
    set(&mut recipe.seed, args.seed);
    recipe.init = match args.init {
        None => recipe.init,
        Some(InitName::Scaled) => Initialisation::Scaled,
        Some(InitName::Pytorch) => Initialisation::Pytorch,
    };
    set(&mut recipe.batch, args.batch);
    set(&mut recipe.accumulate, args.accumulate);
    set(&mut recipe.chunk, args.chunk);
    set(&mut recipe.train_share, args.train_share);
    set(&mut recipe.shards, args.shards);
    set(&mut recipe.optimiser.lr, args.lr);
    set(&mut recipe.optimiser.beta1, args.beta1);
    set(&mut recipe.optimiser.beta2, args.beta2);
    set(&mut recipe.optimiser.weight_decay, args.weight_decay);
    set(&mut recipe.schedule.warmup, args.warmup);
    recipe.schedule.lowest = args.lowest_lr.or(recipe.schedule.lowest);
    recipe.clip = args.clip.or(recipe.clip);
    recipe.dropout = args.dropout.or(recipe.dropout);
    recipe.label_smoothing = args.label_smoothing.or(recipe.label_smoothing);
    recipe.average = args.average.or(recipe.average);
    Ok(recipe)
}

fn set<T: Copy>(value: &mut T, given: Option<T>) {
    *value = given.unwrap_or(*value);
}

fn config(base: ModelConfig, args: &ModelArgs) -> Result<ModelConfig> {
    let base = match (args.model, base) {
        (Some(Kind::Atome), ModelConfig::Gpt(_)) => ModelConfig::Atome(AtomeConfig::default()),
        (Some(Kind::Gpt), ModelConfig::Atome(_)) => ModelConfig::Gpt(GptConfig::PARAMETER_FAIR),
        (_, base) => base,
    };
    match base {
        ModelConfig::Atome(config) => Ok(ModelConfig::Atome(atome(config, args)?)),
        ModelConfig::Gpt(config) => Ok(ModelConfig::Gpt(gpt(config, args)?)),
    }
}

fn atome(mut config: AtomeConfig, args: &ModelArgs) -> Result<AtomeConfig> {
    refuse(
        "a gpt",
        &[
            ("--n-heads", args.n_heads.is_some()),
            ("--d-ff", args.d_ff.is_some()),
            ("--max-seq", args.max_seq.is_some()),
        ],
    )?;
    set(&mut config.vocab_size, args.vocab);
    set(&mut config.d_model, args.d_model);
    set(&mut config.n_layers, args.n_layers);
    set(&mut config.d_head, args.d_head);
    set(&mut config.kernel_size, args.kernel_size);
    set(&mut config.top_k, args.attn_top_k);
    set(&mut config.feed_forward, args.feed_forward);
    if let Some(name) = args.quantiser {
        config.quantiser = match name {
            QuantiserName::Ternary => Quantiser::Ternary,
            QuantiserName::P3 => Quantiser::P3,
            QuantiserName::None => Quantiser::None,
        };
    }
    if !args.without.is_empty() {
        let keep = |name| !args.without.contains(&name);
        config.pathways = Pathways {
            local: keep(PathwayName::Local),
            state: keep(PathwayName::State),
            sparse: keep(PathwayName::Sparse),
        };
    }
    Ok(config)
}

fn gpt(mut config: GptConfig, args: &ModelArgs) -> Result<GptConfig> {
    let foreign = [
        ("--d-head", args.d_head.is_some()),
        ("--kernel-size", args.kernel_size.is_some()),
        ("--attn-top-k", args.attn_top_k.is_some()),
        ("--feed-forward", args.feed_forward.is_some()),
        ("--quantiser", args.quantiser.is_some()),
        ("--without", !args.without.is_empty()),
    ];
    refuse("a model of three pathways", &foreign)?;
    set(&mut config.vocab_size, args.vocab);
    set(&mut config.d_model, args.d_model);
    set(&mut config.n_layers, args.n_layers);
    set(&mut config.n_heads, args.n_heads);
    set(&mut config.d_ff, args.d_ff);
    set(&mut config.max_seq, args.max_seq);
    Ok(config)
}

fn refuse(kind: &str, flags: &[(&str, bool)]) -> Result<()> {
    match flags.iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(UsageError(format!("{flag} is for {kind}, and the model is none (--model)")).into()),
        None => Ok(()),
    }
}

/// What is wrong with a recipe, by the flags that make it instead of the names that it has in a checkpoint.
pub fn in_flags(text: &str) -> String {
    const NAMES: [(&str, &str); 14] = [
        ("batch", "--batch"),
        ("chunk", "--chunk"),
        ("accumulate", "--accumulate"),
        ("init", "--init"),
        ("d_model", "--d-model"),
        ("n_layers", "--n-layers"),
        ("n_heads", "--n-heads"),
        ("d_ff", "--d-ff"),
        ("max_seq", "--max-seq"),
        ("vocab_size", "--vocab"),
        ("top_k", "--attn-top-k"),
        ("feed_forward", "--feed-forward"),
        ("prompt_weight", "--prompt-weight"),
        ("label_smoothing", "--label-smoothing"),
    ];
    let is_between = |c: char| !(c.is_alphanumeric() || c == '_');
    let flagged = |piece: &str| {
        let word = piece.trim_end_matches(is_between);
        let flag = NAMES.iter().find(|(name, _)| *name == word).map_or(word, |(_, flag)| *flag);
        format!("{flag}{}", piece.get(word.len()..).unwrap_or(""))
    };
    let text = text.replace("the lowest learning rate", "--lowest-lr");
    text.split_inclusive(is_between).map(flagged).collect()
}

/// The parts in which two recipes differ, as `name: ours, theirs`.
pub fn differences(ours: &Recipe, theirs: &Recipe) -> Result<Vec<String>> {
    let (ours, theirs) = (serde_json::to_value(ours)?, serde_json::to_value(theirs)?);
    let mut found = Vec::new();
    compare("", &ours, &theirs, &mut found);
    Ok(found)
}

fn compare(name: &str, ours: &serde_json::Value, theirs: &serde_json::Value, found: &mut Vec<String>) {
    if let (Some(ours), Some(theirs)) = (ours.as_object(), theirs.as_object()) {
        // What a recipe does without, it does not name.
        let absent = &serde_json::Value::Null;
        for (key, value) in ours {
            compare(key, value, theirs.get(key).unwrap_or(absent), found);
        }
        for (key, value) in theirs.iter().filter(|(key, _)| !ours.contains_key(*key)) {
            compare(key, absent, value, found);
        }
    } else if ours != theirs {
        found.push(format!("{name} {ours} instead of {theirs}"));
    }
}

#[cfg(test)]
mod tests {
    use super::in_flags;

    #[test]
    fn names_of_a_checkpoint_become_flags() {
        let text = "batch times chunk is above 9: raise accumulate instead of batch";
        assert_eq!(in_flags(text), "--batch times --chunk is above 9: raise --accumulate instead of --batch");
        assert_eq!(
            in_flags("d_model is 6, expected a multiple of n_heads, 4"),
            "--d-model is 6, expected a multiple of --n-heads, 4"
        );
        assert_eq!(in_flags("the lowest learning rate is 1.0"), "--lowest-lr is 1.0");
        assert_eq!(in_flags("chunks, initial, ±a"), "chunks, initial, ±a");
    }
}
