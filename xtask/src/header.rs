//! `cargo xtask header`: `include/atome.h`, generated from the C interface crate by cbindgen.

use std::fs;

use anyhow::{bail, Context, Result};

use crate::{options, workspace};

/// What `--help` prints.
pub const HELP: &str = "\
Generate include/atome.h from the Rust code of the C interface.

The code is in capi/, the settings are in capi/cbindgen.toml.

Usage: cargo xtask header [--check]

Options:
  --check      write nothing; fail where the committed header is not what the code gives
  -h, --help   print this

Examples:
  cargo xtask header
  cargo xtask header --check
";

/// The command.
pub fn run(parser: lexopt::Parser) -> Result<()> {
    let only_check = options::one_flag(parser, "header", &[("--check", ())])?.is_some();
    say!("{}", if only_check { check()? } else { write()? });
    Ok(())
}

/// Generates the header and writes it where it differs. Returns what happened, in words.
pub fn write() -> Result<String> {
    let path = workspace::header();
    let shown = workspace::shown(&path);
    let text = generate()?;
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return Ok(format!("{shown}: up to date"));
    }
    fs::write(&path, &text).with_context(|| format!("cannot write {shown}"))?;
    Ok(format!("{shown}: written, {} lines", text.lines().count()))
}

/// Compares the committed header with what the code gives.
///
/// # Errors
/// The first line that differs, both ways.
pub fn check() -> Result<String> {
    let path = workspace::header();
    let shown = workspace::shown(&path);
    let committed = fs::read_to_string(&path).with_context(|| format!("cannot read {shown}"))?;
    let generated = generate()?;
    if let Some((line, ours, theirs)) = first_difference(&committed, &generated) {
        bail!(
            "{shown} is not what the code gives; run `cargo xtask header`\n  line {line}, committed: {ours}\n  \
             line {line}, generated: {theirs}"
        );
    }
    Ok(format!("{shown}: up to date, {} lines", committed.lines().count()))
}

fn generate() -> Result<String> {
    let capi = workspace::root().join("capi");
    let settings = capi.join("cbindgen.toml");
    let config =
        cbindgen::Config::from_file(&settings).map_err(|error| anyhow::anyhow!("capi/cbindgen.toml: {error}"))?;
    let bindings = cbindgen::Builder::new()
        .with_crate(&capi)
        .with_config(config)
        .generate()
        .context("cbindgen cannot read the crate capi/")?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).context("the generated header is not UTF-8")?;
    // The heading that Rust's documentation asks for means little in a C comment.
    Ok(text.replace(" * # Safety\n", " * Caller:\n"))
}

/// Line number (from 1) and both lines at the first place where the texts differ; a missing line is `<end of file>`.
pub fn first_difference<'a>(left: &'a str, right: &'a str) -> Option<(usize, &'a str, &'a str)> {
    const END: &str = "<end of file>";
    let (mut left, mut right) = (left.split('\n'), right.split('\n'));
    for number in 1.. {
        match (left.next(), right.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => return Some((number, a.unwrap_or(END), b.unwrap_or(END))),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn equal_texts_do_not_differ() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    }

    #[test]
    fn the_first_differing_line_is_named() {
        assert_eq!(first_difference("a\nb\nc\n", "a\nx\ny\n"), Some((2, "b", "x")));
    }

    #[test]
    fn a_shorter_text_differs_where_it_ends() {
        assert_eq!(first_difference("a\n", "a\nb\n"), Some((2, "", "b")));
        assert_eq!(first_difference("a\nb", "a"), Some((2, "b", "<end of file>")));
    }
}
