//! Texts put together paragraph by paragraph, repeated ones left out.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

/// The line that separates texts of a corpus.
pub const END_OF_TEXT: &str = "<|endoftext|>";

/// A corpus in the making. Paragraphs are separated by blank lines or by [`END_OF_TEXT`].
#[derive(Debug, Default)]
pub struct Paragraphs {
    text: String,
    /// Digests of all paragraphs so far: 128 bits, so that no two differing ones are ever taken for the same.
    seen: HashSet<[u8; 16]>,
    repeated: usize,
    kept: usize,
}

impl Paragraphs {
    /// The text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Paragraphs in the text.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Paragraphs that were left out because they were there already.
    pub fn repeated(&self) -> usize {
        self.repeated
    }

    /// Adds a clean text.
    pub fn add(&mut self, text: &str) {
        let mut paragraph = Vec::new();
        for line in text.lines() {
            let content = line.trim();
            if content == END_OF_TEXT {
                self.paragraph(&mut paragraph);
                self.separator();
            } else if content.is_empty() {
                self.paragraph(&mut paragraph);
            } else {
                paragraph.push(line);
            }
        }
        self.paragraph(&mut paragraph);
    }

    /// Adds a paragraph, if it is new, and empties `lines`.
    fn paragraph(&mut self, lines: &mut Vec<&str>) {
        if lines.is_empty() {
            return;
        }
        let paragraph = lines.join("\n");
        lines.clear();
        let digest = Sha256::digest(&paragraph);
        if !digest.first_chunk().is_some_and(|start| self.seen.insert(*start)) {
            self.repeated += 1;
            return;
        }
        if !self.text.is_empty() && !self.ends_with_separator() {
            self.text.push('\n');
        }
        self.text.push_str(&paragraph);
        self.text.push('\n');
        self.kept += 1;
    }

    /// Ends a text, unless nothing was kept of it.
    fn separator(&mut self) {
        if !self.text.is_empty() && !self.ends_with_separator() {
            self.text.push_str(END_OF_TEXT);
            self.text.push('\n');
        }
    }

    fn ends_with_separator(&self) -> bool {
        self.text.trim_end().ends_with(END_OF_TEXT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_together(texts: &[&str]) -> (String, usize, usize) {
        let mut paragraphs = Paragraphs::default();
        texts.iter().for_each(|text| paragraphs.add(text));
        (paragraphs.text().to_owned(), paragraphs.kept(), paragraphs.repeated())
    }

    #[test]
    fn repeated_paragraphs_are_dropped_across_texts() {
        let found = put_together(&["a\nb\n\n\n\nc\n", "\n\nc\n\na\nb\n\nb"]);
        assert_eq!(found, ("a\nb\n\nc\n\nb\n".to_owned(), 3, 2));
    }

    #[test]
    fn separators_stay_but_never_twice() {
        let text = "<|endoftext|>\na\n<|endoftext|>\n\nb\n<|endoftext|>\na\n<|endoftext|>\nc";
        assert_eq!(put_together(&[text]).0, "a\n<|endoftext|>\nb\n<|endoftext|>\nc\n");
    }

    #[test]
    fn a_clean_corpus_stays_as_it_is() {
        let text = "a\nb\n\nc\n<|endoftext|>\nd\n";
        assert_eq!(put_together(&[text]).0, text);
    }
}
