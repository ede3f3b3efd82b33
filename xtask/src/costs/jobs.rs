//! Measurements that do not depend on each other, worked off on all processors.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result};

use crate::qemu::workbench::Workbench;
use crate::record::Figures;

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
pub fn run_all(jobs: Vec<Job>, workbench: &Workbench) -> Result<Figures> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let found: Mutex<Result<Figures>> = Mutex::new(Ok(Figures::new()));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let folder = workbench.folder.join("costs").join(job.name.replace(' ', "-"));
                    let result = (job.run)(workbench, &folder).with_context(|| job.name.clone());
                    let mut found = found.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    match (found.as_mut(), result) {
                        (Ok(figures), Ok(more)) => figures.extend(more),
                        (Ok(_), Err(error)) => *found = Err(error),
                        (Err(_), _) => {}
                    }
                    if found.is_err() {
                        return;
                    }
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
}
