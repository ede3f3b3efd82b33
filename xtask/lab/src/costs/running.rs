//! Memory, stack and instructions of one engine, shape and plan, measured in a run.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::clock;
use super::engine::Variant;
use super::names;
use super::shapes::Measured;
use crate::qemu::cores::Core;
use crate::qemu::image::{Image, Unit};
use crate::qemu::machine;
use crate::qemu::workbench::Workbench;
use crate::record::Figures;

/// Most runs take half a minute at most on a free machine; the reference's generation with the 944K model, minutes.
pub const LIMIT: Duration = Duration::from_secs(3000);

/// Bytes that `sizeof` gives: of the state and of the model's pointers.
pub const STATE: &str = "state";
pub const MODEL: &str = "model";
/// Stack bytes of `atome_load` and of `atome_predict_next`, below the caller's frame.
pub const STACK_LOAD: &str = "stack-load";
pub const STACK_PREDICT: &str = "stack-predict";
/// Instructions of a prediction from one token on a fresh state.
pub const FIRST: &str = "first";
/// Instructions of a prediction from nine tokens after one from the first eight.
pub const NEXT: &str = "next";
/// Instructions for each token that `atome_generate` appends to a prompt of four.
pub const TOKEN: &str = "token";
/// Instructions of `atome_load` of a container, and of `atome_load_signed`.
pub const LOAD_CONTAINER: &str = "load-container";
pub const LOAD_SIGNED: &str = "load-signed";

/// Instructions of a prediction from one token more than so many, after a prediction from these.
pub const AFTER: [(u32, &str); 4] = [(1, "after-1"), (8, "after-8"), (16, "after-16"), (23, "after-23")];

/// Measured in every run.
const ALWAYS: [&str; 6] = [STATE, MODEL, STACK_LOAD, STACK_PREDICT, FIRST, NEXT];

/// Whether something of this name is measured in a run.
pub fn is_measured(what: &str) -> bool {
    ALWAYS.contains(&what)
        || [TOKEN, LOAD_CONTAINER, LOAD_SIGNED].contains(&what)
        || AFTER.iter().any(|(_, name)| *name == what)
}

/// Builds and runs `qemu/firmware/cost.c`.
pub fn measure(core: &Core, shape: &Measured, variant: Variant, bench: &Workbench, folder: &Path) -> Result<Figures> {
    let core = &clock::counting(core);
    let mut flags = variant.engine.include_flags();
    flags.extend(clock::flags(core)?);
    if shape.is_in_other_format() {
        flags.push("-DATOME_FORMATS".to_string());
    }
    let blob = format!("-DBLOB_FILE=\"{}\"", shape.file.display());
    let mut units = vec![
        Unit::with("qemu/firmware/cost.c", flags),
        Unit::new("qemu/firmware/text.c"),
        Unit::with("qemu/firmware/blob.S", vec![blob]),
    ];
    units.extend(variant.engine.unit());
    let mut shape_flags = shape.shape.flags();
    shape_flags.extend(variant.plan.map(|plan| plan.flag()));
    let generated = shape.generated(core, variant);
    let grows = shape.grows(variant);
    let arguments = vec![clock::argument(), format!("generate={generated}"), format!("growth={}", u8::from(grows))];
    let image = Image { flavour: variant.engine.flavour(), units, shape: shape_flags, arguments };

    let built = image.build(core, &bench.libraries(core, image.flavour)?, folder)?;
    let report = machine::run(core, &built.executable, &image.arguments, LIMIT)?;
    clock::check(core, &report)?;
    let after = AFTER.into_iter().filter(|(prefix, _)| grows && *prefix < shape.shape.max_seq);
    let token = (generated > 0).then_some(TOKEN);
    let mut found = Figures::new();
    for what in ALWAYS.into_iter().chain(after.map(|(_, what)| what)).chain(token) {
        found.insert(names::run(core, shape.name, variant, what), report.number(what)?);
    }
    Ok(found)
}
