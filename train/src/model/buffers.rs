//! Memory that is used again from pass to pass, and sums of it.

use crate::float::Float;

/// Makes `buffer` `len` long. What it holds afterwards is of no meaning.
pub fn resize<T: Float>(buffer: &mut Vec<T>, len: usize) {
    buffer.resize(len, T::ZERO);
}

/// Makes `buffer` `len` zeros.
pub fn zeros<T: Float>(buffer: &mut Vec<T>, len: usize) {
    buffer.clear();
    buffer.resize(len, T::ZERO);
}

/// `to += from`, as far as the shorter one goes.
pub fn add<T: Float>(to: &mut [T], from: &[T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to += from;
    }
}
