//! A model of the Rust engine with the changes that firmware makes to a loaded struct.

use atome_engine::{Attention, Block, Conv, Fingerprint, Matrix, Model, Norm, Run, Shape, Weights};

use crate::call::Edit;

/// The model, seen through its edits.
pub struct EditedModel<'m> {
    model: Model<'m>,
    edits: &'m [Edit],
}

impl<'m> EditedModel<'m> {
    pub fn new(model: Model<'m>, edits: &'m [Edit]) -> Self {
        Self { model, edits }
    }

    /// The last edit of a matrix counts.
    fn rescaled(&self, number: usize, original: Matrix<'m>) -> Matrix<'m> {
        let scale = self.edits.iter().rev().find_map(|edit| match *edit {
            Edit::Scale { matrix, scale } if matrix == number => Some(scale),
            _ => None,
        });
        original.rescaled(scale.unwrap_or(original.scale()))
    }

    /// Layer `layer`; `None` where there is none.
    pub fn block(&self, layer: usize) -> Option<Block<'m>> {
        let block = self.model.block(layer)?;
        let first = 2 + 5 * layer;
        let top_k = self.edits.iter().rev().find_map(|edit| match *edit {
            Edit::TopK { layer: edited, top_k } if edited == layer => Some(top_k),
            _ => None,
        });
        Some(Block {
            conv: Conv { taps: self.rescaled(first, block.conv.taps) },
            attention: Attention {
                wq: self.rescaled(first + 1, block.attention.wq),
                wk: self.rescaled(first + 2, block.attention.wk),
                wv: self.rescaled(first + 3, block.attention.wv),
                top_k: top_k.unwrap_or(block.attention.top_k),
            },
            router: self.rescaled(first + 4, block.router),
            ..block
        })
    }

    /// A matrix that is not a convolution, by its number in `engine_api.h`.
    pub fn matrix(&self, number: usize) -> Option<Matrix<'m>> {
        match number {
            0 => return Some(self.embed()),
            1 => return Some(self.unembed()),
            _ => {}
        }
        let block = self.block((number - 2) / 5)?;
        match (number - 2) % 5 {
            1 => Some(block.attention.wq),
            2 => Some(block.attention.wk),
            3 => Some(block.attention.wv),
            4 => Some(block.router),
            _ => None,
        }
    }
}

impl<'m, M> Run<'m, M> for EditedModel<'m> {}

impl<'m> Weights<'m> for EditedModel<'m> {
    type Layer = Block<'m>;

    fn shape(&self) -> &Shape {
        self.model.shape()
    }

    fn embed(&self) -> Matrix<'m> {
        self.rescaled(0, self.model.embed())
    }

    fn layer(&self, layer: usize) -> Option<Block<'m>> {
        self.block(layer)
    }

    fn final_norm(&self) -> Norm<'m> {
        self.model.final_norm()
    }

    fn unembed(&self) -> Matrix<'m> {
        self.rescaled(1, self.model.unembed())
    }

    fn identity(&self) -> u64 {
        let mut identity = Fingerprint::new(self.model.identity());
        for edit in self.edits {
            let words = match *edit {
                Edit::TopK { layer, top_k } => [0, layer as u64, top_k as u64],
                Edit::Scale { matrix, scale } => [1, matrix as u64, u64::from(scale.to_bits())],
            };
            words.into_iter().for_each(|word| identity.word(word));
        }
        identity.finish()
    }
}
