//! The C sources of a model: a header with its shape, and its file as an array.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use atome_engine::dialogue::Dialogue;
use atome_train::classes::Description;
use atome_train::export::{array, check_name, header, identifier, macro_stem, CFile, CModel};
use clap::Args;
use serde_json::{json, Value};

use crate::files::Output;
use crate::sizes::{Key, Sizes};
use crate::usage_error::UsageError;

/// The longest sequence where nothing tells another: what `atome run` assumes, too.
const USUAL_MAX_SEQ: usize = 128;

#[derive(Debug, Args)]
pub struct CFileArgs {
    /// Write a C header with the shape's macros and the file's size
    #[arg(long, value_name = "FILE")]
    pub header: Option<PathBuf>,

    /// Write the model file's bytes as a C array
    #[arg(long, value_name = "FILE")]
    pub c_array: Option<PathBuf>,

    /// Name of the array, and in capitals of the header's macros [default: that of its file]
    #[arg(long, value_name = "IDENTIFIER", value_parser = name)]
    pub name: Option<String>,
}

fn name(name: &str) -> Result<String, String> {
    check_name(name).map_err(|error| error.to_string())?;
    Ok(name.to_owned())
}

/// A model of which C sources are written.
pub struct CSource<'m> {
    /// The file that is in the array.
    pub path: &'m Path,
    pub sizes: &'m Sizes,
    pub file: CFile,
    pub blob: &'m [u8],
    /// How it is asked.
    pub dialogue: Option<Dialogue<'m>>,
    /// Of a classifier that says what its classes are.
    pub classes: Option<&'m Description>,
}

impl CFileArgs {
    pub fn is_empty(&self) -> bool {
        self.header.is_none() && self.c_array.is_none()
    }

    /// A name without a file to use it in is a mistake.
    pub fn check(&self) -> Result<()> {
        if self.name.is_some() && self.is_empty() {
            return Err(UsageError("--name: names a C array, expected --c-array or --header beside it".into()).into());
        }
        Ok(())
    }

    /// What the array is called: as asked for, or as its file.
    fn array_name(&self) -> Option<String> {
        let file = self.c_array.as_deref()?;
        Some(self.name.clone().unwrap_or_else(|| identifier(&stem(file))))
    }

    /// What the header's macros begin with, in capitals: the array's name, or the model's.
    fn macro_name(&self, model: &Path) -> String {
        let name = self.array_name().or_else(|| self.name.clone());
        name.unwrap_or_else(|| macro_stem(&stem(model)))
    }

    /// The files to be written.
    pub fn outputs(&self, source: &CSource<'_>) -> Vec<Output> {
        let name = self.macro_name(source.path);
        let title = source.path.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
        let model = CModel {
            title: &title,
            name: &name,
            dims: source.sizes.dims(),
            max_seq: source.sizes.value(Key::MaxSeq).unwrap_or(USUAL_MAX_SEQ),
            file: source.file,
            has_array: self.c_array.is_some(),
            dialogue: source.dialogue,
            classes: source.classes,
        };
        let header = self.header.as_ref().map(|path| Output::new(path, header(&model)).of("--header"));
        let array = self.c_array.as_ref().map(|path| Output::new(path, array(&model, source.blob)).of("--c-array"));
        header.into_iter().chain(array).collect()
    }

    /// A line about the array, or nothing.
    pub fn text(&self, len: usize) -> String {
        match self.array_name() {
            Some(name) => format!("array       const uint8_t {name}[{len}]\n"),
            None => String::new(),
        }
    }

    /// The array's name as JSON; null where there is none.
    pub fn json(&self) -> Value {
        json!(self.array_name())
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().map(OsStr::to_string_lossy).unwrap_or_default().into_owned()
}
