//! What loading a signed model costs: code, stack and instructions.

use std::path::Path;

use anyhow::{Context, Result};

use super::clock;
use super::engine::{Engine, Variant};
use super::names;
use super::running::{LIMIT, LOAD_CONTAINER, LOAD_SIGNED, STACK_LOAD};
use super::shapes::SHAPES;
use super::uses::Uses;
use crate::markdown::grouped;
use crate::qemu::cores::{one_of_each_kind, Core};
use crate::qemu::image::{Image, Unit};
use crate::qemu::machine;
use crate::qemu::workbench::{Workbench, SIGNED};
use crate::record::Figures;
use xtask::shapes::{Plan, Shape};
use xtask::signed_models::{self, Signed, Signer};

const MEASURED: [&str; 3] = [STACK_LOAD, LOAD_CONTAINER, LOAD_SIGNED];

const VARIANT: Variant = Variant { engine: Engine::Archive(SIGNED), plan: Some(Plan::Lean) };

/// Builds and runs `qemu/firmware/cost.c` with a random signed model of the shape.
pub fn measure(core: &Core, name: &str, shape: &Shape, bench: &Workbench, folder: &Path) -> Result<Figures> {
    let core = &clock::counting(core);
    let containers = [Signed { seed: 1, classes: 0, signer: Signer::Ours, identity: [0, 0] }];
    let file = signed_models::write(folder, name, shape, &containers)?;
    let mut flags = clock::flags(core)?;
    flags.push("-DATOME_SIGNED".to_string());
    let blob = format!("-DBLOB_FILE=\"{}\"", file.display());
    let units = vec![
        Unit::with("qemu/firmware/cost.c", flags),
        Unit::new("qemu/firmware/text.c"),
        Unit::with("qemu/firmware/blob.S", vec![blob]),
    ];
    let mut shape_flags = shape.flags();
    shape_flags.extend(VARIANT.plan.map(Plan::flag));
    let image = Image { flavour: SIGNED, units, shape: shape_flags, arguments: vec![clock::argument()] };
    let built = image.build(core, &bench.libraries(core, SIGNED)?, folder)?;
    let report = machine::run(core, &built.executable, &image.arguments, LIMIT)?;
    clock::check(core, &report)?;
    MEASURED.iter().map(|what| Ok((names::run(core, name, VARIANT, what), report.number(what)?))).collect()
}

/// Head and a row for each core: bytes.
pub fn code_rows(figures: &Figures) -> Result<Vec<Vec<String>>> {
    let head = ["core", "containers", "signed containers", "more for signatures", "stack: load"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for core in one_of_each_kind() {
        let get = |name: String| figures.get(&name).copied().with_context(|| format!("no figure {name}"));
        let flash = |uses| -> Result<(u64, u64)> {
            let code = |what| get(names::code(core, what, VARIANT.engine, uses));
            Ok((code("code")?, code("libraries")?))
        };
        let (plain, signed) = (flash(Uses::Containers)?, flash(Uses::Signed)?);
        let shown = |(code, libraries)| format!("{} + {}", grouped(code), grouped(libraries));
        rows.push(vec![
            core.title.to_string(),
            shown(plain),
            shown(signed),
            shown((signed.0.saturating_sub(plain.0), signed.1.saturating_sub(plain.1))),
            grouped(get(names::run(core, SHAPES[0].0, VARIANT, STACK_LOAD))?),
        ]);
    }
    Ok(rows)
}

/// Head and a row for each core and shape: instructions.
pub fn run_rows(figures: &Figures) -> Vec<Vec<String>> {
    let head = ["core", "shape", "model file", "atome_load", "atome_load_signed"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for core in one_of_each_kind() {
        for (shape, _) in SHAPES {
            let get = |what| figures.get(&names::run(core, shape, VARIANT, what)).copied();
            if let (Some(plain), Some(signed)) = (get(LOAD_CONTAINER), get(LOAD_SIGNED)) {
                let file = figures.get(&names::file(shape)).map_or("-".to_string(), |&bytes| grouped(bytes));
                rows.push(vec![core.title.to_string(), shape.to_string(), file, grouped(plain), grouped(signed)]);
            }
        }
    }
    rows
}
