//! Code bytes after the linker has dropped what nobody calls.

use std::path::Path;

use anyhow::{bail, Result};

use super::engine::Engine;
use super::map::{self, Section};
use super::names;
use crate::qemu::cores::Core;
use crate::qemu::image::{self, Image, Order, Unit};
use crate::qemu::shapes::{Plan, DEFAULT};
use crate::qemu::workbench::Workbench;
use crate::record::Figures;

/// What the program calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uses {
    /// Nothing: what the board itself takes.
    Nothing,
    /// `atome_init`, `atome_load`, `atome_predict_next`, for ATOME01 alone, as the C engine has it; of the archive in the lean
    /// plan, which remembers as little as the C engine.
    Predict,
    /// The same in the cached plan.
    PredictCached,
    /// `atome_init`, `atome_load`, `atome_predict_next` of the archive in the lean plan, for all formats and containers.
    Containers,
    /// The same with `atome_load_signed`.
    Signed,
    /// Generation, classification and (the archive, in the cached plan) sampling and the other formats as
    /// well.
    All,
}

impl Uses {
    /// As figures are named.
    pub fn name(self) -> &'static str {
        match self {
            Uses::Nothing => "nothing",
            Uses::Predict => "predict",
            Uses::PredictCached => "predict-cached",
            Uses::Containers => "containers",
            Uses::Signed => "signed",
            Uses::All => "all",
        }
    }

    /// The parts of an image that differ from one with nothing. The C reference has no plans.
    pub fn of(engine: Engine) -> &'static [Uses] {
        if engine.flavour().signed {
            &[Uses::Containers, Uses::Signed]
        } else if engine.is_archive() {
            &[Uses::Predict, Uses::PredictCached, Uses::All]
        } else {
            &[Uses::Predict, Uses::All]
        }
    }

    fn plan(self) -> Plan {
        match self {
            Uses::Nothing | Uses::Predict | Uses::Containers | Uses::Signed => Plan::Lean,
            Uses::PredictCached | Uses::All => Plan::Cached,
        }
    }

    fn macros(self, engine: Engine) -> &'static [&'static str] {
        match self {
            Uses::Nothing => &[],
            Uses::Predict | Uses::PredictCached => &["-DUSE_PREDICT", "-DATOME_ONLY_ATOME01"],
            Uses::Containers => &["-DUSE_PREDICT"],
            Uses::Signed => &["-DUSE_PREDICT", "-DATOME_SIGNED"],
            Uses::All if engine.is_archive() => &["-DUSE_PREDICT", "-DUSE_ALL", "-DUSE_SAMPLER"],
            Uses::All => &["-DUSE_PREDICT", "-DUSE_ALL"],
        }
    }
}

/// Bytes of one image.
struct Bytes {
    engine: u64,
    engine_ram: u64,
    libraries: u64,
}

/// The code figures of an engine on a core.
///
/// The archive's code is the same for all shapes; the C reference is compiled for the default shape.
pub fn measure(core: &Core, engine: Engine, bench: &Workbench, folder: &Path) -> Result<Figures> {
    let without = bytes(core, engine, Uses::Nothing, bench, folder)?;
    let mut found = Figures::new();
    for &uses in Uses::of(engine) {
        let with = bytes(core, engine, uses, bench, folder)?;
        if with.engine == 0 {
            bail!("{}: {engine}: the linker's map names no code of the engine", core.title);
        }
        found.insert(names::code(core, "code", engine, uses), with.engine);
        found.insert(names::code(core, "libraries", engine, uses), with.libraries.saturating_sub(without.libraries));
        found.insert(names::code(core, "ram", engine, uses), with.engine_ram);
    }
    Ok(found)
}

fn bytes(core: &Core, engine: Engine, uses: Uses, bench: &Workbench, folder: &Path) -> Result<Bytes> {
    let mut flags = engine.include_flags();
    flags.extend(uses.macros(engine).iter().map(ToString::to_string));
    let mut units = vec![Unit::with("qemu/firmware/code_size.c", flags)];
    units.extend(engine.unit());
    let mut shape = DEFAULT.flags();
    if engine.is_archive() {
        shape.push(uses.plan().flag());
    }
    let image = Image { flavour: engine.flavour(), units, shape, arguments: Vec::new() };
    let libraries = bench.libraries(core, image.flavour)?;
    let folder = folder.join(uses.name());
    let objects = image.compile(core, &libraries, &folder)?;
    let built = image::link(core, &objects, &libraries, Order::BeforeLibraries, &folder)?;

    // The reference is the last unit.
    let own_object = objects.last().filter(|_| !engine.is_archive()).map(|path| path.display().to_string());
    let is_engine = |section: &Section| match &own_object {
        Some(object) => section.file == *object,
        // The shape, which the header defines in the program for the archive.
        None => section.file.contains("libatome.a(") || section.name == ".rodata.atome_config",
    };
    let sections = map::sections(&built.map)?;
    if !engine.is_archive() && sections.iter().any(|section| section.file.contains("libatome.a(")) {
        bail!("{}: {engine}: the image holds code of the archive", core.title);
    }
    let sum = |is_counted: &dyn Fn(&Section) -> bool| -> u64 {
        sections.iter().filter(|section| is_counted(section)).map(|section| section.size).sum()
    };
    Ok(Bytes {
        engine: sum(&|section| section.in_flash && is_engine(section)),
        engine_ram: sum(&|section| section.in_ram && is_engine(section)),
        libraries: sum(&|section| section.in_flash && is_toolchain(&section.file)),
    })
}

fn is_toolchain(file: &str) -> bool {
    ["libc.a(", "libm.a(", "libgcc.a(", "libg.a("].iter().any(|library| file.contains(library))
}
