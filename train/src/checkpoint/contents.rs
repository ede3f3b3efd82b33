//! What a checkpoint holds.

use std::collections::BTreeMap;

use super::tensor::Tensor;

/// Keys of [`Checkpoint::metadata`] that this crate writes.
pub mod keys {
    /// The model's sizes: a JSON object of integers, such as `{"d_model":64,...}`.
    pub const SHAPE: &str = "shape";
    /// How it was trained: free text, JSON where this crate trained it.
    pub const RECIPE: &str = "recipe";
    /// Digest of the text that it was trained on.
    pub const CORPUS: &str = "corpus_digest";
    /// The configuration of a model that this crate trained, as JSON.
    pub const MODEL: &str = "model";
    /// How a model that answers is asked, as JSON.
    pub const DIALOGUE: &str = "dialogue";
    /// The classes of a model that is a classifier, as JSON.
    pub const CLASSES: &str = "classes";
    /// What its tokens stand for: the part of a container, in hexadecimal. Without it, they are bytes.
    pub const VOCABULARY: &str = "vocabulary";
    /// What a model that answers may answer: the part of a container, in hexadecimal. Without it, anything.
    pub const GRAMMAR: &str = "grammar";
    /// Digest of everything else in the file: every saved file has it, and every reader looks whether it is right.
    pub const CONTENTS: &str = "contents_digest";
    /// All of them: words of other programs under these names are not taken for ours.
    pub(crate) const RESERVED: [&str; 9] =
        [SHAPE, RECIPE, CORPUS, MODEL, DIALOGUE, CLASSES, VOCABULARY, GRAMMAR, CONTENTS];
}

/// Tensors by name, with strings that describe them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// Model tensors have PyTorch's names ([`model_tensors`]); a training's own state may lie beside them.
    pub tensors: BTreeMap<String, Tensor>,
    /// The description: see [`keys`].
    pub metadata: BTreeMap<String, String>,
}

impl Checkpoint {
    /// Makes the embedding the unembedding, too, where there is none.
    pub(crate) fn tie(&mut self) {
        if let (Some(embed), false) = (self.tensors.get("embed.weight"), self.tensors.contains_key("unembed.weight")) {
            let unembed = embed.clone();
            self.tensors.insert("unembed.weight".to_owned(), unembed);
        }
    }
}
