//! A model's shape from its bytes, for a command that knows some of its sizes.

use std::ops::RangeInclusive;

use atome_engine::Dims;
use atome_recover::{Candidate, Known, Ranges, TooMany, CLEAR};

use crate::model_file::Format;
use crate::sizes::{Key, Sizes};

/// Result of a search.
#[derive(Debug, PartialEq)]
pub enum Recovery {
    /// One shape stands out.
    Clear(Dims),
    /// These fit about as well as each other, best first.
    Several(Vec<Dims>),
    /// No shape fits.
    Nothing,
    /// There are too many shapes to try them all.
    TooMany,
}

/// Searches for the shape of a file's body. Numbers in `known` are kept; the rest are searched in the ranges that
/// [`limits`] names. top_k is not in a file and stays what `known` says.
pub fn recover(body: &[u8], format: Format, known: &Sizes) -> Recovery {
    let mut found: Vec<Candidate> = Vec::new();
    let about = Known { packing: format.packing(), n_classes: format.n_classes(), ranges: ranges(known) };
    if let Err(TooMany) = atome_recover::recover(body, &about, &mut |candidate| found.push(candidate)) {
        return Recovery::TooMany;
    }
    found.sort_by_key(|candidate| candidate.cost);
    let Some(best) = found.first().copied() else { return Recovery::Nothing };
    let top_k = known.dims().top_k;
    let close: Vec<Dims> = found
        .iter()
        .take_while(|candidate| candidate.cost < best.cost + CLEAR)
        .map(|candidate| Dims { top_k, ..candidate.dims })
        .collect();
    match close.as_slice() {
        [clear] => Recovery::Clear(*clear),
        _ => Recovery::Several(close),
    }
}

fn ranges(known: &Sizes) -> Ranges {
    let of = |key: Key| known.value(key).map_or(limits(key), |value| value..=value);
    Ranges {
        vocab_size: of(Key::VocabSize),
        d_model: of(Key::DModel),
        n_layers: of(Key::NLayers),
        d_head: of(Key::DHead),
        kernel_size: of(Key::KernelSize),
        n_pathways: of(Key::NPathways),
    }
}

/// Where a number is searched that is not known.
pub fn limits(key: Key) -> RangeInclusive<usize> {
    let all = Ranges::default();
    match key {
        Key::VocabSize => all.vocab_size,
        Key::DModel => all.d_model,
        Key::NLayers => all.n_layers,
        Key::DHead => all.d_head,
        Key::KernelSize => all.kernel_size,
        Key::NPathways => all.n_pathways,
        Key::TopK | Key::MaxSeq => 1..=65_535,
    }
}
