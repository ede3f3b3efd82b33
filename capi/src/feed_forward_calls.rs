//! The functions of a program with feed-forward sublayers that others have in another way, of both arithmetics: the header gives
//! them the usual names there, and describes them under these.

use core::ffi::{c_char, c_int};

use crate::arithmetic::{Exact, Integer};
use crate::feed_forward::WithSublayers;
use crate::feed_forward_load::{classifier_load, explain, load, payload};
use crate::step::step_of;
use crate::types::{atome_classifier_t, atome_model_t, atome_state_t};

/// Functions for C, each with its body.
macro_rules! for_c {
    ($(fn $name:ident($($argument:ident: $type:ty),*) { $body:expr })*) => {$(
        /// The header has it by the name without `feed_forward_` and `integer_`.
        ///
        /// # Safety
        /// As there.
        #[no_mangle]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> c_int {
            // SAFETY: as the caller promises.
            unsafe { $body }
        }
    )*};
}

for_c! {
    fn atome_feed_forward_load(model: *mut atome_model_t, data: *const u8, len: usize) {
        load::<Exact>(model, data, len, false)
    }
    fn atome_feed_forward_load_exact(model: *mut atome_model_t, data: *const u8, len: usize) {
        load::<Exact>(model, data, len, true)
    }
    fn atome_feed_forward_classifier_load(clf: *mut atome_classifier_t, data: *const u8, len: usize) {
        classifier_load::<Exact>(clf, data, len, false)
    }
    fn atome_feed_forward_classifier_load_exact(clf: *mut atome_classifier_t, data: *const u8, len: usize) {
        classifier_load::<Exact>(clf, data, len, true)
    }
    fn atome_feed_forward_step(model: *const atome_model_t, state: *mut atome_state_t, token: c_int) {
        step_of::<Exact, _>(|shape| WithSublayers::open(model, shape), state, token)
    }
    fn atome_feed_forward_explain(data: *const u8, len: usize, text: *mut c_char, size: usize) {
        explain::<Exact>(data, len, text, size, true)
    }
    fn atome_feed_forward_container_explain(data: *const u8, len: usize, text: *mut c_char, size: usize) {
        explain::<Exact>(data, len, text, size, false)
    }
    fn atome_feed_forward_container_payload(data: *const u8, len: usize, to: *mut *const u8, to_len: *mut usize) {
        payload::<Exact>(data, len, to, to_len)
    }
    fn atome_integer_feed_forward_load(model: *mut atome_model_t, data: *const u8, len: usize) {
        load::<Integer>(model, data, len, false)
    }
    fn atome_integer_feed_forward_load_exact(model: *mut atome_model_t, data: *const u8, len: usize) {
        load::<Integer>(model, data, len, true)
    }
    fn atome_integer_feed_forward_classifier_load(clf: *mut atome_classifier_t, data: *const u8, len: usize) {
        classifier_load::<Integer>(clf, data, len, false)
    }
    fn atome_integer_feed_forward_classifier_load_exact(clf: *mut atome_classifier_t, data: *const u8, len: usize) {
        classifier_load::<Integer>(clf, data, len, true)
    }
    fn atome_integer_feed_forward_step(model: *const atome_model_t, state: *mut atome_state_t, token: c_int) {
        step_of::<Integer, _>(|shape| WithSublayers::open(model, shape), state, token)
    }
    fn atome_integer_feed_forward_explain(data: *const u8, len: usize, text: *mut c_char, size: usize) {
        explain::<Integer>(data, len, text, size, true)
    }
    fn atome_integer_feed_forward_container_explain(data: *const u8, len: usize, text: *mut c_char, size: usize) {
        explain::<Integer>(data, len, text, size, false)
    }
    fn atome_integer_feed_forward_container_payload(data: *const u8, len: usize, to: *mut *const u8, to_len: *mut usize) {
        payload::<Integer>(data, len, to, to_len)
    }
}
