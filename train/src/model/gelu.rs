//! GELU with the error function (Hendrycks and Gimpel 2016), as PyTorch has it unasked.

use crate::float::Float;

/// `y = x * (1 + erf(x / sqrt 2)) / 2`.
pub fn forward<T: Float>(x: &[T], y: &mut [T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = x * normal_below(x);
    }
}

/// Turns the gradient of the output, in `dy`, into that of the input.
pub fn backward<T: Float>(x: &[T], dy: &mut [T]) {
    let height = T::of(0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2);
    for (dy, &x) in dy.iter_mut().zip(x) {
        let density = height * (T::of(-0.5) * x * x).exp();
        *dy *= normal_below(x) + x * density;
    }
}

/// The share of a standard normal distribution below `x`.
fn normal_below<T: Float>(x: T) -> T {
    T::of(0.5) * (T::ONE + (x * T::of(std::f64::consts::FRAC_1_SQRT_2)).erf())
}
