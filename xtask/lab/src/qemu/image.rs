//! An image: the objects, the archive and the arguments of one run. Compiling and linking it with the C toolchain.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::cores::{Core, Machine};
use xtask::archive::Flavour;
use xtask::{process, workspace};

/// What chooses the integer arithmetic, in all units of an image.
pub const INTEGER: &str = "-DATOME_ARITHMETIC=ATOME_INTEGER";

/// One source file.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Relative to the workspace root.
    pub source: &'static str,
    /// Its own flags, besides those of the image.
    pub flags: Vec<String>,
    /// Whether a warning is an error: in all code of ours.
    pub is_strict: bool,
}

impl Unit {
    /// A source of ours without flags of its own.
    pub fn new(source: &'static str) -> Unit {
        Unit { source, flags: Vec::new(), is_strict: true }
    }

    /// With flags of its own.
    pub fn with(source: &'static str, flags: Vec<String>) -> Unit {
        Unit { source, flags, is_strict: true }
    }
}

/// Where the archive stands among `-lm -lgcc -lc`, and a second Rust archive beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    BeforeLibraries,
    AfterLibraries,
    BeforeOtherRust,
    AfterOtherRust,
    /// With libgcc and nothing else.
    NoCLibrary,
}

impl Order {
    /// Whether the second Rust archive is in the program.
    pub fn has_other_rust(self) -> bool {
        matches!(self, Order::BeforeOtherRust | Order::AfterOtherRust)
    }
}

/// One program for one core.
#[derive(Debug, Clone)]
pub struct Image {
    /// Which archive.
    pub flavour: Flavour,
    /// Its sources, besides those of the board.
    pub units: Vec<Unit>,
    /// Flags of all its units: the shape, and whether the core traps unaligned accesses.
    pub shape: Vec<String>,
    /// `name=number` words for the program.
    pub arguments: Vec<String>,
}

/// What was built.
pub struct Built {
    pub executable: PathBuf,
    /// The linker's map with its cross-reference table.
    pub map: PathBuf,
}

/// Archives to link with.
pub struct Libraries<'a> {
    /// `libatome.a`, with its header beside it.
    pub atome: &'a Path,
    /// The second Rust archive.
    pub other_rust: Option<&'a Path>,
}

const OPTIMISE: [&str; 5] = ["-std=c99", "-O2", "-ffunction-sections", "-fdata-sections", "-ffp-contract=off"];
/// Folders of headers. The archive's own, with `atome.h`, comes with each image; the reference's with its unit.
const INCLUDE: [&str; 4] = ["qemu/board", "qemu/firmware", "c_tests/programs", "c_tests/adapter"];

impl Image {
    /// Compiles and links into `folder`.
    ///
    /// # Errors
    /// The command that failed, with its output.
    pub fn build(&self, core: &Core, libraries: &Libraries, folder: &Path) -> Result<Built> {
        let objects = self.compile(core, libraries, folder)?;
        link(core, &objects, libraries, Order::BeforeLibraries, folder)
    }

    /// The objects of the board and of all units.
    pub fn compile(&self, core: &Core, libraries: &Libraries, folder: &Path) -> Result<Vec<PathBuf>> {
        create(folder)?;
        let mut objects = Vec::new();
        let board = core.board.iter().map(|source| (workspace::root().join("qemu").join(source), None));
        let units = self.units.iter().map(|unit| (workspace::root().join(unit.source), Some(unit)));
        for (index, (source, unit)) in board.chain(units).enumerate() {
            let object = folder.join(format!("{index}.o"));
            self.compile_one(core, &source, unit, libraries, &object)?;
            objects.push(object);
        }
        Ok(objects)
    }

    fn compile_one(
        &self,
        core: &Core,
        source: &Path,
        unit: Option<&Unit>,
        libraries: &Libraries,
        object: &Path,
    ) -> Result<()> {
        let mut gcc = compiler(core);
        gcc.args(OPTIMISE).args(&self.shape);
        if let Some(unit) = unit {
            gcc.args(&unit.flags);
        }
        if unit.is_none_or(|unit| unit.is_strict) {
            gcc.args(["-Wall", "-Wextra", "-Werror"]);
        }
        for folder in INCLUDE {
            gcc.arg("-I").arg(workspace::root().join(folder));
        }
        gcc.arg("-I").arg(libraries.atome.parent().unwrap_or(Path::new(".")));
        process::checked(gcc.arg("-c").arg(source).arg("-o").arg(object))?;
        Ok(())
    }
}

/// Links objects with the archives in this order.
pub fn link(core: &Core, objects: &[PathBuf], libraries: &Libraries, order: Order, folder: &Path) -> Result<Built> {
    create(folder)?;
    let built = Built { executable: folder.join("image.elf"), map: folder.join("image.map") };
    let mut gcc = compiler(core);
    gcc.arg("-o").arg(&built.executable);
    if let Some(script) = core.linker_script {
        let scripts = workspace::root().join("qemu/linker");
        gcc.args(["-nostartfiles", "-Wl,--gc-sections", "-Wl,--cref"]);
        gcc.arg(format!("-Wl,-Map={}", built.map.display()));
        gcc.arg("-L").arg(&scripts).arg("-T").arg(scripts.join(script));
    }
    gcc.args(objects);
    if order == Order::NoCLibrary {
        gcc.arg("-nostdlib");
    }
    let c_libraries: &[&str] = if core.machine == Machine::Host { &["-lm"] } else { &["-lm", "-lgcc", "-lc"] };
    let (ours, other) = (libraries.atome, libraries.other_rust);
    match order {
        Order::BeforeLibraries => gcc.arg(ours).args(c_libraries),
        Order::AfterLibraries => gcc.args(c_libraries).arg(ours),
        Order::BeforeOtherRust => gcc.arg(ours).args(other).args(c_libraries),
        Order::AfterOtherRust => gcc.args(other).arg(ours).args(c_libraries),
        Order::NoCLibrary => gcc.arg(ours).arg("-lgcc"),
    };
    process::checked(&mut gcc)?;
    Ok(built)
}

fn create(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))
}

fn compiler(core: &Core) -> Command {
    let mut command = process::in_root(core.compiler());
    command.args(core.flags());
    command
}
