//! A model file's weights, packed anew.

use anyhow::{bail, Context, Result};
use atome_engine::format::{sections_packed, sublayer_sections, SectionKind, Sublayers};
use atome_engine::{Matrix, Packing};
use atome_train::export::Format as FileFormat;

use crate::model_file::{Format, ModelFile};
use crate::shape_source::Found;

/// A model file whose weights were packed anew.
pub struct Converted {
    pub bytes: Vec<u8>,
    /// Its feed-forward sublayers, where it has some.
    pub feed_forward: Option<Vec<u8>>,
    pub weights: usize,
    pub unused_codes: usize,
}

/// The file's sections with their weights packed anew, and those of its feed-forward sublayers.
pub fn repacked(file: &ModelFile, found: &Found, format: Format) -> Result<Converted> {
    let from = file.format.packing();
    let mut anew = Anew { from, to: format, bytes: format.header(), weights: 0, unused_codes: 0 };
    for section in sections_packed(found.shape, from, format.n_classes()) {
        let place = format!("offset {}: {section}", file.format.header_len() + section.offset);
        let bytes = file.body().get(section.offset..section.end());
        anew.section(section.kind, bytes, &place)?;
    }
    let bytes = std::mem::take(&mut anew.bytes);
    let mut feed_forward = None;
    if let (Some(part), Some(sublayers)) = (file.feed_forward(), file.sublayers(&found.shape)?) {
        anew.bytes.extend(Sublayers::head(sublayers.per_layer()).into_iter().flatten());
        for section in sublayer_sections(found.shape, from, sublayers.per_layer()) {
            let place = format!("feed-forward: offset {}: {section}", section.offset);
            anew.section(section.kind, part.get(section.offset..section.offset + section.bytes), &place)?;
        }
        feed_forward = Some(anew.bytes);
    }
    Ok(Converted { bytes, feed_forward, weights: anew.weights, unused_codes: anew.unused_codes })
}

/// What is written, section by section.
struct Anew {
    from: Packing,
    to: Format,
    bytes: Vec<u8>,
    weights: usize,
    unused_codes: usize,
}

impl Anew {
    /// Adds a section that lies in `bytes`, which are at `place`.
    fn section(&mut self, kind: SectionKind, bytes: Option<&[u8]>, place: &str) -> Result<()> {
        let bytes = bytes.with_context(|| format!("{place}: is not there"))?;
        let SectionKind::Matrix { rows, cols } = kind else {
            self.bytes.extend(bytes);
            return Ok(());
        };
        let to = self.to.packing();
        let (scale, packed) = bytes.split_at_checked(4).with_context(|| format!("{place}: has no scale"))?;
        let matrix = Matrix::with_codec(self.from.codec(), packed, 1.0, rows, cols)
            .with_context(|| format!("{place}: has too few weights"))?;
        let weights: Vec<i8> = matrix.weights().collect();
        if let Some(at) = weights.iter().position(|&weight| weight.abs() > 1 && to != Packing::PowersOfThree) {
            bail!(
                "{place}: the weight in row {}, column {} is {:+}, expected -1, 0 or +1, which is all that {} holds",
                at / cols,
                at % cols,
                weights.get(at).copied().unwrap_or(0),
                self.to.name()
            );
        }
        if self.from == Packing::TwoBits {
            self.unused_codes += unused_codes(packed, rows * cols);
        }
        self.weights += weights.len();
        self.bytes.extend(scale);
        self.bytes.extend(writer(to).pack(&weights));
        Ok(())
    }
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
