//! The partial plan: in any memory that it can do with, results are those of a fresh start, and no more is computed than
//! [`Held`] says.

mod common;

use atome_engine::{
    c99_state_bytes, classify, generate, predict_next, predict_next_observed, Classifier, Dims, Held, Layout, Model,
    Plan, Shape, ShapeError,
};
use common::{bits, classifier_blob, fresh, model_blob, shape, Area, Rng};

const CALLS: usize = if cfg!(miri) { 4 } else { 24 };

/// Deep ones: of a model with few layers, the C99 engine's memory holds any sequence.
fn deep() -> Vec<Shape> {
    let dims = |d_model, n_layers, d_head, kernel_size, top_k| Dims {
        d_model,
        n_layers,
        d_head,
        kernel_size,
        top_k,
        vocab_size: 19,
        ..Dims::DEFAULT
    };
    let all =
        [dims(16, 9, 4, 3, 4), dims(7, 12, 3, 1, 2), dims(10, 2, 6, 5, 9), dims(5, 1, 2, 2, 1), dims(8, 5, 8, 40, 3)];
    all.into_iter().take(if cfg!(miri) { 2 } else { 5 }).map(shape).collect()
}

/// Layouts from the least memory to what holds everything.
fn layouts(shape: Shape, max_seq: usize) -> Vec<Layout> {
    let bytes = |plan| Layout::new(shape, max_seq, plan).expect("in range").bytes();
    let (least, most) = (bytes(Plan::Lean) + 16 * shape.d_model(), bytes(Plan::Cached));
    let steps = if cfg!(miri) { 2 } else { 7 };
    let some = (0..=steps).map(|step| least + most.saturating_sub(least) * step / steps);
    some.map(|bytes| Layout::partial(shape, max_seq, bytes).expect("enough")).collect()
}

#[test]
fn any_calls_in_any_memory_give_what_a_fresh_start_gives() {
    let mut rng = Rng(7);
    let mut divided = 0;
    for shape in deep() {
        for max_seq in if cfg!(miri) { vec![7] } else { vec![1, 6, 21] } {
            for layout in layouts(shape, max_seq) {
                let held = layout.held();
                divided += usize::from(held.whole < max_seq && held.first > 0);
                let blobs = [model_blob(shape, 11), model_blob(shape, 12)];
                let models = blobs.each_ref().map(|blob| Model::new(shape, blob).expect("a whole model"));
                let mut area = Area::of(layout, rng.next());
                let mut tokens = vec![0];
                for call in 0..CALLS {
                    match rng.below(9) {
                        0..5 => tokens.extend((0..=rng.below(3)).map(|_| rng.below(shape.vocab_size() + 2) as i32 - 1)),
                        5 => tokens.truncate(1 + rng.below(tokens.len())),
                        6 => {
                            let at = rng.below(tokens.len());
                            tokens[at] = rng.below(shape.vocab_size()) as i32;
                        }
                        7 if tokens.len() > max_seq => tokens.truncate(1),
                        _ => {}
                    }
                    let model = &models[usize::from(rng.below(12) == 0)];
                    let mut workspace = area.workspace();
                    let token = predict_next(model, &mut workspace, tokens.iter().copied()).expect("tokens are given");
                    let rows = tokens.len().min(max_seq) * shape.n_pathways();
                    let got = (token, bits(workspace.logits()), bits(&workspace.router_weights()[..rows]));
                    let expected = fresh(model, shape, max_seq, &tokens);
                    assert_eq!(got, expected, "call {call}, {held:?} of {max_seq}, {shape:?}, tokens {tokens:?}");
                }
            }
        }
    }
    println!("{divided} layouts hold the first positions of a longer sequence");
    assert!(divided > if cfg!(miri) { 0 } else { 15 });
}

/// Positions that a prediction computes, which must be the same ones in every layer.
fn computed(model: &Model, area: &mut Area, tokens: &[i32]) -> Vec<usize> {
    let mut seen = vec![Vec::new(); area.layout.shape().n_layers()];
    predict_next_observed(model, &mut area.workspace(), tokens.iter().copied(), |reading| {
        seen[reading.layer].push(reading.position);
    })
    .expect("tokens are given");
    assert!(seen.iter().all(|layer| *layer == seen[0]), "{seen:?}");
    seen.remove(0)
}

#[test]
fn a_growing_text_computes_what_was_said() {
    for shape in deep() {
        let blob = model_blob(shape, 5);
        let model = Model::new(shape, &blob).expect("a whole model");
        for layout in layouts(shape, 25).into_iter().step_by(2) {
            let held = layout.held();
            let mut area = Area::of(layout, 3);
            let tokens: Vec<i32> = (0..25).collect();
            for n in 1..=25 {
                let work = computed(&model, &mut area, &tokens[..n]);
                assert_eq!(work, (n - held.work(n)..n).collect::<Vec<_>>(), "{held:?}, {n}");
            }
        }
    }
}

#[test]
fn first_positions_stay_while_they_are_of_use() {
    let shape = deep()[0];
    let layout = Layout::new(shape, 40, Plan::Partial).expect("in range");
    let Held { whole, first } = layout.held();
    assert!((4..whole).contains(&first) && whole < 39, "{whole} {first}");
    let blobs = [model_blob(shape, 5), model_blob(shape, 6)];
    let [model, other] = blobs.each_ref().map(|blob| Model::new(shape, blob).expect("a whole model"));
    let mut area = Area::of(layout, 3);
    let mut tokens: Vec<i32> = (0..40).map(|token| token % 19).collect();
    let all = |n| (0..n).collect::<Vec<_>>();
    let others = |n| (first..n).collect::<Vec<_>>();
    assert_eq!(computed(&model, &mut area, &tokens), all(40));
    assert_eq!(computed(&model, &mut area, &tokens), others(40));
    tokens[first] += 1;
    assert_eq!(computed(&model, &mut area, &tokens), others(40), "a token behind them has changed");
    assert_eq!(computed(&model, &mut area, &tokens[..first + 1]), others(first + 1), "they serve shorter texts");
    assert_eq!(computed(&model, &mut area, &tokens[..first]), all(first), "but not one that they are all of");
    assert_eq!(computed(&model, &mut area, &tokens[..first + 1]), [first], "which has a memory of its own");
    assert_eq!(computed(&model, &mut area, &tokens[..whole + 1]), all(whole + 1));
    tokens[first - 1] += 1;
    assert_eq!(computed(&model, &mut area, &tokens), all(40), "one of them has changed");
    assert_eq!(computed(&other, &mut area, &tokens), all(40), "another model");
    assert_eq!(computed(&model, &mut area, &tokens), all(40));
    area.workspace().forget();
    assert_eq!(computed(&model, &mut area, &tokens), all(40));
}

#[test]
fn generation_and_classification_share_what_stays() {
    for shape in deep() {
        let blob = classifier_blob(shape, 3, 8);
        let classifier = Classifier::new(shape, &blob, 16).expect("a whole classifier");
        for layout in layouts(shape, 12) {
            let mut area = Area::of(layout, 4);
            let mut all = vec![0, 1];
            let count = generate(&classifier.base, &mut area.workspace(), [0, 1], 99, |logits| {
                let token = atome_engine::argmax(logits.iter().copied());
                assert_eq!(fresh(&classifier.base, shape, 12, &all).1, bits(logits));
                all.push(token as i32);
                Some(token)
            });
            assert_eq!(count, Ok(10));
            let class = |area: &mut Area| {
                let mut logits = Vec::new();
                let tokens = all.iter().copied();
                let each = |_, logit| logits.push(logit);
                (classify(&classifier.base, &classifier.head, &mut area.workspace(), tokens, each), bits(&logits))
            };
            assert_eq!(class(&mut area), class(&mut Area::new(shape, 12, Plan::Lean, 5)));
        }
    }
}

/// What stays fits the memory, and one position more would not: counted part by part.
#[test]
fn as_much_stays_as_has_room() {
    for shape in deep() {
        let Dims { d_model: d, d_head: h, n_layers: layers, kernel_size, .. } = shape.dims();
        for max_seq in [1, 6, 20, 64] {
            for layout in layouts(shape, max_seq) {
                let Held { whole, first } = layout.held();
                let (kept, history) = (shape.top_k().min(max_seq), kernel_size.min(max_seq) - 1);
                let common = layers * shape.n_pathways() + 6 * d + h + kept;
                let room = layout.scratch_floats() - common;
                let takes_whole = |n: usize| layers * (n * (d + h) + (history + 2) * d);
                assert!(whole == 0 || takes_whole(whole) <= room);
                assert!(whole == max_seq || takes_whole(whole + 1) > room);
                let takes_first = |first: usize| {
                    let others = max_seq - first;
                    let rows = others * (2 * d + h) + layers * first * (d + h);
                    rows + (history + 2) * d + if first > 0 { layers * (history + 1) * d } else { 0 }
                };
                assert!(takes_first(first) <= room, "{first} of {max_seq}");
                let is_most = first == max_seq - max_seq.div_ceil(4) || first == whole || kernel_size > max_seq;
                assert!(is_most || layers == 1 || takes_first(first + 1) > room, "{first} of {max_seq}");
                assert!(first <= whole && (first == 0 || kernel_size <= max_seq), "{first} of {whole}");
                assert!(first < max_seq || whole == max_seq);
                assert!((1..=max_seq).all(|n| (1..=n).contains(&layout.held().work(n))));
            }
        }
    }
}

#[test]
fn less_than_the_least_is_refused() {
    for shape in deep() {
        let least = Layout::new(shape, 9, Plan::Lean).expect("in range").bytes() + 16 * shape.d_model();
        assert_eq!(Layout::partial(shape, 9, least).map(|layout| layout.bytes()), Ok(least));
        assert_eq!(Layout::partial(shape, 9, least + 3).map(|layout| layout.bytes()), Ok(least));
        let error = Layout::partial(shape, 9, least - 1).expect_err("too few");
        assert_eq!(error, ShapeError::OutOfRange { name: "bytes", value: least - 1, least, most: u32::MAX as usize });
        let before = c99_state_bytes(&shape, 9) as usize;
        assert_eq!(Layout::new(shape, 9, Plan::Partial).map(|layout| layout.bytes()), Ok(before.max(least)));
        assert!(Layout::partial(shape, 0, 1 << 20).is_err());
    }
}
