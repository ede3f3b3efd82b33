//! `atome budget`.

mod args;
mod needs;
mod table;
mod work;

use std::path::Path;

use anyhow::{bail, Result};
use atome_engine::{Model, Shape};
use serde_json::{json, Value};

pub use args::BudgetArgs;
use needs::{judge, needs, Needs, Verdict};
use work::{plan_name, PlanWork};

use crate::chips::CHIPS;
use crate::model_file::ModelFile;
use crate::output::{print, print_json};
use crate::shape_source::{find, Found};
use crate::sizes::{sizes_json, sources_json, Key, Source};

pub fn budget(args: &BudgetArgs) -> Result<()> {
    let (found, file) = found(args)?;
    let needs = needs(args, &found, file.as_ref())?;
    let verdicts: Vec<Verdict> = CHIPS.iter().map(|chip| judge(chip, &needs, found.shape)).collect();
    if args.json {
        return print_json(&report(args.model.as_deref(), &needs, &verdicts));
    }
    if let (true, Err(why)) = (args.integer, &needs.integer) {
        bail!("--integer: {why}");
    }
    print(&table::render(args.model.as_deref(), &needs, &verdicts, args.integer))
}

/// The shape, and the file that it was found for.
fn found(args: &BudgetArgs) -> Result<(Found, Option<ModelFile>)> {
    let mut sizes = args.shape.sizes();
    if let Some(path) = &args.model {
        let file = ModelFile::read(path)?;
        let found = find(&file, sizes)?;
        return Ok((found, Some(file)));
    }
    for key in Key::ALL {
        sizes.fill(key, key.header_default(), Source::Default);
    }
    let shape = Shape::new(sizes.dims())?;
    let needed = Model::blob_len(&shape);
    let found = Found { shape, max_seq: sizes.value(Key::MaxSeq).unwrap_or(1), sizes, sidecar: None, needed };
    Ok((found, None))
}

fn report(model: Option<&Path>, needs: &Needs, verdicts: &[Verdict]) -> Value {
    json!({
        "file": model.map(|path| path.to_string_lossy()),
        "shape": sizes_json(&needs.sizes),
        "sources": sources_json(&needs.sizes),
        "feed_forward": needs.feed_forward,
        "flash_bytes": needs.flash,
        "state_bytes": { "lean": needs.lean, "partial": needs.partial, "cached": needs.cached, "c99": needs.c99 },
        "integer_state_bytes": needs.integer.as_ref().ok().map(|state| json!({ "lean": state.lean, "cached": state.cached })),
        "auto_plan": plan_name(needs.auto),
        "plans": needs.work.iter().map(PlanWork::json).collect::<Vec<Value>>(),
        "model_struct_bytes": needs.model_struct,
        "reserve_flash_bytes": needs.reserve_flash,
        "reserve_ram_bytes": needs.reserve_ram,
        "chips": verdicts.iter().map(Verdict::json).collect::<Vec<Value>>(),
    })
}
