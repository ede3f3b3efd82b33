//! Memory: what each plan takes, and that a relink never needs more than before.

mod common;

use atome_engine::{c99_state_bytes, Dims, Layout, Plan, RunError, Shape, Workspace};
use common::{model_blob, shape, shapes};

const SIZES: &[usize] = if cfg!(miri) { &[1, 37] } else { &[1, 2, 3, 5, 16, 37, 64, 128, 256] };
const LENGTHS: &[usize] = if cfg!(miri) { &[1, 2, 512] } else { &[1, 2, 3, 4, 7, 16, 32, 64, 128, 256, 512] };

#[test]
fn unasked_the_state_is_no_larger_than_before() {
    let mut checked = 0;
    for &d_model in SIZES {
        for d_head in [1, 16, 64] {
            for &max_seq in LENGTHS {
                for n_layers in [1, 4, 12] {
                    for (kernel_size, n_pathways, vocab_size, top_k) in
                        [(5, 3, 256, 4), (64, 8, 1, 600), (1, 3, 65_535, 1)]
                    {
                        let dims = Dims { d_model, n_layers, d_head, kernel_size, n_pathways, vocab_size, top_k };
                        let shape = shape(dims);
                        let layout = Layout::auto(shape, max_seq).expect("in range");
                        let before = c99_state_bytes(&shape, max_seq);
                        // Fewer channels than pathways is no model that anybody trains.
                        let room = if d_model < n_pathways { 4 * n_layers * n_pathways } else { 0 };
                        assert!(
                            layout.bytes() as u64 <= before + 64 + room as u64,
                            "{dims:?}, S {max_seq}: {} {before}",
                            layout.bytes()
                        );
                        let cached = Layout::new(shape, max_seq, Plan::Cached).expect("in range");
                        let takes_cached = cached.bytes() as u64 <= before;
                        assert_eq!(layout.plan() == Plan::Cached, takes_cached);
                        checked += 1;
                    }
                }
            }
        }
    }
    println!("{checked} layouts");
}

#[test]
fn a_layout_is_valid() {
    for shape in shapes() {
        for plan in [Plan::Lean, Plan::Partial, Plan::Cached] {
            let layout = Layout::new(shape, 7, plan).expect("in range");
            assert!(layout.is_valid(), "{layout:?}");
        }
    }
}

#[test]
fn the_lean_plan_takes_less_than_half() {
    let small = shape(Dims::DEFAULT);
    let large = shape(Dims { d_model: 256, n_layers: 8, d_head: 64, ..Dims::DEFAULT });
    for (shape, max_seq) in [(small, 32), (large, 64)] {
        let lean = Layout::new(shape, max_seq, Plan::Lean).expect("in range").bytes();
        let before = c99_state_bytes(&shape, max_seq);
        println!("S {max_seq}: lean {lean}, before {before}, {:.1} %", 100.0 * lean as f64 / before as f64);
        assert!(lean as u64 * 100 <= before * 45);
    }
}

#[test]
fn short_arrays_are_refused_and_exact_ones_suffice() {
    for shape in shapes() {
        for plan in [Plan::Lean, Plan::Partial, Plan::Cached] {
            let layout = Layout::new(shape, 6, plan).expect("in range");
            let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
            assert_eq!(layout.bytes(), 4 * (floats.len() + words.len()));
            let read_by_callers = shape.vocab_size() + 6 * shape.n_pathways();
            assert_eq!(layout.scratch_floats() + read_by_callers, floats.len());
            assert!(Workspace::new(&layout, &mut floats, &mut words).is_ok());
            let short = floats.len() - 1;
            let error = Workspace::new(&layout, &mut floats[..short], &mut words).expect_err("a float is missing");
            let needed = format!("expected {} floats and {} words", layout.floats(), layout.words());
            assert!(error.to_string().ends_with(&needed), "{error}");
            let short = words.len() - 1;
            assert!(Workspace::new(&layout, &mut floats, &mut words[..short]).is_err());
        }
    }
}

#[test]
fn what_cannot_run_says_so() {
    let [first, _, third, ..] = shapes()[..] else { panic!("three shapes") };
    let layout = Layout::new(third, 6, Plan::Cached).expect("in range");
    let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
    let mut workspace = Workspace::new(&layout, &mut floats, &mut words).expect("large enough");
    let blob = model_blob(first, 1);
    let model = atome_engine::Model::new(first, &blob).expect("a whole model");
    assert_eq!(atome_engine::predict_next(&model, &mut workspace, [1]), Err(RunError::ShapeMismatch));
    let blob = model_blob(third, 1);
    let model = atome_engine::Model::new(third, &blob).expect("a whole model");
    assert_eq!(atome_engine::predict_next(&model, &mut workspace, []), Err(RunError::NoTokens));
    for (error, word) in [
        (RunError::ShapeMismatch, "shape"),
        (RunError::NoTokens, "token"),
        (RunError::NotCached, "plan"),
        (RunError::BrokenWeights, "weights"),
    ] {
        assert!(error.to_string().contains(word), "{error}");
    }
    assert!(Layout::new(third, 0, Plan::Lean).is_err());
    assert!(Layout::new(third, 65_536, Plan::Lean).is_err());
    let widest = Shape::new(Dims { d_model: 65_535, d_head: 65_535, n_layers: 65_535, ..Dims::DEFAULT });
    let layout = Layout::new(widest.expect("all numbers are in range"), 65_535, Plan::Cached);
    assert_eq!(layout.is_ok(), cfg!(target_pointer_width = "64"), "{layout:?}");
}
