//! The shapes that are measured, and models of them.

use std::path::PathBuf;

use super::engine::Variant;
use crate::qemu::cores::Core;
use xtask::shapes::{Plan, Shape, DEFAULT, REAL};

/// Small enough for both engines, in both plans, in the 16 KB of the smallest core.
pub const SMALL: Shape = Shape { d_model: 32, max_seq: 10, n_layers: 2, ..DEFAULT };

/// The names of the shapes, in the order of the table.
pub const SHAPES: [(&str, Shape); 3] = [("small", SMALL), ("default", DEFAULT), ("944k", REAL)];

/// How many tokens are generated after a prompt of 4: 20, or fewer where the sequence is shorter.
pub fn generated_tokens(shape: &Shape) -> u32 {
    (shape.max_seq - 4).min(20)
}

/// A shape and a model of it.
#[derive(Debug, Clone)]
pub struct Measured {
    pub name: &'static str,
    pub shape: Shape,
    /// The model file.
    pub file: PathBuf,
    /// Whether it fits the smallest core.
    pub is_small: bool,
}

impl Measured {
    /// How many tokens are generated: none of the 944K model where each one computes the whole sequence again, which
    /// would take longer than all else together. One core does it with the reference, to know the ratio, and in the partial
    /// plan.
    pub fn generated(&self, core: &Core, variant: Variant) -> u32 {
        if self.is_in_other_format() {
            return 0;
        }
        let computes_more = variant.plan != Some(Plan::Cached);
        let is_compared = variant == Variant::C[1] || variant.plan == Some(Plan::Partial);
        if self.name == "944k" && computes_more && !(core.name == "m3" && is_compared) {
            return 0;
        }
        generated_tokens(&self.shape)
    }

    /// Whether it is one of [`super::formats`]: the others have the name of their shape.
    pub fn is_in_other_format(&self) -> bool {
        !SHAPES.iter().any(|(name, _)| *name == self.name)
    }

    /// Whether the cost of a further token is measured after several lengths.
    pub fn grows(&self, variant: Variant) -> bool {
        [Variant::FAST, Variant::INTEGER].contains(&variant) && !self.is_in_other_format()
    }
}
