//! What is measured: the archive in its modes and plans, and the C reference as the C compiler makes it.

use std::fmt;

use crate::archive::Mode;
use crate::qemu::image::Unit;
use crate::qemu::shapes::Plan;
use crate::workspace;

/// Whose code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The finished archive, size profile.
    Archive(Mode),
    /// The C reference for size.
    SmallC,
    /// The C reference for speed.
    FastC,
}

impl Engine {
    /// In the order of the tables.
    pub const ALL: [Engine; 4] =
        [Engine::Archive(Mode::Portable), Engine::Archive(Mode::System), Engine::SmallC, Engine::FastC];

    /// Whether a change of ours can change what it costs.
    pub fn is_archive(self) -> bool {
        matches!(self, Engine::Archive(_))
    }

    /// The archives that an image is built with; the reference shadows them.
    pub fn mode(self) -> Mode {
        match self {
            Engine::Archive(mode) => mode,
            Engine::SmallC | Engine::FastC => Mode::System,
        }
    }

    /// The reference itself, as a unit of an image.
    pub fn unit(self) -> Option<Unit> {
        let level = match self {
            Engine::Archive(_) => return None,
            Engine::SmallC => "-Os",
            Engine::FastC => "-O2",
        };
        Some(Unit::with("c_tests/reference/atome.c", vec![level.to_string()]))
    }

    /// Flags of a unit that includes `atome.h`: the reference's own comes before the archive's.
    pub fn include_flags(self) -> Vec<String> {
        if self.is_archive() {
            return Vec::new();
        }
        vec![format!("-I{}", workspace::root().join("c_tests/reference").display())]
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Engine::Archive(mode) => mode.fmt(f),
            Engine::SmallC => f.pad("C -Os"),
            Engine::FastC => f.pad("C -O2"),
        }
    }
}

/// An engine in the memory plan of one image; the C reference has no plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    pub engine: Engine,
    pub plan: Option<Plan>,
}

impl Variant {
    /// The archive's.
    pub const fn archive(mode: Mode, plan: Plan) -> Variant {
        Variant { engine: Engine::Archive(mode), plan: Some(plan) }
    }

    /// The C reference's.
    pub const C: [Variant; 2] =
        [Variant { engine: Engine::SmallC, plan: None }, Variant { engine: Engine::FastC, plan: None }];

    /// In the order of the tables.
    pub fn all() -> Vec<Variant> {
        let archive = Plan::ALL.into_iter().flat_map(|plan| Mode::ALL.map(|mode| Variant::archive(mode, plan)));
        archive.chain(Variant::C).collect()
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.plan {
            Some(plan) => write!(f, "{} {}", plan.name(), self.engine),
            None => self.engine.fmt(f),
        }
    }
}
