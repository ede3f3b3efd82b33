//! The windows that a text is judged by: flags and cutting.

use std::path::Path;

use anyhow::{bail, Result};
use atome_train::corpus::Corpus;
use atome_train::evaluate::windows;
use atome_train::trainer::pool;
use clap::Args;

use crate::numbers::counted;
use crate::values::{whole, COUNT, THREADS};

/// Tokens of a window where nobody says otherwise.
const WINDOW: usize = 128;

#[derive(Debug, Args)]
pub struct WindowArgs {
    /// Tokens of a window; a token is a byte, unless the model has a vocabulary [default: 128]
    #[arg(long, value_name = "N", value_parser = whole::<u16>(2..=65_535))]
    window: Option<u16>,

    /// Where the first window of the text begins, in tokens [default: 0]
    #[arg(long, value_name = "OFFSET", value_parser = whole::<usize>(0..=usize::MAX as u64))]
    from: Option<usize>,

    /// The most windows of a text [default: all that fit]
    #[arg(long, value_name = "N", value_parser = whole::<u32>(COUNT))]
    windows: Option<u32>,

    /// Threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = whole::<u16>(THREADS))]
    threads: Option<u16>,
}

impl WindowArgs {
    /// Tokens of a window.
    pub fn window(&self) -> usize {
        self.window.map_or(WINDOW, usize::from)
    }

    /// Where the first window begins.
    pub fn from(&self) -> usize {
        self.from.unwrap_or(0)
    }

    /// Where the windows of `corpus`, read from `path`, begin: one at least.
    pub fn starts(&self, path: &Path, corpus: &Corpus, from: usize, window: usize) -> Result<Vec<usize>> {
        let most = self.windows.map_or(usize::MAX, |count| count as usize);
        let starts = windows(corpus.len(), from, window, most);
        if starts.is_empty() {
            let unit = if corpus.vocabulary().is_some() { "token" } else { "byte" };
            bail!(
                "{}: {} from offset {from} on, expected a window of {window} at least",
                path.display(),
                counted(corpus.len().saturating_sub(from), unit)
            );
        }
        Ok(starts)
    }

    /// Runs `work` on as many threads as the flags say.
    pub fn on_threads<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        pool(self.threads.map(usize::from))?.install(work)
    }
}
