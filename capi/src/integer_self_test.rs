//! The power-on self-test of programs that chose the integer arithmetic: a matrix product as large models have it, beside its
//! definition, and predictions from small made-up models, compared with recorded results. One wrong bit anywhere changes logits or
//! shares. Small models have no room for the tables of large ones, hence the product.

use core::ffi::c_int;
use core::hint::black_box;
use core::mem::{size_of, zeroed};

use atome_engine::integer::{products_agree, Layout, Workspace};
use atome_engine::{predict_next, Dims, Model, Plan, Shape};

use crate::model::LoadedModel;
use crate::sections::fill;
use crate::self_test::{ATOME_SELF_TEST_INTEGER, ATOME_SELF_TEST_OK};
use crate::types::{atome_block_t, atome_model_t, ATOME_N_LAYERS};

/// One layer: the struct and the stack have room for no more.
const LAYERS: usize = 1;
const POSITIONS: usize = 6;
const TOKENS: [i32; POSITIONS] = [3, 8, 0, 5, 3, 7];

/// Channels: rows that start on bytes, and rows that start within bytes.
const WHOLE: usize = 12;
const BROKEN: usize = 11;
/// On a host, as many as the longest vectors have, and some more.
const WIDE: usize = if cfg!(target_os = "none") { WHOLE } else { 132 };

/// What is predicted from.
struct Case {
    d_model: usize,
    d_head: usize,
    /// Numbers of a tame model, or scales and norms from the ends of their ranges.
    is_wild: bool,
    recorded: u32,
}

const fn case(d_model: usize, d_head: usize, is_wild: bool, recorded: u32) -> Case {
    Case { d_model, d_head, is_wild, recorded }
}

const COMMON: [Case; 4] = [
    case(WHOLE, 4, false, 0x8e9f_5dd9),
    case(WHOLE, 4, true, 0xc033_dbdd),
    case(BROKEN, 5, false, 0xf635_ea6c),
    case(BROKEN, 5, true, 0x5db6_105a),
];

const LARGE: &[Case] =
    if WIDE == WHOLE { &[] } else { &[case(WIDE, 8, false, 0xa784_46f1), case(WIDE, 8, true, 0x891d_2479)] };

fn cases() -> impl Iterator<Item = &'static Case> {
    COMMON.iter().chain(LARGE)
}

const fn shape(d_model: usize, d_head: usize) -> Option<Shape> {
    match Shape::new(Dims { d_model, d_head, n_layers: LAYERS, vocab_size: 9, ..Dims::DEFAULT }) {
        Ok(shape) => Some(shape),
        Err(_) => None,
    }
}

/// Bytes of the largest model's file, and more than its state takes.
const BODY: usize = match shape(WIDE, 8) {
    Some(shape) => Model::blob_len(&shape),
    None => 0,
};
const FLOATS: usize = 32;
const WORDS: usize = 10 * WIDE + 72;

/// As many blocks as the C type has in Rust; the first is used.
const _: () = assert!(LAYERS <= ATOME_N_LAYERS);

/// The self-test.
pub(crate) fn run() -> c_int {
    // Hidden from the compiler, which must not compute in advance what the target is to compute.
    let pass = products_agree() && cases().all(|case| digest(case, black_box(1)) == Some(case.recorded));
    if pass {
        ATOME_SELF_TEST_OK
    } else {
        ATOME_SELF_TEST_INTEGER
    }
}

/// A linear congruential generator (Numerical Recipes), whose upper bits are used.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    /// ±[1, 2) times a power of two: 2^-3 to 1, or where the model is wild 2^-12 to 2^3.
    fn float(&mut self, is_wild: bool) -> f32 {
        let (bits, choice) = (self.next(), self.next());
        let exponent = if is_wild { 115 + (choice >> 4 & 15) } else { 124 + (choice >> 4 & 3) };
        f32::from_bits((choice & 1) << 31 | exponent << 23 | bits >> 1)
    }
}

/// A digest of all logits and shares of predictions from a model that follows from `seed`. `None` where something has no room.
#[inline(never)]
fn digest(case: &Case, seed: u32) -> Option<u32> {
    let shape = shape(case.d_model, case.d_head)?;
    let layout = Layout::new(shape, POSITIONS, Plan::Cached).ok()?;
    let (mut floats, mut words, mut body) = ([0.0; FLOATS], [0; WORDS], [0; BODY]);
    let mut random = Random(seed);
    let body = body.get_mut(..Model::blob_len(&shape))?;
    for byte in body.iter_mut() {
        *byte = random.next() as u8;
    }
    // SAFETY: zeros are a value of each member.
    let mut model: atome_model_t = unsafe { zeroed() };
    // SAFETY: the struct has more blocks than the model has layers, and the body all its sections.
    let places = unsafe {
        fill(&mut model, &shape, body, None);
        places_of_floats(&model, body.as_ptr())
    };
    for place in places {
        for value in body.get_mut(place..)?.chunks_exact_mut(size_of::<f32>()).take(case.d_model) {
            value.copy_from_slice(&random.float(case.is_wild).to_le_bytes());
        }
    }
    // SAFETY: as above; the body is not written to while the model points into it.
    unsafe {
        fill(&mut model, &shape, body, None);
        tune(&mut model, case, &mut random);
        let model = LoadedModel::open(&model, &shape)?;
        #[cfg(test)]
        atome_engine::integer::check(&model).expect("a model that a load takes");
        let mut workspace = Workspace::new(&layout, &mut floats, &mut words).ok()?;
        let mut digest = 0;
        for n in 1..=POSITIONS {
            let next = predict_next(&model, &mut workspace, TOKENS.iter().copied().take(n)).ok()?;
            add(&mut digest, next as u32);
            workspace.logits().iter().for_each(|logit| add(&mut digest, logit.to_bits()));
        }
        workspace.router_weights().iter().for_each(|share| add(&mut digest, share.to_bits()));
        Some(digest)
    }
}

/// A changed word changes it, because every step can be undone.
fn add(digest: &mut u32, word: u32) {
    *digest = (*digest ^ word).wrapping_mul(0x9e37_79b1).rotate_left(13);
}

/// Where the vectors of floats begin in the body: those of the file are any bytes.
///
/// # Safety
/// The model's pointers lead into the body that begins at `body`.
unsafe fn places_of_floats(model: &atome_model_t, body: *const u8) -> [usize; 7] {
    let [block, ..] = &model.blocks;
    let atome_block_t { norm, ssm, .. } = block;
    let last = &model.final_norm;
    // SAFETY: as the caller promises.
    let place = |pointer: *const f32| unsafe { pointer.cast::<u8>().offset_from(body) as usize };
    [norm.gamma, norm.beta, ssm.a, ssm.b, ssm.c_out, last.gamma, last.beta].map(place)
}

/// Gives the model scales that the arithmetic takes.
fn tune(model: &mut atome_model_t, case: &Case, random: &mut Random) {
    let [block, ..] = &mut model.blocks;
    // The embedding's is not dwarfed by what a layer may add.
    model.embed.scale = if case.is_wild { 1e9 } else { 0.5 };
    model.unembed.scale = random.float(case.is_wild);
    block.local_conv.scale = random.float(case.is_wild);
    for matrix in [&mut block.attn.Wq, &mut block.attn.Wk, &mut block.attn.Wv, &mut block.router] {
        matrix.scale = random.float(case.is_wild);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_passes() {
        let found: Vec<_> = cases().map(|case| digest(case, 1)).collect();
        assert_eq!(found, cases().map(|case| Some(case.recorded)).collect::<Vec<_>>(), "{found:#010x?}");
        assert_eq!(run(), ATOME_SELF_TEST_OK);
    }

    #[test]
    fn another_model_has_other_results() {
        for case in cases() {
            assert!(digest(case, 2).is_some_and(|digest| digest != case.recorded));
        }
    }
}
