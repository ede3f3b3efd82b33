//! Examples with their classes: from a user's file to a classifier.
//!
//! A class is learnt as an answer of one character ([`symbol`]), so that a training on classes is one on pairs
//! ([`crate::pairs`]): the prompt is a text, or a row of numbers as a text of levels ([`Column`]). [`head`] makes an ATOMECL01 file
//! of the model: the rows of its unembedding that belong to the symbols.

mod column;
mod description;
mod examples;
mod head;
mod score;

pub use column::{Column, LEVELS};
pub use description::Description;
pub use examples::{parse, read, Examples, Inputs};
pub use head::{class_of, classifier, symbol, MOST_CLASSES};
pub use score::{coverage, least_margin, score, Coverage, Named, WholeClassifier};
