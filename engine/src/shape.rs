//! The numbers that fix a model's size, checked once and then trusted.

use core::fmt;

/// The free choice of a model's sizes, before it is checked by [`Shape::new`]. Their order is that of docs/formats.md,
/// sidecars, checkpoints and command lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    /// Tokens, 1 to 65,535; 256 where tokens are bytes.
    pub vocab_size: usize,
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
    /// Positions that attention keeps, 1 to 65,535.
    pub top_k: usize,
}

impl Dims {
    /// What the C engine takes when no macro is set: a model of 60,800 parameters, 20,575 bytes as ATOME01.
    pub const DEFAULT: Dims =
        Dims { vocab_size: 256, d_model: 64, n_layers: 4, d_head: 16, kernel_size: 5, n_pathways: 3, top_k: 4 };

    /// All sizes with their names, in order.
    pub const fn named(&self) -> [(&'static str, usize); 7] {
        [
            ("vocab_size", self.vocab_size),
            ("d_model", self.d_model),
            ("n_layers", self.n_layers),
            ("d_head", self.d_head),
            ("kernel_size", self.kernel_size),
            ("n_pathways", self.n_pathways),
            ("top_k", self.top_k),
        ]
    }

    /// The first number that is outside its range.
    const fn first_error(&self) -> Option<ShapeError> {
        let (named, mut ranges): (_, &[(usize, usize)]) = (self.named(), &RANGES);
        let mut sizes: &[(&'static str, usize)] = &named;
        while let ([(name, value), other_sizes @ ..], [(least, most), other_ranges @ ..]) = (sizes, ranges) {
            if *value < *least || *value > *most {
                return Some(ShapeError::OutOfRange { name, value: *value, least: *least, most: *most });
            }
            (sizes, ranges) = (other_sizes, other_ranges);
        }
        None
    }
}

impl Default for Dims {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A model's sizes within their ranges, small enough that every product of two of them fits `usize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Shape {
    /// In the order of the constants below, which is that of the C header's `atome_config_t`: the C API reads a shape where
    /// a program's constant has it. An array, because code that looks at one after the other is larger.
    sizes: [u32; 7],
}

const D_MODEL: usize = 0;
const N_LAYERS: usize = 1;
const N_PATHWAYS: usize = 2;
const VOCAB_SIZE: usize = 3;
const D_HEAD: usize = 4;
const KERNEL_SIZE: usize = 5;
const TOP_K: usize = 6;

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

/// Least and most of each of [`Dims::named`].
const RANGES: [(usize, usize); 7] = [(1, MOST), (1, MOST), (1, MOST), (1, MOST), (1, MOST), PATHWAYS, (1, MOST)];

pub(crate) const fn is_size(value: usize) -> bool {
    value >= 1 && value <= MOST
}

const fn is_pathways(value: usize) -> bool {
    value >= PATHWAYS.0 && value <= PATHWAYS.1
}

impl Shape {
    /// Checks every number of `dims`.
    ///
    /// # Errors
    /// [`ShapeError::OutOfRange`] names the first number outside its range.
    pub const fn new(dims: Dims) -> Result<Self, ShapeError> {
        if let Some(error) = dims.first_error() {
            return Err(error);
        }
        Ok(Self::of(dims))
    }

    /// The same of numbers below 2^32 without a reason, so that a core that only wants to know carries no names.
    pub(crate) fn checked(dims: Dims) -> Option<Self> {
        let shape = Self::of(dims);
        shape.is_valid().then_some(shape)
    }

    const fn of(dims: Dims) -> Self {
        let mut sizes = [0; 7];
        sizes[D_MODEL] = dims.d_model as u32;
        sizes[N_LAYERS] = dims.n_layers as u32;
        sizes[N_PATHWAYS] = dims.n_pathways as u32;
        sizes[VOCAB_SIZE] = dims.vocab_size as u32;
        sizes[D_HEAD] = dims.d_head as u32;
        sizes[KERNEL_SIZE] = dims.kernel_size as u32;
        sizes[TOP_K] = dims.top_k as u32;
        Self { sizes }
    }

    /// Whether every number is in its range, of a shape that was not made by [`Shape::new`].
    pub(crate) fn is_valid(&self) -> bool {
        is_pathways(self.n_pathways()) && self.sizes.iter().all(|&size| is_size(size as usize))
    }

    /// All sizes at once.
    pub const fn dims(&self) -> Dims {
        Dims {
            vocab_size: self.vocab_size(),
            d_model: self.d_model(),
            n_layers: self.n_layers(),
            d_head: self.d_head(),
            kernel_size: self.kernel_size(),
            n_pathways: self.n_pathways(),
            top_k: self.top_k(),
        }
    }

    /// Width of the residual stream.
    pub const fn d_model(&self) -> usize {
        self.sizes[D_MODEL] as usize
    }

    /// Number of blocks.
    pub const fn n_layers(&self) -> usize {
        self.sizes[N_LAYERS] as usize
    }

    /// Width of an attention query and key.
    pub const fn d_head(&self) -> usize {
        self.sizes[D_HEAD] as usize
    }

    /// Taps of the convolution.
    pub const fn kernel_size(&self) -> usize {
        self.sizes[KERNEL_SIZE] as usize
    }

    /// Rows of the router.
    pub const fn n_pathways(&self) -> usize {
        self.sizes[N_PATHWAYS] as usize
    }

    /// Number of tokens.
    pub const fn vocab_size(&self) -> usize {
        self.sizes[VOCAB_SIZE] as usize
    }

    /// Positions that attention keeps.
    pub const fn top_k(&self) -> usize {
        self.sizes[TOP_K] as usize
    }
}
