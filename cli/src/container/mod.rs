//! Containers: `atome pack` and `atome unpack`, and what other commands need of them.

mod args;
mod pack;
mod unpack;

use std::path::Path;

use anyhow::{bail, Context, Result};
use atome_engine::container::{file_len, write, Container, Description, WeightFormat, MAGIC};

pub use args::{note, PackArgs, UnpackArgs};
pub use pack::{description, digest, pack, rewrapped};
pub use unpack::unpack;

use crate::numbers::grouped;
use crate::sizes::{Key, Sizes, Source};
use crate::UsageError;

/// A key and a value for people.
pub type Note = (String, String);

/// What a container said, apart from the model file in it.
#[derive(Clone, Debug)]
pub struct Label {
    pub about: Description,
    pub notes: Vec<Note>,
    pub is_signed: bool,
    /// Where the model file lies.
    pub payload: usize,
    /// Bytes of the whole container.
    pub len: usize,
}

impl Label {
    /// The sizes that it names.
    pub fn fill(&self, sizes: &mut Sizes) {
        let dims = self.about.shape.dims();
        for key in Key::IN_FILE.into_iter().chain([Key::TopK]) {
            sizes.fill(key, key.of(&dims), Source::Container);
        }
        sizes.fill(Key::MaxSeq, usize::from(self.about.window), Source::Container);
    }

    /// The training digest in hexadecimal; `None` where it is not known.
    pub fn training_digest(&self) -> Option<String> {
        let digest = &self.about.training_digest;
        digest.iter().any(|&byte| byte != 0).then(|| hex(digest))
    }
}

/// Two digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether these bytes begin like a container.
pub fn is_container(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The label of a container and the model file in it.
pub fn open(bytes: &[u8]) -> Result<(Label, &[u8])> {
    let container = Container::open(bytes)?;
    let owned = |note: Result<(&str, &str), _>| note.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let notes = container.notes().map(owned).collect::<Result<_, _>>()?;
    let label = Label {
        about: *container.about(),
        notes,
        is_signed: container.is_signed(),
        payload: container.payload_offset(),
        len: container.len(),
    };
    Ok((label, container.payload()))
}

/// How the weights of a model file lie, by its magic.
pub fn weight_format(plain: &[u8]) -> Option<WeightFormat> {
    let formats = [WeightFormat::TwoBits, WeightFormat::BaseThree, WeightFormat::PowersOfThree];
    let is_of = |format: &WeightFormat| {
        [0, 1].into_iter().any(|classes| format.magic(classes).is_some_and(|magic| plain.starts_with(magic)))
    };
    formats.into_iter().find(is_of)
}

/// Whether a container has room for each of the texts of `--note`.
pub fn check_notes(notes: &[Note]) -> Result<()> {
    let most = usize::from(u16::MAX);
    for (key, value) in notes {
        let (text, what) = if key.len() > most { (key, "a key".into()) } else { (value, format!("{key}: a value")) };
        if text.len() > most {
            let (len, most) = (grouped(text.len() as u64), grouped(most as u64));
            bail!(UsageError(format!("--note: {what} of {len} bytes, expected at most {most}")));
        }
    }
    Ok(())
}

/// A container around `plain`.
pub fn wrap(about: &Description, notes: &[Note], plain: &[u8]) -> Result<Vec<u8>> {
    let notes: Vec<(&str, &str)> = notes.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let Some(len) = file_len(about, &notes, plain) else {
        bail!("too long for a container: expected notes of at most 65535 bytes each and less than 4 GiB in all");
    };
    let mut bytes = vec![0; len];
    write(about, &notes, plain, &mut bytes)
        .context("a container of other contents than its length was computed for")?;
    // What was written must be readable, whatever the plain file was.
    Container::open(&bytes)?;
    Ok(bytes)
}

/// A container's bytes, for commands that want nothing else.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = crate::model_file::read_bytes(path, is_container)?;
    if !is_container(&bytes) {
        bail!("{}: expected a container (magic ATOMEBOX); `atome pack` makes one of a model file", path.display());
    }
    Container::open(&bytes).with_context(|| path.display().to_string())?;
    Ok(bytes)
}
