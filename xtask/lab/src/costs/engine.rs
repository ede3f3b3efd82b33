//! What is measured: the archive in its modes and plans, and the C reference as the C compiler makes it.

use std::fmt;

use crate::qemu::cores::Core;
use crate::qemu::image::{Unit, INTEGER};
use xtask::archive::{Flavour, Mode, Profile};
use xtask::shapes::Plan;
use xtask::workspace;

/// The engine that an image is linked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The finished archive, in the exact arithmetic.
    Archive(Flavour),
    /// The archive in the integer arithmetic, which is the same in both modes: the portable one's.
    Integer(Profile),
    /// The C reference for size.
    SmallC,
    /// The C reference for speed.
    FastC,
}

impl Engine {
    /// In the order of the tables.
    pub const ALL: [Engine; 9] = [
        Engine::archive(Mode::Portable, Profile::Usual),
        Engine::archive(Mode::System, Profile::Usual),
        Engine::archive(Mode::Portable, Profile::Size),
        Engine::archive(Mode::System, Profile::Size),
        Engine::archive(Mode::Portable, Profile::Speed),
        Engine::Integer(Profile::Usual),
        Engine::Integer(Profile::Size),
        Engine::SmallC,
        Engine::FastC,
    ];

    /// The archive's.
    pub const fn archive(mode: Mode, profile: Profile) -> Engine {
        Engine::Archive(Flavour::new(mode, profile))
    }

    /// Whether it is the archive in this profile.
    pub fn has_profile(self, profile: Profile) -> bool {
        self.is_archive() && self.flavour().profile == profile
    }

    /// Whether there is such an archive for a core.
    pub fn is_for(self, core: &Core) -> bool {
        match self {
            Engine::Archive(Flavour { profile, .. }) | Engine::Integer(profile) => {
                Profile::of_target(core.target).contains(&profile)
            }
            Engine::SmallC | Engine::FastC => true,
        }
    }

    /// Whether a change of ours can change what it costs.
    pub fn is_archive(self) -> bool {
        matches!(self, Engine::Archive(_) | Engine::Integer(_))
    }

    /// The archive that an image is built with; the reference shadows it.
    pub fn flavour(self) -> Flavour {
        match self {
            Engine::Archive(flavour) => flavour,
            Engine::Integer(profile) => Flavour::new(Mode::Portable, profile),
            Engine::SmallC | Engine::FastC => Flavour::new(Mode::System, Profile::Usual),
        }
    }

    /// The reference itself, as a unit of an image.
    pub fn unit(self) -> Option<Unit> {
        let level = match self {
            Engine::Archive(_) | Engine::Integer(_) => return None,
            Engine::SmallC => "-Os",
            Engine::FastC => "-O2",
        };
        Some(Unit::with("c_tests/reference/atome.c", vec![level.to_string(), "-DATOME_ONLY_ATOME01".to_string()]))
    }

    /// Flags of a unit that includes `atome.h`: the reference's own comes before the archive's.
    pub fn include_flags(self) -> Vec<String> {
        match self {
            Engine::Archive(_) => Vec::new(),
            Engine::Integer(_) => vec![INTEGER.to_string()],
            Engine::SmallC | Engine::FastC => {
                vec![format!("-I{}", workspace::root().join("c_tests/reference").display())]
            }
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Engine::Archive(flavour) if flavour.signed => {
                write!(f, "signed {}", Engine::Archive(Flavour { signed: false, ..*flavour }))
            }
            Engine::Archive(Flavour { mode, profile: Profile::Usual, .. }) => mode.fmt(f),
            Engine::Archive(Flavour { mode, profile, .. }) => f.pad(&format!("{profile} {mode}")),
            Engine::Integer(profile) => write!(f, "integer {}", Engine::archive(Mode::Portable, *profile)),
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
    pub const fn archive(mode: Mode, profile: Profile, plan: Plan) -> Variant {
        Variant { engine: Engine::archive(mode, profile), plan: Some(plan) }
    }

    /// What the targets are about.
    pub const FAST: Variant = Variant::archive(Mode::Portable, Profile::Usual, Plan::Cached);

    /// The integer arithmetic's.
    pub const fn integer(profile: Profile, plan: Plan) -> Variant {
        Variant { engine: Engine::Integer(profile), plan: Some(plan) }
    }

    /// What the targets of the integer arithmetic are about.
    pub const INTEGER: Variant = Variant::integer(Profile::Usual, Plan::Cached);

    /// The C reference's.
    pub const C: [Variant; 2] =
        [Variant { engine: Engine::SmallC, plan: None }, Variant { engine: Engine::FastC, plan: None }];

    /// In the order of the tables. Of the profile for speed and of the partial plan, the portable mode: kernels and plan are
    /// the same in both.
    pub fn all() -> Vec<Variant> {
        let usual = |plan| Mode::ALL.map(|mode| Variant::archive(mode, Profile::Usual, plan));
        let partial = Variant::archive(Mode::Portable, Profile::Usual, Plan::Partial);
        let size = Mode::ALL.map(|mode| Variant::archive(mode, Profile::Size, Plan::Lean));
        let speed = Variant::archive(Mode::Portable, Profile::Speed, Plan::Cached);
        let plans = [Plan::Lean, Plan::Cached].into_iter().flat_map(usual);
        let integer = [Variant::integer(Profile::Size, Plan::Lean), Variant::INTEGER];
        plans.chain([partial]).chain(size).chain([speed]).chain(integer).chain(Variant::C).collect()
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
