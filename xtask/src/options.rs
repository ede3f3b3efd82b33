//! Options of the command line. A refusal names the option, its value and all that is allowed.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use anyhow::Result;
use lexopt::prelude::*;

use crate::workspace;

/// A mistake in how a command was called.
#[derive(Debug)]
pub struct Mistake(String);

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistake {}

/// The error for a mistake in the command line.
pub fn mistake(text: impl Into<String>) -> anyhow::Error {
    Mistake(text.into()).into()
}

/// Whether an error is about the command line.
pub fn is_mistake(error: &anyhow::Error) -> bool {
    error.is::<Mistake>() || error.is::<lexopt::Error>()
}

/// The error for an argument that `command` does not know.
pub fn unexpected(argument: lexopt::Arg<'_>, command: &str) -> anyhow::Error {
    mistake(format!("{} (cargo xtask {command} --help)", argument.unexpected()))
}

/// What a command is called with that takes no more than one of some flags, and nothing else.
pub fn one_flag<T: Copy>(mut parser: lexopt::Parser, command: &str, flags: &[(&str, T)]) -> Result<Option<T>> {
    let mut chosen = None;
    while let Some(argument) = parser.next()? {
        let flag =
            flags.iter().find(|(name, _)| matches!(argument, Long(long) if name.strip_prefix("--") == Some(long)));
        let Some(&(_, choice)) = flag else { return Err(unexpected(argument, command)) };
        if chosen.replace(choice).is_some() {
            let names = flags.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            return Err(mistake(format!("expected one of {names} (cargo xtask {command} --help)")));
        }
    }
    Ok(chosen)
}

/// The value of an option that takes a whole number.
pub fn whole<T: TryFrom<u64>>(parser: &mut lexopt::Parser, option: &str, allowed: RangeInclusive<u64>) -> Result<T> {
    let expected = || format!("expected a whole number from {} to {}", allowed.start(), allowed.end());
    let text = text(parser, option, &expected())?;
    let number = text.parse().ok().filter(|number| allowed.contains(number));
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| mistake(format!("{option} {text}: {}", expected())))
}

/// The value of an option that takes one of some names.
pub fn one_of<T: Copy>(parser: &mut lexopt::Parser, option: &str, choices: &[(&str, T)]) -> Result<T> {
    let names = choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let text = text(parser, option, &format!("expected one of {names}"))?;
    let chosen = choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice);
    chosen.ok_or_else(|| mistake(format!("{option} {text}: expected one of {names}")))
}

/// The value of an option; `expected` is what a missing or empty one is told.
pub fn text(parser: &mut lexopt::Parser, option: &str, expected: &str) -> Result<String> {
    let value = parser.value().map_err(|_| mistake(format!("{option}: {expected}")))?;
    let text = value.into_string().map_err(|value| mistake(format!("{option} {value:?}: {expected}")))?;
    match text.is_empty() {
        true => Err(mistake(format!("{option} '': {expected}"))),
        false => Ok(text),
    }
}

/// The value of an option that names a folder to be written, as seen from the working folder.
pub fn folder(parser: &mut lexopt::Parser, option: &str) -> Result<PathBuf> {
    let expected = "expected the name of a folder";
    let value = parser.value().map_err(|_| mistake(format!("{option}: {expected}")))?;
    if value.is_empty() {
        return Err(mistake(format!("{option} '': {expected}")));
    }
    if value == "-" {
        return Err(mistake(format!("{option} -: {expected}: standard output is none (./- is a folder of that name)")));
    }
    let path = workspace::absolute(value.as_ref());
    match path.ancestors().find(|part| part.exists()).filter(|part| !part.is_dir()) {
        Some(file) => Err(mistake(format!("{option} {}: {} is no folder", value.to_string_lossy(), file.display()))),
        None => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses with `take` at the first option.
    fn taken<T>(words: &[&str], take: impl FnOnce(&mut lexopt::Parser) -> Result<T>) -> Result<T, String> {
        let mut parser = lexopt::Parser::from_args(words);
        assert!(matches!(parser.next(), Ok(Some(Long("n")))));
        take(&mut parser).map_err(|error| {
            assert!(is_mistake(&error));
            error.to_string()
        })
    }

    #[test]
    fn flags_exclude_each_other() {
        let flag = |words: &[&str]| {
            let parser = lexopt::Parser::from_args(words);
            one_flag(parser, "c", &[("--a", 1), ("--b", 2)]).map_err(|error| error.to_string())
        };
        assert_eq!((flag(&[]), flag(&["--b"])), (Ok(None), Ok(Some(2))));
        assert_eq!(flag(&["--a", "--b"]), Err("expected one of --a, --b (cargo xtask c --help)".to_string()));
        for words in [["--d"], ["d"], ["--a=1"]] {
            assert!(flag(&words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn numbers_are_digits_in_a_range() {
        let number = |words: &[&str]| taken(words, |parser| whole::<u32>(parser, "--n", 1..=9));
        assert_eq!((number(&["--n", "9"]), number(&["--n=1"])), (Ok(9), Ok(1)));
        for value in ["0", "10", "-5", "1e6", "1.5", "abc", "nan", "99999999999999999999999"] {
            let expected = Err(format!("--n {value}: expected a whole number from 1 to 9"));
            assert_eq!(number(&["--n", value]), expected);
            assert_eq!(number(&[&format!("--n={value}")]), expected);
        }
        assert_eq!(number(&["--n"]), Err("--n: expected a whole number from 1 to 9".to_string()));
        assert_eq!(number(&["--n", ""]), Err("--n '': expected a whole number from 1 to 9".to_string()));
    }

    #[test]
    fn names_are_listed() {
        let name = |words: &[&str]| taken(words, |parser| one_of(parser, "--n", &[("a", 1), ("b", 2)]));
        assert_eq!(name(&["--n", "b"]), Ok(2));
        assert_eq!(name(&["--n", "c"]), Err("--n c: expected one of a, b".to_string()));
        assert_eq!(name(&["--n"]), Err("--n: expected one of a, b".to_string()));
    }

    #[test]
    fn a_folder_is_no_stream_and_no_file() {
        let path = |words: &[&str]| taken(words, |parser| folder(parser, "--n"));
        assert!(path(&["--n", "./-"]).is_ok_and(|path| path.is_absolute()));
        assert!(path(&["--n", "-"]).unwrap_err().starts_with("--n -: expected the name of a folder: standard output"));
        assert_eq!(path(&["--n", ""]), Err("--n '': expected the name of a folder".to_string()));
        let file = workspace::root().join("Cargo.toml/x");
        let refused = path(&["--n", &file.display().to_string()]).unwrap_err();
        assert!(refused.ends_with("Cargo.toml is no folder"), "{refused}");
    }
}
