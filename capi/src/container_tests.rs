//! Containers as C loads them.

use core::ptr::{null, null_mut};
use std::ffi::CStr;
use std::vec;
use std::vec::Vec;

use atome_engine::container::{file_len, put_signature, write, Container, Description, WeightFormat};
use atome_engine::{Dims, Model, Shape};

use crate::codes::*;
use crate::container::*;
use crate::load::atome_load;
use crate::predict::atome_predict_next;
use crate::tests::{blob, Memory, LAYOUT, MODEL_SIZE, SHAPE};
use crate::types::atome_container_info_t;

pub(crate) fn container(shape: Shape, plain: &[u8]) -> Vec<u8> {
    container_of(&Description::new(shape, 7, WeightFormat::TwoBits), plain)
}

/// For a product and of a version, 0 for none.
pub(crate) fn container_for(product: u32, model_version: u32, plain: &[u8]) -> Vec<u8> {
    container_of(&Description { product, model_version, ..Description::new(SHAPE, 7, WeightFormat::TwoBits) }, plain)
}

fn container_of(about: &Description, plain: &[u8]) -> Vec<u8> {
    let notes = [("name", "test")];
    let mut file = vec![0; file_len(about, &notes, plain).unwrap()];
    write(about, &notes, plain, &mut file).unwrap();
    file
}

fn load(model: &mut Memory, file: &[u8]) -> i32 {
    // SAFETY: memory of the struct's size, and a whole slice.
    unsafe { atome_load(model.at(), file.as_ptr(), file.len()) }
}

#[test]
fn a_container_loads_like_the_file_in_it() {
    let plain = blob(1);
    let file = container(SHAPE, &plain);
    let tokens = [3, 1, 4];
    let mut logits = Vec::new();
    for data in [&plain, &file] {
        let (mut model, mut state) = (Memory::new(MODEL_SIZE), Memory::new(LAYOUT.bytes()));
        assert_eq!(load(&mut model, data), ATOME_OK);
        // SAFETY: a loaded model, a zeroed state, and as many tokens as said.
        unsafe { atome_predict_next(model.at(), state.at(), tokens.as_ptr(), 3) };
        logits.push(state.0);
    }
    // The whole state, the identity of the model included: weights are the same wherever they lie.
    assert_eq!(logits[0][..11 / 2], logits[1][..11 / 2]);
}

#[test]
fn damage_gives_codes_and_leaves_the_model() {
    let plain = blob(1);
    let file = container(SHAPE, &plain);
    let mut model = Memory::new(MODEL_SIZE);
    // All of them, except under Miri.
    let step = if cfg!(miri) { 61 } else { 1 };
    for len in (0..file.len()).step_by(step) {
        assert!([ATOME_ERR_INVALID, ATOME_ERR_TRUNCATED].contains(&load(&mut model, &file[..len])), "{len} bytes");
    }
    let mut damaged = file.clone();
    for bit in (0..8 * file.len()).step_by(step) {
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(load(&mut model, &damaged) < 0, "bit {bit}");
        damaged[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(model.0.iter().all(|&word| word == 0), "an error left its mark on the model");
    assert_eq!(load(&mut model, &damaged), ATOME_OK);
}

#[test]
fn another_shape_is_named_beside_the_programs() {
    let other = Shape::new(Dims { d_model: 9, ..SHAPE.dims() }).unwrap();
    let mut plain = b"ATOME01".to_vec();
    plain.resize(Model::blob_len(&other), 0);
    let file = container(other, &plain);
    assert_eq!(load(&mut Memory::new(MODEL_SIZE), &file), ATOME_ERR_SHAPE);
    let explain = |file: &[u8]| {
        let mut text = [0x7f; 256];
        // SAFETY: as many bytes as said.
        let code = unsafe { atome_container_explain(file.as_ptr(), file.len(), text.as_mut_ptr(), text.len()) };
        // SAFETY: ends with a NUL.
        (code, unsafe { CStr::from_ptr(text.as_ptr()) }.to_str().unwrap().to_owned())
    };
    let (code, text) = explain(&file);
    assert_eq!(code, ATOME_ERR_SHAPE);
    assert_eq!(
        text,
        "model VOCAB_SIZE=11 D_MODEL=9 N_LAYERS=2 D_HEAD=3 KERNEL_SIZE=5 N_PATHWAYS=3 TOP_K=4; \
         program VOCAB_SIZE=11 D_MODEL=6 N_LAYERS=2 D_HEAD=3 KERNEL_SIZE=5 N_PATHWAYS=3 TOP_K=4"
    );
    let fitting = container(SHAPE, &blob(1));
    assert_eq!(explain(&fitting), (ATOME_OK, "the container fits this program".to_owned()));
    let (code, text) = explain(&fitting[..200]);
    assert_eq!((code, text.starts_with("ends after 200 bytes, expected ")), (ATOME_ERR_TRUNCATED, true));
    assert_eq!(explain(&plain).0, ATOME_ERR_INVALID);
    let mut damaged = fitting.clone();
    damaged[300] ^= 1;
    assert_eq!(explain(&damaged), (ATOME_ERR_DAMAGED, "the container is damaged: wrong checksum".to_owned()));

    let info = info_of(&file);
    assert_eq!((info.d_model, info.vocab_size, info.top_k, info.window, info.is_signed), (9, 11, 4, 7, 0));
}

fn info_of(file: &[u8]) -> atome_container_info_t {
    let mut info = Memory::new(size_of::<atome_container_info_t>());
    // SAFETY: memory of the struct's size.
    unsafe {
        assert_eq!(atome_container_info(file.as_ptr(), file.len(), info.at()), ATOME_OK);
        info.at::<atome_container_info_t>().read()
    }
}

#[test]
fn product_version_and_key_can_be_read() {
    let mut file = container_for(0x4b49_5443, 7, &blob(1));
    let told = |file: &[u8]| {
        let info = info_of(file);
        (info.product, info.model_version, info.is_signed, info.key_id)
    };
    assert_eq!(told(&file), (0x4b49_5443, 7, 0, [0; 4]));
    put_signature(&mut file, [9, 8, 7, 6], |_| [1; 64]).unwrap();
    assert_eq!(told(&file), (0x4b49_5443, 7, 1, [9, 8, 7, 6]));
    assert_eq!(told(&container(SHAPE, &blob(1))), (0, 0, 0, [0; 4]));
    // A program that asks for nothing loads it like any other.
    assert_eq!(load(&mut Memory::new(MODEL_SIZE), &file), ATOME_OK);
}

#[test]
fn null_gives_a_code() {
    let file = container(SHAPE, &blob(1));
    let (mut payload, mut len) = (null(), 0);
    // SAFETY: every pointer is NULL or leads to what its function expects.
    unsafe {
        let (data, size) = (file.as_ptr(), file.len());
        assert_eq!(atome_load(null_mut(), data, size), ATOME_ERR_INVALID);
        assert_eq!(atome_container_payload(null(), 9, &mut payload, &mut len), ATOME_ERR_INVALID);
        assert_eq!(atome_container_payload(data, size, null_mut(), &mut len), ATOME_ERR_INVALID);
        assert_eq!(atome_container_payload(data, size, &mut payload, null_mut()), ATOME_ERR_INVALID);
        assert_eq!(atome_container_info(null(), 9, null_mut()), ATOME_ERR_INVALID);
        assert_eq!(atome_container_info(data, size, null_mut()), ATOME_ERR_INVALID);
        assert_eq!(atome_container_explain(data, size, null_mut(), 9), ATOME_ERR_INVALID);
        assert_eq!(atome_container_payload(data, size, &mut payload, &mut len), ATOME_OK);
    }
    let whole = Container::open(&file).unwrap();
    assert_eq!((payload, len), (whole.payload().as_ptr(), whole.payload().len()));
}
