//! From the value of a pickle to a checkpoint.

use serde_json::{Map, Value as Json};

use super::archive::{Archive, ArchiveError};
use super::pickle::{self, Id, PickleError, Value, Values};
use super::storage::Storages;
use crate::checkpoint::{keys, Checkpoint, ContentError, TensorError};

/// The description of 20,000 tensors, and little enough that its values fit any memory.
const MOST_PICKLE_BYTES: usize = 4 << 20;

/// Where the tensors are, in files that hold more than tensors.
const STATE_DICT: &str = "state_dict";

/// Reads a file of `torch.save`: `{"config": {...}, "state_dict": {name: tensor}}`, or the state dict alone.
///
/// The integers of `config` become the checkpoint's shape, and other numbers and strings beside the state dict its
/// metadata.
///
/// # Errors
/// [`ContentError`] names what is wrong, in the zip file, the pickle or a tensor, and where.
pub fn read(file: &[u8]) -> Result<Checkpoint, ContentError> {
    let archive = Archive::new(file)?;
    let folder = folder(&archive)?;
    check_byte_order(&archive, folder)?;
    let pickle = entry(&archive, &format!("{folder}data.pkl"))?;
    if pickle.len() > MOST_PICKLE_BYTES {
        let what = format!("a pickle of {} bytes, expected at most {MOST_PICKLE_BYTES}", pickle.len());
        return Err(PickleError { offset: 0, what }.into());
    }
    let (values, root) = pickle::run(pickle)?;
    let root = dict(&values, root, "the pickle")?;
    let (tensors, beside) = match root.iter().find(|&&(key, _)| values.str(key) == Some(STATE_DICT)) {
        Some(&(_, tensors)) => (dict(&values, tensors, STATE_DICT)?, root),
        None => (root, &[][..]),
    };
    let mut checkpoint = Checkpoint::default();
    let mut storages = Storages::new(&archive, folder, file.len());
    for &(name, tensor) in tensors {
        let (Some(name), Value::Tensor(tensor)) = (values.str(name), values.get(tensor)) else {
            let name = values.str(name).unwrap_or("a key that is no string");
            let found = values.get(tensor).kind();
            return Err(ContentError::Metadata(format!("{STATE_DICT}: {name}: {found}, expected a tensor")));
        };
        let tensor = storages.tensor(name, tensor)?;
        if checkpoint.tensors.insert(name.to_owned(), tensor).is_some() {
            return Err(TensorError::Layout { name: name.to_owned(), what: "it is there twice".to_owned() }.into());
        }
    }
    for &(key, value) in beside {
        describe(&values, key, value, &mut checkpoint)?;
    }
    Ok(checkpoint)
}

/// The folder that `torch.save` puts all entries in, with its slash.
fn folder<'a>(archive: &Archive<'a>) -> Result<&'a str, ArchiveError> {
    let mut folders = archive.names().filter_map(|name| name.strip_suffix("data.pkl"));
    let (Some(folder), None) = (folders.next(), folders.next()) else {
        return Err(ArchiveError {
            offset: 0,
            what: "a zip file without exactly one data.pkl, expected one of torch.save".to_owned(),
        });
    };
    Ok(folder)
}

fn entry<'a>(archive: &Archive<'a>, name: &str) -> Result<&'a [u8], ArchiveError> {
    let missing = || ArchiveError { offset: 0, what: format!("there is no entry {name}") };
    archive.get(name).ok_or_else(missing)?
}

fn check_byte_order(archive: &Archive<'_>, folder: &str) -> Result<(), ArchiveError> {
    let name = format!("{folder}byteorder");
    match archive.get(&name).transpose()? {
        None | Some(b"little") => Ok(()),
        Some(other) => {
            let what = format!("{name}: \"{}\", expected little", other.escape_ascii());
            Err(ArchiveError { offset: 0, what })
        }
    }
}

fn dict<'v>(values: &'v Values<'_>, id: Id, what: &str) -> Result<&'v [(Id, Id)], ContentError> {
    match values.get(id) {
        Value::Dict(items) => Ok(items),
        other => Err(ContentError::Metadata(format!("{what}: {}, expected a dict", other.kind()))),
    }
}

/// Takes over what lies beside the state dict, as far as it is of use.
fn describe(values: &Values<'_>, key: Id, value: Id, checkpoint: &mut Checkpoint) -> Result<(), ContentError> {
    let Some(key) = values.str(key) else { return Ok(()) };
    if key == "config" {
        let mut sizes = Map::new();
        for &(name, size) in dict(values, value, key)? {
            if let (Some(name), &Value::Int(size)) = (values.str(name), values.get(size)) {
                sizes.insert(name.to_owned(), Json::from(size));
            }
        }
        checkpoint.metadata.insert(keys::SHAPE.to_owned(), Json::Object(sizes).to_string());
        return Ok(());
    }
    let text = match values.get(value) {
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Str(text) => (*text).to_owned(),
        _ => return Ok(()),
    };
    checkpoint.metadata.insert(key.to_owned(), text);
    Ok(())
}
