//! Why a pickle is refused.

/// What is wrong with a pickle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickleError {
    /// Bytes from the start of the pickle: where the instruction is.
    pub offset: usize,
    /// What was found there and what was expected.
    pub what: String,
}

impl std::fmt::Display for PickleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "offset {}: {}", self.offset, self.what)
    }
}

impl std::error::Error for PickleError {}
