//! Depthwise causal convolution, one channel at one position (numeric contract, step 2.4).

use super::matvec::accumulate;
use crate::weights::Trit;

/// The sum of ± the channel's inputs, times `scale`. Both iterators run from the newest position back; taps that reach
/// beyond the sequence's start add nothing.
#[inline]
pub fn conv_taps(taps: impl Iterator<Item = Trit>, scale: f32, inputs: impl Iterator<Item = f32>) -> f32 {
    taps.zip(inputs).fold(0.0, |sum, (tap, input)| accumulate(sum, tap, input)) * scale
}

/// The same with the earlier inputs in `history`, which `newest` then enters and whose oldest value falls out.
///
/// `history` holds zeros for what lies before the sequence's start: adding ±0.0 leaves a sum that started from +0.0 as it
/// is, so this equals leaving those taps out.
#[inline]
pub fn conv_channel(taps: impl Iterator<Item = Trit>, scale: f32, newest: f32, history: &mut [f32]) -> f32 {
    let y = conv_taps(taps, scale, core::iter::once(newest).chain(history.iter().copied()));
    let mut entering = newest;
    for slot in history {
        core::mem::swap(slot, &mut entering);
    }
    y
}
