//! `cargo xtask qemu`: C firmware, linked by the C toolchain with the finished archive, on emulated cores.

mod batteries;
mod check;
mod checks;
pub(crate) mod cores;
mod differential;

pub(crate) mod image;
mod job;
mod link_check;
pub(crate) mod machine;
pub(crate) mod needs;
mod own_image;
mod record;

mod stand_in;
mod table;
pub(crate) mod workbench;

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{bail, Result};
use lexopt::prelude::*;

use check::Check;
use cores::{Core, CORES, HOST, RELATED};
use job::{Outcome, Subject};
use record::Record;
use workbench::Workbench;
use xtask::archive::Profile;
use xtask::options;
use xtask::reference::Reference;
use xtask::toolchain::Toolchain;

pub const HELP: &str = "\
Run the finished archive in C firmware on emulated cores.

The firmware (qemu/firmware) is linked by the C toolchain, and its output read over semihosting.

Usage: cargo xtask qemu [OPTIONS]

Options:
  --core NAME    only this core (may be repeated): m0, m3, m4, m4f, m7, m33, rv32imac, rv32imc; m33-soft and rv32imafc,
                 related to these, run only when they are named
  --only CHECK   only this check (may be repeated):
                   digest        a fixed battery gives the recorded bits on every core and on the host (portable mode)
                   differential  the C reference and the archive in one image agree on random models, in both modes
                   alignment     the blob at every offset modulo 8
                   errors        bad input and a wrong header give the documented codes, and nothing is written
                   link          the C toolchain's memcpy, expf and float helpers stay in charge, wherever the archive
                                 stands on the command line and with a second Rust library in the program
                   self-test     atome_self_test passes, and finds an FPU that flushes to zero or rounds otherwise
                   signed        with the archive that checks signatures, a signed model loads and gives the bits of the
                                 plain one, and a changed, cut, swapped or foreign one does not load (portable mode; one
                                 core of each kind)
                   math          the reference's own exp and tanh are correctly rounded: alone all 2^32 arguments
                                 (some minutes), otherwise every 1009th
  --profile usual|size|speed
                 only the archives of this profile (default: the usual one and those that there are for the core). In
                 all but size, the differential check takes shapes that reach the fast kernels
  --cases N      differential cases on each core, shared by the profiles, half of them in each mode (default 10000)
  --seed N       seed of the first differential case (default 1): a failing case names its own, and --cases 1 repeats it
  --record       write the digests to qemu/digest.txt, once all cores and the host agree on them
  --wild         ask a reference of your own for what leads the published C99 engine out of its arrays, for formats that
                 it does not know, and give it misaligned blobs
  --stand-in     show with a stand-in for the published C99 engine that an engine of your own can take the reference's place;
                 no other option goes with it
  -h, --help     print this

ATOME_REFERENCE=<folder with atome.c and atome.h> puts your own C99 engine in the reference's place. A few lines at the end
say what it was not asked for, and why.

What is missing on the machine is installed first (apt packages and rustup targets), or named where that is not possible.

Examples:
  cargo xtask qemu
  cargo xtask qemu --core m4f --only differential --cases 1000000
  cargo xtask qemu --core m0 --only differential --seed 4711 --cases 1
";

/// What to run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Names of cores; all where empty.
    pub cores: Vec<String>,
    /// Checks; all where empty.
    only: Vec<Check>,
    /// Profile of the archives; both where there is none.
    profile: Option<Profile>,
    /// Differential cases on each core, shared by the profiles.
    pub cases: u64,
    /// Seed of the first differential case.
    pub seed: u32,
    /// Write the digests instead of comparing them.
    pub record: bool,
    /// What the archive is compared with.
    pub reference: Reference,
    /// Whether a reference of the user's own is asked for what leads the published C99 engine out of its arrays.
    pub wild: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            cores: Vec::new(),
            only: Vec::new(),
            profile: None,
            cases: 10_000,
            seed: 1,
            record: false,
            reference: Reference::chosen(),
            wild: false,
        }
    }
}

impl Settings {
    fn is_only(&self, check: Check) -> bool {
        self.only == [check]
    }

    fn checks(&self) -> Vec<Check> {
        Check::ALL.into_iter().filter(|check| self.only.is_empty() || self.only.contains(check)).collect()
    }

    /// Of the archives on microcontrollers.
    pub fn profiles(&self) -> Vec<Profile> {
        self.profile.map_or(Profile::ALL.to_vec(), |profile| vec![profile])
    }

    /// Those of them that there are for a core.
    fn profiles_of(&self, core: &Core) -> Vec<Profile> {
        let wanted = if core.target.is_some() { self.profiles() } else { vec![Profile::Usual] };
        wanted.into_iter().filter(|profile| Profile::of_target(core.target).contains(profile)).collect()
    }

    /// Differential cases of one profile on one core.
    fn cases_of_profile(&self, core: &Core) -> u64 {
        self.cases.div_ceil(self.profiles_of(core).len().max(1) as u64)
    }

    /// The rows of the table.
    fn subjects(&self, cores: &[&'static Core]) -> Vec<Subject> {
        let of_core =
            |&core: &&'static Core| self.profiles_of(core).into_iter().map(move |profile| Subject { core, profile });
        cores.iter().flat_map(of_core).collect()
    }

    /// The host comes first: it is what the digests of the others are measured by.
    fn cores(&self) -> Vec<&'static Core> {
        static THE_HOST: Core = HOST;
        let is_named = |core: &&Core| self.cores.iter().any(|name| name == core.name);
        let usual = CORES.iter().filter(|core| self.cores.is_empty() || is_named(core));
        std::iter::once(&THE_HOST).chain(usual).chain(RELATED.iter().filter(is_named)).collect()
    }
}

/// The command.
pub fn run(parser: lexopt::Parser) -> Result<()> {
    let (settings, is_stand_in) = parse(parser)?;
    say!("{}", if is_stand_in { stand_in::check_stand_in()? } else { check(settings)? });
    Ok(())
}

/// The settings, and whether the stand-in reference is asked for.
fn parse(mut parser: lexopt::Parser) -> Result<(Settings, bool)> {
    let (mut settings, mut is_stand_in) = (Settings::default(), false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("core") => settings.cores.push(known_core(&mut parser)?),
            Long("only") => {
                let known = Check::ALL.map(|check| (check.name(), check));
                settings.only.push(options::one_of(&mut parser, "--only", &known)?);
            }
            Long("profile") => settings.profile = Some(Profile::option(&mut parser)?),
            Long("cases") => settings.cases = options::whole(&mut parser, "--cases", 1..=1_000_000_000)?,
            Long("seed") => settings.seed = options::whole(&mut parser, "--seed", 0..=u64::from(u32::MAX))?,
            Long("record") => settings.record = true,
            Long("wild") => settings.wild = true,
            Long("stand-in") => is_stand_in = true,
            other => return Err(options::unexpected(other, "qemu")),
        }
    }
    let is_whole = settings.cores.is_empty() && settings.profile.is_none();
    if settings.record && !(is_whole && (settings.only.is_empty() || settings.is_only(Check::Digest))) {
        let why =
            "--record: a digest counts when all agree on it; leave out --core, --profile and any --only but digest";
        return Err(options::mistake(why));
    }
    Ok((settings, is_stand_in))
}

fn known_core(parser: &mut lexopt::Parser) -> Result<String> {
    let known: Vec<_> = CORES.iter().chain(&RELATED).map(|core| (core.name, core.name)).collect();
    Ok(options::one_of(parser, "--core", &known)?.to_string())
}

/// Runs the checks and prints the table.
///
/// Returns the verdict in a line.
///
/// # Errors
/// How many jobs failed; what each of them said was printed before.
pub fn check(settings: Settings) -> Result<String> {
    let start = Instant::now();
    let (cores, checks) = (settings.cores(), settings.checks());
    let subjects = settings.subjects(&cores);
    let (workbench, outcomes) = run_jobs(settings)?;

    let failures: Vec<_> = outcomes.iter().filter(|outcome| outcome.result.is_err()).collect();
    show_failures(&failures);
    let skipped = if checks.contains(&Check::Digest) { batteries::skipped(&cores, &workbench) } else { Vec::new() };
    say!("{}", table::table(&subjects, &checks, &outcomes, &skipped));
    if let Some(lines) = differential::left_out(&workbench.settings, &outcomes) {
        say!("{lines}");
    }
    if !failures.is_empty() {
        bail!("{} of {} jobs on emulated cores failed", failures.len(), outcomes.len());
    }
    if workbench.settings.record {
        Record::write(&agreed_digests(&outcomes)?)?;
    }
    Ok(summary(&workbench.settings, &cores, &outcomes, start))
}

/// Builds what the jobs need, and runs them all.
fn run_jobs(settings: Settings) -> Result<(Workbench, Vec<Outcome>)> {
    let toolchain = Toolchain::find()?;
    let (cores, checks) = (settings.cores(), settings.checks());
    needs::missing(&toolchain, &cores).install()?;
    let workbench = Workbench::new(&toolchain, settings, &cores)?;
    let subjects = workbench.settings.subjects(&cores);
    let jobs: Vec<_> = subjects
        .iter()
        .flat_map(|&subject| checks.iter().map(move |&check| (check, subject)))
        .flat_map(|(check, subject)| checks::jobs(check, subject, &workbench))
        .collect();
    let outcomes = job::run_all(jobs, &workbench);
    Ok((workbench, outcomes))
}

/// In full, but one cause often fails on every core: of each check, the first three.
fn show_failures(failures: &[&Outcome]) {
    for check in Check::ALL {
        let of_check = failures.iter().filter(|outcome| outcome.check == check);
        for (index, outcome) in of_check.enumerate() {
            say!("FAILED: {}, {}, {}", outcome.subject.title(), check.name(), outcome.name);
            if let (true, Err(error)) = (index < 3, &outcome.result) {
                say!("{error:#}");
                let Subject { core, profile } = outcome.subject;
                if core.name != HOST.name {
                    say!("alone: cargo xtask qemu --core {} --profile {profile} --only {}", core.name, check.name());
                }
                say!("");
            }
        }
    }
}

/// One digest a battery.
fn agreed_digests(outcomes: &[Outcome]) -> Result<BTreeMap<String, String>> {
    let mut digests: BTreeMap<String, (String, &str)> = BTreeMap::new();
    for outcome in outcomes {
        let title = outcome.subject.core.title;
        for (battery, digest) in outcome.result.iter().flat_map(|done| &done.digests) {
            let entry = digests.entry(battery.clone()).or_insert((digest.clone(), title));
            if entry.0 != *digest {
                bail!("{battery}: {} on {}, {digest} on {title}: nothing recorded", entry.0, entry.1);
            }
        }
    }
    Ok(digests.into_iter().map(|(battery, (digest, _))| (battery, digest)).collect())
}

fn summary(settings: &Settings, cores: &[&Core], outcomes: &[Outcome], start: Instant) -> String {
    let count = |check: Check| -> u64 {
        let passed = outcomes.iter().filter(|outcome| outcome.check == check).flat_map(|outcome| &outcome.result);
        passed.map(|done| done.count).sum()
    };
    let seconds = start.elapsed().as_secs_f64();
    format!(
        "{} cores, profiles {}, {} equal digests, {} differential cases, 0 failures in {seconds:.0} s",
        cores.len() - 1,
        settings.profiles().iter().map(Profile::to_string).collect::<Vec<_>>().join(" and "),
        count(Check::Digest),
        count(Check::Differential),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use job::Done;

    fn parsed(words: &[&str]) -> Result<Settings> {
        parse(lexopt::Parser::from_args(words)).map(|(settings, _)| settings)
    }

    #[test]
    fn without_options_everything_runs() {
        let settings = parsed(&[]).unwrap();
        assert_eq!(settings.checks().len(), Check::ALL.len());
        assert_eq!(settings.cores().len(), CORES.len() + 1);
        // The usual profile and size, for speed with an FPU besides; the host has one.
        let with_fpu = CORES.iter().filter(|core| core.target.is_some_and(|target| target.ends_with("eabihf"))).count();
        assert_eq!(with_fpu, 3);
        assert_eq!(settings.subjects(&settings.cores()).len(), 2 * CORES.len() + with_fpu + 1);
    }

    #[test]
    fn options_narrow_the_run() {
        let settings = parsed(&["--core", "m0", "--only", "link", "--profile", "size", "--cases", "7"]).unwrap();
        assert_eq!(settings.cores().iter().map(|core| core.name).collect::<Vec<_>>(), ["host", "m0"]);
        assert!(settings.is_only(Check::Link));
        assert_eq!(settings.profiles(), [Profile::Size]);
        let related = parsed(&["--core", "rv32imafc"]).unwrap();
        assert_eq!(related.cores().iter().map(|core| core.name).collect::<Vec<_>>(), ["host", "rv32imafc"]);
        assert_eq!((settings.cases, settings.cases_of_profile(&CORES[0])), (7, 7));
    }

    #[test]
    fn the_profiles_share_the_cases() {
        let settings = parsed(&["--cases", "7"]).unwrap();
        assert_eq!([0, 3].map(|core| settings.cases_of_profile(&CORES[core])), [4, 3]);
    }

    #[test]
    fn wrong_options_are_refused() {
        for words in [
            &["--core", "m1"][..],
            &["--only", "x"],
            &["--profile", "fast"],
            &["--cases", "0"],
            &["--record", "--core", "m0"],
            &["--record", "--profile", "size"],
            &["x"],
        ] {
            assert!(parsed(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn digests_are_recorded_only_when_all_agree() {
        let outcome = |digest: &str| Outcome {
            subject: Subject { core: &CORES[0], profile: Profile::Size },
            check: Check::Digest,
            name: String::new(),
            seconds: 0.0,
            result: Ok(Done { digests: vec![("odd".to_string(), digest.to_string())], ..Done::count(1) }),
        };
        assert_eq!(agreed_digests(&[outcome("1"), outcome("1")]).unwrap()["odd"], "1");
        assert!(agreed_digests(&[outcome("1"), outcome("2")]).is_err());
    }
}
