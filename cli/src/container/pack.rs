//! `atome pack`.

use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use atome_engine::container::{Description, WeightFormat};
use atome_engine::Shape;
use atome_train::bounded::{self, Limit};
use sha2::{Digest, Sha256};

use super::{wrap, PackArgs};
use crate::dialogue;
use crate::files::{report, write_all, Output};
use crate::model_file::ModelFile;
use crate::numbers::{counted, grouped};
use crate::shape_source::{find, Found};
use crate::sizes::{Key, Sizes, Source};

pub fn pack(args: &PackArgs) -> Result<()> {
    let named = || args.model.display().to_string();
    super::check_notes(&args.note)?;
    let file = ModelFile::read(&args.model)?;
    if file.label.is_some() {
        bail!("{}: is a container already", args.model.display());
    }
    let found = find(&file, args.shape.sizes())?;
    check_sizes(&file, &found)?;
    let plain = file.bytes.get(..found.needed).unwrap_or(&file.bytes);
    let weights = super::weight_format(plain).with_context(|| format!("{}: of no format that goes in", named()))?;
    let mut about = description(found.shape, &found.sizes, weights);
    about.n_classes = file.format.n_classes().map_or(0, |count| count as u16);
    about.alignment = args.alignment;
    if let Some(checkpoint) = &args.checkpoint {
        about.training_digest = digest(checkpoint)?;
    }
    let notes = dialogue::in_notes(args.note.clone(), &file)?;
    let bytes = wrap(&about, &notes, plain).with_context(named)?;
    let (len, of) = (grouped(bytes.len() as u64), grouped(plain.len() as u64));
    let outputs = [Output::new(&args.out, bytes).of("--out")];
    let also = args.checkpoint.iter().chain(&found.sidecar);
    let inputs: Vec<&Path> = also.chain([&args.model]).map(PathBuf::as_path).collect();
    write_all(&outputs, &inputs, args.force)?;
    let mut told = format!("wrote {} ({len} bytes around {of})\n", outputs[0].shown());
    if file.bytes.len() > found.needed {
        let behind = counted(file.bytes.len() - found.needed, "byte");
        told.push_str(&format!("left out {behind} behind the model's end\n"));
    }
    report(&outputs, &told)
}

/// A plain file tells neither top_k nor window, and a container must not guess them.
fn check_sizes(file: &ModelFile, found: &Found) -> Result<()> {
    let untold = |key: &Key| found.sizes.source(*key) == Some(Source::Default);
    let missing: Vec<Key> = [Key::TopK, Key::MaxSeq].into_iter().filter(untold).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let listed = |text: fn(Key) -> &'static str| missing.iter().map(|&key| text(key)).collect::<Vec<_>>().join(" and ");
    let (names, flags) = (listed(Key::name), listed(Key::flag));
    bail!("{}: does not tell its {names}; expected {flags}, or a sidecar with them", file.path.display())
}

/// A container around `plain`, the model of `file` in another format and with so many classes; with the notes of the
/// container that `file` was, or what its sidecar says of how it is asked.
pub fn rewrapped(file: &ModelFile, found: &Found, plain: &[u8], n_classes: Option<usize>) -> Result<Vec<u8>> {
    check_sizes(file, found)?;
    let weights = super::weight_format(plain).context("a model file of an unknown format")?;
    let mut about = description(found.shape, &found.sizes, weights);
    about.n_classes = n_classes.map_or(0, |count| count as u16);
    let mut notes = Vec::new();
    if let Some(label) = &file.label {
        about.training_digest = label.about.training_digest;
        about.alignment = label.about.alignment;
        about.tokenizer = label.about.tokenizer;
        notes.clone_from(&label.notes);
    }
    wrap(&about, &dialogue::in_notes(notes, file)?, plain).with_context(|| file.path.display().to_string())
}

/// What is known of a model without classes.
pub fn description(shape: Shape, sizes: &Sizes, weights: WeightFormat) -> Description {
    let window = sizes.value(Key::MaxSeq).unwrap_or(1).clamp(1, 65_535);
    Description::new(shape, window as u16, weights)
}

/// SHA-256 of a file.
pub fn digest(path: &Path) -> Result<[u8; 32]> {
    let bytes = bounded::read(path, Limit::CHECKPOINT).with_context(|| path.display().to_string())?;
    Ok(Sha256::digest(bytes).into())
}
