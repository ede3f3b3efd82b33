//! What outputs hold before a call, and behind what it may write.

/// Elements behind an output that must stay untouched.
pub const MARGIN: usize = 3;
/// An element of an output of tokens before a call.
pub const UNTOUCHED: i32 = -777;
/// An element of an output of floats before a call.
pub const UNTOUCHED_FLOAT: f32 = -777.0;
