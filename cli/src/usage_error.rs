//! Mistakes in how the program was called.

use std::fmt;

/// A mistake in how the program was called, as opposed to one that happened while it ran.
#[derive(Debug)]
pub struct UsageError(pub String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}
