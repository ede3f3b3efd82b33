//! Constrained answers and texts of whole models, in both arithmetics and all memory plans.

use atome_engine::dialogue::{
    answer, answer_constrained, answer_constrained_observed, Answer, Dialogue, Doubt, Limits, Normalise, Rules,
};
use atome_engine::format::{sections, SectionKind, MAGIC};
use atome_engine::grammar::{Allowed, Bytes, Grammar, NoText};
use atome_engine::{
    argmax, generate, generate_constrained, integer, Arithmetic, Dims, Layout, Model, Plan, Room, RunError, Shape,
    Workspace,
};
use atome_grammar::{compile, fits};
use random::Rng;

#[allow(dead_code, reason = "the engine's tests use the rest")]
#[path = "../../engine/tests/common/random.rs"]
mod random;

const WINDOW: usize = 48;

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
    stop: Some(10),
    longest_answer: 12,
    ..Dialogue::NONE
};

/// A memory of either arithmetic, for a test that takes any.
macro_rules! with_memory {
    ($is_integer:expr, $plan:expr, |$memory:ident| $body:expr) => {
        if $is_integer {
            let layout = integer::Layout::new(shape(), WINDOW, $plan).unwrap();
            let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
            let $memory = &mut integer::Workspace::new(&layout, &mut floats, &mut words).unwrap();
            $body
        } else {
            let layout = Layout::new(shape(), WINDOW, $plan).unwrap();
            let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
            let $memory = &mut Workspace::new(&layout, &mut floats, &mut words).unwrap();
            $body
        }
    };
}

/// All ways to compute: whether in integers, and the plan.
const WAYS: [(bool, Plan); 5] =
    [(false, Plan::Lean), (false, Plan::Partial), (false, Plan::Cached), (true, Plan::Lean), (true, Plan::Cached)];

fn greedy(logits: &[f32]) -> usize {
    argmax(logits.iter().copied())
}

fn free<'w, M: Arithmetic<'w>>(memory: &mut M, blob: &[u8], dialogue: &Dialogue) -> (Vec<u8>, Answer) {
    let (model, mut text) = (Model::new(shape(), blob).unwrap(), Vec::new());
    let found = answer(&model, memory, dialogue, b" say ab 12 ", greedy, |token| text.push(token as u8)).unwrap();
    (text, found)
}

fn allowed<'w, M: Arithmetic<'w>>(
    memory: &mut M,
    blob: &[u8],
    dialogue: &Dialogue,
    table: &[u8],
) -> Result<(Vec<u8>, Answer), RunError> {
    let model = Model::new(shape(), blob).unwrap();
    let rules = Rules { dialogue, allowed: Allowed::new(Grammar::open(table).unwrap(), Bytes) };
    let (mut text, mut again, mut readings) = (Vec::new(), Vec::new(), 0);
    let question = b" say ab 12 ";
    let found = answer_constrained(&model, memory, &rules, question, greedy, |token| text.push(token as u8))?;
    let say = |token| again.push(token as u8);
    let seen = answer_constrained_observed(&model, memory, &rules, question, greedy, say, |_| readings += 1)?;
    assert_eq!((seen, &again), (found, &text), "what the last answer left behind changes nothing");
    assert_eq!(readings > 0, found.doubt != Some(Doubt::Impossible));
    Ok((text, found))
}

/// A grammar of nothing but this text.
fn only(text: &[u8]) -> String {
    let escaped: String = text.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("\"{escaped}\"")
}

#[test]
fn an_answer_that_comes_unasked_comes_with_the_same_signals() {
    let mut compared = 0;
    for (seed, (is_integer, plan)) in (1..40).flat_map(|seed| WAYS.map(|way| (seed, way))) {
        let blob = blob(seed);
        if is_integer && integer::check(&Model::new(shape(), &blob).unwrap()).is_err() {
            continue;
        }
        // An end that this model may say of itself.
        let (open, _) =
            with_memory!(is_integer, plan, |memory| free(memory, &blob, &Dialogue { stop: None, ..DIALOGUE }));
        let stop = open
            .iter()
            .copied()
            .filter(|&byte| byte != 0)
            .max_by_key(|&byte| open.iter().position(|&first| first == byte));
        let Some(stop) = stop else { continue };
        let dialogue = Dialogue { stop: Some(stop.into()), ..DIALOGUE };
        let (text, expected) = with_memory!(is_integer, plan, |memory| free(memory, &blob, &dialogue));
        if text.is_empty() || text.contains(&0) || expected.doubt.is_some() {
            continue;
        }
        let source = format!("answer = 'zz'{{1,9}} | {} | [a-z]", only(&text));
        let Ok(compiled) = compile(&source) else { continue };
        let result = with_memory!(is_integer, plan, |memory| allowed(memory, &blob, &dialogue, &compiled.table));
        match result {
            Err(RunError::NoText(NoText::Unsayable(byte))) => assert_eq!(byte, stop),
            result => {
                assert_eq!(result.unwrap(), (text, expected), "seed {seed}, {plan:?}, integers: {is_integer}");
                compared += 1;
            }
        }
    }
    println!("{compared} answers compared");
    assert!(compared > 40, "{compared}");
}

#[test]
fn answers_are_whole_in_every_window_and_limits_still_doubt_them() {
    let source = r#"answer = '{"n":' number(0..100) '}' | '["' copy(1..5) '"' (',"' copy(1..5) '"'){0,4} ']' | '!'+"#;
    let table = compile(source).unwrap().table;
    let (mut lens, mut impossible) = (Vec::new(), 0);
    for (seed, (is_integer, plan)) in (1..9).flat_map(|seed| WAYS.map(|way| (seed, way))) {
        let blob = blob(seed);
        if is_integer && integer::check(&Model::new(shape(), &blob).unwrap()).is_err() {
            continue;
        }
        for (longest_answer, stop) in (0..20).flat_map(|longest| [(longest, None), (longest, Some(10))]) {
            let dialogue = Dialogue { longest_answer, stop, ..DIALOGUE };
            let (text, found) =
                with_memory!(is_integer, plan, |memory| allowed(memory, &blob, &dialogue, &table)).unwrap();
            if longest_answer == 0 {
                assert_eq!((text.len(), found.doubt), (0, Some(Doubt::Impossible)));
                impossible += 1;
                continue;
            }
            assert_eq!((fits(&table, b"say ab 12", &text), found.doubt, found.len), (Ok(()), None, text.len()));
            assert!(text.len() <= longest_answer);
            lens.push(text.len());
        }
        // It is the model that is asked how sure it is.
        let limits = Limits { least_probability: 1.01, ..Limits::NONE };
        let doubted = Dialogue { limits, ..DIALOGUE };
        let (_, found) = with_memory!(is_integer, plan, |memory| allowed(memory, &blob, &doubted, &table)).unwrap();
        assert_eq!(found.doubt, Some(Doubt::CloseCall));
    }
    lens.sort_unstable();
    lens.dedup();
    assert!(lens.len() > 6 && impossible > 10, "{lens:?}");
}

#[test]
fn a_text_goes_on_where_the_free_one_would_and_ends_in_the_window() {
    let table = compile("answer = [\\x01-\\x7f]{1,60}").unwrap().table;
    let grammar = Grammar::open(&table).unwrap();
    let prompt = [81, 58, 3];
    for (seed, (is_integer, plan)) in (1..20).flat_map(|seed| WAYS.map(|way| (seed, way))) {
        let blob = blob(seed);
        let model = Model::new(shape(), &blob).unwrap();
        if is_integer && integer::check(&model).is_err() {
            continue;
        }
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        with_memory!(is_integer, plan, |memory| {
            let next = |logits: &[f32]| {
                let token = greedy(logits);
                expected.push(token);
                Some(token)
            };
            generate(&model, memory, prompt, 99, next).unwrap();
        });
        let count = with_memory!(is_integer, plan, |memory| {
            let (room, allowed) = (Room { max_tokens: 99, stop: None }, Allowed::new(grammar, Bytes));
            generate_constrained(&model, memory, prompt.into_iter(), room, allowed, greedy, |token| found.push(token))
        });
        assert_eq!((count, found.len()), (Ok(WINDOW - 3), WINDOW - 3));
        let same = expected.iter().position(|&token| token == 0).unwrap_or(expected.len());
        assert_eq!(found[..same], expected[..same], "seed {seed}, {plan:?}");
        let none = with_memory!(is_integer, plan, |memory| {
            let (room, allowed) = (Room { max_tokens: 0, stop: None }, Allowed::new(grammar, Bytes));
            generate_constrained(&model, memory, prompt.into_iter(), room, allowed, greedy, |_| panic!("no room"))
        });
        assert_eq!(none, Err(RunError::NoText(NoText::NoRoom)));
    }
}
