//! What is fuzzed: functions from any bytes to nothing, which panic where a promise of the engine, of the C interface or of
//! a reader is broken. The fuzzer (`fuzz/runner`) finds bytes for them; the inputs worth keeping lie in `fuzz/corpus`,
//! and a test of this crate runs them again.

mod archive;
mod calls;
mod checkpoint;
mod container;
mod input;
mod log;
mod model;
mod program;
mod text;

pub use calls::calls;
pub use checkpoint::checkpoint;
pub use container::container;
pub use log::log;
pub use model::model;
pub use text::text;

/// A function to fuzz.
pub struct Target {
    /// Its name, and that of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// The function.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 6] = [
    Target { name: "model", run: model },
    Target { name: "calls", run: calls },
    Target { name: "checkpoint", run: checkpoint },
    Target { name: "container", run: container },
    Target { name: "text", run: text },
    Target { name: "log", run: log },
];
