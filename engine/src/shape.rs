//! The numbers that fix a model's size, checked once and then trusted.

use core::fmt;

/// The free choice of a model's sizes, before it is checked by [`Shape::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    /// Width of the residual stream, 1 to 65,535.
    pub d_model: usize,
    /// Number of blocks, 1 to 65,535.
    pub n_layers: usize,
    /// Width of an attention query and key, 1 to 65,535.
    pub d_head: usize,
    /// Taps of the depthwise causal convolution, 1 to 65,535.
    pub kernel_size: usize,
    /// Rows of the router, 3 to 8; the first three drive the convolution, the state and the attention.
    pub n_pathways: usize,
    /// Tokens, 1 to 65,535; 256 where tokens are bytes.
    pub vocab_size: usize,
    /// Positions that attention keeps, 1 to 65,535.
    pub top_k: usize,
}

impl Dims {
    /// What the C engine takes when no macro is set: a model of 60,800 parameters, 20,575 bytes as ATOME01.
    pub const DEFAULT: Dims =
        Dims { d_model: 64, n_layers: 4, d_head: 16, kernel_size: 5, n_pathways: 3, vocab_size: 256, top_k: 4 };

    /// The first number outside its range.
    const fn check(&self) -> Result<(), ShapeError> {
        let ranges = [
            ("d_model", self.d_model, 1, MOST),
            ("n_layers", self.n_layers, 1, MOST),
            ("d_head", self.d_head, 1, MOST),
            ("kernel_size", self.kernel_size, 1, MOST),
            ("n_pathways", self.n_pathways, 3, 8),
            ("vocab_size", self.vocab_size, 1, MOST),
            ("top_k", self.top_k, 1, MOST),
        ];
        let mut i = 0;
        while i < ranges.len() {
            let (name, value, least, most) = ranges[i];
            if value < least || value > most {
                return Err(ShapeError::OutOfRange { name, value, least, most });
            }
            i += 1;
        }
        Ok(())
    }
}

impl Default for Dims {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A model's sizes within their ranges, small enough that every product of them fits `usize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    dims: Dims,
}

/// A size outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapeError {
    /// One number is outside its range.
    OutOfRange {
        /// Which one, by its field name.
        name: &'static str,
        /// What was given.
        value: usize,
        /// The least that is allowed.
        least: usize,
        /// The most that is allowed.
        most: usize,
    },
    /// The model or its work area would not fit the address space of this target.
    TooLarge,
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { name, value, least, most } => {
                write!(f, "{name} is {value}, expected {least} to {most}")
            }
            Self::TooLarge => f.write_str("the shape is too large for this machine's address space"),
        }
    }
}

impl core::error::Error for ShapeError {}

/// Every size of a matrix is 16 bits wide in the C API.
pub(crate) const MOST: usize = u16::MAX as usize;

impl Shape {
    /// Checks every number of `dims`.
    ///
    /// # Errors
    /// [`ShapeError::OutOfRange`] names the first number outside its range; [`ShapeError::TooLarge`] where the model's
    /// file would not fit `usize`.
    pub const fn new(dims: Dims) -> Result<Self, ShapeError> {
        if let Err(error) = dims.check() {
            return Err(error);
        }
        let shape = Self { dims };
        // The largest thing a shape implies on its own is the file; half the address space keeps every later sum safe.
        if shape.weights() > (usize::MAX / 2) as u64 {
            return Err(ShapeError::TooLarge);
        }
        Ok(shape)
    }

    /// An upper bound of the file's bytes. At most 2^16 layers of fewer than 2^35 bytes: no overflow in 64 bits.
    const fn weights(&self) -> u64 {
        let d = self.dims.d_model as u64;
        let rows = 2 * self.dims.d_head as u64 + d + self.dims.n_pathways as u64 + self.dims.kernel_size as u64;
        let block = rows * d + 5 * 4 * d + 5 * 4;
        self.dims.n_layers as u64 * block + 2 * (self.dims.vocab_size as u64 * d) + 8 * d + 64
    }

    /// All sizes at once.
    pub const fn dims(&self) -> Dims {
        self.dims
    }

    /// Width of the residual stream.
    pub const fn d_model(&self) -> usize {
        self.dims.d_model
    }

    /// Number of blocks.
    pub const fn n_layers(&self) -> usize {
        self.dims.n_layers
    }

    /// Width of an attention query and key.
    pub const fn d_head(&self) -> usize {
        self.dims.d_head
    }

    /// Taps of the convolution.
    pub const fn kernel_size(&self) -> usize {
        self.dims.kernel_size
    }

    /// Rows of the router.
    pub const fn n_pathways(&self) -> usize {
        self.dims.n_pathways
    }

    /// Number of tokens.
    pub const fn vocab_size(&self) -> usize {
        self.dims.vocab_size
    }

    /// Positions that attention keeps.
    pub const fn top_k(&self) -> usize {
        self.dims.top_k
    }
}
