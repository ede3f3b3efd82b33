//! What is in each section of a file.

use anyhow::Result;
use atome_engine::format::{sections_packed, sublayer_sections, SectionKind, Sublayers};
use atome_engine::{Floats, Matrix, Packing};
use serde_json::{json, Value};

use crate::model_file::ModelFile;
use crate::shape_source::Found;

/// One section, with statistics of its content.
#[derive(Debug)]
pub struct SectionStats {
    /// The layer it belongs to, if any.
    pub layer: Option<usize>,
    /// Which of that layer's feed-forward sublayers, if any.
    pub sublayer: Option<usize>,
    /// Its name in the format's description.
    pub name: &'static str,
    /// Its name and its layer's, for people.
    pub title: String,
    /// Bytes from the start of the file; of a sublayer from the start of their part.
    pub offset: usize,
    /// Bytes of it.
    pub bytes: usize,
    pub content: Content,
}

#[derive(Debug)]
pub enum Content {
    Matrix(MatrixStats),
    Floats(FloatStats),
}

/// Weights by sign. Of two bits, an invalid code counts as 0, as it is read, and also as invalid; in other packings, which
/// the engine refuses then, only the first invalid byte counts.
#[derive(Debug, Default, PartialEq)]
pub struct MatrixStats {
    pub rows: usize,
    pub cols: usize,
    pub scale: f32,
    pub minus: u64,
    pub zero: u64,
    pub plus: u64,
    /// Weights of ±3 and ±9 among those.
    pub greater: u64,
    pub invalid: u64,
    /// Bytes from the start of the file.
    pub first_invalid: Option<usize>,
}

/// Minimum, maximum and mean of the finite values; NaN where there is none.
#[derive(Debug)]
pub struct FloatStats {
    pub count: usize,
    pub min: f32,
    pub max: f32,
    pub mean: f64,
    pub non_finite: u64,
    /// Bytes from the start of the file.
    pub first_non_finite: Option<usize>,
}

/// What is in a file, and beside it.
#[derive(Debug)]
pub struct Sections {
    pub sections: Vec<SectionStats>,
    /// Feed-forward sublayers of each layer.
    pub per_layer: usize,
    /// The sections of all of them.
    pub sublayers: Vec<SectionStats>,
}

impl Sections {
    /// Reads all of them.
    pub fn read(file: &ModelFile, found: &Found) -> Result<Self> {
        let sublayers = file.sublayers(&found.shape)?;
        Ok(Self {
            sections: read_sections(file, found),
            per_layer: sublayers.as_ref().map_or(0, Sublayers::per_layer),
            sublayers: read_sublayers(file, found, sublayers.as_ref()),
        })
    }
}

/// All sections of a file in order. The file is as long as its shape says: [`crate::shape_source::find`] saw to that.
fn read_sections(file: &ModelFile, found: &Found) -> Vec<SectionStats> {
    let start = file.format.header_len();
    sections_packed(found.shape, file.format.packing(), file.format.n_classes())
        .map(|section| {
            let offset = start + section.offset;
            let bytes = file.bytes.get(offset..start + section.end()).unwrap_or(&[]);
            SectionStats {
                layer: section.layer,
                sublayer: None,
                name: section.name,
                title: section.to_string(),
                offset,
                bytes: section.bytes,
                content: content(section.kind, file.format.packing(), bytes, offset),
            }
        })
        .collect()
}

/// All sections of the feed-forward sublayers in order; none where there are no sublayers.
fn read_sublayers(file: &ModelFile, found: &Found, sublayers: Option<&Sublayers<'_>>) -> Vec<SectionStats> {
    let (Some(part), Some(sublayers)) = (file.feed_forward(), sublayers) else { return Vec::new() };
    let packing = file.format.packing();
    sublayer_sections(found.shape, packing, sublayers.per_layer())
        .map(|section| {
            let bytes = part.get(section.offset..section.offset + section.bytes).unwrap_or(&[]);
            SectionStats {
                layer: Some(section.layer),
                sublayer: Some(section.index),
                name: section.name,
                title: section.to_string(),
                offset: section.offset,
                bytes: section.bytes,
                content: content(section.kind, packing, bytes, section.offset),
            }
        })
        .collect()
}

fn content(kind: SectionKind, packing: Packing, bytes: &[u8], offset: usize) -> Content {
    match kind {
        SectionKind::Matrix { rows, cols } => Content::Matrix(match packing {
            Packing::TwoBits => matrix(bytes, offset, rows, cols),
            packing => coded_matrix(packing, bytes, offset, rows, cols),
        }),
        SectionKind::Floats { count } => Content::Floats(floats(bytes, offset, count)),
    }
}

fn matrix(bytes: &[u8], offset: usize, rows: usize, cols: usize) -> MatrixStats {
    let mut stats = MatrixStats { rows, cols, ..MatrixStats::default() };
    let Some((scale, packed)) = bytes.split_first_chunk() else { return stats };
    stats.scale = f32::from_le_bytes(*scale);
    let count = rows * cols;
    for (index, &byte) in packed.iter().enumerate() {
        // The low bit of each weight's code that this byte holds; the last byte may hold fewer than four.
        let weights = 0x55 & (0xff >> (8 - 2 * (count - 4 * index).min(4)));
        let ones = |bits: u8| u64::from((bits & weights).count_ones());
        stats.plus += ones(byte & !(byte >> 1));
        stats.minus += ones(byte & (byte >> 1));
        let invalid = ones((byte >> 1) & !byte);
        if invalid > 0 {
            stats.invalid += invalid;
            stats.first_invalid.get_or_insert(offset + 4 + index);
        }
    }
    stats.zero = count as u64 - stats.plus - stats.minus;
    stats
}

/// Statistics of a matrix whose weights do not take two bits each.
fn coded_matrix(packing: Packing, bytes: &[u8], offset: usize, rows: usize, cols: usize) -> MatrixStats {
    let mut stats = MatrixStats { rows, cols, ..MatrixStats::default() };
    let (Some((scale, packed)), Some(codec)) = (bytes.split_first_chunk(), packing.codec()) else { return stats };
    stats.scale = f32::from_le_bytes(*scale);
    let Some(matrix) = Matrix::with_codec(Some(codec), packed, stats.scale, rows, cols) else { return stats };
    for weight in matrix.weights() {
        match weight.signum() {
            -1 => stats.minus += 1,
            0 => stats.zero += 1,
            _ => stats.plus += 1,
        }
        if weight.abs() > 1 {
            stats.greater += 1;
        }
    }
    if let Some(fault) = codec.fault(packed, rows * cols) {
        stats.invalid = 1;
        stats.first_invalid = Some(offset + 4 + fault.index);
    }
    stats
}

fn floats(bytes: &[u8], offset: usize, count: usize) -> FloatStats {
    let mut stats =
        FloatStats { count, min: f32::NAN, max: f32::NAN, mean: f64::NAN, non_finite: 0, first_non_finite: None };
    let (mut sum, mut finite) = (0.0, 0_u32);
    for (index, value) in Floats::new(bytes).iter().enumerate() {
        if !value.is_finite() {
            stats.non_finite += 1;
            stats.first_non_finite.get_or_insert(offset + 4 * index);
            continue;
        }
        // `min` and `max` pass over NaN.
        stats.min = stats.min.min(value);
        stats.max = stats.max.max(value);
        sum += f64::from(value);
        finite += 1;
    }
    stats.mean = sum / f64::from(finite);
    stats
}

impl SectionStats {
    pub fn json(&self) -> Value {
        let mut value = json!({
            "name": self.name,
            "layer": self.layer,
            "offset": self.offset,
            "bytes": self.bytes,
        });
        if let Some(sublayer) = self.sublayer {
            value["sublayer"] = sublayer.into();
        }
        let content = match &self.content {
            Content::Matrix(stats) => json!({
                "kind": "matrix",
                "rows": stats.rows,
                "cols": stats.cols,
                "scale": stats.scale,
                "minus": stats.minus,
                "zero": stats.zero,
                "plus": stats.plus,
                "greater_than_one": stats.greater,
                "invalid_codes": stats.invalid,
                "first_invalid_offset": stats.first_invalid,
            }),
            Content::Floats(stats) => json!({
                "kind": "floats",
                "count": stats.count,
                "min": stats.min,
                "max": stats.max,
                "mean": stats.mean,
                "non_finite": stats.non_finite,
                "first_non_finite_offset": stats.first_non_finite,
            }),
        };
        if let (Value::Object(value), Value::Object(content)) = (&mut value, content) {
            value.extend(content);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atome_engine::Matrix;

    #[test]
    fn weights_are_counted() {
        let mut bytes = 0.5_f32.to_le_bytes().to_vec();
        bytes.extend([0b11_01_00_10, 0b00_00_00_01]); // 10 00 01 11 | 01
        let stats = matrix(&bytes, 100, 1, 5);
        let expected = MatrixStats {
            rows: 1,
            cols: 5,
            scale: 0.5,
            minus: 1,
            zero: 2,
            plus: 2,
            greater: 0,
            invalid: 1,
            first_invalid: Some(104),
        };
        assert_eq!(stats, expected);
    }

    #[test]
    fn weights_are_counted_as_the_engine_reads_them() {
        for byte in 0..=255_u8 {
            let bytes = [0, 0, 0, 0x3f, byte, byte];
            let stats = matrix(&bytes, 0, 2, 3);
            let read = Matrix::new(&bytes[4..], 0.5, 2, 3).unwrap();
            let count = |value: i8| read.weights().filter(|&weight| weight == value).count() as u64;
            assert_eq!((stats.minus, stats.zero, stats.plus), (count(-1), count(0), count(1)), "{byte:#010b}");
        }
    }

    #[test]
    fn weights_of_other_packings_are_counted_by_sign() {
        // +1 -1 0 +1 0 | 0, padded
        let bytes = [0, 0, 0, 0x3f, 2 + 9 + 2 * 27 + 81, 121];
        let stats = coded_matrix(Packing::BaseThree, &bytes, 0, 2, 3);
        assert_eq!((stats.minus, stats.zero, stats.plus, stats.scale), (1, 3, 2, 0.5));
        assert_eq!(stats.first_invalid, None);
        let bytes = [0, 0, 0, 0x3f, 122, 250];
        assert_eq!(coded_matrix(Packing::BaseThree, &bytes, 7, 2, 3).first_invalid, Some(7 + 5));
        // +9 -3 +1 0
        let bytes = [0, 0, 0, 0x3f, 0b01_100_101, 0, 0];
        let stats = coded_matrix(Packing::PowersOfThree, &bytes, 0, 2, 2);
        assert_eq!((stats.minus, stats.zero, stats.plus, stats.greater), (1, 1, 2, 2));
    }

    #[test]
    fn floats_are_summed_up() {
        let bytes: Vec<u8> = [1.0, f32::NAN, -3.0, f32::INFINITY].iter().flat_map(|x| x.to_le_bytes()).collect();
        let stats = floats(&bytes, 7, 4);
        assert_eq!((stats.min, stats.max, stats.mean), (-3.0, 1.0, -1.0));
        assert_eq!((stats.non_finite, stats.first_non_finite), (2, Some(11)));
    }
}
