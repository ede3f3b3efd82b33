//! A grammar out of examples: the answers of pairs.
//!
//! An answer that is an object or a list of JSON is taken apart: its values are places, and all that is the same but for them is
//! one form. What was seen at a place of a form says what may stand there:
//! - whole numbers, or numbers with as many decimal places: the values, or from five on the range from the least to the greatest;
//! - texts: the values, or from nine on, where each is in its prompt word for word, a copy.
//!
//! Everything else is taken as it is.

use std::collections::BTreeSet;

use serde_json::Value;

/// From so many different numbers on, a place takes a range.
const NUMBERS: usize = 5;

/// From so many different texts on, a place takes a copy where each is in its prompt.
const TEXTS: usize = 9;

/// A prompt in the form that the model sees, and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Example<'e> {
    /// The prompt.
    pub prompt: &'e str,
    /// Its answer.
    pub answer: &'e str,
}

/// A part of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// What every answer of the form has.
    Fixed(String),
    /// A number, with so many decimal places.
    Number(usize),
    /// What is between the quotes of a text.
    Text,
}

/// Answers that are the same but for their values.
struct Form<'e> {
    pieces: Vec<Piece>,
    /// The values of each answer, and its prompt.
    values: Vec<(Vec<&'e str>, &'e str)>,
}

/// A grammar, as text, that has all of the answers.
pub fn derive(examples: &[Example<'_>]) -> String {
    let mut forms: Vec<Form<'_>> = Vec::new();
    for example in examples {
        let (pieces, values) = taken_apart(example.answer);
        match forms.iter_mut().find(|form| form.pieces == pieces) {
            Some(form) => form.values.push((values, example.prompt)),
            None => forms.push(Form { pieces, values: vec![(values, example.prompt)] }),
        }
    }
    let rules: Vec<String> = forms.iter().map(Form::rule).collect();
    format!("answer =\n    {}\n", rules.join("\n  | "))
}

impl Form<'_> {
    /// On a line.
    fn rule(&self) -> String {
        let mut place = 0;
        let mut parts = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Fixed(text) => parts.push(literal(text)),
                Piece::Number(places) => parts.push(self.numbers(place, *places)),
                Piece::Text => parts.push(self.texts(place)),
            }
            place += usize::from(!matches!(piece, Piece::Fixed(_)));
        }
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    }

    fn seen(&self, place: usize) -> BTreeSet<&str> {
        self.values.iter().filter_map(|(values, _)| values.get(place).copied()).collect()
    }

    fn numbers(&self, place: usize, places: usize) -> String {
        let seen = self.seen(place);
        let number = |text: &&str| text.parse::<f64>().unwrap_or(0.0);
        if seen.len() < NUMBERS {
            return alternatives(seen);
        }
        let mut sorted: Vec<&str> = seen.iter().copied().collect();
        sorted.sort_by(|a, b| number(a).total_cmp(&number(b)));
        match (sorted.first(), sorted.last()) {
            (Some(least), Some(most)) if is_in_reach(least, most, places) => format!("number({least}..{most})"),
            _ => alternatives(seen),
        }
    }

    fn texts(&self, place: usize) -> String {
        let seen = self.seen(place);
        let longest = seen.iter().map(|text| text.len()).max().unwrap_or(1).clamp(40, 1000);
        let is_copied = |table: &[u8]| {
            self.values
                .iter()
                .all(|(values, prompt)| values.get(place).is_some_and(|value| is_piece(table, prompt, value)))
        };
        let copy = format!("copy(1..{longest})");
        let compiled = crate::compile(&format!("answer = '\"' {copy} '\"'"));
        match compiled {
            Ok(compiled) if seen.len() >= TEXTS && is_copied(&compiled.table) => copy,
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
        let text = derive(&examples);
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
        assert!(text.contains("number(0.5..11.5)"), "{text}");
        // One that is in no prompt: then the values are all there is.
        let mut more = pairs.clone();
        more.push(("play it", r#"{"play":"silence","at":1,"half":1.5}"#));
        assert!(derived(&more).contains("'silence'"));
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
