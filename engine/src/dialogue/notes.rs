//! A dialogue as keys and values: in the notes of a container, and in files of other kinds.

use core::fmt;

use super::{Dialogue, Normalise};

/// What the keys of a dialogue begin with in the notes of a container.
pub const KEY_PREFIX: &str = "dialogue.";

/// A value that is none for its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialogueError<'d> {
    /// The key, without [`KEY_PREFIX`].
    pub key: &'d str,
    /// The value.
    pub value: &'d str,
    /// What belongs there.
    pub expected: &'static str,
}

impl fmt::Display for DialogueError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {:?}, expected {}", self.key, self.value, self.expected)
    }
}

impl core::error::Error for DialogueError<'_> {}

const WHOLE: &str = "a whole number from 0 to 65535";
const DECIMAL: &str = "a decimal number of at most seven digits, such as 1.25";
const NAMES: &str = "names out of blanks, lower, end-marks and ascii, with blanks between them";

impl<'d> Dialogue<'d> {
    /// The dialogue among the notes of a container; `None` where no key begins with [`KEY_PREFIX`]. What is not said is as
    /// in [`Dialogue::NONE`], and keys that are not known are ignored.
    ///
    /// # Errors
    /// [`DialogueError`] names the key, its value and what was expected.
    pub fn from_notes(notes: impl IntoIterator<Item = (&'d str, &'d str)>) -> Result<Option<Self>, DialogueError<'d>> {
        let (mut dialogue, mut is_there) = (Self::NONE, false);
        for (key, value) in notes {
            if let Some(key) = key.strip_prefix(KEY_PREFIX) {
                dialogue.set(key, value)?;
                is_there = true;
            }
        }
        Ok(is_there.then_some(dialogue))
    }

    /// Sets the member that `key`, without [`KEY_PREFIX`], names; others stay, and so do all where it names none.
    ///
    /// # Errors
    /// As [`Dialogue::from_notes`].
    pub fn set(&mut self, key: &'d str, value: &'d str) -> Result<(), DialogueError<'d>> {
        let or = |expected| DialogueError { key, value, expected };
        match key {
            "before" => self.before = value.as_bytes(),
            "after" => self.after = value.as_bytes(),
            "normalise" => self.normalise = Normalise::from_names(value).ok_or(or(NAMES))?,
            "stop" => self.stop = Some(whole(value).ok_or(or(WHOLE))?),
            "longest_answer" => self.longest_answer = whole(value).ok_or(or(WHOLE))?,
            "most_question_nats" => self.limits.most_question_nats = decimal(value).ok_or(or(DECIMAL))?,
            "least_probability" => self.limits.least_probability = decimal(value).ok_or(or(DECIMAL))?,
            _ => {}
        }
        Ok(())
    }
}

/// A number from 0 to 65,535 in decimal digits.
fn whole(text: &str) -> Option<usize> {
    let (digits, places) = digits(text)?;
    (places == 0 && digits <= 65_535).then_some(digits as usize)
}

/// A number in decimal digits, with a point or without, of at most seven digits: the nearest float. (Its digits and the
/// power of ten are floats themselves, so their quotient is rounded once.)
fn decimal(text: &str) -> Option<f32> {
    let (digits, places) = digits(text)?;
    let power = [1.0, 10.0, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7].get(places)?;
    Some(digits as f32 / power)
}

/// The digits of a text as a number, and how many stand behind its point. `None` for anything but one to seven digits with
/// at most a point among them.
fn digits(text: &str) -> Option<(u32, usize)> {
    let (mut number, mut count, mut places) = (0, 0, None);
    for byte in text.bytes() {
        match (byte, places) {
            (b'0'..=b'9', _) if count < 7 => {
                number = 10 * number + u32::from(byte - b'0');
                count += 1;
                places = places.map(|places| places + 1);
            }
            (b'.', None) if count > 0 => places = Some(0),
            _ => return None,
        }
    }
    (count > 0).then_some((number, places.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::{decimal, digits, whole, Dialogue, DialogueError, Normalise, WHOLE};
    use crate::dialogue::Limits;

    #[test]
    fn decimal_numbers_are_the_nearest_floats() {
        for text in ["0", "1.682", "0.7104", "0.1", "9999999", "0.000001", "3.", "16777.21", "1.234567"] {
            assert_eq!(decimal(text), text.parse().ok(), "{text}");
        }
        for text in ["", ".", ".5", "-1", "1e3", "12345678", "1.2.3", " 1", "nan", "0x1"] {
            assert_eq!((decimal(text), digits(text)), (None, None), "{text}");
        }
        assert_eq!((whole("65535"), whole("65536"), whole("10."), whole("1.5")), (Some(65_535), None, Some(10), None));
    }

    #[test]
    fn notes_name_what_they_set_and_the_rest_is_nothing() {
        let notes = [
            ("name", "kitchen"),
            ("dialogue.before", "Q: "),
            ("dialogue.after", "\nA: "),
            ("dialogue.normalise", "lower blanks"),
            ("dialogue.stop", "10"),
            ("dialogue.longest_answer", "64"),
            ("dialogue.most_question_nats", "1.682"),
            ("dialogue.colour", "blue"),
        ];
        let dialogue = Dialogue::from_notes(notes).unwrap().unwrap();
        let expected = Dialogue {
            before: b"Q: ",
            after: b"\nA: ",
            normalise: Normalise::LOWER | Normalise::BLANKS,
            stop: Some(10),
            longest_answer: 64,
            limits: Limits { most_question_nats: 1.682, ..Limits::NONE },
            encoder: None,
        };
        assert_eq!(dialogue, expected);
        assert_eq!(Dialogue::from_notes([("name", "kitchen"), ("dialogue", "x")]), Ok(None));
        assert_eq!(Dialogue::from_notes([("dialogue.about", "x")]), Ok(Some(Dialogue::NONE)));
    }

    #[test]
    fn a_wrong_value_is_named_with_its_key() {
        let wrong = DialogueError { key: "stop", value: "\n", expected: WHOLE };
        assert_eq!(Dialogue::from_notes([("dialogue.stop", "\n")]), Err(wrong));
        for key in ["normalise", "longest_answer", "most_question_nats", "least_probability"] {
            let mut dialogue = Dialogue::NONE;
            let error = dialogue.set(key, "-1").unwrap_err();
            assert_eq!((error.key, error.value), (key, "-1"));
        }
    }
}
