//! Depthwise causal convolution (docs/numerics.md#24-local-pathway-depthwise-causal-convolution), one channel at one position.

use super::project::add_weight;
use crate::weights::Conv;

/// `(sum over taps j of weight(channel, j) * u[t - j]) * scale`.
///
/// `inputs` are `u[t]`, `u[t - 1]` and so on; taps that reach beyond its end, where the sequence starts, add nothing.
#[inline]
pub fn conv_taps(conv: &Conv, channel: usize, inputs: impl Iterator<Item = f32>) -> f32 {
    let taps = &conv.taps;
    let first = channel * taps.cols();
    let each = (first..first + taps.cols()).zip(inputs);
    each.fold(0.0, |sum, (index, input)| add_weight(sum, taps, index, input)) * taps.scale()
}
