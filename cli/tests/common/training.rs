//! Trainings of a tiny model on a made-up text.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{atome, write};

/// A model that trains in no time.
const TINY: [&str; 10] = ["--d-model", "8", "--n-layers", "1", "--d-head", "4", "--kernel-size", "3", "--batch", "2"];

/// A text to learn from, story.txt in `folder`.
pub fn text(folder: &Path) -> PathBuf {
    let words = ["the ", "robot ", "asks ", "a ", "small ", "question ", "again.\n", "why "];
    let text: String = (0..3000_usize).map(|i| words[(i * i / 7 + i) % words.len()]).collect();
    write(folder, "story.txt", text.as_bytes())
}

/// A training of the tiny model to `out` in `folder`.
pub fn train(folder: &Path, out: &str) -> Command {
    let mut call = atome();
    call.current_dir(folder)
        .arg("train")
        .arg("--text")
        .arg(folder.join("story.txt"))
        .arg("--out")
        .arg(folder.join(out));
    call
}

/// A training of so many steps of the tiny model.
pub fn tiny(folder: &Path, out: &str, steps: u64) -> Command {
    let mut call = train(folder, out);
    // A rate that does not depend on the number of steps: tests extend trainings.
    call.args(TINY).args(["--published", "--steps", &steps.to_string()]);
    call
}
