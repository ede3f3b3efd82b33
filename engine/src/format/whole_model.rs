//! A model, and what its container has beside the payload that takes part in a forward pass.

use super::feed_forward::{Sublayers, SublayersError};
use super::model::Model;
use crate::container::{Container, PartKind};
use crate::run::Run;
use crate::shape::Shape;
use crate::weights::{Block, FeedForward, Layer, Matrix, Norm, Pathways, Ssm, Weights};

/// A model, and its feed-forward sublayers where it has some. For programs that know neither at compile time; one that takes
/// plain files alone has [`Model`], which costs nothing for what it has not.
#[derive(Clone, Copy, Debug)]
pub struct WholeModel<'a> {
    model: Model<'a>,
    sublayers: Option<Sublayers<'a>>,
    identity: u64,
}

impl<'a> WholeModel<'a> {
    /// `model`, and the part of its container that holds its feed-forward sublayers; `None` where there is no such part.
    ///
    /// # Errors
    /// As [`Sublayers::new`].
    pub fn new(model: Model<'a>, part: Option<&'a [u8]>) -> Result<Self, SublayersError> {
        let sublayers = part.map(|part| Sublayers::new(model.shape(), model.packing(), part)).transpose()?;
        let identity = model.identity();
        let identity = sublayers.map_or(identity, |sublayers| sublayers.identity(identity));
        Ok(Self { model, sublayers, identity })
    }

    /// `model`, which is the payload of `container` (of a classifier's, below the head), with the part that belongs to it.
    ///
    /// # Errors
    /// As [`Sublayers::new`].
    pub fn of_container(model: Model<'a>, container: &Container<'a>) -> Result<Self, SublayersError> {
        Self::new(model, container.part(PartKind::FEED_FORWARD))
    }

    /// The model without its sublayers.
    pub const fn model(&self) -> &Model<'a> {
        &self.model
    }

    /// Its sublayers; `None` where it has none.
    pub const fn sublayers(&self) -> Option<&Sublayers<'a>> {
        self.sublayers.as_ref()
    }
}

impl<'a> From<Model<'a>> for WholeModel<'a> {
    fn from(model: Model<'a>) -> Self {
        Self { model, sublayers: None, identity: model.identity() }
    }
}

/// A layer of such a model.
#[derive(Clone, Copy, Debug)]
pub struct WholeLayer<'a> {
    block: Block<'a>,
    sublayers: Option<Sublayers<'a>>,
    index: usize,
}

impl<'a, M> Run<'a, M> for WholeModel<'a> {}

impl<'a> Weights<'a> for WholeModel<'a> {
    type Layer = WholeLayer<'a>;

    fn shape(&self) -> &Shape {
        self.model.shape()
    }

    fn embed(&self) -> Matrix<'a> {
        self.model.embed()
    }

    fn layer(&self, index: usize) -> Option<WholeLayer<'a>> {
        Some(WholeLayer { block: self.model.block(index)?, sublayers: self.sublayers, index })
    }

    fn final_norm(&self) -> Norm<'a> {
        self.model.final_norm()
    }

    fn unembed(&self) -> Matrix<'a> {
        self.model.unembed()
    }

    fn identity(&self) -> u64 {
        self.identity
    }
}

impl<'a> Layer<'a> for WholeLayer<'a> {
    fn norm(&self) -> Norm<'a> {
        self.block.norm
    }

    fn wq(&self) -> Matrix<'a> {
        self.block.attention.wq
    }

    fn wk(&self) -> Matrix<'a> {
        self.block.attention.wk
    }

    fn wv(&self) -> Matrix<'a> {
        self.block.attention.wv
    }

    fn top_k(&self) -> usize {
        self.block.attention.top_k
    }

    fn router(&self) -> Matrix<'a> {
        self.block.router
    }

    fn ssm(&self) -> Ssm<'a> {
        self.block.ssm
    }

    fn pathways(&self) -> Pathways<'a> {
        self.block.pathways()
    }

    fn feed_forward(&self, index: usize) -> Option<FeedForward<'a>> {
        self.sublayers?.get(self.index, index)
    }
}
