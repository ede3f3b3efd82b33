//! Where the header's fields lie, and what belongs there.

/// Bytes of the header.
pub(super) const LEN: usize = 96;

/// Places of the fields. The seven sizes of the shape follow each other from `SIZES` on, 2 bytes each.
pub(super) mod at {
    pub(in super::super) const VERSION: usize = 8;
    pub(in super::super) const FLAGS: usize = 10;
    pub(in super::super) const FILE_LEN: usize = 12;
    pub(in super::super) const SIZES: usize = 16;
    pub(in super::super) const WINDOW: usize = 30;
    pub(in super::super) const N_CLASSES: usize = 32;
    pub(in super::super) const WEIGHTS: usize = 34;
    pub(in super::super) const TOKENIZER: usize = 36;
    pub(in super::super) const ALIGNMENT: usize = 38;
    pub(in super::super) const NOTES_LEN: usize = 40;
    pub(in super::super) const PAYLOAD: usize = 44;
    pub(in super::super) const PAYLOAD_LEN: usize = 48;
    pub(in super::super) const PRODUCT: usize = 52;
    pub(in super::super) const MODEL_VERSION: usize = 56;
    pub(in super::super) const KEY_ID: usize = 60;
    pub(in super::super) const DIGEST: usize = 64;
}

/// What the field at `offset` must be. Apart from the checks, so that a core that only wants to know carries no text.
pub(super) const fn expected(offset: usize) -> &'static str {
    match offset {
        at::FLAGS => "no flags but 1, \"signed\", and 2, \"has parts\"",
        at::FILE_LEN => "a length with room for header, signature and checksum",
        at::SIZES => "the sizes of a valid shape",
        at::WINDOW => "a window of 1 to 65535",
        at::N_CLASSES => "no classes with weights of this format",
        at::WEIGHTS => "weights of format 1, 2 or 3",
        at::TOKENIZER => "tokenizer 0, 1 or 2, and 2 where there is a vocabulary",
        at::ALIGNMENT => "a power of 2 up to 4096, and sections aligned to it",
        at::PAYLOAD => "a payload behind the notes",
        at::PAYLOAD_LEN => "a payload with nothing but signature and checksum behind it",
        _ => "a note of UTF-8 texts with their lengths, or a model file of the header's format and classes",
    }
}
