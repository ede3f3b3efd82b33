//! Quantised matrix products.

use crate::float::Float;
use crate::matmul::{add_transposed_product, product, Panels, Store};
use crate::weights::Linear;

/// `y = x W^T`. `x` is `[rows, in]`, `y` is `[rows, out]`.
pub fn forward<T: Float>(weight: &Linear<T>, x: &[T], y: &mut [T]) {
    product(x, &weight.forward, weight.scale, y, Store::Set);
}

/// The gradients from that of the output: `dx = dy W`, or added to it, and `dw += dy^T x`.
///
/// The gradient of the quantised weight is taken for that of the shadow weight (straight-through). `x` is the input as
/// panels: several matrices share it.
pub fn backward<T: Float>(weight: &Linear<T>, x: &Panels<T>, dy: &[T], dx: &mut [T], store: Store, dw: &mut [T]) {
    product(dy, &weight.backward, T::ONE, dx, store);
    add_transposed_product(dy, x, dw);
}
