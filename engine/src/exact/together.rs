//! Some positions at a time: a layer's weights are then decoded once for all of them.
//!
//! The vectors that only these positions need have their place where the layer's values of later positions will be, which
//! are written after them. At the end of the window there are none: then they lie in a fixed room on the stack, and as many
//! positions are taken at a time as have room there.
//!
//! The residual stream has its place in the lean plan's work area. The cached plan has a place for one position's; there the
//! others' lies where the last layer's values of these positions will be, until the last layer takes it from there.

use super::attend::Search;
use super::feed_forward::Several;
use super::layer_memory::{cut, LayerMemory};
use super::steps::{mix, start_sequence, window};
use super::workspace::{Place, Workspace, WORK};
use crate::kernel::{self, Current, Keys, Moments, Normed, Projection, Properties};
use crate::layout::{Layout, Plan};
use crate::schedule::{Positions, Prefix, RouterReading, Work};
use crate::weights::{Layer, Weights};

/// The most positions: those of a tile of keys, and what the widest kernel takes.
const MOST: usize = Current::POSITIONS_TOGETHER;
/// Room on the stack: 4 KB.
const ROOM: usize = 1024;

/// The widest model: a row's codes, a byte for four weights, have room in what is left to those who multiply.
const MAX_D_MODEL: usize = 8192;

/// Whether a position's query, and a row's codes, always fit the fixed room.
pub(super) fn suits(layout: &Layout) -> bool {
    layout.shape().d_head() <= ROOM - WORK && layout.shape().d_model() <= MAX_D_MODEL
}

/// [`super::compute::compute`] of more than one position, for a layout that [`suits`].
#[inline(never)]
pub(super) fn run<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    place: Place,
    work: Work,
    observe: impl FnMut(RouterReading),
) -> Option<()> {
    let Workspace { router, prefix, last_shares, normed, search, stream, .. } = workspace;
    let Place { layout, front } = place;
    let (residual, layers) = stream.split_at_mut_checked(front)?;
    let mut call = Call { layout, work, observe, router, last_shares, normed, search };
    let mut room = [0.0; ROOM];
    match layout.plan() {
        Plan::Lean => call.lean(weights, prefix, residual, layers, &mut room),
        Plan::Partial | Plan::Cached => call.cached(weights, prefix, residual, layers, &mut room),
    }
}

/// A call, and the parts of its work area that every layer uses.
struct Call<'c, 'w, F> {
    layout: &'c Layout,
    /// All that is to be computed.
    work: Work,
    observe: F,
    /// `[max_seq][n_pathways]`.
    router: &'c mut [f32],
    /// `[n_layers][n_pathways]`.
    last_shares: &'c mut [f32],
    /// Room for one position's, `[d_model]`.
    normed: &'c mut [f32],
    /// Its query is not used, and the outputs where there is no room for several.
    search: &'c mut Search<'w>,
}

/// Some positions in one layer.
struct Part<'p> {
    layer: usize,
    positions: Positions,
    /// Its values are those up to the last of these positions.
    memory: LayerMemory<'p>,
    /// `[positions][d_model]`.
    residual: &'p mut [f32],
    /// `[positions][d_head]`.
    query: &'p mut [f32],
    /// For whoever needs some.
    room: &'p mut [f32],
}

impl<F: FnMut(RouterReading)> Call<'_, '_, F> {
    /// All positions, through one layer after the other.
    fn lean<'m>(
        &mut self,
        weights: &impl Weights<'m>,
        prefix: &Prefix,
        residual: &mut [f32],
        layers: &mut [f32],
        room: &mut [f32],
    ) -> Option<()> {
        let Work { positions, layers: [first, end], .. } = self.work;
        if first == 0 {
            embed(weights, prefix, positions, residual);
        }
        for layer in first..end {
            self.layer(&weights.layer(layer)?, layer, positions, residual, layers, room)?;
        }
        Some(())
    }

    /// Some positions at a time, through all layers; the last one's residual stream is left in `residual`.
    fn cached<'m>(
        &mut self,
        weights: &impl Weights<'m>,
        prefix: &Prefix,
        residual: &mut [f32],
        layers: &mut [f32],
        room: &mut [f32],
    ) -> Option<()> {
        let last = self.layout.shape().n_layers().checked_sub(1)?;
        let (earlier, layers) = layers.split_at_mut_checked(self.layout.layer_start(last))?;
        let mut done = 0;
        let positions = self.work.positions;
        while done < positions.count {
            let chunk = positions.part(done, together(positions, done));
            let mut memory = LayerMemory::of(self.layout, layers, 0);
            let stream = stream(self.layout, &mut memory, chunk);
            embed(weights, prefix, chunk, stream);
            for layer in 0..last {
                self.layer(&weights.layer(layer)?, layer, chunk, stream, earlier, room)?;
            }
            self.last_layer(&weights.layer(last)?, chunk, residual, layers, room)?;
            done += chunk.count;
        }
        Some(())
    }

    /// Some positions, whose residual stream is given, through a layer, as many at a time as have room.
    fn layer<'m>(
        &mut self,
        block: &impl Layer<'m>,
        layer: usize,
        chunk: Positions,
        residual: &mut [f32],
        layers: &mut [f32],
        room: &mut [f32],
    ) -> Option<()> {
        let (d, h) = (self.layout.shape().d_model(), self.layout.shape().d_head());
        let mut done = 0;
        while done < chunk.count {
            let mut memory = LayerMemory::of(self.layout, layers, layer);
            let (room, count) = self.room(chunk, done, &mut memory, room, h);
            let residual = cut(residual, done * d, count * d);
            let (query, room) = room.split_at_mut_checked(count * h)?;
            self.part(block, Part { layer, positions: chunk.part(done, count), memory, residual, query, room })?;
            done += count;
        }
        Some(())
    }

    /// The same in the cached plan's last layer, whose values take the place of the residual stream.
    fn last_layer<'m>(
        &mut self,
        block: &impl Layer<'m>,
        chunk: Positions,
        residual: &mut [f32],
        layers: &mut [f32],
        room: &mut [f32],
    ) -> Option<()> {
        let (d, h) = (self.layout.shape().d_model(), self.layout.shape().d_head());
        let layer = self.layout.shape().n_layers() - 1;
        let mut done = 0;
        while done < chunk.count {
            let mut memory = LayerMemory::of(self.layout, layers, 0);
            let (room, count) = self.room(chunk, done, &mut memory, room, d + h);
            let positions = chunk.part(done, count);
            let (query, room) = room.split_at_mut_checked(count * h)?;
            match room.split_at_mut_checked(count * d).filter(|(_, left)| left.len() >= WORK) {
                Some((own, room)) => {
                    copy(stream(self.layout, &mut memory, positions), own);
                    self.part(block, Part { layer, positions, memory, residual: &mut *own, query, room })?;
                    copy(cut(own, (count - 1) * d, d), residual);
                }
                // One has a place of its own, however wide it is.
                None => {
                    copy(stream(self.layout, &mut memory, positions), residual);
                    self.part(block, Part { layer, positions, memory, residual: &mut *residual, query, room })?;
                }
            }
            done += count;
        }
        Some(())
    }

    /// Room for some of the positions from index `done` on, of which each needs so many floats, and how many have room.
    fn room<'r>(
        &self,
        chunk: Positions,
        done: usize,
        memory: &mut LayerMemory<'r>,
        room: &'r mut [f32],
        floats: usize,
    ) -> (&'r mut [f32], usize) {
        let count = together(chunk, done);
        let end = (chunk.row + done + count) * self.layout.shape().d_model();
        let (values, later) = core::mem::take(&mut memory.values).split_at_mut_checked(end).unwrap_or_default();
        memory.values = values;
        let room = if later.len() > room.len() { later } else { room };
        let have_room = room.len().saturating_sub(WORK).checked_div(floats).unwrap_or(0);
        (room, count.min(have_room.max(1)))
    }

    /// Step 2 of one layer, for some positions.
    #[inline(never)]
    fn part<'m>(&mut self, block: &impl Layer<'m>, mut part: Part) -> Option<()> {
        let mut moments = [Moments::default(); MOST];
        let moments = moments.get_mut(..part.positions.count)?;
        if part.positions.before == 0 {
            start_sequence(&mut part.memory, block, self.work.has_gates);
        }
        kernel::moments(part.residual, self.layout.shape().d_model(), moments);
        self.project(block, &mut part, moments);
        self.route(&part)?;
        self.pathways(block, &mut part, moments)?;
        if block.feed_forward(0).is_some() {
            self.sublayers(block, &mut part, moments);
        }
        Some(())
    }

    /// The feed-forward sublayers of those positions whose output is of use.
    #[inline(never)]
    fn sublayers<'m>(&mut self, block: &impl Layer<'m>, part: &mut Part, moments: &mut [Moments]) {
        let d = self.layout.shape().d_model();
        let first = self.used_from(part);
        let rows = cut(part.residual, first * d, part.positions.count.saturating_sub(first) * d);
        Several { moments, normed: self.normed, hidden: self.search.outputs, room: part.room }.run(block, rows);
    }

    /// All that the normed inputs are multiplied by, as in the other way.
    #[inline(never)]
    fn project<'m>(&mut self, block: &impl Layer<'m>, part: &mut Part, moments: &[Moments]) {
        let (layout, row, count) = (self.layout, part.positions.row, part.positions.count);
        let (d, pathways) = (layout.shape().d_model(), layout.shape().n_pathways());
        let (first, row_stride) = Keys::place(layout.max_seq(), layout.shape().d_head(), row);
        let keys = part.memory.keys.get_mut(first..).unwrap_or_default();
        let values = cut(part.memory.values, row * d, count * d);
        let router = cut(self.router, row * pathways, count * pathways);
        let inputs = Normed { norm: &block.norm(), rows: part.residual, moments };
        inputs.project(
            &mut [
                Projection { matrix: &block.wk(), out: keys, row_stride, position_stride: 1 },
                Projection::new(&block.wv(), values),
                Projection::new(&block.wq(), part.query),
                Projection::new(&block.router(), router),
            ],
            self.normed,
            part.room,
        );
    }

    /// The router's decisions.
    fn route(&mut self, part: &Part) -> Option<()> {
        let Positions { row, count, .. } = part.positions;
        let pathways = self.layout.shape().n_pathways();
        for position in row..row + count {
            let shares = cut(self.router, position * pathways, pathways);
            kernel::softmax(shares);
            (self.observe)(RouterReading { layer: part.layer, position, weights: shares });
        }
        let last = cut(self.router, (row + count).checked_sub(1)? * pathways, pathways);
        let kept = cut(self.last_shares, part.layer * pathways, pathways);
        kept.iter_mut().zip(&*last).for_each(|(kept, share)| *kept = *share);
        Some(())
    }

    /// Attention and the other pathways, and the sum of their outputs, of as many positions at a time as have room.
    #[inline(never)]
    fn pathways<'m>(&mut self, block: &impl Layer<'m>, part: &mut Part, moments: &[Moments]) -> Option<()> {
        let output_from = self.output_from(part);
        let Call { layout, router, normed, search, .. } = self;
        let Search { kept_rows, outputs: one, .. } = &mut **search;
        let (d, h) = (layout.shape().d_model(), layout.shape().d_head());
        let Positions { row, count, .. } = part.positions;
        // Behind the last one's outputs are its scores; those of the others lie where the next one's outputs will.
        let most = part.room.len().saturating_sub(layout.kept()).checked_div(2 * d).unwrap_or(0);
        let (normed, attended) =
            if most > 0 { part.room.split_at_mut_checked(most * d)? } else { (&mut **normed, &mut **one) };
        // None of them much fewer than the others.
        let size = count.div_ceil(count.div_ceil(most.max(1)).max(1)).max(1);
        for start in (0..count).step_by(size) {
            let few = start..count.min(start + size);
            for index in few.clone().skip(output_from.saturating_sub(start)) {
                let window = window(layout, part.positions, index);
                let query = cut(part.query, index * h, h);
                let outputs = cut(attended, (index - start) * d, d + layout.kept());
                let mut search = Search { query, outputs, kept_rows };
                search.attend(layout, &part.memory, h, block.top_k(), window);
            }
            let residual = cut(part.residual, start * d, few.len() * d);
            let moments = moments.get(few.clone())?;
            Normed { norm: &block.norm(), rows: residual, moments }.write(normed);
            let pathways = layout.shape().n_pathways();
            let shares = cut(router, (row + start) * pathways, few.len() * pathways);
            mix(block, few.len(), &mut part.memory, shares, normed, attended, residual)?;
        }
        Some(())
    }

    /// The first position of a part whose output of attention is computed: all are in the lean plan.
    fn output_from(&self, part: &Part) -> usize {
        if self.layout.plan() == Plan::Lean {
            return 0;
        }
        self.used_from(part)
    }

    /// The first position of a part whose output is of use: in the last layer, only that of the very last position is.
    fn used_from(&self, part: &Part) -> usize {
        if part.layer + 1 < self.layout.shape().n_layers() {
            return 0;
        }
        let all = self.work.positions;
        all.row + all.count - 1 - part.positions.row
    }
}

/// How many positions from index `done` on are worth computing together.
fn together(positions: Positions, done: usize) -> usize {
    MOST.min(positions.count - done).min(Keys::left_in_tile(positions.row + done))
}

/// Where the cached plan has the residual stream of these positions until the last layer, whose memory this is.
fn stream<'s>(layout: &Layout, last: &'s mut LayerMemory, positions: Positions) -> &'s mut [f32] {
    let d = layout.shape().d_model();
    cut(last.values, positions.row * d, positions.count * d)
}

fn copy(from: &[f32], to: &mut [f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

/// Step 1 for `positions`, to the front of `residual`.
#[inline(never)]
fn embed<'m>(weights: &impl Weights<'m>, prefix: &Prefix, positions: Positions, residual: &mut [f32]) {
    let matrix = weights.embed();
    for (index, row) in residual.chunks_mut(matrix.cols().max(1)).take(positions.count).enumerate() {
        kernel::embed(&matrix, prefix.token(positions.row + index), row);
    }
}
