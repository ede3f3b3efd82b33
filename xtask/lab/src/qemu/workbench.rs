//! What all images need before the first one is linked: archives, a second Rust library, model files.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{anyhow, Context, Result};

use super::check::Check;
use super::cores::Core;
use super::image::Libraries;
use super::record::Record;
use super::Settings;
use xtask::archive::{self, Flavour, Mode, Profile, Request};
use xtask::host_program;
use xtask::shapes::{self, Shape};
use xtask::signed_models;
use xtask::toolchain::Toolchain;
use xtask::{process, workspace};

type Key = (Option<&'static str>, Flavour);

/// The archive that checks signatures, on cores: in one mode and profile, as neither has to do with them.
pub const SIGNED: Flavour = Flavour::new(Mode::Portable, Profile::Usual).signed();

/// Built once, used by every job.
pub struct Workbench {
    /// Where everything goes: a folder for each core in it.
    pub folder: PathBuf,
    pub settings: Settings,
    /// The recorded digests; `None` while they are being recorded.
    pub record: Option<Record>,
    /// A model of the shape [`shapes::SHORT`].
    pub short_model: PathBuf,
    /// The 944K model, where this machine has it.
    pub real_model: Option<PathBuf>,
    /// What the check `signed` has in flash, where that runs.
    pub signed_models: Option<PathBuf>,
    archives: BTreeMap<Key, PathBuf>,
    other_rust: BTreeMap<&'static str, PathBuf>,
}

impl Workbench {
    /// Builds all that `cores` need in the profiles of the settings.
    pub fn new(toolchain: &Toolchain, settings: Settings, cores: &[&'static Core]) -> Result<Workbench> {
        let folder = workspace::scratch().join("qemu");
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let mut targets: Vec<_> = cores.iter().map(|core| core.target).collect();
        targets.sort_unstable();
        targets.dedup();

        let checks_signatures =
            settings.checks().contains(&Check::Signed) && settings.profiles().contains(&SIGNED.profile);
        let of_kind = cores.iter().filter(|core| checks_signatures && core.stands_for_its_kind());
        let signed: Vec<_> = of_kind.filter_map(|core| core.target).collect();
        let archives = build_archives(toolchain, &targets, &settings.profiles(), &signed, &folder)?;
        let mut other_rust = BTreeMap::new();
        for target in targets.into_iter().flatten() {
            other_rust.insert(target, build_other_rust(target, &folder)?);
        }
        let record = if settings.record { None } else { Some(Record::read()?) };
        let short_model = write_model(&folder, "short", &shapes::SHORT, "atome01")?;
        let real_model = workspace::real_model().map(|path| workspace::root().join(path));
        let signed_models = if checks_signatures { Some(signed_models::write_check(&folder)?) } else { None };
        Ok(Workbench { folder, settings, record, short_model, real_model, signed_models, archives, other_rust })
    }

    /// The archives for a core. The host has one profile.
    pub fn libraries(&self, core: &Core, flavour: Flavour) -> Result<Libraries<'_>> {
        let profile = core.target.map_or(Profile::Usual, |_| flavour.profile);
        let atome = self.archives.get(&(core.target, Flavour { profile, ..flavour }));
        let atome = atome.with_context(|| format!("no archive for {}: {flavour}", core.title))?;
        let other_rust = core.target.and_then(|target| self.other_rust.get(target));
        Ok(Libraries { atome, other_rust: other_rust.map(PathBuf::as_path) })
    }
}

/// Each mode has a build folder of its own, so the two can be built at the same time. The targets in `signed` get one more.
fn build_archives(
    toolchain: &Toolchain,
    targets: &[Option<&'static str>],
    profiles: &[Profile],
    signed: &[&'static str],
    folder: &Path,
) -> Result<BTreeMap<Key, PathBuf>> {
    let build = |mode: Mode| -> Result<Vec<(Key, PathBuf)>> {
        let mut built = Vec::new();
        for &target in targets {
            // Only digests run on the host, and those are of the portable mode.
            let is_wanted = |profile| target.map_or(mode == Mode::Portable, |_| profiles.contains(profile));
            let of_target = Profile::of_target(target).iter().filter(|&profile| is_wanted(profile));
            let mut flavours: Vec<_> = of_target.map(|&profile| Flavour::new(mode, profile)).collect();
            if mode == SIGNED.mode && target.is_some_and(|target| signed.contains(&target)) {
                flavours.push(SIGNED);
            }
            for flavour in flavours {
                let out = folder.join("archives").join(target.unwrap_or("host")).join(flavour.to_string());
                let request = Request::of(target, flavour, out);
                built.push(((target, flavour), archive::build(toolchain, &request)?.path));
            }
        }
        Ok(built)
    };
    let results: Vec<_> = thread::scope(|scope| {
        let threads = Mode::ALL.map(|mode| scope.spawn(move || build(mode)));
        threads.into_iter().map(|thread| thread.join()).collect()
    });
    let mut archives = BTreeMap::new();
    for result in results {
        archives.extend(result.map_err(|_| anyhow!("building an archive panicked"))??);
    }
    Ok(archives)
}

/// cargo's way would be a package; one file needs none.
fn build_other_rust(target: &str, folder: &Path) -> Result<PathBuf> {
    let folder = folder.join("archives").join(target);
    let path = folder.join("libother.a");
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2021", "--crate-type", "staticlib", "--crate-name", "other", "--target", target]);
    rustc.args(["-C", "opt-level=2", "-C", "panic=abort", "-o"]).arg(&path);
    process::checked(rustc.arg(workspace::root().join("qemu/other_archive/lib.rs")))?;
    Ok(path)
}

/// A model file that images have in flash: atome01, atome02 or atomep3.
pub(crate) fn write_model(folder: &Path, name: &str, shape: &Shape, format: &str) -> Result<PathBuf> {
    let program = folder.join(format!("write_{name}_model"));
    let path = folder.join(format!("{name}.bin"));
    host_program::build("write_model.c", shape, &program)?;
    process::checked(Command::new(&program).arg(&path).arg(format))?;
    Ok(path)
}
