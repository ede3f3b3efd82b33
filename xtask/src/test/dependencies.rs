//! What we did not write: licences, sources, crates in two versions, and known faults.

use std::process::Command;

use anyhow::Result;

use super::report::Outcome;
use crate::process;

/// How to get the program; it takes minutes to compile, so nobody is made to wait for it.
const INSTALL: &str = "cargo install --locked cargo-deny";

/// cargo-deny has nothing against the dependencies (deny.toml).
pub fn allowed() -> Result<Outcome> {
    if process::find("cargo-deny").is_none() {
        return Ok(Outcome::Skipped(format!("cargo-deny is not there: {INSTALL}")));
    }
    process::checked(deny().args(["check", "licenses", "bans", "sources"]))?;
    // The list of known faults lies elsewhere, which not every machine reaches.
    if process::checked(deny().args(["fetch", "db"])).is_err() {
        return Ok(Outcome::Passed(
            "licences, versions, sources; the list of known faults cannot be reached".to_string(),
        ));
    }
    process::checked(deny().args(["check", "advisories"]))?;
    Ok(Outcome::Passed("licences, versions, sources, known faults".to_string()))
}

fn deny() -> Command {
    let mut cargo = process::cargo();
    cargo.arg("deny");
    cargo
}
