//! The shapes that are measured, and the ways that the C reference of each is compiled.

/// One shape; what it does not name is the header's default (3 pathways, 256 tokens, 5 taps, top 4, 16 classes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BenchShape {
    /// What results call it.
    pub name: &'static str,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Positions.
    pub max_seq: usize,
    /// Number of blocks.
    pub n_layers: usize,
    /// Width of a query.
    pub d_head: usize,
}

/// The header's default, with room for the texts that are measured.
pub const DEFAULT: BenchShape = BenchShape { name: "default", d_model: 64, max_seq: 128, n_layers: 4, d_head: 16 };
/// The shape of the 944K model.
pub const REAL: BenchShape = BenchShape { name: "944k", d_model: 256, max_seq: 128, n_layers: 8, d_head: 64 };
/// The default with a long window, to see how the cost of a token grows.
pub const LONG: BenchShape = BenchShape { name: "long", max_seq: 512, ..DEFAULT };

/// All of them, in the order in which the build script compiles references.
pub const SHAPES: [BenchShape; 3] = [DEFAULT, REAL, LONG];

/// A way to compute in C.
#[derive(Clone, Copy, Debug)]
pub struct CBuild {
    /// What results call it.
    pub name: &'static str,
    /// The source, in `benches`.
    pub unit: &'static str,
    /// How it is optimised; `-ffp-contract=off` is always there.
    pub level: u32,
    /// More flags.
    pub flags: &'static [&'static str],
}

/// The reference in two ways, and what a C programmer would make of it in an afternoon. The first is what ratios are to.
pub const C_BUILDS: [CBuild; 3] = [
    CBuild { name: "C -O2", unit: "c/reference.c", level: 2, flags: &[] },
    CBuild { name: "C -O3 native", unit: "c/reference.c", level: 3, flags: &["-march=native"] },
    CBuild { name: "C table -O2", unit: "c/table.c", level: 2, flags: &[] },
];

impl BenchShape {
    /// The macros that a C compiler is given.
    pub fn flags(&self) -> Vec<String> {
        let macros = [
            ("D_MODEL", self.d_model),
            ("MAX_SEQ", self.max_seq),
            ("N_LAYERS", self.n_layers),
            ("D_HEAD", self.d_head),
        ];
        macros.map(|(name, value)| format!("-DATOME_{name}={value}")).to_vec()
    }
}
