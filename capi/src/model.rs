//! A loaded `atome_model_t` as the engine sees it: the same weights, read through the struct's pointers.
//!
//! Matrices have the sizes that their structs name, which loading took from the program's shape.

use core::marker::PhantomData;
use core::slice;

use atome_engine::{
    Arithmetic, Attention, Conv, Floats, Layer, Matrix, Norm, Pathways, RouterReading, Run, Shape, Ssm, Start, Weights,
};

use crate::config::{cache, formats};
use crate::types::{
    atome_attn_t, atome_block_t, atome_conv_t, atome_model_t, atome_norm_t, atome_ssm_t, atome_ternary_t,
};

/// `count` floats at any address.
///
/// # Safety
/// `start` leads to `4 * count` bytes that stay readable and unchanged for `'m`.
unsafe fn floats<'m>(start: *const f32, count: usize) -> Floats<'m> {
    // SAFETY: the caller vouches for the bytes, which need no alignment.
    Floats::new(unsafe { slice::from_raw_parts(start.cast(), 4 * count) })
}

impl atome_ternary_t {
    /// `None` for NULL. A marked matrix has `cols` columns.
    ///
    /// # Safety
    /// The pointer is NULL or leads to `rows * cols` packed weights, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self, cols: usize) -> Option<Matrix<'m>> {
        // SAFETY: as the caller promises.
        (!self.packed.is_null()).then(|| unsafe { self.matrix(cols) })
    }

    /// A marked matrix has `cols` columns.
    ///
    /// # Safety
    /// The pointer leads to `rows * cols` packed weights, readable and unchanged for `'m`.
    #[inline(never)]
    pub(crate) unsafe fn matrix<'m>(&self, cols: usize) -> Matrix<'m> {
        // SAFETY: the caller vouches for the bytes; a matrix is refused only for having too few of them.
        unsafe {
            if self.is_marked() {
                if let Some(formats) = formats() {
                    return (formats.matrix)(self, cols);
                }
            }
            let (rows, cols) = (usize::from(self.rows), usize::from(self.cols));
            let packed = slice::from_raw_parts(self.packed, Matrix::packed_len(rows, cols));
            Matrix::new(packed, self.scale, rows, cols).unwrap_unchecked()
        }
    }
}

impl atome_conv_t {
    /// `None` for NULL.
    ///
    /// # Safety
    /// The pointer is NULL or leads to `channels * kernel_size` packed weights, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self, shape: &Shape) -> Option<Conv<'m>> {
        // SAFETY: as the caller promises.
        Some(Conv { taps: unsafe { self.as_matrix().view(shape.kernel_size()) }? })
    }
}

impl atome_ssm_t {
    /// `None` where a pointer is NULL.
    ///
    /// # Safety
    /// Each pointer is NULL or leads to `channels` floats at any address, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self) -> Option<Ssm<'m>> {
        let none_is_null = !(self.a.is_null() || self.b.is_null() || self.c_out.is_null());
        // SAFETY: as the caller promises.
        none_is_null.then(|| unsafe { self.sized(usize::from(self.channels)) })
    }

    /// # Safety
    /// Each pointer leads to `channels` floats at any address, readable and unchanged for `'m`.
    unsafe fn sized<'m>(&self, channels: usize) -> Ssm<'m> {
        // SAFETY: as the caller promises.
        unsafe {
            Ssm { a_raw: floats(self.a, channels), b: floats(self.b, channels), c_out: floats(self.c_out, channels) }
        }
    }
}

impl atome_norm_t {
    /// `None` where a pointer is NULL.
    ///
    /// # Safety
    /// Each pointer is NULL or leads to `dim` floats at any address, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self, dim: usize) -> Option<Norm<'m>> {
        let none_is_null = !(self.gamma.is_null() || self.beta.is_null());
        // SAFETY: as the caller promises.
        none_is_null.then(|| unsafe { self.sized(dim) })
    }

    /// # Safety
    /// Each pointer leads to `dim` floats at any address, readable and unchanged for `'m`.
    pub(crate) unsafe fn sized<'m>(&self, dim: usize) -> Norm<'m> {
        // SAFETY: as the caller promises.
        unsafe { Norm { gamma: floats(self.gamma, dim), beta: floats(self.beta, dim) } }
    }
}

impl atome_attn_t {
    /// The matrices with the sizes that the structs themselves name; `None` where a pointer is NULL or a state of `shape`
    /// has no room.
    ///
    /// # Safety
    /// Each pointer is NULL or leads to as many packed weights as its struct says, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self, shape: &Shape) -> Option<Attention<'m>> {
        let (d, h) = (shape.d_model(), usize::from(self.d_head));
        // SAFETY: as the caller promises.
        let (wq, wk, wv) = unsafe { (self.Wq.view(d)?, self.Wk.view(d)?, self.Wv.view(d)?) };
        let is = |matrix: &Matrix, rows| matrix.rows() == rows && matrix.cols() == d;
        let top_k = usize::from(self.top_k);
        let fits = h <= shape.d_head() && top_k <= shape.top_k() && is(&wq, h) && is(&wk, h) && is(&wv, d);
        fits.then_some(Attention { wq, wk, wv, top_k })
    }
}

/// A layer of a loaded model.
pub(crate) struct LoadedLayer<'m> {
    block: &'m atome_block_t,
    shape: &'m Shape,
}

impl<'m> LoadedLayer<'m> {
    /// # Safety
    /// Every pointer of `block` leads to its section of this shape, readable and unchanged for `'m`.
    pub(crate) unsafe fn new(block: &'m atome_block_t, shape: &'m Shape) -> Self {
        Self { block, shape }
    }
}

// SAFETY of what follows: `LoadedModel::open` or `LoadedLayer::new` was promised that every pointer leads to its section.
impl<'m> Layer<'m> for LoadedLayer<'m> {
    fn norm(&self) -> Norm<'m> {
        // SAFETY: see above.
        unsafe { self.block.norm.sized(self.shape.d_model()) }
    }

    fn wq(&self) -> Matrix<'m> {
        // SAFETY: see above.
        unsafe { self.block.attn.Wq.matrix(self.shape.d_model()) }
    }

    fn wk(&self) -> Matrix<'m> {
        // SAFETY: see above.
        unsafe { self.block.attn.Wk.matrix(self.shape.d_model()) }
    }

    fn wv(&self) -> Matrix<'m> {
        // SAFETY: see above.
        unsafe { self.block.attn.Wv.matrix(self.shape.d_model()) }
    }

    fn top_k(&self) -> usize {
        usize::from(self.block.attn.top_k)
    }

    fn router(&self) -> Matrix<'m> {
        // SAFETY: see above.
        unsafe { self.block.router.matrix(self.shape.d_model()) }
    }

    fn ssm(&self) -> Ssm<'m> {
        // SAFETY: see above.
        unsafe { self.block.ssm.sized(self.shape.d_model()) }
    }

    fn pathways(&self) -> Pathways<'m> {
        // SAFETY: see above.
        let taps = unsafe { self.block.local_conv.as_matrix().matrix(self.shape.kernel_size()) };
        Pathways { conv: Conv { taps }, ssm: self.ssm(), n_pathways: self.shape.n_pathways() }
    }
}

/// A model that was loaded, or put together as loading would have.
pub(crate) struct LoadedModel<'m> {
    model: *const atome_model_t,
    shape: &'m Shape,
    blob: PhantomData<&'m [u8]>,
}

impl<'m> LoadedModel<'m> {
    /// `None` where `model` is NULL or zeroed.
    ///
    /// # Safety
    /// `model` is NULL or leads to an `atome_model_t` of the program's `shape` that is either zeroed or complete: every
    /// pointer leads to its section, readable and unchanged for `'m`, as does `model` itself.
    pub(crate) unsafe fn open(model: *const atome_model_t, shape: &'m Shape) -> Option<Self> {
        // SAFETY: not NULL, so readable. The struct's tail is as long as the program's number of layers, not as the Rust type
        // says: so no reference to the whole is ever made, only to its members and to that many blocks.
        let is_complete = !model.is_null() && unsafe { !(*model).embed.packed.is_null() };
        is_complete.then_some(Self { model, shape, blob: PhantomData })
    }

    /// Where it lies.
    #[inline(always)]
    pub(crate) fn address(&self) -> *const atome_model_t {
        self.model
    }

    /// The program's shape.
    #[inline(always)]
    pub(crate) fn program_shape(&self) -> &'m Shape {
        self.shape
    }
}

/// The memory of a state: what the engine does not ask of all arithmetics.
pub(crate) trait OfState {
    /// Where a run over the first `n` tokens starts.
    fn start(&mut self, model: &LoadedModel, n: usize) -> Option<Start>;

    /// Router weights of layer `layer` at the last position of the last call; `None` for no such layer.
    fn last_router_weights(&self, layer: usize) -> Option<&[f32]>;
}

impl<'m, M: OfState> Run<'m, M> for LoadedModel<'m> {
    /// Nobody watches a run of a C program.
    #[inline(always)]
    fn start<'w>(&self, memory: &mut M, n: usize, _: &mut impl FnMut(RouterReading)) -> Option<Start>
    where
        M: Arithmetic<'w>,
    {
        OfState::start(memory, self, n)
    }
}

impl<'m> Weights<'m> for LoadedModel<'m> {
    type Layer = LoadedLayer<'m>;

    fn shape(&self) -> &Shape {
        self.shape
    }

    /// A program has one shape.
    fn has_shape(&self, _: &Shape) -> bool {
        true
    }

    fn embed(&self) -> Matrix<'m> {
        // SAFETY: `open` was promised it, and so everywhere below.
        unsafe { (*self.model).embed.matrix(self.shape.d_model()) }
    }

    fn layer(&self, layer: usize) -> Option<LoadedLayer<'m>> {
        // SAFETY: the struct has as many blocks as there are layers.
        unsafe {
            let blocks = (&raw const (*self.model).blocks).cast::<atome_block_t>();
            if layer < self.shape.n_layers() {
                Some(LoadedLayer { block: &*blocks.add(layer), shape: self.shape })
            } else {
                None
            }
        }
    }

    fn final_norm(&self) -> Norm<'m> {
        // SAFETY: see `embed`.
        unsafe { (*self.model).final_norm.sized(self.shape.d_model()) }
    }

    fn unembed(&self) -> Matrix<'m> {
        // SAFETY: see `embed`.
        unsafe { (*self.model).unembed.matrix(self.shape.d_model()) }
    }

    /// 0, "unknown", in the lean plan, which files nothing.
    fn identity(&self) -> u64 {
        // SAFETY: it was opened.
        cache().map_or(0, |cache| unsafe { (cache.identity)(self.model, self.shape) })
    }
}
