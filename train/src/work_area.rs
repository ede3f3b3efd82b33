//! Memory for the engine's work areas, whose size a file decides.

use anyhow::{anyhow, Result};

/// Zeros for a work area of so many values of either kind.
///
/// # Errors
/// There is no memory for it.
pub fn zeros(floats: usize, words: usize) -> Result<(Vec<f32>, Vec<u32>)> {
    Ok((filled(floats)?, filled(words)?))
}

fn filled<T: Clone + Default>(count: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    values
        .try_reserve_exact(count)
        .map_err(|_| anyhow!("no memory for a work area of {count} values: expected a smaller window or model"))?;
    values.resize(count, T::default());
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_refused_in_words() {
        assert_eq!(zeros(2, 1).unwrap(), (vec![0.0; 2], vec![0]));
        let refused = zeros(1, usize::MAX / 8).unwrap_err().to_string();
        assert!(refused.contains("no memory for a work area"), "{refused}");
    }
}
