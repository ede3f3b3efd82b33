//! Programs with feed-forward sublayers: `ATOME_FEED_FORWARD` above 0.
//!
//! The header gives the functions of [`crate::feed_forward_calls`] the usual names there. Everything else computes by the way that the memory plans take: what
//! the configuration's `cache` refers to computes a run before it says where the run starts. Nothing in the library refers to
//! any of this, so that a program without sublayers links none of it.

use core::slice;

use atome_engine::format::Sublayers;
use atome_engine::{
    fingerprint, integer, start_cached, start_computed, start_partial, Arithmetic, FeedForward, Layer, Matrix, Norm,
    Pathways, Shape, Ssm, Start, Weights, Workspace,
};

use crate::cache::identity_of;
use crate::config::{model_size, sublayers};
use crate::model::{LoadedLayer, LoadedModel};
use crate::types::{atome_cache_t, atome_model_t, Starts};

/// What stands in front of the sublayers in their part.
const HEAD: usize = 4;

/// A model's member for its sublayers, behind the blocks.
///
/// # Safety
/// `model` leads to an `atome_model_t` of a program of this shape that has sublayers.
pub(crate) unsafe fn tail(model: *const atome_model_t, shape: &Shape) -> *const *const u8 {
    // SAFETY: blocks hold pointers, so that one behind them is aligned.
    unsafe { model.cast::<u8>().add(model_size(shape)).cast() }
}

/// A loaded model with its sublayers.
pub(crate) struct WithSublayers<'m> {
    model: LoadedModel<'m>,
    sublayers: Sublayers<'m>,
}

impl<'m> WithSublayers<'m> {
    /// `None` where `model` is NULL, zeroed, or has no sublayers.
    ///
    /// # Safety
    /// As [`LoadedModel::open`], in a program that has sublayers.
    pub(crate) unsafe fn open(model: *const atome_model_t, shape: &'m Shape) -> Option<Self> {
        // SAFETY: as the caller promises; loading has checked that the part is whole.
        unsafe {
            let loaded = LoadedModel::open(model, shape)?;
            let part = tail(model, shape).read();
            if part.is_null() {
                return None;
            }
            let (codec, count) = (loaded.embed().codec(), sublayers());
            let part = slice::from_raw_parts(part, Sublayers::part_len_with(shape, codec, count));
            let sublayers = Sublayers::unchecked(shape, codec, count, part.get(HEAD..)?);
            Some(Self { model: loaded, sublayers })
        }
    }
}

/// A layer with its sublayers.
pub(crate) struct LayerWithSublayers<'m> {
    pub(crate) layer: LoadedLayer<'m>,
    pub(crate) sublayers: Sublayers<'m>,
    pub(crate) index: usize,
}

impl<'m> Layer<'m> for LayerWithSublayers<'m> {
    fn norm(&self) -> Norm<'m> {
        self.layer.norm()
    }

    fn wq(&self) -> Matrix<'m> {
        self.layer.wq()
    }

    fn wk(&self) -> Matrix<'m> {
        self.layer.wk()
    }

    fn wv(&self) -> Matrix<'m> {
        self.layer.wv()
    }

    fn top_k(&self) -> usize {
        self.layer.top_k()
    }

    fn router(&self) -> Matrix<'m> {
        self.layer.router()
    }

    fn ssm(&self) -> Ssm<'m> {
        self.layer.ssm()
    }

    fn pathways(&self) -> Pathways<'m> {
        self.layer.pathways()
    }

    fn feed_forward(&self, index: usize) -> Option<FeedForward<'m>> {
        self.sublayers.get(self.index, index)
    }
}

impl<'m> Weights<'m> for WithSublayers<'m> {
    type Layer = LayerWithSublayers<'m>;

    fn shape(&self) -> &Shape {
        self.model.shape()
    }

    fn has_shape(&self, shape: &Shape) -> bool {
        self.model.has_shape(shape)
    }

    fn embed(&self) -> Matrix<'m> {
        self.model.embed()
    }

    fn layer(&self, index: usize) -> Option<LayerWithSublayers<'m>> {
        Some(LayerWithSublayers { layer: self.model.layer(index)?, sublayers: self.sublayers, index })
    }

    fn final_norm(&self) -> Norm<'m> {
        self.model.final_norm()
    }

    fn unembed(&self) -> Matrix<'m> {
        self.model.unembed()
    }

    fn identity(&self) -> u64 {
        self.model.identity()
    }
}

/// What the header's configuration refers to in a program with sublayers where the plan is lean.
#[no_mangle]
pub static atome_feed_forward_lean: atome_cache_t =
    atome_cache_t { fingerprint: unknown, identity: unknown_model, start: Starts { exact: lean } };

/// And where it is cached.
#[no_mangle]
pub static atome_feed_forward_cached: atome_cache_t =
    atome_cache_t { fingerprint, identity, start: Starts { exact: cached } };

/// And where it is partial.
#[no_mangle]
pub static atome_feed_forward_partial: atome_cache_t =
    atome_cache_t { fingerprint, identity, start: Starts { exact: partial } };

/// And in the integer arithmetic where it is lean.
#[no_mangle]
pub static atome_integer_feed_forward_lean: atome_cache_t =
    atome_cache_t { fingerprint: unknown, identity: unknown_model, start: Starts { integer: Some(of_integers) } };

/// And where it is cached.
#[no_mangle]
pub static atome_integer_feed_forward_cached: atome_cache_t =
    atome_cache_t { fingerprint, identity, start: Starts { integer: Some(of_integers) } };

/// The lean plan files nothing.
fn unknown(_: &[u8]) -> u64 {
    0
}

/// # Safety
/// Always safe.
unsafe fn unknown_model(_: *const atome_model_t, _: &Shape) -> u64 {
    0
}

/// # Safety
/// The model was opened, in a program of this shape that has sublayers.
unsafe fn identity(model: *const atome_model_t, shape: &Shape) -> u64 {
    // SAFETY: as the caller promises.
    unsafe { identity_of(model, model_size(shape) + size_of::<*const u8>()) }
}

/// # Safety
/// As [`identity`].
unsafe fn lean(model: *const atome_model_t, shape: &Shape, memory: &mut Workspace, n: usize) -> Option<Start> {
    // SAFETY: as the caller promises.
    let model = unsafe { WithSublayers::open(model, shape)? };
    start_computed(&model, memory, Start::default(), n)
}

/// # Safety
/// As [`identity`].
unsafe fn cached(model: *const atome_model_t, shape: &Shape, memory: &mut Workspace, n: usize) -> Option<Start> {
    // SAFETY: as the caller promises.
    let model = unsafe { WithSublayers::open(model, shape)? };
    let start = start_cached(memory, model.identity(), n);
    start_computed(&model, memory, start, n)
}

/// # Safety
/// As [`identity`].
unsafe fn partial(model: *const atome_model_t, shape: &Shape, memory: &mut Workspace, n: usize) -> Option<Start> {
    // SAFETY: as the caller promises.
    let model = unsafe { WithSublayers::open(model, shape)? };
    start_partial(&model, memory, n)
}

/// # Safety
/// As [`identity`].
unsafe fn of_integers(
    model: *const atome_model_t,
    shape: &Shape,
    memory: &mut integer::Workspace,
    n: usize,
) -> Option<Start> {
    // SAFETY: as the caller promises.
    let model = unsafe { WithSublayers::open(model, shape)? };
    let start = Arithmetic::start(memory, &model, n, &mut |_| ())?;
    start_computed(&model, memory, start, n)
}
