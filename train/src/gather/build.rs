//! A corpus from its sources.

use sha2::{Digest, Sha256};

use super::clean::{cap_bytes, clean};
use super::fetch::Fetcher;
use super::paragraphs::Paragraphs;
use super::source::Source;
use crate::bounded::{self, Limit};
use crate::corpus::hex;

/// A corpus, and how it came about.
#[derive(Debug)]
pub struct Gathered {
    /// The text.
    pub text: String,
    /// SHA-256 of the text, in hexadecimal.
    pub digest: String,
    /// The files and pages that went into it, in order.
    pub parts: Vec<Part>,
    /// Those that could not be had.
    pub failures: Vec<Failure>,
    /// Everything together.
    pub totals: Totals,
}

/// A file or page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its path or address.
    pub name: String,
    /// Its length as it was found.
    pub bytes_in: usize,
    /// Bytes of the corpus that come from it, before the cap.
    pub bytes_out: usize,
    /// Paragraphs of the corpus that come from it.
    pub paragraphs: usize,
    /// Its paragraphs that were there already.
    pub repeated: usize,
    /// Whether tags were stripped.
    pub was_html: bool,
    /// Whether bytes that are no UTF-8 were replaced.
    pub was_repaired: bool,
}

/// A file or page that could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The source that it belongs to.
    pub source: String,
    /// What went wrong, with the path or address.
    pub reason: String,
}

/// Numbers of a whole corpus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    /// Bytes of all parts.
    pub bytes_in: usize,
    /// Bytes of the text.
    pub bytes_out: usize,
    /// Paragraphs before the cap.
    pub paragraphs: usize,
    /// Share of the text's bytes that are ASCII, 0 to 1; 1 where there are none.
    pub ascii_share: f64,
    /// Whether the cap cut something off.
    pub capped: bool,
}

/// Puts a corpus of at most `most_bytes` together. A source that fails is named and skipped.
pub fn build(sources: &[Source], fetcher: &Fetcher, most_bytes: usize) -> Gathered {
    let mut builder = Builder::default();
    for source in sources {
        match source {
            Source::File(path) => {
                let read = bounded::read(path, Limit::TEXT).map_err(|error| format!("{}: {error}", path.display()));
                builder.add(source, &path.display().to_string(), read);
            }
            Source::Url(url) => builder.add(source, url, fetcher.get(url).map_err(|error| error.to_string())),
            Source::Named(named) => {
                for url in named.urls {
                    builder.add(source, url, fetcher.get(url).map_err(|error| error.to_string()));
                }
            }
        }
    }
    builder.finish(most_bytes)
}

#[derive(Default)]
struct Builder {
    paragraphs: Paragraphs,
    parts: Vec<Part>,
    failures: Vec<Failure>,
}

impl Builder {
    fn add(&mut self, source: &Source, name: &str, bytes: Result<Vec<u8>, String>) {
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(reason) => return self.failures.push(Failure { source: source.to_string(), reason }),
        };
        let cleaned = clean(&bytes);
        let before = (self.paragraphs.text().len(), self.paragraphs.kept(), self.paragraphs.repeated());
        self.paragraphs.add(&cleaned.text);
        self.parts.push(Part {
            name: name.to_owned(),
            bytes_in: bytes.len(),
            bytes_out: self.paragraphs.text().len() - before.0,
            paragraphs: self.paragraphs.kept() - before.1,
            repeated: self.paragraphs.repeated() - before.2,
            was_html: cleaned.was_html,
            was_repaired: cleaned.was_repaired,
        });
    }

    fn finish(self, most_bytes: usize) -> Gathered {
        let whole = self.paragraphs.text();
        let text = cap_bytes(whole, most_bytes);
        let ascii = text.bytes().filter(u8::is_ascii).count();
        let totals = Totals {
            bytes_in: self.parts.iter().map(|part| part.bytes_in).sum(),
            bytes_out: text.len(),
            paragraphs: self.paragraphs.kept(),
            ascii_share: if text.is_empty() { 1.0 } else { ascii as f64 / text.len() as f64 },
            capped: text.len() < whole.len(),
        };
        let digest = hex(&Sha256::digest(text));
        Gathered { text: text.to_owned(), digest, parts: self.parts, failures: self.failures, totals }
    }
}
