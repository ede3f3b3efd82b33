//! `atome inspect`.

mod args;
mod section_stats;
mod table;

use anyhow::{bail, Result};
use atome_engine::container::Tokenizer;
use atome_engine::{integer, Plan};
use atome_train::hex::hex;
use serde_json::{json, Map, Value};

pub use args::InspectArgs;
use section_stats::{SectionStats, Sections};

use crate::engine_model::EngineModel;
use crate::label::{part_name, Label};
use crate::model_file::ModelFile;
use crate::numbers::grouped;
use crate::output::{print, print_json};
use crate::shape_source::{find, Found};
use crate::sizes::{sizes_json, sources_json};

/// The most layers whose sections are listed; models for microcontrollers have a few.
const MAX_LAYERS: usize = 1024;

pub fn inspect(args: &InspectArgs) -> Result<()> {
    let file = ModelFile::read(&args.model)?;
    let found = find(&file, args.shape.sizes())?;
    check_length(&file, &found)?;
    let all = Sections::read(&file, &found)?;
    let refusal = for_integers(&file, &found).err().map(|why| format!("{why:#}"));
    if let (Some(why), true) = (&refusal, args.integer) {
        bail!("{}: not for the integer arithmetic: {why}", file.path.display());
    }
    if args.json {
        return print_json(&report(&file, &found, &all, refusal.as_deref()));
    }
    print(&table::render(&file, &found, &all, refusal.as_deref()))
}

/// Whether the integer arithmetic takes the model, with sequences this long.
fn for_integers(file: &ModelFile, found: &Found) -> Result<()> {
    let EngineModel { model, head } =
        EngineModel::new(file.format.n_classes(), found.shape, &file.bytes, file.feed_forward())?;
    integer::Layout::new(found.shape, found.max_seq, Plan::Lean)?;
    integer::check(&model)?;
    Ok(head.as_ref().map_or(Ok(()), integer::check_head)?)
}

/// A list of a million sections helps nobody, and takes far more memory than the file.
fn check_length(file: &ModelFile, found: &Found) -> Result<()> {
    let layers = found.shape.n_layers();
    if layers > MAX_LAYERS {
        bail!(
            "{}: has {} layers, expected {} at most: the list would be far longer than the file",
            file.path.display(),
            grouped(layers as u64),
            grouped(MAX_LAYERS as u64)
        );
    }
    Ok(())
}

fn report(file: &ModelFile, found: &Found, all: &Sections, refusal: Option<&str>) -> Value {
    let list = |sections: &[SectionStats]| sections.iter().map(SectionStats::json).collect::<Vec<Value>>();
    json!({
        "file": file.path.to_string_lossy(),
        "format": file.format.name(),
        "bytes": file.bytes.len(),
        "bytes_of_shape": found.needed,
        "n_classes": file.format.n_classes(),
        "shape": sizes_json(&found.sizes),
        "sources": sources_json(&found.sizes),
        "sidecar": found.sidecar.as_ref().map(|path| path.to_string_lossy()),
        "container": file.label.as_ref().map(label_json),
        "integer": { "taken": refusal.is_none(), "why_not": refusal },
        "sections": list(&all.sections),
        "feed_forward": file.feed_forward().map(|part| json!({
            "sublayers": all.per_layer,
            "bytes": part.len(),
            "sections": list(&all.sublayers),
        })),
    })
}

fn label_json(label: &Label) -> Value {
    let notes: Map<String, Value> = label.notes.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    json!({
        "bytes": label.len,
        "payload_offset": label.payload,
        "alignment": label.about.alignment,
        "signed": label.is_signed,
        "key_id": label.key_id.map(|id| hex(&id)),
        "product": label.about.product,
        "model_version": label.about.model_version,
        "tokens_are_bytes": label.about.tokenizer == Tokenizer::Bytes,
        "parts": label.parts.iter().map(|(kind, part)| json!({ "part": part_name(*kind), "bytes": part.len() })).collect::<Vec<_>>(),
        "training_digest": label.training_digest(),
        "notes": notes,
    })
}
