//! The sizes of a work area, and how parts are cut out of it.

use super::shape::shape_with;
use super::symbolic::{any_slice, any_u32, assume, one_of};
use crate::exact::cut;
use crate::{Layout, Plan};

/// For d_model, max_seq and n_layers 65,535, which give the greatest sums, and the other sizes as in [`shape_with`]:
/// the sizes of a layout of the lean plan are computed without overflow, and add up.
///
/// The cached plan's, and where the parts of both lie, are tests over a grid of shapes and over the greatest sizes:
/// `engine/tests/layout.rs` and `engine/src/exact/workspace.rs`. A solver does not finish their sums of products.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_sizes_of_the_lean_plan_add_up() {
    let d_model = one_of("which d_model", [65_535]);
    let shape = shape_with(d_model, one_of("which n_layers", [65_535]));
    let Ok(layout) = Layout::new(shape, one_of("which max_seq", [65_535]), Plan::Lean) else { return };
    assert!(layout.bytes() / 4 == layout.floats() + layout.words());
    assert!(layout.bytes() % 4 == 0);
    assert!(layout.scratch_floats() + layout.logits() + layout.router() == layout.floats());
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
