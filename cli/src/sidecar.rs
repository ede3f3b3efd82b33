//! A model's shape in a JSON file beside it.

mod sizes_in;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail, Context, Result};
use atome_train::bounded::{self, Limit};
use atome_train::encoding::plain;
use serde_json::{json, Map, Value};

use crate::sizes::{Key, Sizes, Source};
use crate::usage_error::UsageError;
use crate::values::is_standard_output;
use sizes_in::parse;

/// Fills `sizes` from the first sidecar of `model` that exists and names at least one size, and returns its path.
pub fn fill(model: &Path, sizes: &mut Sizes) -> Result<Option<PathBuf>> {
    for path in candidates(model) {
        if let Some(found) = read(&path)? {
            for (key, value) in found {
                sizes.fill(key, value, Source::Sidecar);
            }
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// The object `dialogue` of the first sidecar of `model` that has one, and the sidecar's path. A file that is no sidecar does
/// not matter here: where its sizes are needed, [`fill`] tells what is wrong with it.
pub fn dialogue(model: &Path) -> Option<(PathBuf, Value)> {
    value(model, "dialogue")
}

/// The names of a classifier's classes, in the order of the head's rows, as far as a sidecar has them.
pub fn classes(model: &Path) -> Vec<String> {
    let Some((_, Value::Array(names))) = value(model, "classes") else { return Vec::new() };
    names.iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect()
}

/// What the first sidecar of `model` that has `key` says of it, and the sidecar's path.
pub fn value(model: &Path, key: &str) -> Option<(PathBuf, Value)> {
    candidates(model).into_iter().find_map(|path| {
        let text = bounded::read(&path, Limit::SIDECAR).ok()?;
        let mut value: Value = serde_json::from_str(&plain(&text).ok()?).ok()?;
        Some((path, value.get_mut(key)?.take()))
    })
}

/// `model.bin.json`, then `model.json`.
fn candidates(model: &Path) -> Vec<PathBuf> {
    let mut appended = model.as_os_str().to_owned();
    appended.push(".json");
    let replaced = model.with_extension("json");
    let mut paths = vec![PathBuf::from(appended), replaced];
    paths.retain(|path| path != model);
    paths
}

fn read(path: &Path) -> Result<Option<Vec<(Key, usize)>>> {
    let text = match bounded::read(path, Limit::SIDECAR) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(anyhow!(error).context(format!("{}: sidecar", path.display()))),
    };
    parse(&text)
        .with_context(|| format!("{}: sidecar (not read where flags give all eight sizes)", path.display()))
        .map(|found| (!found.is_empty()).then_some(found))
}

/// The first place where a sidecar is looked for.
///
/// # Errors
/// Standard output has no place beside it.
pub fn path_beside(model: &Path) -> Result<PathBuf> {
    if is_standard_output(model) {
        bail!(UsageError(
            "--sidecar: lies beside OUT, which is standard output here: expected a file for --out".into()
        ));
    }
    let mut path = model.as_os_str().to_owned();
    path.push(".json");
    Ok(PathBuf::from(path))
}

/// A sidecar that tells a shape and the magic of the model file.
pub fn text(sizes: &Sizes, magic: &str) -> String {
    let mut content = Map::new();
    content.insert("format".to_owned(), json!(magic));
    for key in Key::ALL {
        content.insert(key.name().to_owned(), json!(sizes.value(key)));
    }
    format!("{:#}\n", Value::Object(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_are_taken_and_others_left() {
        let found = parse(br#"{"d_model": 64, "max_seq": 32, "name": "tiny"}"#).unwrap();
        assert_eq!(found, [(Key::DModel, 64), (Key::MaxSeq, 32)]);
    }

    #[test]
    fn byte_order_marks_are_passed_over() {
        let text = r#"{"d_model": 64, "name": "tüftler"}"#;
        let utf16 = |to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            format!("\u{feff}{text}").encode_utf16().flat_map(to_bytes).collect()
        };
        for bytes in
            [format!("\u{feff}{text}").into_bytes(), utf16(u16::to_le_bytes), utf16(u16::to_be_bytes), text.into()]
        {
            assert_eq!(parse(&bytes).unwrap(), [(Key::DModel, 64)]);
        }
        assert!(parse(b"\xef\xbb\xbf{").unwrap_err().to_string().contains("line 1"));
    }

    #[test]
    fn wrong_values_are_named() {
        for text in [r#"{"d_model": 0}"#, r#"{"d_model": 65536}"#, r#"{"d_model": 1.5}"#, r#"{"d_model": "64"}"#] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("d_model is") && error.contains("1 to 65535"), "{error}");
        }
        assert!(parse(b"[1]").unwrap_err().to_string().contains("JSON object"));
        assert!(parse(b"{").unwrap_err().to_string().contains("line 1"));
    }

    #[test]
    fn a_model_is_never_its_own_sidecar() {
        assert_eq!(candidates(Path::new("m.json")), [PathBuf::from("m.json.json")]);
        assert_eq!(candidates(Path::new("m.bin")), [PathBuf::from("m.bin.json"), PathBuf::from("m.json")]);
    }
}
