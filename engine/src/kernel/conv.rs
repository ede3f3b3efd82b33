//! Depthwise causal convolution, one channel at one position (docs/numerics.md#24-local-pathway-depthwise-causal-convolution).

use super::project::accumulate_weight;
use crate::weights::Conv;

/// The sum of the channel's taps times its inputs, times the scale. `inputs` runs from the newest position back; taps that
/// reach beyond the sequence's start add nothing.
#[inline]
pub fn conv_taps(conv: &Conv, channel: usize, inputs: impl Iterator<Item = f32>) -> f32 {
    let taps = &conv.taps;
    let first = channel * taps.cols();
    let each = (first..first + taps.cols()).zip(inputs);
    each.fold(0.0, |sum, (index, input)| accumulate_weight(sum, taps, index, input)) * taps.scale()
}
