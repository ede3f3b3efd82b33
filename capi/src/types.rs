//! The C types. Member names and types are those that firmware reads; arrays whose length depends on the program's shape
//! stand last, so that the library, which learns the shape at run time, sees a head and a slice behind it.

use core::ffi::c_int;
use core::mem::{offset_of, size_of};

use atome_engine::{Matrix, Shape, Start, Workspace};

/// Version of the agreement between this header and the archive. They work together only when it is the same.
pub const ATOME_ABI_VERSION: u32 = 5;

// The shape macros. The header defines them before these types, and firmware may set its own: the values here only give
// the types a size on the Rust side, which nothing relies on.
/// Width of the residual stream.
pub const ATOME_D_MODEL: usize = 64;
/// Longest sequence.
pub const ATOME_MAX_SEQ: usize = 32;
/// Number of blocks.
pub const ATOME_N_LAYERS: usize = 4;
/// Rows of the router.
pub const ATOME_N_PATHWAYS: usize = 3;
/// Number of tokens.
pub const ATOME_VOCAB_SIZE: usize = 256;
/// 32-bit words of bookkeeping in the state.
pub const ATOME_STATE_WORDS: usize = 39;
/// 32-bit words of working memory in the state.
pub const ATOME_WORK_WORDS: usize = 1;

/// A quantised matrix: rows * cols weights of -1, 0 or +1, row-major, two bits each, four to a byte, lowest bits first
/// (00 = 0, 01 = +1, 11 = -1), times one scale. Rows follow each other without gaps and need not start on a byte.
///
/// In a model loaded from ATOME02 or ATOMEP3, the weights lie as that format says, and cols is 65,534 or 65,535, which marks
/// the matrix: every function takes it like any other, as long as packed, rows and cols stay as they are. So in a program
/// that loads these formats, a matrix filled by hand has at most 65,533 columns; elsewhere it may have 65,535.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_ternary_t {
    /// The weights inside the blob, (rows * cols + 3) / 4 bytes where they have two bits each. Owned by the caller, like
    /// the blob.
    pub packed: *const u8,
    /// Multiplies every weight.
    pub scale: f32,
    /// Number of rows: outputs.
    pub rows: u16,
    /// Number of columns: inputs.
    pub cols: u16,
}

/// Depthwise causal convolution: one row of taps a channel, the newest position first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_conv_t {
    /// The taps, packed as in atome_ternary_t.
    pub packed: *const u8,
    /// Multiplies every tap.
    pub scale: f32,
    /// Channels (ATOME_D_MODEL).
    pub channels: u16,
    /// Taps a channel (ATOME_KERNEL_SIZE).
    pub kernel_size: u16,
}

impl atome_conv_t {
    /// The taps as a matrix of one row a channel: the members are the same, in the same order, under other names.
    pub(crate) fn as_matrix(&self) -> &atome_ternary_t {
        // SAFETY: members of the same types at the same places.
        unsafe { &*(&raw const *self).cast() }
    }

    /// [`atome_conv_t::as_matrix`], to be written.
    pub(crate) fn as_matrix_mut(&mut self) -> &mut atome_ternary_t {
        // SAFETY: members of the same types at the same places.
        unsafe { &mut *(&raw mut *self).cast() }
    }

    const _IS_A_MATRIX: () = assert!(
        offset_of!(atome_conv_t, packed) == offset_of!(atome_ternary_t, packed)
            && offset_of!(atome_conv_t, scale) == offset_of!(atome_ternary_t, scale)
            && offset_of!(atome_conv_t, channels) == offset_of!(atome_ternary_t, rows)
            && offset_of!(atome_conv_t, kernel_size) == offset_of!(atome_ternary_t, cols)
            && size_of::<atome_conv_t>() == size_of::<atome_ternary_t>()
    );
}

/// Diagonal state-space recurrence. The pointers lead into the blob and may be unaligned: read them with memcpy.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_ssm_t {
    /// Decay of each channel before tanh.
    pub a: *const f32,
    /// Input weight of each channel.
    pub b: *const f32,
    /// Output weight of each channel.
    pub c_out: *const f32,
    /// Channels (ATOME_D_MODEL).
    pub channels: u16,
}

/// Top-k causal attention with one head.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_attn_t {
    /// Queries, ATOME_D_HEAD x ATOME_D_MODEL.
    pub Wq: atome_ternary_t,
    /// Keys, ATOME_D_HEAD x ATOME_D_MODEL.
    pub Wk: atome_ternary_t,
    /// Values, ATOME_D_MODEL x ATOME_D_MODEL.
    pub Wv: atome_ternary_t,
    /// Width of a query and key (ATOME_D_HEAD).
    pub d_head: u16,
    /// Positions kept. Set to ATOME_TOP_K by loading; may be lowered afterwards, never raised above it.
    pub top_k: u16,
}

/// Layer norm. The pointers lead into the blob and may be unaligned: read them with memcpy.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_norm_t {
    /// Multiplies the normalised values.
    pub gamma: *const f32,
    /// Is added last.
    pub beta: *const f32,
}

/// One layer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_block_t {
    /// Norm in front of all pathways.
    pub norm: atome_norm_t,
    /// Pathway 0.
    pub local_conv: atome_conv_t,
    /// Pathway 1.
    pub ssm: atome_ssm_t,
    /// Pathway 2.
    pub attn: atome_attn_t,
    /// Mixes the pathways, ATOME_N_PATHWAYS x ATOME_D_MODEL.
    pub router: atome_ternary_t,
}

/// A model: pointers into the blob that it was loaded from. The weights are not copied; the blob belongs to the caller,
/// must outlive the model and must not change while it is in use (load it again after a change).
#[repr(C)]
pub struct atome_model_t {
    /// Token embedding, ATOME_VOCAB_SIZE x ATOME_D_MODEL.
    pub embed: atome_ternary_t,
    /// Norm behind the last layer.
    pub final_norm: atome_norm_t,
    /// Unembedding, ATOME_VOCAB_SIZE x ATOME_D_MODEL.
    pub unembed: atome_ternary_t,
    /// Private: identifies the blob, so that work on one model is never taken for work on another.
    pub fingerprint: [u32; 2],
    /// The layers.
    pub blocks: [atome_block_t; ATOME_N_LAYERS],
}

/// A model with a classification head.
#[repr(C)]
pub struct atome_classifier_t {
    /// One row of ATOME_D_MODEL weights a class.
    pub head: atome_ternary_t,
    /// Number of classes, 1 to ATOME_MAX_CLASSES. May be lowered after loading: then only the first ones count.
    pub n_classes: c_int,
    /// The model below the head.
    pub base: atome_model_t,
}

/// Working memory of predictions. The caller owns it, calls atome_init once before the first use (and again after using
/// the memory for something else), and may use it with any number of models in turn. sizeof(atome_state_t) is
/// ATOME_STATE_SIZE; ATOME_PLAN tells which memory plan it follows.
#[repr(C)]
pub struct atome_state_t {
    /// Logits of the last prediction. The program may write into them: no prediction reads them back.
    pub logits: [f32; ATOME_VOCAB_SIZE],
    /// Router weights of the last layer, a row for each position of the last call. The program may write into them, too; the
    /// rows of positions that a call takes over from the one before, as it never does in the lean plan, stay as the program
    /// left them.
    pub router_w: [[f32; ATOME_N_PATHWAYS]; ATOME_MAX_SEQ],
    /// Private: the tokens of the last call and which model its results belong to.
    pub bookkeeping: [u32; ATOME_STATE_WORDS],
    /// Private: everything else. What its words hold is the engine's to decide.
    pub work: [u32; ATOME_WORK_WORDS],
}

/// How tokens are drawn. Fill it with atome_sampler_init; the members may be changed between draws.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_sampler_t {
    /// 0 takes the most probable token; above 1 flattens, below 1 sharpens.
    pub temperature: f32,
    /// Tokens are dropped once those more probable have more than this share, above 0 to 1.
    pub top_p: f32,
    /// Only this many of the most probable tokens stay (and those equal to the last of them), from 1 on.
    pub top_k: c_int,
    /// State of the generator; the seed at first.
    pub state: u64,
}

/// What a container says of its model.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_container_info_t {
    /// ATOME_D_MODEL of a program for it.
    pub d_model: u16,
    /// ATOME_N_LAYERS.
    pub n_layers: u16,
    /// ATOME_D_HEAD.
    pub d_head: u16,
    /// ATOME_KERNEL_SIZE.
    pub kernel_size: u16,
    /// ATOME_N_PATHWAYS.
    pub n_pathways: u16,
    /// ATOME_VOCAB_SIZE.
    pub vocab_size: u16,
    /// ATOME_TOP_K.
    pub top_k: u16,
    /// The longest sequence that it was trained for; ATOME_MAX_SEQ may differ.
    pub window: u16,
    /// Classes of its head; 0 where it has none.
    pub n_classes: u16,
    /// How the weights lie: 1 as in ATOME01, 2 as in ATOME02, 3 as in ATOMEP3.
    pub weights: u16,
    /// 1 where token n is the byte n, else 0.
    pub tokens_are_bytes: u16,
    /// 1 where it claims to be signed, else 0. Only atome_load_signed and its like tell whether that is so.
    pub is_signed: u16,
    /// SHA-256 of the checkpoint that it was made from, or zeros.
    pub training_digest: [u8; 32],
    /// The product that it is for; 0 where it names none. Certain only where atome_load_signed_at_least took the container.
    pub product: u32,
    /// Its version among the product's models; 0 where it names none. Certain only where a signed load took the container.
    pub model_version: u32,
    /// The first bytes of the public key that it claims to be signed for; zeros where it names none.
    pub key_id: [u8; 4],
}

/// The shape of the program that includes this header, as the library reads it. Defined by the header itself.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct atome_config_t {
    /// ATOME_ABI_VERSION.
    pub abi_version: u32,
    /// sizeof(atome_model_t).
    pub model_size: u32,
    /// sizeof(atome_state_t).
    pub state_size: u32,
    /// ATOME_PLAN.
    pub plan: u32,
    /// ATOME_MAX_SEQ.
    pub max_seq: u32,
    /// ATOME_D_MODEL.
    pub d_model: u32,
    /// ATOME_N_LAYERS.
    pub n_layers: u32,
    /// ATOME_N_PATHWAYS.
    pub n_pathways: u32,
    /// ATOME_VOCAB_SIZE.
    pub vocab_size: u32,
    /// ATOME_D_HEAD.
    pub d_head: u32,
    /// ATOME_KERNEL_SIZE.
    pub kernel_size: u32,
    /// ATOME_TOP_K.
    pub top_k: u32,
    /// ATOME_MAX_CLASSES.
    pub max_classes: u32,
    /// What reads the formats besides ATOME01 and ATOMECL01 where ATOME_FORMATS is defined; else NULL.
    pub formats: *const atome_formats_t,
    /// atome_container_payload where ATOME_CONTAINERS is defined; else NULL.
    pub container_payload: Option<
        unsafe extern "C" fn(data: *const u8, len: usize, payload: *mut *const u8, payload_len: *mut usize) -> c_int,
    >,
    /// atome_cache in the cached plan, atome_partial in the partial one; NULL in the lean one, which takes nothing over from
    /// earlier calls.
    pub cache: *const atome_cache_t,
}

// SAFETY: a constant of the program, which nothing ever writes to.
unsafe impl Sync for atome_config_t {}

/// Private: what reads the formats ATOME02 and ATOMEP3. A program that does not refer to it links none of it.
pub struct atome_formats_t {
    /// What `atome_load` does with data that is not ATOME01; where it has to be exact, refuses data that go on behind the model.
    ///
    /// # Safety
    /// The model is writable and of the program's shape.
    pub(crate) load: unsafe fn(*mut atome_model_t, &Shape, &[u8], bool) -> c_int,
    /// The view of a matrix that loading has marked, with so many columns.
    ///
    /// # Safety
    /// It was marked by `load` and not changed; the view is gone before the blob is.
    pub(crate) matrix: unsafe fn(&atome_ternary_t, usize) -> Matrix<'static>,
}

/// Private: what only the plans need that take something over from earlier calls. A program of the lean plan does not refer
/// to it and links none of it, and one of the cached plan nothing of the partial one.
pub struct atome_cache_t {
    /// What a loaded model notes of its file.
    pub(crate) fingerprint: fn(&[u8]) -> u64,
    /// What tells loaded models of a program with this shape apart.
    ///
    /// # Safety
    /// The model was opened.
    pub(crate) identity: unsafe fn(*const atome_model_t, &Shape) -> u64,
    /// Where a run of a model of this shape over so many tokens starts.
    ///
    /// # Safety
    /// The model was opened.
    pub(crate) start: unsafe fn(*const atome_model_t, &Shape, &mut Workspace, usize) -> Option<Start>,
}

/// What loading a container calls: the type of [`atome_config_t::container_payload`].
pub(crate) type ContainerReader = unsafe extern "C" fn(*const u8, usize, *mut *const u8, *mut usize) -> c_int;
