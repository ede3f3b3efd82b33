//! How people type: slots filled in, capitals, marks at the end.

use std::collections::BTreeMap;

use atome_train::rng::Rng;

/// A draw from `items`, which are not empty.
pub fn pick<'a, T>(items: &'a [T], rng: &mut Rng) -> &'a T {
    &items[rng.below(items.len())]
}

/// Values for the slots of a text: by name.
pub type Slots = BTreeMap<String, String>;

/// `text` with its slots `{name:from-to}` or `{name:a|b}` filled in. A name that has a value keeps it.
pub fn fill(text: &str, slots: &mut Slots, rng: &mut Rng) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, slot, after)) = next_slot(rest) {
        let (name, values) = slot;
        filled.push_str(before);
        filled.push_str(slots.entry(name.to_owned()).or_insert_with(|| value(values, rng)));
        rest = after;
    }
    filled + rest
}

/// The text before the first slot, its name and values, and the text behind it. A brace of JSON is no slot: the name
/// of a slot is one letter.
fn next_slot(text: &str) -> Option<(&str, (&str, &str), &str)> {
    for (start, _) in text.match_indices('{') {
        let Some((inside, after)) = text[start + 1..].split_once('}') else { continue };
        if let Some((name, values)) = inside.split_once(':').filter(|(name, _)| name.len() == 1) {
            return Some((&text[..start], (name, values), after));
        }
    }
    None
}

fn value(values: &str, rng: &mut Rng) -> String {
    let range = values.split_once('-').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    match range {
        Some((from, to)) => {
            let (from, to): (usize, usize) = (from, to);
            (from + rng.below(to + 1 - from)).to_string()
        }
        None => (*pick(&values.split('|').collect::<Vec<_>>(), rng)).to_owned(),
    }
}

/// Capitals and the mark at the end, as people set them or not.
pub fn style(text: &str, rng: &mut Rng) -> String {
    let mut styled = match rng.below(20) {
        0 => text.to_uppercase(),
        1..=6 => text[..1].to_uppercase() + &text[1..],
        _ => text.to_owned(),
    };
    match rng.below(20) {
        0..=7 if is_question(text) => styled.push('?'),
        8 => styled.push('.'),
        9 => styled.push('!'),
        _ => {}
    }
    styled
}

fn is_question(text: &str) -> bool {
    let words = ["how", "what", "why", "when", "where", "which", "who", "is", "can", "could", "does", "will", "are"];
    words.contains(&text.split([' ', '\'']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use atome_train::rng::Stream;

    #[test]
    fn slots_have_one_value_in_question_and_answer() {
        let mut rng = Rng::new(0, Stream::Batch, 0);
        for _ in 0..100 {
            let mut slots = Slots::new();
            let question = fill("fan {f:low|high} at {n:5-30}", &mut slots, &mut rng);
            let answer = fill(r#"{"fan":"{f:low|high}","to":{n:5-30}}"#, &mut slots, &mut rng);
            let number: u32 = slots["n"].parse().unwrap();
            assert!((5..=30).contains(&number));
            assert_eq!(question, format!("fan {} at {number}", slots["f"]));
            assert_eq!(answer, format!(r#"{{"fan":"{}","to":{number}}}"#, slots["f"]));
        }
    }
}
