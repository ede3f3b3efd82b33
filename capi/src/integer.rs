//! The functions of a program that chose the integer arithmetic: `ATOME_ARITHMETIC=ATOME_INTEGER`.
//!
//! The header gives them the usual names there, and describes them under these: `atome_load` is `atome_integer_load`. Those
//! that know neither model nor state are there once. `atome_sparse_attn` is not among them: it computes in the exact
//! arithmetic's state.

use core::ffi::{c_char, c_int};

use crate::answer::{answer, atome_answer_info_t, atome_dialogue_t, how_in_bytes};
use crate::arithmetic::Integer;
use crate::blocks::{causal_conv, ssm_forward};
use crate::container::{explain_for, payload_of};
use crate::explain::explain;
use crate::grammar::{answer_constrained, atome_grammar_t, generate_constrained, Asked};
use crate::integer_self_test;
use crate::load::{classifier_load, classifier_load_exact, load, load_exact};
use crate::predict::{classify, generate, generate_sampled, generate_sliding, predict_next, Call};
use crate::sampler::sample;
#[cfg(feature = "signed")]
use crate::signed::{classifier_load_signed, classifier_load_signed_at_least, load_signed, load_signed_at_least};
use crate::state::{init, router_entropy};
use crate::step::{restart, step};
use crate::types::{
    atome_classifier_t, atome_conv_t, atome_model_t, atome_sampler_t, atome_ssm_t, atome_state_t, ATOME_D_MODEL,
};
use crate::vocabulary::{atome_vocabulary_t, how_in_tokens};

type Row = [f32; ATOME_D_MODEL];

/// Functions for C, each with its body.
macro_rules! for_c {
    ($($(#[$attribute:meta])* fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? { $body:expr })*) => {$(
        $(#[$attribute])*
        /// The header has it by the name without `integer_`.
        ///
        /// # Safety
        /// As there.
        #[no_mangle]
        pub unsafe extern "C" fn $name($($argument: $type),*) $(-> $result)? {
            // SAFETY: as the caller promises.
            unsafe { $body }
        }
    )*};
}

for_c! {
    fn atome_integer_load(model: *mut atome_model_t, data: *const u8, len: usize) -> c_int {
        load::<Integer>(model, data, len)
    }
    fn atome_integer_answer_tokens(model: *const atome_model_t, state: *mut atome_state_t, how: *const atome_dialogue_t, vocabulary: *const atome_vocabulary_t, question: *const c_char, text: *mut c_char, size: usize, info: *mut atome_answer_info_t) -> c_int {
        answer::<Integer>(model, state, how_in_tokens(how, vocabulary), question, text, size, info)
    }
    fn atome_integer_load_exact(model: *mut atome_model_t, data: *const u8, len: usize) -> c_int {
        load_exact::<Integer>(model, data, len)
    }
    fn atome_integer_classifier_load(clf: *mut atome_classifier_t, data: *const u8, len: usize) -> c_int {
        classifier_load::<Integer>(clf, data, len)
    }
    fn atome_integer_classifier_load_exact(clf: *mut atome_classifier_t, data: *const u8, len: usize) -> c_int {
        classifier_load_exact::<Integer>(clf, data, len)
    }
    fn atome_integer_container_payload(data: *const u8, len: usize, payload: *mut *const u8, payload_len: *mut usize) -> c_int {
        payload_of::<Integer>(data, len, payload, payload_len)
    }
    fn atome_integer_container_explain(data: *const u8, len: usize, text: *mut c_char, size: usize) -> c_int {
        explain_for::<Integer>(data, len, text, size)
    }
    fn atome_integer_explain(data: *const u8, len: usize, text: *mut c_char, size: usize) -> c_int {
        explain::<Integer>(data, len, text, size)
    }
    #[cfg(feature = "signed")]
    fn atome_integer_load_signed(model: *mut atome_model_t, data: *const u8, len: usize, public_key: *const u8) -> c_int {
        load_signed::<Integer>(model, data, len, public_key)
    }
    #[cfg(feature = "signed")]
    fn atome_integer_load_signed_at_least(model: *mut atome_model_t, data: *const u8, len: usize, public_keys: *const [u8; 32], n_keys: usize, product: u32, min_version: u32) -> c_int {
        load_signed_at_least::<Integer>(model, data, len, public_keys, n_keys, product, min_version)
    }
    #[cfg(feature = "signed")]
    fn atome_integer_classifier_load_signed(clf: *mut atome_classifier_t, data: *const u8, len: usize, public_key: *const u8) -> c_int {
        classifier_load_signed::<Integer>(clf, data, len, public_key)
    }
    #[cfg(feature = "signed")]
    fn atome_integer_classifier_load_signed_at_least(clf: *mut atome_classifier_t, data: *const u8, len: usize, public_keys: *const [u8; 32], n_keys: usize, product: u32, min_version: u32) -> c_int {
        classifier_load_signed_at_least::<Integer>(clf, data, len, public_keys, n_keys, product, min_version)
    }
    fn atome_integer_init(state: *mut atome_state_t) {
        init::<Integer>(state)
    }
    fn atome_integer_router_entropy(state: *const atome_state_t, layer: c_int) -> f32 {
        router_entropy::<Integer>(state, layer)
    }
    fn atome_integer_predict_next(model: *const atome_model_t, state: *mut atome_state_t, tokens: *const c_int, n_tokens: c_int) -> c_int {
        predict_next::<Integer>(model, state, tokens, n_tokens)
    }
    fn atome_integer_generate(model: *const atome_model_t, state: *mut atome_state_t, prompt: *const c_int, prompt_len: c_int, output: *mut c_int, max_tokens: c_int) -> c_int {
        generate::<Integer>(Call { model, state, prompt, prompt_len, output, max_tokens })
    }
    fn atome_integer_generate_sampled(model: *const atome_model_t, state: *mut atome_state_t, sampler: *mut atome_sampler_t, prompt: *const c_int, prompt_len: c_int, output: *mut c_int, max_tokens: c_int) -> c_int {
        generate_sampled::<Integer>(Call { model, state, prompt, prompt_len, output, max_tokens }, sampler)
    }
    fn atome_integer_generate_sliding(model: *const atome_model_t, state: *mut atome_state_t, prompt: *const c_int, prompt_len: c_int, output: *mut c_int, max_tokens: c_int) -> c_int {
        generate_sliding::<Integer>(Call { model, state, prompt, prompt_len, output, max_tokens })
    }
    fn atome_integer_classify(clf: *const atome_classifier_t, state: *mut atome_state_t, tokens: *const c_int, n_tokens: c_int, class_logits: *mut f32) -> c_int {
        classify::<Integer>(clf, state, tokens, n_tokens, class_logits)
    }
    fn atome_integer_step(model: *const atome_model_t, state: *mut atome_state_t, token: c_int) -> c_int {
        step::<Integer>(model, state, token)
    }
    fn atome_integer_restart(state: *mut atome_state_t) {
        restart::<Integer>(state)
    }
    fn atome_integer_sample(state: *const atome_state_t, sampler: *mut atome_sampler_t) -> c_int {
        sample::<Integer>(state, sampler)
    }
    fn atome_integer_answer(model: *const atome_model_t, state: *mut atome_state_t, how: *const atome_dialogue_t, question: *const c_char, text: *mut c_char, size: usize, info: *mut atome_answer_info_t) -> c_int {
        answer::<Integer>(model, state, how_in_bytes(how), question, text, size, info)
    }
    fn atome_integer_generate_constrained(model: *const atome_model_t, state: *mut atome_state_t, grammar: *const atome_grammar_t, sampler: *mut atome_sampler_t, prompt: *const c_int, prompt_len: c_int, stop: c_int, output: *mut c_int, max_tokens: c_int) -> c_int {
        generate_constrained::<Integer>(Call { model, state, prompt, prompt_len, output, max_tokens }, grammar, sampler, stop)
    }
    fn atome_integer_answer_constrained(model: *const atome_model_t, state: *mut atome_state_t, how: *const atome_dialogue_t, grammar: *const atome_grammar_t, question: *const c_char, text: *mut c_char, size: usize, info: *mut atome_answer_info_t) -> c_int {
        answer_constrained::<Integer>(Asked { model, state, how, question, text, size }, grammar, info)
    }
    fn atome_integer_causal_conv(x: *const Row, seq_len: c_int, kernel: *const atome_conv_t, out: *mut Row) {
        causal_conv::<Integer>(x, seq_len, kernel, out)
    }
    fn atome_integer_ssm_forward(x: *const Row, seq_len: c_int, params: *const atome_ssm_t, h: *mut f32, out: *mut Row) {
        ssm_forward::<Integer>(x, seq_len, params, h, out)
    }
}

/// The header has it by the name without `integer_`.
#[no_mangle]
pub extern "C" fn atome_integer_self_test() -> c_int {
    integer_self_test::run()
}
