//! What as many weights cost where they are not ternary: `qemu/firmware/dense.c`.

use std::path::Path;

use anyhow::Result;

use super::clock;
use super::running::LIMIT;
use crate::qemu::cores::Core;
use crate::qemu::image::{Image, Unit};
use crate::qemu::machine;
use crate::qemu::workbench::Workbench;
use crate::record::Figures;
use xtask::archive::{Flavour, Mode, Profile};
use xtask::shapes::Shape;

/// Instructions for the matrix products of one position, in binary32 and in int8.
pub const F32: &str = "dense-f32";
pub const INT8: &str = "dense-int8";
/// The weights of those matrices.
pub const WEIGHTS: &str = "weights";

/// The name of a figure.
pub fn name(core: &str, shape: &str, what: &str) -> String {
    format!("{core}/{shape}/C -O2/{what}")
}

/// Builds and runs it. Nothing of the archive is in it but the header, for the shape.
pub fn measure(core: &Core, shape_name: &str, shape: &Shape, bench: &Workbench, folder: &Path) -> Result<Figures> {
    let core = &clock::counting(core);
    let flavour = Flavour::new(Mode::System, Profile::Usual);
    let units = vec![Unit::with("qemu/firmware/dense.c", clock::flags(core)?), Unit::new("qemu/firmware/text.c")];
    let image = Image { flavour, units, shape: shape.flags(), arguments: vec![clock::argument()] };
    let built = image.build(core, &bench.libraries(core, flavour)?, folder)?;
    let report = machine::run(core, &built.executable, &image.arguments, LIMIT)?;
    clock::check(core, &report)?;
    [F32, INT8, WEIGHTS].iter().map(|what| Ok((name(core.name, shape_name, what), report.number(what)?))).collect()
}
