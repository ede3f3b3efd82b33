//! `atome convert`.

mod args;

use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use atome_engine::format::{sections_packed, SectionKind};
use atome_engine::{Classifier, Matrix, Model, Packing};
use atome_train::export::Format as FileFormat;
use serde_json::{json, Value};

pub use args::ConvertArgs;
use args::FormatName;

use crate::container;
use crate::dialogue::{self, in_sidecar};
use crate::export::{sidecar, sidecar_path};
use crate::files::{report, write_all, Output};
use crate::inspect::sizes_json;
use crate::model_file::{Format, ModelFile};
use crate::numbers::{counted, grouped};
use crate::shape_source::{find, Found};
use crate::UsageError;

pub fn convert(args: &ConvertArgs) -> Result<()> {
    let named = || args.model.display().to_string();
    let file = ModelFile::read(&args.model)?;
    let format = target(args, file.format)?;
    let found = find(&file, args.shape.sizes())?;
    check(&file, &found).with_context(named)?;
    let converted = repacked(&file, &found, format).with_context(named)?;
    let bytes = if args.container {
        container::rewrapped(&file, &found, &converted.bytes, format.n_classes())?
    } else {
        converted.bytes
    };
    let mut outputs = vec![Output::new(&args.out, bytes).of("--out")];
    if args.sidecar {
        let text = in_sidecar(sidecar(&found.sizes, format.name()), dialogue::of(&file)?.as_ref());
        outputs.push(Output::new(&sidecar_path(&args.out)?, text).of("--sidecar"));
    }
    let inputs: Vec<&Path> = iter::once(&args.model).chain(&found.sidecar).map(PathBuf::as_path).collect();
    write_all(&outputs, &inputs, args.force)?;
    let files: Vec<_> = outputs.iter().map(|output| output.path.to_string_lossy()).collect();
    let bytes = outputs.first().map_or(0, |output| output.bytes.len());
    let left_out = LeftOut { codes: converted.unused_codes, behind: file.bytes.len() - found.needed };
    if args.json {
        let told = json!({
            "model": args.model.to_string_lossy(),
            "from": file.format.name(),
            "format": format.name(),
            "shape": sizes_json(&found.sizes),
            "weights": converted.weights,
            "bytes_before": found.needed,
            "bytes": bytes,
            "left_out": left_out.json(),
            "files": files,
        });
        return report(&outputs, &format!("{told}\n"));
    }
    let mut text = format!(
        "read        {} ({} bytes, {})\n",
        args.model.display(),
        grouped(found.needed as u64),
        file.format.name()
    );
    text.push_str(&left_out.text());
    for (index, output) in outputs.iter().enumerate() {
        let format = if index == 0 { format!(", {}", format.name()) } else { String::new() };
        text.push_str(&format!(
            "wrote       {} ({} bytes{format})\n",
            output.shown(),
            grouped(output.bytes.len() as u64)
        ));
    }
    report(&outputs, &text)
}

/// The format to write, with the class head of `from` where it has a place.
fn target(args: &ConvertArgs, from: Format) -> Result<Format> {
    let model = args.model.display();
    let packing = match args.format {
        FormatName::Atome01 => Packing::TwoBits,
        FormatName::Atome02 => Packing::BaseThree,
        FormatName::Atomep3 => Packing::PowersOfThree,
        FormatName::Atomecl01 if args.without_head => {
            bail!(UsageError(
                "--without-head: ATOMECL01 is the format of class heads, expected another --format".into()
            ))
        }
        FormatName::Atomecl01 => match from {
            Format::Classifier { .. } => return Ok(from),
            Format::Model { .. } => bail!("{model}: has no class head, expected a classifier for ATOMECL01"),
        },
    };
    if from.n_classes().is_some() && !args.without_head {
        bail!(
            "{model}: a class head has a place in ATOMECL01 only, expected --format atomecl01 or a model without one; \
             --without-head leaves it out"
        );
    }
    Ok(Format::Model { packing })
}

/// What the new file does not have.
struct LeftOut {
    /// Codes that no exporter writes and that read as 0.
    codes: usize,
    /// Bytes behind the model's end.
    behind: usize,
}

impl LeftOut {
    fn json(&self) -> Value {
        json!({ "unused_codes": self.codes, "bytes_behind_the_end": self.behind })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if self.codes > 0 {
            text.push_str(&format!("left out    {} 10, which reads as 0: now 0\n", counted(self.codes, "code")));
        }
        if self.behind > 0 {
            text.push_str(&format!("left out    {} behind the model's end\n", counted(self.behind, "byte")));
        }
        text
    }
}

/// Whether the engine takes the file.
fn check(file: &ModelFile, found: &Found) -> Result<()> {
    match file.format {
        Format::Model { .. } => Model::new(found.shape, &file.bytes).map(|_| ())?,
        Format::Classifier { n_classes } => Classifier::new(found.shape, &file.bytes, n_classes).map(|_| ())?,
    }
    Ok(())
}

struct Converted {
    bytes: Vec<u8>,
    weights: usize,
    unused_codes: usize,
}

/// The file's sections with their weights packed anew.
fn repacked(file: &ModelFile, found: &Found, format: Format) -> Result<Converted> {
    let (from, to) = (file.format.packing(), format.packing());
    let mut converted = Converted { bytes: format.header(), weights: 0, unused_codes: 0 };
    for section in sections_packed(found.shape, from, format.n_classes()) {
        let place = format!("offset {}: {section}", file.format.header_len() + section.offset);
        let bytes = file.body().get(section.offset..section.end()).with_context(|| format!("{place}: is not there"))?;
        let SectionKind::Matrix { rows, cols, .. } = section.kind else {
            converted.bytes.extend(bytes);
            continue;
        };
        let (scale, packed) = bytes.split_at_checked(4).with_context(|| format!("{place}: has no scale"))?;
        let matrix = Matrix::with_codec(from.codec(), packed, 1.0, rows, cols)
            .with_context(|| format!("{place}: has too few weights"))?;
        let weights: Vec<i8> = matrix.weights().collect();
        if let Some(at) = weights.iter().position(|&weight| weight.abs() > 1 && to != Packing::PowersOfThree) {
            bail!(
                "{place}: the weight in row {}, column {} is {:+}, expected -1, 0 or +1, which is all that {} holds",
                at / cols,
                at % cols,
                weights.get(at).copied().unwrap_or(0),
                format.name()
            );
        }
        if from == Packing::TwoBits {
            converted.unused_codes += unused_codes(packed, rows * cols);
        }
        converted.weights += weights.len();
        converted.bytes.extend(scale);
        converted.bytes.extend(writer(to).pack(&weights));
    }
    Ok(converted)
}

/// What packs weights in this way.
fn writer(packing: Packing) -> FileFormat {
    match packing {
        Packing::TwoBits => FileFormat::Atome01,
        Packing::BaseThree => FileFormat::Atome02,
        Packing::PowersOfThree => FileFormat::AtomeP3,
    }
}

fn unused_codes(packed: &[u8], count: usize) -> usize {
    let codes = packed.iter().flat_map(|byte| [0, 2, 4, 6].map(|place| byte >> place & 3));
    codes.take(count).filter(|&code| code == 2).count()
}
