//! A loaded `atome_model_t` as the engine sees it: the same weights, read through the struct's pointers.

use core::slice;

use atome_engine::{Attention, Block, Conv, Fingerprint, Floats, Matrix, Norm, Shape, Ssm, Weights};

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
    pub(crate) fn new(matrix: &Matrix) -> Self {
        Self {
            packed: matrix.packed().as_ptr(),
            scale: matrix.scale(),
            rows: matrix.rows() as u16,
            cols: matrix.cols() as u16,
        }
    }

    /// # Safety
    /// The pointer is NULL or leads to `rows * cols` packed weights, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self) -> Option<Matrix<'m>> {
        // SAFETY: as the caller promises.
        unsafe { matrix(self.packed, self.scale, self.rows, self.cols) }
    }
}

impl atome_conv_t {
    fn new(conv: &Conv) -> Self {
        let taps = atome_ternary_t::new(&conv.taps);
        Self {
            packed: taps.packed,
            scale: taps.scale,
            channels: taps.rows,
            kernel_size: taps.cols,
        }
    }

    /// # Safety
    /// The pointer is NULL or leads to `channels * kernel_size` packed weights, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self) -> Option<Conv<'m>> {
        // SAFETY: as the caller promises.
        let taps = unsafe { matrix(self.packed, self.scale, self.channels, self.kernel_size) }?;
        Some(Conv { taps })
    }
}

impl atome_ssm_t {
    fn new(ssm: &Ssm, channels: usize) -> Self {
        Self {
            a: ssm.a_raw.bytes().as_ptr().cast(),
            b: ssm.b.bytes().as_ptr().cast(),
            c_out: ssm.c_out.bytes().as_ptr().cast(),
            channels: channels as u16,
        }
    }

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
    fn new(norm: &Norm) -> Self {
        Self {
            gamma: norm.gamma.bytes().as_ptr().cast(),
            beta: norm.beta.bytes().as_ptr().cast(),
        }
    }

    /// # Safety
    /// Each pointer is NULL or leads to `dim` floats at any address, readable and unchanged for `'m`.
    pub(crate) unsafe fn view<'m>(&self, dim: usize) -> Option<Norm<'m>> {
        // SAFETY: as the caller promises.
        unsafe {
            Some(Norm {
                gamma: floats(self.gamma, dim)?,
                beta: floats(self.beta, dim)?,
            })
        }
    }
}

impl atome_attn_t {
    fn new(attention: &Attention) -> Self {
        Self {
            Wq: atome_ternary_t::new(&attention.wq),
            Wk: atome_ternary_t::new(&attention.wk),
            Wv: atome_ternary_t::new(&attention.wv),
            d_head: attention.wq.rows() as u16,
            top_k: attention.top_k as u16,
        }
    }

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
    pub(crate) fn new(block: &Block, shape: &Shape) -> Self {
        Self {
            norm: atome_norm_t::new(&block.norm),
            local_conv: atome_conv_t::new(&block.conv),
            ssm: atome_ssm_t::new(&block.ssm, shape.d_model()),
            attn: atome_attn_t::new(&block.attention),
            router: atome_ternary_t::new(&block.router),
        }
    }

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

pub(crate) fn new_norm(norm: &Norm) -> atome_norm_t {
    atome_norm_t::new(norm)
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
            let blocks = slice::from_raw_parts((&raw const (*model).blocks).cast::<atome_block_t>(), shape.n_layers());
            let embed = (*model).embed.view()?;
            let unembed = (*model).unembed.view()?;
            let final_norm = (*model).final_norm.view(shape.d_model())?;
            let fits = is_sized(&embed, shape.vocab_size(), shape.d_model())
                && is_sized(&unembed, shape.vocab_size(), shape.d_model());
            if !fits {
                return None;
            }
            let [low, high] = (*model).fingerprint;
            let mut identity = Identity::new(u64::from(low) | u64::from(high) << 32);
            identity.matrix(&embed);
            identity.matrix(&unembed);
            identity.norm(&final_norm);
            for block in blocks {
                identity.block(&block.view(&shape)?);
            }
            Some(Self {
                shape,
                embed,
                blocks,
                final_norm,
                unembed,
                identity: identity.finish(),
            })
        }
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

/// The identity of a model struct: that of its blob and of every member, so that a member changed by hand counts too.
struct Identity {
    blob: u64,
    members: Fingerprint,
}

impl Identity {
    const fn new(blob: u64) -> Self {
        Self {
            blob,
            members: Fingerprint::new(blob),
        }
    }

    fn pointer<T>(&mut self, pointer: *const T) {
        self.members.word(pointer.addr() as u64);
    }

    fn matrix(&mut self, matrix: &Matrix) {
        self.pointer(matrix.packed().as_ptr());
        self.members.word(u64::from(matrix.scale().to_bits()));
    }

    fn norm(&mut self, norm: &Norm) {
        self.pointer(norm.gamma.bytes().as_ptr());
        self.pointer(norm.beta.bytes().as_ptr());
    }

    fn block(&mut self, block: &Block) {
        self.norm(&block.norm);
        self.matrix(&block.conv.taps);
        for floats in [&block.ssm.a_raw, &block.ssm.b, &block.ssm.c_out] {
            self.pointer(floats.bytes().as_ptr());
        }
        for matrix in [
            &block.attention.wq,
            &block.attention.wk,
            &block.attention.wv,
            &block.router,
        ] {
            self.matrix(matrix);
        }
        self.members.word(block.attention.top_k as u64);
    }

    /// 0, "unknown", for a struct that was put together without loading a blob: its weights may change unnoticed.
    const fn finish(self) -> u64 {
        if self.blob == 0 {
            0
        } else {
            self.members.finish()
        }
    }
}
