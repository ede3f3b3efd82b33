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
