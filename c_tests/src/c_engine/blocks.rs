//! The building blocks, one at a time.

use std::ffi::c_void;

use super::engine::CEngine;
use crate::call::Call;
use crate::outcome::Outcome;
use crate::untouched::{MARGIN, UNTOUCHED_FLOAT};

impl CEngine {
    /// Performs a call of one building block; other calls do nothing.
    pub fn building_block(&self, model: *mut c_void, state: *mut c_void, call: &Call, out: &mut Outcome) {
        let d = self.d_model();
        let api = self.api;
        // SAFETY (all four below): a loaded model of this engine, matrices and layers that it has, rows of d_model floats,
        // outputs with room for as many.
        match call {
            Call::Matvec { matrix, x, .. } => {
                let rows = self.rows_of(*matrix);
                let mut y = vec![UNTOUCHED_FLOAT; rows + MARGIN];
                // SAFETY: see above.
                unsafe { (api.matvec.unwrap())(model, *matrix as i32, x.as_ptr(), y.as_mut_ptr()) };
                out.floats("matvec", &y);
            }
            Call::LayerNorm { norm, x, .. } => {
                let mut x = x.clone();
                x.extend([UNTOUCHED_FLOAT; MARGIN]);
                // SAFETY: see above.
                unsafe { (api.layer_norm.unwrap())(model, *norm as i32, x.as_mut_ptr()) };
                out.floats("layer_norm", &x);
            }
            Call::CausalConv { layer, x, .. } => {
                let mut y = vec![UNTOUCHED_FLOAT; x.len() + MARGIN];
                let n = (x.len() / d) as i32;
                // SAFETY: see above.
                unsafe { (api.causal_conv.unwrap())(model, *layer as i32, x.as_ptr(), n, y.as_mut_ptr()) };
                out.floats("causal_conv", &y);
            }
            Call::Ssm { layer, x, h, split, .. } => {
                let mut y = vec![UNTOUCHED_FLOAT; x.len() + MARGIN];
                let mut h = h.clone();
                h.extend([UNTOUCHED_FLOAT; MARGIN]);
                let (first, second) = (*split as i32, (x.len() / d - split) as i32);
                let (x, y_at, h_at, from) = (x.as_ptr(), y.as_mut_ptr(), h.as_mut_ptr(), split * d);
                // SAFETY: see above; the second call starts behind the rows of the first.
                unsafe {
                    let ssm = api.ssm_forward.unwrap();
                    ssm(model, *layer as i32, x, first, h_at, y_at);
                    ssm(model, *layer as i32, x.add(from), second, h_at, y_at.add(from));
                }
                out.floats("ssm_forward", &y);
                out.floats("h", &h);
            }
            Call::SparseAttn { layer, x, .. } => {
                let mut y = vec![UNTOUCHED_FLOAT; x.len() + MARGIN];
                let n = (x.len() / d) as i32;
                // SAFETY: see above; a state of this engine, and no more rows than it has room for.
                unsafe { (api.sparse_attn.unwrap())(model, *layer as i32, x.as_ptr(), n, state, y.as_mut_ptr()) };
                out.floats("sparse_attn", &y);
            }
            _ => {}
        }
    }

    /// Rows of a matrix by its number in `engine_api.h`.
    fn rows_of(&self, matrix: usize) -> usize {
        let shape = &self.api.shape;
        let rows = match matrix.checked_sub(2).map(|index| index % 5) {
            None => shape.vocab_size,
            Some(1 | 2) => shape.d_head,
            Some(4) => shape.n_pathways,
            Some(_) => shape.d_model,
        };
        rows as usize
    }
}
