//! Images of our own firmware.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::cores::Core;
use super::image::{Built, Image, Unit};
use super::job::Subject;
use super::workbench::Workbench;
use xtask::archive::{Flavour, Mode};
use xtask::shapes::{Plan, Shape};

const TEXT: &str = "qemu/firmware/text.c";
/// For what takes a second or so; the machine may be busy.
pub(super) const LIMIT: Duration = Duration::from_secs(90);

/// An image of our own sources.
pub(super) fn image(subject: Subject, mode: Mode, source: &'static str, shape: &Shape, plan: Plan) -> Image {
    let mut flags = shape.flags();
    flags.push(plan.flag());
    let flavour = Flavour::new(mode, subject.profile);
    Image { flavour, units: vec![Unit::new(source), Unit::new(TEXT)], shape: flags, arguments: Vec::new() }
}

/// Links it with the libraries of its flavour.
pub(super) fn build(image: &Image, core: &Core, bench: &Workbench, folder: &Path) -> Result<Built> {
    image.build(core, &bench.libraries(core, image.flavour)?, folder)
}
