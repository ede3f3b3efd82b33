//! A loaded `atome_model_t` as the engine sees it: the same weights, read through the struct's pointers.
//!
//! Sizes are those of the program's shape, which loading has checked the blob against, not those that the structs repeat.

use core::slice;

use atome_engine::{fingerprint, Attention, Block, Conv, Floats, Matrix, Norm, Shape, Ssm, Weights};

use crate::config::model_size;
use crate::types::{
    atome_attn_t, atome_block_t, atome_conv_t, atome_model_t, atome_norm_t, atome_ssm_t, atome_ternary_t,
};

/// `count` floats at any address; `None` for NULL.
///
/// # Safety
/// `start` is NULL or leads to `4 * count` bytes that stay readable and unchanged for `'m`.
unsafe fn floats<'m>(start: *const f32, count: usize) -> Option<Floats<'m>> {
    if start.is_null() {
        return None;
    }
    // SAFETY: not NULL, and the caller vouches for the bytes; bytes need no alignment.
    Some(Floats::new(unsafe { slice::from_raw_parts(start.cast(), 4 * count) }))
}

/// `rows * cols` packed weights; `None` for NULL.
///
/// # Safety
/// `packed` is NULL or leads to as many bytes as these weights take, readable and unchanged for `'m`.
unsafe fn matrix<'m>(packed: *const u8, scale: f32, rows: usize, cols: usize) -> Option<Matrix<'m>> {
    if packed.is_null() {
        return None;
    }
    // SAFETY: not NULL, and the caller vouches for the bytes.
    let packed = unsafe { slice::from_raw_parts(packed, Matrix::packed_len(rows, cols)) };
    Matrix::new(packed, scale, rows, cols)
}

impl atome_ternary_t {
    /// The matrix with the sizes that the struct itself names.
    ///
    /// # Safety
    /// The pointer is NULL or leads to `rows * cols` packed weights, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self) -> Option<Matrix<'m>> {
        // SAFETY: as the caller promises.
        unsafe { self.sized(usize::from(self.rows), usize::from(self.cols)) }
    }

    /// The matrix as one of `rows` by `cols`.
    ///
    /// # Safety
    /// The pointer is NULL or leads to `rows * cols` packed weights, readable and unchanged for `'m`.
    unsafe fn sized<'m>(&self, rows: usize, cols: usize) -> Option<Matrix<'m>> {
        // SAFETY: as the caller promises.
        unsafe { matrix(self.packed, self.scale, rows, cols) }
    }
}

impl atome_conv_t {
    /// # Safety
    /// The pointer is NULL or leads to `channels * kernel_size` packed weights, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self, channels: usize, kernel_size: usize) -> Option<Conv<'m>> {
        // SAFETY: as the caller promises.
        Some(Conv { taps: unsafe { matrix(self.packed, self.scale, channels, kernel_size) }? })
    }
}

impl atome_ssm_t {
    /// # Safety
    /// Each pointer is NULL or leads to `channels` floats at any address, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self, channels: usize) -> Option<Ssm<'m>> {
        // SAFETY: as the caller promises.
        unsafe {
            Some(Ssm {
                a_raw: floats(self.a, channels)?,
                b: floats(self.b, channels)?,
                c_out: floats(self.c_out, channels)?,
            })
        }
    }
}

impl atome_norm_t {
    /// # Safety
    /// Each pointer is NULL or leads to `dim` floats at any address, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self, dim: usize) -> Option<Norm<'m>> {
        // SAFETY: as the caller promises.
        unsafe { Some(Norm { gamma: floats(self.gamma, dim)?, beta: floats(self.beta, dim)? }) }
    }
}

impl atome_attn_t {
    /// The matrices with the sizes that the structs themselves name; `None` also where a state of `shape` has no room.
    ///
    /// # Safety
    /// Each pointer is NULL or leads to as many packed weights as its struct says, readable and unchanged for `'m`.
    pub(crate) unsafe fn view_own<'m>(&self, shape: &Shape) -> Option<Attention<'m>> {
        let (d, h) = (shape.d_model(), usize::from(self.d_head));
        // SAFETY: as the caller promises.
        let (wq, wk, wv) = unsafe { (self.Wq.view()?, self.Wk.view()?, self.Wv.view()?) };
        let is = |matrix: &Matrix, rows| matrix.rows() == rows && matrix.cols() == d;
        let top_k = usize::from(self.top_k);
        let fits = h <= shape.d_head() && top_k <= shape.top_k() && is(&wq, h) && is(&wk, h) && is(&wv, d);
        fits.then_some(Attention { wq, wk, wv, top_k })
    }

    /// The matrices with the sizes of `shape`; `None` also where a state of `shape` has no room.
    ///
    /// # Safety
    /// Each pointer is NULL or leads to the packed weights of `shape`, readable and unchanged for `'m`.
    unsafe fn view<'m>(&self, shape: &Shape) -> Option<Attention<'m>> {
        let (d, h) = (shape.d_model(), shape.d_head());
        let top_k = usize::from(self.top_k);
        if top_k > shape.top_k() {
            return None;
        }
        // SAFETY: as the caller promises.
        unsafe {
            Some(Attention { wq: self.Wq.sized(h, d)?, wk: self.Wk.sized(h, d)?, wv: self.Wv.sized(d, d)?, top_k })
        }
    }
}

impl atome_block_t {
    /// `None` where a pointer is NULL.
    ///
    /// # Safety
    /// Every pointer is NULL or leads to a section of `shape`, readable and unchanged for `'m`.
    unsafe fn view<'m>(&self, shape: &Shape) -> Option<Block<'m>> {
        let d = shape.d_model();
        // SAFETY: as the caller promises.
        unsafe {
            Some(Block {
                norm: self.norm.view(d)?,
                conv: self.local_conv.view(d, shape.kernel_size())?,
                ssm: self.ssm.view(d)?,
                attention: self.attn.view(shape)?,
                router: self.router.sized(shape.n_pathways(), d)?,
            })
        }
    }
}

/// A model none of whose pointers is NULL.
pub(crate) struct LoadedModel<'m> {
    shape: Shape,
    embed: Matrix<'m>,
    blocks: &'m [atome_block_t],
    final_norm: Norm<'m>,
    unembed: Matrix<'m>,
    identity: u64,
}

impl<'m> LoadedModel<'m> {
    /// `None` where `model` is NULL or was never loaded.
    ///
    /// # Safety
    /// `model` is NULL or leads to an `atome_model_t` of the program's shape that is either zeroed or was filled by
    /// loading, and whose blob stays readable and unchanged for `'m`.
    pub(crate) unsafe fn open(model: *const atome_model_t, shape: Shape) -> Option<Self> {
        if model.is_null() {
            return None;
        }
        let (v, d) = (shape.vocab_size(), shape.d_model());
        // SAFETY: the struct is readable. Its tail is as long as the program's number of layers, not as the Rust type
        // says: so no reference to the whole is made, only to its members and to that many blocks.
        unsafe {
            let opened = Self {
                shape,
                embed: (*model).embed.sized(v, d)?,
                blocks: slice::from_raw_parts((&raw const (*model).blocks).cast(), shape.n_layers()),
                final_norm: (*model).final_norm.view(d)?,
                unembed: (*model).unembed.sized(v, d)?,
                identity: identity(model, &shape),
            };
            (0..shape.n_layers()).all(|layer| opened.block(layer).is_some()).then_some(opened)
        }
    }
}

/// The identity of a model struct: that of all its bytes, the blob's fingerprint among them, so that a member changed by
/// hand counts too. 0, "unknown", for a struct that was put together without loading: its weights may change unnoticed.
///
/// # Safety
/// `model` leads to an `atome_model_t` of the program's shape.
unsafe fn identity(model: *const atome_model_t, shape: &Shape) -> u64 {
    // SAFETY: as the caller promises. Loading has written every byte; after a copy in C, padding may hold anything, and
    // another value there only costs a computation.
    unsafe {
        let [low, high] = (*model).fingerprint;
        if low | high == 0 {
            return 0;
        }
        fingerprint(slice::from_raw_parts(model.cast(), model_size(shape)))
    }
}

impl<'m> Weights<'m> for LoadedModel<'m> {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn embed(&self) -> Matrix<'m> {
        self.embed
    }

    fn block(&self, layer: usize) -> Option<Block<'m>> {
        // SAFETY: `open` was promised it.
        unsafe { self.blocks.get(layer)?.view(&self.shape) }
    }

    fn final_norm(&self) -> Norm<'m> {
        self.final_norm
    }

    fn unembed(&self) -> Matrix<'m> {
        self.unembed
    }

    fn identity(&self) -> u64 {
        self.identity
    }
}
