//! A corpus from its sources.

use sha2::{Digest, Sha256};

use super::clean::{cap_bytes, clean};
use super::pages::{Page, Pages};
use super::paragraphs::Paragraphs;
use super::source::Source;
use crate::bounded::{self, Limit};
use crate::encoding::{decode, Encoding, Known, Told};
use crate::hex::hex;

/// A corpus, and how it came about.
#[derive(Debug)]
pub struct Gathered {
    /// The text.
    pub text: String,
    /// SHA-256 of the text, in hexadecimal.
    pub digest: String,
    /// The files and pages that went into it, in order.
    pub parts: Vec<Part>,
    /// The files and pages that could not be loaded.
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
    /// Its encoding, such as `windows-1252`.
    pub encoding: &'static str,
    /// What told the encoding.
    pub known: Known,
    /// Whether bytes that have no meaning in it were replaced.
    pub was_repaired: bool,
}

/// A file or page that could not be loaded.
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

/// Puts a corpus of at most `most_bytes` together. A source that fails, or whose encoding is not clear, is named and
/// skipped; with `asked`, every text has that encoding.
pub fn build(sources: &[Source], pages: &dyn Pages, asked: Option<&'static Encoding>, most_bytes: usize) -> Gathered {
    let mut builder = Builder { asked, ..Builder::default() };
    for source in sources {
        match source {
            Source::File(path) => {
                let read = bounded::read(path, Limit::TEXT).map(|bytes| Page { bytes, charset: None });
                builder.add(
                    source,
                    &path.display().to_string(),
                    read.map_err(|error| format!("{}: {error}", path.display())),
                );
            }
            Source::Url(url) => builder.add(source, url, pages.load(url)),
            Source::Named(named) => {
                for url in named.urls {
                    builder.add(source, url, pages.load(url));
                }
            }
        }
    }
    builder.finish(most_bytes)
}

#[derive(Default)]
struct Builder {
    asked: Option<&'static Encoding>,
    paragraphs: Paragraphs,
    parts: Vec<Part>,
    failures: Vec<Failure>,
}

impl Builder {
    fn add(&mut self, source: &Source, name: &str, page: Result<Page, String>) {
        let decoded = match &page {
            Ok(page) => {
                let told = Told { asked: self.asked, server: page.charset.as_deref() };
                decode(&page.bytes, &told)
                    .map(|decoded| (page, decoded))
                    .map_err(|unknown| format!("{name}: {unknown}"))
            }
            Err(reason) => Err(reason.clone()),
        };
        let (page, decoded) = match decoded {
            Ok(decoded) => decoded,
            Err(reason) => return self.failures.push(Failure { source: source.to_string(), reason }),
        };
        let cleaned = clean(&decoded.text);
        let before = (self.paragraphs.text().len(), self.paragraphs.kept(), self.paragraphs.repeated());
        self.paragraphs.add(&cleaned.text);
        self.parts.push(Part {
            name: name.to_owned(),
            bytes_in: page.bytes.len(),
            bytes_out: self.paragraphs.text().len() - before.0,
            paragraphs: self.paragraphs.kept() - before.1,
            repeated: self.paragraphs.repeated() - before.2,
            was_html: cleaned.was_html,
            encoding: decoded.encoding,
            known: decoded.known,
            was_repaired: decoded.was_repaired,
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
