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

/// What an archive spends, and on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// Most of the time is saved, for bounded flash and stack: what a relink takes unasked. On a computer, time alone counts.
    Usual,
    /// The least flash and stack.
    Size,
    /// The least time, on microcontrollers with an FPU.
    Speed,
}

impl Profile {
    /// All of them.
    pub const ALL: [Profile; 3] = [Profile::Usual, Profile::Size, Profile::Speed];

    /// Those that there are for a target: only an FPU has faster ways than the usual ones, which take too much flash for all.
    pub fn of_target(target: Option<&str>) -> &'static [Profile] {
        match target {
            Some(target) if is_bare_metal(target) && target.ends_with("eabihf") => &Profile::ALL,
            Some(target) if is_bare_metal(target) => &[Profile::Usual, Profile::Size],
            _ => &[Profile::Usual],
        }
    }

    /// The value of the option `--profile`.
    pub fn option(parser: &mut lexopt::Parser) -> Result<Profile> {
        let all = [("usual", Profile::Usual), ("size", Profile::Size), ("speed", Profile::Speed)];
        options::one_of(parser, "--profile", &all)
    }

    /// On bare metal, `s` for all: there the kernels bring the time, most of it spent in assembly. Of one position of the default
    /// shape, 2 saves 0.8 % of the instructions on a Cortex-M3, 1.8 % on an M0, 1.8 % on RISC-V and 5 % on an M4F, and takes
    /// 18 to 43 % more flash; 3 takes more flash still and saves at most 0.4 % more than 2.
    pub fn opt_level(self, target: Option<&str>) -> &'static str {
        match self {
            Profile::Usual | Profile::Speed if !target.is_some_and(is_bare_metal) => "3",
            Profile::Usual | Profile::Size | Profile::Speed => "s",
        }
    }

    /// The arguments that select it in a cargo command.
    pub fn cargo_arguments(self) -> &'static [&'static str] {
        match self {
            Profile::Usual => &["--features", "kernels"],
            Profile::Size => &[],
            Profile::Speed => &["--features", "speed"],
        }
    }

    /// A word of its own for its libraries, where it is not the usual one.
    pub fn word(self) -> &'static str {
        match self {
            Profile::Usual => "",
            Profile::Size => "size",
            Profile::Speed => "speed",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Profile::Usual => "usual",
            Profile::Size | Profile::Speed => self.word(),
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

    /// What its file's name has behind "atome": a word for each choice.
    pub fn suffix(self) -> String {
        let mode = if self.mode == Mode::System { "system" } else { "" };
        let signed = if self.signed { "signed" } else { "" };
        let words = [self.profile.word(), mode, signed];
        words.iter().filter(|word| !word.is_empty()).map(|word| format!("-{word}")).collect()
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signed = if self.signed { "-signed" } else { "" };
        f.pad(&format!("{}-{}{signed}", self.mode, self.profile))
    }
}
