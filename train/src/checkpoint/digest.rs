//! The digest of a checkpoint's contents: every name, size, value and word of the description counts, however the file is
//! laid out.

use sha2::{Digest, Sha256};

use crate::hex::hex;

/// A digest in the making. The description comes first, then the tensors, each in the order of their names.
pub struct Contents(Sha256);

impl Contents {
    pub fn new() -> Self {
        Self(Sha256::new_with_prefix(b"atome checkpoint 1\0"))
    }

    /// A word of the description.
    pub fn word(&mut self, key: &str, value: &str) {
        self.0.update(b"w");
        self.counted(key.as_bytes());
        self.counted(value.as_bytes());
    }

    /// The head of a tensor, whose values [`Self::values`] takes.
    pub fn tensor(&mut self, name: &str, dtype: &str, shape: &[usize]) {
        self.0.update(b"t");
        self.counted(name.as_bytes());
        self.counted(dtype.as_bytes());
        self.number(shape.len());
        shape.iter().for_each(|&size| self.number(size));
    }

    /// Values of that tensor, as they lie in the file.
    pub fn values(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// As it stands in the file.
    pub fn finish(self) -> String {
        format!("sha256:{}", hex(&self.0.finalize()))
    }

    fn counted(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.update(bytes);
    }

    fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_le_bytes());
    }
}
