//! The shape of the program that includes the header.

use core::mem::{offset_of, size_of};

use atome_engine::{Dims, Layout, Plan, Shape};

use crate::container::Reader;
use crate::types::{atome_block_t, atome_config_t, atome_formats_t, atome_model_t, ATOME_ABI_VERSION};

/// Values of ATOME_PLAN.
const PLAN_LEAN: u32 = 1;
const PLAN_CACHED: u32 = 2;

#[cfg(not(test))]
// C knows nothing of the formats but where they are.
#[allow(improper_ctypes)]
extern "C" {
    static atome_config: atome_config_t;
}

/// In unit tests there is no C program: this one has the header's defaults.
#[cfg(test)]
#[allow(non_upper_case_globals)]
static atome_config: atome_config_t = crate::tests::CONFIG;

/// What reads formats other than ATOME01, unless the program leaves it out. The library itself refers to it by the program's
/// configuration alone, so that a linker drops it then.
#[inline]
pub(crate) fn formats() -> Option<&'static atome_formats_t> {
    // SAFETY: as in `config`; the header has NULL or a reference to `atome_formats` there.
    #[cfg_attr(test, allow(unused_unsafe))]
    unsafe {
        atome_config.formats.as_ref()
    }
}

/// What reads containers. The library itself refers to it by the program's configuration alone, so that a linker drops it
/// where the program leaves it out.
#[inline]
pub(crate) fn container_reader() -> Option<Reader> {
    // SAFETY: as in `config`, which callers have asked first: a header of another version may lack the member.
    #[cfg_attr(test, allow(unused_unsafe))]
    unsafe {
        atome_config.container_payload
    }
}

/// What a program told about itself, checked.
pub(crate) struct Config {
    pub layout: Layout,
    pub max_classes: usize,
}

/// Reads the program's shape. `None` where the header is of another version, a number is out of range, or the structs
/// that the program was compiled with have other sizes than the library counts on: nothing may be touched then.
pub(crate) fn config() -> Option<Config> {
    // SAFETY: the linker resolves the symbol to the constant that the header defines; nothing ever writes to it.
    #[cfg_attr(test, allow(unused_unsafe))]
    let config = unsafe { &atome_config };
    if config.abi_version != ATOME_ABI_VERSION {
        return None;
    }
    let shape = Shape::new(Dims {
        d_model: config.d_model as usize,
        n_layers: config.n_layers as usize,
        d_head: config.d_head as usize,
        kernel_size: config.kernel_size as usize,
        n_pathways: config.n_pathways as usize,
        vocab_size: config.vocab_size as usize,
        top_k: config.top_k as usize,
    })
    .ok()?;
    let plan = match config.plan {
        PLAN_LEAN => Plan::Lean,
        PLAN_CACHED => Plan::Cached,
        _ => return None,
    };
    if config.model_size as usize != model_size(&shape) {
        return None;
    }
    let layout = Layout::of_bytes(shape, config.max_seq as usize, plan, config.state_size)?;
    Some(Config { layout, max_classes: config.max_classes as usize })
}

/// Bytes of the program's `atome_model_t`.
pub(crate) const fn model_size(shape: &Shape) -> usize {
    offset_of!(atome_model_t, blocks) + shape.n_layers() * size_of::<atome_block_t>()
}

/// The columns of a loaded model's matrices, unchecked.
pub(crate) fn d_model() -> usize {
    // SAFETY: as in `config`.
    #[cfg_attr(test, allow(unused_unsafe))]
    unsafe {
        atome_config.d_model as usize
    }
}
