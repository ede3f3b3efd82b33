//! Sums of products, eight elements at a time: loads of eight registers, then a multiply-accumulate each.
//!
//! `vmla` rounds the product before it adds, unlike `vfma`: two operations of the definition in one instruction.

/// Elements at a time.
const BLOCK: usize = 8;

/// Sums at a time.
pub(super) const ROWS: usize = BLOCK;

/// `sum over i of vector[i] * elements[i * stride + row]`, in this order and from +0.0, for `row` from 0 to 7. `None`
/// where `elements` are too few, rows overlap, or there is nothing to sum.
pub(super) fn eight_dots(vector: &[f32], elements: &[f32], stride: usize) -> Option<[f32; ROWS]> {
    let last = vector.len().checked_sub(1)?.checked_mul(stride)?;
    if stride < ROWS || last.checked_add(ROWS)? > elements.len() {
        return None;
    }
    Some(blocks::eight_dots(vector, elements, stride))
}

/// `out[i] += weight * values[i]`, as far as both go.
pub(super) fn add_scaled(out: &mut [f32], weight: f32, values: &[f32]) {
    let len = out.len().min(values.len());
    let (out, values) = (out.get_mut(..len).unwrap_or_default(), values.get(..len).unwrap_or_default());
    let (out_blocks, out_rest) = out.as_chunks_mut::<BLOCK>();
    let (value_blocks, value_rest) = values.as_chunks::<BLOCK>();
    blocks::add_scaled(out_blocks, weight, value_blocks);
    for (out, value) in out_rest.iter_mut().zip(value_rest) {
        *out += weight * value;
    }
}

#[cfg(assembly)]
#[allow(unsafe_code)]
mod blocks {
    use super::BLOCK;

    core::arch::global_asm!(include_str!("products.s"), options(raw));

    extern "C" {
        /// Fills `sums`.
        ///
        /// # Safety
        /// `vector` must be valid for reads of `count` values, not 0, and `elements` of eight values that often, with
        /// `gap` bytes between them.
        fn _atome_engine_eight_dots(
            vector: *const f32,
            elements: *const f32,
            count: usize,
            gap: usize,
            sums: *mut [f32; BLOCK],
        );

        /// Adds to `count` blocks of `out`.
        ///
        /// # Safety
        /// `out` must be valid for reads and writes of `count` blocks, `values` for reads, and `count` must not be 0.
        fn _atome_engine_add_scaled(out: *mut [f32; BLOCK], values: *const [f32; BLOCK], count: usize, weight: f32);
    }

    /// Only for arguments that [`super::eight_dots`] has checked.
    pub(super) fn eight_dots(vector: &[f32], elements: &[f32], stride: usize) -> [f32; BLOCK] {
        let mut sums = [0.0; BLOCK];
        let gap = (stride - BLOCK) * size_of::<f32>();
        // SAFETY: `eight_dots` has checked that `vector` is not empty, that `stride` is at least eight, and that the last
        // eight elements lie in `elements`.
        unsafe { _atome_engine_eight_dots(vector.as_ptr(), elements.as_ptr(), vector.len(), gap, &mut sums) };
        sums
    }

    pub(super) fn add_scaled(out: &mut [[f32; BLOCK]], weight: f32, values: &[[f32; BLOCK]]) {
        let count = out.len().min(values.len());
        if count == 0 {
            return;
        }
        // SAFETY: both have at least `count` blocks, and that is not 0; they do not overlap, as one is borrowed for
        // writing.
        unsafe { _atome_engine_add_scaled(out.as_mut_ptr(), values.as_ptr(), count, weight) }
    }
}

/// What the assembly code does, for machines that do not run it.
#[cfg(not(assembly))]
mod blocks {
    use super::BLOCK;

    pub(super) fn eight_dots(vector: &[f32], elements: &[f32], stride: usize) -> [f32; BLOCK] {
        let mut sums = [0.0; BLOCK];
        for (value, row) in vector.iter().zip(elements.chunks(stride)) {
            for (sum, element) in sums.iter_mut().zip(row) {
                *sum += value * element;
            }
        }
        sums
    }

    pub(super) fn add_scaled(out: &mut [[f32; BLOCK]], weight: f32, values: &[[f32; BLOCK]]) {
        for (out, value) in out.as_flattened_mut().iter_mut().zip(values.as_flattened()) {
            *out += weight * value;
        }
    }
}
