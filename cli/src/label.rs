//! What a container says of the model file in it.

use anyhow::Result;
use atome_engine::container::{Container, Description, PartKind, KEY_ID_LEN, MAGIC};
use atome_train::hex::hex;
use atome_train::vocabulary::OwnedVocabulary;

use crate::sizes::{Key, Sizes, Source};

/// A key and a value for people.
pub type Note = (String, String);

/// What a model has beside its weights.
pub type Part = (PartKind, Vec<u8>);

/// What a container said, apart from the model file in it.
#[derive(Clone, Debug)]
pub struct Label {
    pub about: Description,
    pub notes: Vec<Note>,
    pub parts: Vec<Part>,
    pub is_signed: bool,
    /// First bytes of the public key that it claims to be signed for, where it names one.
    pub key_id: Option<[u8; KEY_ID_LEN]>,
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

    /// The part of this kind, where it has one.
    pub fn part(&self, kind: PartKind) -> Option<&[u8]> {
        self.parts.iter().find(|(each, _)| *each == kind).map(|(_, part)| part.as_slice())
    }

    /// What its tokens stand for; `None` where they are bytes, or nobody says it.
    pub fn vocabulary(&self) -> Result<Option<OwnedVocabulary>> {
        let Some(part) = self.part(PartKind::VOCABULARY) else { return Ok(None) };
        let vocabulary = OwnedVocabulary::from_part(part.to_vec())?;
        vocabulary.check_fits(self.about.shape.vocab_size())?;
        Ok(Some(vocabulary))
    }

    /// What it says of product and version; `None` where it names neither.
    pub fn identity(&self) -> Option<String> {
        let Description { product, model_version, .. } = self.about;
        // Large numbers are mostly four characters, or were chosen at random.
        let product = match product {
            0 => "no product".to_owned(),
            1..=0xffff => format!("product {product}"),
            _ => format!("product {product} (0x{product:08x})"),
        };
        ((self.about.product, model_version) != (0, 0)).then(|| format!("{product}, version {model_version}"))
    }

    /// The training digest in hexadecimal; `None` where it is not known.
    pub fn training_digest(&self) -> Option<String> {
        let digest = &self.about.training_digest;
        digest.iter().any(|&byte| byte != 0).then(|| hex(digest))
    }
}

/// Whether these bytes begin like a container.
pub fn is_container(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The label of a container and the model file in it.
pub fn open(bytes: &[u8]) -> Result<(Label, &[u8])> {
    let container = Container::open_whole(bytes)?;
    let owned = |note: Result<(&str, &str), _>| note.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let notes = container.notes().map(owned).collect::<Result<_, _>>()?;
    let label = Label {
        about: *container.about(),
        notes,
        parts: container.parts().map(|(kind, part)| (kind, part.to_vec())).collect(),
        is_signed: container.is_signed(),
        key_id: container.key_id(),
        payload: container.payload_offset(),
        len: container.len(),
    };
    Ok((label, container.payload()))
}

/// What a part is called.
pub fn part_name(kind: PartKind) -> String {
    match kind {
        PartKind::VOCABULARY => "vocabulary".to_owned(),
        PartKind::GRAMMAR => "grammar".to_owned(),
        PartKind::FEED_FORWARD => "feed-forward part".to_owned(),
        other => format!("part of kind {}", other.number()),
    }
}

/// A note as the command line has it.
pub fn parse_note(text: &str) -> Result<Note, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}
