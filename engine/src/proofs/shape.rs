//! The numbers that fix a model's size.

use super::symbolic::{any_u16, any_usize, assume, one_of};
use crate::{Dims, Shape};

/// A valid shape of which one size is any: d_head, kernel_size, n_pathways, vocab_size or top_k in turn, while the
/// others are least or greatest. With more that are free, a solver does not finish.
/// [`prove_a_shape_is_within_its_limits`] tells that there are no sizes beyond 16 bits.
#[inline(always)]
pub(crate) fn shape_with(d_model: usize, n_layers: usize) -> Shape {
    let free = one_of("which size is free", [0, 1, 2, 3, 4]);
    let other = one_of("the others", [1, 65_535]);
    let size = |index, name| if index == free { usize::from(any_u16(name)) } else { other };
    let dims = Dims {
        d_model,
        n_layers,
        d_head: size(0, "d_head"),
        kernel_size: size(1, "kernel_size"),
        n_pathways: if free == 2 { usize::from(any_u16("n_pathways")) } else { other.clamp(3, 8) },
        vocab_size: size(3, "vocab_size"),
        top_k: size(4, "top_k"),
    };
    let shape = Shape::new(dims);
    assume(shape.is_ok());
    shape.unwrap_or_else(|_| unreachable!())
}

/// For any seven numbers of `usize`: taken where all are in their ranges, refused otherwise, and kept as they are.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_shape_is_within_its_limits() {
    let dims = Dims {
        d_model: any_usize("d_model"),
        n_layers: any_usize("n_layers"),
        d_head: any_usize("d_head"),
        kernel_size: any_usize("kernel_size"),
        n_pathways: any_usize("n_pathways"),
        vocab_size: any_usize("vocab_size"),
        top_k: any_usize("top_k"),
    };
    let sizes = [dims.d_model, dims.n_layers, dims.d_head, dims.kernel_size, dims.vocab_size, dims.top_k];
    let is_in_range = sizes.iter().fold(true, |all, &size| all & (size.wrapping_sub(1) < 65_535))
        & (dims.n_pathways.wrapping_sub(3) < 6);
    match Shape::new(dims) {
        Ok(shape) => assert!(is_in_range & (shape.dims() == dims)),
        Err(_) => assert!(!is_in_range),
    }
}
