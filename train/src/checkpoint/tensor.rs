//! A tensor with its shape, and what can be wrong with one.

use std::fmt;

/// f32 values with a shape, row-major without gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    data: Vec<f32>,
}

impl Tensor {
    /// A tensor of `data`, whose length must be the product of `shape` (1 for an empty shape). `None` where it is not.
    pub fn new(shape: Vec<usize>, data: Vec<f32>) -> Option<Self> {
        (elements(&shape)? == data.len()).then_some(Self { shape, data })
    }

    /// Sizes from the outermost dimension to the innermost.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The values, to be changed in place.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The values alone.
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }
}

/// Number of values of a shape; `None` where it does not fit `usize`.
pub fn elements(shape: &[usize]) -> Option<usize> {
    // A zero anywhere makes the product zero, however large the other sizes are.
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size))
}

/// What is wrong with a tensor of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub enum TensorError {
    /// The tensor is not there.
    Missing {
        /// Name of the tensor.
        name: String,
        /// The shape that it must have.
        expected: Vec<usize>,
    },
    /// The tensor has another shape.
    WrongShape {
        /// Name of the tensor.
        name: String,
        /// The shape that it has.
        found: Vec<usize>,
        /// The shape that it must have.
        expected: Vec<usize>,
    },
    /// The model has no such tensor.
    Unexpected {
        /// Name of the tensor.
        name: String,
    },
    /// Its values are no floats of a usual size.
    WrongType {
        /// Name of the tensor.
        name: String,
        /// The type that it has.
        found: String,
    },
    /// A value that is infinite or not a number.
    NotFinite {
        /// Name of the tensor.
        name: String,
        /// Place among the values, row-major.
        index: usize,
        /// The value.
        value: f32,
    },
    /// Every value is finite, but their mean magnitude is not.
    ScaleOverflow {
        /// Name of the tensor.
        name: String,
    },
    /// It does not fit the memory block that it says it lies in.
    Layout {
        /// Name of the tensor.
        name: String,
        /// What does not fit.
        what: String,
    },
}

impl fmt::Display for TensorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name, expected } => write!(f, "tensor {name}: missing, expected the shape {expected:?}"),
            Self::WrongShape { name, found, expected } => {
                write!(f, "tensor {name}: shape {found:?}, expected {expected:?}")
            }
            Self::Unexpected { name } => write!(f, "tensor {name}: a model of this shape has none of this name"),
            Self::WrongType { name, found } => {
                write!(f, "tensor {name}: values are {found}, expected f64, f32, f16 or bf16")
            }
            Self::NotFinite { name, index, value } => {
                write!(f, "tensor {name}: value {index} is {value}, expected finite numbers")
            }
            Self::ScaleOverflow { name } => {
                write!(f, "tensor {name}: the mean magnitude overflows f32, expected weights of ordinary size")
            }
            Self::Layout { name, what } => write!(f, "tensor {name}: {what}"),
        }
    }
}

impl std::error::Error for TensorError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_must_fill_the_shape() {
        assert!(Tensor::new(vec![2, 3], vec![0.0; 6]).is_some());
        assert!(Tensor::new(vec![], vec![0.0]).is_some());
        assert!(Tensor::new(vec![0, usize::MAX, usize::MAX], vec![]).is_some());
        assert!(Tensor::new(vec![2, 3], vec![0.0; 5]).is_none());
        assert!(Tensor::new(vec![usize::MAX, 2], vec![0.0; 6]).is_none());
    }
}
