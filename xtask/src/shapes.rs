//! The shapes that the firmware is compiled for.

/// Memory plan of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// The smallest state: every call computes the whole sequence.
    Lean,
    /// What the C99 engine's memory holds is kept from call to call.
    Partial,
    /// Keys and values are kept from call to call.
    Cached,
}

impl Plan {
    /// All of them, from the least memory to the most.
    pub const ALL: [Plan; 3] = [Plan::Lean, Plan::Partial, Plan::Cached];

    /// In tables.
    pub fn name(self) -> &'static str {
        match self {
            Plan::Lean => "lean",
            Plan::Partial => "partial",
            Plan::Cached => "cached",
        }
    }

    /// The C compiler's flag.
    pub fn flag(self) -> String {
        format!("-DATOME_PLAN=ATOME_PLAN_{}", self.name().to_uppercase())
    }
}

/// A shape: sizes by the names of the header's macros, which say what they count.
#[allow(missing_docs, reason = "docs/formats.md defines the sizes")]
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub d_model: u32,
    pub max_seq: u32,
    pub n_layers: u32,
    pub n_pathways: u32,
    pub vocab_size: u32,
    pub d_head: u32,
    pub kernel_size: u32,
    pub top_k: u32,
}

/// What the header takes when no macro is set.
pub const DEFAULT: Shape = Shape {
    d_model: 64,
    max_seq: 32,
    n_layers: 4,
    n_pathways: 3,
    vocab_size: 256,
    d_head: 16,
    kernel_size: 5,
    top_k: 4,
};

/// Rows that straddle bytes.
pub const ODD: Shape =
    Shape { d_model: 19, max_seq: 10, n_layers: 3, vocab_size: 37, d_head: 7, kernel_size: 3, top_k: 3, ..DEFAULT };

/// Four pathways, taps and kept positions beyond the sequence.
pub const BEYOND: Shape =
    Shape { d_model: 5, max_seq: 4, n_layers: 2, n_pathways: 4, vocab_size: 13, d_head: 3, kernel_size: 9, top_k: 9 };

/// Deep: in the partial plan, a sequence of up to 11 tokens stays, and of a longer one the first 9, which are computed in two
/// parts: there is room for 7 at a time.
pub const DEEP: Shape =
    Shape { d_model: 8, max_seq: 16, n_layers: 5, vocab_size: 13, d_head: 4, kernel_size: 2, ..DEFAULT };

/// Small enough for thousands of random models.
pub const TINY: Shape =
    Shape { d_model: 6, max_seq: 5, n_layers: 2, n_pathways: 3, vocab_size: 11, d_head: 3, kernel_size: 3, top_k: 2 };

/// As small as fast kernels allow, which want rows that start on bytes: two blocks of columns, the second one short.
/// Rows start on groups of powers of three, too, which in the next one they do not.
pub const FAST: Shape =
    Shape { d_model: 40, max_seq: 8, n_layers: 2, n_pathways: 3, vocab_size: 21, d_head: 8, kernel_size: 5, top_k: 4 };

/// [`FAST`] for 16 KB of RAM, with two engines in them.
pub const FAST_SMALL: Shape = Shape { d_model: 20, max_seq: 5, n_layers: 1, vocab_size: 13, ..FAST };

/// [`FAST_SMALL`] where a naive reference of the integer arithmetic, with its words of 64 bits, is one of the two engines.
pub const FAST_TINY: Shape = Shape { d_model: 12, max_seq: 4, d_head: 4, ..FAST_SMALL };

/// The default shape with a sequence that 16 KB of RAM hold.
pub const SHORT: Shape = Shape { max_seq: 8, ..DEFAULT };

/// The 944K model with room for its prompt and a few tokens.
pub const REAL: Shape = Shape { d_model: 256, max_seq: 24, n_layers: 8, d_head: 64, ..DEFAULT };

impl Shape {
    /// The macros that a compiler is given. Three classes are enough everywhere.
    pub fn flags(&self) -> Vec<String> {
        [
            ("D_MODEL", self.d_model),
            ("MAX_SEQ", self.max_seq),
            ("N_LAYERS", self.n_layers),
            ("N_PATHWAYS", self.n_pathways),
            ("VOCAB_SIZE", self.vocab_size),
            ("D_HEAD", self.d_head),
            ("KERNEL_SIZE", self.kernel_size),
            ("TOP_K", self.top_k),
            ("MAX_CLASSES", 3),
        ]
        .map(|(name, value)| format!("-DATOME_{name}={value}"))
        .to_vec()
    }
}
