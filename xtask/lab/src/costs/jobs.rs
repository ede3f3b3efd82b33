//! Measurements that do not depend on each other, worked off on all processors.

use std::path::Path;

use anyhow::{Context, Result};

use crate::qemu::workbench::Workbench;
use crate::record::Figures;
use xtask::workers;

type Action = dyn Fn(&Workbench, &Path) -> Result<Figures> + Send + Sync;

/// One measurement.
pub struct Job {
    /// Unique; also names its folder.
    name: String,
    run: Box<Action>,
}

impl Job {
    /// The action gets the workbench and a folder of its own.
    pub fn new(name: String, run: impl Fn(&Workbench, &Path) -> Result<Figures> + Send + Sync + 'static) -> Job {
        Job { name, run: Box::new(run) }
    }
}

/// Runs all jobs and puts their figures together.
///
/// # Errors
/// The first failure; the jobs that had not begun are left out.
pub fn run_all(jobs: &[Job], workbench: &Workbench) -> Result<Figures> {
    let found = workers::try_all(jobs, workers::processors(), |job| {
        let folder = workbench.folder.join("costs").join(job.name.replace(' ', "-"));
        (job.run)(workbench, &folder).with_context(|| job.name.clone())
    });
    Ok(found?.into_iter().flatten().collect())
}
