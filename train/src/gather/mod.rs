//! The corpus builder: texts from files and the web, cleaned and put together (docs/training.md#corpora).

mod build;
#[cfg(feature = "web")]
mod cache;
mod clean;
#[cfg(feature = "web")]
mod fetch;
mod html;
mod pages;
mod paragraphs;
#[cfg(feature = "web")]
mod redirect;
mod source;
mod web;

pub use build::{build, Failure, Gathered, Part, Totals};
pub use clean::{cap_bytes, clean, Cleaned};
#[cfg(feature = "web")]
pub use fetch::{FetchError, FetchOptions, Fetcher};
pub use html::text_of_html;
pub use pages::{Page, Pages};
pub use paragraphs::{Paragraphs, END_OF_TEXT};
pub use source::{Named, Source, NAMED};
pub use web::web;
