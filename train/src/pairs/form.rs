//! How a pair is written for a model.

use anyhow::{ensure, Context, Result};
use atome_engine::dialogue::{Dialogue, Limits, Normalise};
use serde::{Deserialize, Serialize};

use super::{Changes, Pair};
use crate::corpus::Token;
use crate::vocabulary::OwnedVocabulary;

/// In front of a prompt.
const BEFORE: &[u8] = b"Q: ";
/// Behind it; the answer follows.
const AFTER: &[u8] = b"\nA: ";
/// Ends an answer, and fills a record up.
pub(super) const END: u8 = b'\n';

/// What a recipe says of its pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairsRecipe {
    /// What is done to a prompt, in training and on the device: names as in [`Normalise::from_names`].
    pub normalise: String,
    /// The share of the prompts that are held out, from 0 to 1.
    pub held_out: f64,
    /// The share of the records whose prompt has a typing slip, from 0 to 1.
    pub slips: f64,
    /// The share of the records in which values that the answer copies are exchanged for others, from 0 to 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub swaps: f64,
    /// The share of the records whose prompt has lost a word, from 0 to 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub drops: f64,
    /// Bytes of the longest answer.
    pub longest_answer: usize,
    /// Whether the model keeps to a grammar that is made of the pairs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grammar: bool,
    /// Whether the answers are symbols of classes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub classes: bool,
}

fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

impl PairsRecipe {
    /// Whether a training can follow it.
    ///
    /// # Errors
    /// Names the value and what was expected.
    pub fn check(&self) -> Result<()> {
        self.form()?;
        ensure!((0.0..=1.0).contains(&self.held_out), "pairs: held_out is {:?}, expected 0 to 1", self.held_out);
        self.changes().check()
    }

    /// How its examples differ from its pairs.
    pub const fn changes(&self) -> Changes {
        Changes { slips: self.slips, swaps: self.swaps, drops: self.drops }
    }

    /// How its pairs are written.
    ///
    /// # Errors
    /// It names a step of normalisation that is not known.
    pub fn form(&self) -> Result<Form> {
        let normalise = Normalise::from_names(&self.normalise).with_context(|| {
            format!("normalise is {:?}, expected names out of blanks, lower, end-marks and ascii", self.normalise)
        })?;
        Ok(Form { normalise, longest_answer: self.longest_answer })
    }
}

/// How a pair is written: `Q: prompt`, and on the next line `A: answer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// What is done to a prompt.
    pub normalise: Normalise,
    /// Bytes of the longest answer.
    pub longest_answer: usize,
}

impl Form {
    /// What suits the pairs: all of the normalisation where they are ASCII, all but that to ASCII where they are not.
    pub fn of(pairs: &[Pair]) -> Self {
        let is_ascii = pairs.iter().all(|pair| pair.prompt.is_ascii() && pair.answer.is_ascii());
        let but_ascii = Normalise::BLANKS | Normalise::LOWER | Normalise::END_MARKS;
        Self {
            normalise: if is_ascii { Normalise::ALL } else { but_ascii },
            longest_answer: pairs.iter().map(|pair| pair.answer.len()).max().unwrap_or(0),
        }
    }

    /// How a model is asked that learnt from such pairs.
    pub const fn dialogue(&self, limits: Limits) -> Dialogue<'static> {
        Dialogue {
            before: BEFORE,
            after: AFTER,
            normalise: self.normalise,
            stop: Some(END as usize),
            longest_answer: self.longest_answer,
            limits,
            encoder: None,
        }
    }

    /// The prompt as a model reads it, alone.
    pub fn normalised(&self, prompt: &str) -> Vec<u8> {
        self.normalise.apply(prompt.as_bytes()).collect()
    }

    /// [`Form::record`] in the tokens of a vocabulary, encoded as a device encodes the prompt.
    pub fn tokens(&self, vocabulary: &OwnedVocabulary, prompt: &str, answer: &str) -> Vec<Token> {
        let dialogue = Dialogue { encoder: Some(vocabulary.encoder()), ..self.dialogue(Limits::NONE) };
        let prompt = dialogue.prompt(prompt.as_bytes());
        prompt
            .chain(dialogue.tokens_of(answer.as_bytes()))
            .chain([usize::from(END)])
            .map(|token| token as Token)
            .collect()
    }

    /// A record: the prompt in its frame, the answer, and what ends it.
    pub fn record(&self, prompt: &str, answer: &str) -> Vec<u8> {
        [BEFORE, &self.normalised(prompt), AFTER, answer.as_bytes(), &[END]].concat()
    }
}

/// Whether a model of these pairs meets tokens below 128 alone.
pub fn is_ascii(pairs: &[Pair], form: &Form) -> bool {
    pairs.iter().all(|pair| form.normalised(&pair.prompt).is_ascii() && pair.answer.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(prompt: &str, answer: &str) -> Pair {
        Pair { prompt: prompt.to_owned(), answer: answer.to_owned(), line: 1 }
    }

    #[test]
    fn a_record_is_a_normalised_prompt_and_an_answer_to_the_byte() {
        let form = Form::of(&[pair("Eco on?", "Yes"), pair("b", "  X! ")]);
        assert_eq!(form, Form { normalise: Normalise::ALL, longest_answer: 5 });
        assert_eq!(form.record(" Eco\ton ?", "Yes. "), b"Q: eco on\nA: Yes. \n");
    }

    #[test]
    fn other_languages_keep_their_letters() {
        let form = Form::of(&[pair("Öffne die Tür!", "ok")]);
        assert!(!form.normalise.has(Normalise::ASCII));
        assert_eq!(form.record("Öffne die Tür!", "ok"), "Q: Öffne die tür\nA: ok\n".as_bytes());
    }

    #[test]
    fn recipes_that_cannot_be_followed_are_named() {
        let normalise = "blanks lower".to_owned();
        let good = PairsRecipe {
            normalise,
            held_out: 0.1,
            slips: 0.1,
            swaps: 0.1,
            drops: 0.1,
            longest_answer: 9,
            grammar: false,
            classes: false,
        };
        good.check().unwrap();
        for (name, recipe) in [
            ("normalise", PairsRecipe { normalise: "upper".to_owned(), ..good.clone() }),
            ("held_out", PairsRecipe { held_out: f64::NAN, ..good.clone() }),
            ("slips", PairsRecipe { slips: 1.5, ..good.clone() }),
            ("swaps", PairsRecipe { swaps: -0.5, ..good.clone() }),
            ("drops", PairsRecipe { drops: f64::INFINITY, ..good.clone() }),
        ] {
            assert!(format!("{:#}", recipe.check().unwrap_err()).contains(name));
        }
    }
}
