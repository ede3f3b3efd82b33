//! Logs of trainings, and their plots.

use atome_train::log::lines_of;
use atome_train::plot::loss_curve;

/// A log is refused by its line, or its curve can be drawn.
pub fn log(data: &[u8]) {
    match lines_of(data) {
        Ok(lines) => assert!(loss_curve("a <log>", &lines).trim_end().ends_with("</svg>")),
        Err(error) => assert!(error.to_string().starts_with("line "), "{error}"),
    }
}
