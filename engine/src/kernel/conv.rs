//! Depthwise causal convolution, one channel at one position (numeric contract, step 2.4).

use super::project::accumulate;
use crate::weights::Trit;

/// The sum of ± the channel's inputs, times `scale`. Both iterators run from the newest position back; taps that reach
/// beyond the sequence's start add nothing.
#[inline]
pub fn conv_taps(taps: impl Iterator<Item = Trit>, scale: f32, inputs: impl Iterator<Item = f32>) -> f32 {
    taps.zip(inputs).fold(0.0, |sum, (tap, input)| accumulate(sum, tap, input)) * scale
}
