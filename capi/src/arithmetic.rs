//! The arithmetics, of which a program chooses one: `ATOME_ARITHMETIC`.
//!
//! Each function that reads a model or a state is there twice, as `atome_...` for the exact arithmetic and as
//! `atome_integer_...` ([`crate::integer`]) for the integer one, and the header gives the usual name to one of them. Both are one
//! function here, over a [`Chosen`]: a program links the arithmetic that it chose, and nothing of the other one.

use atome_engine::integer::{self, check_head, Refusal};
use atome_engine::{Arithmetic, Codec, Layout, Matrix, Shape, Start, Workspace};

use crate::config::{cache, config, integer_config};
use crate::memory::{integer_workspace, workspace};
use crate::model::{LoadedModel, OfState};
use crate::sections::{is_taken, reason};
use crate::types::atome_state_t;

/// An arithmetic as the C functions need it.
pub(crate) trait Chosen {
    /// Shape, longest sequence and plan of a program.
    type Layout: 'static;

    /// What a state is to the engine.
    type Memory<'w>: Arithmetic<'w> + OfState;

    /// The program's layout, where it lies. `None` where header and library do not fit together: nothing may be touched then.
    fn layout() -> Option<&'static Self::Layout>;

    /// The shape of a layout.
    fn shape(layout: &Self::Layout) -> &Shape;

    /// Bytes of the program's states.
    fn bytes(layout: &Self::Layout) -> usize;

    /// A state as memory.
    ///
    /// # Safety
    /// `state` leads to an initialised, writable `atome_state_t` of the program, which nothing else touches for `'w`.
    unsafe fn memory<'w>(state: *mut atome_state_t, layout: &'w Self::Layout) -> Self::Memory<'w>;

    /// Whether it takes a model whose sections are `body`, and whose weights `codec` reads.
    ///
    /// # Safety
    /// `body` has the sections of `shape`.
    unsafe fn takes(shape: &Shape, body: &[u8], codec: Option<&Codec>) -> bool;

    /// Why it takes no model of which [`Chosen::takes`] says so.
    ///
    /// # Safety
    /// As there.
    unsafe fn reason(shape: &Shape, body: &[u8], codec: Option<&Codec>) -> Refusal;

    /// Whether it takes the head of a classifier.
    fn check_head(head: &Matrix) -> Result<(), Refusal>;
}

/// That of docs/numerics.md, with the bits of the C99 engine.
pub(crate) struct Exact;

impl Chosen for Exact {
    type Layout = Layout;
    type Memory<'w> = Workspace<'w>;

    #[inline(always)]
    fn layout() -> Option<&'static Layout> {
        config()
    }

    #[inline(always)]
    fn shape(layout: &Layout) -> &Shape {
        layout.shape()
    }

    #[inline(always)]
    fn bytes(layout: &Layout) -> usize {
        layout.bytes()
    }

    #[inline(always)]
    unsafe fn memory<'w>(state: *mut atome_state_t, layout: &'w Layout) -> Workspace<'w> {
        // SAFETY: as the caller promises.
        unsafe { workspace(state, layout) }
    }

    /// It takes all models.
    #[inline(always)]
    unsafe fn takes(_: &Shape, _: &[u8], _: Option<&Codec>) -> bool {
        true
    }

    #[inline(always)]
    unsafe fn reason(_: &Shape, _: &[u8], _: Option<&Codec>) -> Refusal {
        Refusal::BrokenWeights
    }

    #[inline(always)]
    fn check_head(_: &Matrix) -> Result<(), Refusal> {
        Ok(())
    }
}

impl OfState for Workspace<'_> {
    #[inline(always)]
    fn start(&mut self, model: &LoadedModel, n: usize) -> Option<Start> {
        cache().map_or_else(
            || Some(Start::default()),
            // SAFETY: it was opened.
            |cache| unsafe { (cache.start)(model.address(), model.program_shape(), self, n) },
        )
    }

    #[inline(always)]
    fn last_router_weights(&self, layer: usize) -> Option<&[f32]> {
        Workspace::last_router_weights(self, layer)
    }
}

/// That of docs/integer.md.
pub(crate) struct Integer;

impl Chosen for Integer {
    type Layout = integer::Layout;
    type Memory<'w> = integer::Workspace<'w>;

    fn layout() -> Option<&'static integer::Layout> {
        integer_config()
    }

    fn shape(layout: &integer::Layout) -> &Shape {
        layout.shape()
    }

    fn bytes(layout: &integer::Layout) -> usize {
        layout.bytes()
    }

    unsafe fn memory<'w>(state: *mut atome_state_t, layout: &'w integer::Layout) -> integer::Workspace<'w> {
        // SAFETY: as the caller promises.
        unsafe { integer_workspace(state, layout) }
    }

    unsafe fn takes(shape: &Shape, body: &[u8], codec: Option<&Codec>) -> bool {
        // SAFETY: as the caller promises.
        unsafe { is_taken(shape, body, codec) }
    }

    unsafe fn reason(shape: &Shape, body: &[u8], codec: Option<&Codec>) -> Refusal {
        // SAFETY: as the caller promises.
        unsafe { reason(shape, body, codec) }
    }

    fn check_head(head: &Matrix) -> Result<(), Refusal> {
        check_head(head)
    }
}

impl OfState for integer::Workspace<'_> {
    fn start(&mut self, model: &LoadedModel, n: usize) -> Option<Start> {
        Arithmetic::start(self, model, n, &mut |_| ())
    }

    fn last_router_weights(&self, layer: usize) -> Option<&[f32]> {
        integer::Workspace::last_router_weights(self, layer)
    }
}
