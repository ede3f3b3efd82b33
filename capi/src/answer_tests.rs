//! Questions and answers as C asks them.

use core::ffi::{c_char, c_int};
use core::ptr::{null, null_mut};
use std::ffi::CStr;
use std::vec;
use std::vec::Vec;

use atome_engine::container::{file_len, write, Description, WeightFormat};
use atome_engine::dialogue::{answer, Answer, Dialogue, Doubt, Limits, Normalise};
use atome_engine::{argmax, Model, Workspace};

use crate::answer::*;
use crate::codes::*;
use crate::load::atome_load;
use crate::tests::{blob, Memory, LAYOUT, MODEL_SIZE, SHAPE};

/// A vocabulary of 11 tokens and a window of 7: bytes of small numbers.
const HOW: atome_dialogue_t = atome_dialogue_t {
    before: c"\x01".as_ptr(),
    before_len: 1,
    after: c"\x02".as_ptr(),
    after_len: 1,
    normalise: ATOME_NORMALISE_BLANKS,
    stop: -1,
    longest_answer: 9,
    most_question_nats: f32::MAX,
    least_probability: 0.0,
};

/// An answer as the engine gives it.
fn expected(seed: u8, how: &atome_dialogue_t, question: &[u8], longest: usize) -> (Vec<usize>, Answer) {
    let (blob, mut tokens) = (blob(seed), Vec::new());
    let (mut floats, mut words) = (vec![0.0; LAYOUT.floats()], vec![0; LAYOUT.words()]);
    let mut workspace = Workspace::new(&LAYOUT, &mut floats, &mut words).unwrap();
    let dialogue = Dialogue {
        before: b"\x01",
        after: b"\x02",
        normalise: Normalise::from_bits(how.normalise),
        stop: usize::try_from(how.stop).ok(),
        longest_answer: longest,
        limits: Limits { most_question_nats: how.most_question_nats, least_probability: how.least_probability },
        encoder: None,
    };
    let model = Model::new(SHAPE, &blob).unwrap();
    let choose = |logits: &[f32]| argmax(logits.iter().copied());
    let answer = answer(&model, &mut workspace, &dialogue, question, choose, |token| tokens.push(token)).unwrap();
    (tokens, answer)
}

/// The result, the text with all behind it, and what is known.
fn asked(seed: u8, how: &atome_dialogue_t, question: &CStr, size: usize) -> (c_int, Vec<u8>, atome_answer_info_t) {
    let blob = blob(seed);
    let (mut model, mut state) = (Memory::new(MODEL_SIZE), Memory::new(LAYOUT.bytes()));
    let mut text = vec![0xee; 12];
    let mut info =
        atome_answer_info_t { doubt: 99, length: 99, question_nats: 0.0, probability: 0.0, least_probability: 0.0 };
    // SAFETY: memory of the structs' sizes, a whole blob, C strings, and no more room than there is.
    let result = unsafe {
        assert_eq!(atome_load(model.at(), blob.as_ptr(), blob.len()), ATOME_OK);
        let (question, text) = (question.as_ptr(), text.as_mut_ptr().cast::<c_char>());
        atome_answer(model.at(), state.at(), how, question, text, size, &mut info)
    };
    (result, text, info)
}

#[test]
fn answers_are_the_engines() {
    // An interpreter takes minutes for all of them.
    let (seeds, sizes): (&[_], &[_]) = if cfg!(miri) { (&[1], &[3]) } else { (&[1, 2, 3, 4], &[12, 6, 3, 1]) };
    for &seed in seeds {
        for &size in sizes {
            let (tokens, answer) = expected(seed, &HOW, b"\x03", size - 1);
            let (result, text, info) = asked(seed, &HOW, c" \x03 ", size);
            let bytes: Vec<u8> = tokens.iter().map(|&token| if token == 0 { b'?' } else { token as u8 }).collect();
            assert_eq!((result, info.doubt, info.length), (ATOME_SURE, ATOME_DOUBT_NONE, bytes.len() as c_int));
            assert_eq!(text[..bytes.len()], bytes);
            assert_eq!(text[bytes.len()], 0);
            assert!(text[bytes.len() + 1..].iter().all(|&byte| byte == 0xee));
            let signals = answer.signals;
            assert_eq!(info.question_nats, signals.question_nats);
            assert_eq!(
                (info.probability, info.least_probability),
                (signals.mean_probability(), signals.least_probability)
            );
        }
    }
}

#[test]
fn prompts_are_the_dialogues() {
    let prompt = |how: *const atome_dialogue_t, question: *const c_char, max_tokens| {
        let mut tokens = [99; 8];
        // SAFETY: pointers are NULL or lead to what they say, with as much room.
        let count = unsafe { atome_prompt(how, question, tokens.as_mut_ptr(), max_tokens) };
        (count, tokens)
    };
    let question = c" \x03 \xff".as_ptr();
    assert_eq!(prompt(&HOW, question, 8), (5, [1, 3, i32::from(b' '), 255, 2, 99, 99, 99]));
    assert_eq!(prompt(&HOW, question, 5).0, 5);
    assert_eq!(prompt(&HOW, question, 4), (ATOME_ERR_INVALID, [1, 3, i32::from(b' '), 255, 99, 99, 99, 99]));
    for (how, question, max_tokens) in [(null(), question, 8), (&HOW as *const _, null(), 8), (&HOW, question, -1)] {
        assert_eq!(prompt(how, question, max_tokens), (ATOME_ERR_INVALID, [99; 8]));
    }
    // SAFETY: NULL is answered with an error.
    assert_eq!(unsafe { atome_prompt(&HOW, question, null_mut(), 8) }, ATOME_ERR_INVALID);
}

#[test]
fn doubts_have_their_numbers_and_texts() {
    let (tokens, answer) = expected(1, &HOW, b"\x03", 9);
    let absent = (1..11).find(|token| !tokens.contains(token)).unwrap() as c_int;
    let nats = answer.signals.question_nats;
    let cases = [
        (HOW, c"\x03", None),
        (HOW, c" ", Some(Doubt::NoQuestion)),
        (HOW, c"\x03\x03\x03\x03\x03", Some(Doubt::TooLong)),
        (atome_dialogue_t { most_question_nats: nats * 0.99, ..HOW }, c"\x03", Some(Doubt::Unfamiliar)),
        (atome_dialogue_t { stop: absent, ..HOW }, c"\x03", Some(Doubt::CutOff)),
        (atome_dialogue_t { least_probability: 1.01, ..HOW }, c"\x03", Some(Doubt::CloseCall)),
    ];
    for (number, (how, question, doubt)) in cases.into_iter().enumerate() {
        let (result, text, info) = asked(1, &how, question, 12);
        assert_eq!((result, info.doubt), (c_int::from(doubt.is_none()), number as c_int));
        assert_eq!(info.length == 0, matches!(doubt, Some(Doubt::NoQuestion | Doubt::TooLong)));
        assert_eq!(text[info.length as usize], 0);
        // SAFETY: a constant string.
        let found = unsafe { CStr::from_ptr(atome_doubt_text(info.doubt)) }.to_str().unwrap();
        assert_eq!(found, doubt.map_or("nothing speaks against it", Doubt::text));
    }
}

#[test]
fn wrong_arguments_give_an_error_and_nothing_is_written() {
    let blob = blob(1);
    let (mut model, mut state, mut empty) =
        (Memory::new(MODEL_SIZE), Memory::new(LAYOUT.bytes()), Memory::new(MODEL_SIZE));
    let mut text = [7; 4];
    let question = c"\x03".as_ptr();
    // SAFETY: pointers are NULL or lead to what they say.
    unsafe {
        assert_eq!(atome_load(model.at(), blob.as_ptr(), blob.len()), ATOME_OK);
        let none = atome_dialogue_t { longest_answer: 0, ..HOW };
        for (model, state, how, question, size) in [
            (null_mut(), state.at(), &HOW as *const atome_dialogue_t, question, 4),
            (empty.at(), state.at(), &HOW, question, 4),
            (model.at(), null_mut(), &HOW, question, 4),
            (model.at(), state.at(), null(), question, 4),
            (model.at(), state.at(), &none, question, 4),
            (model.at(), state.at(), &HOW, null(), 4),
            (model.at(), state.at(), &HOW, question, 0),
        ] {
            assert_eq!(
                atome_answer(model, state, how, question, text.as_mut_ptr(), size, null_mut()),
                ATOME_ERR_INVALID
            );
        }
        let (model, state) = (model.at(), state.at());
        assert_eq!(atome_answer(model, state, &HOW, question, null_mut(), 4, null_mut()), ATOME_ERR_INVALID);
        assert_eq!(text, [7; 4]);
        assert_eq!(atome_answer(model, state, &HOW, question, text.as_mut_ptr(), 4, null_mut()), ATOME_SURE);
    }
}

#[test]
fn a_container_tells_how_its_model_is_asked() {
    let boxed = |notes: &[(&str, &str)]| {
        let (plain, about) = (blob(1), Description::new(SHAPE, 7, WeightFormat::TwoBits));
        let mut file = vec![0; file_len(&about, notes, &plain).unwrap()];
        write(&about, notes, &plain, &mut file).unwrap();
        file
    };
    let read = |file: &[u8]| {
        let mut how = HOW;
        // SAFETY: a whole slice, and a struct to write to.
        (unsafe { atome_container_dialogue(file.as_ptr(), file.len(), &mut how) }, how)
    };
    let notes =
        [("name", "x"), ("dialogue.after", "\nA: "), ("dialogue.stop", "10"), ("dialogue.least_probability", "0.25")];
    let file = boxed(&notes);
    let (code, how) = read(&file);
    assert_eq!((code, how.before.is_null(), how.before_len, how.after_len), (ATOME_OK, true, 0, 4));
    // SAFETY: as long as it says, inside the file.
    assert_eq!(unsafe { std::slice::from_raw_parts(how.after.cast::<u8>(), 4) }, b"\nA: ");
    assert!(file.as_ptr_range().contains(&how.after.cast()));
    assert_eq!((how.stop, how.longest_answer, how.normalise), (10, c_int::MAX, 0));
    assert_eq!((how.most_question_nats, how.least_probability), (f32::MAX, 0.25));

    let mut damaged = file.clone();
    damaged[100] ^= 1;
    for (file, expected) in [
        (boxed(&[("name", "x")]), ATOME_ERR_INVALID),
        (boxed(&[("dialogue.stop", "soon")]), ATOME_ERR_INVALID),
        (blob(1), ATOME_ERR_INVALID),
        (file[..file.len() - 1].to_vec(), ATOME_ERR_TRUNCATED),
        (damaged, ATOME_ERR_DAMAGED),
    ] {
        let (code, how) = read(&file);
        assert_eq!((code, how.longest_answer), (expected, HOW.longest_answer));
    }
    // SAFETY: NULL is answered with an error.
    unsafe {
        assert_eq!(atome_container_dialogue(null(), 0, &mut { HOW }), ATOME_ERR_INVALID);
        assert_eq!(atome_container_dialogue(file.as_ptr(), file.len(), null_mut()), ATOME_ERR_INVALID);
    }
}
