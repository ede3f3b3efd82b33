//! The convolution with five taps, what all models at hand have.

/// Taps of a channel.
pub(super) const TAPS: usize = 5;

/// `sums` become the unscaled convolutions of as many channels as `u` has, from `first` on; `u` enters the history, which
/// has a row of `d` values for each tap but the first. `None`, with nothing done, where an array is too short.
pub(super) fn five_taps(
    packed: &[u8],
    first: usize,
    u: &[f32],
    history: &mut [f32],
    d: usize,
    sums: &mut [f32],
) -> Option<()> {
    let behind = first.checked_add(u.len())?;
    let bits = behind.checked_mul(2 * TAPS)?;
    let fits = !u.is_empty()
        && sums.len() >= u.len()
        && behind <= d
        && history.len() == d.checked_mul(TAPS - 1)?
        && bits.div_ceil(8) <= packed.len();
    fits.then(|| convolve(packed, first, u, history, d, sums))
}

#[cfg(assembly)]
use dispatch::convolve;

#[cfg(assembly)]
#[allow(unsafe_code)]
mod dispatch {
    use super::TAPS;

    extern "C" {
        /// Takes 32 bytes of stack. In four_rows.rs, whose macros it needs.
        ///
        /// # Safety
        /// `u`, `history` and `sums` must be valid for `channels` values, not 0, and so must the taps from bit
        /// `first_bit` of `packed` on, ten bits each.
        fn _atome_engine_five_taps(arguments: *const Arguments);
    }

    /// In the order in which the assembly code loads them.
    #[repr(C)]
    struct Arguments {
        packed: *const u8,
        u: *const f32,
        history: [*mut f32; TAPS - 1],
        sums: *mut f32,
        channels: usize,
        first_bit: usize,
    }

    /// Only for arguments that [`super::five_taps`] has checked.
    pub(super) fn convolve(packed: &[u8], first: usize, u: &[f32], history: &mut [f32], d: usize, sums: &mut [f32]) {
        let history = history.as_mut_ptr();
        let arguments = Arguments {
            packed: packed.as_ptr(),
            u: u.as_ptr(),
            history: [0, 1, 2, 3].map(|row| history.wrapping_add(row * d + first)),
            sums: sums.as_mut_ptr(),
            channels: u.len(),
            first_bit: 2 * TAPS * first,
        };
        // SAFETY: `five_taps` has checked that there are four rows of `d` values, that the channels lie within a row and
        // their taps in `packed`, that `sums` has as many places, and that there is a channel. Ten bits that start at an
        // even bit reach into two bytes and no further, which is what is read for each channel.
        unsafe { _atome_engine_five_taps(&arguments) };
    }
}

/// What the assembly code does, for machines that do not run it.
#[cfg(not(assembly))]
fn convolve(packed: &[u8], first: usize, u: &[f32], history: &mut [f32], d: usize, sums: &mut [f32]) {
    use crate::kernel::project::accumulate;
    use crate::weights::Trits;

    for (channel, (&u, out)) in (first..).zip(u.iter().zip(sums)) {
        let mut taps = Trits::starting_at(packed, TAPS * channel).take(TAPS);
        let mut add = |sum, input| taps.next().map_or(sum, |tap| accumulate(sum, tap, input));
        let mut sum = add(0.0, u);
        let mut moving = u;
        for slot in history.iter_mut().skip(channel).step_by(d) {
            core::mem::swap(slot, &mut moving);
            sum = add(sum, moving);
        }
        *out = sum;
    }
}
