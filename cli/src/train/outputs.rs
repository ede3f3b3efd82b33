//! The files that a training writes.

use std::path::{Path, PathBuf};

use anyhow::Result;
use atome_train::checkpoint::atomic::Existing;
use atome_train::disk::Lock;
use atome_train::teacher::TeacherLogits;

use super::args::{PairArgs, TrainArgs};
use crate::files::{check_folder, check_names, is_taken, lock, Place};
use crate::usage_error::UsageError;

/// Where the files of a training go.
pub struct Outputs {
    pub log: PathBuf,
    pub plot: PathBuf,
    pub logits: PathBuf,
    /// What abstaining is worth, of a classifier.
    pub coverage: PathBuf,
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
            coverage: args.out.with_extension("coverage.svg"),
        }
    }

    /// Every file has a name and a folder of its own, and until the locks are dropped no other run writes any of them.
    ///
    /// # Errors
    /// Names the file, and what is in its way.
    pub fn claim(&self, args: &TrainArgs) -> Result<Vec<Lock>> {
        let PairArgs { pairs, classes, .. } = &args.pairs;
        let inputs = [&args.text, pairs, classes, &args.teacher.teacher, &args.init_from];
        let inputs: Vec<&Path> = inputs.into_iter().flatten().map(PathBuf::as_path).collect();
        let (log, plot) = (Place::of("--log", &self.log), Place::of("--plot", &self.plot));
        let mut outputs = vec![Place::of("--out", &args.out), log, plot];
        outputs.extend(self.coverage_of(args));
        if args.teacher.teacher.is_some() {
            outputs.push(Place::of("--teacher-logits", &self.logits));
        }
        check_names(outputs.iter().copied(), &inputs)?;
        // Now, and not at the first save, which may be an hour away.
        outputs.iter().copied().try_for_each(check_folder)?;
        outputs.into_iter().filter_map(|output| lock(output).transpose()).collect()
    }

    /// Written by a training on classes alone.
    fn coverage_of(&self, args: &TrainArgs) -> Option<Place<'_>> {
        args.pairs.classes.is_some().then(|| Place::of("--classes", &self.coverage))
    }

    /// Nothing that is there already is lost. Returns whether a teacher's logits may replace others.
    ///
    /// # Errors
    /// A usage error that names the file; something else than logits is in their place.
    pub fn check(&self, args: &TrainArgs) -> Result<Existing> {
        let is_lost = |place: &Place<'_>| is_taken(place.path) && !args.force && !args.resume;
        let places =
            [Some(Place::of("--log", &self.log)), Some(Place::of("--plot", &self.plot)), self.coverage_of(args)];
        match places.iter().flatten().find(|place| is_lost(place)) {
            Some(place) => Err(UsageError(format!("{place}: is there already: --force replaces it")).into()),
            None if args.teacher.teacher.is_some() => TeacherLogits::look_up(&self.logits),
            None => Ok(Existing::Keep),
        }
    }
}
