//! What answers copy from their prompts.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::overlap::overlap;
use super::values::values;
use super::{Form, Pair};

/// From so many different values on, those of a place are no closed list: as in a grammar made of pairs, they are copied.
pub const OPEN: usize = 9;

/// A pair, and what its answer copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The prompt as a model sees it.
    pub prompt: String,
    /// The answer.
    pub answer: String,
    /// What the answer has of the prompt, in the prompt's order; none over another.
    pub pieces: Vec<Piece>,
    /// Where values that the prompt has stand in the answer, in order, and the numbers of their places.
    pub values: Vec<(Range<usize>, usize)>,
}

/// A piece of a prompt that its answer has, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes in the prompt.
    pub range: Range<usize>,
    /// Number of its place.
    pub place: usize,
    /// Its bytes in the answer; `None` where it is not clear which piece of the prompt the answer means.
    pub in_answer: Option<Range<usize>>,
}

/// A place of the answers at which copies stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The values that were copied there, as often as they were.
    pub values: Vec<String>,
    /// Values that stood there and were in no prompt.
    others: usize,
}

impl Place {
    /// Whether more values are copied there than not, different ones.
    pub fn is_copied(&self) -> bool {
        self.values.len() > self.others && self.different() > 1
    }

    /// Whether what is copied there is no closed list.
    pub fn is_open(&self) -> bool {
        self.is_copied() && self.different() >= OPEN
    }

    /// Counted as far as it matters.
    fn different(&self) -> usize {
        let mut seen = BTreeSet::new();
        self.values.iter().filter(|value| seen.insert(value.as_str())).take(OPEN).count()
    }
}

/// Pairs, and what their answers copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// One a pair.
    pub examples: Vec<Example>,
    /// All places, by number.
    pub places: Vec<Place>,
    /// [`Place::is_copied`] of each: counted once, and asked for each example.
    is_copied: Vec<bool>,
    /// [`Place::is_open`] of each.
    is_open: Vec<bool>,
}

impl Copied {
    /// Of these pairs.
    pub fn of(pairs: &[&Pair], form: &Form) -> Self {
        let mut copied = Self::default();
        let mut numbers = HashMap::new();
        for pair in pairs {
            let example = copied.example(pair, form, &mut numbers);
            copied.examples.push(example);
        }
        copied.is_copied = copied.places.iter().map(Place::is_copied).collect();
        copied.is_open = copied.places.iter().map(Place::is_open).collect();
        copied
    }

    /// Whether values may be exchanged at place `number`.
    pub fn is_copied(&self, number: usize) -> bool {
        self.is_copied.get(number).is_some_and(|is_copied| *is_copied)
    }

    /// Whether what is copied at place `number` is no closed list.
    pub fn is_open(&self, number: usize) -> bool {
        self.is_open.get(number).is_some_and(|is_open| *is_open)
    }

    fn example(&mut self, pair: &Pair, form: &Form, numbers: &mut HashMap<String, usize>) -> Example {
        let prompt = String::from_utf8_lossy(&form.normalised(&pair.prompt)).into_owned();
        let (mut pieces, mut copies): (Vec<Piece>, Vec<(Range<usize>, usize)>) = (Vec::new(), Vec::new());
        for value in values(&pair.answer, |text| occurrences(&prompt, text).next().is_some()) {
            let places = &mut self.places;
            let number = *numbers.entry(value.place).or_insert_with(|| {
                places.push(Place::default());
                places.len() - 1
            });
            let Some(place) = self.places.get_mut(number) else { continue };
            if !value.is_copied {
                place.others += 1;
                continue;
            }
            let text = pair.answer.get(value.range.clone()).unwrap_or("");
            place.values.push(text.to_owned());
            copies.push((value.range.clone(), number));
            let found: Vec<Range<usize>> = occurrences(&prompt, text).collect();
            let in_answer = Some(value.range).filter(|_| found.len() == 1);
            for range in found {
                add(&mut pieces, Piece { range, place: number, in_answer: in_answer.clone() });
            }
        }
        pieces.sort_by_key(|piece| piece.range.start);
        Example { prompt, answer: pair.answer.clone(), pieces, values: copies }
    }

    /// The parts of all answers: what is copied and no closed list, and what is between.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.examples.iter().flat_map(|example| {
            let open = example.values.iter().filter(|(_, place)| self.is_open(*place));
            let ends = open.flat_map(|(range, _)| [range.start, range.end]);
            let starts = std::iter::once(0).chain(ends.clone());
            let parts = starts.zip(ends.chain([example.answer.len()]));
            parts.map(|(start, end)| example.answer.get(start..end).unwrap_or(""))
        })
    }
}

/// Where pieces lie over each other, it is not clear which of them the answer means: they become one.
fn add(pieces: &mut Vec<Piece>, mut piece: Piece) {
    pieces.retain(|other| {
        let is_over = overlap(&other.range, &piece.range);
        if is_over {
            piece.range = other.range.start.min(piece.range.start)..other.range.end.max(piece.range.end);
            piece.in_answer = None;
        }
        !is_over
    });
    pieces.push(piece);
}

/// Where `text` stands in `prompt`, in whole words.
fn occurrences<'t>(prompt: &'t str, text: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    prompt.match_indices(text).map(|(at, found)| at..at + found.len()).filter(move |range| {
        let (before, after) = (prompt.get(..range.start), prompt.get(range.end..));
        let is_word = |found: Option<char>| found.is_some_and(char::is_alphanumeric);
        let goes_on = |inner: Option<char>, outer: Option<char>| is_word(inner) && is_word(outer);
        !text.is_empty()
            && !goes_on(text.chars().next(), before.and_then(|before| before.chars().next_back()))
            && !goes_on(text.chars().next_back(), after.and_then(|after| after.chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(prompt: &str, answer: &str) -> Pair {
        Pair { prompt: prompt.to_owned(), answer: answer.to_owned(), line: 1 }
    }

    fn copied(pairs: &[Pair]) -> Copied {
        Copied::of(&pairs.iter().collect::<Vec<_>>(), &Form::of(pairs))
    }

    fn texts(example: &Example) -> Vec<(&str, bool)> {
        let text = |piece: &Piece| (&example.prompt[piece.range.clone()], piece.in_answer.is_some());
        example.pieces.iter().map(text).collect()
    }

    #[test]
    fn copies_are_found_in_the_prompt_that_a_model_sees() {
        let all = copied(&[pair("Play ABBA, from  1976!", r#"{"year":1976,"artist":"abba"}"#)]);
        assert_eq!(texts(&all.examples[0]), [("abba", true), ("1976", true)]);
        assert!(!all.is_open.contains(&true));
    }

    #[test]
    fn what_is_not_clear_is_known_and_not_taken_for_a_copy() {
        // Twice in the prompt, over another value, and in the middle of a word.
        for (prompt, expected) in [
            ("on the lamp on", vec![("on", false), ("on", false)]),
            ("one lamp", vec![]),
            ("on-line", vec![("on", true)]),
        ] {
            assert_eq!(texts(&copied(&[pair(prompt, r#"{"a":"on"}"#)]).examples[0]), expected, "{prompt}");
        }
        let all = copied(&[pair("play new york songs", r#"{"a":"new york","b":"york songs"}"#)]);
        assert_eq!(texts(&all.examples[0]), [("new york songs", false)]);
    }

    #[test]
    fn answers_have_parts_where_they_are_open() {
        let pair = |n: usize| {
            let lamp = ["hall", "attic"][n % 2];
            pair(&format!("{lamp} song{n}"), &format!(r#"{{"lamp":"{lamp}","play":"song{n}"}}"#))
        };
        let of = |count: usize| copied(&(0..count).map(pair).collect::<Vec<_>>());
        assert_eq!(of(OPEN).parts().take(3).collect::<Vec<_>>(), [r#"{"lamp":"hall","play":""#, "song0", r#""}"#]);
        assert_eq!(of(2).parts().next(), Some(r#"{"lamp":"hall","play":"song0"}"#));
    }

    #[test]
    fn places_are_copied_open_or_neither() {
        let of = |count: usize, more: &[Pair]| {
            let pair = |n| pair(&format!("play song{n}"), &format!(r#"{{"on":{},"play":"song{n}"}}"#, n % 2 + 1));
            copied(&(0..count).map(pair).chain(more.iter().cloned()).collect::<Vec<_>>())
        };
        assert_eq!((of(OPEN, &[]).is_copied, of(OPEN, &[]).is_open), (vec![false, true], vec![false, true]));
        assert_eq!((of(2, &[]).is_copied, of(2, &[]).is_open), (vec![false, true], vec![false, false]));
        assert_eq!(of(1, &[]).is_copied, [false, false]);
        let more = vec![pair("hush", r#"{"on":1,"play":"silence"}"#); OPEN];
        assert_eq!(of(OPEN, &more).is_copied, [false, false]);
    }
}
