//! Code bytes after the linker has dropped what nobody calls.

use std::path::Path;

use anyhow::{bail, Result};

use super::engine::Engine;
use super::map::{self, Section};
use super::names;
use super::uses::Uses;
use crate::qemu::cores::Core;
use crate::qemu::image::{self, Image, Order, Unit};
use crate::qemu::workbench::Workbench;
use crate::record::Figures;
use xtask::shapes::DEFAULT;

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
