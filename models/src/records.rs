//! Questions with their answers, drawn by seed.

use atome_train::pairs::slip;
use atome_train::rng::{Rng, Stream};

use crate::conversation::{prompt, END};
use crate::knowledge::Knowledge;
use crate::noise::{fill, pick, style, Slots};
use crate::phrasing::{Part, Phrasing};

/// A question and the one right answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// As somebody typed it.
    pub question: String,
    /// As it must be answered, to the byte.
    pub answer: String,
}

/// A record as the corpus has it.
pub fn record(record: &Record) -> Vec<u8> {
    let mut bytes = prompt(&record.question);
    bytes.extend(record.answer.bytes());
    bytes.push(END);
    bytes
}

/// Draws of the corpus, and of the questions that judge.
const DRAWS: u64 = 0x636f_7270_7573;

/// One training record in this many has a slip.
const SLIPS: usize = 10;

/// A text of `count` chunks of `chunk` bytes. Each begins with a question, ends with its answer and is filled up with
/// line feeds: in use, too, every question begins from cold.
///
/// Entries are drawn in proportion to the square root of the number of their phrasings, those with slots three times as
/// often: they have more to teach than one answer.
pub fn corpus(knowledge: &Knowledge, phrasings: &[Phrasing], seed: u64, count: usize, chunk: usize) -> Vec<u8> {
    let of_entry = |entry: usize| -> Vec<&Phrasing> {
        phrasings.iter().filter(|phrasing| phrasing.entry == entry && phrasing.part == Part::Train).collect()
    };
    let groups: Vec<Vec<&Phrasing>> = (0..knowledge.entries.len()).map(of_entry).collect();
    let mut tickets = Vec::new();
    for (entry, group) in groups.iter().enumerate() {
        let weight = if has_slot(group) { 3 } else { 1 };
        tickets.extend(std::iter::repeat_n(entry, weight * group.len().isqrt()));
    }
    let mut text = Vec::with_capacity(count * chunk);
    let mut rng = Rng::new(seed ^ DRAWS, Stream::Batch, 0);
    while text.len() < count * chunk {
        let phrasing = pick(&groups[*pick(&tickets, &mut rng)], &mut rng);
        let with_slip = rng.below(SLIPS) == 0;
        let record = record(&draw(knowledge, phrasing, with_slip, &mut rng));
        if record.len() <= chunk {
            let end = text.len() + chunk;
            text.extend(record);
            text.resize(end, b'\n');
        }
    }
    text
}

/// `rounds` records for every phrasing of `part`.
pub fn questions(
    knowledge: &Knowledge,
    phrasings: &[Phrasing],
    part: Part,
    with_slip: bool,
    rounds: u64,
) -> Vec<Record> {
    let mut rng = Rng::new(DRAWS, Stream::Batch, 1 + part as u64 * 2 + u64::from(with_slip));
    let chosen: Vec<&Phrasing> = phrasings.iter().filter(|phrasing| phrasing.part == part).collect();
    let round = |_| chosen.iter().map(|phrasing| draw(knowledge, phrasing, with_slip, &mut rng)).collect::<Vec<_>>();
    (0..rounds).flat_map(round).collect()
}

fn has_slot(group: &[&Phrasing]) -> bool {
    group.iter().any(|phrasing| phrasing.text.contains('{'))
}

fn draw(knowledge: &Knowledge, phrasing: &Phrasing, with_slip: bool, rng: &mut Rng) -> Record {
    let mut slots = Slots::new();
    let plain = fill(&phrasing.text, &mut slots, rng);
    let answer = fill(&knowledge.entries[phrasing.entry].answer, &mut slots, rng);
    let typed = style(&plain, rng);
    let question = if with_slip { slip(&typed, rng) } else { typed };
    Record { question, answer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrasing::phrasings;

    #[test]
    fn a_record_begins_with_its_prompt() {
        let example = Record { question: "Eco on?".to_owned(), answer: "Yes".to_owned() };
        assert_eq!(record(&example), b"Q: eco on\nA: Yes\n");
    }

    #[test]
    fn a_seed_gives_one_corpus_of_whole_records() {
        let knowledge = Knowledge::built_in().unwrap();
        let all = phrasings(&knowledge);
        let text = corpus(&knowledge, &all, 1, 500, 96);
        assert_eq!(text, corpus(&knowledge, &all, 1, 500, 96));
        assert_ne!(text, corpus(&knowledge, &all, 2, 500, 96));
        for chunk in text.chunks(96) {
            assert!(chunk.starts_with(b"Q: ") && chunk.ends_with(b"\n") && chunk.is_ascii());
            assert!(chunk.windows(4).any(|bytes| bytes == b"\nA: "), "{}", chunk.escape_ascii());
        }
    }

    #[test]
    fn what_is_held_out_is_not_in_the_corpus() {
        let knowledge = Knowledge::built_in().unwrap();
        let all = phrasings(&knowledge);
        let text = String::from_utf8(corpus(&knowledge, &all, 1, 20_000, 96)).unwrap();
        let asked: std::collections::HashSet<String> = text
            .split("Q: ")
            .filter_map(|record| Some(record.split_once('\n')?.0.to_lowercase()))
            .map(|question| question.trim_end_matches(['?', '.', '!']).to_owned())
            .collect();
        let is_asked = |part| {
            let held: Vec<&Phrasing> =
                all.iter().filter(|phrasing| phrasing.part == part && !phrasing.text.contains('{')).collect();
            held.iter().filter(|phrasing| asked.contains(&phrasing.text)).count()
        };
        assert!(is_asked(Part::Train) > 1000);
        // A slip can turn one phrasing into another; that is rare.
        assert!(is_asked(Part::HeldOut) <= 2 && is_asked(Part::NewWording) == 0);
    }
}
