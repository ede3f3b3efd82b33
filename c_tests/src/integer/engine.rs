//! The engine's integer arithmetic beside the reference: whatever models hold, logits, shares and greedy tokens of every position
//! have the same bits, in every plan and in steps.

use atome_engine::format::WholeModel;
use atome_engine::integer::{check, check_head, Layout, Workspace};
use atome_engine::{classify, predict_next, step, Classifier, Dims, Model, Plan, RouterReading, Run, Shape, Tiled};
use fastrand::Rng;

use super::hostile::{Recipe, RECIPES};
use super::reference::{shape_named, IntegerModel};
use crate::packed::Packing;
use crate::random_model::model_file;
use crate::random_values::Character;
use crate::shapes::{TestShape, SHAPES};

/// `None` for more pathways than the engine takes.
fn shape_of(shape: &TestShape) -> Option<Shape> {
    let dims = Dims {
        vocab_size: shape.vocab_size,
        d_model: shape.d_model,
        n_layers: shape.n_layers,
        d_head: shape.d_head,
        kernel_size: shape.kernel_size,
        n_pathways: shape.n_pathways,
        top_k: shape.top_k,
    };
    Shape::new(dims).ok()
}

/// What one position of a run shows: logits, greedy token, and the last layer's shares.
type Shown = (Vec<u32>, i32, Vec<i64>);

/// The reference's positions; `None` where it refuses the model.
fn expected(place: usize, shape: &TestShape, file: &[u8], tokens: &[i32]) -> Option<Vec<Shown>> {
    Some(positions(&mut IntegerModel::load(place, file).ok()?, shape, tokens))
}

fn positions(model: &mut IntegerModel<'_>, shape: &TestShape, tokens: &[i32]) -> Vec<Shown> {
    let position = |n: usize| {
        let (sums, greedy) = model.predict(&tokens[..n], n - 1);
        let shares = (0..shape.n_pathways).map(|pathway| model.share(shape.n_layers - 1, pathway)).collect();
        (sums.iter().map(|&sum| model.logit(sum)).collect(), greedy, shares)
    };
    (1..=tokens.len()).map(position).collect()
}

fn shown(workspace: &Workspace<'_>, greedy: usize, layers: usize) -> Shown {
    let shares = workspace.last_router_weights(layers - 1).unwrap();
    let shares = shares.iter().map(|share| (share * 32_768.0) as i64).collect();
    (workspace.logits().iter().map(|logit| logit.to_bits()).collect(), greedy as i32, shares)
}

/// Compares all positions in the way that `seed` chooses: a plan, or steps.
fn compare<'m>(
    model: &impl for<'w> Run<'m, Workspace<'w>>,
    max_seq: usize,
    tokens: &[i32],
    expected: &[Shown],
    seed: u64,
) -> Result<(), String> {
    let shape = *model.shape();
    let plan = if seed.is_multiple_of(3) { Plan::Lean } else { Plan::Cached };
    let layout = Layout::new(shape, max_seq, plan).unwrap();
    let (mut floats, mut words) = (vec![f32::NAN; layout.floats()], vec![seed as u32; layout.words()]);
    Workspace::new(&layout, &mut floats, &mut words).unwrap().forget();
    for (index, expected) in expected.iter().enumerate() {
        let mut workspace = Workspace::new(&layout, &mut floats, &mut words).unwrap();
        let greedy = if seed % 3 == 2 {
            step(model, &mut workspace, tokens[index]).unwrap()
        } else {
            predict_next(model, &mut workspace, tokens[..=index].iter().copied()).unwrap()
        };
        if shown(&workspace, greedy, shape.n_layers()) != *expected {
            return Err(format!("position {index} differs, {plan:?}, way {}", seed % 3));
        }
    }
    Ok(())
}

/// A hostile model.
struct Hostile {
    name: String,
    recipe: &'static Recipe,
    test_shape: &'static TestShape,
    shape: Shape,
    packing: Packing,
    /// Another one for each packing.
    way: u64,
    rng: Rng,
}

impl Hostile {
    /// Those of all shapes up to this width.
    fn all(widest: usize, first_seed: u64) -> impl Iterator<Item = Self> {
        let recipes = || RECIPES.iter().zip(0..);
        let all = SHAPES.iter().flat_map(move |shape| recipes().map(move |(recipe, seed)| (shape, recipe, seed)));
        all.flat_map(move |(test_shape, recipe, seed)| {
            let is_taken = |shape: &Shape| Layout::new(*shape, test_shape.max_seq, Plan::Lean).is_ok();
            let shape = shape_of(test_shape).filter(is_taken).filter(|shape| shape.d_model() <= widest);
            let packings = [Packing::TwoBits, Packing::Base3, Packing::PowersOf3].into_iter().zip(seed..);
            packings.filter_map(move |(packing, way)| {
                let (shape, rng) = (shape?, Rng::with_seed(first_seed + seed));
                let name = format!("{}, {}, {packing:?}", recipe.name, test_shape.name);
                Some(Self { name, recipe, test_shape, shape, packing, way, rng })
            })
        })
    }

    fn file(&mut self) -> Vec<u8> {
        self.recipe.file(self.test_shape, self.packing, &mut self.rng)
    }

    /// At most so many.
    fn tokens(&mut self, most: usize) -> Vec<i32> {
        let last = self.test_shape.vocab_size as i32;
        (0..self.test_shape.max_seq.min(most)).map(|_| self.rng.i32(-1..=last)).collect()
    }

    fn place(&self) -> usize {
        shape_named(self.test_shape.name).0
    }
}

#[test]
fn hostile_models_give_the_references_bits_or_its_refusal() {
    let (mut compared, mut refused) = (0, 0);
    for mut hostile in Hostile::all(300, 0) {
        let (file, tokens) = (hostile.file(), hostile.tokens(7));
        let model = Model::new(hostile.shape, &file).unwrap();
        let expected = expected(hostile.place(), hostile.test_shape, &file, &tokens);
        assert_eq!(check(&model).is_ok(), expected.is_some(), "{}", hostile.name);
        let Some(expected) = expected else {
            refused += 1;
            continue;
        };
        let mut tiles = vec![0; Tiled::room(&model)];
        let tiled = Tiled::new(model, &mut tiles);
        if let Err(error) = compare(&tiled, hostile.test_shape.max_seq, &tokens, &expected, hostile.way) {
            panic!("{}: {error}", hostile.name);
        }
        compared += tokens.len();
    }
    println!("{compared} positions equal, {refused} models refused by both");
    assert!(compared > 2000 && refused > 10);
}

#[test]
fn models_with_sublayers_give_the_references_bits_or_its_refusal() {
    let (mut compared, mut refused, mut changed) = (0, 0, 0);
    for mut hostile in Hostile::all(100, 100) {
        let file = hostile.file();
        let Hostile { recipe, test_shape, packing, way, .. } = hostile;
        let part = recipe.part(test_shape, packing, 1 + (way % 3) as u8, &mut hostile.rng);
        let tokens = hostile.tokens(5);
        let model = WholeModel::new(Model::new(hostile.shape, &file).unwrap(), Some(&part)).unwrap();
        let reference = IntegerModel::load_whole(hostile.place(), &file, &part);
        assert_eq!(check(&model).is_ok(), reference.is_ok(), "{}", hostile.name);
        let Ok(mut reference) = reference else {
            refused += 1;
            continue;
        };
        let found = positions(&mut reference, test_shape, &tokens);
        assert_eq!(reference.bounds_exceeded(), 0, "{}", hostile.name);
        let mut tiles = vec![0; Tiled::room(&model)];
        let tiled = Tiled::new(model, &mut tiles);
        if let Err(error) = compare(&tiled, test_shape.max_seq, &tokens, &found, way) {
            panic!("{}: {error}", hostile.name);
        }
        compared += tokens.len();
        let plain = expected(hostile.place(), test_shape, &file, &tokens);
        changed += usize::from(plain.is_some_and(|plain| plain != found));
    }
    println!("{compared} positions equal, {refused} models refused by both, {changed} models with another result");
    assert!(compared > 1000 && refused > 10 && changed > 100);
}

#[test]
fn a_classifier_names_the_references_class() {
    let (place, test_shape) = shape_named("d19");
    let shape = shape_of(test_shape).unwrap();
    for seed in 0..20 {
        let mut rng = Rng::with_seed(seed);
        let file = model_file(test_shape, Packing::TwoBits, Some(5), Character::Tame, &mut rng);
        let tokens = [1, 2, 3];
        let mut reference = IntegerModel::load(place, &file).unwrap();
        let (sums, class) = reference.predict(&tokens, 2);
        let expected: Vec<u32> = sums.iter().map(|&sum| reference.logit(sum)).collect();
        let classifier = Classifier::new(shape, &file, 5).unwrap();
        let layout = Layout::new(shape, test_shape.max_seq, Plan::Cached).unwrap();
        let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
        let mut workspace = Workspace::new(&layout, &mut floats, &mut words).unwrap();
        let mut logits = Vec::new();
        let found = classify(&classifier.base, &classifier.head, &mut workspace, tokens, |_, logit| {
            logits.push(logit.to_bits());
        });
        assert_eq!((found.unwrap() as i32, logits), (class, expected));
    }
}

#[test]
fn a_classifiers_head_is_refused_as_the_reference_does() {
    let (place, test_shape) = shape_named("d19");
    let mut file = model_file(test_shape, Packing::TwoBits, Some(5), Character::Tame, &mut Rng::with_seed(1));
    let at = file.len() - 4 - (5 * test_shape.d_model).div_ceil(4);
    for (scale, is_taken) in [(0.5f32, true), (f32::MAX, true), (f32::NAN, false), (f32::NEG_INFINITY, false)] {
        file[at..at + 4].copy_from_slice(&scale.to_le_bytes());
        let classifier = Classifier::new(shape_of(test_shape).unwrap(), &file, 5).unwrap();
        assert_eq!(check_head(&classifier.head).is_ok(), is_taken, "{scale}");
        assert_eq!(IntegerModel::load(place, &file).is_ok(), is_taken, "{scale}");
    }
}

#[test]
fn every_layers_routers_are_seen_and_a_prefix_of_one_arithmetic_is_not_the_others() {
    let (_, test_shape) = shape_named("d19");
    let shape = shape_of(test_shape).unwrap();
    let file = RECIPES[0].file(test_shape, Packing::TwoBits, &mut Rng::with_seed(1));
    let model = Model::new(shape, &file).unwrap();
    let (exact, integer) = (
        atome_engine::Layout::new(shape, test_shape.max_seq, Plan::Cached).unwrap(),
        Layout::new(shape, test_shape.max_seq, Plan::Cached).unwrap(),
    );
    let len = |one: usize, other: usize| one.max(other);
    let (mut floats, mut words) =
        (vec![0.0; len(exact.floats(), integer.floats())], vec![0; len(exact.words(), integer.words())]);
    let mut seen = Vec::new();
    let mut watch = |reading: RouterReading<'_>| seen.push((reading.layer, reading.position));
    let alone = {
        let mut workspace = Workspace::new(&integer, &mut floats, &mut words).unwrap();
        atome_engine::predict_next_observed(&model, &mut workspace, [1, 2], &mut watch).unwrap();
        workspace.logits().to_vec()
    };
    // In what order, is a schedule's affair.
    seen.sort_unstable();
    let positions = (0..shape.n_layers()).flat_map(|layer| (0..2).map(move |position| (layer, position)));
    assert!(positions.eq(seen));
    // The tokens lie in the same words: nothing but the identity tells the two apart.
    let mut workspace = atome_engine::Workspace::new(&exact, &mut floats, &mut words).unwrap();
    predict_next(&model, &mut workspace, [1, 2]).unwrap();
    let mut workspace = Workspace::new(&integer, &mut floats, &mut words).unwrap();
    predict_next(&model, &mut workspace, [1, 2]).unwrap();
    assert_eq!(workspace.logits(), alone);
}
