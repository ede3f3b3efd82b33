//! A model for the engine: what is in a file, with what its container has beside it.

use anyhow::Result;
use atome_engine::{Classifier, Matrix, Model, Shape, WholeModel};
use atome_train::classes::WholeClassifier;

/// A model, and the head of a classifier.
#[derive(Clone, Copy, Debug)]
pub struct EngineModel<'m> {
    pub model: WholeModel<'m>,
    pub head: Option<Matrix<'m>>,
}

impl<'m> EngineModel<'m> {
    /// The model in `bytes`, a model file of this shape, of a classifier with so many classes; and in the part of a container
    /// that has its feed-forward sublayers, where it has some.
    pub fn new(
        n_classes: Option<usize>,
        shape: Shape,
        bytes: &'m [u8],
        feed_forward: Option<&'m [u8]>,
    ) -> Result<Self> {
        let (model, head) = match n_classes {
            None => (Model::new(shape, bytes)?, None),
            Some(n_classes) => {
                let classifier = Classifier::new(shape, bytes, n_classes)?;
                (classifier.base, Some(classifier.head))
            }
        };
        Ok(Self { model: WholeModel::new(model, feed_forward)?, head })
    }

    /// As a classifier, if it is one.
    pub fn classifier(&self) -> Option<WholeClassifier<'m>> {
        Some(WholeClassifier { base: self.model, head: self.head? })
    }
}
