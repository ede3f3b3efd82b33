//! The mutants that cargo-mutants makes of the engine, and names for them that survive most edits.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{process, workspace};

/// One change to one place.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The file from the workspace root.
    pub file: String,
    /// What is changed, and the line it is in; unlike the position, that stays as lines come and go elsewhere. Unique in
    /// its file.
    pub name: String,
    /// What is replaced: line and column of its start and of its end, counted from one, columns in characters.
    pub span: [(usize, usize); 2],
    /// What replaces it.
    pub replacement: String,
}

/// Files without mutants to try: the proofs are claims, like tests, and no build that a test runs in has them.
/// `cargo xtask prove` shows with wrong claims that they can fail.
const PROOFS: &str = "**/proofs/**";

/// All mutants of the engine, in the order of the source.
pub fn list() -> Result<Vec<Mutant>> {
    let mut cargo = process::cargo();
    cargo.args(["mutants", "--list", "--json", "--no-config", "--package", "atome-engine", "--exclude", PROOFS]);
    let text = process::capture_stdout(&mut cargo)?.successful(&cargo)?;
    let values: Vec<Value> = serde_json::from_str(&text).context("cargo mutants --list --json")?;
    let mut sources = BTreeMap::new();
    let mut seen = BTreeMap::new();
    values.iter().map(|value| parse(value, &mut sources, &mut seen).context("cargo mutants --list --json")).collect()
}

fn parse(
    value: &Value,
    sources: &mut BTreeMap<String, String>,
    seen: &mut BTreeMap<(String, String), usize>,
) -> Result<Mutant> {
    let word = |name: &str| value[name].as_str().map(String::from).with_context(|| format!("no `{name}` in {value}"));
    let place = |end: &str, what: &str| {
        let number = value["span"][end][what].as_u64().with_context(|| format!("no `span` in {value}"))?;
        Ok::<_, anyhow::Error>(usize::try_from(number)?)
    };
    let file = word("file")?;
    if !sources.contains_key(&file) {
        let path = workspace::root().join(&file);
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        sources.insert(file.clone(), text);
    }
    let span = [(place("start", "line")?, place("start", "column")?), (place("end", "line")?, place("end", "column")?)];
    let line = sources[&file].lines().nth(span[0].0 - 1).unwrap_or_default();
    // A whole body needs no line to say what is replaced.
    let line = (value["genre"] != "FnValue").then_some(line);
    let name = unpositioned(&word("name")?, line);
    let nth = seen.entry((file.clone(), name.clone())).or_insert(0);
    *nth += 1;
    let name = if *nth == 1 { name } else { format!("{name} #{nth}") };
    Ok(Mutant { file, name, span, replacement: word("replacement")? })
}

/// `file:line:column: change` without the place, but with the text of the line.
fn unpositioned(name: &str, line: Option<&str>) -> String {
    let change = name.splitn(4, ':').nth(3).unwrap_or(name).trim();
    match line {
        Some(line) => format!("{change}: `{}`", line.trim()),
        None => change.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_line_in_place_of_its_number() {
        let name = unpositioned("engine/src/step.rs:7:9: replace < with <= in step", Some("    if a < b {"));
        assert_eq!(name, "replace < with <= in step: `if a < b {`");
        let name = unpositioned("engine/src/step.rs:7:9: replace S::step -> u8 with 1", None);
        assert_eq!(name, "replace S::step -> u8 with 1");
    }
}
