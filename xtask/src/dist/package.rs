//! The contents of one package, held in memory: what lies in the folder and what goes into the packed file are the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};

use super::sbom;
use super::targets::Target;
use crate::archive::{Flavour, Mode, Profile};
use crate::workspace;

/// Version of everything in the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Files written from a template: where they go, and the template.
const TEMPLATES: [(&str, &str); 4] = [
    ("CMakeLists.txt", include_str!("../../dist/CMakeLists.txt.in")),
    ("README.txt", include_str!("../../dist/README.txt.in")),
    ("lib/cmake/atome/atomeConfig.cmake", include_str!("../../dist/atomeConfig.cmake.in")),
    ("lib/cmake/atome/atomeConfigVersion.cmake", include_str!("../../dist/atomeConfigVersion.cmake.in")),
];

/// For each library.
const PKG_CONFIG: &str = include_str!("../../dist/library.pc.in");

// A backslash at the end of a line would swallow the blanks that the next one begins with.
const SIZE_FILES: &str = "  lib/libatome-size.a      the same two, with the least flash and stack
  lib/libatome-size-system.a
";

const SIZE: &str = "  size       libatome-size.a and libatome-size-system.a compute the same bits as these two with 1 to 3 KB less flash and
             up to 0.5 KB less stack, in two to six times as long.

";

const SIGNED_FILE: &str = "  lib/libatome-signed.a    the library, portable mode, that loads signed models, too
";

const SIGNED_FILES: &str = "  lib/libatome-signed.a    the two of portable mode that load signed models, too
  lib/libatome-size-signed.a
";

const SIGNED_LIBRARY: &str = "libatome-signed.a";
const SIGNED_LIBRARIES: &str = "libatome-signed.a and libatome-size-signed.a";

/// A package that is not on disk yet.
pub struct Package {
    /// Name of its folder.
    pub name: String,
    /// Path inside the folder to content.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The archives of a target: the usual one, and for size on a microcontroller. Those that check signatures are of the portable mode, which is the one for new firmware.
pub fn flavours(target: &Target) -> Vec<Flavour> {
    let profiles: &[Profile] = if target.is_host { &[Profile::Usual] } else { &[Profile::Usual, Profile::Size] };
    let of = |profile| {
        let [portable, system] = Mode::ALL.map(|mode| Flavour::new(mode, profile));
        [portable, system, portable.signed()]
    };
    profiles.iter().flat_map(|&profile| of(profile)).collect()
}

/// All names of archives, in the order of a microcontroller's.
pub const LIBRARIES: [&str; 6] =
    ["atome", "atome-system", "atome-signed", "atome-size", "atome-size-system", "atome-size-signed"];

/// The file name of an archive, without `lib` and `.a`. The usual profile needs no word.
pub fn library(flavour: Flavour) -> String {
    format!("atome{}", flavour.suffix())
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
            sources.push((format!("lib/lib{}.a", library(*flavour)), path.clone()));
        }
        let mut files = BTreeMap::new();
        for (path, source) in sources {
            let bytes = fs::read(&source).with_context(|| format!("cannot read {}", source.display()))?;
            files.insert(path, bytes);
        }
        for (path, text) in texts(target)? {
            files.insert(path, text.into_bytes());
        }
        files.insert(sbom::NAME.to_string(), sbom::text(target)?.into_bytes());
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

/// The files that are written for the target: paths and contents.
fn texts(target: &Target) -> Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for (path, template) in TEMPLATES {
        let text = fill(template, target).with_context(|| format!("the template of {path}"))?;
        texts.push((path.to_string(), text));
    }
    for flavour in flavours(target) {
        let name = library(flavour);
        let text = pkg_config(target, flavour).with_context(|| format!("the template of {name}.pc"))?;
        texts.push((format!("lib/pkgconfig/{name}.pc"), text));
    }
    Ok(texts)
}

/// What pkg-config has to know of one library.
fn pkg_config(target: &Target, flavour: Flavour) -> Result<String> {
    let name = library(flavour);
    let what = match flavour.mode {
        Mode::Portable => "the same bits on every chip",
        Mode::System => "exp and tanh of the program's C library",
    };
    let what = what.to_string() + if flavour.signed { ", signed models" } else { "" };
    let what = what + if flavour.profile == Profile::Size { ", for size" } else { "" };
    let names = flavours(target).into_iter().map(library);
    let others: Vec<_> = names.filter(|other| *other != name).collect();
    let text = PKG_CONFIG
        .replace("@LIBRARY@", &name)
        .replace("@WHAT@", &what)
        .replace("@OTHERS@", &others.join(", "))
        .replace("@DEFINES@", if flavour.signed { " -DATOME_SIGNED=" } else { "" })
        .replace("@NEEDS@", if flavour.mode == Mode::System { " -lm" } else { "" });
    fill(&text, target)
}

fn fill(template: &str, target: &Target) -> Result<String> {
    let about = target.about;
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    let flags = if about.flags.is_empty() { String::new() } else { format!("{} ", about.flags) };
    let notes: String = about.notes.iter().map(|note| format!("\n{note}\n")).collect();
    let of_size = |text| if target.is_host { "" } else { text };
    let mut text = template.to_string();
    for (name, value) in [
        ("@CC@", about.compiler),
        ("@CORES@", about.what),
        ("@FLAGS@", &flags),
        ("@MAJOR@", major),
        ("@MINOR@", minor),
        ("@NOTES@", &notes),
        ("@PACKAGE@", &self::name(target)),
        ("@POINTER_BYTES@", &target.pointer_bytes().to_string()),
        ("@PROGRAM@", target.program()),
        ("@SIGNED_FILES@", if target.is_host { SIGNED_FILE } else { SIGNED_FILES }),
        ("@SIGNED_LIBRARIES@", if target.is_host { SIGNED_LIBRARY } else { SIGNED_LIBRARIES }),
        ("@SIZE@", of_size(SIZE)),
        ("@SIZE_CMAKE@", of_size(", atome::size ...")),
        ("@SIZE_FILES@", of_size(SIZE_FILES)),
        ("@SIZE_PC@", of_size(", atome-size ...")),
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
            for (path, text) in texts(&target).unwrap() {
                assert!(text.contains(VERSION), "{path}");
                assert!(text.lines().all(|line| line.chars().count() <= 125), "{path} for {}", target.triple);
            }
        }
    }

    #[test]
    fn lists_are_indented() {
        let m3 = Target::named("thumbv7m-none-eabi", "x86_64-unknown-linux-gnu").unwrap();
        let texts = texts(&m3).unwrap();
        let (_, readme) = texts.iter().find(|(path, _)| path == "README.txt").unwrap();
        for line in
            ["  lib/libatome.a  ", "  lib/libatome-size.a  ", "  lib/libatome-signed.a  ", "  size  ", "  signed  "]
        {
            assert!(readme.lines().any(|found| found.starts_with(line)), "{line}\n{readme}");
        }
    }

    #[test]
    fn libraries_are_named_for_what_is_unusual() {
        let names = |target: &Target| flavours(target).into_iter().map(library).collect::<Vec<_>>();
        let host = Target::host("x86_64-unknown-linux-gnu");
        assert_eq!(names(&host), ["atome", "atome-system", "atome-signed"]);
        let m3 = Target::named("thumbv7m-none-eabi", &host.triple).unwrap();
        assert_eq!(names(&m3), LIBRARIES);
    }

    #[test]
    fn pkg_config_knows_what_each_library_needs() {
        let m3 = Target::named("thumbv7m-none-eabi", "x86_64-unknown-linux-gnu").unwrap();
        let text = |mode| pkg_config(&m3, Flavour::new(mode, Profile::Size)).unwrap();
        assert!(text(Mode::System).ends_with(" -latome-size-system -lm\n"));
        assert!(text(Mode::Portable).contains("\nCflags: -I${includedir}\n"));
        let signed = pkg_config(&m3, Flavour::new(Mode::Portable, Profile::Usual).signed()).unwrap();
        assert!(signed.contains("\nCflags: -I${includedir} -DATOME_SIGNED=\n"), "{signed}");
        assert!(signed.ends_with(" -latome-signed\n"), "{signed}");
        assert!(signed.contains("\nConflicts: atome, atome-system, atome-size, "), "{signed}");
    }

    #[test]
    fn an_unknown_placeholder_is_an_error() {
        let target = Target::host("x86_64-unknown-linux-gnu");
        assert!(fill("@NOBODY@", &target).is_err());
        assert_eq!(fill("@TARGET@", &target).unwrap(), "x86_64-unknown-linux-gnu");
    }
}
