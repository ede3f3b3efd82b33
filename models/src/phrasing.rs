//! Phrasings: what a line of the word lists expands to, and which of them are never trained on.

use crate::knowledge::{Kind, Knowledge};

/// Which phrasings a model learns from, and which only judge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Learnt from.
    Train,
    /// Held out from training: this frame with this wording, slots apart. Each of the two occurs elsewhere.
    HeldOut,
    /// Held out from training in every frame: the wording (a line with `!`) occurs nowhere else.
    NewWording,
}

/// One way to ask for an entry. Slots are still open, as in `set it to {n:5-30}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrasing {
    /// Which entry it asks for.
    pub entry: usize,
    /// The words.
    pub text: String,
    /// What it is for.
    pub part: Part,
}

/// Phrasings out of this many are held out.
const ONE_IN: u64 = 10;

/// Every phrasing once, in the order of the word lists.
pub fn phrasings(knowledge: &Knowledge) -> Vec<Phrasing> {
    let mut all: Vec<Phrasing> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (entry, content) in knowledge.entries.iter().enumerate() {
        for wording in &content.wordings {
            for core in choices(&wording.text) {
                for text in frames(knowledge, wording.kind).map(|frame| frame.replacen('*', &core, 1)) {
                    let part = match wording.is_new {
                        true => Part::NewWording,
                        false if fnv1a(&text).is_multiple_of(ONE_IN) => Part::HeldOut,
                        false => Part::Train,
                    };
                    if seen.insert(text.clone()) {
                        all.push(Phrasing { entry, text, part });
                    }
                }
            }
        }
    }
    all
}

fn frames(knowledge: &Knowledge, kind: Kind) -> impl Iterator<Item = &str> {
    knowledge.frames.iter().filter(move |frame| frame.0 == kind).map(|frame| frame.1.as_str())
}

/// Decides what is held out by the words alone: neither the seed nor the order of the lists moves a phrasing from one
/// part to the other (FNV-1a, 64 bits, its upper half).
fn fnv1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
        >> 32
}

/// All texts that the choices `[a|b]` of `text` make.
fn choices(text: &str) -> Vec<String> {
    let Some((before, rest)) = text.split_once('[') else {
        return vec![text.to_owned()];
    };
    let Some((options, after)) = rest.split_once(']') else {
        return vec![text.to_owned()];
    };
    let ends = choices(after);
    let with = |option: &str| ends.iter().map(|end| format!("{before}{option}{end}")).collect::<Vec<_>>();
    options.split('|').flat_map(with).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_multiply() {
        assert_eq!(choices("a[b|c]d[e|f]"), ["abde", "abdf", "acde", "acdf"]);
        assert_eq!(choices("{m:x|y} [a|b]"), ["{m:x|y} a", "{m:x|y} b"]);
    }

    #[test]
    fn each_phrasing_belongs_to_one_part_and_every_entry_has_all_parts() {
        let knowledge = Knowledge::built_in().unwrap();
        let all = phrasings(&knowledge);
        for (index, entry) in knowledge.entries.iter().enumerate() {
            for part in [Part::Train, Part::NewWording] {
                let found = all.iter().any(|phrasing| phrasing.entry == index && phrasing.part == part);
                assert!(found, "{}: {part:?}", entry.answer);
            }
        }
        let held_out = all.iter().filter(|phrasing| phrasing.part == Part::HeldOut).count();
        assert!(held_out * 20 > all.len() && held_out * 7 < all.len(), "{held_out} of {}", all.len());
        let mut texts: Vec<&str> = all.iter().map(|phrasing| phrasing.text.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all.len());
    }
}
