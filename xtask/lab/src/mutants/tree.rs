//! A copy of the engine to mutate, in the scratch folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use xtask::{process, workspace};

/// The copy.
pub struct Tree {
    root: PathBuf,
}

/// Compiles fast; the tests of what is mutated take longest of all that runs.
const PROFILE: &str = "
[profile.dev]
debug = false
opt-level = 1

[profile.dev.package.core-math]
opt-level = 2

[profile.dev.package.metallic]
opt-level = 2
";

impl Tree {
    /// Copies the engine as it is now.
    pub fn make() -> Result<Self> {
        let root = workspace::scratch().join("mutants/tree");
        let tree = Self { root };
        let old = tree.root.join("engine");
        if old.exists() {
            fs::remove_dir_all(&old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
        let files = process::checked(process::in_root("git").args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "engine",
        ]))?;
        for file in files.lines().filter(|file| workspace::root().join(file).is_file()) {
            tree.write(file, &read(&workspace::root().join(file))?)?;
        }
        fs::copy(workspace::root().join("Cargo.lock"), tree.root.join("Cargo.lock")).context("Cargo.lock")?;
        tree.write("Cargo.toml", &manifest(&read(&workspace::root().join("Cargo.toml"))?))?;
        // A test of the engine predicts with it.
        let models = tree.root.join("models");
        fs::create_dir_all(&models).with_context(|| format!("cannot create {}", models.display()))?;
        fs::copy(workspace::root().join("models/default.bin"), models.join("default.bin")).context("default.bin")?;
        tree.link_data()?;
        Ok(tree)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a file; `file` as seen from the workspace root.
    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        let path = self.root.join(file);
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Reads a file as it was copied.
    pub fn read(&self, file: &str) -> Result<String> {
        read(&self.root.join(file))
    }

    /// The data folder that tests look for beside the workspace.
    fn link_data(&self) -> Result<()> {
        let link = self.root.with_file_name("shared");
        #[cfg(unix)]
        if let (Ok(shared), false) = (fs::canonicalize(workspace::root().join("../shared")), link.exists()) {
            std::os::unix::fs::symlink(shared, &link).with_context(|| format!("cannot link {}", link.display()))?;
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The workspace's manifest with the engine alone, and a profile for this.
fn manifest(text: &str) -> String {
    let mut manifest = String::new();
    for line in text.lines().take_while(|line| !line.starts_with("[profile")) {
        let line = if line.starts_with("members = ") { "members = [\"engine\"]" } else { line };
        manifest += &format!("{line}\n");
    }
    manifest + PROFILE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_keeps_all_but_members_and_profiles() {
        let text =
            "[workspace]\nmembers = [\"engine\", \"cli\"]\n[x]\ny = 1\n[profile.dev]\ndebug = 1\n[profile.release]\n";
        let expected = format!("[workspace]\nmembers = [\"engine\"]\n[x]\ny = 1\n{PROFILE}");
        assert_eq!(manifest(text), expected);
    }
}
