//! What lies beside the weights and describes them: sizes, and numbers and words for people.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Map, Value as Json};

use super::pickle::{Id, Value, Values};
use super::tree::pairs;
use crate::checkpoint::{keys, Checkpoint};

/// Under which keys trainings keep the sizes of a model, the usual one first.
const CONFIGS: [&str; 8] =
    ["config", "model_config", "model_args", "hyper_parameters", "hparams", "cfg", "args", "params"];

/// How deep such a key may lie.
const DEEPEST: usize = 4;

/// The sizes of a model and what else they are called.
const SIZES: [(&str, &[&str]); 8] = [
    ("vocab_size", &[]),
    ("d_model", &["n_embd"]),
    ("n_layers", &["n_layer"]),
    ("d_head", &[]),
    ("kernel_size", &[]),
    ("n_pathways", &[]),
    ("top_k", &[]),
    ("max_seq", &["block_size"]),
];

/// So many of them make a description of a model.
const ENOUGH: usize = 2;

/// Keys that say that a model's embedding is its unembedding, too.
const TIED: [&str; 5] = ["tie_weights", "tie_embeddings", "tied_embeddings", "tie_word_embeddings", "weight_tying"];

/// The longest string that is taken for a description.
const MAX_WORD_BYTES: usize = 256;

/// Describes `checkpoint` by what lies beside its weights in the pickle.
pub fn describe(values: &Values<'_>, root: Id, checkpoint: &mut Checkpoint) {
    for (key, value) in pairs(values, root) {
        let Some(key) = values.str(key).filter(|key| key.len() <= MAX_WORD_BYTES && !keys::RESERVED.contains(key))
        else {
            continue;
        };
        let text = match values.get(value) {
            Value::Int(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::Str(text) if text.len() <= MAX_WORD_BYTES => (*text).to_owned(),
            _ => continue,
        };
        checkpoint.metadata.insert(key.to_owned(), text);
    }
    let Some(config) = config(values, root) else { return };
    let sizes = sizes(values, config);
    if !sizes.is_empty() {
        checkpoint.metadata.insert(keys::SHAPE.to_owned(), Json::Object(sizes).to_string());
    }
    let says_tied = |(key, value): (Id, Id)| {
        values.str(key).is_some_and(|key| TIED.contains(&key)) && values.get(value) == &Value::Bool(true)
    };
    if pairs(values, config).any(says_tied) {
        checkpoint.tie();
    }
}

/// The dict or object with the sizes of the model: the first one with enough of them, those of the usual names before
/// others; else what is named config.
fn config(values: &Values<'_>, root: Id) -> Option<Id> {
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::from([(root, 0)]);
    while let Some((id, depth)) = queue.pop_front() {
        if !seen.insert(id) {
            continue;
        }
        let known = sizes(values, id);
        if SIZES.iter().filter(|(name, _)| known.contains_key(*name)).count() >= ENOUGH {
            return Some(id);
        }
        if depth < DEEPEST {
            let usual = CONFIGS.iter().filter_map(|name| named(values, id, name));
            let all = pairs(values, id).map(|(_, value)| value);
            queue.extend(usual.chain(all).filter(|&part| holds_pairs(values, part)).map(|part| (part, depth + 1)));
        }
    }
    named(values, root, CONFIGS[0])
}

fn holds_pairs(values: &Values<'_>, id: Id) -> bool {
    matches!(values.get(id), Value::Dict(_) | Value::Opaque(_))
}

fn named(values: &Values<'_>, id: Id, name: &str) -> Option<Id> {
    pairs(values, id).find(|&(key, _)| values.str(key) == Some(name)).map(|(_, value)| value)
}

/// All integers of a dict or object, those with the name of a size under its usual name.
fn sizes(values: &Values<'_>, id: Id) -> Map<String, Json> {
    let mut sizes = Map::new();
    for (key, value) in pairs(values, id) {
        match (values.str(key), values.get(value)) {
            (Some(name), &Value::Int(size)) if name.len() <= MAX_WORD_BYTES => {
                sizes.insert(name.to_owned(), Json::from(size));
            }
            _ => {}
        }
    }
    for (name, others) in SIZES {
        let other = others.iter().find_map(|other| sizes.get(*other).cloned());
        if let (false, Some(size)) = (sizes.contains_key(name), other) {
            sizes.insert(name.to_owned(), size);
        }
    }
    sizes
}
