//! `atome pack`.

use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use atome_engine::container::PartKind;

use super::args::PackArgs;
use super::wrap::{check_notes, check_sizes, description, digest, weight_format, wrap};
use crate::classes;
use crate::dialogue;
use crate::feed_forward;
use crate::files::{report, write_all, Output};
use crate::grammar::{in_parts, OwnedGrammar};
use crate::model_file::ModelFile;
use crate::numbers::{counted, grouped};
use crate::shape_source::find;

pub fn pack(args: &PackArgs) -> Result<()> {
    let named = || args.model.display().to_string();
    check_notes(&args.note)?;
    let file = ModelFile::read(&args.model)?;
    if file.label.is_some() {
        bail!("{}: is a container already", args.model.display());
    }
    let found = find(&file, args.shape.sizes())?;
    check_sizes(&file, &found)?;
    let plain = file.bytes.get(..found.needed).unwrap_or(&file.bytes);
    let weights = weight_format(plain).with_context(|| format!("{}: of no format that goes in", named()))?;
    let mut about = description(found.shape, &found.sizes, weights);
    about.n_classes = file.format.n_classes().map_or(0, |count| count as u16);
    about.alignment = args.alignment;
    args.identity.fill(&mut about);
    if let Some(checkpoint) = &args.checkpoint {
        about.training_digest = digest(checkpoint)?;
    }
    let notes = dialogue::in_notes(args.note.clone(), &file)?;
    let notes = classes::in_notes(notes, &file, file.format.n_classes().is_some())?;
    let grammar = args.grammar.as_deref().map(OwnedGrammar::read).transpose()?;
    if let Some(grammar) = &grammar {
        let dialogue = dialogue::of(&file)?;
        grammar.check_model(file.format.n_classes().is_some(), found.shape, dialogue.as_ref())?;
    }
    let mut parts = Vec::new();
    if let Some(path) = &args.feed_forward {
        parts.push((PartKind::FEED_FORWARD, feed_forward::read(path, &found.shape, file.format.packing())?));
    }
    let bytes = wrap(&about, &notes, &in_parts(parts, grammar.as_ref()), plain).with_context(named)?;
    let (len, of) = (grouped(bytes.len() as u64), grouped(plain.len() as u64));
    let outputs = [Output::new(&args.out, bytes).of("--out")];
    let also = args.checkpoint.iter().chain(&found.sidecar).chain(&args.grammar).chain(&args.feed_forward);
    let inputs: Vec<&Path> = also.chain([&args.model]).map(PathBuf::as_path).collect();
    write_all(&outputs, &inputs, args.force)?;
    let mut told = format!("wrote {} ({len} bytes around {of})\n", outputs[0].shown());
    if file.bytes.len() > found.needed {
        let behind = counted(file.bytes.len() - found.needed, "byte");
        told.push_str(&format!("left out {behind} behind the model's end\n"));
    }
    report(&outputs, &told)
}
