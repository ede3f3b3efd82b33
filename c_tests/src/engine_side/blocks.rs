//! The engine's building blocks, one at a time.

use atome_engine::{kernel, Weights};

use super::engine::Engine;
use crate::call::{Call, ModelRef};
use crate::outcome::Outcome;
use crate::untouched::{MARGIN, UNTOUCHED_FLOAT};
use crate::world::World;

/// Performs a call of one building block; `None` where its model is not loaded, or for other calls.
pub fn building_block(engine: &mut Engine, call: &Call, world: &World, out: &mut Outcome) -> Option<()> {
    match call {
        Call::Matvec { model, matrix, x } => matvec(engine, world, *model, *matrix, x, out),
        Call::LayerNorm { model, norm, x } => layer_norm(engine, world, *model, *norm, x, out),
        Call::CausalConv { model, layer, x } => causal_conv(engine, world, *model, *layer, x, out),
        Call::Ssm { model, layer, x, h, .. } => ssm(engine, world, (*model, *layer), x, h, out),
        Call::SparseAttn { model, layer, state, x } => sparse_attn(engine, world, (*model, *layer), *state, x, out),
        _ => None,
    }
}

fn matvec(engine: &Engine, world: &World, model: ModelRef, matrix: usize, x: &[f32], out: &mut Outcome) -> Option<()> {
    let matrix = engine.model(world, model)?.matrix(matrix)?;
    let mut y = vec![UNTOUCHED_FLOAT; matrix.rows() + MARGIN];
    kernel::matvec(&matrix, x, &mut y[..matrix.rows()]);
    out.floats("matvec", &y);
    Some(())
}

fn layer_norm(
    engine: &Engine,
    world: &World,
    model: ModelRef,
    norm: usize,
    x: &[f32],
    out: &mut Outcome,
) -> Option<()> {
    let model = engine.model(world, model)?;
    let norm = model.block(norm).map_or(model.final_norm(), |block| block.norm);
    let mut x = x.to_vec();
    kernel::layer_norm_in_place(&norm, &mut x);
    x.extend([UNTOUCHED_FLOAT; MARGIN]);
    out.floats("layer_norm", &x);
    Some(())
}

fn causal_conv(
    engine: &Engine,
    world: &World,
    model: ModelRef,
    layer: usize,
    x: &[f32],
    out: &mut Outcome,
) -> Option<()> {
    let conv = engine.model(world, model)?.block(layer)?.conv;
    let d = engine.layout.shape().d_model();
    let mut y = Vec::with_capacity(x.len() + MARGIN);
    for t in 0..x.len() / d {
        y.extend((0..d).map(|c| {
            let inputs = (0..=t).rev().map(|position| x[position * d + c]);
            kernel::conv_taps(&conv, c, inputs)
        }));
    }
    y.extend([UNTOUCHED_FLOAT; MARGIN]);
    out.floats("causal_conv", &y);
    Some(())
}

fn ssm(
    engine: &Engine,
    world: &World,
    (model, layer): (ModelRef, usize),
    x: &[f32],
    h: &[f32],
    out: &mut Outcome,
) -> Option<()> {
    let ssm = engine.model(world, model)?.block(layer)?.ssm;
    let mut h = h.to_vec();
    let mut y = Vec::with_capacity(x.len() + MARGIN);
    for row in x.chunks(engine.layout.shape().d_model()) {
        let channels = ssm.a_raw.iter().zip(ssm.b.iter()).zip(ssm.c_out.iter()).zip(row).zip(&mut h);
        let step = |((((a, b), c), &u), h)| kernel::ssm_step(kernel::gate(a), b, c, u, h);
        y.extend(channels.map(step));
    }
    y.extend([UNTOUCHED_FLOAT; MARGIN]);
    h.extend([UNTOUCHED_FLOAT; MARGIN]);
    out.floats("ssm_forward", &y);
    out.floats("h", &h);
    Some(())
}

fn sparse_attn(
    engine: &mut Engine,
    world: &World,
    (model, layer): (ModelRef, usize),
    state: usize,
    x: &[f32],
    out: &mut Outcome,
) -> Option<()> {
    let attention = engine.model(world, model)?.block(layer)?.attention;
    let d = engine.layout.shape().d_model();
    let mut workspace = engine.workspace(state);
    let mut memory = workspace.attention_memory();
    for (t, row) in x.chunks(d).enumerate() {
        memory.store(&attention, t, row);
    }
    let mut y = Vec::with_capacity(x.len() + MARGIN);
    for (t, row) in x.chunks(d).enumerate() {
        y.extend_from_slice(memory.attend(&attention, t, row));
    }
    y.extend([UNTOUCHED_FLOAT; MARGIN]);
    out.floats("sparse_attn", &y);
    Some(())
}
