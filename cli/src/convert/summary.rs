//! What `atome convert` prints.

use serde_json::{json, Value};

use super::args::ConvertArgs;
use super::written::Written;
use crate::files::Output;
use crate::model_file::ModelFile;
use crate::numbers::grouped;
use crate::shape_source::Found;
use crate::sizes::sizes_json;

/// What the command says of its work.
pub struct Summary<'c> {
    pub args: &'c ConvertArgs,
    pub file: &'c ModelFile,
    pub found: &'c Found,
    pub written: &'c Written,
    pub outputs: &'c [Output],
}

impl Summary<'_> {
    pub fn json(&self) -> Value {
        let files: Vec<_> = self.outputs.iter().map(|output| output.path.to_string_lossy()).collect();
        json!({
            "model": self.args.model.to_string_lossy(),
            "from": self.file.format.name(),
            "format": self.written.file.format,
            "shape": sizes_json(&self.found.sizes),
            "weights": self.written.weights,
            "bytes_before": self.found.needed,
            "bytes": self.written.bytes.len(),
            "left_out": self.written.left_out.json(),
            "array": self.args.c_files.json(),
            "files": files,
        })
    }

    pub fn text(&self) -> String {
        let mut text = format!(
            "read        {} ({} bytes, {})\n",
            self.args.model.display(),
            grouped(self.found.needed as u64),
            self.file.format.name()
        );
        text.push_str(&self.written.left_out.text());
        for output in self.outputs {
            let is_model = Some(&output.path) == self.args.out.as_ref();
            let format = if is_model { format!(", {}", self.written.file.format) } else { String::new() };
            let bytes = grouped(output.bytes.len() as u64);
            text.push_str(&format!("wrote       {} ({bytes} bytes{format})\n", output.shown()));
        }
        text.push_str(&self.args.c_files.text(self.written.bytes.len()));
        text
    }
}
