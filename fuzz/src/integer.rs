//! Models in the integer arithmetic.

use atome_engine::format::{sections, sublayer_sections, SectionKind};
use atome_engine::integer::{check, check_head, Layout, LayoutError, Refusal, Workspace};
use atome_engine::{classify, predict_next, step, Classifier, Model, Plan, Run, Shape, Weights, WholeModel};

use crate::input::{blob, longest_blob, Input};
use crate::model::part;

const MAX_CLASSES: usize = 4;

/// A model that loads is taken by the arithmetic, or refused for a reason that is true; one that is taken gives the same bits in
/// both memory plans and token by token, and logits that are numbers. One that is refused gives no result worth a name, and
/// ends all the same.
pub fn integer(data: &[u8]) {
    let mut input = Input::new(data);
    let shape = input.shape();
    let max_seq = 1 + input.below(9);
    let tokens: Vec<i32> = (0..1 + input.below(max_seq)).map(|_| input.number()).collect();
    let (fills, is_tame) = (input.below(2) == 1, input.below(4) > 0);
    let bytes = input.rest();
    let mut data = blob(bytes, fills, longest_blob(&shape));
    if is_tame {
        tame(&shape, &mut data);
    }
    if let Ok(model) = Model::new(shape, &data) {
        let is_taken = is_taken(check(&model), &shape);
        run(&model, shape, max_seq, &tokens, is_taken);
        with_sublayers(model, bytes, is_tame, max_seq, &tokens);
    }
    let data = blob(bytes, fills, Classifier::blob_len(&shape, MAX_CLASSES));
    if let Ok(classifier) = Classifier::new(shape, &data, MAX_CLASSES) {
        let answer = check(&classifier.base).and_then(|()| check_head(&classifier.head));
        let is_taken = is_taken(answer, &shape);
        name_class(&classifier, shape, max_seq, &tokens, is_taken);
    }
}

/// The model with feed-forward sublayers: any ones, or with floats that are small numbers.
fn with_sublayers(model: Model, bytes: &[u8], is_tame: bool, max_seq: usize, tokens: &[i32]) {
    let (shape, count) = (*model.shape(), 1 + tokens.len() % 2);
    let mut part = part(&model, bytes, true, count);
    if is_tame {
        for section in sublayer_sections(shape, model.packing(), count) {
            make_small(part.get_mut(section.offset..).unwrap_or_default(), section.kind);
        }
    }
    if let Ok(whole) = WholeModel::new(model, Some(&part)) {
        let is_taken = is_taken(check(&whole), &shape);
        run(&whole, shape, max_seq, tokens, is_taken);
    }
}

/// Makes most floats of an ATOME01 file small numbers: of any bits, one in a file is sure to be too large or none.
fn tame(shape: &Shape, file: &mut [u8]) {
    let Some(body) = file.strip_prefix(b"ATOME01").map(<[u8]>::len) else { return };
    let start = file.len() - body;
    for section in sections(*shape, None) {
        make_small(file.get_mut(start + section.offset..).unwrap_or_default(), section.kind);
    }
}

/// Makes most floats of the section at the front of `bytes` small numbers.
fn make_small(bytes: &mut [u8], kind: SectionKind) {
    let count = match kind {
        SectionKind::Matrix { .. } => 1,
        SectionKind::Floats { count } => count,
    };
    let place = bytes.get_mut(..4 * count).unwrap_or_default();
    for float in place.chunks_exact_mut(4).filter(|float| float[1] != 0xff) {
        let value = f32::from(float[0] as i8) / 64.0;
        float.copy_from_slice(&value.to_le_bytes());
    }
}

fn is_taken(answer: Result<(), Refusal>, shape: &Shape) -> bool {
    match answer {
        Ok(()) => true,
        Err(Refusal::NotFinite { layer, part }) => {
            assert!(layer.is_none_or(|layer| layer < shape.n_layers()), "{layer:?}");
            assert!(!part.is_empty());
            false
        }
        Err(Refusal::SmallEmbedding) => false,
        Err(Refusal::TooManySublayers) => unreachable!("there are few layers"),
        Err(Refusal::BrokenWeights) => unreachable!("the model was loaded"),
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
        assert!(layout.is_valid());
        Self { layout, floats: vec![f32::NAN; layout.floats()], words: vec![u32::MAX; layout.words()] }
    }

    fn workspace(&mut self) -> Workspace<'_> {
        Workspace::new(&self.layout, &mut self.floats, &mut self.words).expect("exactly as large as asked for")
    }
}

/// As they are: of integers there is one NaN less to be lenient with.
fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn run<'m>(model: &impl for<'w> Run<'m, Workspace<'w>>, shape: Shape, max_seq: usize, tokens: &[i32], is_taken: bool) {
    assert!(matches!(Layout::new(shape, max_seq, Plan::Partial), Err(LayoutError::Partial)));
    let [mut lean, mut cached, mut stream] =
        [Plan::Lean, Plan::Cached, Plan::Cached].map(|plan| Area::new(shape, max_seq, plan));
    let (mut lean, mut cached, mut stream) = (lean.workspace(), cached.workspace(), stream.workspace());
    for count in 1..=tokens.len() {
        let given = || tokens[..count].iter().copied();
        let next = predict_next(model, &mut lean, given()).expect("there are tokens");
        assert!(next < shape.vocab_size());
        let expected = (next, bits(lean.logits()), bits(lean.router_weights()));
        let next = predict_next(model, &mut cached, given()).expect("there are tokens");
        let of_cached = (next, bits(cached.logits()), bits(cached.router_weights()));
        let next = step(model, &mut stream, tokens[count - 1]).expect("the plan is cached");
        let of_stream = (next, bits(stream.logits()));
        if !is_taken {
            continue;
        }
        assert!(lean.logits().iter().all(|logit| !logit.is_nan()), "{:?}", lean.logits());
        let rows = count * shape.n_pathways();
        assert_eq!(of_cached.2[..rows], expected.2[..rows], "router of {count}");
        assert_eq!((of_cached.0, &of_cached.1), (expected.0, &expected.1), "growing prefix of {count}");
        assert_eq!(of_stream, (expected.0, expected.1), "step {count}");
    }
}

fn name_class(classifier: &Classifier, shape: Shape, max_seq: usize, tokens: &[i32], is_taken: bool) {
    let results = [Plan::Lean, Plan::Cached].map(|plan| {
        let mut area = Area::new(shape, max_seq, plan);
        let mut logits = Vec::new();
        let tokens = tokens.iter().copied();
        let class = classify(&classifier.base, &classifier.head, &mut area.workspace(), tokens, |_, logit| {
            logits.push(logit);
        });
        let class = class.expect("there are tokens");
        assert!(class < classifier.n_classes());
        (class, bits(&logits))
    });
    assert!(!is_taken || results[0] == results[1], "{results:?}");
}
