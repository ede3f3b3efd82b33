//! The sizes of a work area, and where its parts lie.

use super::shape::shape_with;
use super::symbolic::{any_slice, any_u32, assume, one_of};
use crate::workspace::{cut, LayerMemory};
use crate::{Layout, Plan, Shape, Workspace};

/// For d_model, max_seq and n_layers 65,535, which give the greatest sums, and the other sizes as in [`shape_with`]: the sizes of a
/// layout are computed without overflow, and add up.
#[inline(always)]
fn adds_up(plan: Plan) {
    let d_model = one_of("which d_model", [65_535]);
    let shape = shape_with(d_model, one_of("which n_layers", [65_535]));
    let Ok(layout) = Layout::new(shape, one_of("which max_seq", [65_535]), plan) else { return };
    assert!(layout.bytes() / 4 == layout.floats() + layout.words());
    assert!(layout.bytes() % 4 == 0);
    assert!(layout.scratch_floats() + layout.logits() + layout.router() == layout.floats());
}

/// Of the lean plan: see [`adds_up`].
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_sizes_of_the_lean_plan_add_up() {
    adds_up(Plan::Lean);
}

/// Of the cached plan: see [`adds_up`].
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn open_sizes_of_the_cached_plan_add_up() {
    adds_up(Plan::Cached);
}

/// For nine numbers of 32 bits in a layout's place, one of them any and the others least or greatest, and any size: checking
/// them overflows nowhere, and what is taken for a layout keeps to the limits.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
#[allow(unsafe_code)]
pub fn open_nine_numbers_are_checked() {
    let names =
        ["plan", "max_seq", "d_model", "n_layers", "n_pathways", "vocab_size", "d_head", "kernel_size", "top_k"];
    let free = one_of("which number is free", [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    let other = one_of("the others", [1, 65_535]) as u32;
    let mut numbers = [other; 9];
    numbers[0] = one_of("plan", [1, 2]) as u32;
    numbers[4] = other.clamp(3, 8);
    for (index, (number, name)) in numbers.iter_mut().zip(names).enumerate() {
        if index == free {
            *number = any_u32(name);
        }
    }
    // SAFETY: as in the C API, `Layout` is nine numbers of 32 bits, and may have any values until it is checked.
    let layout: Layout = unsafe { core::mem::transmute(numbers) };
    let bytes = any_u32("bytes");
    if layout.takes_exactly(bytes) {
        assert!(Shape::new(layout.shape().dims()).is_ok() & (layout.max_seq().wrapping_sub(1) < 65_535));
        assert!(bytes as usize <= isize::MAX as usize);
    }
}

/// `part` is the `len` values from address `at` on, where the next part begins then.
#[inline(always)]
fn expect(at: &mut usize, part: &[f32], len: usize) {
    assert!(part.as_ptr() as usize == *at);
    assert!(part.len() == len);
    *at += 4 * len;
}

/// For d_model 3, max_seq 7, 2 layers, and the other sizes as in [`shape_with`]: the parts follow each other without
/// gaps from the front of the floats to their end, and those of the words, too.
#[inline(always)]
fn parts_follow_each_other(plan: Plan) {
    let shape = shape_with(one_of("which d_model", [3]), 2);
    let max_seq = one_of("which max_seq", [7]);
    let Ok(layout) = Layout::new(shape, max_seq, plan) else { return };
    let (floats, words) = (any_slice(layout.floats()), any_slice(layout.words()));
    let (mut at, end) = (floats.as_ptr() as usize, floats.as_ptr_range().end as usize);
    let first_token = words.as_ptr() as usize + 12;
    let Ok(all) = Workspace::new(&layout, floats, words) else { unreachable!() };
    let (d, h) = (shape.d_model(), shape.d_head());
    expect(&mut at, all.logits, shape.vocab_size());
    expect(&mut at, all.router, max_seq * shape.n_pathways());
    expect(&mut at, all.last_shares, shape.n_layers() * shape.n_pathways());
    expect(&mut at, all.rows.residual, layout.residual_rows() * d);
    expect(&mut at, all.rows.normed, d);
    expect(&mut at, all.search.query, h);
    expect(&mut at, all.search.attended, d);
    let kept = shape.top_k().min(max_seq);
    expect(&mut at, all.search.kept_scores, kept);
    assert!(all.prefix.tokens.as_ptr() as usize == first_token);
    assert!(all.prefix.tokens.len() == max_seq);
    assert!(all.search.kept_rows.as_ptr() as usize == first_token + 4 * max_seq);
    assert!(all.search.kept_rows.len() == kept);
    for layer in 0..shape.n_layers() {
        // The lean plan has one place for all layers.
        let mut at = if plan == Plan::Lean { at } else { at + 4 * layer * layout.layer() };
        let memory = LayerMemory::of(&layout, all.layers, layer);
        expect(&mut at, memory.keys, max_seq * h);
        expect(&mut at, memory.values, max_seq * d);
        expect(&mut at, memory.history, (shape.kernel_size().min(max_seq) - 1) * d);
        expect(&mut at, memory.state, d);
        expect(&mut at, memory.gate, d);
        if (layer + 1 == shape.n_layers()) | (plan == Plan::Lean) {
            assert!(at == end);
        }
    }
}

/// Of the lean plan: see [`parts_follow_each_other`].
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn open_parts_of_the_lean_plan_are_disjoint() {
    parts_follow_each_other(Plan::Lean);
}

/// Of the cached plan: see [`parts_follow_each_other`].
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn open_parts_of_the_cached_plan_are_disjoint() {
    parts_follow_each_other(Plan::Cached);
}

/// For a slice of any length, any start and length: what is cut out lies inside and has that length, or is empty.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_cut_lies_inside() {
    let (len, start, wanted) = (any_u32("len") as usize, any_u32("start") as usize, any_u32("wanted") as usize);
    let all = any_slice::<f32>(len);
    let first = all.as_ptr() as usize;
    let part = cut(all, start, wanted);
    let fits = (start <= len) && (wanted <= len - start);
    assert!(part.len() == if fits { wanted } else { 0 });
    assume(fits);
    assert!(part.as_ptr() as usize == first + 4 * start);
}
