//! A cache hit is invisible: whatever was computed before, results are those of a fresh start.

mod common;

use atome_engine::{
    classify, entropy, generate, generate_sliding, predict_next, predict_next_observed, Classifier, Model, Plan,
    RunError,
};
use common::{bits, classifier_blob, fresh, model_blob, shapes, Area, Rng};

const CALLS: usize = if cfg!(miri) { 3 } else { 400 };
const MAX_SEQ: usize = if cfg!(miri) { 4 } else { 12 };
/// Positions where a text is generated: two are its prompt.
const ROOM: usize = if cfg!(miri) { 3 } else { 6 };

#[test]
fn any_sequence_of_calls_gives_what_a_fresh_start_gives() {
    let mut rng = Rng(1);
    for shape in shapes() {
        for plan in [Plan::Lean, Plan::Partial, Plan::Cached] {
            let blobs = [model_blob(shape, 11), model_blob(shape, 12)];
            let models = blobs.each_ref().map(|blob| Model::new(shape, blob).expect("a whole model"));
            let mut area = Area::new(shape, MAX_SEQ, plan, 99);
            let mut tokens = vec![0];
            for call in 0..CALLS {
                match rng.below(6) {
                    0..3 => tokens.push(rng.below(shape.vocab_size() + 2) as i32 - 1),
                    3 => tokens.truncate(1 + rng.below(tokens.len())),
                    4 => {
                        let at = rng.below(tokens.len());
                        tokens[at] = rng.below(shape.vocab_size()) as i32;
                    }
                    _ => {}
                }
                if tokens.len() > MAX_SEQ + 2 {
                    tokens.truncate(1);
                }
                let model = &models[usize::from(rng.below(8) == 0)];
                let mut workspace = area.workspace();
                let token = predict_next(model, &mut workspace, tokens.iter().copied()).expect("tokens are given");
                let expected = fresh(model, shape, MAX_SEQ, &tokens);
                let rows = tokens.len().min(MAX_SEQ) * shape.n_pathways();
                let got = (token, bits(workspace.logits()), bits(&workspace.router_weights()[..rows]));
                assert_eq!(got, expected, "call {call}, {plan:?}, {shape:?}, tokens {tokens:?}");
            }
        }
    }
}

#[test]
fn only_new_positions_are_computed() {
    let shape = shapes()[2];
    let blob = model_blob(shape, 5);
    let model = Model::new(shape, &blob).expect("a whole model");
    let other_blob = model_blob(shape, 6);
    let other = Model::new(shape, &other_blob).expect("a whole model");
    let mut area = Area::new(shape, 8, Plan::Cached, 1);
    let mut positions = |model: &Model, tokens: &[i32]| {
        let mut seen = Vec::new();
        predict_next_observed(model, &mut area.workspace(), tokens.iter().copied(), |reading| {
            if reading.layer == 0 {
                seen.push(reading.position);
            }
        })
        .expect("tokens are given");
        seen
    };
    assert_eq!(positions(&model, &[1, 2, 3]), [0, 1, 2]);
    assert_eq!(positions(&model, &[1, 2, 3]), [0; 0]);
    assert_eq!(positions(&model, &[1, 2, 3, 4, 5]), [3, 4]);
    assert_eq!(positions(&other, &[1, 2, 3, 4, 5]), [0, 1, 2, 3, 4]);
    assert_eq!(positions(&model, &[1, 2, 3, 4, 5]), [0, 1, 2, 3, 4]);
    assert_eq!(positions(&model, &[1, 2]), [0, 1]);
    assert_eq!(positions(&model, &[2, 2, 3]), [0, 1, 2]);
}

#[test]
fn entropy_is_that_of_the_last_position() {
    for shape in shapes() {
        let blob = model_blob(shape, 7);
        let model = Model::new(shape, &blob).expect("a whole model");
        for plan in [Plan::Lean, Plan::Partial, Plan::Cached] {
            let mut area = Area::new(shape, 5, plan, 3);
            let mut last = vec![0.0; shape.n_layers()];
            predict_next_observed(&model, &mut area.workspace(), [0, 5, 2], |reading| {
                last[reading.layer] = entropy(reading.weights);
            })
            .expect("tokens are given");
            let workspace = area.workspace();
            let stored = |layer| workspace.last_router_weights(layer).map(entropy).expect("a layer");
            assert_eq!(bits(&(0..shape.n_layers()).map(stored).collect::<Vec<_>>()), bits(&last));
            assert!(workspace.last_router_weights(shape.n_layers()).is_none());
            let most = (shape.n_pathways() as f32).ln() + 1e-5;
            assert!(last.iter().all(|&value| (0.0..=most).contains(&value)), "{last:?}");
        }
    }
}

#[test]
fn generation_and_classification_share_the_cache() {
    for shape in shapes() {
        let blob = classifier_blob(shape, 3, 8);
        let classifier = Classifier::new(shape, &blob, 16).expect("a whole classifier");
        for plan in [Plan::Lean, Plan::Partial, Plan::Cached] {
            let mut area = Area::new(shape, ROOM, plan, 4);
            let mut generated = Vec::new();
            let count = generate(&classifier.base, &mut area.workspace(), [0, 1], 99, |logits| {
                let token = atome_engine::argmax(logits.iter().copied());
                generated.push(token as i32);
                Some(token)
            });
            assert_eq!(count, Ok(ROOM - 2));
            let mut all = vec![0, 1];
            for &token in &generated {
                assert_eq!(fresh(&classifier.base, shape, ROOM, &all).0 as i32, token);
                all.push(token);
            }
            let (mut warm, mut cold) = ([0.0; 3], [0.0; 3]);
            let logits = bits(area.workspace().logits());
            let run = |area: &mut Area, all: &[i32], out: &mut [f32; 3]| {
                classify(
                    &classifier.base,
                    &classifier.head,
                    &mut area.workspace(),
                    all.iter().copied(),
                    |class, logit| {
                        out[class] = logit;
                    },
                )
            };
            let class = run(&mut area, &all, &mut warm);
            assert_eq!(bits(area.workspace().logits()), logits, "classification leaves the logits alone");
            let mut other = Area::new(shape, ROOM, Plan::Lean, 5);
            let expected = run(&mut other, &all, &mut cold);
            assert_eq!(class, expected);
            assert_eq!(class, Ok(atome_engine::argmax(cold)));
            assert_eq!(bits(&warm), bits(&cold));
        }
    }
}

#[test]
fn the_class_is_the_first_greatest_row_of_a_head_that_fits() {
    let (shape, other) = (shapes()[0], shapes()[2]);
    let mut counts = [0; 3];
    for seed in 0..if cfg!(miri) { 2 } else { 40 } {
        let blob = classifier_blob(shape, 3, seed);
        let classifier = Classifier::new(shape, &blob, 3).expect("a whole classifier");
        let mut area = Area::new(shape, 4, Plan::Cached, seed);
        let mut logits = Vec::new();
        let class = classify(&classifier.base, &classifier.head, &mut area.workspace(), [1, 2], |class, logit| {
            assert_eq!(class, logits.len());
            logits.push(logit);
        });
        assert_eq!(class, Ok(atome_engine::argmax(logits)), "seed {seed}");
        counts[class.expect("checked")] += 1;
    }
    assert!(cfg!(miri) || counts.iter().all(|&count| count > 0), "{counts:?}");

    let blob = classifier_blob(other, 3, 1);
    let foreign = Classifier::new(other, &blob, 3).expect("a whole classifier");
    let own_blob = model_blob(shape, 1);
    let own = Model::new(shape, &own_blob).expect("a whole model");
    let class = classify(&own, &foreign.head, &mut Area::new(shape, 4, Plan::Lean, 1).workspace(), [1], |_, _| {});
    assert_eq!(class, Err(RunError::ShapeMismatch));
}

#[test]
fn an_answer_outside_the_vocabulary_counts_as_token_zero() {
    let shape = shapes()[0];
    let blob = model_blob(shape, 9);
    let model = Model::new(shape, &blob).expect("a whole model");
    let seen = |answer: usize, is_sliding: bool| {
        let mut area = Area::new(shape, 8, Plan::Cached, 6);
        let mut seen = Vec::new();
        let next = |logits: &[f32]| {
            seen.push(bits(logits));
            Some(answer)
        };
        let count = match is_sliding {
            true => generate_sliding(&model, &mut area.workspace(), [1], 5, next),
            false => generate(&model, &mut area.workspace(), [1], 5, next),
        };
        assert_eq!(count, Ok(5));
        seen
    };
    for is_sliding in [false, true] {
        let zeros = seen(0, is_sliding);
        for answer in [shape.vocab_size(), shape.vocab_size() + 1, usize::MAX] {
            assert_eq!(seen(answer, is_sliding), zeros);
        }
        assert_ne!(seen(shape.vocab_size() - 1, is_sliding), zeros);
    }
}

#[test]
fn generation_stops_when_told() {
    let shape = shapes()[0];
    let blob = model_blob(shape, 9);
    let model = Model::new(shape, &blob).expect("a whole model");
    let mut area = Area::new(shape, 8, Plan::Cached, 6);
    let mut left = 2;
    let count = generate(&model, &mut area.workspace(), [1], 5, |_| {
        left -= 1;
        (left >= 0).then_some(3)
    });
    assert_eq!(count, Ok(2));
    assert_eq!(generate(&model, &mut area.workspace(), [1; 8], 5, |_| Some(0)), Ok(0));
    assert_eq!(generate(&model, &mut area.workspace(), [1; 30], 5, |_| Some(0)), Ok(0));
}
