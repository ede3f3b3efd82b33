//! From the value of a pickle to a checkpoint.

use super::archive::{Archive, ArchiveError};
use super::description::describe;
use super::pickle::{self, Id, PickleError, Value, Values};
use super::storage::Storages;
use super::tree::{pairs, tensors, Found, MAX_KEY_BYTES};
use crate::checkpoint::{
    choose, is_parameter, is_part_of_a_model, shown, Checkpoint, ContentError, Listed, Loaded, Tensor, TensorError,
};

/// The longest pickle: it can describe 20,000 tensors, and the values in it fit any memory.
const MAX_PICKLE_BYTES: usize = 4 << 20;

/// Where tensors of no known model are looked for in files that hold more than tensors.
const STATE_DICTS: [&str; 5] = ["state_dict", "model_state_dict", "model", "net", "ema"];

/// Reads a file of `torch.save`: the weights named `asked`, else the ones that are clearly meant, wherever they lie in it
/// and however a training wrapped them.
///
/// The integers of the description beside them (`config`, `model_args`, `hyper_parameters` and the like) become the
/// checkpoint's shape, and numbers and strings at the top its metadata. Other objects are passed over, never made.
///
/// # Errors
/// [`ContentError`] names what is wrong, in the zip file, the pickle or a tensor, and where.
pub fn read(file: &[u8], asked: Option<&str>) -> Result<Loaded, ContentError> {
    let archive = Archive::new(file)?;
    let folder = folder(&archive)?;
    check_byte_order(&archive, folder)?;
    let pickle = entry(&archive, &format!("{folder}data.pkl"))?;
    if pickle.len() > MAX_PICKLE_BYTES {
        let what = format!("a pickle of {} bytes, expected at most {MAX_PICKLE_BYTES}", pickle.len());
        return Err(PickleError { offset: 0, what }.into());
    }
    let (values, root) = pickle::run(pickle)?;
    let found = tensors(&values, root)?;
    let mut storages = Storages::new(&archive, folder, file.len());
    let mut loaded = match choose(&listed(&found), asked)? {
        Some(choice) => {
            let checkpoint = weights(&found, &choice.tensors, &mut storages)?;
            Loaded { checkpoint, label: choice.label, others: choice.others }
        }
        None => Loaded::plain(all(&values, root, &found, &mut storages)?),
    };
    describe(&values, root, &mut loaded.checkpoint);
    Ok(loaded)
}

fn listed<'a>(found: &[Found<'_, 'a>]) -> Vec<Listed<'a>> {
    let listed = |found: &Found<'_, 'a>| Listed {
        name: found.name.clone(),
        place: Some((found.tensor.storage.key, found.tensor.offset)),
    };
    found.iter().map(listed).collect()
}

/// The tensors of a model among `chosen`. A type that no weight has only matters where a weight has it.
fn weights(
    found: &[Found<'_, '_>],
    chosen: &[(usize, String)],
    storages: &mut Storages<'_>,
) -> Result<Checkpoint, ContentError> {
    let mut checkpoint = Checkpoint::default();
    for (index, name) in chosen {
        let Some(Found { tensor, .. }) = found.get(*index) else { continue };
        let is_read = tensor.storage.element.number().is_some() && is_part_of_a_model(name);
        if is_read || is_parameter(name) {
            add(&mut checkpoint, name, storages.tensor(name, tensor)?)?;
        }
    }
    Ok(checkpoint)
}

fn add(checkpoint: &mut Checkpoint, name: &str, tensor: Tensor) -> Result<(), ContentError> {
    if checkpoint.tensors.insert(name.to_owned(), tensor).is_some() {
        return Err(TensorError::Layout { name: name.to_owned(), what: "it is there twice".to_owned() }.into());
    }
    Ok(())
}

/// Every tensor of a file without a known model: those of its state dict, else all.
fn all(
    values: &Values<'_>,
    root: Id,
    found: &[Found<'_, '_>],
    storages: &mut Storages<'_>,
) -> Result<Checkpoint, ContentError> {
    let mut checkpoint = Checkpoint::default();
    let is_float = |found: &Found<'_, '_>| found.tensor.storage.element.number().is_some();
    let has_floats = found.iter().any(is_float);
    let state_dict = STATE_DICTS.into_iter().find(|key| found.iter().any(|found| inside(&found.name, key).is_some()));
    for found in found.iter().filter(|found| is_float(found) || !has_floats) {
        let Found { name, tensor } = found;
        let name = match state_dict {
            None => Some(name.as_str()),
            Some(key) => inside(name, key),
        };
        if let Some(name) = name {
            add(&mut checkpoint, name, storages.tensor(name, tensor)?)?;
        }
    }
    if found.is_empty() {
        no_tensor(values, root)?;
    }
    Ok(checkpoint)
}

/// The rest of a name that begins with a key.
fn inside<'n>(name: &'n str, key: &str) -> Option<&'n str> {
    name.strip_prefix(key)?.strip_prefix('.')
}

/// What a pickle without a tensor has in the place of one; nothing is wrong with an empty dict.
fn no_tensor(values: &Values<'_>, root: Id) -> Result<(), ContentError> {
    let wrong = |what: String| Err(ContentError::Metadata(what));
    if !matches!(values.get(root), Value::Dict(_) | Value::Opaque(_)) {
        return wrong(format!("the pickle: {}, expected a dict", values.get(root).kind()));
    }
    let state_dict = |&(key, value): &(Id, Id)| {
        let key = values.str(key).filter(|key| STATE_DICTS.contains(key))?;
        pairs(values, value).next().map(|first| (key, first))
    };
    let first = pairs(values, root).find_map(|pair| state_dict(&pair));
    match first.or_else(|| pairs(values, root).next().map(|first| ("the pickle", first))) {
        Some((place, (key, value))) => {
            let key = values.str(key).map_or("a key that is no string".to_owned(), shown);
            let expected = match values.get(value) {
                Value::Tensor(_) => format!("a name of at most {MAX_KEY_BYTES} bytes"),
                _ => "a tensor".to_owned(),
            };
            wrong(format!("{place}: {key}: {}, expected {expected}", values.get(value).kind()))
        }
        None if matches!(values.get(root), Value::Opaque(_)) => {
            wrong(format!("the pickle: {}, expected a dict", values.get(root).kind()))
        }
        None => Ok(()),
    }
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
