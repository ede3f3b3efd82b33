//! The jobs that checks consist of, and the pool that works them off.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;

use super::check::Check;
use super::cores::Core;
use super::workbench::Workbench;
use xtask::archive::Profile;
use xtask::workers;

/// A row of the table: a core, and the profile of the archives on it.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    pub core: &'static Core,
    pub profile: Profile,
}

impl Subject {
    /// As the table shows it.
    pub fn title(self) -> String {
        match (self.core.target, self.profile) {
            (Some(_), Profile::Size | Profile::Speed) => format!("{}, {}", self.core.title, self.profile),
            _ => self.core.title.to_string(),
        }
    }

    /// Whether an outcome belongs to this row.
    pub fn has(self, outcome: &Outcome) -> bool {
        outcome.subject.core.name == self.core.name && outcome.subject.profile == self.profile
    }
}

/// What a job found in order.
#[derive(Debug, Default)]
pub struct Done {
    /// What was checked, counted in the check's unit: images, cases, offsets.
    pub count: u64,
    /// Calls that a reference of the user's own was spared.
    pub left_out: u64,
    /// Name and digest of each part of a battery, in that check.
    pub digests: Vec<(String, String)>,
}

impl Done {
    /// Just a number.
    pub fn count(count: u64) -> Done {
        Done { count, ..Done::default() }
    }
}

type Action = dyn Fn(&Workbench, PathBuf) -> Result<Done> + Send + Sync;

/// One image, or what belongs together.
pub struct Job {
    pub subject: Subject,
    pub check: Check,
    /// Unique among the jobs of a subject and check; also names its folder.
    pub name: String,
    /// Long jobs start first.
    pub cost: u64,
    run: Box<Action>,
}

impl Job {
    /// The action gets the workbench and a folder of its own.
    pub fn new(
        subject: Subject,
        check: Check,
        name: impl Into<String>,
        cost: u64,
        run: impl Fn(&Workbench, PathBuf) -> Result<Done> + Send + Sync + 'static,
    ) -> Job {
        Job { subject, check, name: name.into(), cost, run: Box::new(run) }
    }
}

/// What became of a job.
pub struct Outcome {
    pub subject: Subject,
    pub check: Check,
    pub name: String,
    pub seconds: f64,
    pub result: Result<Done>,
}

/// Runs all jobs on all processors; the outcomes come in the order of the jobs.
pub fn run_all(mut jobs: Vec<Job>, workbench: &Workbench) -> Vec<Outcome> {
    jobs.sort_by_key(|job| std::cmp::Reverse(job.cost));
    let mut outcomes = workers::all(&jobs, workers::processors(), |job| run_one(job, workbench));
    outcomes.sort_by(|a, b| (a.check, &a.name).cmp(&(b.check, &b.name)));
    outcomes
}

fn run_one(job: &Job, workbench: &Workbench) -> Outcome {
    let start = Instant::now();
    let Job { subject, check, ref name, .. } = *job;
    let Subject { core, profile } = subject;
    let folder = workbench.folder.join(core.name).join(profile.to_string()).join(check.name()).join(name);
    let result = (job.run)(workbench, folder);
    Outcome { subject, check, name: name.clone(), seconds: start.elapsed().as_secs_f64(), result }
}
