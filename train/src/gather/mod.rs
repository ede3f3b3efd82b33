//! The corpus builder: texts from files and the web, cleaned and put together (training, "Corpora").

mod build;
mod cache;
mod clean;
mod fetch;
mod html;
mod paragraphs;
mod source;

pub use build::{build, Failure, Gathered, Part, Totals};
pub use cache::default_cache;
pub use clean::{cap_bytes, clean, Cleaned};
pub use fetch::{FetchError, FetchOptions, Fetcher, Page};
pub use html::text_of_html;
pub use paragraphs::{Paragraphs, END_OF_TEXT};
pub use source::{Named, Source, NAMED};
