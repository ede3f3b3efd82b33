//! What a test program says about itself in the comments that open it, one line each: `/* key: value */`.
//!
//! - `shape:` `-D` flags for every file of the program and for an engine that is compiled with it
//! - `engine-shape:` more of them, for such an engine only
//! - `languages:` `c`, `c++` or both; without it, C for `.c` and C++ for `.cpp`
//! - `reference:` `ours` where only our own reference promises what the program asks for: it is left out where
//!   ATOME_REFERENCE names another one
//! - `arithmetic:` `exact` where it asks for what the integer arithmetic has not: a greater top_k, `atome_sparse_attn`
//! - `arguments:` words of its command line. `MODEL-FILE`, `PROMPT` and `N` stand for the 944K model, a text and a
//!   count.

use std::fs;
use std::path::Path;

use anyhow::{bail, Context, Result};

use crate::c_build::Language;

/// The directives of one program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directives {
    /// Flags for all files.
    pub shape: Vec<String>,
    /// Flags for the engine.
    pub engine_shape: Vec<String>,
    /// Each language gives a program of its own.
    pub languages: Vec<Language>,
    /// Whether only our own reference can be compared with.
    pub ours_only: bool,
    /// Whether it runs in the exact arithmetic only.
    pub exact_only: bool,
    /// Command line, placeholders included.
    pub arguments: Vec<String>,
}

impl Directives {
    /// Reads the opening comments of `source`.
    ///
    /// # Errors
    /// File and line of a directive that is unknown, not closed on its line, or holds something else than it should.
    pub fn read(source: &Path) -> Result<Directives> {
        let text = fs::read_to_string(source).with_context(|| format!("cannot read {}", source.display()))?;
        let mut directives = parse(&text).with_context(|| source.display().to_string())?;
        if directives.languages.is_empty() {
            let cpp = source.extension().is_some_and(|extension| extension == "cpp");
            directives.languages.push(if cpp { Language::Cpp } else { Language::C });
        }
        Ok(directives)
    }
}

fn parse(text: &str) -> Result<Directives> {
    let mut directives = Directives::default();
    for (index, line) in text.lines().enumerate() {
        let Some((key, rest)) = line.strip_prefix("/* ").and_then(|rest| rest.split_once(':')) else {
            break;
        };
        // An ordinary sentence with a colon in it, not a directive.
        if key.contains(' ') {
            break;
        }
        let number = index + 1;
        let Some(words) = rest.trim_end().strip_suffix("*/") else {
            bail!("line {number}: expected the comment `{key}:` to end with `*/` on its line");
        };
        let words: Vec<String> = words.split_whitespace().map(String::from).collect();
        match key {
            "shape" => directives.shape = defines(words, number)?,
            "engine-shape" => directives.engine_shape = defines(words, number)?,
            "languages" => directives.languages = languages(&words, number)?,
            "arguments" => directives.arguments = words,
            "reference" if words == ["ours"] => directives.ours_only = true,
            "arithmetic" if words == ["exact"] => directives.exact_only = true,
            "arithmetic" => bail!("line {number}: `arithmetic:` knows only the word `exact`"),
            "reference" => bail!("line {number}: `reference:` knows only the word `ours`"),
            other => bail!(
                "line {number}: unknown directive `{other}`: expected shape, engine-shape, languages, reference, arithmetic or \
                 arguments"
            ),
        }
    }
    Ok(directives)
}

fn defines(words: Vec<String>, line: usize) -> Result<Vec<String>> {
    match words.iter().find(|word| !word.starts_with("-D")) {
        Some(word) => bail!("line {line}: expected flags of the form -DNAME=VALUE, found `{word}`"),
        None => Ok(words),
    }
}

fn languages(words: &[String], line: usize) -> Result<Vec<Language>> {
    let language = |word: &String| match word.as_str() {
        "c" => Ok(Language::C),
        "c++" => Ok(Language::Cpp),
        other => bail!("line {line}: expected c or c++, found `{other}`"),
    };
    words.iter().map(language).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(String::from).collect()
    }

    #[test]
    fn every_directive_is_read_until_the_comments_end() {
        let text = "/* shape: -DA=1 -DB=2 */\n/* engine-shape: -DC=3 */\n/* languages: c c++ */\n\
                    /* arguments: MODEL-FILE 7 */\n/* arithmetic: exact */\n/*\n * shape: no\n */\n/* shape: -DLATE=1 */\n";
        let expected = Directives {
            shape: words("-DA=1 -DB=2"),
            engine_shape: words("-DC=3"),
            languages: vec![Language::C, Language::Cpp],
            ours_only: false,
            exact_only: true,
            arguments: words("MODEL-FILE 7"),
        };
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn a_program_may_say_nothing() {
        assert_eq!(parse("/* shape: */\n").unwrap(), Directives::default());
        assert_eq!(parse("/* A habit: this one. */\nint x;\n").unwrap(), Directives::default());
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, part) in [
            ("/* shape: -DA=1\n*/", "line 1: expected the comment `shape:` to end"),
            ("/* shape: */\n/* engine-shape: d=8 */", "line 2: expected flags"),
            ("/* languages: c ada */", "found `ada`"),
            ("/* shap: -DA=1 */", "unknown directive `shap`"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
