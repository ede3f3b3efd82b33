//! The section of `README.md` that a full run writes.

use std::fs;

use anyhow::{Context, Result};

use super::conditions::Conditions;
use super::goals::{self, Row};
use crate::workspace;

const START: &str = "<!-- What follows is written by `cargo xtask bench`. -->\n";
const END: &str = "<!-- End of what `cargo xtask bench` writes. -->\n";

/// Puts the table of this run into the section.
///
/// # Errors
/// The README has lost the section's two marks.
pub fn update(rows: &[Row], conditions: &Conditions) -> Result<()> {
    let path = workspace::root().join("README.md");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    super::write(&path, &replaced(&text, &section(rows, conditions))?)
}

fn section(rows: &[Row], conditions: &Conditions) -> String {
    let Conditions { date, machine, cc, rustc, model, command } = conditions;
    let version = |text: &str| text.split(" (").next().unwrap_or(text).to_string();
    let gcc = cc.rsplit(' ').next().unwrap_or(cc);
    format!(
        "{}\n{date}, {machine}, one core; {model}; gcc {gcc}, {}; medians, by `{command}`.\n",
        goals::short_table(rows),
        version(rustc)
    )
}

fn replaced(text: &str, section: &str) -> Result<String> {
    let (before, rest) = text.split_once(START).with_context(|| format!("README.md: expected the line {START:?}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("README.md: expected the line {END:?}"))?;
    Ok(format!("{before}{START}\n{section}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_section_changes() {
        let text = format!("# Title\n{START}old\n{END}more\n");
        let new = replaced(&text, "new\n").unwrap();
        assert_eq!(new, format!("# Title\n{START}\nnew\n\n{END}more\n"));
        assert_eq!(replaced(&new, "new\n").unwrap(), new);
        assert!(replaced("# Title\n", "new").is_err());
    }

    #[test]
    fn the_readme_has_the_marks() {
        let text = fs::read_to_string(workspace::root().join("README.md")).unwrap();
        assert!(text.contains(START) && text.contains(END) && text.contains("benches/results.svg"));
    }
}
