//! A model file's weights, packed anew.

use anyhow::{bail, Context, Result};
use atome_engine::format::{sections_packed, SectionKind};
use atome_engine::{Matrix, Packing};
use atome_train::export::Format as FileFormat;

use crate::model_file::{Format, ModelFile};
use crate::shape_source::Found;

/// A model file whose weights were packed anew.
pub struct Converted {
    pub bytes: Vec<u8>,
    pub weights: usize,
    pub unused_codes: usize,
}

/// The file's sections with their weights packed anew.
pub fn repacked(file: &ModelFile, found: &Found, format: Format) -> Result<Converted> {
    let (from, to) = (file.format.packing(), format.packing());
    let mut converted = Converted { bytes: format.header(), weights: 0, unused_codes: 0 };
    for section in sections_packed(found.shape, from, format.n_classes()) {
        let place = format!("offset {}: {section}", file.format.header_len() + section.offset);
        let bytes = file.body().get(section.offset..section.end()).with_context(|| format!("{place}: is not there"))?;
        let SectionKind::Matrix { rows, cols } = section.kind else {
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

/// The exporter's format that packs weights in this way.
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
