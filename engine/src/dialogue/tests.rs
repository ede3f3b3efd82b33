use std::string::String;
use std::vec::Vec;

use super::*;
use crate::format::{sections, SectionKind, MAGIC};
use crate::random::Rng;
use crate::{argmax, predict_next, Dims, Layout, Model, Plan, Shape, Workspace};

fn applied(steps: Normalise, question: &str) -> String {
    String::from_utf8(steps.apply(question.as_bytes()).collect()).unwrap()
}

#[test]
fn each_step_does_its_own_part() {
    let question = " How\tdo  I:\n\u{fc}\u{20ac}\u{7f}? ! ";
    assert_eq!(applied(Normalise::NOTHING, question), question);
    assert_eq!(applied(Normalise::BLANKS, question), "How do I: \u{fc}\u{20ac}\u{7f}? !");
    assert_eq!(applied(Normalise::LOWER, question), question.to_ascii_lowercase());
    assert_eq!(applied(Normalise::END_MARKS, question), " How\tdo  I:\n\u{fc}\u{20ac}\u{7f}");
    assert_eq!(applied(Normalise::ASCII, question), " How?do  I:????? ! ");
    let all = Normalise::from_bits(u32::MAX);
    assert_eq!(all, Normalise::ALL);
    assert_eq!(applied(all, question), "how do i: ???");
    for nothing in ["", " \t\n", "?", " . ! ?", "\u{80}"] {
        assert_eq!(applied(all, nothing), if nothing == "\u{80}" { "?" } else { "" }, "{nothing:?}");
    }
    assert_eq!(Normalise::from_names(&std::format!(" {all} ")), Some(all));
    assert_eq!(Normalise::from_names("lower upper"), None);
}

const WINDOW: usize = 24;

fn shape() -> Shape {
    let dims = Dims { d_model: 12, n_layers: 2, d_head: 5, kernel_size: 3, n_pathways: 3, vocab_size: 128, top_k: 3 };
    Shape::new(dims).unwrap()
}

fn blob(seed: u64) -> Vec<u8> {
    let (mut bytes, mut rng) = (MAGIC.to_vec(), Rng(seed));
    for section in sections(shape(), None) {
        let count = match section.kind {
            SectionKind::Floats { count } => count,
            SectionKind::Matrix { .. } => 1,
        };
        (0..count).for_each(|_| bytes.extend((0.2 + rng.float().abs()).to_le_bytes()));
        bytes.extend((4 * count..section.bytes).map(|_| rng.next() as u8));
    }
    bytes
}

const DIALOGUE: Dialogue = Dialogue {
    before: b"Q:",
    after: b"\n",
    normalise: Normalise::BLANKS,
    stop: None,
    longest_answer: 9,
    limits: Limits::NONE,
    encoder: None,
};

fn asked(dialogue: &Dialogue, question: &str, plan: Plan, seed: u64) -> (Vec<usize>, Answer) {
    let (blob, layout) = (blob(seed), Layout::new(shape(), WINDOW, plan).unwrap());
    let (mut floats, mut words) = (std::vec![0.0; layout.floats()], std::vec![0; layout.words()]);
    let mut workspace = Workspace::new(&layout, &mut floats, &mut words).unwrap();
    let model = Model::new(shape(), &blob).unwrap();
    let mut tokens = Vec::new();
    let choose = |logits: &[f32]| argmax(logits.iter().copied());
    let first = answer(&model, &mut workspace, dialogue, question.as_bytes(), choose, |token| tokens.push(token));
    // What the last question left behind changes nothing.
    let mut repeated = Vec::new();
    let mut readings = 0;
    let second = answer_observed(
        &model,
        &mut workspace,
        dialogue,
        question.as_bytes(),
        choose,
        |token| repeated.push(token),
        |_| readings += 1,
    );
    assert_eq!((&first, &tokens), (&second, &repeated));
    assert_eq!(readings > 0, !matches!(first.unwrap().doubt, Some(Doubt::NoQuestion | Doubt::TooLong)));
    (tokens, first.unwrap())
}

/// ln of the softmax, in binary64 and by the description.
fn ln_softmax(logits: &[f32], token: usize) -> f64 {
    let sum: f64 = logits.iter().map(|&logit| f64::from(logit - logits[token]).exp()).sum();
    -sum.ln()
}

/// Tokens and signals by predictions of whole prefixes.
fn expected(question: &str, seed: u64) -> (Vec<usize>, [f64; 3]) {
    let (blob, layout) = (blob(seed), Layout::new(shape(), WINDOW, Plan::Lean).unwrap());
    let (mut floats, mut words) = (std::vec![0.0; layout.floats()], std::vec![0; layout.words()]);
    let mut workspace = Workspace::new(&layout, &mut floats, &mut words).unwrap();
    let model = Model::new(shape(), &blob).unwrap();
    let mut text: Vec<i32> = std::format!("Q:{question}\n").bytes().map(i32::from).collect();
    let mut next = |text: &[i32]| {
        let token = predict_next(&model, &mut workspace, text.iter().copied()).unwrap();
        (token, workspace.logits().to_vec())
    };
    let of_question = |at: &usize| ln_softmax(&next(&text[..*at]).1, text[*at] as usize);
    let surprise: Vec<f64> = (2..text.len()).collect::<Vec<_>>().iter().map(of_question).collect();
    let (mut tokens, mut probabilities) = (Vec::new(), Vec::new());
    for _ in 0..DIALOGUE.longest_answer {
        let (token, logits) = next(&text);
        probabilities.push(ln_softmax(&logits, token));
        tokens.push(token);
        text.push(token as i32);
    }
    let mean = |values: &[f64]| -values.iter().sum::<f64>() / values.len() as f64;
    let least = probabilities.iter().copied().fold(0.0, f64::min).exp();
    (tokens, [mean(&surprise), mean(&probabilities), least])
}

#[test]
#[cfg_attr(miri, ignore = "safe code, which takes minutes there")]
fn answers_are_those_of_predictions_in_both_plans() {
    for seed in 1..4 {
        let (tokens, signals) = expected("up", seed);
        let lean = asked(&DIALOGUE, "  up ", Plan::Lean, seed);
        assert_eq!(lean, asked(&DIALOGUE, "up", Plan::Cached, seed));
        let (said, answer) = lean;
        assert_eq!((&said, answer.len, answer.doubt), (&tokens, tokens.len(), None));
        let Signals { question_nats, answer_nats, least_probability } = answer.signals;
        for (found, expected) in [question_nats, answer_nats, least_probability].into_iter().zip(signals) {
            assert!((f64::from(found) - expected).abs() < 1e-5 * (1.0 + expected), "{found} {expected}");
        }
        assert!((f64::from(answer.signals.mean_probability()) - (-signals[1]).exp()).abs() < 1e-5);
    }
}

#[test]
#[cfg_attr(miri, ignore = "safe code, which takes minutes there")]
fn an_answer_ends_at_its_token_and_is_cut_off_without() {
    for plan in [Plan::Lean, Plan::Partial, Plan::Cached] {
        let (tokens, free) = asked(&DIALOGUE, "up", plan, 1);
        let end = tokens[4];
        let at = tokens.iter().position(|&token| token == end).unwrap();
        let (said, answer) = asked(&Dialogue { stop: Some(end), ..DIALOGUE }, "up", plan, 1);
        assert_eq!((&said[..], answer.len, answer.doubt), (&tokens[..at], at, None));
        // As long as it may be, and ended right there.
        let (said, answer) = asked(&Dialogue { stop: Some(end), longest_answer: at, ..DIALOGUE }, "up", plan, 1);
        assert_eq!((&said[..], answer.doubt), (&tokens[..at], None));
        let never = Some(tokens.iter().max().unwrap() + 1);
        let (said, answer) = asked(&Dialogue { stop: never, ..DIALOGUE }, "up", plan, 1);
        assert_eq!((said, answer.doubt), (tokens, Some(Doubt::CutOff)));
        assert!(answer.signals.answer_nats == free.signals.answer_nats);
        // The window ends before the answer may.
        let long = Dialogue { longest_answer: 1000, ..DIALOGUE };
        let (said, answer) = asked(&long, "up", plan, 1);
        assert_eq!((said.len(), answer.len, answer.doubt), (WINDOW - 5, WINDOW - 5, None));
        let (_, answer) = asked(&Dialogue { stop: never, ..long }, "up", plan, 1);
        assert_eq!((answer.len, answer.doubt), (WINDOW - 5, Some(Doubt::CutOff)));
    }
}

#[test]
#[cfg_attr(miri, ignore = "safe code, which takes minutes there")]
fn doubts_name_what_speaks_against_an_answer() {
    let question = "a".repeat(WINDOW - 4);
    let (said, answer) = asked(&DIALOGUE, &question, Plan::Lean, 2);
    assert_eq!((said.len(), answer.doubt), (1, None));
    for (question, doubt) in [("a".repeat(WINDOW - 3), Doubt::TooLong), (" ".repeat(99), Doubt::NoQuestion)] {
        assert_eq!((asked(&DIALOGUE, &question, Plan::Lean, 2).1.doubt, answer.len), (Some(doubt), 1));
    }
    let Signals { question_nats, least_probability, .. } = asked(&DIALOGUE, "up", Plan::Lean, 2).1.signals;
    let with = |most_question_nats, least_probability| {
        let limits = Limits { most_question_nats, least_probability };
        asked(&Dialogue { limits, ..DIALOGUE }, "up", Plan::Cached, 2).1.doubt
    };
    assert_eq!(with(question_nats, least_probability), None);
    assert_eq!(with(question_nats * 0.999, least_probability), Some(Doubt::Unfamiliar));
    assert_eq!(with(question_nats, least_probability * 1.001), Some(Doubt::CloseCall));
    assert_eq!(with(f32::NAN, 0.0), Some(Doubt::Unfamiliar));
    assert_eq!(with(f32::MAX, f32::NAN), Some(Doubt::CloseCall));
}
