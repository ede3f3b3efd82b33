//! The contents of one package, held in memory: what lies in the folder and what goes into the packed file are the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};

use super::targets::Target;
use crate::archive::{Flavour, Mode, Profile};
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

/// The same, where there are two profiles.
const SPEED_TEMPLATES: [(&str, &str); 2] = [
    ("lib/pkgconfig/atome-speed-system.pc", include_str!("../../dist/atome-speed-system.pc.in")),
    ("lib/pkgconfig/atome-speed.pc", include_str!("../../dist/atome-speed.pc.in")),
];

const SPEED_FILES: &str = "\
  lib/libatome-speed.a     the same two, built to save time where the others save flash
  lib/libatome-speed-system.a
";

const SPEED: &str = "\
  speed      libatome-speed.a and libatome-speed-system.a compute the same bits as these two in less time, for some 10 KB
             more flash and up to 4 KB more stack.

";

/// A package that is not on disk yet.
pub struct Package {
    /// Name of its folder.
    pub name: String,
    /// Path inside the folder to content.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The archives of a target: for size and for speed on a microcontroller, elsewhere for speed only.
pub fn flavours(target: &Target) -> Vec<Flavour> {
    let profiles: &[Profile] = if target.is_host { &[Profile::Speed] } else { &Profile::ALL };
    profiles.iter().flat_map(|&profile| Mode::ALL.map(|mode| Flavour::new(mode, profile))).collect()
}

/// The file name of an archive, without `lib` and `.a`. Each target's usual profile needs no word.
pub fn library(target: &Target, flavour: Flavour) -> String {
    let profile = if flavour.profile == Profile::usual(target.cargo_target()) { "" } else { "-speed" };
    let mode = if flavour.mode == Mode::System { "-system" } else { "" };
    format!("atome{profile}{mode}")
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
    pub fn new(target: &Target, archives: &[(Flavour, PathBuf)]) -> Result<Package> {
        let mut sources = vec![
            ("LICENSE".to_string(), workspace::root().join("LICENSE")),
            ("include/atome.h".into(), workspace::header()),
        ];
        for (flavour, path) in archives {
            sources.push((format!("lib/lib{}.a", library(target, *flavour)), path.clone()));
        }
        let mut files = BTreeMap::new();
        for (path, source) in sources {
            let bytes = fs::read(&source).with_context(|| format!("cannot read {}", source.display()))?;
            files.insert(path, bytes);
        }
        for (path, template) in templates(target) {
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

fn templates(target: &Target) -> impl Iterator<Item = (&'static str, &'static str)> {
    let speed: &[_] = if target.is_host { &[] } else { &SPEED_TEMPLATES };
    TEMPLATES.iter().chain(speed).copied()
}

fn fill(template: &str, target: &Target) -> Result<String> {
    let about = target.about;
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    let flags = if about.flags.is_empty() { String::new() } else { format!("{} ", about.flags) };
    let notes: String = about.notes.iter().map(|note| format!("\n{note}\n")).collect();
    let of_speed = |text| if target.is_host { "" } else { text };
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
        ("@SPEED@", of_speed(SPEED)),
        ("@SPEED_CMAKE@", of_speed(", atome::speed, atome::speed_system")),
        ("@SPEED_FILES@", of_speed(SPEED_FILES)),
        ("@SPEED_PC@", of_speed(", atome-speed ...")),
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
            for (path, template) in templates(&target) {
                let text = fill(template, &target).unwrap();
                assert!(text.contains(VERSION), "{path}");
                assert!(text.lines().all(|line| line.chars().count() <= 125), "{path} for {}", target.triple);
            }
        }
    }

    #[test]
    fn libraries_are_named_for_what_is_unusual() {
        let names = |target: &Target| flavours(target).iter().map(|&f| library(target, f)).collect::<Vec<_>>();
        let host = Target::host("x86_64-unknown-linux-gnu");
        assert_eq!(names(&host), ["atome", "atome-system"]);
        let m3 = Target::named("thumbv7m-none-eabi", &host.triple).unwrap();
        assert_eq!(names(&m3), ["atome", "atome-system", "atome-speed", "atome-speed-system"]);
    }

    #[test]
    fn an_unknown_placeholder_is_an_error() {
        let target = Target::host("x86_64-unknown-linux-gnu");
        assert!(fill("@NOBODY@", &target).is_err());
        assert_eq!(fill("@TARGET@", &target).unwrap(), "x86_64-unknown-linux-gnu");
    }
}
