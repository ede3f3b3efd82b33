//! What `atome export` prints.

use std::path::Path;

use atome_train::export::{Exported, MatrixSummary};
use serde_json::{json, Value};

use crate::c_files::CFileArgs;
use crate::feed_forward::sublayers_in;
use crate::files::Output;
use crate::numbers::{grouped, percent, short};
use crate::sizes::{sizes_json, sources_json, Key, Sizes, Source};

pub struct Summary<'a> {
    pub checkpoint: &'a Path,
    pub sizes: &'a Sizes,
    /// What the model file begins with.
    pub magic: &'static str,
    pub exported: &'a Exported,
    pub outputs: &'a [Output],
    pub c_files: &'a CFileArgs,
}

impl Summary<'_> {
    pub fn json(&self) -> Value {
        let matrix = |matrix: &MatrixSummary| {
            json!({
                "name": matrix.name,
                "rows": matrix.rows,
                "cols": matrix.cols,
                "scale": matrix.scale,
                "zeros": matrix.zeros,
            })
        };
        json!({
            "checkpoint": self.checkpoint.to_string_lossy(),
            "format": self.magic,
            "shape": sizes_json(self.sizes),
            "sources": sources_json(self.sizes),
            "parameters": self.exported.parameters,
            "bytes": self.exported.bytes.len(),
            "feed_forward": self.sublayers(),
            "feed_forward_bytes": self.exported.feed_forward.as_ref().map_or(0, Vec::len),
            "matrices": self.exported.matrices.iter().map(matrix).collect::<Vec<Value>>(),
            "array": self.c_files.json(),
            "files": self.outputs.iter().map(|output| output.path.to_string_lossy()).collect::<Vec<_>>(),
        })
    }

    pub fn text(&self) -> String {
        let mut text = format!("checkpoint  {}\n", self.checkpoint.display());
        text.push_str(&self.shape_lines());
        if let Some(part) = &self.exported.feed_forward {
            let bytes = grouped(part.len() as u64);
            text.push_str(&format!(
                "            feed_forward={}  ({bytes} bytes beside the model file)\n",
                self.sublayers()
            ));
        }
        let quantised: usize = self.exported.matrices.iter().map(|matrix| matrix.rows * matrix.cols).sum();
        text.push_str(&format!(
            "parameters  {}: {} quantised, {} f32\n\n",
            grouped(self.exported.parameters as u64),
            grouped(quantised as u64),
            grouped((self.exported.parameters - quantised) as u64),
        ));
        text.push_str(&table(&self.exported.matrices));
        text.push('\n');
        for (index, output) in self.outputs.iter().enumerate() {
            let format = if index == 0 { format!(", {}", self.magic) } else { String::new() };
            let bytes = grouped(output.bytes.len() as u64);
            text.push_str(&format!("wrote       {} ({bytes} bytes{format})\n", output.shown()));
        }
        text.push_str(&self.c_files.text(self.outputs.first().map_or(0, |model| model.bytes.len())));
        text
    }

    /// Feed-forward sublayers of each layer.
    fn sublayers(&self) -> usize {
        self.exported.feed_forward.as_deref().map_or(0, sublayers_in)
    }

    fn shape_lines(&self) -> String {
        let sources = [
            (Source::Flag, "given by flags"),
            (Source::Checkpoint, "from the checkpoint"),
            (Source::Default, "assumed"),
        ];
        let mut text = String::new();
        for (source, how) in sources {
            let numbers: Vec<String> = Key::ALL
                .into_iter()
                .filter(|&key| self.sizes.source(key) == Some(source))
                .filter_map(|key| Some(format!("{}={}", key.name(), self.sizes.value(key)?)))
                .collect();
            if !numbers.is_empty() {
                let label = if text.is_empty() { "shape" } else { "" };
                text.push_str(&format!("{label:<12}{}  ({how})\n", numbers.join(" ")));
            }
        }
        text
    }
}

fn table(matrices: &[MatrixSummary]) -> String {
    let width = matrices.iter().map(|matrix| matrix.name.len()).max().unwrap_or(0);
    let mut text = format!("{:<width$}  {:>13}  {:>9}  {:>6}\n", "matrix", "size", "scale", "zero");
    for matrix in matrices {
        text.push_str(&format!(
            "{:<width$}  {:>13}  {:>9}  {:>6}\n",
            matrix.name,
            format!("{} x {}", matrix.rows, matrix.cols),
            short(f64::from(matrix.scale)),
            percent(matrix.zeros as u64, (matrix.rows * matrix.cols) as u64),
        ));
    }
    text
}
