//! How a model is asked, as its files say: the sidecar's object `dialogue`, and the notes of a container.

use anyhow::{bail, Context, Result};
use atome_engine::dialogue::{Dialogue, Limits, KEY_PREFIX};
use serde_json::{Map, Value};

use crate::checkpoint::{keys, Checkpoint};
use crate::recipe::Recipe;
use crate::vocabulary::OwnedVocabulary;

/// Keys whose values are numbers in JSON.
const NUMBERS: [&str; 4] = ["stop", "longest_answer", "most_question_nats", "least_probability"];

/// What people read who ask for help.
const ABOUT: &str = "about";

/// A dialogue with what it is made of. All values are right ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedDialogue {
    /// Keys without [`KEY_PREFIX`], and their values.
    texts: Vec<(String, String)>,
    /// What tokens stand for, where they are no bytes.
    vocabulary: Option<OwnedVocabulary>,
}

impl OwnedDialogue {
    /// From the texts.
    ///
    /// # Errors
    /// Names the key whose value is wrong.
    fn new(texts: Vec<(String, String)>) -> Result<Self> {
        let mut dialogue = Dialogue::NONE;
        for (key, value) in &texts {
            if let Err(error) = dialogue.set(key, value) {
                bail!("{error}");
            }
        }
        Ok(Self { texts, vocabulary: None })
    }

    /// From what the engine knows, and a text for people, which may be empty.
    ///
    /// # Errors
    /// A text of it is not UTF-8.
    pub fn of(dialogue: &Dialogue<'_>, about: &str) -> Result<Self> {
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).context("a dialogue's text");
        let mut texts = Vec::new();
        if !about.is_empty() {
            texts.push((ABOUT, about.to_owned()));
        }
        texts.extend([
            ("before", text(dialogue.before)?),
            ("after", text(dialogue.after)?),
            ("normalise", dialogue.normalise.to_string()),
        ]);
        texts.extend(dialogue.stop.map(|stop| ("stop", stop.to_string())));
        texts.push(("longest_answer", dialogue.longest_answer.to_string()));
        if dialogue.limits != Limits::NONE {
            texts.push(("most_question_nats", decimal(dialogue.limits.most_question_nats.into())));
            texts.push(("least_probability", decimal(dialogue.limits.least_probability.into())));
        }
        Self::new(texts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// In the tokens of a vocabulary, or in bytes.
    pub fn in_tokens_of(self, vocabulary: Option<OwnedVocabulary>) -> Self {
        Self { vocabulary, ..self }
    }

    /// What tokens stand for; `None` where they are bytes.
    pub const fn vocabulary(&self) -> Option<&OwnedVocabulary> {
        self.vocabulary.as_ref()
    }

    /// From the sidecar's object.
    ///
    /// # Errors
    /// Names the key whose value is wrong.
    pub fn from_json(value: &Value) -> Result<Self> {
        let Value::Object(object) = value else {
            bail!("expected an object, such as {{\"before\": \"Q: \", \"after\": \"\\nA: \", \"stop\": 10}}");
        };
        let mut texts = Vec::new();
        for (key, value) in object {
            let text = match value {
                Value::String(text) if !NUMBERS.contains(&key.as_str()) => text.clone(),
                Value::Number(number) if NUMBERS.contains(&key.as_str()) => match number.as_u64() {
                    Some(whole) => whole.to_string(),
                    None => decimal(number.as_f64().unwrap_or(f64::NAN)),
                },
                _ if NUMBERS.contains(&key.as_str()) => bail!("{key} is {value}, expected a number"),
                _ => bail!("{key} is {value}, expected a text"),
            };
            texts.push((key.clone(), text));
        }
        Self::new(texts)
    }

    /// For the sidecar.
    pub fn json(&self) -> Value {
        let member = |(key, text): &(String, String)| {
            let number = || serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()));
            let value = if NUMBERS.contains(&key.as_str()) { number() } else { Value::String(text.clone()) };
            (key.clone(), value)
        };
        Value::Object(self.texts.iter().map(member).collect::<Map<String, Value>>())
    }

    /// How a model is asked that learnt from pairs; `None` for others. Limits are known when its training was finished.
    ///
    /// # Errors
    /// What the checkpoint says of it is wrong.
    pub fn from_checkpoint(checkpoint: &Checkpoint) -> Result<Option<Self>> {
        let vocabulary = OwnedVocabulary::from_checkpoint(checkpoint)?;
        if let Some(text) = checkpoint.metadata.get(keys::DIALOGUE) {
            let value = serde_json::from_str(text).context("metadata: dialogue")?;
            let found = Self::from_json(&value).context("metadata: dialogue")?;
            return Ok(Some(found.in_tokens_of(vocabulary)));
        }
        // Recipes of others are no JSON, or another one.
        let recipe = checkpoint.metadata.get(keys::RECIPE).and_then(|text| serde_json::from_str::<Recipe>(text).ok());
        let Some(pairs) = recipe.and_then(|recipe| recipe.pairs) else { return Ok(None) };
        let form = pairs.form().context("metadata: recipe: pairs")?;
        Ok(Some(Self::of(&form.dialogue(Limits::NONE), "")?.in_tokens_of(vocabulary)))
    }

    /// From the notes of a container; `None` where they tell of no dialogue.
    ///
    /// # Errors
    /// Names the key whose value is wrong.
    pub fn from_notes(notes: &[(String, String)]) -> Result<Option<Self>> {
        let of_dialogue =
            |(key, value): &(String, String)| Some((key.strip_prefix(KEY_PREFIX)?.to_owned(), value.clone()));
        let texts: Vec<_> = notes.iter().filter_map(of_dialogue).collect();
        if texts.is_empty() {
            return Ok(None);
        }
        Self::new(texts).map(Some)
    }

    /// For a container.
    pub fn notes(&self) -> Vec<(String, String)> {
        self.texts.iter().map(|(key, value)| (format!("{KEY_PREFIX}{key}"), value.clone())).collect()
    }

    /// As the engine takes it.
    pub fn view(&self) -> Dialogue<'_> {
        let encoder = self.vocabulary.as_ref().map(OwnedVocabulary::encoder);
        let mut dialogue = Dialogue { encoder, ..Dialogue::NONE };
        for (key, value) in &self.texts {
            // It was set without an error before.
            let _ = dialogue.set(key, value);
        }
        dialogue
    }

    /// What people read who ask for help.
    pub fn about(&self) -> Option<&str> {
        self.texts.iter().find(|(key, _)| key == ABOUT).map(|(_, text)| text.as_str())
    }
}

/// At most seven digits, as the engine reads: every file then says the same number.
fn decimal(value: f64) -> String {
    let whole_digits = format!("{:.0}", value.abs().floor()).len();
    let text = format!("{value:.*}", 7_usize.saturating_sub(whole_digits));
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atome_engine::dialogue::Normalise;
    use serde_json::json;

    const ABOUT: &str = "The help of a thermostat.";
    const DIALOGUE: Dialogue<'static> = Dialogue {
        before: b"Q: ",
        after: b"\nA: ",
        normalise: Normalise::ALL,
        stop: Some(10),
        longest_answer: 64,
        limits: Limits::NONE,
        encoder: None,
    };

    #[test]
    fn json_and_notes_hold_the_same() {
        let limits = Limits { most_question_nats: 1.682, least_probability: 0.7104 };
        let dialogue = Dialogue { limits, ..DIALOGUE };
        let owned = OwnedDialogue::of(&dialogue, ABOUT).unwrap();
        assert_eq!(owned.view(), dialogue);
        assert_eq!(owned.about(), Some(ABOUT));
        assert_eq!(OwnedDialogue::from_json(&owned.json()).unwrap(), owned);
        assert_eq!(OwnedDialogue::from_notes(&owned.notes()).unwrap(), Some(owned.clone()));
        assert_eq!((&owned.json()["stop"], &owned.json()["most_question_nats"]), (&json!(10), &json!(1.682)));
        assert_eq!(OwnedDialogue::from_notes(&[("name".to_owned(), "x".to_owned())]).unwrap(), None);
    }

    #[test]
    fn numbers_are_rounded_to_what_every_file_can_hold() {
        let found = OwnedDialogue::from_json(&json!({ "most_question_nats": 1.6819904369064145 })).unwrap();
        assert_eq!(found.json(), json!({ "most_question_nats": 1.68199 }));
        for (value, text) in [(0.1, "0.1"), (12.0, "12"), (123.456_789, "123.4568"), (0.0, "0"), (1e6, "1000000")] {
            assert_eq!(decimal(value), text);
        }
    }

    #[test]
    fn wrong_values_are_named_by_key() {
        for (value, expected) in [
            (json!([1]), "object"),
            (json!({ "before": 1 }), "before is 1, expected a text"),
            (json!({ "stop": "\n" }), "stop is \"\\n\", expected a number"),
            (json!({ "stop": 70_000 }), "stop is \"70000\", expected a whole number"),
            (json!({ "normalise": "upper" }), "normalise is \"upper\", expected names out of"),
            (json!({ "least_probability": -0.5 }), "least_probability is \"-0.5\""),
        ] {
            let message = OwnedDialogue::from_json(&value).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
