//! The shapes that are compared. The build script compiles a reference for each, the harness an archive image in each plan.

/// One shape, in the words of the header's macros, and how often it is drawn.
#[derive(Debug)]
pub struct TestShape {
    pub name: &'static str,
    pub d_model: usize,
    pub max_seq: usize,
    pub n_layers: usize,
    pub n_pathways: usize,
    pub vocab_size: usize,
    pub d_head: usize,
    pub kernel_size: usize,
    pub top_k: usize,
    pub max_classes: usize,
    /// Cases of this shape in `sum of all weights` cases. Costly ones are rare; 0 is drawn only by name.
    pub weight: u64,
}

/// What the header takes when no macro is set.
const DEFAULT: TestShape = TestShape {
    name: "default",
    d_model: 64,
    max_seq: 32,
    n_layers: 4,
    n_pathways: 3,
    vocab_size: 256,
    d_head: 16,
    kernel_size: 5,
    top_k: 4,
    max_classes: 16,
    weight: 1,
};

/// The shape of the real model that `--real` reads.
pub const REAL: TestShape =
    TestShape { name: "real-944k", d_model: 256, max_seq: 128, n_layers: 8, d_head: 64, weight: 0, ..DEFAULT };

#[rustfmt::skip]
pub const SHAPES: [TestShape; 18] = [
    DEFAULT,
    // Everything at its least.
    TestShape { name: "ones", d_model: 1, max_seq: 1, n_layers: 1, vocab_size: 1, d_head: 1, kernel_size: 1, top_k: 1, max_classes: 1, weight: 12, ..DEFAULT },
    // Rows that straddle bytes.
    TestShape { name: "d19", d_model: 19, max_seq: 12, n_layers: 3, vocab_size: 37, d_head: 7, kernel_size: 3, weight: 16, ..DEFAULT },
    // Taps and kept positions beyond the sequence.
    TestShape { name: "beyond", d_model: 5, max_seq: 5, n_layers: 2, n_pathways: 4, vocab_size: 37, d_head: 3, kernel_size: 9, top_k: 9, weight: 40, ..DEFAULT },
    TestShape { name: "d6-p8", d_model: 6, max_seq: 12, n_layers: 1, n_pathways: 8, vocab_size: 2, d_head: 1, kernel_size: 2, top_k: 1, max_classes: 3, weight: 40 },
    TestShape { name: "d37", d_model: 37, max_seq: 12, n_layers: 2, n_pathways: 5, vocab_size: 300, d_head: 5, weight: 6, ..DEFAULT },
    TestShape { name: "d1-deep", d_model: 1, max_seq: 5, n_layers: 5, vocab_size: 2, d_head: 2, kernel_size: 2, weight: 40, ..DEFAULT },
    TestShape { name: "vocab-65535", d_model: 3, max_seq: 2, n_layers: 1, n_pathways: 6, vocab_size: 65_535, d_head: 1, kernel_size: 2, top_k: 2, weight: 1, ..DEFAULT },
    TestShape { name: "d8-long", d_model: 8, max_seq: 32, n_layers: 2, vocab_size: 37, d_head: 4, weight: 16, ..DEFAULT },
    TestShape { name: "d19-deep", d_model: 19, max_seq: 5, n_layers: 5, n_pathways: 7, vocab_size: 256, d_head: 5, kernel_size: 1, top_k: 1, weight: 8, ..DEFAULT },
    TestShape { name: "d4", d_model: 4, max_seq: 12, n_layers: 4, vocab_size: 16, d_head: 4, kernel_size: 4, top_k: 16, weight: 24, ..DEFAULT },
    TestShape { name: "one-position", d_model: 16, max_seq: 1, n_layers: 2, vocab_size: 37, d_head: 8, weight: 40, ..DEFAULT },
    // A head wider than the stream.
    TestShape { name: "wide-head", d_model: 6, max_seq: 2, n_layers: 3, vocab_size: 300, d_head: 9, top_k: 2, weight: 32, ..DEFAULT },
    TestShape { name: "d10-keep-all", d_model: 10, max_seq: 32, n_layers: 1, n_pathways: 4, vocab_size: 37, d_head: 6, kernel_size: 9, top_k: 40, weight: 10, ..DEFAULT },
    // Whole vectors of every instruction set, and panels of columns that are not whole.
    TestShape { name: "d80", d_model: 80, max_seq: 40, n_layers: 2, vocab_size: 33, d_head: 20, kernel_size: 4, weight: 6, ..DEFAULT },
    // Rows that start on bytes, five taps, eight keys at a time and some left.
    TestShape { name: "d36", d_model: 36, max_seq: 20, n_layers: 2, vocab_size: 21, d_head: 8, weight: 16, ..DEFAULT },
    // Deep: of a sequence of more than 15 tokens, only the first 13 positions stay in the C99 engine's memory. They are computed
    // in two parts: there is room for 7 at a time.
    TestShape { name: "deep", d_model: 12, max_seq: 20, n_layers: 5, vocab_size: 21, d_head: 4, kernel_size: 3, weight: 12, ..DEFAULT },
    REAL,
];

/// Shapes of the integer reference alone: of a model that is known, and at the limits of the arithmetic.
#[cfg_attr(not(test), allow(dead_code))]
#[rustfmt::skip]
pub const INTEGER_SHAPES: [TestShape; 3] = [
    // models/default.bin
    TestShape { name: "default-model", d_model: 128, max_seq: 80, n_layers: 6, vocab_size: 128, kernel_size: 8, ..DEFAULT },
    TestShape { name: "at-limits", d_model: 1024, max_seq: 24, n_layers: 2, n_pathways: 16, vocab_size: 32, d_head: 256, kernel_size: 16, top_k: 16, ..DEFAULT },
    TestShape { name: "longest", d_model: 2, max_seq: 4096, n_layers: 2, vocab_size: 5, d_head: 1, kernel_size: 1, top_k: 1, ..DEFAULT },
];

impl TestShape {
    /// The macros that a compiler is given.
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
            ("MAX_CLASSES", self.max_classes),
        ]
        .map(|(name, value)| format!("-DATOME_{name}={value}"))
        .to_vec()
    }
}
