//! The sections of a model file: pointed at by the program's struct, or looked at one by one.

use core::mem::zeroed;

use atome_engine::bytes::read_u32;
use atome_engine::integer::{Check, Reason, Refusal};
use atome_engine::{Codec, Matrix, Norm, Shape};

use crate::config::cache;
use crate::model::LoadedLayer;
use crate::types::{atome_block_t, atome_model_t, atome_norm_t, atome_ternary_t};

/// Points `model` at the sections of `body`, whose weights `codec` reads.
///
/// # Safety
/// `model` leads to a writable `atome_model_t` of the program's shape, and `body` has the sections of that shape.
pub(crate) unsafe fn fill(model: *mut atome_model_t, shape: &Shape, body: &[u8], codec: Option<&Codec>) {
    let (v, d) = (shape.vocab_size(), shape.d_model());
    let identity = cache().map_or(0, |cache| (cache.fingerprint)(body));
    // SAFETY: every place written lies in the struct, whose tail holds as many blocks as the program has layers. The
    // members are written one by one because the Rust type's tail has another length. The order is that of the format's
    // table, written out because a walk takes more flash; load_tests.rs compares the two.
    unsafe {
        (*model).fingerprint = [identity as u32, (identity >> 32) as u32];
        let mut rest = Sections { at: body.as_ptr(), codec };
        rest.matrix(&mut (*model).embed, v, d);
        let mut next_block = (&raw mut (*model).blocks).cast::<atome_block_t>();
        for _ in 0..shape.n_layers() {
            // Zeroed first, so that padding between members, which counts for the model's identity, is always the same.
            next_block.write_bytes(0, 1);
            rest.block(&mut *next_block, shape);
            next_block = next_block.add(1);
        }
        rest.norm(&mut (*model).final_norm, d);
        rest.matrix(&mut (*model).unembed, v, d);
    }
}

/// The sections of a file that were not taken yet; `codec` reads their weights.
struct Sections<'c> {
    at: *const u8,
    codec: Option<&'c Codec>,
}

impl Sections<'_> {
    /// Points `to` at a layer, all of the next sections, and moves on.
    ///
    /// # Safety
    /// The sections of a layer of this shape are there.
    #[inline(never)]
    unsafe fn block(&mut self, to: &mut atome_block_t, shape: &Shape) {
        let (d, h) = (shape.d_model(), shape.d_head());
        // SAFETY: as the caller promises.
        unsafe {
            self.norm(&mut to.norm, d);
            self.matrix(to.local_conv.as_matrix_mut(), d, shape.kernel_size());
            self.floats(&mut to.ssm.a, d);
            self.floats(&mut to.ssm.b, d);
            self.floats(&mut to.ssm.c_out, d);
            to.ssm.channels = d as u16;
            self.matrix(&mut to.attn.Wq, h, d);
            self.matrix(&mut to.attn.Wk, h, d);
            self.matrix(&mut to.attn.Wv, d, d);
            to.attn.d_head = h as u16;
            to.attn.top_k = shape.top_k() as u16;
            self.matrix(&mut to.router, shape.n_pathways(), d);
        }
    }

    /// Points `to` at the matrix that the next section holds, and moves on.
    ///
    /// # Safety
    /// The section is there.
    #[inline(never)]
    unsafe fn matrix(&mut self, to: &mut atome_ternary_t, rows: usize, cols: usize) {
        // SAFETY: as the caller promises; bytes need no alignment.
        unsafe {
            *to = atome_ternary_t { packed: self.at.add(4), scale: 0.0, rows: rows as u16, cols: cols as u16 };
            let len = match self.codec {
                None => Matrix::packed_len(rows, cols),
                Some(codec) => {
                    to.mark(codec);
                    codec.len(rows * cols)
                }
            };
            // Read last: on small cores this is a call, and here the fewest values have to be kept across it.
            to.scale = f32::from_bits(read_u32(&*self.at.cast()));
            self.at = self.at.add(4 + len);
        }
    }

    /// Points `to` at the `count` floats of the next section, and moves on.
    ///
    /// # Safety
    /// The section is there.
    unsafe fn floats(&mut self, to: &mut *const f32, count: usize) {
        *to = self.at.cast();
        // SAFETY: as the caller promises.
        self.at = unsafe { self.at.add(4 * count) };
    }

    /// Points `to` at the next two sections, gamma and beta of a norm over `count` values, and moves on.
    ///
    /// # Safety
    /// The sections are there.
    unsafe fn norm(&mut self, to: &mut atome_norm_t, count: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            self.floats(&mut to.gamma, count);
            self.floats(&mut to.beta, count);
        }
    }
}

/// Whether the integer arithmetic takes a model whose sections are `body`, and whose weights `codec` reads. Layer by layer, in
/// memory of its own: a model that is refused leaves the program's as it was.
///
/// # Safety
/// `body` has the sections of that shape.
#[inline(never)]
pub(crate) unsafe fn is_taken(shape: &Shape, body: &[u8], codec: Option<&Codec>) -> bool {
    let mut check = Check::default();
    // SAFETY: as the caller promises.
    let Others { embed, final_norm, unembed } = unsafe { walk(shape, body, codec, |layer| check.layer(layer)) };
    check.finish(&embed, &final_norm, &unembed)
}

/// Why it takes no model of which [`is_taken`] says so.
///
/// # Safety
/// As [`is_taken`].
#[inline(never)]
pub(crate) unsafe fn reason(shape: &Shape, body: &[u8], codec: Option<&Codec>) -> Refusal {
    let mut reason = Reason::default();
    // SAFETY: as the caller promises.
    let Others { embed, final_norm, unembed } = unsafe { walk(shape, body, codec, |layer| reason.layer(layer)) };
    reason.finish(&embed, &final_norm, &unembed)
}

/// The parts of a model that belong to no layer.
struct Others<'m> {
    embed: Matrix<'m>,
    final_norm: Norm<'m>,
    unembed: Matrix<'m>,
}

/// Looks at each layer in turn.
///
/// # Safety
/// As [`is_taken`].
#[inline(always)]
unsafe fn walk<'m>(
    shape: &Shape,
    body: &'m [u8],
    codec: Option<&Codec>,
    mut layer: impl FnMut(&LoadedLayer),
) -> Others<'m> {
    let (v, d) = (shape.vocab_size(), shape.d_model());
    let mut rest = Sections { at: body.as_ptr(), codec };
    // SAFETY: all of it are numbers and pointers, which are not used before they are set; the sections are there.
    unsafe {
        let [mut embed, mut unembed]: [atome_ternary_t; 2] = zeroed();
        rest.matrix(&mut embed, v, d);
        let mut block: atome_block_t = zeroed();
        for _ in 0..shape.n_layers() {
            rest.block(&mut block, shape);
            layer(&LoadedLayer::new(&block, shape));
        }
        let mut final_norm: atome_norm_t = zeroed();
        rest.norm(&mut final_norm, d);
        rest.matrix(&mut unembed, v, d);
        Others { embed: embed.matrix(d), final_norm: final_norm.sized(d), unembed: unembed.matrix(d) }
    }
}
