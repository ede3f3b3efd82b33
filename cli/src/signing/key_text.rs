//! The text of a key or a signature: a line of a word and hexadecimal digits; lines that begin with # are for people.
//!
//! It stands alone, so that the fuzz target of it can, too.

use anyhow::{bail, Context, Result};
use atome_train::encoding::plain;

/// In front of a secret key's digits.
pub const SECRET: &str = "atome-secret-key";
/// In front of a public key's.
pub const PUBLIC: &str = "atome-public-key";
/// In front of a signature's.
pub const SIGNATURE: &str = "atome-signature";

/// The bytes behind the word `wanted` in a file; `other` is a word that could stand there, and what it means.
pub fn bytes<const N: usize>(file: &[u8], wanted: &str, (other, if_other): (&str, &str)) -> Result<[u8; N]> {
    let text = plain(file).context("expected the text of a key file")?;
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty());
    let Some((index, line)) = lines.next() else {
        bail!("expected a line of `{wanted}` and {} hexadecimal digits", 2 * N);
    };
    let number = index + 1;
    let (word, digits) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    if word == other {
        bail!("line {number}: {if_other}");
    }
    if word != wanted {
        bail!("line {number}: expected `{wanted}` and {} hexadecimal digits", 2 * N);
    }
    bytes_of(digits.trim()).with_context(|| format!("line {number}: expected {} hexadecimal digits", 2 * N))
}

fn bytes_of<const N: usize>(digits: &str) -> Option<[u8; N]> {
    if digits.len() != 2 * N || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}
