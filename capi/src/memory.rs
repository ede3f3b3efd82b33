//! The program's `atome_state_t` as the engine's workspace.

use core::slice;

use atome_engine::{integer, Layout, Workspace, TAG_WORDS};

use crate::types::atome_state_t;

/// The members of the state, whose lengths the library knows from `layout` and the Rust type does not.
///
/// # Safety
/// `state` leads to an initialised, writable `atome_state_t` of the program's shape, which nothing else touches for `'w`.
pub(crate) unsafe fn workspace<'w>(state: *mut atome_state_t, layout: &'w Layout) -> Workspace<'w> {
    let vocab_size = layout.shape().vocab_size();
    let router = layout.max_seq() * layout.shape().n_pathways();
    let start = state.cast::<f32>();
    // SAFETY: the members follow each other without padding, all of them 4 bytes wide, and `config` has checked that
    // their sum is the size that the program reserved.
    unsafe {
        let tag = start.add(vocab_size + router);
        let words = layout.words() - TAG_WORDS;
        Workspace::from_parts(
            layout,
            slice::from_raw_parts_mut(start, vocab_size),
            slice::from_raw_parts_mut(start.add(vocab_size), router),
            &mut *tag.cast(),
            slice::from_raw_parts_mut(tag.add(TAG_WORDS).cast(), words),
            slice::from_raw_parts_mut(tag.add(TAG_WORDS + words), layout.scratch_floats()),
        )
    }
}

/// [`workspace`] for the integer arithmetic.
///
/// # Safety
/// As [`workspace`].
pub(crate) unsafe fn integer_workspace<'w>(
    state: *mut atome_state_t,
    layout: &'w integer::Layout,
) -> integer::Workspace<'w> {
    let shape = layout.shape();
    let (router, last_shares) = (layout.max_seq() * shape.n_pathways(), shape.n_layers() * shape.n_pathways());
    let start = state.cast::<f32>();
    // SAFETY: as in `workspace`; what a state holds beside logits and router weights lies in this order.
    unsafe {
        let tag = start.add(shape.vocab_size() + router);
        let words = layout.words() - TAG_WORDS;
        let floats = [
            slice::from_raw_parts_mut(start, shape.vocab_size()),
            slice::from_raw_parts_mut(start.add(shape.vocab_size()), router),
            slice::from_raw_parts_mut(tag.add(TAG_WORDS + words), last_shares),
        ];
        let words = slice::from_raw_parts_mut(tag.add(TAG_WORDS).cast(), words);
        integer::Workspace::from_parts(layout, floats, &mut *tag.cast(), words)
    }
}
