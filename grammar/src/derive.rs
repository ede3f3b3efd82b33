//! A grammar out of examples: the answers of pairs.
//!
//! An answer that is an object or a list of JSON is taken apart: its values are places, and all that is the same but for them is
//! one form. What was seen at a place of a form says what may stand there:
//! - whole numbers, or numbers with as many decimal places: the values, or from five on the range from the least to the greatest;
//! - texts: the values, or from nine on, where each is in its prompt word for word, a copy. Forms that are the same up to this
//!   place share what was seen there.
//!
//! Of many answers, a few are not what the others are: one may have a dot that its prompt has lost. Where that is all that
//! keeps a place from a copy, they are left out.
//!
//! Where that cannot be compiled, the values alone are taken in place of copies, of ranges, or of both. Everything else is taken as it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// From so many different numbers on, a place takes a range.
const NUMBERS: usize = 5;

/// From so many different texts on, a place takes a copy where each is in its prompt.
const TEXTS: usize = 9;

/// One answer in so many may be left out for a copy.
const ONE_IN: usize = 50;

/// A prompt in the form that the model sees, and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Example<'e> {
    /// The prompt.
    pub prompt: &'e str,
    /// Its answer.
    pub answer: &'e str,
}

/// A part of an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    /// What every answer of the form has.
    Fixed(String),
    /// A number, with so many decimal places.
    Number(usize),
    /// What is between the quotes of a text.
    Text,
}

/// Answers that are the same but for their values.
#[derive(Clone)]
struct Form<'e> {
    pieces: Vec<Piece>,
    answers: Vec<Answer<'e>>,
}

/// One of them.
#[derive(Clone)]
struct Answer<'e> {
    values: Vec<&'e str>,
    prompt: &'e str,
    /// Its number among the examples.
    index: usize,
}

/// A grammar that was made of answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// Its text.
    pub text: String,
    /// The numbers of the examples whose answers it does not have, from 0: a few of many, whose values are not in their prompts
    /// as all others are.
    pub left_out: Vec<usize>,
}

/// A grammar that has the answers, all or all but a few.
pub fn derive(examples: &[Example<'_>]) -> Derived {
    let mut forms: Vec<Form<'_>> = Vec::new();
    for (index, example) in examples.iter().enumerate() {
        let (pieces, values) = taken_apart(example.answer);
        let answer = Answer { values, prompt: example.prompt, index };
        match forms.iter_mut().find(|form| form.pieces == pieces) {
            Some(form) => form.answers.push(answer),
            None => forms.push(Form { pieces, answers: vec![answer] }),
        }
    }
    let copies = Copies::of(&forms);
    let copying: Vec<Form<'_>> = forms.iter().map(|form| form.without(&copies.left_out)).collect();
    let text = |copies: Option<&Copies>, has_ranges: bool| {
        let forms = if copies.is_some() { &copying } else { &forms };
        let rule = |(index, form): (usize, &Form<'_>)| form.rule(index, copies, has_ranges);
        let rules: Vec<String> =
            forms.iter().enumerate().filter(|(_, form)| !form.answers.is_empty()).map(rule).collect();
        format!("answer =\n    {}\n", rules.join("\n  | "))
    };
    // Some cannot be compiled: a copy that nothing tells from what another answer has there, or ranges of too many numbers.
    let general = [(Some(&copies), true), (Some(&copies), false), (None, true)];
    for (copies, has_ranges) in general {
        let text = text(copies, has_ranges);
        if crate::compile(&text).is_ok() {
            let left_out = copies.map(|copies| copies.left_out.iter().copied().collect()).unwrap_or_default();
            return Derived { text, left_out };
        }
    }
    Derived { text: text(None, false), left_out: Vec::new() }
}

/// The places that take a copy.
struct Copies {
    /// Each form by its index, and its place.
    places: BTreeSet<(usize, usize)>,
    /// One for all of them: copies of other lengths would be of another kind, and a grammar has few.
    copy: String,
    /// The numbers of the answers that have something else in such a place.
    left_out: BTreeSet<usize>,
}

impl Copies {
    /// Answers that are the same up to a place have the same there: by a copy's first bytes nobody knows what comes behind it.
    fn of(forms: &[Form<'_>]) -> Self {
        let mut groups: BTreeMap<&[Piece], Vec<(usize, usize)>> = BTreeMap::new();
        for (index, form) in forms.iter().enumerate() {
            let values = form.pieces.iter().enumerate().filter(|(_, piece)| !matches!(piece, Piece::Fixed(_)));
            for (place, (at, piece)) in values.enumerate() {
                if *piece == Piece::Text {
                    groups.entry(form.pieces.get(..=at).unwrap_or_default()).or_default().push((index, place));
                }
            }
        }
        let table =
            crate::compile("answer = '\"' copy(1..1000) '\"'").map(|compiled| compiled.table).unwrap_or_default();
        let (mut places, mut longest, mut left_out) = (BTreeSet::new(), 40, BTreeSet::new());
        for group in groups.into_values() {
            let found = group.iter().filter_map(|&(index, place)| Some((forms.get(index)?, place)));
            let answers = found.flat_map(|(form, place)| form.answers.iter().map(move |answer| (answer, place)));
            let value =
                |(answer, place): (&Answer<'_>, usize)| answer.values.get(place).copied().unwrap_or("").to_owned();
            let (copied, others): (Vec<_>, Vec<_>) =
                answers.partition(|(answer, place)| answer.has_copy(&table, *place));
            let seen: BTreeSet<String> = copied.iter().copied().map(value).collect();
            if seen.len() >= TEXTS && others.len() * ONE_IN <= copied.len() + others.len() {
                longest = seen.iter().map(String::len).max().unwrap_or(0).max(longest);
                places.extend(group);
                left_out.extend(others.iter().map(|(answer, _)| answer.index));
            }
        }
        Self { places, copy: format!("copy(1..{longest})"), left_out }
    }
}

impl Answer<'_> {
    /// Whether its value there is in its prompt.
    fn has_copy(&self, table: &[u8], place: usize) -> bool {
        self.values.get(place).is_some_and(|value| is_piece(table, self.prompt, value))
    }
}

impl<'e> Form<'e> {
    /// Without the answers of these numbers.
    fn without(&self, left_out: &BTreeSet<usize>) -> Self {
        let kept = self.answers.iter().filter(|answer| !left_out.contains(&answer.index)).cloned();
        Form { pieces: self.pieces.clone(), answers: kept.collect() }
    }

    /// On a line.
    fn rule(&self, index: usize, copies: Option<&Copies>, has_ranges: bool) -> String {
        let mut place = 0;
        let mut parts = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Fixed(text) => parts.push(literal(text)),
                Piece::Number(places) if has_ranges => parts.push(self.numbers(place, *places)),
                Piece::Number(_) => parts.push(alternatives(self.seen(place))),
                Piece::Text => match copies.filter(|copies| copies.places.contains(&(index, place))) {
                    Some(copies) => parts.push(copies.copy.clone()),
                    None => parts.push(alternatives(self.seen(place))),
                },
            }
            place += usize::from(!matches!(piece, Piece::Fixed(_)));
        }
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    }

    fn seen(&self, place: usize) -> BTreeSet<&'e str> {
        self.answers.iter().filter_map(|answer| answer.values.get(place).copied()).collect()
    }

    fn numbers(&self, place: usize, places: usize) -> String {
        let seen = self.seen(place);
        let number = |text: &&str| text.parse::<f64>().unwrap_or(0.0);
        // A range has no zero with a sign.
        let has_signed_zero = seen.iter().any(|text| text.starts_with('-') && number(text) == 0.0);
        if seen.len() < NUMBERS || has_signed_zero {
            return alternatives(seen);
        }
        let mut sorted: Vec<&str> = seen.iter().copied().collect();
        sorted.sort_by(|a, b| number(a).total_cmp(&number(b)));
        match (sorted.first(), sorted.last()) {
            (Some(least), Some(most)) if is_in_reach(least, most, places) => match places {
                0 => format!("number({least}..{most})"),
                // Without one, numbers are in steps of 1.
                _ => format!("number({least}..{most}, 0.{:0>places$})", 1),
            },
            _ => alternatives(seen),
        }
    }
}

/// Whether a range of them can be compiled.
fn is_in_reach(least: &str, most: &str, places: usize) -> bool {
    let (Ok(low), Ok(high)) = (least.parse::<f64>(), most.parse::<f64>()) else { return false };
    let is_short = |text: &str| text.len() < 14;
    let count = (high - low) * 10_f64.powi(places as i32);
    is_short(least) && is_short(most) && places <= 6 && (places == 0 || count < 9_999.0)
}

/// Whether a copy, in quotes the one text of `table`, can be `value`. The engine decides it, as for every other answer.
fn is_piece(table: &[u8], prompt: &str, value: &str) -> bool {
    crate::fits(table, prompt.as_bytes(), format!("\"{value}\"").as_bytes()).is_ok()
}

fn alternatives(seen: BTreeSet<&str>) -> String {
    let is_optional = seen.contains("");
    let texts: Vec<String> = seen.into_iter().filter(|text| !text.is_empty()).map(literal).collect();
    match (texts.as_slice(), is_optional) {
        ([], _) => String::new(),
        ([text], false) => text.clone(),
        (_, false) => format!("({})", texts.join(" | ")),
        (_, true) => format!("({})?", texts.join(" | ")),
    }
}

/// A text of the grammar's language.
fn literal(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut literal = String::from(quote);
    for found in text.chars() {
        match found {
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            '\\' => literal.push_str("\\\\"),
            _ if found == quote => literal.extend(['\\', found]),
            _ if found.is_control() => literal.push_str(&format!("\\u{{{:x}}}", u32::from(found))),
            _ => literal.push(found),
        }
    }
    literal.push(quote);
    literal
}

/// The pieces of an answer, and its values.
fn taken_apart(answer: &str) -> (Vec<Piece>, Vec<&str>) {
    let is_json = matches!(serde_json::from_str(answer), Ok(Value::Object(_) | Value::Array(_)));
    let (mut pieces, mut values) = (Vec::new(), Vec::new());
    let (mut rest, mut fixed) = (answer, String::new());
    while let Some(first) = rest.chars().next() {
        let value = match first {
            '"' if is_json => text_at(rest),
            '-' | '0'..='9' if is_json => number_at(rest),
            _ => None,
        };
        let Some((piece, before, len)) = value else {
            let len = token_len(rest, is_json);
            fixed.push_str(rest.get(..len).unwrap_or(rest));
            rest = rest.get(len..).unwrap_or_default();
            continue;
        };
        fixed.push_str(rest.get(..before).unwrap_or_default());
        if !fixed.is_empty() {
            pieces.push(Piece::Fixed(std::mem::take(&mut fixed)));
        }
        pieces.push(piece);
        values.push(rest.get(before..before + len).unwrap_or_default());
        rest = rest.get(before + len..).unwrap_or_default();
        // The quote behind a text.
        if before > 0 {
            fixed.push('"');
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    if !fixed.is_empty() {
        pieces.push(Piece::Fixed(fixed));
    }
    (pieces, values)
}

/// The length of what is taken as it is: a name with its quotes, or a character.
fn token_len(rest: &str, is_json: bool) -> usize {
    match quoted(rest) {
        Some(len) if is_json => len,
        _ => rest.chars().next().map_or(0, char::len_utf8),
    }
}

/// The length of a text in quotes, with them.
fn quoted(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('"')?;
    let mut is_escaped = false;
    for (at, found) in inside.char_indices() {
        match found {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// A text that is a value, and no name: the bytes in front of it, and its own.
fn text_at(rest: &str) -> Option<(Piece, usize, usize)> {
    let len = quoted(rest)?;
    let is_name = rest.get(len..)?.trim_start().starts_with(':');
    (!is_name).then_some((Piece::Text, 1, len - 2))
}

/// A number without an exponent.
fn number_at(rest: &str) -> Option<(Piece, usize, usize)> {
    let len = rest.find(|found: char| !(found.is_ascii_digit() || "+-.eE".contains(found))).unwrap_or(rest.len());
    let text = rest.get(..len)?;
    if text.contains(['e', 'E']) {
        return None;
    }
    let places = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    Some((Piece::Number(places), 0, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(pairs: &[(&str, &str)]) -> String {
        let examples: Vec<Example<'_>> = pairs.iter().map(|&(prompt, answer)| Example { prompt, answer }).collect();
        let Derived { text, left_out } = derive(&examples);
        assert!(left_out.is_empty(), "{left_out:?}");
        let table = crate::compile(&text).unwrap_or_else(|error| panic!("{error}\n{text}")).table;
        for (prompt, answer) in pairs {
            assert_eq!(crate::fits(&table, prompt.as_bytes(), answer.as_bytes()), Ok(()), "{answer} in {text}");
        }
        text
    }

    #[test]
    fn forms_have_the_values_that_were_seen() {
        let text = derived(&[
            ("a", r#"{"lamp":"hall","on":1}"#),
            ("b", r#"{"lamp":"attic","on":0}"#),
            ("c", r#"{"temp":21}"#),
            ("d", "Say \"it's\" again, please. 0000"),
        ]);
        assert_eq!(
            text,
            "answer =\n    '{\"lamp\":\"' ('attic' | 'hall') '\",\"on\":' ('0' | '1') '}'\n  | '{\"temp\":' '21' '}'\n  | \
             'Say \"it\\'s\" again, please. 0000'\n"
        );
    }

    #[test]
    fn many_numbers_are_a_range_and_many_copied_texts_a_copy() {
        let answers: Vec<(String, String)> = (0..12)
            .map(|n| (format!("play song{n} at {n}"), format!(r#"{{"play":"song{n}","at":{n},"half":{n}.5}}"#)))
            .collect();
        let pairs: Vec<(&str, &str)> = answers.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let text = derived(&pairs);
        assert!(text.contains("\"' copy(1..40) '\"") && text.contains("number(0..11)"), "{text}");
        assert!(text.contains("number(0.5..11.5, 0.1)"), "{text}");
        // One that is in no prompt: then the values are all there is.
        let mut more = pairs.clone();
        more.push(("play it", r#"{"play":"silence","at":1,"half":1.5}"#));
        assert!(derived(&more).contains("'silence'"));
    }

    /// So many songs, and what else there is.
    fn songs(count: usize, more: &[(&str, &str)]) -> String {
        let songs: Vec<(String, String)> =
            (0..count).map(|n| (format!("play song{n}"), format!(r#"{{"play":"song{n}"}}"#))).collect();
        let songs = songs.iter().map(|(prompt, answer)| (prompt.as_str(), answer.as_str()));
        derived(&songs.chain(more.iter().copied()).collect::<Vec<_>>())
    }

    #[test]
    fn forms_that_begin_alike_have_a_copy_all_or_none() {
        let text = songs(9, &[("play abba loud", r#"{"play":"abba","loud":1}"#)]);
        let expected = "'{\"play\":\"' copy(1..40) '\"}'\n  | '{\"play\":\"' copy(1..40) '\",\"loud\":' '1' '}'\n";
        assert!(text.ends_with(expected), "{text}");
        // Eight and one are nine.
        assert!(songs(8, &[("play abba loud", r#"{"play":"abba","loud":1}"#)]).contains(expected));
        let text = songs(9, &[("play it loud", r#"{"play":"abba","loud":1}"#)]);
        assert!(!text.contains("copy") && text.contains("('song0' | 'song1'"), "{text}");
    }

    #[test]
    fn one_answer_of_fifty_is_no_reason_against_a_copy() {
        let of = |count: usize| -> Derived {
            let songs = (0..count).map(|n| (format!("play song{n}"), format!(r#"{{"play":"song{n}"}}"#)));
            let odd = ("play dreams".to_owned(), r#"{"play":"dreams."}"#.to_owned());
            let pairs: Vec<(String, String)> = std::iter::once(odd).chain(songs).collect();
            derive(&pairs.iter().map(|(prompt, answer)| Example { prompt, answer }).collect::<Vec<_>>())
        };
        let few = of(48);
        assert!(few.left_out.is_empty() && few.text.contains("'dreams.'") && !few.text.contains("copy"), "{few:?}");
        let expected = "answer =\n    '{\"play\":\"' copy(1..40) '\"}'\n";
        assert_eq!(of(49), Derived { text: expected.to_owned(), left_out: vec![0] });
    }

    #[test]
    fn copies_of_any_length_are_one_kind() {
        let (a, b) = ("a".repeat(60), "b".repeat(80));
        let of =
            |name: &str, value: &str| (format!("{name} {value}"), format!(r#"{{"{name}":"{value}","it":"{name}"}}"#));
        let names = ["play", "call", "find", "add", "show"];
        let mut pairs: Vec<(String, String)> =
            (0..9).flat_map(|n| names.map(|name| of(name, &format!("x{n}")))).collect();
        pairs.extend([of("play", &a), of("call", &b), of("find", &a[..50]), of("add", &a[..45])]);
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(derived(&pairs).matches("copy(1..80)").count(), names.len());
    }

    #[test]
    fn what_cannot_be_told_from_a_copy_leaves_the_values() {
        // Nothing that is JSON, but it begins like it.
        let text = songs(9, &[("x", r#"{"play":"nothing"#)]);
        assert!(!text.contains("copy") && text.contains("'song8'"), "{text}");
    }

    #[test]
    fn ranges_have_all_numbers_that_were_seen() {
        let lists = |numbers: &[&str]| {
            let answers: Vec<String> = numbers.iter().map(|number| format!("[{number}]")).collect();
            derived(&answers.iter().map(|answer| ("it", answer.as_str())).collect::<Vec<_>>())
        };
        assert_eq!(
            lists(&["-0.05", "1.25", "2.00", "3.10", "9.99"]),
            "answer =\n    '[' number(-0.05..9.99, 0.01) ']'\n"
        );
        for zero in ["-0", "-0.0"] {
            let more = ["1", "2", "3", "4", "5"].map(|number| number.to_owned() + &zero[2..]);
            let numbers: Vec<&str> = more.iter().map(String::as_str).chain([zero]).collect();
            assert!(lists(&numbers).contains(&format!("('{zero}' | ")), "{zero}");
        }
    }

    #[test]
    fn ranges_of_too_many_numbers_leave_the_values() {
        let numbers = ["0.000", "1.111", "2.222", "5.555", "9.900"];
        let answers = numbers.map(|number| format!("[{}]", [number; 5].join(",")));
        let pairs = answers.each_ref().map(|answer| ("it", answer.as_str()));
        let text = derived(&pairs);
        assert!(!text.contains("number"), "{text}");
    }

    #[test]
    fn values_may_be_strange() {
        derived(&[
            ("a", r#"["a\"b\\",[],{},null,true,-5,1e9,"",""]"#),
            ("b", r#"["\u00e9é'",[],{},null,true,7,1e9,"x",""]"#),
            ("c", "{not json"),
            ("d", "\t\u{1}"),
        ]);
    }
}
