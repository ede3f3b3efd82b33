//! The values of an answer, and the places that they stand at.
//!
//! In an object or a list of JSON, values are texts and numbers. A place is the names on the way there; in a list, and in an object
//! that is an element of one, what stands in front there belongs to it, too: in `["artist","abba"]` and
//! `[{"name":"artist","value":"abba"}]` abba stands at the artist's place. In other answers, values are words in a row, and a place
//! is the text in front.

use std::ops::Range;

use serde_json::Value as Json;

/// Stands for what is copied, in the names of places.
const COPIED: &str = "\u{0}";

/// A value of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its bytes in the answer, without quotes.
    pub range: Range<usize>,
    /// Where it stands: a name that is equal in answers that have it at their same place.
    pub place: String,
    /// Whether the prompt has it.
    pub is_copied: bool,
}

/// The values of `answer` in order. `has` says of a text whether the prompt has it.
pub fn values(answer: &str, has: impl Fn(&str) -> bool) -> Vec<Value> {
    match serde_json::from_str(answer) {
        Ok(Json::Object(_) | Json::Array(_)) => of_json(answer, has),
        _ => of_text(answer, has),
    }
}

/// An object or a list that is not at its end.
struct Level {
    is_object: bool,
    /// Whether what stands in front belongs to a place.
    is_record: bool,
    /// In an object, the name whose value comes; `None` where a name comes.
    name: Option<String>,
    /// What stood in front, each with its name.
    before: String,
}

impl Level {
    fn new(is_object: bool, outer: Option<&Self>) -> Self {
        let is_record = !is_object || outer.is_some_and(|outer| !outer.is_object);
        Self { is_object, is_record, name: None, before: String::new() }
    }

    fn place(&self) -> String {
        let before = if self.is_record { self.before.as_str() } else { "" };
        format!("{}{before}{}", if self.is_object { '{' } else { '[' }, self.name.as_deref().unwrap_or(""))
    }

    /// A value has come.
    fn pass(&mut self, shown: &str) {
        let name = self.name.take().unwrap_or_default();
        self.before.push_str(&format!("{name}{shown},"));
    }
}

/// `answer` is known to be JSON.
fn of_json(answer: &str, has: impl Fn(&str) -> bool) -> Vec<Value> {
    let (mut levels, mut found): (Vec<Level>, Vec<Value>) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(rest) = answer.get(at..).filter(|rest| !rest.is_empty()) {
        let len = token_len(rest);
        let token = rest.get(..len).unwrap_or(rest);
        match token.as_bytes().first() {
            Some(first @ (b'{' | b'[')) => levels.push(Level::new(*first == b'{', levels.last())),
            Some(b'}' | b']') => {
                levels.pop();
                // A list of lists or objects has no places of its own.
                levels
                    .iter_mut()
                    .last()
                    .filter(|level| level.is_object)
                    .into_iter()
                    .for_each(|level| level.name = None);
            }
            Some(b',' | b':' | b' ' | b'\t' | b'\r') | None => {}
            Some(first) => {
                let is_text = *first == b'"';
                match levels.last_mut() {
                    Some(level) if level.is_object && level.name.is_none() => level.name = Some(format!("{token}:")),
                    _ => found.extend(value(&mut levels, token, at, is_text, &has)),
                }
            }
        }
        at += token.len().max(1);
    }
    found
}

/// The value `token`, if it is one that could be copied.
fn value(levels: &mut [Level], token: &str, at: usize, is_text: bool, has: impl Fn(&str) -> bool) -> Option<Value> {
    let range = if is_text { at + 1..at + token.len() - 1 } else { at..at + token.len() };
    let text = if is_text { token.get(1..token.len() - 1).unwrap_or("") } else { token };
    let is_number = !is_text && text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    // What is escaped in the answer is not written so in the prompt.
    let is_copied = (is_text || is_number) && !text.is_empty() && !text.contains('\\') && has(text);
    let kind = if is_text { "\"" } else { "0" };
    let place = levels.iter().map(Level::place).chain([kind.to_owned()]).collect();
    if let Some(level) = levels.last_mut() {
        level.pass(if is_copied { COPIED } else { token });
    }
    (is_text || is_number).then_some(Value { range, place, is_copied })
}

/// The length of a text in quotes, of a number or a word, or of one character.
fn token_len(rest: &str) -> usize {
    let mut is_escaped = false;
    if let Some(inside) = rest.strip_prefix('"') {
        let is_end = |found: char| {
            let is_end = found == '"' && !is_escaped;
            is_escaped = found == '\\' && !is_escaped;
            is_end
        };
        return inside.find(is_end).map_or(rest.len(), |end| end + 2);
    }
    let is_of_word = |found: char| found.is_ascii_alphanumeric() || "+-.".contains(found);
    match rest.find(|found: char| !is_of_word(found)) {
        Some(0) => rest.chars().next().map_or(1, char::len_utf8),
        Some(end) => end,
        None => rest.len(),
    }
}

/// Of an answer that is no JSON: as many words together as the prompt has in a row are one value.
fn of_text(answer: &str, has: impl Fn(&str) -> bool) -> Vec<Value> {
    let words = words(answer);
    let (mut found, mut place, mut done, mut next) = (Vec::new(), String::new(), 0, 0);
    while let Some(first) = words.get(next) {
        let piece = |count: usize| Some(first.start..words.get(next + count - 1)?.end);
        let is_copied = |count: &usize| piece(*count).and_then(|range| answer.get(range)).is_some_and(&has);
        let copied = (1..=words.len() - next).take_while(is_copied).last();
        let count = copied.unwrap_or(1);
        let range = piece(count).unwrap_or_else(|| first.clone());
        place.push_str(answer.get(done..range.start).unwrap_or(""));
        found.push(Value { range: range.clone(), place: place.clone(), is_copied: copied.is_some() });
        place.push_str(if copied.is_some() { COPIED } else { answer.get(range.clone()).unwrap_or("") });
        (done, next) = (range.end, next + count);
    }
    found
}

/// Runs of letters and digits.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    for (at, found) in text.char_indices().filter(|(_, found)| found.is_alphanumeric()) {
        let end = at + found.len_utf8();
        match words.last_mut() {
            Some(word) if word.end == at => word.end = end,
            _ => words.push(at..end),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Value, place and whether it is copied, of an answer to a prompt.
    fn found(prompt: &str, answer: &str) -> Vec<(String, String, bool)> {
        let all = values(answer, |text| prompt.contains(text));
        all.into_iter().map(|value| (answer[value.range].to_owned(), value.place, value.is_copied)).collect()
    }

    fn place_of(value: &str, prompt: &str, answer: &str) -> String {
        let all = found(prompt, answer);
        all.into_iter().find(|(text, ..)| text == value).map(|(_, place, _)| place).unwrap()
    }

    #[test]
    fn places_are_names_on_the_way() {
        let first = place_of("abba", "play abba", r#"{"intent":"play","slots":{"artist":"abba"}}"#);
        assert_eq!(first, place_of("blur", "find blur", r#"{ "intent" : "find", "slots":{"artist": "blur"} }"#));
        assert_ne!(first, place_of("blur", "find blur", r#"{"intent":"find","slots":{"album":"blur"}}"#));
        // Numbers stand at other places than texts: the quotes would be missing.
        assert_ne!(place_of("7", "7", r#"{"a":7}"#), place_of("7", "7", r#"{"a":"7"}"#));
    }

    #[test]
    fn in_lists_what_stands_in_front_counts() {
        let of = |name: &str, value: &str| {
            [format!(r#"["{name}","{value}"]"#), format!(r#"{{"name":"{name}","value":"{value}"}}"#)]
        };
        for style in 0..2 {
            let answer = |slots: &[(&str, &str)]| {
                let slots: Vec<String> = slots.iter().map(|(name, value)| of(name, value)[style].clone()).collect();
                format!(r#"{{"intent":"x","slots":[{}]}}"#, slots.join(","))
            };
            let prompt = "abba gold blur";
            let first = place_of("abba", prompt, &answer(&[("artist", "abba"), ("album", "gold")]));
            let second = place_of("blur", prompt, &answer(&[("album", "gold"), ("artist", "blur")]));
            let other = place_of("gold", prompt, &answer(&[("album", "gold")]));
            assert!(first == second && first != other, "{first} {second} {other}");
        }
    }

    #[test]
    fn values_are_what_could_be_copied() {
        let answer = r#"{"a":"x y","b":[1.5,true,null,"q\"x"],"":""}"#;
        let texts: Vec<_> = found("x y 1.5 q", answer).into_iter().map(|(text, _, copied)| (text, copied)).collect();
        let expected = [("x y", true), ("1.5", true), ("q\\\"x", false), ("", false)];
        assert_eq!(texts, expected.map(|(text, copied)| (text.to_owned(), copied)));
    }

    #[test]
    fn words_in_a_row_are_one_value() {
        let of = |prompt: &str, answer: &str| found(prompt, answer);
        let copied = of("play the who, please", "Playing the who.");
        assert_eq!(copied[1], ("the who".to_owned(), "Playing ".to_owned(), true));
        assert_eq!(copied[0], ("Playing".to_owned(), String::new(), false));
        assert_eq!(of("größe", "größe 3")[0], ("größe".to_owned(), String::new(), true));
        assert_eq!(of("größe", "größe 3")[1].1, "\u{0} ");
        assert!(of("", "!?").is_empty());
    }
}
