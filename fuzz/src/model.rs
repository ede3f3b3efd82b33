//! Loading a blob in Rust, and running what was loaded.

use atome_engine::format::{FormatError, Sublayers, SublayersError};
use atome_engine::{
    classify, predict_next, step, Classifier, Layout, Model, Plan, Run, Shape, Weights, WholeModel, Workspace,
};

use crate::input::{blob, longest_blob, Input};

const MAX_CLASSES: usize = 4;

/// A model either loads or is refused for a reason that is true; a loaded one gives the same bits in all memory plans and
/// token by token; and so does one with feed-forward sublayers, which load or are refused in the same way.
pub fn model(data: &[u8]) {
    let mut input = Input::new(data);
    let shape = input.shape();
    let max_seq = 1 + input.below(9);
    let tokens: Vec<i32> = (0..1 + input.below(max_seq)).map(|_| input.number()).collect();
    let fills = input.below(2) == 1;
    let bytes = input.rest();
    let data = blob(bytes, fills, longest_blob(&shape));
    match Model::new(shape, &data) {
        Ok(model) => {
            run(&model, shape, max_seq, &tokens);
            with_sublayers(model, bytes, fills, max_seq, &tokens);
        }
        Err(FormatError::Truncated { len, needed }) => assert!(len == data.len() && len < needed),
        Err(_) => {}
    }
    let data = blob(bytes, fills, Classifier::blob_len(&shape, MAX_CLASSES));
    match Classifier::new(shape, &data, MAX_CLASSES) {
        Ok(classifier) => name_class(&classifier, shape, max_seq, &tokens),
        Err(FormatError::Truncated { len, needed }) => assert!(len == data.len() && len < needed),
        Err(_) => {}
    }
}

/// The feed-forward sublayers of a model, `count` in each layer: any bytes behind a right count, and mostly as many as there must be.
pub(crate) fn part(model: &Model, bytes: &[u8], fills: bool, count: usize) -> Vec<u8> {
    let len = Sublayers::part_len(model.shape(), model.packing(), count);
    let mut part = Sublayers::head(count).expect("one or two").to_vec();
    let rest = bytes.iter().rev().copied();
    if fills && !bytes.is_empty() {
        part.extend(rest.cycle().take(len - part.len()));
    } else {
        part.extend(rest.take(len - part.len()));
    }
    part
}

fn with_sublayers(model: Model, bytes: &[u8], fills: bool, max_seq: usize, tokens: &[i32]) {
    let part = part(&model, bytes, fills, 1 + tokens.len() % 2);
    match WholeModel::new(model, Some(&part)) {
        Ok(whole) => run(&whole, *whole.shape(), max_seq, tokens),
        Err(SublayersError::Length { found, expected }) => assert!(found == part.len() && found < expected),
        Err(SublayersError::Malformed { offset, found, .. }) => assert_eq!(part[offset], found),
        Err(error) => unreachable!("{error}"),
    }
}

/// A work area full of what was never written, with its memory.
struct Area {
    layout: Layout,
    floats: Vec<f32>,
    words: Vec<u32>,
}

impl Area {
    fn new(shape: Shape, max_seq: usize, plan: Plan) -> Self {
        let layout = Layout::new(shape, max_seq, plan).expect("small numbers are in range");
        Self { layout, floats: vec![f32::NAN; layout.floats()], words: vec![u32::MAX; layout.words()] }
    }

    fn workspace(&mut self) -> Workspace<'_> {
        Workspace::new(&self.layout, &mut self.floats, &mut self.words).expect("exactly as large as asked for")
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() }).collect()
}

fn run<'m>(model: &impl for<'w> Run<'m, Workspace<'w>>, shape: Shape, max_seq: usize, tokens: &[i32]) {
    let [mut lean, mut cached, mut partial, mut stream] =
        [Plan::Lean, Plan::Cached, Plan::Partial, Plan::Cached].map(|plan| Area::new(shape, max_seq, plan));
    let (mut lean, mut cached) = (lean.workspace(), cached.workspace());
    let (mut partial, mut stream) = (partial.workspace(), stream.workspace());
    for count in 1..=tokens.len() {
        let given = || tokens[..count].iter().copied();
        let next = predict_next(model, &mut lean, given()).expect("there are tokens");
        assert!(next < shape.vocab_size());
        let expected = (next, bits(lean.logits()));
        let next = predict_next(model, &mut cached, given()).expect("there are tokens");
        assert_eq!((next, bits(cached.logits())), expected, "growing prefix of {count}");
        let next = predict_next(model, &mut partial, given()).expect("there are tokens");
        assert_eq!((next, bits(partial.logits())), expected, "growing prefix of {count}, as far as it stays");
        let next = step(model, &mut stream, tokens[count - 1]).expect("the plan is cached");
        assert_eq!((next, bits(stream.logits())), expected, "step {count}");
    }
}

fn name_class(classifier: &Classifier, shape: Shape, max_seq: usize, tokens: &[i32]) {
    assert!((1..=MAX_CLASSES).contains(&classifier.n_classes()));
    let logits = [Plan::Lean, Plan::Partial, Plan::Cached].map(|plan| {
        let mut area = Area::new(shape, max_seq, plan);
        let mut logits = Vec::new();
        let tokens = tokens.iter().copied();
        let class = classify(&classifier.base, &classifier.head, &mut area.workspace(), tokens, |_, logit| {
            logits.push(logit);
        });
        assert!(class.expect("there are tokens") < classifier.n_classes());
        bits(&logits)
    });
    assert!(logits.iter().all(|each| *each == logits[0]));
}
