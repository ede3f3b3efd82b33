//! The functions of the integer arithmetic, as C calls them, on the program of [`crate::tests`].

use std::ffi::CStr;
use std::vec::Vec;

use atome_engine::format::{sections, Part, SectionKind};
use atome_engine::integer::{check, Layout, Workspace};
use atome_engine::{predict_next, Model, Plan};

use crate::codes::{ATOME_ERR_ARITHMETIC, ATOME_OK};
use crate::config::{exact_layout, integer_layout, OF_INTEGERS};
use crate::integer::*;
use crate::predict::atome_predict_next;
use crate::tests::{blob, Memory, CONFIG as EXACT, LAYOUT as EXACT_LAYOUT, MODEL_SIZE, SHAPE};
use crate::types::*;

fn layout() -> Layout {
    Layout::new(SHAPE, EXACT_LAYOUT.max_seq(), Plan::Cached).expect("in range")
}

/// What the header's sum gives for the shape, counted by hand: 4 * (11 + 21 + 10 + 4 + 32 + 6 + 15 + 3 + 1 + 2 * 44).
const STATE_SIZE: usize = 764;

pub(crate) static CONFIG: atome_config_t = atome_config_t {
    abi_version: ATOME_ABI_VERSION + OF_INTEGERS,
    state_size: STATE_SIZE as u32,
    formats: &raw const crate::formats::atome_integer_formats,
    container_payload: Some(atome_integer_container_payload),
    cache: &raw const crate::cache::atome_integer_cache,
    ..EXACT
};

/// A blob that the arithmetic takes: all scales and vectors are small numbers around 1.
fn good_blob(seed: u8) -> Vec<u8> {
    let mut blob = blob(seed);
    for section in sections(SHAPE, None) {
        let floats = match section.kind {
            SectionKind::Matrix { .. } => 1,
            SectionKind::Floats { count } => count,
        };
        for index in 0..floats {
            let at = 7 + section.offset + 4 * index;
            let value = 0.25 + f32::from(blob[at]) / 64.0;
            blob[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
    }
    blob
}

fn load(model: &mut Memory, blob: &[u8]) -> i32 {
    // SAFETY: memory of the struct's size, and a whole blob.
    unsafe { atome_integer_load(model.at(), blob.as_ptr(), blob.len()) }
}

#[test]
fn a_state_is_as_large_as_the_layout_and_no_larger() {
    assert_eq!(layout().bytes(), STATE_SIZE);
}

#[test]
fn predictions_are_those_of_the_engine() {
    let blob = good_blob(3);
    let model = Model::new(SHAPE, &blob).expect("a model");
    check(&model).expect("small numbers");
    let (mut loaded, mut state) = (Memory::new(MODEL_SIZE), Memory::new(STATE_SIZE));
    assert_eq!(load(&mut loaded, &blob), ATOME_OK);
    let layout = layout();
    let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
    let mut workspace = Workspace::new(&layout, &mut floats, &mut words).expect("enough");
    let tokens = [1, 4, 2, 9, 10, 0, 3];
    for n in [3, 4, 7, 2] {
        let expected = predict_next(&model, &mut workspace, tokens[..n].iter().copied()).expect("tokens");
        // SAFETY: a loaded model, a state of its size, and n tokens.
        let found = unsafe { atome_integer_predict_next(loaded.at(), state.at(), tokens.as_ptr(), n as i32) };
        assert_eq!(found, expected as i32);
        // SAFETY: the logits come first, then the router's weights.
        let read = unsafe { core::slice::from_raw_parts(state.at::<u32>(), 11 + n * 3) };
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(read[..11], bits(workspace.logits()));
        assert_eq!(read[11..], bits(&workspace.router_weights()[..n * 3]));
    }
}

/// Both find the tag of a state in one place, where the shape and the plan are the same.
#[test]
fn what_one_arithmetic_has_computed_is_never_taken_for_the_others() {
    let blob = good_blob(3);
    let mut memory = Memory::new(MODEL_SIZE);
    assert_eq!(load(&mut memory, &blob), ATOME_OK);
    let model: *const atome_model_t = memory.at();
    let tokens = [1, 4, 2, 9, 10, 0, 3];
    let logits = |state: &mut Memory, n: i32, is_exact: bool| {
        // SAFETY: a loaded model, a state that is large enough for both, n tokens; the logits come first.
        unsafe {
            let result = if is_exact {
                atome_predict_next(model, state.at(), tokens.as_ptr(), n)
            } else {
                atome_integer_predict_next(model, state.at(), tokens.as_ptr(), n)
            };
            assert!(result >= 0);
            core::slice::from_raw_parts(state.at::<u32>(), 11).to_vec()
        }
    };
    let (mut shared, fresh) = (Memory::new(EXACT_LAYOUT.bytes()), || Memory::new(EXACT_LAYOUT.bytes()));
    for n in 1..=7 {
        for is_exact in [true, false, false, true] {
            assert_eq!(logits(&mut shared, n, is_exact), logits(&mut fresh(), n, is_exact), "{n} tokens, {is_exact}");
        }
        assert_ne!(logits(&mut fresh(), n, true), logits(&mut fresh(), n, false), "{n} tokens");
    }
}

#[test]
fn a_model_that_is_refused_leaves_the_other_one_as_it_was() {
    let good = good_blob(3);
    let mut model = Memory::new(MODEL_SIZE);
    assert_eq!(load(&mut model, &good), ATOME_OK);
    let before = model.0.clone();
    let mut text = [0u8; 512];
    for section in sections(SHAPE, None) {
        let at = 7 + section.offset;
        let mut bad = good.clone();
        bad[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(load(&mut model, &bad), ATOME_ERR_ARITHMETIC, "{section:?}");
        assert!(model.0 == before);
        // SAFETY: room for as many bytes as said.
        let code = unsafe { atome_integer_explain(bad.as_ptr(), bad.len(), text.as_mut_ptr().cast(), text.len()) };
        let said = CStr::from_bytes_until_nul(&text).expect("a NUL").to_str().expect("ASCII");
        assert_eq!(code, ATOME_ERR_ARITHMETIC);
        assert!(said.ends_with("holds an infinity or NaN, which ATOME_INTEGER does not take"), "{said}");
        let layer = section.layer.map_or_else(String::new, |layer| format!(" of layer {layer}"));
        assert!(said.contains(&layer), "{said}");
    }
    let embed = sections(SHAPE, None).find(|section| section.part == Part::Embed).expect("there is one");
    let mut small = good.clone();
    small[7 + embed.offset..][..4].copy_from_slice(&1e-30f32.to_le_bytes());
    assert_eq!(load(&mut model, &small), ATOME_ERR_ARITHMETIC);
    assert!(model.0 == before);
}

#[test]
fn each_arithmetics_functions_take_their_own_programs_only() {
    let with = |abi_version, state_size: usize| atome_config_t { abi_version, state_size: state_size as u32, ..EXACT };
    let (exact, integer) = (ATOME_ABI_VERSION, ATOME_ABI_VERSION + OF_INTEGERS);
    let (exact_size, integer_size) = (EXACT_LAYOUT.bytes(), STATE_SIZE);
    for (version, size) in [(exact, exact_size), (exact, integer_size), (integer, exact_size), (integer, integer_size)]
    {
        let config = with(version, size);
        assert_eq!(exact_layout(&config).is_some(), (version, size) == (exact, exact_size));
        assert_eq!(integer_layout(&config).is_some(), (version, size) == (integer, integer_size));
    }
}

#[test]
#[cfg_attr(miri, ignore = "safe code, half a million times")]
fn sizes_that_integers_have_no_room_for_are_refused() {
    let is_taken = |change: fn(&mut atome_config_t)| {
        let mut config = CONFIG;
        change(&mut config);
        // Whatever it takes: only the range may refuse it.
        (0..1 << 16).any(|words| integer_layout(&atome_config_t { state_size: 4 * words, ..config }).is_some())
    };
    assert!(is_taken(|_| ()) && is_taken(|config| config.plan = 1));
    assert!(is_taken(|config| config.top_k = 16) && !is_taken(|config| config.top_k = 17));
    assert!(is_taken(|config| config.kernel_size = 16) && !is_taken(|config| config.kernel_size = 17));
    assert!(is_taken(|config| config.d_head = 256) && !is_taken(|config| config.d_head = 257));
    assert!(is_taken(|config| config.max_seq = 4096) && !is_taken(|config| config.max_seq = 4097));
    assert!(!is_taken(|config| config.plan = 3) && !is_taken(|config| config.plan = 0));
}
