//! A loaded `atome_model_t` as the engine sees it: the same weights, read through the struct's pointers.

use core::slice;

use atome_engine::{fingerprint, Attention, Block, Conv, Floats, Matrix, Norm, Shape, Ssm, Weights};

use crate::config::model_size;
use crate::types::{
    atome_attn_t, atome_block_t, atome_conv_t, atome_model_t, atome_norm_t, atome_ssm_t, atome_ternary_t,
};

/// `count` floats at any address.
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

/// # Safety
/// `packed` is NULL or leads to as many bytes as `rows * cols` weights take, readable and unchanged for `'m`.
unsafe fn matrix<'m>(packed: *const u8, scale: f32, rows: u16, cols: u16) -> Option<Matrix<'m>> {
    if packed.is_null() {
        return None;
    }
    let (rows, cols) = (usize::from(rows), usize::from(cols));
    // SAFETY: not NULL, and the caller vouches for the bytes.
    let packed = unsafe { slice::from_raw_parts(packed, Matrix::packed_len(rows, cols)) };
    Matrix::new(packed, scale, rows, cols)
}

impl atome_ternary_t {
    /// # Safety
    /// The pointer is NULL or leads to `rows * cols` packed weights, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self) -> Option<Matrix<'m>> {
        // SAFETY: as the caller promises.
        unsafe { matrix(self.packed, self.scale, self.rows, self.cols) }
    }
}

impl atome_conv_t {
    /// # Safety
    /// The pointer is NULL or leads to `channels * kernel_size` packed weights, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self) -> Option<Conv<'m>> {
        // SAFETY: as the caller promises.
        let taps = unsafe { matrix(self.packed, self.scale, self.channels, self.kernel_size) }?;
        Some(Conv { taps })
    }
}

impl atome_ssm_t {
    /// # Safety
    /// Each pointer is NULL or leads to `channels` floats at any address, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self) -> Option<Ssm<'m>> {
        let channels = usize::from(self.channels);
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
    /// `None` also where the sizes are not those of `shape`.
    ///
    /// # Safety
    /// As [`atome_ternary_t::view`] for all three matrices.
    pub(crate) unsafe fn view<'m>(&self, shape: &Shape) -> Option<Attention<'m>> {
        let (d, h) = (shape.d_model(), shape.d_head());
        let top_k = usize::from(self.top_k);
        if usize::from(self.d_head) != h || top_k > shape.top_k() {
            return None;
        }
        // SAFETY: as the caller promises.
        let (wq, wk, wv) = unsafe { (self.Wq.view()?, self.Wk.view()?, self.Wv.view()?) };
        let fits = is_sized(&wq, h, d) && is_sized(&wk, h, d) && is_sized(&wv, d, d);
        fits.then_some(Attention { wq, wk, wv, top_k })
    }
}

fn is_sized(matrix: &Matrix, rows: usize, cols: usize) -> bool {
    matrix.rows() == rows && matrix.cols() == cols
}

impl atome_block_t {
    /// `None` where a pointer is NULL or a size is not that of `shape`.
    ///
    /// # Safety
    /// Every pointer is NULL or leads to what its struct's sizes say, readable and unchanged for `'m`.
    unsafe fn view<'m>(&self, shape: &Shape) -> Option<Block<'m>> {
        let d = shape.d_model();
        if usize::from(self.ssm.channels) != d {
            return None;
        }
        // SAFETY: as the caller promises.
        let block = unsafe {
            Block {
                norm: self.norm.view(d)?,
                conv: self.local_conv.view()?,
                ssm: self.ssm.view()?,
                attention: self.attn.view(shape)?,
                router: self.router.view()?,
            }
        };
        let fits = is_sized(&block.conv.taps, d, shape.kernel_size()) && is_sized(&block.router, shape.n_pathways(), d);
        fits.then_some(block)
    }
}

/// A checked model: no pointer is NULL and every size is the program's.
pub(crate) struct LoadedModel<'m> {
    shape: Shape,
    embed: Matrix<'m>,
    blocks: &'m [atome_block_t],
    final_norm: Norm<'m>,
    unembed: Matrix<'m>,
    identity: u64,
}

impl<'m> LoadedModel<'m> {
    /// `None` where `model` is NULL, was never loaded, or has sizes other than `shape`.
    ///
    /// # Safety
    /// `model` is NULL or leads to an `atome_model_t` of the program's shape that is either zeroed or was filled by
    /// loading, and whose blob stays readable and unchanged for `'m`.
    pub(crate) unsafe fn open(model: *const atome_model_t, shape: Shape) -> Option<Self> {
        if model.is_null() {
            return None;
        }
        // SAFETY: the struct is readable. Its tail is as long as the program's number of layers, not as the Rust type
        // says: so no reference to the whole is made, only to its members and to that many blocks.
        unsafe {
            let opened = Self {
                shape,
                embed: (*model).embed.view()?,
                blocks: slice::from_raw_parts((&raw const (*model).blocks).cast(), shape.n_layers()),
                final_norm: (*model).final_norm.view(shape.d_model())?,
                unembed: (*model).unembed.view()?,
                identity: identity(model, &shape),
            };
            let (v, d) = (shape.vocab_size(), shape.d_model());
            let fits = is_sized(&opened.embed, v, d) && is_sized(&opened.unembed, v, d);
            let whole = (0..shape.n_layers()).all(|layer| opened.block(layer).is_some());
            (fits && whole).then_some(opened)
        }
    }
}

/// The identity of a model struct: that of all its bytes, the blob's fingerprint among them, so that a member changed by
/// hand counts too. 0, "unknown", for a struct that was put together without loading: its weights may change unnoticed.
///
/// # Safety
/// `model` leads to an `atome_model_t` of the program's shape.
unsafe fn identity(model: *const atome_model_t, shape: &Shape) -> u64 {
    // SAFETY: as the caller promises; loading has written every byte, padding included.
    unsafe {
        if (*model).fingerprint == [0; 2] {
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
