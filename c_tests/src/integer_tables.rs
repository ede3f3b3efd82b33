//! The integer reference of every shape, as compiled by the build script, and a C99 engine made of it.

use std::sync::OnceLock;

use crate::engine_api::{engine_api, engine_integers};
use crate::shapes::SHAPES;

include!(concat!(env!("OUT_DIR"), "/integers.rs"));

/// An engine of the shape `SHAPES[index]` whose predictions are the integer reference's.
pub fn engine_of_shape(index: usize) -> &'static engine_api {
    static ENGINES: [OnceLock<engine_api>; SHAPES.len()] = [const { OnceLock::new() }; SHAPES.len()];
    let (table, loader) = INTEGERS[index];
    ENGINES[index].get_or_init(|| engine_api {
        load: table.calls_load,
        classifier_load: table.calls_classifier_load,
        predict_next: table.calls_predict_next,
        generate: table.calls_generate,
        classify: table.calls_classify,
        ..*loader
    })
}

/// Whether the integer arithmetic has the shape `SHAPES[index]`.
pub fn has_shape(index: usize) -> bool {
    let shape = &SHAPES[index];
    let sizes = [shape.d_model, shape.max_seq, shape.d_head, shape.kernel_size, shape.top_k, shape.n_pathways];
    // SAFETY: six sizes.
    unsafe { (INTEGERS[0].0.is_inside_limits.unwrap())(sizes.map(|size| size as i32).as_ptr()) == 1 }
}
