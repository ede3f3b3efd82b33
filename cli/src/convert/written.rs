//! The model file that `atome convert` makes.

use anyhow::Result;
use atome_train::export::CFile;
use serde_json::{json, Value};

use super::args::ConvertArgs;
use super::repack::Converted;
use crate::container;
use crate::feed_forward::sublayers_in;
use crate::model_file::{Format, ModelFile};
use crate::numbers::counted;
use crate::shape_source::Found;

/// The model file that goes to --out, into the array, or nowhere.
pub struct Written {
    pub bytes: Vec<u8>,
    pub file: CFile,
    pub weights: Option<usize>,
    pub left_out: LeftOut,
}

impl Written {
    pub fn converted(
        args: &ConvertArgs,
        file: &ModelFile,
        found: &Found,
        format: Format,
        converted: Converted,
    ) -> Result<Self> {
        let left_out = LeftOut { codes: converted.unused_codes, behind: file.bytes.len() - found.needed };
        let (model_len, weights, n_classes) = (converted.bytes.len(), Some(converted.weights), format.n_classes());
        let bytes = match args.container {
            true => {
                let feed_forward = converted.feed_forward.as_deref();
                container::rewrapped(file, found, &converted.bytes, feed_forward, n_classes, args.identity)?
            }
            false => converted.bytes,
        };
        let file = CFile {
            format: format.name(),
            n_classes,
            len: bytes.len(),
            model_len,
            is_container: args.container,
            feed_forward: file.feed_forward().map_or(0, sublayers_in),
        };
        Ok(Self { bytes, file, weights, left_out })
    }

    /// Without what lies behind its end, which atome_load_exact refuses.
    pub fn as_it_is(file: &ModelFile, found: &Found, raw: Vec<u8>) -> Self {
        let len = file.label.as_ref().map_or(found.needed, |label| label.len);
        let behind = raw.len() - len;
        let bytes: Vec<u8> = raw.into_iter().take(len).collect();
        let (format, n_classes) = (file.format.name(), file.format.n_classes());
        let (is_container, feed_forward) = (file.label.is_some(), file.feed_forward().map_or(0, sublayers_in));
        let file = CFile { format, n_classes, len, model_len: found.needed, is_container, feed_forward };
        Self { bytes, file, weights: None, left_out: LeftOut { codes: 0, behind } }
    }
}

/// What the new file does not have.
pub struct LeftOut {
    /// Codes that no exporter writes and that read as 0.
    pub codes: usize,
    /// Bytes behind the model's end.
    pub behind: usize,
}

impl LeftOut {
    pub fn json(&self) -> Value {
        json!({ "unused_codes": self.codes, "bytes_behind_the_end": self.behind })
    }

    pub fn text(&self) -> String {
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
