//! Guaranteed answers as C asks for them.

use core::ffi::{c_char, c_int};
use core::ptr::{null, null_mut};
use std::vec;
use std::vec::Vec;

use atome_engine::container::{Contents, Description, PartKind, WeightFormat};
use atome_grammar::{compile, fits};

use crate::answer::*;
use crate::codes::*;
use crate::grammar::*;
use crate::info::atome_error_text;
use crate::load::atome_load;
use crate::sampler::atome_sampler_init;
use crate::tests::{blob, Memory, LAYOUT, MODEL_SIZE, SHAPE};
use crate::types::atome_sampler_t;
use crate::vocabulary::atome_vocabulary_t;

/// A vocabulary of 11 tokens and a window of 7: bytes of small numbers.
const HOW: atome_dialogue_t = atome_dialogue_t {
    before: null(),
    before_len: 0,
    after: c"\x02".as_ptr(),
    after_len: 1,
    normalise: 0,
    stop: 10,
    longest_answer: 9,
    most_question_nats: f32::MAX,
    least_probability: 0.0,
};

const SOURCE: &str = r#"answer = "\x03" [\x04-\x08]{1,2} | "\x01" copy([\x05-\x07], 1..3) "\x01""#;

const CLOSED: atome_grammar_t =
    atome_grammar_t { data: null(), len: 0, vocabulary: atome_vocabulary_t { part: null(), len: 0 } };

fn opened(table: &[u8]) -> (c_int, atome_grammar_t) {
    let mut grammar = CLOSED;
    // SAFETY: a whole slice, and a struct to write to.
    (unsafe { atome_grammar_open(&mut grammar, table.as_ptr(), table.len()) }, grammar)
}

fn model(seed: u8) -> (Vec<u8>, Memory) {
    let (blob, mut model) = (blob(seed), Memory::new(MODEL_SIZE));
    // SAFETY: memory of the struct's size, and a whole blob.
    assert_eq!(unsafe { atome_load(model.at(), blob.as_ptr(), blob.len()) }, ATOME_OK);
    (blob, model)
}

#[test]
fn tables_are_checked_when_they_are_opened() {
    let table = compile(SOURCE).unwrap().table;
    let (code, grammar) = opened(&table);
    assert_eq!((code, grammar.data, grammar.len), (ATOME_OK, table.as_ptr(), table.len()));
    let mut damaged = table.clone();
    damaged[table.len() - 1] = 0xff;
    for (table, expected) in [
        (&table[1..], ATOME_ERR_INVALID),
        (&table[..table.len() - 1], ATOME_ERR_TRUNCATED),
        (&damaged, ATOME_ERR_DAMAGED),
        (&[], ATOME_ERR_INVALID),
    ] {
        let (code, grammar) = opened(table);
        assert_eq!((code, grammar.data.is_null(), grammar.len), (expected, true, 0));
    }
    // SAFETY: NULL is answered with an error.
    unsafe {
        assert_eq!(atome_grammar_open(null_mut(), table.as_ptr(), table.len()), ATOME_ERR_INVALID);
        assert_eq!(atome_grammar_open(&mut { grammar }, null(), 9), ATOME_ERR_INVALID);
    }
}

#[test]
fn a_container_brings_its_grammar() {
    let table = compile(SOURCE).unwrap().table;
    let boxed = |parts: &[(PartKind, &[u8])]| {
        let (payload, about) = (blob(1), Description::new(SHAPE, 7, WeightFormat::TwoBits));
        let contents = Contents { about: &about, notes: &[], parts, payload: &payload };
        let mut file = vec![0; contents.file_len().unwrap()];
        contents.write(&mut file).unwrap();
        file
    };
    let read = |file: &[u8]| {
        let mut grammar = CLOSED;
        // SAFETY: a whole slice, and a struct to write to.
        (unsafe { atome_container_grammar(file.as_ptr(), file.len(), &mut grammar) }, grammar)
    };
    let file = boxed(&[(PartKind::GRAMMAR, &table)]);
    let (code, grammar) = read(&file);
    assert_eq!((code, grammar.len), (ATOME_OK, table.len()));
    assert!(file.as_ptr_range().contains(&grammar.data));
    for (file, expected) in [
        (boxed(&[]), ATOME_ERR_INVALID),
        (boxed(&[(PartKind::GRAMMAR, &table[..table.len() - 1])]), ATOME_ERR_DAMAGED),
        (boxed(&[(PartKind::GRAMMAR, b"ATOMEGR2")]), ATOME_ERR_INVALID),
        (blob(1), ATOME_ERR_INVALID),
        (file[..file.len() - 1].to_vec(), ATOME_ERR_TRUNCATED),
    ] {
        let (code, grammar) = read(&file);
        assert_eq!((code, grammar.data.is_null()), (expected, true));
    }
    // SAFETY: NULL is answered with an error.
    unsafe {
        assert_eq!(atome_container_grammar(null(), 0, &mut { grammar }), ATOME_ERR_INVALID);
        assert_eq!(atome_container_grammar(file.as_ptr(), file.len(), null_mut()), ATOME_ERR_INVALID);
    }
}

#[test]
fn whatever_the_model_wants_texts_and_answers_are_of_the_grammar() {
    let table = compile(SOURCE).unwrap().table;
    let (_, grammar) = opened(&table);
    let mut seen = Vec::new();
    for seed in if cfg!(miri) { 1..3 } else { 1..30 } {
        let (_blob, mut model) = model(seed);
        let mut state = Memory::new(LAYOUT.bytes());
        for is_drawn in [false, true] {
            let mut sampler = atome_sampler_t { temperature: 0.0, top_p: 1.0, top_k: 1, state: 0 };
            let (prompt, mut output) = ([6, 5], [99; 9]);
            // SAFETY: memory of the structs' sizes, a loaded model, an opened grammar, and as much room as is said.
            let count = unsafe {
                assert_eq!(atome_sampler_init(&mut sampler, 1.5, 11, 1.0, seed.into()), ATOME_OK);
                let sampler = if is_drawn { &raw mut sampler } else { null_mut() };
                let output = output.as_mut_ptr();
                atome_generate_constrained(model.at(), state.at(), &grammar, sampler, prompt.as_ptr(), 2, 10, output, 9)
            };
            assert_ne!(is_drawn, sampler.state == u64::from(seed), "the draws go on");
            let text: Vec<u8> = output[..count as usize].iter().map(|&token| token as u8).collect();
            assert_eq!(fits(&table, &[6, 5], &text), Ok(()), "{text:?}");
            assert!(output[count as usize..].iter().all(|&token| token == 99));
            seen.push(text);
        }
        let (mut text, mut info) = (vec![0x77; 9], None::<atome_answer_info_t>);
        for size in [9, 4, 3] {
            let mut told = atome_answer_info_t {
                doubt: 99,
                length: 99,
                question_nats: 0.0,
                probability: 0.0,
                least_probability: 0.0,
            };
            // SAFETY: as above, and C strings.
            let result = unsafe {
                let (question, text) = (c"\x09\x07".as_ptr(), text.as_mut_ptr().cast::<c_char>());
                atome_answer_constrained(model.at(), state.at(), &HOW, &grammar, question, text, size, &mut told)
            };
            assert_eq!((result, told.doubt), (ATOME_SURE, ATOME_DOUBT_NONE));
            let answer = &text[..told.length as usize];
            assert_eq!((fits(&table, &[9, 7], answer), text[told.length as usize]), (Ok(()), 0), "{answer:?}");
            info = Some(told);
        }
        assert!(info.is_some_and(|info| info.length == 2), "two bytes and a NUL have room in 3");
    }
    seen.sort();
    seen.dedup();
    assert!(cfg!(miri) || seen.len() > 5, "{seen:?}");
}

#[test]
fn what_cannot_be_said_has_a_code_or_a_doubt() {
    let table = |source: &str| compile(source).unwrap().table;
    let (_blob, mut model) = model(1);
    let mut state = Memory::new(LAYOUT.bytes());
    let [short, beyond, copied] =
        [r#""\x03\x04\x05\x06\x07""#, "'a'", r#"copy([\x08], 1..2)"#].map(|part| table(&format!("answer = {part}")));
    for (table, code, answered) in [
        // Five tokens behind two or three others, in a window of 7.
        (&short, 5, Err(ATOME_DOUBT_IMPOSSIBLE)),
        (&beyond, ATOME_ERR_GRAMMAR, Ok(ATOME_ERR_GRAMMAR)),
        (&copied, ATOME_ERR_GRAMMAR, Err(ATOME_DOUBT_IMPOSSIBLE)),
    ] {
        let (_, grammar) = opened(table);
        let (mut output, mut text) = ([99; 9], [0x55 as c_char; 12]);
        let mut info =
            atome_answer_info_t { doubt: 99, length: 99, question_nats: 0.0, probability: 0.0, least_probability: 0.0 };
        // SAFETY: memory of the structs' sizes, a loaded model, an opened grammar, and as much room as is said.
        let (count, result) = unsafe {
            let (model, state) = (model.at(), state.at());
            let prompt = [5, 6].as_ptr();
            let output = output.as_mut_ptr();
            let count = atome_generate_constrained(model, state, &grammar, null_mut(), prompt, 2, -1, output, 9);
            let (question, text) = (c"\x09\x07".as_ptr(), text.as_mut_ptr());
            (count, atome_answer_constrained(model, state, &HOW, &grammar, question, text, 12, &mut info))
        };
        assert_eq!((count, output[0] == 99), (code, code < 0));
        match answered {
            Ok(code) => assert_eq!((result, info.doubt, text[0]), (code, 99, 0x55)),
            Err(doubt) => assert_eq!((result, info.doubt, info.length, text[0]), (ATOME_UNSURE, doubt, 0, 0)),
        }
    }
    // SAFETY: a constant string.
    let text = unsafe { std::ffi::CStr::from_ptr(atome_error_text(ATOME_ERR_GRAMMAR)) }.to_str().unwrap();
    assert!(text.contains("grammar"));
}

#[test]
fn wrong_arguments_give_an_error_and_nothing_is_written() {
    let table = compile(SOURCE).unwrap().table;
    let (_, grammar) = opened(&table);
    let closed = CLOSED;
    let (_blob, mut model) = model(1);
    let (mut empty, mut state) = (Memory::new(MODEL_SIZE), Memory::new(LAYOUT.bytes()));
    let mut wrong = atome_sampler_t { temperature: -1.0, top_p: 1.0, top_k: 1, state: 0 };
    let (mut output, mut text, prompt) = ([99; 4], [7 as c_char; 4], [5, 6]);
    // SAFETY: pointers are NULL or lead to what they say.
    unsafe {
        let (none, good) = (null_mut::<atome_sampler_t>(), &raw const grammar);
        for (model, state, grammar, sampler, prompt_len, max_tokens) in [
            (null_mut(), state.at(), good, none, 2, 4),
            (empty.at(), state.at(), good, none, 2, 4),
            (model.at(), null_mut(), good, none, 2, 4),
            (model.at(), state.at(), null(), none, 2, 4),
            (model.at(), state.at(), &raw const closed, none, 2, 4),
            (model.at(), state.at(), good, &raw mut wrong, 2, 4),
            (model.at(), state.at(), good, none, 0, 4),
            (model.at(), state.at(), good, none, 2, -1),
        ] {
            let output = output.as_mut_ptr();
            let found = atome_generate_constrained(
                model,
                state,
                grammar,
                sampler,
                prompt.as_ptr(),
                prompt_len,
                10,
                output,
                max_tokens,
            );
            assert_eq!(found, ATOME_ERR_INVALID);
            if sampler.is_null() && prompt_len == 2 && max_tokens == 4 {
                let (question, text) = (c"\x09".as_ptr(), text.as_mut_ptr());
                let found = atome_answer_constrained(model, state, &HOW, grammar, question, text, 4, null_mut());
                assert_eq!(found, ATOME_ERR_INVALID);
            }
        }
    }
    assert_eq!((output, text), ([99; 4], [7; 4]));
}
