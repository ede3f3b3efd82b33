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

    /// Whether every number is in its range. Apart from [`Dims::first_error`], so that a core that only wants to know
    /// carries no names.
    #[inline(always)]
    const fn is_valid(&self) -> bool {
        let paths = self.n_pathways;
        is_size(self.d_model)
            && is_size(self.n_layers)
            && is_size(self.d_head)
            && is_size(self.kernel_size)
            && is_size(self.vocab_size)
            && is_size(self.top_k)
            && paths >= PATHWAYS.0
            && paths <= PATHWAYS.1
    }

    const fn first_error(&self) -> ShapeError {
        let (name, value) = if !is_size(self.d_model) {
            ("d_model", self.d_model)
        } else if !is_size(self.n_layers) {
            ("n_layers", self.n_layers)
        } else if !is_size(self.d_head) {
            ("d_head", self.d_head)
        } else if !is_size(self.kernel_size) {
            ("kernel_size", self.kernel_size)
        } else if !is_size(self.vocab_size) {
            ("vocab_size", self.vocab_size)
        } else if !is_size(self.top_k) {
            ("top_k", self.top_k)
        } else {
            let (least, most) = PATHWAYS;
            return ShapeError::OutOfRange { name: "n_pathways", value: self.n_pathways, least, most };
        };
        ShapeError::OutOfRange { name, value, least: 1, most: MOST }
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

/// Least and most rows of a router.
const PATHWAYS: (usize, usize) = (3, 8);

pub(crate) const fn is_size(value: usize) -> bool {
    value >= 1 && value <= MOST
}

impl Shape {
    /// Checks every number of `dims`.
    ///
    /// # Errors
    /// [`ShapeError::OutOfRange`] names the first number outside its range; [`ShapeError::TooLarge`] where the model's
    /// file would not fit `usize`.
    pub const fn new(dims: Dims) -> Result<Self, ShapeError> {
        match Self::checked(dims) {
            Some(shape) => Ok(shape),
            None if dims.is_valid() => Err(ShapeError::TooLarge),
            None => Err(dims.first_error()),
        }
    }

    /// The same without a reason.
    #[inline(always)]
    pub(crate) const fn checked(dims: Dims) -> Option<Self> {
        let shape = Self { dims };
        // The largest thing a shape implies on its own is the file; half the address space keeps every later sum safe.
        if dims.is_valid() && shape.weights() <= (usize::MAX / 2) as u64 {
            Some(shape)
        } else {
            None
        }
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
