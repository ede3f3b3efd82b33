//! What a program may do with the results in a state.

use core::slice;
use std::vec::Vec;

use crate::load::atome_load;
use crate::predict::atome_predict_next;
use crate::state::atome_get_logits;
use crate::tests::{blob, Memory, LAYOUT, MODEL_SIZE, SHAPE};

/// docs/c-api.md#what-the-c99-engine-has-too: no prediction reads logits and router weights back, and the rows of positions
/// that a call takes over stay as the program left them.
#[test]
fn logits_and_router_weights_may_be_written() {
    let blob = blob(6);
    let tokens = [3, 1, 4, 1, 5, 9];
    let (logits_len, row) = (SHAPE.vocab_size(), SHAPE.n_pathways());
    let run = |scribble: bool| {
        let (mut model, mut state) = (Memory::new(MODEL_SIZE), Memory::new(LAYOUT.bytes()));
        let mut seen = Vec::new();
        // SAFETY: memory of the structs' sizes, a whole blob, and as many tokens as said. The state begins with its logits and
        // router weights.
        unsafe {
            assert_eq!(atome_load(model.at(), blob.as_ptr(), blob.len()), 0);
            for n in 1..=tokens.len() {
                let next = atome_predict_next(model.at(), state.at(), tokens.as_ptr(), n as i32);
                let logits = slice::from_raw_parts(atome_get_logits(state.at()), logits_len);
                seen.push((next, logits.iter().map(|logit| logit.to_bits()).collect::<Vec<_>>()));
                let results: &mut [f32] = slice::from_raw_parts_mut(state.at(), logits_len + n * row);
                if scribble {
                    let (logits, router) = results.split_at_mut(logits_len);
                    let (earlier, last) = router.split_at(router.len() - row);
                    assert!(earlier.iter().all(|&weight| weight == 77.0), "a row that was taken over was written");
                    assert!(last.iter().all(|&weight| weight <= 1.0), "the row of the new position was not written");
                    logits.fill(f32::NAN);
                    router.fill(77.0);
                }
            }
        }
        seen
    };
    assert_eq!(run(true), run(false));
}
