//! What the default model's signals are measured on: held-out phrasings with their answers, and prompts that it cannot
//! know.

use anyhow::Result;
use atome_train::calibration::{Sequence, Texts};

use crate::conversation::prompt;
use crate::knowledge::Knowledge;
use crate::phrasing::{phrasings, Part};
use crate::records::{questions, record, Record};

/// Bytes in front of a question and behind it, which are always the same.
const FRAME: (usize, usize) = (b"Q: ".len(), b"\nA: ".len());

/// The texts. The frame around a question does not count: there is nothing to predict about it.
///
/// # Errors
/// The word lists are wrong.
pub fn texts() -> Result<Texts> {
    let knowledge = Knowledge::built_in()?;
    let all = phrasings(&knowledge);
    let asked = |part| questions(&knowledge, &all, part, false, 1);
    let alone = |records: &[Record]| records.iter().map(|record| question(&record.question)).collect();
    let held_out = asked(Part::HeldOut);
    let elsewhere = knowledge.elsewhere.iter().map(|text| question(text)).collect();
    Ok(Texts {
        inside: held_out.iter().map(answered).collect(),
        inside_domain: Some(alone(&held_out)),
        outside: vec![
            ("prompts of other domains".to_owned(), elsewhere),
            ("new wordings".to_owned(), alone(&asked(Part::NewWording))),
        ],
    })
}

fn question(text: &str) -> Sequence {
    let bytes = prompt(text);
    let counted = std::iter::once(FRAME.0..bytes.len() - FRAME.1).collect();
    Sequence { bytes, counted }
}

fn answered(asked: &Record) -> Sequence {
    let Sequence { bytes: before, mut counted } = question(&asked.question);
    let bytes = record(asked);
    counted.push(before.len()..bytes.len());
    Sequence { bytes, counted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_answers_count_and_their_frame_does_not() {
        let asked = Record { question: "Eco on?".to_owned(), answer: "Yes".to_owned() };
        let Sequence { bytes, counted } = answered(&asked);
        let parts: Vec<&[u8]> = counted.into_iter().map(|range| &bytes[range]).collect();
        assert_eq!(parts, [b"eco on".as_slice(), b"Yes\n"]);
        let texts = texts().unwrap();
        assert_eq!(texts.inside_domain.unwrap().len(), texts.inside.len());
        assert!(texts.inside.len() > 500 && texts.outside.iter().all(|(_, texts)| texts.len() >= 100));
    }
}
