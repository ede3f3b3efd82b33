//! Test shapes in the engine's types.

use atome_engine::{Dims, Layout, Plan, Shape};

use crate::shapes::TestShape;

/// The engine's shape of a test shape.
pub fn engine_shape(shape: &TestShape) -> Shape {
    Shape::new(Dims {
        d_model: shape.d_model,
        n_layers: shape.n_layers,
        d_head: shape.d_head,
        kernel_size: shape.kernel_size,
        n_pathways: shape.n_pathways,
        vocab_size: shape.vocab_size,
        top_k: shape.top_k,
    })
    .expect("the shapes of the list are in range")
}

/// The layout of a test shape's work area.
pub fn layout(shape: &TestShape, plan: Plan) -> Layout {
    Layout::new(engine_shape(shape), shape.max_seq, plan).expect("the shapes of the list are in range")
}
