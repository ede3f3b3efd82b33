//! A model with a copy of its matrices, arranged as the vectors of a host read them.

use crate::run::Run;
use crate::shape::Shape;
use crate::weights::{sublayers, FeedForward, Layer, Matrix, Norm, Pathways, Ssm, Weights};

/// A model, and its tiles: a copy of the matrices that inputs are multiplied by, for programs with memory to spare. A
/// position takes less time with them, and gives the same bits.
///
/// Where the processor has no use for tiles, this is the model as it is.
#[derive(Clone, Copy, Debug)]
pub struct Tiled<'a, W> {
    model: W,
    /// Those of the layers, one after the other, then of the unembedding; empty, or all of them.
    tiles: &'a [u8],
    /// Bytes of each matrix's tiles in a layer, whose feed-forward sublayers' follow them.
    lens: [usize; MATRICES],
    /// Bytes of a sublayer's matrix's, and how many sublayers a layer has.
    sublayer: (usize, usize),
}

/// One layer of such a model.
#[derive(Clone, Copy, Debug)]
pub struct TiledLayer<'a, L> {
    layer: L,
    /// Those of each matrix; empty where there are none.
    tiles: [&'a [u8]; MATRICES],
    /// Those of the sublayers, each as long.
    sublayers: &'a [u8],
    sublayer: usize,
}

/// Matrices of a layer that have tiles: those of [`matrices`].
const MATRICES: usize = 4;

/// What tiles start on: a cache line, as whole reads do.
const ALIGNMENT: usize = 64;

impl<'a, W: Weights<'a>> Tiled<'a, W> {
    /// Bytes of memory that [`Tiled::new`] has a use for: about 1.4 times what the copied matrices take as 2-bit weights, or
    /// 0 where the model has weights that are no trits, where d_model is no multiple of 4 or above 256, or where the
    /// processor has no AVX-512.
    pub fn room(model: &W) -> usize {
        match len(model) {
            0 => 0,
            len => len + ALIGNMENT,
        }
    }

    /// Writes the tiles of `model` to `room`; does without where they find no place there. [`Tiled::room`] bytes are always
    /// enough.
    pub fn new(model: W, room: &'a mut [u8]) -> Self {
        let len = len(&model);
        let start = room.as_ptr().align_offset(ALIGNMENT);
        let tiles = room.get_mut(start..).and_then(|room| room.get_mut(..len)).unwrap_or_default();
        let mut rest = &mut *tiles;
        for layer in 0..if rest.is_empty() { 0 } else { model.shape().n_layers() } {
            let Some(layer) = model.layer(layer) else { continue };
            for matrix in matrices(&layer).into_iter().chain(sublayer_matrices(&layer)) {
                rest = write(&matrix, rest);
            }
        }
        write(&model.unembed(), rest);
        // The layers are alike.
        let first = if tiles.is_empty() { None } else { model.layer(0) };
        let lens = first.as_ref().map_or([0; MATRICES], |layer| matrices(layer).map(|matrix| matrix_len(&matrix)));
        let sublayer = first.and_then(|layer| Some((layer.feed_forward(0)?.up, sublayers(&layer).count())));
        let sublayer = sublayer.map_or((0, 0), |(matrix, count)| (matrix_len(&matrix), count));
        Self { model, tiles, lens, sublayer }
    }

    /// The model without them.
    pub fn model(&self) -> &W {
        &self.model
    }
}

impl<'a, W: Weights<'a>, M> Run<'a, M> for Tiled<'a, W> {}

impl<'a, W: Weights<'a>> Weights<'a> for Tiled<'a, W> {
    type Layer = TiledLayer<'a, W::Layer>;

    fn shape(&self) -> &Shape {
        self.model.shape()
    }

    fn has_shape(&self, shape: &Shape) -> bool {
        self.model.has_shape(shape)
    }

    fn embed(&self) -> Matrix<'a> {
        self.model.embed()
    }

    fn layer(&self, index: usize) -> Option<Self::Layer> {
        let layer = self.model.layer(index)?;
        let (sublayer, count) = self.sublayer;
        let len = self.lens.iter().sum::<usize>() + 2 * sublayer * count;
        let mut rest = self.tiles.get(index * len..).unwrap_or_default();
        let tiles = self.lens.map(|len| rest.split_off(..len).unwrap_or_default());
        let sublayers = rest.get(..2 * sublayer * count).unwrap_or_default();
        Some(TiledLayer { layer, tiles, sublayers, sublayer })
    }

    fn final_norm(&self) -> Norm<'a> {
        self.model.final_norm()
    }

    fn unembed(&self) -> Matrix<'a> {
        let matrix = self.model.unembed();
        if self.tiles.is_empty() {
            return matrix;
        }
        let start = self.tiles.len().saturating_sub(matrix_len(&matrix));
        with_tiles(matrix, self.tiles.get(start..).unwrap_or_default())
    }

    fn identity(&self) -> u64 {
        self.model.identity()
    }
}

impl<'a, L: Layer<'a>> Layer<'a> for TiledLayer<'a, L> {
    fn norm(&self) -> Norm<'a> {
        self.layer.norm()
    }

    fn wk(&self) -> Matrix<'a> {
        with_tiles(self.layer.wk(), self.tiles[0])
    }

    fn wv(&self) -> Matrix<'a> {
        with_tiles(self.layer.wv(), self.tiles[1])
    }

    fn wq(&self) -> Matrix<'a> {
        with_tiles(self.layer.wq(), self.tiles[2])
    }

    fn router(&self) -> Matrix<'a> {
        with_tiles(self.layer.router(), self.tiles[3])
    }

    fn top_k(&self) -> usize {
        self.layer.top_k()
    }

    fn ssm(&self) -> Ssm<'a> {
        self.layer.ssm()
    }

    fn pathways(&self) -> Pathways<'a> {
        self.layer.pathways()
    }

    fn feed_forward(&self, index: usize) -> Option<FeedForward<'a>> {
        let FeedForward { norm, up, down } = self.layer.feed_forward(index)?;
        let mut tiles = self.sublayers.get(2 * self.sublayer * index..).unwrap_or_default();
        let [up, down] = [up, down].map(|matrix| {
            let own = tiles.split_off(..self.sublayer).unwrap_or_default();
            with_tiles(matrix, own)
        });
        Some(FeedForward { norm, up, down })
    }
}

/// The matrices of a layer that have tiles, in their order.
fn matrices<'a>(layer: &impl Layer<'a>) -> [Matrix<'a>; MATRICES] {
    [layer.wk(), layer.wv(), layer.wq(), layer.router()]
}

/// Those of its feed-forward sublayers.
fn sublayer_matrices<'a, 'l, L: Layer<'a>>(layer: &'l L) -> impl Iterator<Item = Matrix<'a>> + use<'a, 'l, L> {
    sublayers(layer).flat_map(|sublayer| [sublayer.up, sublayer.down])
}

/// Bytes of a layer's tiles.
fn layer_len<'a>(layer: &impl Layer<'a>) -> usize {
    matrices(layer).into_iter().chain(sublayer_matrices(layer)).map(|matrix| matrix_len(&matrix)).sum()
}

/// Bytes of all tiles; 0 where there is no use for them.
fn len<'a>(model: &impl Weights<'a>) -> usize {
    let unembed = model.unembed();
    if !are_of_use(&unembed) {
        return 0;
    }
    let layers = (0..model.shape().n_layers()).filter_map(|layer| model.layer(layer));
    layers.map(|layer| layer_len(&layer)).sum::<usize>() + matrix_len(&unembed)
}

#[cfg(target_arch = "x86_64")]
use on_x86::*;

/// Where there is a use for them.
#[cfg(target_arch = "x86_64")]
mod on_x86 {
    use crate::kernel::tiled;
    use crate::weights::Matrix;

    pub fn are_of_use(matrix: &Matrix) -> bool {
        matrix.is_ternary() && tiled::are_of_use(matrix.cols())
    }

    pub fn matrix_len(matrix: &Matrix) -> usize {
        tiled::len(matrix.rows(), matrix.cols())
    }

    /// Writes a matrix's tiles to the front of `room`; returns the rest.
    pub fn write<'r>(matrix: &Matrix, room: &'r mut [u8]) -> &'r mut [u8] {
        match room.split_at_mut_checked(matrix_len(matrix)) {
            Some((tiles, rest)) => {
                tiled::write(matrix, tiles);
                rest
            }
            None => &mut [],
        }
    }

    /// The matrix with its tiles; without where there are none.
    pub fn with_tiles<'a>(matrix: Matrix<'a>, tiles: &'a [u8]) -> Matrix<'a> {
        // The others may have other weights than the unembedding.
        if !matrix.is_ternary() {
            return matrix;
        }
        tiled::with_tiles(matrix, tiles)
    }
}

#[cfg(not(target_arch = "x86_64"))]
use elsewhere::*;

/// Where there is none.
#[cfg(not(target_arch = "x86_64"))]
mod elsewhere {
    use crate::weights::Matrix;

    pub fn are_of_use(_: &Matrix) -> bool {
        false
    }

    pub fn matrix_len(_: &Matrix) -> usize {
        0
    }

    pub fn write<'r>(_: &Matrix, room: &'r mut [u8]) -> &'r mut [u8] {
        room
    }

    pub fn with_tiles<'a>(matrix: Matrix<'a>, _: &'a [u8]) -> Matrix<'a> {
        matrix
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use crate::kernel::Kernel;
    use crate::{Dims, Model, WholeModel};

    /// Otherwise what compares models with and without them compares nothing.
    #[test]
    fn matrices_have_tiles_where_the_processor_has_a_use_for_them() {
        const SHAPE: Shape =
            match Shape::new(Dims { d_model: 8, d_head: 4, n_layers: 2, vocab_size: 16, ..Dims::DEFAULT }) {
                Ok(shape) => shape,
                Err(_) => panic!("a valid shape"),
            };
        let mut blob = [0; Model::blob_len(&SHAPE)];
        blob[..7].copy_from_slice(b"ATOME01");
        let model = Model::new(SHAPE, &blob).unwrap();
        let mut room = std::vec![0; Tiled::room(&model)];
        let tiled = Tiled::new(model, &mut room);
        let layer = tiled.layer(1).unwrap();
        for matrix in [layer.wk(), layer.wv(), layer.wq(), layer.router(), tiled.unembed()] {
            assert_eq!(matrix.tiles().is_empty(), !Kernel::Avx512.is_available());
        }
        assert!(tiled.embed().tiles().is_empty() && model.unembed().tiles().is_empty());
        let mut part = [0; 4 + 2 * 2 * (2 * 32 + 2 * (4 + 16))];
        part[0] = 2;
        let whole = WholeModel::new(model, Some(&part)).unwrap();
        let mut room = std::vec![0; Tiled::room(&whole)];
        let tiled = Tiled::new(whole, &mut room);
        for sublayer in (0..2).flat_map(|layer| (0..2).map(move |index| (layer, index))) {
            let FeedForward { up, down, .. } = tiled.layer(sublayer.0).unwrap().feed_forward(sublayer.1).unwrap();
            assert!([up, down].iter().all(|matrix| matrix.tiles().is_empty() != Kernel::Avx512.is_available()));
        }
        assert!(tiled.layer(0).unwrap().feed_forward(2).is_none());
    }
}
