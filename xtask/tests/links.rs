//! Every link in our documents leads somewhere: a file of this repository, and where it names one, a heading in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

/// Every committed document, from the root.
fn documents() -> Vec<PathBuf> {
    let mut git = Command::new("git");
    let listed = git.current_dir(root()).args(["ls-files", "--cached", "--others", "--exclude-standard", "*.md"]);
    let listed = listed.output().expect("git");
    assert!(listed.status.success(), "git ls-files failed");
    let names = String::from_utf8(listed.stdout).expect("names");
    names.lines().map(PathBuf::from).filter(|name| root().join(name).is_file()).collect()
}

/// The text outside of fenced code.
fn prose(text: &str) -> Vec<&str> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push(line);
        }
    }
    lines
}

/// What stands in `](...)`.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        for (start, _) in line.match_indices("](") {
            let rest = &line[start + 2..];
            if let Some(end) = rest.find(')') {
                found.push(rest[..end].to_string());
            }
        }
    }
    found
}

/// The anchors that a viewer makes of a document's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).into_iter().filter_map(|line| {
        let heading = line.trim_start_matches('#');
        (heading.len() < line.len() && heading.starts_with(' ')).then(|| heading.trim())
    });
    headings.map(anchor).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c)).collect();
    let kept: String = kept;
    kept.replace(' ', "-")
}

/// What is wrong with a link of a document, if anything is.
fn fault(document: &Path, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = link.split_once('#').map_or((link, None), |(path, heading)| (path, Some(heading)));
    let folder = document.parent().unwrap_or(Path::new(""));
    let target = if path.is_empty() { root().join(document) } else { root().join(folder).join(path) };
    if !target.exists() {
        return Some(format!("{}: {link} leads nowhere", document.display()));
    }
    let heading = heading?;
    let text = fs::read_to_string(&target).ok()?;
    (!anchors(&text).contains(heading)).then(|| format!("{}: {link} names no heading", document.display()))
}

#[test]
fn every_link_leads_somewhere() {
    let documents = documents();
    assert!(documents.contains(&PathBuf::from("README.md")), "{documents:?}");
    let (mut links, mut faults) = (0, Vec::new());
    for document in &documents {
        let text = fs::read_to_string(root().join(document)).expect("a document");
        for link in targets(&text) {
            links += 1;
            faults.extend(fault(document, &link));
        }
    }
    assert!(links > 50, "only {links} links were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// "docs/numerics.md#21-norm" in a comment.
fn citations(text: &str) -> Vec<&str> {
    let is_end = |c: char| !(c.is_ascii_alphanumeric() || "./#-_".contains(c));
    let starts = text.match_indices("docs/").map(|(start, _)| &text[start..]);
    let cited = starts.map(|rest| rest.split(is_end).next().unwrap_or_default().trim_end_matches('.'));
    cited.filter(|cited| cited.contains(".md")).collect()
}

/// What the code says of the contract can be read where it says.
#[test]
fn every_citation_in_the_code_leads_to_a_heading() {
    let mut git = Command::new("git");
    let listed =
        git.current_dir(root()).args(["ls-files", "*.rs", "*.c", "*.h", "*.s", "*.toml"]).output().expect("git");
    let names = String::from_utf8(listed.stdout).expect("names");
    let (mut count, mut faults) = (0, Vec::new());
    // This file has wrong ones on purpose.
    for name in names.lines().filter(|name| !name.ends_with("tests/links.rs") && root().join(name).is_file()) {
        let text = fs::read_to_string(root().join(name)).expect("a source file");
        for cited in citations(&text) {
            count += 1;
            faults.extend(fault(Path::new("README.md"), cited).map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(count > 25, "only {count} citations were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Files and folders of the repository that a document names as code: "`engine/src/shape.rs`".
fn named_paths(text: &str) -> Vec<String> {
    let spans = prose(text).into_iter().flat_map(|line| line.split('`').skip(1).step_by(2));
    let first = |span: &str| span.split_once('/').map_or("", |(folder, _)| folder).to_string();
    spans.filter(|span| root().join(first(span)).is_dir() && !first(span).is_empty()).map(str::to_string).collect()
}

/// The plan of the house names rooms that there are.
#[test]
fn every_path_in_the_architecture_exists() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).expect("a document");
    let paths: Vec<String> = named_paths(&text).into_iter().filter(|path| !path.contains('*')).collect();
    assert!(paths.len() > 30, "only {paths:?} were found");
    let missing: Vec<&String> = paths.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_wrong_link_is_found() {
    let readme = Path::new("README.md");
    assert_eq!(fault(readme, "docs/README.md"), None);
    assert!(fault(readme, "docs/nothing.md").is_some());
    assert!(fault(readme, "docs/README.md#no-such-heading").is_some());
    assert_eq!(anchor("What is proven, and what is not?"), "what-is-proven-and-what-is-not");
    assert_eq!(targets("a [b](c.md) and\n```\n[x](y)\n```\n[d](e#f)"), ["c.md", "e#f"]);
}
