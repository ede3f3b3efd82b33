//! That a C99 engine of the user's own can take the reference's place on emulated cores, shown with a stand-in for the
//! published one: it stops where that one leaves its arrays, knows ATOME01 alone and casts pointers into the blob.

use anyhow::{ensure, Result};

use super::check::Check;
use super::cores::one_of_each_kind;
use super::job::Outcome;
use super::Settings;
use xtask::reference::Reference;

const CASES: u64 = 400;

/// Everything agrees; with `--wild`, which makes the calls that it is spared else, nothing does.
///
/// # Errors
/// What failed, or what should have.
pub fn check_stand_in() -> Result<String> {
    let settings = |wild| Settings {
        cores: one_of_each_kind().map(|core| core.name.to_string()).collect(),
        only: vec![Check::Differential],
        cases: CASES,
        reference: Reference::stand_in(),
        wild,
        ..Settings::default()
    };
    let summary = super::check(settings(false))?;
    let (_, outcomes) = super::run_jobs(settings(true))?;
    for Outcome { subject, name, result, .. } in &outcomes {
        let end = result.as_ref().map_or_else(|error| format!("{error:#}"), |_| "all cases passed".to_string());
        let is_reached = end.contains("differs: ") || end.contains("HardFault");
        ensure!(is_reached, "{}, {name}: --wild had to end in a difference or a fault\n{end}", subject.title());
    }
    Ok(format!("{summary}; with --wild, all {} images stop or differ", outcomes.len()))
}
