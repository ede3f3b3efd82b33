//! The building blocks that firmware may call by itself.
//!
//! Input and output of the sequence functions may be the same array, as they might in C: values are read and written one
//! by one in the order of the loops, and no slice of one is alive while the other is written.

use core::ffi::c_int;
use core::slice;

use atome_engine::kernel;

use crate::arithmetic::{Chosen, Exact};
use crate::config::{config, d_model};
use crate::memory::workspace;
use crate::types::{
    atome_attn_t, atome_conv_t, atome_norm_t, atome_ssm_t, atome_state_t, atome_ternary_t, ATOME_D_MODEL,
};

/// out = scale * W x: x has W->cols floats, out has W->rows, and they must not overlap. Does nothing on NULL.
///
/// # Safety
/// Pointers are NULL or lead to as much as said; `W` is a matrix of a loaded model or made alike.
#[no_mangle]
#[allow(non_snake_case)]
pub unsafe extern "C" fn atome_ternary_matvec(W: *const atome_ternary_t, x: *const f32, out: *mut f32) {
    if W.is_null() || x.is_null() || out.is_null() {
        return;
    }
    // SAFETY: not NULL; the caller vouches for the sizes.
    unsafe {
        let Some(matrix) = (*W).view(d_model()) else { return };
        let x = slice::from_raw_parts(x, matrix.cols());
        let out = slice::from_raw_parts_mut(out, matrix.rows());
        kernel::matvec(&matrix, x, out);
    }
}

/// Layer norm of dim floats in place. Does nothing on NULL or when dim is below 1.
///
/// # Safety
/// `x` is NULL or has `dim` floats; `params` is NULL or holds as many.
#[no_mangle]
pub unsafe extern "C" fn atome_layer_norm(x: *mut f32, dim: c_int, params: *const atome_norm_t) {
    let Some(dim) = usize::try_from(dim).ok().filter(|&dim| dim > 0) else {
        return;
    };
    if x.is_null() || params.is_null() {
        return;
    }
    // SAFETY: not NULL; the caller vouches for the sizes.
    unsafe {
        let Some(norm) = (*params).view(dim) else { return };
        kernel::layer_norm_in_place(&norm, slice::from_raw_parts_mut(x, dim));
    }
}

/// Rows of a sequence that a function is to walk, and floats from one row to the next.
fn rows<C: Chosen>(seq_len: c_int) -> Option<(usize, usize)> {
    let stride = C::shape(C::layout()?).d_model();
    Some((usize::try_from(seq_len).ok()?, stride))
}

/// Depthwise causal convolution over seq_len positions that start a sequence. Does nothing on NULL.
///
/// # Safety
/// `x` and `out` are NULL or have `seq_len` rows; `kernel` is NULL or that of a loaded model or made alike.
#[no_mangle]
pub unsafe extern "C" fn atome_causal_conv(
    x: *const [f32; ATOME_D_MODEL],
    seq_len: c_int,
    kernel: *const atome_conv_t,
    out: *mut [f32; ATOME_D_MODEL],
) {
    // SAFETY: as the caller promises.
    unsafe { causal_conv::<Exact>(x, seq_len, kernel, out) }
}

/// # Safety
/// As `atome_causal_conv`.
#[inline(always)]
pub(crate) unsafe fn causal_conv<C: Chosen>(
    x: *const [f32; ATOME_D_MODEL],
    seq_len: c_int,
    kernel: *const atome_conv_t,
    out: *mut [f32; ATOME_D_MODEL],
) {
    let Some((n, stride)) = rows::<C>(seq_len) else { return };
    if x.is_null() || kernel.is_null() || out.is_null() {
        return;
    }
    let (x, out) = (x.cast::<f32>(), out.cast::<f32>());
    // SAFETY: not NULL; every index is t * stride + c with t < seq_len and c < stride, which the caller vouches for.
    unsafe {
        let Some(layout) = C::layout() else { return };
        let Some(conv) = (*kernel).view(C::shape(layout)) else { return };
        let channels = conv.taps.rows().min(stride);
        for t in 0..n {
            for c in 0..channels {
                let earlier = (0..=t).rev().map(|position| x.add(position * stride + c).read());
                out.add(t * stride + c).write(kernel::conv_taps(&conv, c, earlier));
            }
        }
    }
}

/// Diagonal recurrence over seq_len positions. h holds params->channels floats and is carried: the state before the first
/// position when called (zeros at the start of a sequence), the state behind the last one afterwards. Does nothing on NULL.
///
/// # Safety
/// `x` and `out` are NULL or have `seq_len` rows; `h` is NULL or has `channels` floats; `params` is NULL or that of a
/// loaded model or made alike.
#[no_mangle]
pub unsafe extern "C" fn atome_ssm_forward(
    x: *const [f32; ATOME_D_MODEL],
    seq_len: c_int,
    params: *const atome_ssm_t,
    h: *mut f32,
    out: *mut [f32; ATOME_D_MODEL],
) {
    // SAFETY: as the caller promises.
    unsafe { ssm_forward::<Exact>(x, seq_len, params, h, out) }
}

/// # Safety
/// As `atome_ssm_forward`.
#[inline(always)]
pub(crate) unsafe fn ssm_forward<C: Chosen>(
    x: *const [f32; ATOME_D_MODEL],
    seq_len: c_int,
    params: *const atome_ssm_t,
    h: *mut f32,
    out: *mut [f32; ATOME_D_MODEL],
) {
    let Some((n, stride)) = rows::<C>(seq_len) else { return };
    if x.is_null() || params.is_null() || h.is_null() || out.is_null() {
        return;
    }
    let (x, out) = (x.cast::<f32>(), out.cast::<f32>());
    // SAFETY: not NULL; every index is t * stride + c with t < seq_len and c < stride, which the caller vouches for.
    unsafe {
        let Some(ssm) = (*params).view() else { return };
        let channels = ssm.a_raw.iter().zip(ssm.b.iter().zip(ssm.c_out.iter())).take(stride);
        for (c, (a, (b, c_out))) in channels.enumerate() {
            let gate = kernel::gate(a);
            let mut state = h.add(c).read();
            for t in 0..n {
                let u = x.add(t * stride + c).read();
                out.add(t * stride + c).write(kernel::ssm_step(gate, b, c_out, u, &mut state));
            }
            h.add(c).write(state);
        }
    }
}

/// Top-k causal attention over seq_len positions that start a sequence, at most ATOME_MAX_SEQ. Uses the state's private
/// memory; its logits and router weights stay. Does nothing on NULL or when params asks for more than the state holds: a
/// d_head above ATOME_D_HEAD, a top_k above ATOME_TOP_K, or matrices of other sizes than d_head and ATOME_D_MODEL.
///
/// # Safety
/// `x` and `out` are NULL or have `seq_len` rows; `params` is NULL or that of a loaded model or made alike; `state` is NULL
/// or initialised.
#[no_mangle]
pub unsafe extern "C" fn atome_sparse_attn(
    x: *const [f32; ATOME_D_MODEL],
    seq_len: c_int,
    params: *const atome_attn_t,
    state: *mut atome_state_t,
    out: *mut [f32; ATOME_D_MODEL],
) {
    let (Some(layout), Some((n, stride))) = (config(), rows::<Exact>(seq_len)) else {
        return;
    };
    if x.is_null() || params.is_null() || state.is_null() || out.is_null() {
        return;
    }
    let (x, out) = (x.cast::<f32>(), out.cast::<f32>());
    let n = n.min(layout.max_seq());
    // SAFETY: not NULL; row t of x and of out starts at t * stride and has stride floats, which the caller vouches for. A
    // row of x is not borrowed any more when a row of out is written.
    unsafe {
        let Some(attention) = (*params).view(layout.shape()) else { return };
        let mut workspace = workspace(state, layout);
        let mut memory = workspace.attention_memory();
        for t in 0..n {
            memory.store(&attention, t, slice::from_raw_parts(x.add(t * stride), stride));
        }
        for t in 0..n {
            let attended = memory.attend(&attention, t, slice::from_raw_parts(x.add(t * stride), stride));
            out.add(t * stride).copy_from_nonoverlapping(attended.as_ptr(), attended.len());
        }
    }
}
