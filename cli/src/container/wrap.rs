//! Containers around model files.

use std::path::Path;

use anyhow::{bail, Context, Result};
use atome_engine::container::{Container, Contents, Description, PartKind, WeightFormat};
use atome_engine::Shape;
use atome_train::bounded::{self, Limit};
use sha2::{Digest, Sha256};

use super::args::IdentityArgs;
use crate::classes;
use crate::dialogue;
use crate::label::{Note, Part};
use crate::model_file::ModelFile;
use crate::numbers::grouped;
use crate::shape_source::Found;
use crate::sizes::{Key, Sizes, Source};
use crate::usage_error::UsageError;

/// How the weights of a model file lie, by its magic.
pub fn weight_format(plain: &[u8]) -> Option<WeightFormat> {
    let formats = [WeightFormat::TwoBits, WeightFormat::BaseThree, WeightFormat::PowersOfThree];
    let is_of = |format: &WeightFormat| {
        [0, 1].into_iter().any(|classes| format.magic(classes).is_some_and(|magic| plain.starts_with(magic)))
    };
    formats.into_iter().find(is_of)
}

/// Whether a container has room for each of the texts of `--note`.
pub fn check_notes(notes: &[Note]) -> Result<()> {
    let most = usize::from(u16::MAX);
    for (key, value) in notes {
        let (text, what) = if key.len() > most { (key, "a key".into()) } else { (value, format!("{key}: a value")) };
        if text.len() > most {
            let (len, most) = (grouped(text.len() as u64), grouped(most as u64));
            bail!(UsageError(format!("--note: {what} of {len} bytes, expected at most {most}")));
        }
    }
    Ok(())
}

/// A container around `plain`, with what the model has beside it.
pub fn wrap(about: &Description, notes: &[Note], parts: &[Part], plain: &[u8]) -> Result<Vec<u8>> {
    let notes: Vec<(&str, &str)> = notes.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let parts: Vec<(PartKind, &[u8])> = parts.iter().map(|(kind, part)| (*kind, part.as_slice())).collect();
    let contents = Contents { about, notes: &notes, parts: &parts, payload: plain };
    let Some(len) = contents.file_len() else {
        bail!("too long for a container: expected notes of at most 65535 bytes each and less than 4 GiB in all");
    };
    let mut bytes = vec![0; len];
    contents.write(&mut bytes).context("a container of other contents than its length was computed for")?;
    // What was written must be readable, whatever the plain file was.
    Container::open_whole(&bytes)?;
    Ok(bytes)
}

/// A plain file tells neither top_k nor window, and a container must not guess them.
pub fn check_sizes(file: &ModelFile, found: &Found) -> Result<()> {
    let untold = |key: &Key| found.sizes.source(*key) == Some(Source::Default);
    let missing: Vec<Key> = [Key::TopK, Key::MaxSeq].into_iter().filter(untold).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let listed = |text: fn(Key) -> &'static str| missing.iter().map(|&key| text(key)).collect::<Vec<_>>().join(" and ");
    let (names, flags) = (listed(Key::name), listed(Key::flag));
    bail!("{}: does not tell its {names}; expected {flags}, or a sidecar with them", file.path.display())
}

/// A container around `plain`, the model of `file` in another format and with so many classes; with the notes and parts of the
/// container that `file` was, its feed-forward sublayers in that format, or what its sidecar says of how it is asked.
pub fn rewrapped(
    file: &ModelFile,
    found: &Found,
    plain: &[u8],
    feed_forward: Option<&[u8]>,
    n_classes: Option<usize>,
    identity: IdentityArgs,
) -> Result<Vec<u8>> {
    check_sizes(file, found)?;
    let weights = weight_format(plain).context("a model file of an unknown format")?;
    let mut about = description(found.shape, &found.sizes, weights);
    about.n_classes = n_classes.map_or(0, |count| count as u16);
    let (mut notes, mut parts) = (Vec::new(), Vec::new());
    if let Some(label) = &file.label {
        about.training_digest = label.about.training_digest;
        about.alignment = label.about.alignment;
        about.tokenizer = label.about.tokenizer;
        (about.product, about.model_version) = (label.about.product, label.about.model_version);
        notes.clone_from(&label.notes);
        parts.clone_from(&label.parts);
        let packed_anew = parts.iter_mut().find(|(kind, _)| *kind == PartKind::FEED_FORWARD);
        if let (Some((_, part)), Some(feed_forward)) = (packed_anew, feed_forward) {
            *part = feed_forward.to_vec();
        }
    }
    identity.fill(&mut about);
    let notes = classes::in_notes(dialogue::in_notes(notes, file)?, file, n_classes.is_some())?;
    wrap(&about, &notes, &parts, plain).with_context(|| file.path.display().to_string())
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
