//! Archives whose names begin differently, so that one program may have models of several shapes: `--prefix lamp_` makes
//! `lamp_atome_load` of `atome_load`, in the archive and in a header for it. Sources keep the usual names.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};

use crate::options;
use crate::process;
use crate::symbols;
use crate::targets;
use crate::toolchain::Toolchain;

/// What `--prefix` takes.
const EXPECTED: &str = "expected letters, digits and single underscores, the start of a C name, such as lamp_";

/// The value of `--prefix`.
pub fn option(parser: &mut lexopt::Parser) -> Result<String> {
    parse(&options::text(parser, "--prefix", EXPECTED)?)
}

fn parse(prefix: &str) -> Result<String> {
    let is_start = prefix.starts_with(|first: char| first.is_ascii_alphabetic())
        && prefix.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !prefix.contains("__");
    if !is_start || prefix.starts_with("atome") {
        return Err(options::mistake(format!("--prefix {prefix}: {EXPECTED}")));
    }
    Ok(prefix.to_string())
}

/// Renames what the archive defines for others, and the program's configuration, which it asks for.
pub fn rename(toolchain: &Toolchain, archive: &Path, target: &str, defined: &[String], prefix: &str) -> Result<()> {
    let mark = targets::before_names(target);
    let names = archive.with_extension("names");
    let config = "atome_config".to_string();
    let mut list = String::new();
    for name in defined.iter().chain([&config]) {
        let _ = writeln!(list, "{mark}{name} {mark}{prefix}{name}");
        // Of the pointers that objects for MinGW share, a linker keeps one of each name.
        let _ = writeln!(list, ".refptr.{mark}{name} .refptr.{mark}{prefix}{name}");
    }
    fs::write(&names, list).with_context(|| format!("cannot write {}", names.display()))?;
    let mut objcopy = Command::new(toolchain.llvm_tool("llvm-objcopy"));
    process::checked(objcopy.arg("--redefine-syms").arg(&names).arg(archive))?;
    let left: Vec<_> = symbols::global(archive)?.into_iter().filter(|name| has_usual(name, prefix)).collect();
    ensure!(left.is_empty(), "{}: not renamed: {}", archive.display(), left.join(", "));
    Ok(())
}

/// Whether another archive could be meant by this name, too.
fn has_usual(name: &str, prefix: &str) -> bool {
    name.replace(&format!("{prefix}atome_"), "").contains("atome_")
}

/// Writes the header for such an archive.
pub fn write_header(from: &Path, to: &Path, prefix: &str) -> Result<()> {
    let text = fs::read_to_string(from).with_context(|| format!("cannot read {}", from.display()))?;
    fs::write(to, header(&text, prefix)).with_context(|| format!("cannot write {}", to.display()))
}

/// The header for such an archive: its names renamed, and the usual ones as macros for them.
fn header(text: &str, prefix: &str) -> String {
    let (comment, code) = text.split_at(text.find(START).unwrap_or(0));
    // What refuses a prefix.
    let code = if comment.is_empty() { text } else { code.split_once("#endif\n").map_or(code, |(_, behind)| behind) };
    let mut renamed = comment.to_string() + &start(prefix);
    for word in words(code) {
        if word.starts_with("atome_") {
            renamed.push_str(prefix);
        }
        renamed.push_str(word);
    }
    renamed + &aliases(&public(code), prefix)
}

/// Where the code of the header begins.
const START: &str = "#ifdef ATOME_PREFIX\n";

/// Both headers in one file would mean two shapes.
fn start(prefix: &str) -> String {
    format!(
        "/* For the archive that `cargo xtask lib --prefix {prefix}` makes: a file sees this header or another atome.h, not both. */\n\
         #if defined(ATOME_H) && !defined(ATOME_HAS_PREFIX_{prefix})\n\
         #error \"this file sees another atome.h, too: one file has one shape and one prefix\"\n\
         #endif\n\
         #define ATOME_HAS_PREFIX_{prefix}\n\
         #ifndef ATOME_PREFIX\n\
         #define ATOME_PREFIX {prefix}\n\
         #endif\n\n"
    )
}

fn aliases(names: &BTreeSet<&str>, prefix: &str) -> String {
    let mut text = format!("\n#ifndef ATOME_NAMES_OF_{prefix}\n#define ATOME_NAMES_OF_{prefix}\n");
    for name in names {
        let _ = writeln!(text, "#define {name} {prefix}{name}");
    }
    text.push_str("#endif\n");
    text
}

/// Names of functions, constants and types that sources may use.
fn public(header: &str) -> BTreeSet<&str> {
    let code = words(header).scan(Place::Code, |place, word| {
        *place = place.behind(word);
        Some((*place, word))
    });
    let names =
        code.filter(|(place, word)| *place == Place::Code && word.starts_with("atome_") && !word.ends_with('_'));
    names.map(|(_, word)| word).collect()
}

/// Where a word of C stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    Comment,
    Text,
}

impl Place {
    /// The place of a word behind this one. The marks themselves count to neither side: no name is one.
    fn behind(self, word: &str) -> Place {
        match (self, word) {
            (Place::Code, "/*") => Place::Comment,
            (Place::Comment, "*/") => Place::Code,
            (Place::Code, "\"") => Place::Text,
            (Place::Text, "\"") => Place::Code,
            (place, _) => place,
        }
    }
}

/// The text in pieces: names and numbers, marks of comments, and single characters; an escaped character in one piece.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let len = match rest.find(|character| !is_word(character)) {
            Some(0) if ["/*", "*/", "\\\""].iter().any(|mark| rest.starts_with(mark)) => 2,
            Some(0) => rest.chars().next()?.len_utf8(),
            Some(len) => len,
            None if rest.is_empty() => return None,
            None => rest.len(),
        };
        let (word, behind) = rest.split_at(len);
        rest = behind;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_renamed_and_the_usual_ones_stay() {
        let text = "/* Of atome.h */\n#ifdef ATOME_PREFIX\n#error \"atome_never\"\n#endif\n/* atome_load */\nint atome_load(struct atome_model_t *model);\n\
                    #define ATOME_X \"atome_files \\\" atome_y\" my_atome_x\nint atome_private_(void);\n";
        let header = header(text, "lamp_");
        assert!(header.contains("int lamp_atome_load(struct lamp_atome_model_t *model);"));
        assert!(header.contains("\"lamp_atome_files \\\" lamp_atome_y\" my_atome_x"));
        assert!(header.contains("lamp_atome_private_(void)") && header.starts_with("/* Of atome.h */"));
        assert!(!header.contains("atome_never"));
        let aliases: Vec<_> = header.lines().filter(|line| line.starts_with("#define atome_")).collect();
        assert_eq!(aliases, ["#define atome_load lamp_atome_load", "#define atome_model_t lamp_atome_model_t"]);
    }

    #[test]
    fn names_without_the_prefix_are_found() {
        for name in ["atome_load", "_atome_config", ".refptr.atome_config", "x_atome_load"] {
            assert!(has_usual(name, "lamp_"), "{name}");
        }
        assert!(!has_usual(".refptr._lamp_atome_config", "lamp_") && !has_usual("memcpy", "lamp_"));
    }

    #[test]
    fn prefixes_are_the_start_of_a_c_name() {
        for prefix in ["lamp_", "A", "x2"] {
            assert_eq!(parse(prefix).unwrap(), prefix);
        }
        for prefix in ["", "_x", "2x", "a-b", "a__b", "atome_"] {
            assert!(parse(prefix).unwrap_err().to_string().starts_with(&format!("--prefix {prefix}: expected")));
        }
    }
}
