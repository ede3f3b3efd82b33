//! Products of a query and of keys, four rows at a time.

use super::vectors::{Vectors, WIDEST};
use crate::integer::MOST_HEAD;

/// Rows at a time.
const FOUR: usize = 4;

/// A query in 16 bits a number, with zeros behind it.
#[repr(align(64))]
struct Query([i16; MOST_HEAD]);

/// As [`super::super::dots`], of the first rows; returns how many.
///
/// # Safety
/// As [`Vectors`].
#[inline(always)]
pub(super) unsafe fn dots<V: Vectors>(query: &[i8], keys: &[i8], rows: &[u16], dots: &mut [i32]) -> usize {
    const { assert!(MOST_HEAD.is_multiple_of(WIDEST / 2)) };
    let (h, step) = (query.len(), V::BYTES / 2);
    if h > MOST_HEAD {
        return 0;
    }
    let mut wide = Query([0; MOST_HEAD]);
    wide.0.iter_mut().zip(query).for_each(|(wide, &number)| *wide = number.into());
    // What is read behind a row counts as nothing, but must be there.
    let end = h.next_multiple_of(step);
    let mut done = 0;
    for (rows, dots) in rows.as_chunks::<FOUR>().0.iter().zip(dots.as_chunks_mut::<FOUR>().0) {
        let places = rows.map(|row| usize::from(row) * h);
        if places.iter().any(|place| place + end > keys.len()) {
            break;
        }
        // SAFETY: as the caller promises; all bytes are there, and so many numbers of the query.
        unsafe {
            let mut sums = [V::zero(); FOUR];
            for column in (0..end).step_by(step) {
                let query = V::load(wide.0.as_ptr().add(column).cast());
                for (sum, place) in sums.iter_mut().zip(places) {
                    let keys = V::load_wide(keys.as_ptr().add(place + column));
                    *sum = sum.add_wide_products(keys, query);
                }
            }
            let [a, b, c, d] = sums;
            a.both(b).fours(c.both(d)).store_totals(1, 0, dots.as_mut_ptr());
        }
        done += FOUR;
    }
    done
}
