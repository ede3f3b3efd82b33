//! Each kernel on made-up inputs: as it is in use, and as it is defined.

use super::known::{bits, Digest};
use super::random::Random;
use super::{Kernels, SelfTestError};
use crate::kernel::{definition, Current, Keys, Mix, Projection, Properties, TopK, Window};
use crate::weights::{Conv, Floats, Matrix, Norm, Pathways, Ssm};

/// How large the inputs are.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// Positions at a time.
    positions: usize,
    /// Channels of a norm, a mix and a value.
    width: usize,
    /// Rows of the first matrix; the second one, whose outputs lie apart, has `FEW`.
    rows: usize,
    cols: usize,
    taps: usize,
    /// Rows of keys and values.
    keys: usize,
    /// Digests of the definition's results on ordinary and hostile inputs: projection, norm, attention, mix.
    recorded: Option<[[u32; 4]; 2]>,
}

impl Extent {
    /// Of all positions, as of the outputs of a norm.
    const fn values(&self) -> usize {
        self.positions * self.width
    }

    const fn inputs(&self) -> usize {
        self.positions * self.cols
    }

    /// Of both matrices.
    const fn outputs(&self) -> usize {
        self.positions * (self.rows + FEW)
    }

    /// Bytes of both matrices.
    const fn packed(&self) -> usize {
        Matrix::packed_len(self.rows + FEW, self.cols)
    }

    const fn attended(&self) -> usize {
        self.keys * self.width
    }

    const fn history(&self) -> usize {
        (self.taps - 1) * self.width
    }

    const fn shares(&self) -> usize {
        self.positions * PATHWAYS
    }

    /// Bytes of the taps.
    const fn codes(&self) -> usize {
        Matrix::packed_len(self.width, self.taps)
    }
}

/// On every target, so that results can be recorded.
const COMMON: Extent = Extent {
    positions: 2,
    width: 16,
    rows: 9,
    cols: 20,
    taps: 5,
    keys: 12,
    recorded: Some([
        [0xb32e_d777, 0x8d3d_4606, 0xaadc_6a75, 0x801c_8612],
        [0x0189_290c, 0x4e2f_cce1, 0x59d2_7d5e, 0x8950_435c],
    ]),
};

/// What a target's faster kernels do otherwise: fixed point takes columns in blocks of 64 or 256; on a host, whole batches
/// of rows and what is left over, and tiles of keys.
const LARGE: Extent = if Current::POSITIONS_TOGETHER > 1 {
    Extent { positions: 5, width: 32, rows: 41, cols: 84, taps: 4, keys: 40, recorded: None }
} else {
    let cols = if cfg!(assembly = "thumb1") { 68 } else { 260 };
    Extent { positions: 1, cols, recorded: None, ..COMMON }
};

/// The most positions that a host's kernels take together. Apart from [`LARGE`]: both at once is too much for a small stack.
const MANY: Extent = Extent { positions: 16, rows: 17, cols: 36, recorded: None, ..COMMON };

pub(super) const EXTENTS: &[Extent] = if Current::POSITIONS_TOGETHER > 1 {
    &[COMMON, LARGE, MANY]
} else if cfg!(backend = "fixed_point") {
    &[COMMON, LARGE]
} else {
    &[COMMON]
};

/// Rows of the second matrix.
const FEW: usize = 4;
/// Elements of a query.
const HEAD: usize = 8;
/// Kept positions.
const KEPT: usize = 4;
const PATHWAYS: usize = 3;

/// The most that any of the extents needs. The arrays are on the stack, so a small core must not pay for a host's.
macro_rules! room {
    (|$extent:ident| $need:expr) => {{
        let (mut most, mut index) = (0, 0);
        while index < EXTENTS.len() {
            let $extent = &EXTENTS[index];
            let need = $need;
            most = if need > most { need } else { most };
            index += 1;
        }
        most
    }};
}

const WIDTH: usize = room!(|extent| extent.width);
const VALUES: usize = room!(|extent| extent.values());
const INPUTS: usize = room!(|extent| extent.inputs());
const OUTPUTS: usize = room!(|extent| extent.outputs());
const PACKED: usize = room!(|extent| extent.packed());
const KEYS: usize = room!(|extent| extent.keys);
const ATTENDED: usize = room!(|extent| extent.attended());
const HISTORY: usize = room!(|extent| extent.history());
const SHARES: usize = room!(|extent| extent.shares());
const TAPS: usize = room!(|extent| extent.codes());

/// Runs every kernel on inputs of this extent.
pub(super) fn check(kernels: &impl Kernels, extent: &Extent, hostile: bool) -> Result<(), SelfTestError> {
    let recorded = |index: usize| extent.recorded.as_ref()?.get(usize::from(hostile))?.get(index).copied();
    let expect = |done: Option<bool>, error| if done == Some(true) { Ok(()) } else { Err(error) };
    expect(project(kernels, extent, hostile, recorded(0)), SelfTestError::Projection)?;
    expect(layer_norm(kernels, extent, hostile, recorded(1)), SelfTestError::LayerNorm)?;
    // A C library's exp need not give the recorded bits.
    let attention = if cfg!(feature = "system-libm") { None } else { recorded(2) };
    expect(attend(kernels, extent, hostile, attention), SelfTestError::Attention)?;
    expect(mix(kernels, extent, hostile, recorded(3)), SelfTestError::Mix)
}

/// Whether the kernel's results are the definition's, and these the recorded ones.
#[inline(never)]
fn agree(results: &[f32], defined: &[f32], recorded: Option<u32>) -> bool {
    let mut digest = Digest::new();
    digest.add_all(defined);
    let same = results.iter().zip(defined).all(|(&result, &defined)| bits(result) == bits(defined));
    same && recorded.is_none_or(|recorded| digest.is(recorded))
}

#[inline(never)]
fn project(kernels: &impl Kernels, extent: &Extent, hostile: bool, recorded: Option<u32>) -> Option<bool> {
    let &Extent { positions, rows, cols, .. } = extent;
    let mut random = Random::new(1, hostile);
    let (mut inputs, mut packed) = ([0.0; INPUTS], [0; PACKED]);
    let inputs = inputs.get_mut(..extent.inputs())?;
    random.floats(inputs);
    random.bytes(packed.get_mut(..extent.packed())?);
    let many = Matrix::new(&packed, 0.75, rows, cols)?;
    let few = Matrix::new(packed.get(many.packed().len()..)?, 1.5, FEW, cols)?;

    let [mut results, mut defined] = [[0.0; OUTPUTS]; 2];
    let (results, defined) = both(&mut results, &mut defined, extent.outputs())?;
    kernels.project(inputs, positions, &mut projections(&many, &few, positions, results)?);
    definition::project(inputs, positions, &mut projections(&many, &few, positions, defined)?);
    Some(agree(results, defined, recorded))
}

/// The part of both arrays that is used.
fn both<'r>(results: &'r mut [f32], defined: &'r mut [f32], len: usize) -> Option<(&'r mut [f32], &'r mut [f32])> {
    Some((results.get_mut(..len)?, defined.get_mut(..len)?))
}

/// The outputs of `many` side by side, then those of `few`, of which a position's lie apart.
fn projections<'p, 'm>(
    many: &'p Matrix<'m>,
    few: &'p Matrix<'m>,
    positions: usize,
    out: &'p mut [f32],
) -> Option<[Projection<'p, 'm>; 2]> {
    let (out, apart) = out.split_at_mut_checked(positions * many.rows())?;
    let apart = Projection { matrix: few, out: apart, row_stride: positions, position_stride: 1 };
    Some([Projection::new(many, out), apart])
}

#[inline(never)]
fn layer_norm(kernels: &impl Kernels, extent: &Extent, hostile: bool, recorded: Option<u32>) -> Option<bool> {
    let width = extent.width;
    let mut random = Random::new(2, hostile);
    let (mut x, mut params) = ([0.0; VALUES], [0; 2 * 4 * WIDTH]);
    let (x, params) = (x.get_mut(..extent.values())?, params.get_mut(..2 * 4 * width)?);
    random.floats(x);
    random.float_bytes(params);
    let (gamma, beta) = params.split_at_checked(4 * width)?;
    let norm = Norm { gamma: Floats::new(gamma), beta: Floats::new(beta) };

    let [mut results, mut defined] = [[0.0; VALUES]; 2];
    let (results, defined) = both(&mut results, &mut defined, extent.values())?;
    kernels.layer_norm(&norm, x, results);
    definition::layer_norm(&norm, x, defined);
    Some(agree(results, defined, recorded))
}

#[inline(never)]
fn attend(kernels: &impl Kernels, extent: &Extent, hostile: bool, recorded: Option<u32>) -> Option<bool> {
    let &Extent { width, keys: rows, .. } = extent;
    let mut random = Random::new(3, hostile);
    let (mut query, mut elements, mut values) = ([0.0; HEAD], [0.0; KEYS * HEAD], [0.0; ATTENDED]);
    let (elements, values) = (elements.get_mut(..rows * HEAD)?, values.get_mut(..extent.attended())?);
    random.floats(&mut query);
    fill_keys(&mut random, elements, rows);
    random.floats(values);
    let keys = Keys { elements, rows, d_head: HEAD };
    // The oldest rows are the last ones.
    let window = Window { newest: rows / 3, len: rows };

    // The outputs, then the scores, then the rows.
    let [mut results, mut defined] = [[0.0; WIDTH + 2 * KEPT]; 2];
    let (results, defined) = both(&mut results, &mut defined, width + 2 * KEPT)?;
    for (is_defined, out) in [(false, &mut *results), (true, &mut *defined)] {
        let (mut scores, mut best_rows) = ([0.0; KEPT], [0; KEPT]);
        let best = TopK::new(&mut scores, &mut best_rows);
        let (out, kept) = out.split_at_mut_checked(width)?;
        if is_defined {
            definition::attend(&query, &keys, values, &window, best, out);
        } else {
            kernels.attend(&query, &keys, values, &window, best, out);
        }
        for (kept, value) in kept.iter_mut().zip(scores.into_iter().chain(best_rows.map(|row| row as f32))) {
            *kept = value;
        }
    }
    Some(agree(results, defined, recorded))
}

/// Every second key is that of the row before, so that among equal scores the earlier position must win.
fn fill_keys(random: &mut Random, elements: &mut [f32], rows: usize) {
    let mut key = [0.0; HEAD];
    for row in 0..rows {
        if row.is_multiple_of(2) {
            random.floats(&mut key);
        }
        let (mut at, step) = Keys::place(rows, HEAD, row);
        for &element in &key {
            if let Some(slot) = elements.get_mut(at) {
                *slot = element;
            }
            at += step;
        }
    }
}

/// What a mix changes: the history, the state and the residual stream, one behind the other.
const MOVING: usize = HISTORY + WIDTH + VALUES;

#[inline(never)]
fn mix(kernels: &impl Kernels, extent: &Extent, hostile: bool, recorded: Option<u32>) -> Option<bool> {
    let &Extent { positions, width, taps, .. } = extent;
    let mut random = Random::new(4, hostile);
    let [mut inputs, mut attended] = [[0.0; VALUES]; 2];
    let (mut gate, mut shares) = ([0.0; WIDTH], [0.0; SHARES]);
    let (mut params, mut codes) = ([0; 2 * 4 * WIDTH], [0; TAPS]);
    let (inputs, attended) = both(&mut inputs, &mut attended, extent.values())?;
    let (gate, shares) = (gate.get_mut(..width)?, shares.get_mut(..extent.shares())?);
    for values in [&mut *inputs, &mut *attended, &mut *gate, &mut *shares] {
        random.floats(values);
    }
    let (params, codes) = (params.get_mut(..2 * 4 * width)?, codes.get_mut(..extent.codes())?);
    random.float_bytes(params);
    random.bytes(codes);
    let (b, c_out) = params.split_at_checked(4 * width)?;
    let block = Pathways {
        conv: Conv { taps: Matrix::new(codes, 1.25, width, taps)? },
        ssm: Ssm { a_raw: Floats::new(&[]), b: Floats::new(b), c_out: Floats::new(c_out) },
        n_pathways: PATHWAYS,
    };

    let [mut results, mut defined] = [[0.0; MOVING]; 2];
    let history_len = extent.history();
    let (results, defined) = both(&mut results, &mut defined, history_len + width + extent.values())?;
    random.floats(results);
    for (to, from) in defined.iter_mut().zip(&*results) {
        *to = *from;
    }
    for (is_defined, moving) in [(false, &mut *results), (true, &mut *defined)] {
        let (history, rest) = moving.split_at_mut_checked(history_len)?;
        let (state, residual) = rest.split_at_mut_checked(width)?;
        let work = Mix { positions, block: &block, history, state, gate, shares, inputs, attended, residual };
        if is_defined {
            definition::mix(work)?;
        } else {
            kernels.mix(work)?;
        }
    }
    Some(agree(results, defined, recorded))
}
