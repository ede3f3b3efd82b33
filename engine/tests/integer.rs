//! The integer arithmetic: known sums of real models, and one result in both plans.

use std::path::Path;

use atome_engine::integer::{check, Layout, Workspace};
use atome_engine::{predict_next, Dims, Model, Plan, Shape, Weights};

/// CRC-32 of all positions' sums of the logits, as the definition's second prototype gave them.
fn crc_of_sums(model: &Model, unit: f32, tokens: &[u8], plan: Plan) -> (u32, Vec<i32>) {
    check(model).expect("a model for integers");
    let layout = Layout::new(*model.shape(), tokens.len(), plan).expect("in range");
    let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
    let mut bytes = Vec::new();
    let mut last = Vec::new();
    for n in 1..=tokens.len() {
        let mut workspace = Workspace::new(&layout, &mut floats, &mut words).expect("long enough");
        predict_next(model, &mut workspace, tokens[..n].iter().map(|&byte| i32::from(byte))).expect("runs");
        last = workspace.logits().iter().map(|logit| (logit / unit).round() as i32).collect();
        bytes.extend(last.iter().flat_map(|sum| sum.to_le_bytes()));
    }
    (crc(&bytes), last)
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[test]
fn the_default_model_has_the_sums_of_the_prototype() {
    let blob = include_bytes!("../../models/default.bin");
    let dims = Dims { vocab_size: 128, d_model: 128, n_layers: 6, d_head: 16, kernel_size: 8, n_pathways: 3, top_k: 4 };
    let model = Model::new(Shape::new(dims).expect("in range"), blob).expect("a model");
    let unit = model.unembed().scale() / 512.0;
    for plan in [Plan::Lean, Plan::Cached] {
        let (crc, last) = crc_of_sums(&model, unit, b"Q: make it 21 degrees\nA:", plan);
        assert_eq!(last[32..40], [25_888, 1980, 2677, -1143, -6337, -5694, -2136, -4744], "{plan:?}");
        assert_eq!(crc, 0xd552_ed71, "{plan:?}");
    }
}

#[test]
fn the_model_of_944k_parameters_has_the_sums_of_the_prototype() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/atome_944k.bin");
    let Ok(blob) = std::fs::read(&path) else {
        println!("SKIPPED: ../shared/data/atome_944k.bin is not there");
        return;
    };
    let dims = Dims { vocab_size: 256, d_model: 256, n_layers: 8, d_head: 64, kernel_size: 5, n_pathways: 3, top_k: 4 };
    let model = Model::new(Shape::new(dims).expect("in range"), &blob).expect("a model");
    let unit = model.unembed().scale() / 1024.0;
    for plan in [Plan::Lean, Plan::Cached] {
        let (crc, last) = crc_of_sums(&model, unit, b"Once upon a time there was", plan);
        assert_eq!(last[32..40], [16_567, 3474, -6393, -23_244, -17_686, -22_231, -21_352, -1284], "{plan:?}");
        assert_eq!(crc, 0x32f3_b747, "{plan:?}");
    }
}

#[test]
fn the_cached_plan_takes_about_a_quarter_of_the_exact_ones_memory() {
    let sizes = |dims, max_seq| {
        let shape = Shape::new(dims).expect("in range");
        let exact = atome_engine::Layout::new(shape, max_seq, Plan::Cached).expect("in range").bytes();
        (Layout::new(shape, max_seq, Plan::Cached).expect("in range").bytes(), exact)
    };
    let large = Dims { d_model: 256, n_layers: 8, d_head: 64, ..Dims::DEFAULT };
    assert_eq!(sizes(large, 128), (369_256, 1_366_412));
    // As README says.
    assert_eq!(sizes(Dims::DEFAULT, 32), (17_208, 49_564));
}

#[test]
fn shapes_and_plans_beyond_its_limits_are_refused_by_name() {
    let refused = |dims, max_seq, plan| {
        let shape = Shape::new(dims).expect("in range");
        Layout::new(shape, max_seq, plan).map(|layout| layout.bytes()).expect_err("refused").to_string()
    };
    let dims = Dims::DEFAULT;
    for (changed, name) in [
        (Dims { d_model: 1025, ..dims }, "d_model is 1025, expected at most 1024"),
        (Dims { d_head: 257, ..dims }, "d_head is 257, expected at most 256"),
        (Dims { kernel_size: 17, ..dims }, "kernel_size is 17, expected at most 16"),
        (Dims { top_k: 17, ..dims }, "top_k is 17, expected at most 16"),
    ] {
        assert!(refused(changed, 32, Plan::Lean).starts_with(name), "{name}");
    }
    assert!(refused(dims, 4097, Plan::Cached).starts_with("max_seq is 4097, expected 1 to 4096"));
    assert!(refused(dims, 0, Plan::Cached).starts_with("max_seq is 0"));
    assert!(refused(dims, 32, Plan::Partial).contains("lean and the cached plan only"));
}
