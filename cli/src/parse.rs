//! From the words of a command line to [`Cli`].

use std::any::TypeId;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, Error, FromArgMatches};

use crate::args::Cli;

/// What the words ask for.
///
/// # Errors
/// A mistake in them, or a text that was asked for, such as the help.
pub fn parse(words: Vec<OsString>) -> Result<Cli, Error> {
    match parsed(words.clone()) {
        Err(refusal) if refusal.kind() == ErrorKind::InvalidValue => Err(with_what_is_expected(refusal, words)),
        Err(refusal) if refusal.kind() == ErrorKind::UnknownArgument => Err(with_the_name(refusal)),
        result => result,
    }
}

fn parsed(words: Vec<OsString>) -> Result<Cli, Error> {
    command().try_get_matches_from(words).and_then(|matches| Cli::from_arg_matches(&matches))
}

/// The command line as it is parsed.
pub fn command() -> Command {
    without_full_stops(with_negative_numbers(Cli::command()))
}

/// In a list, what a command does is a line and no sentence.
fn without_full_stops(command: Command) -> Command {
    command.mut_subcommands(|command| {
        let about = command.get_about().map(|about| about.to_string().trim_end_matches('.').to_owned());
        command.about(about.unwrap_or_default())
    })
}

/// A flag without its value gets the refusal of an empty one, which says what is expected.
fn with_what_is_expected(refusal: Error, mut words: Vec<OsString>) -> Error {
    words.push(OsString::new());
    match parsed(words) {
        Err(told) if told.kind() == ErrorKind::ValueValidation => told,
        _ => refusal,
    }
}

/// One name means one thing: a command that draws no tokens has no `--top-k`, whatever attention's is called elsewhere.
fn with_the_name(mut refusal: Error) -> Error {
    if refusal.get(ContextKind::InvalidArg) == Some(&ContextValue::String("--top-k".to_owned())) {
        let tip = "'--attn-top-k' is how many positions attention keeps; '--top-k' is for drawing tokens ('atome run')";
        refusal.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    refusal
}

/// The number behind a flag may begin with a hyphen: it is refused as a number then, by its flag, and not as an unknown flag.
fn with_negative_numbers(command: Command) -> Command {
    command
        .mut_args(|arg| match is_number(&arg) {
            true => arg.allow_hyphen_values(true),
            false => arg,
        })
        .mut_subcommands(with_negative_numbers)
}

/// Whether the argument's value is a number.
pub fn is_number(arg: &Arg) -> bool {
    let numbers = [
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
        TypeId::of::<f32>(),
        TypeId::of::<f64>(),
    ];
    let value = arg.get_value_parser().type_id();
    arg.get_action().takes_values() && numbers.iter().any(|number| value == *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(words: &[&str]) -> String {
        parse(words.iter().map(OsString::from).collect()).unwrap_err().to_string()
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn a_missing_number_is_told_what_it_may_be() {
        for words in [["atome", "budget", "--max-seq"].as_slice(), &["atome", "budget", "--max-seq", ""]] {
            let text = refusal(words);
            assert!(text.contains("'' for '--max-seq <N>': expected a whole number from 1 to 65535"), "{text}");
        }
    }

    /// The words of a command, as a shell takes them.
    fn words(command: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quote = None;
        for c in command.chars() {
            match (quote, c) {
                (None, ' ') => words.push(String::new()),
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), _) if open == c => quote = None,
                _ => words.last_mut().unwrap().push(c),
            }
        }
        words
    }

    #[test]
    fn the_examples_in_the_help_are_command_lines() {
        let mut tried = 0;
        let top = command();
        for command in std::iter::once(&top).chain(top.get_subcommands()) {
            let help = command.get_after_help().unwrap().to_string();
            let (_, examples) = help.split_once("Examples:\n").unwrap();
            // What a line is for stands behind some blanks.
            let commands = examples.lines().map(|line| line.trim().split("  ").next().unwrap_or_default());
            let calls = commands.flat_map(|line| line.split(" && ")).flat_map(|line| line.split(" | "));
            for call in calls.filter(|call| call.starts_with("atome")) {
                let parsed = parse(words(call).into_iter().map(OsString::from).collect());
                assert!(parsed.is_ok(), "{call}: {}", parsed.unwrap_err());
                tried += 1;
            }
        }
        assert!(tried > 50, "{tried} examples");
    }

    #[test]
    fn what_is_no_number_keeps_its_own_words() {
        let text = refusal(&["atome", "convert", "m", "--out"]);
        assert!(text.contains("a value is required for '--out <FILE>'"), "{text}");
        let text = refusal(&["atome", "convert", "m", "--out", "n", "--format"]);
        assert!(text.contains("a value is required for '--format <FORMAT>'") && text.contains("atome02"), "{text}");
    }
}
