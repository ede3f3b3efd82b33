//! The eight numbers that a run needs, and where each came from.

use std::fmt;

use atome_engine::Dims;
use serde_json::{json, Map, Value};

/// One of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    VocabSize,
    DModel,
    NLayers,
    DHead,
    KernelSize,
    NPathways,
    TopK,
    MaxSeq,
}

impl Key {
    pub const ALL: [Key; 8] = [
        Key::VocabSize,
        Key::DModel,
        Key::NLayers,
        Key::DHead,
        Key::KernelSize,
        Key::NPathways,
        Key::TopK,
        Key::MaxSeq,
    ];

    /// The sizes that decide a file's length.
    pub const IN_FILE: [Key; 6] =
        [Key::VocabSize, Key::DModel, Key::NLayers, Key::DHead, Key::KernelSize, Key::NPathways];

    /// The key's name in a checkpoint's config.
    pub const fn name(self) -> &'static str {
        match self {
            Key::VocabSize => "vocab_size",
            Key::DModel => "d_model",
            Key::NLayers => "n_layers",
            Key::DHead => "d_head",
            Key::KernelSize => "kernel_size",
            Key::NPathways => "n_pathways",
            Key::TopK => "top_k",
            Key::MaxSeq => "max_seq",
        }
    }

    pub const fn flag(self) -> &'static str {
        match self {
            Key::VocabSize => "--vocab",
            Key::DModel => "--d-model",
            Key::NLayers => "--n-layers",
            Key::DHead => "--d-head",
            Key::KernelSize => "--kernel-size",
            Key::NPathways => "--n-pathways",
            Key::TopK => "--attn-top-k",
            Key::MaxSeq => "--max-seq",
        }
    }

    /// Where tools put a number without being told: the C header's values.
    pub const fn header_default(self) -> usize {
        match self {
            Key::MaxSeq => 32,
            _ => self.of(&Dims::DEFAULT),
        }
    }

    /// The number among a shape's; 0 for the window, which is none of them.
    pub const fn of(self, dims: &Dims) -> usize {
        match self {
            Key::VocabSize => dims.vocab_size,
            Key::DModel => dims.d_model,
            Key::NLayers => dims.n_layers,
            Key::DHead => dims.d_head,
            Key::KernelSize => dims.kernel_size,
            Key::NPathways => dims.n_pathways,
            Key::TopK => dims.top_k,
            Key::MaxSeq => 0,
        }
    }
}

/// How a number was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Flag,
    Container,
    Sidecar,
    Checkpoint,
    Recovered,
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Flag => "flag",
            Source::Container => "container",
            Source::Sidecar => "sidecar",
            Source::Checkpoint => "checkpoint",
            Source::Recovered => "recovered",
            Source::Default => "default",
        })
    }
}

/// The numbers known so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes([Option<(usize, Source)>; 8]);

impl Sizes {
    /// Sets a number that is not known yet; one that is known stays.
    pub fn fill(&mut self, key: Key, value: usize, source: Source) {
        if let Some(slot) = self.0.get_mut(key as usize) {
            slot.get_or_insert((value, source));
        }
    }

    pub fn value(&self, key: Key) -> Option<usize> {
        self.0.get(key as usize).copied().flatten().map(|(value, _)| value)
    }

    pub fn source(&self, key: Key) -> Option<Source> {
        self.0.get(key as usize).copied().flatten().map(|(_, source)| source)
    }

    pub fn has_all(&self, keys: &[Key]) -> bool {
        keys.iter().all(|&key| self.value(key).is_some())
    }

    /// The shape's numbers; those not known are the C header's.
    pub fn dims(&self) -> Dims {
        let value = |key: Key| self.value(key).unwrap_or(key.header_default());
        Dims {
            d_model: value(Key::DModel),
            n_layers: value(Key::NLayers),
            d_head: value(Key::DHead),
            kernel_size: value(Key::KernelSize),
            n_pathways: value(Key::NPathways),
            vocab_size: value(Key::VocabSize),
            top_k: value(Key::TopK),
        }
    }
}

/// The eight numbers by name, as a sidecar has them.
pub fn sizes_json(sizes: &Sizes) -> Value {
    by_name(|key| json!(sizes.value(key)))
}

/// How each was found.
pub fn sources_json(sizes: &Sizes) -> Value {
    by_name(|key| json!(sizes.source(key).map(|source| source.to_string())))
}

fn by_name(value: impl Fn(Key) -> Value) -> Value {
    let entries: Map<String, Value> = Key::ALL.into_iter().map(|key| (key.name().to_owned(), value(key))).collect();
    Value::Object(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_first_stays() {
        let mut sizes = Sizes::default();
        sizes.fill(Key::DModel, 8, Source::Flag);
        sizes.fill(Key::DModel, 9, Source::Sidecar);
        assert_eq!(sizes.value(Key::DModel), Some(8));
        assert_eq!(sizes.source(Key::DModel), Some(Source::Flag));
        assert_eq!(sizes.dims(), Dims { d_model: 8, ..Dims::DEFAULT });
    }

    #[test]
    fn every_key_has_its_own_slot() {
        for (index, key) in Key::ALL.into_iter().enumerate() {
            assert_eq!(key as usize, index);
        }
    }
}
