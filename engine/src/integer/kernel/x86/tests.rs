//! Every set of instructions against the definition, those among them that a kernel leaves alone on this processor.

use super::{project_by, project_together_by, Way};
use crate::integer::kernel::tests::{compare, compare_together};

#[test]
fn every_way_has_the_definitions_sums() {
    for way in Way::ALL.into_iter().filter(|way| way.is_available()) {
        // SAFETY: it is available.
        let done = compare(|matrices, inputs, sums| unsafe { project_by(way, matrices, inputs, sums) });
        assert!(done > 15, "{way:?}: {done}");
    }
}

#[test]
fn every_way_has_the_definitions_sums_of_several_positions() {
    for way in Way::ALL.into_iter().filter(|way| way.is_available()) {
        let done = compare_together(|matrices, cols, inputs, sums| {
            // SAFETY: it is available.
            unsafe { project_together_by(way, matrices, cols, inputs, sums) }
        });
        assert!(done > 15, "{way:?}: {done}");
    }
}
