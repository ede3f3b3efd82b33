//! `cargo xtask lib`: `libatome.a`, ready to be linked into firmware.
//!
//! cargo's own static library holds some 400 more globals (`memcpy`, `__aeabi_fadd`, `expf`...) that would displace
//! the firmware's libgcc and libm. The finished archive holds one object: the crate's own, with the engine optimised
//! into it by fat LTO and every symbol but `atome_*` made local.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use lexopt::prelude::*;
use object::read::archive::ArchiveFile;

use crate::arm_object;
pub use crate::flavour::{Flavour, Mode, Profile};
use crate::prefix;
use crate::setup::Missing;
use crate::symbols;
use crate::toolchain::Toolchain;
use crate::{options, pack, process, targets, workspace};

/// What `--help` prints.
pub const HELP: &str = "\
Build the finished archive and put a copy of include/atome.h beside it.

Usage: cargo xtask lib [OPTIONS]

Options:
  --target TRIPLE         the Rust name of the target (default: this machine, in dist/host)
  --list                  print the targets, each with its C compiler and flags, and what it is for
  --features system-libm  take exp, tanh and sqrt from the C library that the program links, instead of ours:
                          libatome-system.a
  --profile usual|size|speed
                          for microcontrollers, another one than the usual, which saves most of the time for little flash:
                          libatome-size.a, the least flash and stack; libatome-speed.a, the least time with an FPU
  --signed                with atome_load_signed (Ed25519), which takes 16 to 26 KB of code where it is called:
                          libatome-signed.a
  --prefix NAME           for programs with models of several shapes: libNAMEatome.a, whose names begin with NAME, and an
                          atome.h for it; sources include that one and keep the usual names, one shape a file
  -o, --out FOLDER        where the library and atome.h go (default: dist/<target>, with a prefix dist/<target>-NAME); for
                          Visual Studio the library is called atome.lib
  -h, --help              print this

The two modes: the default one computes the same bits on every chip; system-libm computes the bits that the C99
engine computes when it is built with the same C library (link it with -lm). Several choices give several words, as
in libatome-size-system.a; none writes over another.

Examples:
  cargo xtask lib
  cargo xtask lib --target thumbv7m-none-eabi
  cargo xtask lib --target thumbv6m-none-eabi --features system-libm --out build/atome
  cargo xtask lib --target thumbv7m-none-eabi --prefix lamp_
";

/// What `--target` takes.
const TARGET: &str = "expected the Rust name of a target, such as thumbv7m-none-eabi";

/// What `--features` takes.
const FEATURES: &str = "expected system-libm, the only feature";

/// Which targets have a profile.
const OF_PROFILES: &str = "expected it for a microcontroller: size for any, speed for one with an FPU (eabihf)";

/// Which archive to build, and where to put it.
pub struct Request {
    /// A Rust target triple; this machine where there is none.
    pub target: Option<String>,
    /// Numeric mode.
    pub mode: Mode,
    /// What to spare.
    pub profile: Profile,
    /// Whether it checks signatures.
    pub signed: bool,
    /// What its names begin with, besides.
    pub prefix: Option<String>,
    /// What its file's name ends with, behind "atome".
    pub suffix: String,
    /// Folder of the finished archive.
    pub out: PathBuf,
}

impl Request {
    /// With the usual folder, `dist/<target>`.
    pub fn new(target: Option<String>, mode: Mode) -> Request {
        let out = workspace::root().join("dist").join(target.as_deref().unwrap_or("host"));
        Request { target, mode, profile: Profile::Usual, signed: false, prefix: None, suffix: String::new(), out }
    }

    /// One flavour, into a folder.
    pub fn of(target: Option<&str>, flavour: Flavour, out: PathBuf) -> Request {
        let Flavour { mode, profile, signed } = flavour;
        Request { target: target.map(String::from), mode, profile, signed, prefix: None, suffix: String::new(), out }
    }

    /// Whatever it is built for, by name.
    fn triple<'a>(&'a self, toolchain: &'a Toolchain) -> &'a str {
        self.target.as_deref().unwrap_or(toolchain.host())
    }

    /// Whether the object is made by [`arm_object`].
    fn has_arm_object(&self) -> bool {
        self.target.as_deref().is_some_and(arm_object::is_for)
    }
}

/// A finished archive that passed the symbol check.
pub struct Archive {
    /// `libatome.a`, with a word for each choice, or what the target calls it.
    pub path: PathBuf,
    /// Bytes of the file.
    pub size: u64,
    /// What it defines, sorted.
    pub exported: Vec<String>,
    /// Numeric mode.
    pub mode: Mode,
}

impl fmt::Display for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = workspace::shown(&self.path);
        write!(f, "{path}: {} bytes, {} symbols, {} mode", self.size, self.exported.len(), self.mode)
    }
}

/// The command.
pub fn run(mut parser: lexopt::Parser) -> Result<()> {
    let (mut target, mut mode, mut profile, mut signed, mut out) = (None, Mode::Portable, Profile::Usual, false, None);
    let mut chosen_prefix = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("target") => target = Some(options::text(&mut parser, "--target", TARGET)?),
            Long("list") => {
                print!("{}", targets::list());
                return Ok(());
            }
            Long("signed") => signed = true,
            Long("prefix") => chosen_prefix = Some(prefix::option(&mut parser)?),
            Long("profile") => profile = Profile::option(&mut parser)?,
            Long("features") => mode = parse_features(&options::text(&mut parser, "--features", FEATURES)?)?,
            Short('o') | Long("out") => out = Some(options::folder(&mut parser, "--out")?),
            other => return Err(options::unexpected(other, "lib")),
        }
    }
    let toolchain = Toolchain::find()?;
    if let Some(target) = &target {
        targets::check(target, toolchain.host())?;
    }
    if !Profile::of_target(target.as_deref()).contains(&profile) {
        let target = target.as_deref().unwrap_or("this machine");
        return Err(options::mistake(format!("--profile {profile}: {target} has none, {OF_PROFILES}")));
    }
    Missing::for_archive(&toolchain, target.as_deref()).install()?;
    let mut request = Request::new(target, mode);
    request.signed = signed;
    if let Some(prefix) = chosen_prefix {
        let folder = format!("{}-{}", request.out.display(), prefix.trim_end_matches('_'));
        (request.prefix, request.out) = (Some(prefix), folder.into());
    }
    request.out = out.unwrap_or(request.out);
    request.profile = profile;
    request.suffix = Flavour { mode, profile, signed }.suffix();
    say!("{}", build(&toolchain, &request)?);
    Ok(())
}

fn parse_features(list: &str) -> Result<Mode> {
    let mut mode = Mode::Portable;
    for feature in list.split([',', ' ']).filter(|feature| !feature.is_empty()) {
        match feature {
            "system-libm" => mode = Mode::System,
            other => return Err(options::mistake(format!("--features {other}: {FEATURES}"))),
        }
    }
    Ok(mode)
}

/// Builds, packs and checks the archive.
pub fn build(toolchain: &Toolchain, request: &Request) -> Result<Archive> {
    let target = request.triple(toolchain);
    let raw = compile(request, target)?;
    let own = own_object(&raw)?;
    let object = raw.with_file_name("atome.o");
    if request.has_arm_object() {
        arm_object::compile(toolchain, &own.module(&raw), request.profile, &object)?;
    } else {
        fs::write(&object, &own.code).with_context(|| format!("cannot write {}", object.display()))?;
    }
    let checked = object.with_extension("a");
    pack::pack(toolchain, target, &object, &checked)?;
    let exported = symbols::check(&checked, target, request.mode, request.signed)?;

    // Only what passed gets here.
    fs::create_dir_all(&request.out).with_context(|| format!("cannot create {}", request.out.display()))?;
    let name = format!("{}atome{}", request.prefix.as_deref().unwrap_or_default(), request.suffix);
    let (path, header) = (request.out.join(targets::file_name(&name, target)), request.out.join("atome.h"));
    if let Some(prefix) = &request.prefix {
        prefix::rename(toolchain, &checked, target, &exported, prefix)?;
        prefix::write_header(&workspace::header(), &header, prefix)?;
    } else {
        copy(&workspace::header(), &header)?;
    }
    let size = copy(&checked, &path)?;
    Ok(Archive { path, size, exported, mode: request.mode })
}

fn copy(from: &Path, to: &Path) -> Result<u64> {
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// cargo's own static library, in a build folder of its own: the profile and the features differ from everyday builds.
fn compile(request: &Request, target: &str) -> Result<PathBuf> {
    let folder = workspace::scratch().join("archive").join(request.mode.to_string());
    let mut cargo = process::cargo();
    cargo
        .env("CARGO_TARGET_DIR", &folder)
        .env("CARGO_PROFILE_RELEASE_LTO", "fat")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", request.profile.opt_level(request.target.as_deref()))
        .args(["rustc", "--release", "--package", "atome-capi", "--lib", "--crate-type", "staticlib"])
        .args(request.mode.cargo_arguments());
    if request.target.as_deref().is_some_and(targets::is_bare_metal) {
        cargo.args(request.profile.cargo_arguments());
    }
    if request.signed {
        cargo.args(["--features", "signed"]);
    }
    let mut release = folder;
    if let Some(target) = &request.target {
        cargo.args(["--target", target]);
        release.push(target);
    }
    if request.has_arm_object() {
        cargo.args(["--", "--emit=llvm-ir"]);
    }
    process::checked(&mut cargo)?;
    Ok(release.join("release").join(targets::file_name("atome", target)))
}

/// What the compiler made of our crate.
struct OwnObject {
    /// `atome-` and the number that cargo gave to this source with these features and flags.
    unit: String,
    /// The object file.
    code: Vec<u8>,
}

impl OwnObject {
    /// Where the compiler wrote the module that this object was made of, if it was asked to.
    ///
    /// The folder holds those of other features and flags too, and cargo writes none anew whose source did not change: only
    /// the unit's number tells which one is meant.
    fn module(&self, raw: &Path) -> PathBuf {
        raw.with_file_name("deps").join(&self.unit).with_extension("ll")
    }
}

/// The member of the raw archive that was compiled from our crate.
///
/// It is what `--emit obj` would give, but of this build for certain: cargo leaves old object files lying about.
fn own_object(raw: &Path) -> Result<OwnObject> {
    let bytes = fs::read(raw).with_context(|| format!("cannot read {}", raw.display()))?;
    let members = ArchiveFile::parse(&*bytes).with_context(|| format!("{}: not an archive", raw.display()))?;
    let mut own = Vec::new();
    for member in members.members() {
        let member = member?;
        let name = String::from_utf8_lossy(member.name());
        if name.starts_with("atome-") {
            let unit = name.split('.').next().unwrap_or_default().to_string();
            own.push(OwnObject { unit, code: member.data(&*bytes)?.to_vec() });
        }
    }
    let found = own.len();
    match own.pop() {
        Some(object) if found == 1 => Ok(object),
        _ => bail!("{}: expected one object of the crate atome, found {found}: was fat LTO off?", raw.display()),
    }
}
