//! A text, character by character, with places.

use crate::refusal::{Place, Refusal};

/// Reads a text.
#[derive(Clone, Debug)]
pub struct Reader<'t> {
    rest: &'t str,
    place: Place,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { rest: text.strip_prefix('\u{feff}').unwrap_or(text), place: Place { line: 1, column: 1 } }
    }

    pub fn place(&self) -> Place {
        self.place
    }

    pub fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub fn next(&mut self) -> Option<char> {
        let found = self.peek()?;
        self.rest = self.rest.get(found.len_utf8()..).unwrap_or_default();
        self.place = match found {
            '\n' => Place { line: self.place.line + 1, column: 1 },
            _ => Place { column: self.place.column + 1, ..self.place },
        };
        Some(found)
    }

    /// Goes on behind `word` if it is next.
    pub fn take(&mut self, word: &str) -> bool {
        let is_next = self.rest.starts_with(word);
        if is_next {
            word.chars().for_each(|_| {
                self.next();
            });
        }
        is_next
    }

    /// Goes on behind blanks and comments.
    pub fn skip_blanks(&mut self) {
        while let Some(found) = self.peek() {
            match found {
                '#' => while self.next().is_some_and(|found| found != '\n') {},
                _ if found.is_whitespace() => {
                    self.next();
                }
                _ => break,
            }
        }
    }

    /// Characters that `belongs`, as many as there are.
    pub fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let len = self.rest.find(|found| !belongs(found)).unwrap_or(self.rest.len());
        let (word, _) = self.rest.split_at(len);
        self.take(word);
        word
    }

    /// Goes on behind blanks and `word`, which must be there.
    pub fn expect(&mut self, word: &str, expected: &str) -> Result<(), Refusal> {
        self.skip_blanks();
        if self.take(word) {
            return Ok(());
        }
        Err(self.unexpected(expected))
    }

    /// That what is next is not what was expected.
    pub fn unexpected(&self, expected: &str) -> Refusal {
        Refusal::new(self.place, format!("found {}, expected {expected}", self.shown()))
    }

    fn shown(&self) -> String {
        self.peek().map_or("the end of the file".to_owned(), |found| format!("{found:?}"))
    }
}
