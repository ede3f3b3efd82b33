//! The shape of the program that includes the header.

use core::mem::{offset_of, size_of};

use atome_engine::{integer, Layout, Shape};

use crate::types::{
    atome_block_t, atome_cache_t, atome_config_t, atome_formats_t, atome_model_t, ContainerReader, ATOME_ABI_VERSION,
};

#[cfg(not(test))]
// For C, `atome_formats_t` and `atome_cache_t` are addresses of unknown contents.
#[allow(improper_ctypes)]
extern "C" {
    static atome_config: atome_config_t;
}

/// In unit tests there is no C program: this one has the header's defaults.
#[cfg(test)]
#[allow(non_upper_case_globals)]
static atome_config: atome_config_t = crate::tests::CONFIG;

/// What reads formats other than ATOME01; `None` where the program does not ask for them. Only the program's configuration
/// refers to it, so that a linker drops it where the configuration does not.
#[inline]
pub(crate) fn formats() -> Option<&'static atome_formats_t> {
    // SAFETY: as in `config`; the header has NULL or a reference to `atome_formats` there.
    #[cfg_attr(test, allow(unused_unsafe))]
    unsafe {
        atome_config.formats.as_ref()
    }
}

/// What reads containers; `None` where the program does not ask for them. Linked as [`formats`] is.
#[inline]
pub(crate) fn container_reader() -> Option<ContainerReader> {
    // SAFETY: as in `config`, which callers have asked first: a header of another version may lack the member.
    #[cfg_attr(test, allow(unused_unsafe))]
    unsafe {
        atome_config.container_payload
    }
}

/// What only the cached and the partial plan need; `None` in the lean plan. Linked as [`formats`] is.
#[inline]
pub(crate) fn cache() -> Option<&'static atome_cache_t> {
    // SAFETY: as in `config`, which callers have asked first; the header has NULL or a reference to `atome_cache`
    // or `atome_partial` there.
    #[cfg_attr(test, allow(unused_unsafe))]
    unsafe {
        atome_config.cache.as_ref()
    }
}

const _STATE_SIZE_STARTS_A_LAYOUT: () = {
    let start = offset_of!(atome_config_t, state_size);
    assert!(offset_of!(atome_config_t, plan) == start + 4);
    assert!(offset_of!(atome_config_t, max_seq) == start + 8);
    assert!(offset_of!(atome_config_t, d_model) == start + 12);
    assert!(offset_of!(atome_config_t, n_layers) == start + 16);
    assert!(offset_of!(atome_config_t, n_pathways) == start + 20);
    assert!(offset_of!(atome_config_t, vocab_size) == start + 24);
    assert!(offset_of!(atome_config_t, d_head) == start + 28);
    assert!(offset_of!(atome_config_t, kernel_size) == start + 32);
    assert!(offset_of!(atome_config_t, top_k) == start + 36);
    assert!(size_of::<Layout>() == 40 && size_of::<integer::Layout>() == 40);
};

/// What the program told about itself.
fn stated() -> &'static atome_config_t {
    // SAFETY: the linker resolves the symbol to the constant that the header defines; nothing ever writes to it.
    #[cfg_attr(test, allow(unused_unsafe))]
    unsafe {
        &atome_config
    }
}

/// The program's layout, where it lies. `None` where the header is of another version, a number is out of range, or the
/// structs that the program was compiled with have other sizes than the library counts on: nothing may be touched then.
#[inline]
pub(crate) fn config() -> Option<&'static Layout> {
    exact_layout(stated())
}

/// [`config`] of a program that tells `config` about itself.
#[inline(always)]
pub(crate) fn exact_layout(config: &atome_config_t) -> Option<&Layout> {
    // SAFETY: the ten members from the state's size on are those of a layout, in its order, as is checked above; it is not
    // used before its numbers were checked.
    let layout = unsafe { &*(&raw const *config).byte_add(offset_of!(atome_config_t, state_size)).cast::<Layout>() };
    let fits = config.abi_version == ATOME_ABI_VERSION
        && layout.is_valid()
        && config.model_size as usize == model_size(layout.shape());
    fits.then_some(layout)
}

/// What a program's version is more by where it chose the integer arithmetic, so that each arithmetic's functions take their own
/// programs only.
pub(crate) const OF_INTEGERS: u32 = 1 << 16;

/// [`config`] of a program that chose the integer arithmetic.
pub(crate) fn integer_config() -> Option<&'static integer::Layout> {
    #[cfg(not(test))]
    return integer_layout(stated());
    #[cfg(test)]
    return integer_layout(&crate::integer_tests::CONFIG);
}

/// [`integer_config`] of a program that tells `config` about itself.
pub(crate) fn integer_layout(config: &atome_config_t) -> Option<&integer::Layout> {
    // SAFETY: as in `exact_layout`.
    let layout =
        unsafe { &*(&raw const *config).byte_add(offset_of!(atome_config_t, state_size)).cast::<integer::Layout>() };
    let fits = config.abi_version == ATOME_ABI_VERSION + OF_INTEGERS
        && layout.is_valid()
        && config.model_size as usize == model_size(layout.shape());
    fits.then_some(layout)
}

/// Most classes of the program's classifiers.
pub(crate) fn max_classes() -> usize {
    stated().max_classes as usize
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
