//! Groups of four rows.

/// Rows of a group.
pub(super) const ROWS: usize = 4;

/// `y` becomes, group by group, `scale` times the sums of ±`x` in column order, each started from +0.0.
///
/// A row has a byte for each element of `x`. `others` says how many bytes after a group's first row its other rows start,
/// and the next group starts behind the last one. `None` where that is more than `packed` has, or where there is nothing
/// to do.
pub(super) fn four_rows(
    packed: &[u8],
    others: [usize; ROWS - 1],
    x: &[[f32; 4]],
    scale: f32,
    y: &mut [[f32; ROWS]],
) -> Option<()> {
    let [second, third, fourth] = others;
    let last_group = y.len().checked_sub(1)?.checked_mul(fourth.checked_add(x.len())?)?;
    let last_row = last_group.checked_add(second.max(third).max(fourth))?;
    if x.is_empty() || last_row.checked_add(x.len())? > packed.len() {
        return None;
    }
    scaled_sums(packed, others, x, scale, y);
    Some(())
}

#[cfg(assembly)]
use dispatch::scaled_sums;

#[cfg(assembly)]
#[allow(unsafe_code)]
mod dispatch {
    use super::ROWS;

    // 4.3 KB of code and 3 KB of tables, and 2 KB for the taps, which are made of the same macros.
    core::arch::global_asm!(include_str!("four_rows.s"), include_str!("five_taps.s"), options(raw));

    extern "C" {
        /// Takes 36 bytes of stack.
        ///
        /// # Safety
        /// `x` must have four values for each of `bytes`, `y` four for each of `groups`, and neither number may be 0. All
        /// rows must lie in memory that may be read.
        fn _atome_engine_four_rows(arguments: *mut Arguments);
    }

    /// The assembly code knows where each of them is.
    #[repr(C)]
    struct Arguments {
        first_row: *const u8,
        x: *const [f32; 4],
        /// Of a row.
        bytes: usize,
        others: [usize; ROWS - 1],
        scale: f32,
        y: *mut [f32; ROWS],
        groups: usize,
    }

    /// Only for arguments that [`super::four_rows`] has checked.
    pub(super) fn scaled_sums(
        packed: &[u8],
        others: [usize; ROWS - 1],
        x: &[[f32; 4]],
        scale: f32,
        y: &mut [[f32; ROWS]],
    ) {
        let mut arguments = Arguments {
            first_row: packed.as_ptr(),
            x: x.as_ptr(),
            bytes: x.len(),
            others,
            scale,
            y: y.as_mut_ptr(),
            groups: y.len(),
        };
        // SAFETY: `four_rows` has checked that neither `x` nor `y` is empty and that the last row of the last group, and
        // so every row, lies in `packed`.
        unsafe { _atome_engine_four_rows(&mut arguments) };
    }
}

/// What the assembly code does, for machines that do not run it.
#[cfg(not(assembly))]
fn scaled_sums(packed: &[u8], others: [usize; ROWS - 1], x: &[[f32; 4]], scale: f32, y: &mut [[f32; ROWS]]) {
    use crate::kernel::project::accumulate;
    use crate::weights::Trit;

    let [second, third, fourth] = others;
    let mut first_row = packed;
    for group in y {
        for (out, offset) in group.iter_mut().zip([0, second, third, fourth]) {
            let row = first_row.get(offset..).unwrap_or(&[]);
            let add = |sum, (byte, x): (&u8, &[f32; 4])| {
                x.iter().zip([0, 2, 4, 6]).fold(sum, |sum, (&x, at)| accumulate(sum, Trit::from_code(byte >> at), x))
            };
            *out = row.iter().zip(x).fold(0.0, add) * scale;
        }
        first_row = first_row.get(fourth + x.len()..).unwrap_or(&[]);
    }
}
