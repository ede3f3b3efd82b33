//! The steps of docs/integer.md for one position of one layer.

use super::attend::{attend, Query};
use super::constants::{embed_top, layer, model, LayerConstants, ModelConstants, Seen, Tops, LAYER_WORDS};
use super::feed_forward::sublayer_top;
use super::kernel::project;
use super::mix::{mix, Way};
use super::project::{to_eight_bits, weight};
use super::workspace::{cut, LayerMemory, Workspace};
use crate::schedule::Positions;
use crate::weights::{sublayers, Layer, Matrix, Weights};

/// The constants of all layers and of the model, which follow from the weights alone. `None` where a layer is missing.
#[inline(never)] // so that its room on the stack is not a position's
pub(super) fn prepare<'m>(weights: &impl Weights<'m>, workspace: &mut Workspace) -> Option<()> {
    let mut tops = Tops::default();
    for index in 0..workspace.layout.shape().n_layers() {
        let block = weights.layer(index)?;
        let LayerMemory { gates, output_weights, .. } = LayerMemory::of(workspace.layout, workspace.layers, index);
        let constants = workspace.layer_constants.get_mut(index * LAYER_WORDS..)?.first_chunk_mut()?;
        layer(&block, gates, output_weights, constants);
        tops.add(LayerConstants::of(constants).top());
        add_sublayers(&block, &mut tops);
    }
    let embed = weights.embed();
    tops.add(embed_top(&embed));
    let words = model(&embed, &weights.final_norm(), &tops, &mut Seen(0));
    if let Some(slots) = workspace.model_constants.first_chunk_mut() {
        *slots = words;
    }
    Some(())
}

/// What the sublayers of a layer may add to the residual stream; how many there are.
#[inline(always)]
pub(super) fn add_sublayers<'m>(block: &impl Layer<'m>, tops: &mut Tops) -> usize {
    sublayers(block).map(|sublayer| tops.add(sublayer_top(&sublayer))).count()
}

pub(super) fn model_constants(workspace: &Workspace) -> ModelConstants {
    ModelConstants::from_words(workspace.model_constants.first_chunk().copied().unwrap_or_default())
}

/// The embedding of `count` positions from row `row` on, to the front of the residual stream's rows.
pub(super) fn embed<'m>(weights: &impl Weights<'m>, workspace: &mut Workspace, row: usize, count: usize) {
    let scale = model_constants(workspace).embed_scale;
    let matrix = weights.embed();
    let d = matrix.cols();
    for index in 0..count {
        embed_one(&matrix, workspace.prefix.token(row + index), scale, cut(workspace.residual, index * d, d));
    }
}

/// The embedding of one token, to `residual`, `[d_model]`.
#[inline(always)]
pub(super) fn embed_one(matrix: &Matrix, token: usize, scale: i32, residual: &mut [i32]) {
    let start = token * matrix.cols();
    #[cfg(vectors)]
    if matrix.codec().is_none() && start.is_multiple_of(4) && residual.len().is_multiple_of(4) {
        let codes = matrix.packed().get(start / 4..).unwrap_or_default();
        for (four, &codes) in residual.as_chunks_mut::<4>().0.iter_mut().zip(codes) {
            for (x, shift) in four.iter_mut().zip([0, 2, 4, 6]) {
                let code = i32::from(codes >> shift);
                // 1 for code 01, and -1 for code 11.
                *x = ((code & 1) - (code & code >> 1 & 1) * 2) * scale;
            }
        }
        return;
    }
    for (column, x) in residual.iter_mut().enumerate() {
        *x = weight(matrix, start + column) * scale;
    }
}

/// A layer's input times all its matrices but the convolution: sums for keys, values, the query and the router, one behind the
/// other. `room` is for the kernel.
#[inline(never)] // so that the matrices lie on the stack only while they are multiplied
pub(super) fn project_all<'m>(block: &impl Layer<'m>, normed: &[i16], sums: &mut [i32], room: &mut [i32]) {
    project(&[block.wk(), block.wv(), block.wq(), block.router()], normed, sums, room);
}

/// Keys and values of a position are stored, its query is left in the workspace: each in 8 bits. What the query was shifted by.
/// `sums` are those of [`project_all`].
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn keep(row: usize, sums: &[i32], memory: &mut LayerMemory, query: &mut [i8], d: usize) -> i8 {
    let h = query.len();
    let mut rest = sums;
    let mut one = |out: &mut [i8]| to_eight_bits(rest.split_off(..out.len()).unwrap_or_default(), out);
    let key_shift = one(cut(memory.keys, row * h, h));
    let value_shift = one(cut(memory.values, row * d, d));
    if let (Some(key), Some(value)) = (memory.key_shifts.get_mut(row), memory.value_shifts.get_mut(row)) {
        (*key, *value) = (key_shift, value_shift);
    }
    one(query)
}

/// Attention over `rows`, and the sum of the pathways, which is added to the residual stream.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn attend_and_mix<'m>(
    block: &impl Layer<'m>,
    constants: LayerConstants,
    memory: &mut LayerMemory,
    query: &Query,
    rows: impl Iterator<Item = usize>,
    way: &mut Way,
) {
    let attended = attend(memory, query, constants, rows, block.top_k(), way.shares[2], way.sums);
    mix(&block.pathways().conv.taps, constants, memory, way, attended);
}

/// The rows of the positions that the one at `position` attends to, in order.
pub(super) fn window(max_seq: usize, position: Positions) -> impl Iterator<Item = usize> {
    let len = max_seq.min(position.before + 1);
    let newest = position.row;
    (0..len).map(move |index| {
        let back = len - 1 - index;
        if back <= newest {
            newest - back
        } else {
            newest + max_seq - back
        }
    })
}
