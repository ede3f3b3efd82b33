//! The functions as C calls them, on a program with the header's default shape.

use core::ptr::{null, null_mut};
use std::ffi::CStr;
use std::mem::{offset_of, size_of};
use std::vec::Vec;

use atome_engine::format::{sections, SectionKind};
use atome_engine::{Dims, Layout, Matrix, Model, Packing, Plan, Shape};

use crate::blocks::*;
use crate::info::*;
use crate::load::*;
use crate::predict::*;
use crate::sampler::*;
use crate::self_test::*;
use crate::state::*;
use crate::step::*;
use crate::types::*;

pub(crate) const SHAPE: Shape =
    match Shape::new(Dims { d_model: 6, n_layers: 2, d_head: 3, vocab_size: 11, ..Dims::DEFAULT }) {
        Ok(shape) => shape,
        Err(_) => panic!("in range"),
    };
const MAX_SEQ: usize = 7;
pub(crate) const LAYOUT: Layout = match Layout::new(SHAPE, MAX_SEQ, Plan::Cached) {
    Ok(layout) => layout,
    Err(_) => panic!("in range"),
};
pub(crate) const MODEL_SIZE: usize = offset_of!(atome_model_t, blocks) + 2 * size_of::<atome_block_t>();

pub(crate) const CONFIG: atome_config_t = atome_config_t {
    abi_version: ATOME_ABI_VERSION,
    state_size: LAYOUT.bytes() as u32,
    model_size: MODEL_SIZE as u32,
    plan: 2,
    d_model: 6,
    max_seq: MAX_SEQ as u32,
    n_layers: 2,
    n_pathways: 3,
    vocab_size: 11,
    d_head: 3,
    kernel_size: 5,
    top_k: 4,
    max_classes: 4,
    formats: &raw const crate::formats::atome_formats,
    container_payload: Some(crate::container::atome_container_payload),
    cache: &raw const crate::cache::atome_cache,
};

/// Memory as a C program would reserve it for one of the structs: exactly its size, and aligned.
pub(crate) struct Memory(pub Vec<u64>);

impl Memory {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(vec![0; bytes.div_ceil(8)])
    }

    pub(crate) fn at<T>(&mut self) -> *mut T {
        self.0.as_mut_ptr().cast()
    }
}

pub(crate) fn blob(seed: u8) -> Vec<u8> {
    let mut blob = b"ATOME01".to_vec();
    let mut state = u32::from(seed);
    while blob.len() < Model::blob_len(&SHAPE) {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Small exponents as floats, any code as weights.
        blob.push((state >> 24) as u8 & 0x3f);
    }
    blob
}

fn loaded(blob: &[u8]) -> Memory {
    let mut model = Memory::new(MODEL_SIZE);
    // SAFETY: memory of the struct's size, and a whole blob.
    assert_eq!(unsafe { atome_load(model.at(), blob.as_ptr(), blob.len()) }, 0);
    model
}

/// A matrix of the blob becomes one of 9s, or in base 3 the same weights.
fn recoded(plain: &[u8], packing: Packing) -> Vec<u8> {
    let mut bytes = packing.magic().to_vec();
    let body = &plain[7..];
    for section in sections(SHAPE, None) {
        let from = &body[section.offset..section.end()];
        let SectionKind::Matrix { rows, cols } = section.kind else {
            bytes.extend(from);
            continue;
        };
        let weights: Vec<i8> = Matrix::new(&from[4..], 1.0, rows, cols).unwrap().weights().collect();
        bytes.extend(&from[..4]);
        match packing {
            Packing::BaseThree => {
                bytes.extend(weights.chunks(5).map(|five| {
                    (0..5).rev().fold(0, |byte, i| 3 * byte + (five.get(i).copied().unwrap_or(0) + 1) as u8)
                }))
            }
            _ => bytes.extend(weights.chunks(8).flat_map(|eight| {
                let code = |(i, &w): (usize, &i8)| [6, 0, 5][(w + 1) as usize] << (3 * i);
                let [a, b, c, _] = eight.iter().enumerate().map(code).sum::<u32>().to_le_bytes();
                [a, b, c]
            })),
        }
    }
    bytes
}

#[test]
fn other_formats_run_in_all_functions_that_take_their_matrices() {
    let plain = blob(5);
    let tokens = [1, 4, 2];
    let x: Vec<f32> = (0..3 * 6).map(|i| (i as f32 - 7.5) / 4.0).collect();
    let results = |blob: &[u8]| {
        let mut model = loaded(blob);
        let mut state = Memory::new(LAYOUT.bytes());
        let (mut y, mut conv, mut attended) = ([0.0_f32; 11], [0.0_f32; 18], [0.0_f32; 18]);
        // SAFETY: memory of the structs' sizes; a loaded model, whose matrices have 6 columns and at most 11 rows.
        unsafe {
            let loaded: *const atome_model_t = model.at();
            atome_ternary_matvec(&raw const (*loaded).embed, x.as_ptr(), y.as_mut_ptr());
            let block = (&raw const (*loaded).blocks).cast::<atome_block_t>();
            atome_causal_conv(x.as_ptr().cast(), 3, &raw const (*block).local_conv, conv.as_mut_ptr().cast());
            let attn = &raw const (*block).attn;
            atome_sparse_attn(x.as_ptr().cast(), 3, attn, state.at(), attended.as_mut_ptr().cast());
            let next = atome_predict_next(loaded, state.at(), tokens.as_ptr(), 3);
            let logits = core::slice::from_raw_parts(atome_get_logits(state.at()), 11).to_vec();
            let floats = [&y[..], &conv, &attended, &logits].concat();
            (next, floats.iter().map(|value| value.to_bits()).collect::<Vec<u32>>())
        }
    };
    let base_three = recoded(&plain, Packing::BaseThree);
    assert_eq!(results(&base_three), results(&plain));
    let powers = recoded(&plain, Packing::PowersOfThree);
    let with_nines = results(&powers);
    // Nine times as much where there is no rounding to speak of: the matrix times a vector of small fractions.
    let scaled = |bits: &[u32]| bits[..11].iter().map(|&bits| f32::from_bits(bits)).collect::<Vec<f32>>();
    for (nine, one) in scaled(&with_nines.1).into_iter().zip(scaled(&results(&plain).1)) {
        assert!((nine - 9.0 * one).abs() <= 1e-5 * nine.abs(), "{nine} {one}");
    }
    for (blob, bad) in [(base_three, 243), (powers, 255)] {
        let mut model = Memory::new(MODEL_SIZE);
        for (at, value, code) in [(11, bad, -5), (6, b'9', -1), (0, b'B', -1)] {
            let mut changed = blob.clone();
            changed[at] = value;
            // SAFETY: memory of the struct's size, and as many bytes as said.
            assert_eq!(unsafe { atome_load(model.at(), changed.as_ptr(), changed.len()) }, code);
        }
        for len in (7..blob.len()).step_by(if cfg!(miri) { 7 } else { 1 }) {
            // SAFETY: as above.
            assert_eq!(unsafe { atome_load(model.at(), blob.as_ptr(), len) }, -2);
        }
        assert!(model.0.iter().all(|&word| word == 0), "a load that failed has written");
    }
}

#[test]
fn null_and_bad_numbers_give_codes() {
    let blob = blob(1);
    let mut model = loaded(&blob);
    let mut empty = Memory::new(MODEL_SIZE);
    let mut state = Memory::new(LAYOUT.bytes());
    let mut out = [0; 4];
    let tokens = [1, 2];
    // SAFETY: every pointer is NULL or leads to memory of the size that its function expects.
    unsafe {
        assert_eq!(atome_load(null_mut(), blob.as_ptr(), blob.len()), -1);
        assert_eq!(atome_load(model.at(), null(), 5), -1);
        assert_eq!(atome_load(model.at(), blob.as_ptr(), 3), -1);
        assert_eq!(atome_load(model.at(), blob.as_ptr(), blob.len() - 1), -2);
        assert_eq!(atome_classifier_load(null_mut(), blob.as_ptr(), blob.len()), -1);
        assert_eq!(atome_predict_next(null(), state.at(), tokens.as_ptr(), 2), -1);
        assert_eq!(atome_predict_next(empty.at(), state.at(), tokens.as_ptr(), 2), -1);
        assert_eq!(atome_predict_next(model.at(), null_mut(), tokens.as_ptr(), 2), -1);
        assert_eq!(atome_predict_next(model.at(), state.at(), null(), 2), -1);
        assert_eq!(atome_predict_next(model.at(), state.at(), tokens.as_ptr(), 0), -1);
        assert_eq!(atome_predict_next(model.at(), state.at(), tokens.as_ptr(), -5), -1);
        assert_eq!(atome_generate(model.at(), state.at(), tokens.as_ptr(), 2, null_mut(), 4), 0);
        assert_eq!(atome_generate(model.at(), state.at(), tokens.as_ptr(), 2, out.as_mut_ptr(), -4), 0);
        assert_eq!(atome_generate(empty.at(), state.at(), tokens.as_ptr(), 2, out.as_mut_ptr(), 4), 0);
        assert_eq!(atome_classify(null(), state.at(), tokens.as_ptr(), 2, null_mut()), -1);
        assert!(atome_get_logits(null_mut()).is_null());
        assert_eq!(atome_router_entropy(null(), 0), -1.0);
        assert_eq!(atome_router_entropy(state.at(), 2), -1.0);
        assert_eq!(atome_sample(null(), null_mut()), -1);
        assert_eq!(atome_step(null(), state.at(), 1), -1);
        assert_eq!(atome_step(empty.at(), state.at(), 1), -1);
        assert_eq!(atome_step(model.at(), null_mut(), 1), -1);
        assert_eq!(atome_generate_sliding(model.at(), state.at(), tokens.as_ptr(), 0, out.as_mut_ptr(), 4), 0);
        assert_eq!(atome_generate_sliding(model.at(), state.at(), tokens.as_ptr(), 2, out.as_mut_ptr(), -1), 0);
        assert_eq!(atome_select_kernel(null()), -1);
        assert_eq!(atome_select_kernel(c"abacus".as_ptr()), -1);
        assert_eq!(atome_select_kernel(atome_kernel()), 0);
        atome_restart(null_mut());
        atome_init(null_mut());
        atome_ternary_matvec(null(), null(), null_mut());
        atome_layer_norm(null_mut(), 3, null());
        atome_causal_conv(null(), 3, null(), null_mut());
        atome_ssm_forward(null(), 3, null(), null_mut(), null_mut());
        atome_sparse_attn(null(), 3, null(), null_mut(), null_mut());
    }
    assert_eq!(out, [0; 4]);
    assert!(state.0.iter().all(|&word| word == 0), "an error left its mark on the state");
}

#[test]
fn generation_equals_repeated_prediction_and_may_overlap_its_prompt() {
    let blob = blob(2);
    let mut model = loaded(&blob);
    let mut state = Memory::new(LAYOUT.bytes());
    let mut list = vec![3, 10];
    // SAFETY: a loaded model, a zeroed state, and as many tokens as said.
    unsafe {
        while list.len() < MAX_SEQ {
            let next = atome_predict_next(model.at(), state.at(), list.as_ptr(), list.len() as i32);
            assert!((0..11).contains(&next));
            list.push(next);
        }
        let mut both = [3, 10, 0, 0, 0];
        let start = both.as_mut_ptr();
        assert_eq!(atome_generate(model.at(), state.at(), start, 2, start, 99), 5);
        assert_eq!(both, list[2..]);
    }
}

#[test]
fn a_stream_begins_like_predictions_and_sliding_ends_like_them() {
    let blob = blob(4);
    let mut model = loaded(&blob);
    let mut state = Memory::new(LAYOUT.bytes());
    let mut other = Memory::new(LAYOUT.bytes());
    let list: Vec<i32> = (0..3 * MAX_SEQ as i32).map(|i| i * 7 % 11).collect();
    // SAFETY: a loaded model, zeroed states, and as many tokens as said.
    unsafe {
        for n in 1..=MAX_SEQ {
            let expected = atome_predict_next(model.at(), other.at(), list.as_ptr(), n as i32);
            assert_eq!(atome_step(model.at(), state.at(), list[n - 1]), expected);
        }
        for &token in &list[MAX_SEQ..] {
            assert!((0..11).contains(&atome_step(model.at(), state.at(), token)));
        }
        atome_restart(state.at());
        let expected = atome_predict_next(model.at(), other.at(), list.as_ptr(), 1);
        assert_eq!(atome_step(model.at(), state.at(), list[0]), expected);

        // Every token beyond the window takes all of its positions.
        let mut out = [0; if cfg!(miri) { 1 } else { 5 }];
        let (prompt, len, room) = (list.as_ptr(), list.len() as i32, out.len() as i32);
        assert_eq!(atome_generate_sliding(model.at(), state.at(), prompt, len, out.as_mut_ptr(), room), room);
        let mut all = list.clone();
        for token in out {
            let window = all[all.len() - MAX_SEQ..].as_ptr();
            assert_eq!(atome_predict_next(model.at(), other.at(), window, MAX_SEQ as i32), token);
            all.push(token);
        }
    }
}

#[test]
fn sampling_follows_its_seed() {
    let blob = blob(3);
    let mut model = loaded(&blob);
    let mut state = Memory::new(LAYOUT.bytes());
    let draw = |seed, state: &mut Memory, model: &mut Memory| {
        let mut sampler = Memory::new(size_of::<atome_sampler_t>());
        let mut out = [0; 6];
        // SAFETY: memory of the structs' sizes, and room for six tokens.
        unsafe {
            assert_eq!(atome_sampler_init(sampler.at(), 1.5, 11, 0.95, seed), 0);
            let n = atome_generate_sampled(model.at(), state.at(), sampler.at(), [5].as_ptr(), 1, out.as_mut_ptr(), 6);
            assert_eq!(n, 6);
            let next = atome_sample(state.at(), sampler.at());
            assert!((0..11).contains(&next));
        }
        out
    };
    assert_eq!(draw(7, &mut state, &mut model), draw(7, &mut state, &mut model));
    let mut sampler = Memory::new(size_of::<atome_sampler_t>());
    for (temperature, top_k, top_p) in [(-1.0, 4, 1.0), (f32::NAN, 4, 1.0), (1.0, 0, 1.0), (1.0, 4, 0.0), (1.0, 4, 1.5)]
    {
        // SAFETY: memory of the struct's size.
        assert_eq!(unsafe { atome_sampler_init(sampler.at(), temperature, top_k, top_p, 1) }, -1);
    }
}

#[test]
fn the_self_test_passes() {
    assert_eq!(atome_self_test(), ATOME_SELF_TEST_OK);
}

#[test]
fn texts_end() {
    for code in -5..2 {
        // SAFETY: a constant string.
        assert!(unsafe { CStr::from_ptr(atome_error_text(code)) }.to_str().is_ok_and(|text| !text.is_empty()));
    }
    // SAFETY: constant strings.
    unsafe {
        assert_eq!(CStr::from_ptr(atome_version()).to_str(), Ok(env!("CARGO_PKG_VERSION")));
        assert_eq!(CStr::from_ptr(atome_mode()).to_str(), Ok(atome_engine::math::MODE));
    }
}
