//! What was compared so far.

use crate::wild_calls::Class;

/// Counts of cases, calls and compared values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub cases: u64,
    pub calls: u64,
    /// Numbers of one engine compared with another's.
    pub values: u64,
    /// Of these: NaN on both sides.
    pub nans: u64,
    pub differing_bits: u64,
    /// Calls that the reference was not asked for, of each class.
    pub left_out: [u64; Class::ALL.len()],
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.cases += other.cases;
        self.calls += other.calls;
        self.values += other.values;
        self.nans += other.nans;
        self.differing_bits += other.differing_bits;
        for (count, more) in self.left_out.iter_mut().zip(other.left_out) {
            *count += more;
        }
    }
}
