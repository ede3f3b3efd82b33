//! Ranges of bytes that lie over each other.

use std::ops::Range;

/// Whether two ranges have a byte in common.
pub const fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}
