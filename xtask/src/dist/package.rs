//! The contents of one package, held in memory: what lies in the folder and what goes into the packed file are the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{ensure, Context, Result};

use super::targets::Target;
use crate::workspace;

/// Version of everything in the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Files written from a template: where they go, and the template.
const TEMPLATES: [(&str, &str); 6] = [
    ("CMakeLists.txt", include_str!("../../dist/CMakeLists.txt.in")),
    ("README.txt", include_str!("../../dist/README.txt.in")),
    ("lib/cmake/atome/atomeConfig.cmake", include_str!("../../dist/atomeConfig.cmake.in")),
    ("lib/cmake/atome/atomeConfigVersion.cmake", include_str!("../../dist/atomeConfigVersion.cmake.in")),
    ("lib/pkgconfig/atome-system.pc", include_str!("../../dist/atome-system.pc.in")),
    ("lib/pkgconfig/atome.pc", include_str!("../../dist/atome.pc.in")),
];

/// A package that is not on disk yet.
pub struct Package {
    /// Name of its folder.
    pub name: String,
    /// Path inside the folder to content.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The two archives of a target.
pub struct Archives<'a> {
    /// Correctly rounded `exp` and `tanh`.
    pub portable: &'a Path,
    /// The C library's.
    pub system: &'a Path,
}

/// The name of a target's package.
pub fn name(target: &Target) -> String {
    format!("atome-{VERSION}-{}", target.triple)
}

impl Package {
    /// Gathers the files.
    ///
    /// # Errors
    /// The file that cannot be read, or a placeholder that a template has and nobody fills.
    pub fn new(target: &Target, archives: &Archives) -> Result<Package> {
        let mut files = BTreeMap::new();
        for (path, source) in [
            ("LICENSE", workspace::root().join("LICENSE")),
            ("include/atome.h", workspace::header()),
            ("lib/libatome.a", archives.portable.to_path_buf()),
            ("lib/libatome-system.a", archives.system.to_path_buf()),
        ] {
            let bytes = fs::read(&source).with_context(|| format!("cannot read {}", source.display()))?;
            files.insert(path.to_string(), bytes);
        }
        for (path, template) in TEMPLATES {
            let text = fill(template, target).with_context(|| format!("the template of {path}"))?;
            files.insert(path.to_string(), text.into_bytes());
        }
        Ok(Package { name: name(target), files })
    }

    /// Writes the folder into `parent`, in place of one of that name.
    ///
    /// # Errors
    /// The path that cannot be written.
    pub fn write_folder(&self, parent: &Path) -> Result<()> {
        let folder = parent.join(&self.name);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot replace {}", folder.display()))?;
        }
        for (path, bytes) in &self.files {
            let file = folder.join(path);
            let parent = file.parent().unwrap_or(&folder);
            fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
            fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }
}

fn fill(template: &str, target: &Target) -> Result<String> {
    let about = target.about;
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    let flags = if about.flags.is_empty() { String::new() } else { format!("{} ", about.flags) };
    let notes: String = about.notes.iter().map(|note| format!("\n{note}\n")).collect();
    let mut text = template.to_string();
    for (name, value) in [
        ("@CC@", about.compiler),
        ("@CORES@", about.cores),
        ("@FLAGS@", &flags),
        ("@MAJOR@", major),
        ("@MINOR@", minor),
        ("@NOTES@", &notes),
        ("@PACKAGE@", &self::name(target)),
        ("@POINTER_BYTES@", &about.pointer_bytes.to_string()),
        ("@PROGRAM@", about.program),
        ("@TARGET@", &target.triple),
        ("@VERSION@", VERSION),
    ] {
        text = text.replace(name, value);
    }
    ensure!(!text.contains('@'), "a placeholder is left\n{text}");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_filled_for_every_target() {
        for target in Target::all("x86_64-unknown-linux-gnu") {
            for (path, template) in TEMPLATES {
                let text = fill(template, &target).unwrap();
                assert!(text.contains(VERSION), "{path}");
                assert!(text.lines().all(|line| line.chars().count() <= 125), "{path} for {}", target.triple);
            }
        }
    }

    #[test]
    fn an_unknown_placeholder_is_an_error() {
        let target = Target::host("x86_64-unknown-linux-gnu");
        assert!(fill("@NOBODY@", &target).is_err());
        assert_eq!(fill("@TARGET@", &target).unwrap(), "x86_64-unknown-linux-gnu");
    }
}
