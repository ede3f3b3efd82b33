//! Calls with one wrong argument.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use super::engine::CEngine;
use crate::untouched::{UNTOUCHED, UNTOUCHED_FLOAT};

impl CEngine {
    /// Puts one wrong argument among good ones, as the number `probe` says, and returns the answer: as it is, or with 1000
    /// added where an output was written.
    pub fn bad_arguments(
        &self,
        probe: u32,
        (model, classifier): (*mut c_void, *mut c_void),
        state: *mut c_void,
    ) -> i64 {
        let api = self.api;
        let tokens = [0, 1, 2];
        let mut output = [UNTOUCHED; 4];
        let mut logits = [UNTOUCHED_FLOAT; 64];
        let (t, o, l) = (tokens.as_ptr(), output.as_mut_ptr(), logits.as_mut_ptr());
        // SAFETY: every pointer is NULL or good, and NULL is what the functions promise to answer.
        let answer = unsafe {
            let (predict, generate) = (api.predict_next.unwrap(), api.generate.unwrap());
            let (classify, load) = (api.classify.unwrap(), api.load.unwrap());
            let classifier_load = api.classifier_load.unwrap();
            match probe {
                0 => predict(null(), state, t, 3),
                1 => predict(model, null_mut(), t, 3),
                2 => predict(model, state, null(), 3),
                3 => predict(model, state, t, 0),
                4 => predict(model, state, t, -1),
                5 => predict(model, state, t, i32::MIN),
                6 => generate(null(), state, t, 3, o, 4),
                7 => generate(model, null_mut(), t, 3, o, 4),
                8 => generate(model, state, null(), 3, o, 4),
                9 => generate(model, state, t, 0, o, 4),
                10 => generate(model, state, t, -3, o, 4),
                11 => generate(model, state, t, 3, null_mut(), 4),
                12 => generate(model, state, t, 3, o, 0),
                13 => generate(model, state, t, 3, o, i32::MIN),
                14 => classify(null(), state, t, 3, l),
                15 => classify(classifier, null_mut(), t, 3, l),
                16 => classify(classifier, state, null(), 3, l),
                17 => classify(classifier, state, t, 0, l),
                18 => classify(classifier, state, t, -7, null_mut()),
                19 => load(null_mut(), [0; 8].as_ptr(), 8),
                20 => load(model, null(), 100),
                21 => load(null_mut(), null(), 0),
                22 => classifier_load(null_mut(), [0; 16].as_ptr(), 16),
                23 => classifier_load(classifier, null(), 100),
                24 => i32::from((api.get_logits.unwrap())(null_mut()).is_null()),
                25 => {
                    self.init(null_mut());
                    0
                }
                _ => load(model, [0; 8].as_ptr(), 0),
            }
        };
        let untouched = output == [UNTOUCHED; 4] && logits.iter().all(|&logit| logit == UNTOUCHED_FLOAT);
        i64::from(answer) + if untouched { 0 } else { 1000 }
    }
}
