//! The names of the figures.

use super::engine::{Engine, Variant};
use super::uses::Uses;
use crate::qemu::cores::Core;

/// The name of a code figure: `code` (bytes of the engine), `libraries` (what it makes the linker take from the C
/// toolchain) or `ram` (static memory of its own).
pub fn code(core: &Core, what: &str, engine: Engine, uses: Uses) -> String {
    format!("{}/{what}/{engine}/{}", core.name, uses.name())
}

/// The name of something measured in a run.
pub fn run(core: &Core, shape: &str, variant: Variant, what: &str) -> String {
    format!("{}/{shape}/{variant}/{what}", core.name)
}

/// The name of a model file's length.
pub fn file(shape: &str) -> String {
    format!("file/{shape}")
}
