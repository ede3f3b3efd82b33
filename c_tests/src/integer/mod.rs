//! The integer reference of each shape, and what is expected of it: the definition in `docs/integer.md`.

mod bounds;
mod engine;
mod hostile;
mod logits;
mod quality;
mod reference;
mod refusals;
mod vectors;
