//! The shape of a model file: from flags, then a sidecar, then the bytes, then defaults.

use std::path::PathBuf;

use anyhow::{bail, Context, Result};
use atome_engine::container::ContainerError;
use atome_engine::{Classifier, Dims, Model, Packing, Shape};

use crate::model_file::{Format, ModelFile};
use crate::numbers::grouped;
use crate::recover::{limits, recover, Recovery};
use crate::sidecar;
use crate::sizes::{Key, Sizes, Source};

/// The most shapes that an error lists.
const LISTED: usize = 8;

/// All that a run needs to know besides the bytes.
#[derive(Debug)]
pub struct Found {
    pub shape: Shape,
    pub max_seq: usize,
    /// Where each number came from.
    pub sizes: Sizes,
    pub sidecar: Option<PathBuf>,
    /// Bytes of a file of this shape.
    pub needed: usize,
}

/// Finds the shape of `file`; `flags` come first.
pub fn find(file: &ModelFile, flags: Sizes) -> Result<Found> {
    let named = || file.path.display().to_string();
    let mut sizes = flags;
    let mut sidecar = None;
    if let Some(label) = &file.label {
        label.fill(&mut sizes);
    }
    if !sizes.has_all(&Key::ALL) {
        sidecar = sidecar::fill(&file.path, &mut sizes)?;
    }
    if !sizes.has_all(&Key::IN_FILE) {
        let dims = recovered(file, &sizes).with_context(named)?;
        for key in Key::IN_FILE {
            sizes.fill(key, key.of(&dims), Source::Recovered);
        }
    }
    sizes.fill(Key::TopK, Dims::DEFAULT.top_k, Source::Default);
    sizes.fill(Key::MaxSeq, 128, Source::Default);
    let shape = Shape::new(sizes.dims()).with_context(named)?;
    if let Some(container) = file.label.as_ref().map(|label| label.about.shape).filter(|of| *of != shape) {
        return Err(ContainerError::Shape { container, program: shape }).with_context(named);
    }
    let needed = blob_len(&shape, file.format);
    if file.bytes.len() < needed {
        bail!(
            "{}: ends at offset {}, expected {} bytes of the shape {}{}",
            file.path.display(),
            grouped(file.bytes.len() as u64),
            grouped(needed as u64),
            as_flags(&shape.dims()),
            hint(file)
        );
    }
    Ok(Found { shape, max_seq: sizes.value(Key::MaxSeq).unwrap_or(1), sizes, sidecar, needed })
}

/// [`find`], for a file that is computed with. Bytes behind the model's end are allowed, as the engine allows them, but only
/// where the bytes in front of it look like a model of this shape: else the shape is wrong, and all that the model said would
/// be noise.
pub fn find_fitting(file: &ModelFile, flags: Sizes) -> Result<Found> {
    let found = find(file, flags)?;
    if file.bytes.len() == found.needed {
        return Ok(found);
    }
    let body = file.bytes.get(file.format.header_len()..found.needed).unwrap_or_default();
    if recover(body, file.format, &found.sizes) != Recovery::Nothing {
        return Ok(found);
    }
    bail!(
        "{}: {} bytes do not fit {}: a model of this shape has {} bytes, and the file does not begin with one{}. \
         If the shape is right, cut the file to that length",
        file.path.display(),
        grouped(file.bytes.len() as u64),
        as_given(&found),
        grouped(found.needed as u64),
        hint(file)
    )
}

/// The sizes that decide a file's length, with where they were given.
fn as_given(found: &Found) -> String {
    let of = |is_wanted: fn(Source) -> bool, name: fn(Key) -> &'static str| {
        let keys = Key::IN_FILE.into_iter().filter(|&key| found.sizes.source(key).is_some_and(is_wanted));
        keys.map(|key| format!("{} {}", name(key), found.sizes.value(key).unwrap_or_default())).collect::<Vec<_>>()
    };
    let (flags, sidecar) =
        (of(|source| source != Source::Sidecar, Key::flag), of(|source| source == Source::Sidecar, Key::name));
    let sidecar = found
        .sidecar
        .as_ref()
        .filter(|_| !sidecar.is_empty())
        .map(|path| format!("{} ({})", path.display(), sidecar.join(", ")));
    let flags = Some(flags.join(" ")).filter(|flags| !flags.is_empty());
    flags.into_iter().chain(sidecar).collect::<Vec<_>>().join(" and ")
}

/// Bytes of a file of this shape and format.
pub fn blob_len(shape: &Shape, format: Format) -> usize {
    match format {
        Format::Model { packing } => Model::packed_blob_len(shape, packing),
        Format::Classifier { n_classes } => Classifier::blob_len(shape, n_classes),
    }
}

fn recovered(file: &ModelFile, known: &Sizes) -> Result<Dims> {
    match recover(file.body(), file.format, known) {
        Recovery::Clear(dims) => Ok(dims),
        Recovery::Several(shapes) => bail!("{}", ask(&shapes)),
        Recovery::TooMany => {
            bail!("too many shapes fit the bytes to try them all; give some sizes by flags, such as --d-model")
        }
        Recovery::Nothing => bail!("{}", nothing(file, known)),
    }
}

/// The flags that give a shape.
pub fn as_flags(dims: &Dims) -> String {
    let flags = Key::IN_FILE.map(|key| format!("{} {}", key.flag(), key.of(dims)));
    flags.join(" ")
}

fn ask(shapes: &[Dims]) -> String {
    let mut text = format!("{} shapes fit the bytes; give the right one by flags:", grouped(shapes.len() as u64));
    for dims in shapes.iter().take(LISTED) {
        text.push_str("\n  ");
        text.push_str(&as_flags(dims));
    }
    if shapes.len() > LISTED {
        text.push_str("\n  ...");
    }
    text
}

fn nothing(file: &ModelFile, known: &Sizes) -> String {
    let wanted = Key::IN_FILE.map(|key| match known.value(key) {
        Some(value) => format!("{} {value}", key.name()),
        None => format!("{} {} to {}", key.name(), limits(key).start(), limits(key).end()),
    });
    format!(
        "no shape fits: expected {} bytes of sections from offset {} on ({}, \
         scales from 1e-6 to 1e4, floats mostly of ordinary size) for {}{}. \
         The file may be cut or damaged; else give its shape by flags (`atome help inspect`)",
        grouped(file.body().len() as u64),
        file.format.header_len(),
        match file.format.packing() {
            Packing::TwoBits => "packed weights without the code 10",
            Packing::BaseThree => "packed weights without bytes above 242",
            Packing::PowersOfThree => "packed weights without the code 111",
        },
        wanted.join(", "),
        hint(file)
    )
}

/// The shape that the bytes suggest, for someone whose flags or sidecar do not fit them.
fn hint(file: &ModelFile) -> String {
    match recover(file.body(), file.format, &Sizes::default()) {
        Recovery::Clear(dims) => format!("; its bytes look like {}", as_flags(&dims)),
        _ => String::new(),
    }
}
