//! The mutants that cargo-mutants makes of the engine, and names for them that survive most edits.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use super::tree::Tree;
use xtask::process;

/// One change to one place.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The file from the workspace root.
    pub file: String,
    /// What is changed, and the line it is in; unlike the position, that stays as lines come and go elsewhere. Unique in
    /// its file.
    pub name: String,
    /// cargo-mutants' name for it, with the place.
    pub title: String,
    /// Line and column of the start of the function around it, counted from one; none around a constant.
    pub function: Option<(usize, usize)>,
}

/// Files without mutants to try: the proofs are claims, like tests, and no build that a test runs in has them.
/// `cargo xtask prove` shows with wrong claims that they can fail.
const PROOFS: &str = "**/proofs/**";

/// All mutants of the engine's copy, in the order of the source.
pub fn list(tree: &Tree) -> Result<Vec<Mutant>> {
    let mut cargo = process::cargo();
    cargo.current_dir(tree.root());
    cargo.args(["mutants", "--list", "--json", "--no-config", "--package", "atome-engine", "--exclude", PROOFS]);
    let text = process::capture_stdout(&mut cargo)?.successful(&cargo)?;
    let values: Vec<Value> = serde_json::from_str(&text).context("cargo mutants --list --json")?;
    let mut seen = BTreeMap::new();
    values.iter().map(|value| parse(value, tree, &mut seen).context("cargo mutants --list --json")).collect()
}

/// `seen` counts the mutants of a name in a file so far.
fn parse(value: &Value, tree: &Tree, seen: &mut BTreeMap<(String, String), usize>) -> Result<Mutant> {
    let word = |name: &str| value[name].as_str().map(String::from).with_context(|| format!("no `{name}` in {value}"));
    let place = |value: &Value| {
        let number = |name: &str| usize::try_from(value[name].as_u64()?).ok();
        Some((number("line")?, number("column")?))
    };
    let (file, title) = (word("file")?, word("name")?);
    let (line, _) = place(&value["span"]["start"]).with_context(|| format!("no `span` in {value}"))?;
    let text = tree.read(&file)?;
    // A whole body needs no line to say what is replaced.
    let line = (value["genre"] != "FnValue").then(|| text.lines().nth(line - 1).unwrap_or_default());
    let name = unpositioned(&title, line);
    let nth = seen.entry((file.clone(), name.clone())).or_insert(0);
    *nth += 1;
    let name = if *nth == 1 { name } else { format!("{name} #{nth}") };
    Ok(Mutant { file, name, title, function: place(&value["function"]["span"]["start"]) })
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
