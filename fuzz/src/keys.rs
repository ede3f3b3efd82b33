//! Files of keys and of detached signatures.

use atome_train::hex::hex;

// The command line is a program and no library.
#[path = "../../cli/src/signing/key_text.rs"]
mod key_text;

use key_text::{bytes, PUBLIC, SECRET, SIGNATURE};

/// A file is refused, or holds as many bytes as its kind has, which are the same however the file is written.
pub fn keys(data: &[u8]) {
    kind::<32>(data, SECRET, PUBLIC);
    kind::<32>(data, PUBLIC, SECRET);
    kind::<64>(data, SIGNATURE, PUBLIC);
}

fn kind<const N: usize>(data: &[u8], word: &str, other: &str) {
    let Ok(found) = bytes::<N>(data, word, (other, "another")) else { return };
    let plainly = format!("# for people\n{word} {}\n", hex(&found));
    assert_eq!(bytes::<N>(plainly.as_bytes(), word, (other, "another")).expect("what is written plainly"), found);
    assert!(bytes::<N>(plainly.as_bytes(), other, (word, "another")).is_err(), "of two kinds");
}
