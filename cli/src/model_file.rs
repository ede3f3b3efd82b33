//! A model file in memory, with its header checked.

use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use atome_engine::container::PartKind;
use atome_engine::format::{Sublayers, CLASSIFIER_MAGIC};
use atome_engine::{Packing, Shape};
use atome_train::vocabulary::OwnedVocabulary;

use crate::engine_model::EngineModel;
use crate::foreign_bytes::read_bytes;
use crate::label::{is_container, open, Label};
use crate::next_step;
use crate::signing::{TrustArgs, WantedArgs};

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// ATOME01, ATOME02 or ATOMEP3.
    Model { packing: Packing },
    /// ATOMECL01.
    Classifier { n_classes: usize },
}

impl Format {
    pub const fn name(self) -> &'static str {
        match self {
            Format::Model { packing: Packing::TwoBits } => "ATOME01",
            Format::Model { packing: Packing::BaseThree } => "ATOME02",
            Format::Model { packing: Packing::PowersOfThree } => "ATOMEP3",
            Format::Classifier { .. } => "ATOMECL01",
        }
    }

    pub const fn n_classes(self) -> Option<usize> {
        match self {
            Format::Model { .. } => None,
            Format::Classifier { n_classes } => Some(n_classes),
        }
    }

    /// Bytes in front of the first section.
    pub const fn header_len(self) -> usize {
        match self {
            Format::Model { packing } => packing.magic().len(),
            Format::Classifier { .. } => CLASSIFIER_MAGIC.len() + 4,
        }
    }

    /// The bytes of the header.
    pub fn header(self) -> Vec<u8> {
        match self {
            Format::Model { packing } => packing.magic().to_vec(),
            Format::Classifier { n_classes } => {
                [CLASSIFIER_MAGIC, (n_classes as u32).to_le_bytes().as_slice()].concat()
            }
        }
    }

    /// How the weights lie.
    pub const fn packing(self) -> Packing {
        match self {
            Format::Model { packing } => packing,
            Format::Classifier { .. } => Packing::TwoBits,
        }
    }
}

const EXPECTED: &str = "expected the magic ATOMEBOX, ATOME01, ATOME02, ATOMEP3 or ATOMECL01";

/// A file that starts like a model.
#[derive(Debug)]
pub struct ModelFile {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    pub format: Format,
    /// Of a container: what it said. `bytes` are the model file in it.
    pub label: Option<Label>,
    /// Whether nothing but its signed bytes may say anything of it: no sidecar is looked at.
    pub is_verified: bool,
}

impl ModelFile {
    pub fn read(path: &Path) -> Result<Self> {
        Self::from_bytes(path, Self::read_whole(path)?)
    }

    /// The bytes of the file, its container included.
    pub fn read_whole(path: &Path) -> Result<Vec<u8>> {
        read_bytes(path, |start| is_container(start) || format(start).is_ok())
    }

    /// The model in `bytes`, which were read from `path`.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self> {
        let named = || path.display().to_string();
        let (label, bytes) = if is_container(&bytes) {
            let (label, plain) = open(&bytes).with_context(named)?;
            (Some(label), plain.to_vec())
        } else {
            (None, bytes)
        };
        let format = match format(&bytes) {
            Ok(format) => format,
            Err(refused) => match next_step::checkpoint(path, &bytes) {
                Some(checkpoint) => bail!("{}: offset 0: {checkpoint}", path.display()),
                None => return Err(refused).with_context(named),
            },
        };
        Ok(Self { path: path.to_owned(), bytes, format, label, is_verified: false })
    }

    /// The model in `bytes`, which were read from `path`, if it is one that `trust` allows.
    pub fn from_trusted(path: &Path, bytes: Vec<u8>, trust: &TrustArgs, wanted: WantedArgs) -> Result<Self> {
        trust.check(wanted, path, &bytes)?;
        Ok(Self { is_verified: trust.is_asked(), ..Self::from_bytes(path, bytes)? })
    }

    /// What its tokens stand for; `None` where they are bytes, or nobody says it.
    pub fn vocabulary(&self) -> Result<Option<OwnedVocabulary>> {
        let Some(label) = &self.label else { return Ok(None) };
        label.vocabulary().with_context(|| self.path.display().to_string())
    }

    /// The part of its container that has its feed-forward sublayers, where it has some.
    pub fn feed_forward(&self) -> Option<&[u8]> {
        self.label.as_ref()?.part(PartKind::FEED_FORWARD)
    }

    /// Its feed-forward sublayers, as many in each layer of this shape.
    pub fn sublayers(&self, shape: &Shape) -> Result<Option<Sublayers<'_>>> {
        let Some(part) = self.feed_forward() else { return Ok(None) };
        let sublayers = Sublayers::new(shape, self.format.packing(), part);
        Ok(Some(sublayers.with_context(|| self.path.display().to_string())?))
    }

    /// The model, for the engine.
    pub fn engine_model(&self, shape: Shape) -> Result<EngineModel<'_>> {
        EngineModel::new(self.format.n_classes(), shape, &self.bytes, self.feed_forward())
            .with_context(|| self.path.display().to_string())
    }

    /// The sections.
    pub fn body(&self) -> &[u8] {
        self.bytes.get(self.format.header_len()..).unwrap_or(&[])
    }
}

fn format(start: &[u8]) -> Result<Format> {
    if let Some(packing) = start.get(..7).and_then(Packing::of_magic) {
        return Ok(Format::Model { packing });
    }
    if let Some(rest) = start.strip_prefix(CLASSIFIER_MAGIC) {
        let Some(count) = rest.first_chunk() else {
            bail!("offset 9: {} bytes, expected a class count of 4 bytes", rest.len());
        };
        return match i32::from_le_bytes(*count) {
            count @ 1..=65_535 => Ok(Format::Classifier { n_classes: count as usize }),
            count => bail!("offset 9: class count {count}, expected 1 to 65535"),
        };
    }
    if start.is_empty() {
        bail!("offset 0: the file is empty, {EXPECTED}");
    }
    // Between double quotes a single one needs no stroke.
    let shown = start.get(..start.len().min(9)).unwrap_or(start).escape_ascii().to_string().replace("\\'", "'");
    bail!("offset 0: found \"{shown}\", {EXPECTED}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_apart() {
        for (start, packing) in [
            (b"ATOME01.....", Packing::TwoBits),
            (b"ATOME02.....", Packing::BaseThree),
            (b"ATOMEP3.....", Packing::PowersOfThree),
        ] {
            assert_eq!(format(start).unwrap(), Format::Model { packing });
            assert!(start.starts_with(Format::Model { packing }.name().as_bytes()));
        }
        assert_eq!(format(b"ATOMECL01\x03\0\0\0").unwrap(), Format::Classifier { n_classes: 3 });
    }

    #[test]
    fn headers_are_read_as_what_was_written() {
        let models = Packing::ALL.map(|packing| Format::Model { packing });
        let classifiers = [1, 3, 65_535].map(|n_classes| Format::Classifier { n_classes });
        for written in models.into_iter().chain(classifiers) {
            let header = written.header();
            assert_eq!((format(&header).unwrap(), header.len()), (written, written.header_len()));
        }
    }

    #[test]
    fn wrong_headers_say_where_and_what_was_expected() {
        let headers: [&[u8]; 6] =
            [b"", b"ATOME0", b"ATOMECL01\0\0", b"ATOMECL01\0\0\0\0", b"ATOMECL01\xff\xff\xff\xff", b"ATOME03....."];
        for header in headers {
            let error = format(header).unwrap_err().to_string();
            assert!(error.contains("offset ") && error.contains("expected"), "{error}");
        }
    }
}
