//! What is fuzzed: functions from any bytes to nothing, which panic where a promise of the engine, of the C interface or of
//! a reader is broken. The fuzzer (`fuzz/runner`) finds bytes for them; the inputs worth keeping lie in `fuzz/corpus`,
//! and a test of this crate runs them again.

#[cfg(feature = "web")]
mod answer;
mod archive;
mod calls;
mod checkpoint;
mod classes;
mod container;
mod fresh;
mod grammar;
mod grammar_table;
mod input;
mod integer;
mod keys;
mod log;
mod model;
mod pairs;
mod program;
mod sidecar;
// What sidecars are read into, which the command line has.
#[allow(dead_code, reason = "the command line uses the rest")]
#[path = "../../cli/src/sizes.rs"]
mod sizes;
mod text;
mod trained;
mod vocabulary;

#[cfg(feature = "web")]
pub use answer::answer;
pub use calls::calls;
pub use checkpoint::checkpoint;
pub use classes::classes;
pub use container::container;
pub use fresh::fresh;
pub use grammar::grammar;
pub use grammar_table::grammar_table;
pub use integer::integer;
pub use keys::keys;
pub use log::log;
pub use model::model;
pub use pairs::pairs;
pub use sidecar::sidecar;
pub use text::text;
pub use trained::trained;
pub use vocabulary::vocabulary;

/// A function to fuzz.
pub struct Target {
    /// Its name, and that of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// The function.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "model", run: model },
    Target { name: "integer", run: integer },
    Target { name: "calls", run: calls },
    Target { name: "checkpoint", run: checkpoint },
    Target { name: "container", run: container },
    Target { name: "text", run: text },
    Target { name: "log", run: log },
    Target { name: "keys", run: keys },
    Target { name: "sidecar", run: sidecar },
    Target { name: "pairs", run: pairs },
    Target { name: "classes", run: classes },
    Target { name: "grammar", run: grammar },
    Target { name: "grammar_table", run: grammar_table },
    Target { name: "trained", run: trained },
    Target { name: "vocabulary", run: vocabulary },
    #[cfg(feature = "web")]
    Target { name: "answer", run: answer },
];
