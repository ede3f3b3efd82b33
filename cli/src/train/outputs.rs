//! The files that a training writes.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::args::TrainArgs;
use crate::files::check_names;
use crate::UsageError;

/// Where they go.
pub struct Outputs {
    pub log: PathBuf,
    pub plot: PathBuf,
    pub logits: PathBuf,
}

impl Outputs {
    /// Those that are not named lie beside the checkpoint.
    pub fn of(args: &TrainArgs) -> Self {
        let beside = |given: &Option<PathBuf>, extension: &str| {
            given.clone().unwrap_or_else(|| args.out.with_extension(extension))
        };
        Self {
            log: beside(&args.work.log, "jsonl"),
            plot: beside(&args.work.plot, "svg"),
            logits: beside(&args.teacher.teacher_logits, "logits"),
        }
    }

    /// Every file has a name of its own, and nothing that is there already is lost.
    ///
    /// # Errors
    /// A usage error that names the file.
    pub fn check(&self, args: &TrainArgs) -> Result<()> {
        let inputs: Vec<&Path> =
            [Some(&args.text), args.teacher.teacher.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
        let logits = args.teacher.teacher.as_ref().map(|_| &self.logits);
        let outputs = [Some(&args.out), Some(&self.log), Some(&self.plot), logits].into_iter().flatten();
        check_names(outputs.map(PathBuf::as_path), &inputs)?;
        for path in [&self.log, &self.plot] {
            if path.exists() && !args.force && !args.resume {
                let message = format!("{}: is there already: --force replaces it", path.display());
                return Err(UsageError(message).into());
            }
        }
        Ok(())
    }
}
