//! The choices that make one of a target's archives: numeric mode, profile, signatures.

use std::fmt;

use anyhow::Result;

use crate::options;
use crate::targets::is_bare_metal;

/// Whose `exp`, `tanh` and `sqrt` the archive uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Our own, correctly rounded.
    Portable,
    /// Those of the C library in the program.
    System,
}

impl Mode {
    /// Both.
    pub const ALL: [Mode; 2] = [Mode::Portable, Mode::System];

    /// The arguments that select the mode in a cargo command.
    pub fn cargo_arguments(self) -> &'static [&'static str] {
        match self {
            Mode::Portable => &[],
            Mode::System => &["--features", "system-libm"],
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Mode::Portable => "portable",
            Mode::System => "system",
        })
    }
}

/// What the compiler spares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// Flash.
    Size,
    /// Time.
    Speed,
}

impl Profile {
    /// Both.
    pub const ALL: [Profile; 2] = [Profile::Size, Profile::Speed];

    /// Size on bare metal, speed elsewhere.
    pub fn usual(target: Option<&str>) -> Profile {
        if target.is_some_and(is_bare_metal) {
            Profile::Size
        } else {
            Profile::Speed
        }
    }

    /// The value of the option `--profile`.
    pub fn option(parser: &mut lexopt::Parser) -> Result<Profile> {
        options::one_of(parser, "--profile", &[("size", Profile::Size), ("speed", Profile::Speed)])
    }

    /// On bare metal, `s` for both: there the feature `speed` brings the time, most of it spent in assembly. Of one position
    /// of the default shape, 2 saves 0.8 % of the instructions on a Cortex-M3, 1.8 % on an M0, 1.8 % on RISC-V and 5 % on
    /// an M4F, and takes 18 to 43 % more flash; 3 takes more flash still and saves at most 0.4 % more than 2.
    pub fn opt_level(self, target: Option<&str>) -> &'static str {
        match self {
            Profile::Speed if !target.is_some_and(is_bare_metal) => "3",
            Profile::Size | Profile::Speed => "s",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Profile::Size => "size",
            Profile::Speed => "speed",
        })
    }
}

/// One of a target's archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flavour {
    /// Numeric mode.
    pub mode: Mode,
    /// What to spare.
    pub profile: Profile,
    /// Whether it checks signatures.
    pub signed: bool,
}

impl Flavour {
    /// One that checks no signatures.
    pub const fn new(mode: Mode, profile: Profile) -> Flavour {
        Flavour { mode, profile, signed: false }
    }

    /// The one with the functions for signed models.
    pub const fn signed(self) -> Flavour {
        Flavour { signed: true, ..self }
    }

    /// What its file's name has behind "atome": a word for each choice, but for the target's usual profile.
    pub fn suffix(self, usual: Profile) -> String {
        let profile = match self.profile {
            profile if profile == usual => "",
            Profile::Size => "-size",
            Profile::Speed => "-speed",
        };
        let mode = if self.mode == Mode::System { "-system" } else { "" };
        let signed = if self.signed { "-signed" } else { "" };
        format!("{profile}{mode}{signed}")
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signed = if self.signed { "-signed" } else { "" };
        f.pad(&format!("{}-{}{signed}", self.mode, self.profile))
    }
}
