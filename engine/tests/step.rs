//! Streams against a naive computation that keeps everything it ever saw.

mod common;

use atome_engine::{
    classify, generate, generate_sliding, predict_next, predict_next_observed, step, Classifier, Dims, Layout, Model,
    Plan, RunError, Workspace,
};
use common::naive::{attend, matvec, Naive, NaiveLayer};
use common::{bits, classifier_blob, model_blob, shape, shapes, Area, Rng};

#[test]
fn a_stream_equals_the_naive_computation() {
    let mut rng = Rng(8);
    for shape in shapes() {
        let blob = model_blob(shape, 3);
        let model = Model::new(shape, &blob).expect("a whole model");
        for max_seq in [1, 2, 3, 5, 8] {
            let mut area = Area::new(shape, max_seq, Plan::Cached, 1);
            let mut workspace = area.workspace();
            let mut naive = Naive::new(&model, max_seq);
            for position in 0..3 * max_seq + 4 {
                let token = rng.below(shape.vocab_size());
                step(&model, &mut workspace, token as i32).expect("a cached workspace");
                let expected = naive.step(&model, token);
                assert_eq!(bits(workspace.logits()), bits(&expected), "S {max_seq}, position {position}");
            }
        }
    }
}

#[test]
fn a_prediction_over_many_positions_equals_the_naive_computation() {
    let mut rng = Rng(11);
    // More positions than are computed together; and so wide that only some of these fit.
    let wide = shape(Dims { d_model: 512, n_layers: 1, d_head: 300, vocab_size: 5, ..Dims::DEFAULT });
    for (shape, lengths) in [(shapes()[0], &[1, 15, 16, 17, 21, 32, 37, 40][..]), (wide, &[2, 21])] {
        let blob = model_blob(shape, 3);
        let model = Model::new(shape, &blob).expect("a whole model");
        for &len in if cfg!(miri) { &lengths[..1] } else { lengths } {
            let tokens: Vec<i32> = (0..len).map(|_| rng.below(shape.vocab_size()) as i32).collect();
            let mut naive = Naive::new(&model, 40);
            let expected = tokens.iter().map(|&token| naive.step(&model, token as usize)).last().expect("a token");
            for (plan, known) in [(Plan::Lean, 0), (Plan::Cached, 0), (Plan::Cached, 3.min(len - 1))] {
                let mut area = Area::new(shape, 40, plan, 1);
                let mut workspace = area.workspace();
                if known > 0 {
                    predict_next(&model, &mut workspace, tokens[..known].iter().copied()).expect("tokens are given");
                }
                let mut seen = Vec::new();
                predict_next_observed(&model, &mut workspace, tokens.iter().copied(), |reading| {
                    seen.extend((reading.layer == 0).then_some(reading.position));
                })
                .expect("tokens are given");
                assert_eq!(bits(workspace.logits()), bits(&expected), "{len} positions, {plan:?}");
                assert_eq!(seen, (known..len).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn one_layers_attention_by_itself_equals_the_naive_computation() {
    let mut rng = Rng(10);
    for shape in shapes() {
        let blob = model_blob(shape, 4);
        let model = Model::new(shape, &blob).expect("a whole model");
        let attention = model.block(0).expect("a layer").attention;
        for plan in [Plan::Lean, Plan::Partial, Plan::Cached] {
            let mut area = Area::new(shape, 6, plan, 1);
            let mut workspace = area.workspace();
            let mut memory = workspace.attention_memory();
            let mut naive = NaiveLayer::default();
            for t in 0..6 {
                let u: Vec<f32> = (0..shape.d_model()).map(|_| rng.float()).collect();
                memory.store(&attention, t, &u);
                naive.keys.push(matvec(&attention.wk, &u));
                naive.values.push(matvec(&attention.wv, &u));
                let expected = attend(&naive, &matvec(&attention.wq, &u), attention.top_k, 6);
                assert_eq!(bits(memory.attend(&attention, t, &u)), bits(&expected), "{shape:?}, position {t}");
            }
        }
    }
}

#[test]
fn a_stream_starts_where_a_prediction_ended_and_is_never_taken_for_one() {
    let mut rng = Rng(9);
    for shape in shapes() {
        let blobs = [model_blob(shape, 5), model_blob(shape, 6)];
        let models = blobs.each_ref().map(|blob| Model::new(shape, blob).expect("a whole model"));
        let max_seq = 5;
        let mut area = Area::new(shape, max_seq, Plan::Cached, 2);
        for _ in 0..if cfg!(miri) { 3 } else { 60 } {
            let model = &models[rng.below(2)];
            let mut workspace = area.workspace();
            let mut naive = Naive::new(model, max_seq);
            let prompt: Vec<i32> = (0..1 + rng.below(max_seq)).map(|_| rng.below(shape.vocab_size()) as i32).collect();
            predict_next(model, &mut workspace, prompt.iter().copied()).expect("tokens are given");
            let mut expected = prompt.iter().map(|&token| naive.step(model, token as usize)).last().expect("a token");
            let mut tokens = prompt.clone();
            for _ in 0..rng.below(14) {
                let token = rng.below(shape.vocab_size()) as i32;
                tokens.push(token);
                step(model, &mut workspace, token).expect("a cached workspace");
                expected = naive.step(model, token as usize);
            }
            assert_eq!(bits(workspace.logits()), bits(&expected));

            // What the stream left behind must not pass for a prefix, even where its last tokens are just the ones asked.
            let last = &tokens[tokens.len().saturating_sub(max_seq)..];
            predict_next(model, &mut workspace, last.iter().copied()).expect("tokens are given");
            let mut fresh = Area::new(shape, max_seq, Plan::Lean, 4);
            let mut other = fresh.workspace();
            predict_next(model, &mut other, last.iter().copied()).expect("tokens are given");
            assert_eq!(bits(workspace.logits()), bits(other.logits()), "after {tokens:?}");
        }
    }
}

#[test]
fn another_model_or_forgetting_starts_a_stream_anew() {
    let shape = shapes()[0];
    let blobs = [model_blob(shape, 5), model_blob(shape, 6)];
    let models = blobs.each_ref().map(|blob| Model::new(shape, blob).expect("a whole model"));
    let mut area = Area::new(shape, 4, Plan::Cached, 2);
    let mut workspace = area.workspace();
    let first = |workspace: &mut Workspace, model: &Model| {
        step(model, workspace, 3).expect("a cached workspace");
        bits(workspace.logits())
    };
    let alone = [0, 1].map(|index| bits(&Naive::new(&models[index], 4).step(&models[index], 3)));
    assert_eq!(first(&mut workspace, &models[0]), alone[0]);
    assert_eq!(first(&mut workspace, &models[1]), alone[1]);
    assert_ne!(first(&mut workspace, &models[1]), alone[1], "a second step sees the first");
    workspace.forget();
    assert_eq!(first(&mut workspace, &models[1]), alone[1]);
}

#[test]
fn a_lean_workspace_cannot_stream() {
    let shape = shapes()[0];
    let blob = model_blob(shape, 5);
    let model = Model::new(shape, &blob).expect("a whole model");
    let mut area = Area::new(shape, 4, Plan::Lean, 2);
    let mut workspace = area.workspace();
    assert_eq!(step(&model, &mut workspace, 1), Err(RunError::NotCached));
}

#[test]
fn sliding_equals_predicting_from_the_last_tokens() {
    for shape in shapes() {
        let blob = classifier_blob(shape, 2, 5);
        let classifier = Classifier::new(shape, &blob, 2).expect("a whole classifier");
        let model = classifier.base;
        for plan in [Plan::Lean, Plan::Partial, Plan::Cached] {
            for (prompt_len, max_seq) in [(1, 1), (2, 4), (4, 4), (9, 4)] {
                let mut area = Area::new(shape, max_seq, plan, 2);
                let mut workspace = area.workspace();
                let prompt: Vec<i32> = (0..prompt_len).map(|t| t * 5 % shape.vocab_size() as i32).collect();
                let mut rng = Rng(3);
                let mut tokens = prompt.clone();
                let mut seen = Vec::new();
                let count = generate_sliding(&model, &mut workspace, prompt.iter().copied(), 9, |logits| {
                    seen.push((tokens.clone(), bits(logits)));
                    let token = rng.below(shape.vocab_size());
                    tokens.push(token as i32);
                    Some(token)
                });
                assert_eq!(count, Ok(9));
                let mut other = Area::new(shape, max_seq, Plan::Lean, 6);
                for (tokens, logits) in seen {
                    let mut fresh = other.workspace();
                    let last = &tokens[tokens.len().saturating_sub(max_seq)..];
                    predict_next(&model, &mut fresh, last.iter().copied()).expect("tokens are given");
                    assert_eq!(bits(fresh.logits()), logits, "{tokens:?}");
                }
                // The workspace then serves other calls as before.
                let class = classify(&model, &classifier.head, &mut workspace, [1, 0], |_, _| {});
                assert_eq!(class, classify(&model, &classifier.head, &mut other.workspace(), [1, 0], |_, _| {}));
            }
        }
    }
}

#[test]
fn sliding_stops_when_told_and_refuses_nothing() {
    let shape = shapes()[0];
    let blob = model_blob(shape, 5);
    let model = Model::new(shape, &blob).expect("a whole model");
    let layout = Layout::new(shape, 3, Plan::Cached).expect("in range");
    let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
    let mut workspace = Workspace::new(&layout, &mut floats, &mut words).expect("exact sizes");
    let mut left = 5;
    let until = |_: &[f32]| {
        left -= 1;
        (left > 0).then_some(1)
    };
    assert_eq!(generate_sliding(&model, &mut workspace, [1, 2], 99, until), Ok(4));
    assert_eq!(generate_sliding(&model, &mut workspace, [], 99, |_| Some(1)), Err(RunError::NoTokens));
    assert_eq!(generate(&model, &mut workspace, [1, 2], 99, |_| Some(1)), Ok(1), "the window ends it");
}
