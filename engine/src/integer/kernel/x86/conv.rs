//! The convolution of eight channels at a time, with AVX2.

use core::arch::x86_64::*;

use crate::integer::conv::are_short;
use crate::weights::Matrix;

/// Channels at a time.
const LANES: usize = 8;

/// As [`crate::integer::conv::convolve`], of the first channels; returns how many.
///
/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn convolve(taps: &Matrix, inputs: &[i16], history: &[i16], sums: &mut [i32]) -> usize {
    let (cols, packed, d) = (taps.cols(), taps.packed(), inputs.len());
    if !are_short(taps) || sums.len() < d {
        return 0;
    }
    let mut done = 0;
    // The last channel's word of codes has to be there.
    while done + LANES <= d && (done + LANES - 1) * cols / 4 + 4 <= packed.len() {
        // SAFETY: the words begin at the bytes of these channels' first codes, of which the last is in bounds.
        let mut codes = unsafe { words(packed, done * cols, cols) };
        let Some(newest) = eight(inputs, done) else { break };
        // SAFETY: eight numbers.
        let mut sum = unsafe { product(codes, newest) };
        let rows = history.chunks_exact(d).take(cols - 1);
        for row in rows {
            let Some(before) = eight(row, done) else { break };
            codes = _mm256_srli_epi32::<2>(codes);
            // SAFETY: eight numbers.
            sum = _mm256_add_epi32(sum, unsafe { product(codes, before) });
        }
        if let Some(sums) = sums.get_mut(done..).and_then(|rest| rest.first_chunk_mut::<LANES>()) {
            // SAFETY: room for eight.
            unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast(), sum) };
        }
        done += LANES;
    }
    done
}

/// Eight numbers of a row.
#[inline(always)]
fn eight(row: &[i16], channel: usize) -> Option<&[i16; LANES]> {
    row.get(channel..)?.first_chunk()
}

/// The codes of eight channels, the first of which begin at index `first`; each as its weight's two bits.
///
/// # Safety
/// The processor has the instructions, and each channel's word lies in `packed`.
#[inline(always)]
unsafe fn words(packed: &[u8], first: usize, cols: usize) -> __m256i {
    // SAFETY: as the caller promises. No index of a code is beyond 2^31: there are at most 65,535 channels of 13 taps.
    unsafe {
        let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        let indices = _mm256_add_epi32(
            _mm256_set1_epi32(first as i32),
            _mm256_mullo_epi32(lanes, _mm256_set1_epi32(cols as i32)),
        );
        let words = _mm256_i32gather_epi32::<1>(packed.as_ptr().cast(), _mm256_srli_epi32::<2>(indices));
        let within = _mm256_slli_epi32::<1>(_mm256_and_si256(indices, _mm256_set1_epi32(3)));
        let codes = _mm256_srlv_epi32(words, within);
        // Code 10 reads as 00.
        let low = _mm256_set1_epi32(0x5555_5555);
        let plus = _mm256_and_si256(codes, low);
        _mm256_and_si256(codes, _mm256_or_si256(_mm256_slli_epi32::<1>(plus), low))
    }
}

/// The lowest codes times inputs.
///
/// # Safety
/// The processor has the instructions.
#[inline(always)]
unsafe fn product(codes: __m256i, inputs: &[i16; LANES]) -> __m256i {
    // SAFETY: as the caller promises; eight numbers.
    unsafe {
        let weights = _mm256_srai_epi32::<30>(_mm256_slli_epi32::<30>(codes));
        let inputs = _mm256_cvtepi16_epi32(_mm_loadu_si128(inputs.as_ptr().cast()));
        // A weight's product is the input with its sign.
        _mm256_sign_epi32(inputs, weights)
    }
}
