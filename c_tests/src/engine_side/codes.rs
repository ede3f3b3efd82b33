//! The C codes of the engine's results.

use atome_engine::{FormatError, RunError};

/// What loading returns.
pub fn load_code<T>(result: Result<T, FormatError>) -> i32 {
    match result {
        Ok(_) => 0,
        Err(FormatError::Truncated { .. }) => -2,
        Err(FormatError::Malformed { .. }) => -5,
        Err(_) => -1,
    }
}

/// What a run returns.
pub fn run_code(result: Result<usize, RunError>) -> i32 {
    result.map_or(-1, |index| index as i32)
}
