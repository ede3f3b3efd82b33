//! A C program as the archive sees one: the constant that its header defines, and its structs.

use std::alloc::{alloc_zeroed, dealloc, handle_alloc_error, Layout as Memory};
use std::mem::{offset_of, size_of};
use std::ptr::{null, NonNull};
use std::sync::{Mutex, MutexGuard, PoisonError};

use atome::api::{
    atome_block_t, atome_cache, atome_classifier_t, atome_config_t, atome_container_payload, atome_formats,
    atome_model_t, atome_partial, ATOME_ABI_VERSION,
};
use atome_engine::{Layout, Plan, Shape};

pub(crate) const MAX_CLASSES: usize = 4;

/// What `atome.h` defines in every program.
#[no_mangle]
#[allow(non_upper_case_globals)]
static mut atome_config: atome_config_t = atome_config_t {
    abi_version: 0,
    state_size: 0,
    model_size: 0,
    plan: 0,
    d_model: 0,
    max_seq: 0,
    n_layers: 0,
    n_pathways: 0,
    vocab_size: 0,
    d_head: 0,
    kernel_size: 0,
    top_k: 0,
    max_classes: 0,
    formats: null(),
    container_payload: None,
    cache: null(),
};

/// One program runs at a time, as its constant is one for all.
static TURN: Mutex<()> = Mutex::new(());

/// A program of some shape, until it is dropped.
pub(crate) struct Program {
    pub layout: Layout,
    _turn: MutexGuard<'static, ()>,
}

/// How a program's header may disagree with the archive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Version,
    StateSize,
    ModelSize,
}

impl Program {
    pub fn start(layout: Layout, all_formats: bool, fault: Fault) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let (shape, plan) = (*layout.shape(), layout.plan());
        let wrong = |field: Fault| u32::from(fault == field);
        let config = atome_config_t {
            abi_version: ATOME_ABI_VERSION + wrong(Fault::Version),
            // The partial plan takes any size from its least on; so little is enough for none.
            state_size: if fault == Fault::StateSize { 3 } else { layout.bytes() as u32 },
            model_size: model_size(&shape) as u32 + 8 * wrong(Fault::ModelSize),
            plan: match plan {
                Plan::Lean => 1,
                Plan::Cached => 2,
                Plan::Partial => 3,
            },
            d_model: shape.d_model() as u32,
            max_seq: layout.max_seq() as u32,
            n_layers: shape.n_layers() as u32,
            n_pathways: shape.n_pathways() as u32,
            vocab_size: shape.vocab_size() as u32,
            d_head: shape.d_head() as u32,
            kernel_size: shape.kernel_size() as u32,
            top_k: shape.top_k() as u32,
            max_classes: MAX_CLASSES as u32,
            formats: if all_formats { &raw const atome_formats } else { null() },
            container_payload: if all_formats { Some(atome_container_payload) } else { None },
            cache: match plan {
                Plan::Lean => null(),
                Plan::Cached => &raw const atome_cache,
                Plan::Partial => &raw const atome_partial,
            },
        };
        // SAFETY: only the program whose turn it is reads or writes it.
        unsafe { (&raw mut atome_config).write(config) };
        Self { layout, _turn: turn }
    }

    pub fn shape(&self) -> &Shape {
        self.layout.shape()
    }

    pub fn state(&self) -> Struct {
        Struct::new(self.layout.bytes())
    }

    pub fn model(&self) -> Struct {
        Struct::new(model_size(self.shape()))
    }

    pub fn classifier(&self) -> Struct {
        Struct::new(offset_of!(atome_classifier_t, base) + model_size(self.shape()))
    }
}

fn model_size(shape: &Shape) -> usize {
    offset_of!(atome_model_t, blocks) + shape.n_layers() * size_of::<atome_block_t>()
}

/// Zeroed memory of exactly so many bytes, aligned as a C compiler aligns a struct: a sanitizer notices a byte too far.
pub(crate) struct Struct {
    start: NonNull<u8>,
    memory: Memory,
}

impl Struct {
    pub fn new(bytes: usize) -> Self {
        let memory = Memory::from_size_align(bytes.max(1), 8).expect("a small struct");
        // SAFETY: not of size 0.
        let start = NonNull::new(unsafe { alloc_zeroed(memory) });
        Self { start: start.unwrap_or_else(|| handle_alloc_error(memory)), memory }
    }

    /// Where it is, as what C takes it for.
    pub fn at<T>(&self) -> *mut T {
        self.start.as_ptr().cast()
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        // SAFETY: all of them are written, by `alloc_zeroed` at the latest.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.memory.size()) }.to_vec()
    }
}

impl Drop for Struct {
    fn drop(&mut self) {
        // SAFETY: allocated by `new` with this layout.
        unsafe { dealloc(self.start.as_ptr(), self.memory) };
    }
}
