//! Some positions at a time: a layer's weights are then read once for all of them.
//!
//! Only on hosts: what the positions have at once lies in a fixed room on the stack, and as many are taken as have room there.

use super::constants::LayerConstants;
use super::feed_forward;
use super::kernel::{compiled, project_together, Work as KernelWork, MOST_TOGETHER};
use super::layout::Layout;
use super::norm::norm;
use super::position::{start_sequence, Projected, Rest};
use super::steps::{embed_one, model_constants};
use super::workspace::{cut, LayerMemory, Workspace};
use crate::bytes::numbers;
use crate::layout::Plan;
use crate::schedule::{Positions, RouterReading, Work};
use crate::weights::{Layer, Matrix, Weights};

/// 32-bit words on the stack, where a call may take 16 KB in all: 6 KB.
const ROOM: usize = 1_544;

/// How many positions have room.
pub(super) fn most(layout: &Layout) -> usize {
    let (normed, sums, residual) = words(layout);
    (ROOM / (normed + sums + residual).max(1)).min(MOST_TOGETHER)
}

/// Words that a position takes: for its normalised inputs, for the sums of matrices, and, where the workspace has no place for it,
/// for its residual stream.
fn words(layout: &Layout) -> (usize, usize, usize) {
    let d = layout.shape().d_model();
    (d.div_ceil(2), layout.sums(), if layout.plan() == Plan::Cached { d } else { 0 })
}

/// [`super::pass::run`] of more than one position, behind whatever prepares it. There is room for one at least.
#[inline(never)] // so that its room on the stack is not that of a single position
pub(super) fn run<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    work: Work,
    mut observe: impl FnMut(RouterReading),
) -> Option<()> {
    let Work { positions, layers: [first, end], .. } = work;
    let (layout, most) = (workspace.layout, most(workspace.layout).max(1));
    let (normed, sums, residual) = words(layout);
    let mut room = [0; ROOM];
    let (normed, rest) = room.split_at_mut_checked(most * normed)?;
    let (sums, rest) = rest.split_at_mut_checked(most * sums)?;
    let own = numbers(rest.get_mut(..most * residual)?);
    let mut room = Room { normed: numbers(normed), sums: numbers(sums) };
    if layout.plan() == Plan::Cached {
        for chunk in chunks(positions, most) {
            embed(weights, workspace, chunk, own);
            for layer in first..end {
                let part = Part { layer, positions: chunk };
                let block = &weights.layer(layer)?;
                room.layer(block, workspace, part, own, &mut observe);
                room.sublayers(block, workspace, (part, positions), own);
            }
            let d = layout.shape().d_model();
            let last = cut(own, (chunk.count - 1) * d, d);
            workspace.residual.iter_mut().zip(last).for_each(|(to, from)| *to = *from);
        }
        return Some(());
    }
    let stream = core::mem::take(&mut workspace.residual);
    if first == 0 {
        embed(weights, workspace, positions, stream);
    }
    let done = (first..end).try_for_each(|layer| {
        let block = &weights.layer(layer)?;
        let mut rest = &mut *stream;
        for chunk in chunks(positions, most) {
            let rows = rest.split_off_mut(..chunk.count * layout.shape().d_model())?;
            let part = Part { layer, positions: chunk };
            room.layer(block, workspace, part, rows, &mut observe);
            room.sublayers(block, workspace, (part, positions), rows);
        }
        Some(())
    });
    workspace.residual = stream;
    done
}

/// Positions, at most so many at a time.
fn chunks(positions: Positions, most: usize) -> impl Iterator<Item = Positions> {
    (0..positions.count).step_by(most.max(1)).map(move |start| positions.part(start, most.min(positions.count - start)))
}

/// The embedding of positions, to the front of `residual`.
fn embed<'m>(weights: &impl Weights<'m>, workspace: &Workspace, positions: Positions, residual: &mut [i32]) {
    let (matrix, scale) = (weights.embed(), model_constants(workspace).embed_scale);
    for (index, row) in residual.chunks_exact_mut(matrix.cols().max(1)).take(positions.count).enumerate() {
        let token = workspace.prefix.token(positions.row + index);
        compiled(Embedding { matrix: &matrix, token, scale, row });
    }
}

/// The embedding of a token.
struct Embedding<'e, 'm> {
    matrix: &'e Matrix<'m>,
    token: usize,
    scale: i32,
    row: &'e mut [i32],
}

impl KernelWork for Embedding<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        embed_one(self.matrix, self.token, self.scale, self.row);
    }
}

/// What some positions have at once.
struct Room<'r> {
    /// `[positions][d_model]`.
    normed: &'r mut [i16],
    /// `[positions][sums of a layer]`.
    sums: &'r mut [i32],
}

/// Some positions in one layer.
#[derive(Clone, Copy)]
struct Part {
    layer: usize,
    positions: Positions,
}

impl Room<'_> {
    /// Takes some positions through a layer; `residual`, `[positions][d_model]`, is theirs.
    fn layer<'m>(
        &mut self,
        block: &impl Layer<'m>,
        workspace: &mut Workspace,
        Part { layer, positions }: Part,
        residual: &mut [i32],
        observe: &mut impl FnMut(RouterReading),
    ) {
        let layout = workspace.layout;
        let (d, count) = (layout.shape().d_model(), positions.count);
        let residual_bits = model_constants(workspace).residual_bits;
        let Workspace { router, last_shares, layer_constants, query, layers, .. } = workspace;
        let constants = LayerConstants::of_layer(layer_constants, layer);
        let (normed, sums) = (cut(self.normed, 0, count * d), cut(self.sums, 0, count * layout.sums()));
        compiled(Norms { block, constants, residual, residual_bits, normed });
        project_together(&[block.wk(), block.wv(), block.wq(), block.router()], d, normed, sums);
        let mut memory = LayerMemory::of(layout, layers, layer);
        if positions.before == 0 {
            start_sequence(block, layout, &mut memory);
        }
        let (inputs, rows) = (normed.chunks_exact(d.max(1)), residual.chunks_exact_mut(d.max(1)));
        let vectors = inputs.zip(sums.chunks_exact_mut(layout.sums().max(1))).zip(rows);
        for (index, ((normed, sums), residual)) in vectors.enumerate() {
            let position = positions.part(index, 1);
            let rest = Rest { block, constants, layout, router, last_shares, query, layer, position, observe };
            compiled(One { rest, memory: &mut memory, projected: Projected { normed, sums, residual, residual_bits } });
        }
    }

    /// The feed-forward sublayers of a part, behind [`Room::layer`]: of the last layer, only the last of `all` positions leaves
    /// something of use.
    fn sublayers<'m>(
        &mut self,
        block: &impl Layer<'m>,
        workspace: &Workspace,
        (Part { layer, positions }, all): (Part, Positions),
        residual: &mut [i32],
    ) {
        if block.feed_forward(0).is_none() {
            return;
        }
        let shape = workspace.layout.shape();
        let (d, is_last) = (shape.d_model(), layer + 1 == shape.n_layers());
        let first = if is_last { all.row + all.count - 1 - positions.row } else { 0 };
        let count = positions.count.saturating_sub(first);
        let (normed, residual) = (cut(self.normed, 0, count * d), cut(residual, first * d, count * d));
        let residual_bits = model_constants(workspace).residual_bits;
        feed_forward::several(block, residual, residual_bits, normed, self.sums);
    }
}

/// The norms of some positions.
struct Norms<'n, L> {
    block: &'n L,
    constants: LayerConstants<'n>,
    residual: &'n [i32],
    residual_bits: i32,
    normed: &'n mut [i16],
}

impl<'m, L: Layer<'m>> KernelWork for Norms<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let d = self.block.norm().gamma.len().max(1);
        for (residual, normed) in self.residual.chunks_exact(d).zip(self.normed.chunks_exact_mut(d)) {
            norm(&self.block.norm(), &self.constants.norm(), residual, self.residual_bits, normed);
        }
    }
}

/// The rest of one position in one layer.
struct One<'o, 'r, 'l, L, F> {
    rest: Rest<'r, L, F>,
    memory: &'o mut LayerMemory<'l>,
    projected: Projected<'o>,
}

impl<'m, L: Layer<'m>, F: FnMut(RouterReading)> KernelWork for One<'_, '_, '_, L, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.rest.run(self.memory, self.projected);
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::kernel::{Kernel, CHOICE};
    use crate::random::Rng;
    use crate::{predict_next, Dims, Model, Shape};

    const TOKENS: usize = 24;

    /// A model's answers behind some tokens that it is given at once, and then behind one more at a time.
    fn answers(model: &Model, layout: &Layout, at_once: usize) -> Vec<u32> {
        let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
        let mut workspace = Workspace::new(layout, &mut floats, &mut words).unwrap();
        let mut all = Vec::new();
        for n in at_once..=TOKENS {
            predict_next(model, &mut workspace, (0..n).map(|index| (index * 91 % 256) as i32)).unwrap();
            if n >= TOKENS - 2 {
                all.extend(workspace.logits().iter().map(|logit| logit.to_bits()));
                all.extend(workspace.router_weights().iter().map(|share| share.to_bits()));
                all.extend(workspace.last_router_weights(1).unwrap().iter().map(|share| share.to_bits()));
            }
        }
        all
    }

    #[test]
    fn as_many_positions_are_taken_as_have_room() {
        for (d_model, d_head, expected) in [(64, 16, 2), (256, 64, 2), (512, 64, 1), (1024, 256, 0)] {
            let shape = Shape::new(Dims { d_model, d_head, ..Dims::DEFAULT }).unwrap();
            assert_eq!(most(&Layout::new(shape, TOKENS, Plan::Cached).unwrap()), expected, "d={d_model}");
        }
    }

    #[test]
    fn positions_at_once_have_the_results_of_positions_by_themselves() {
        let _one_at_a_time = CHOICE.lock();
        let before = Kernel::current();
        let mut rng = Rng(25);
        for (d_model, d_head) in [(64, 16), (72, 24), (256, 64), (30, 7)] {
            let shape = Shape::new(Dims { d_model, d_head, n_layers: 2, ..Dims::DEFAULT }).unwrap();
            let mut blob = vec![0; Model::blob_len(&shape)];
            blob.iter_mut().for_each(|byte| *byte = if rng.word().is_multiple_of(2) { 0x3f } else { rng.word() as u8 });
            blob[..7].copy_from_slice(b"ATOME01");
            let model = Model::new(shape, &blob).unwrap();
            assert!(Kernel::Portable.select());
            let expected = answers(&model, &Layout::new(shape, TOKENS, Plan::Cached).unwrap(), 1);
            for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.select()) {
                for plan in [Plan::Cached, Plan::Lean] {
                    let layout = Layout::new(shape, TOKENS, plan).unwrap();
                    for at_once in [2, 9, TOKENS - 2] {
                        let found = answers(&model, &layout, at_once);
                        assert!(found == expected, "{}, {plan:?}, d={d_model}, {at_once} at once", kernel.name());
                    }
                }
            }
        }
        before.select();
    }
}
