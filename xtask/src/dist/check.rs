//! The check of the packages: made twice, unpacked, and used as a C project uses them.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, ensure, Context, Result};

use super::examples::{Examples, Way, PROGRAMS};
use super::pack::SUMS;
use super::package::{self, VERSION};
use super::targets::Target;
use super::{make, needs, sbom, scratch, signed_sums};
use crate::archive::{Flavour, Mode, Profile};
use crate::toolchain::Toolchain;
use crate::{header, process, workspace};

const CORTEX_M3: &str = "thumbv7m-none-eabi";

/// The line whose number depends on the size of a pointer.
const DIFFERS: &str = "RAM for the model struct: ";

/// The files of every package.
const FILES: [&str; 13] = [
    "CMakeLists.txt",
    "LICENSE",
    "README.txt",
    "include/atome.h",
    "lib/cmake/atome/atomeConfig.cmake",
    "lib/cmake/atome/atomeConfigVersion.cmake",
    "lib/libatome-signed.a",
    "lib/libatome-system.a",
    "lib/libatome.a",
    "lib/pkgconfig/atome-signed.pc",
    "lib/pkgconfig/atome-system.pc",
    "lib/pkgconfig/atome.pc",
    sbom::NAME,
];

/// What a microcontroller's has besides.
const SIZE_FILES: [&str; 6] = [
    "lib/libatome-size-signed.a",
    "lib/libatome-size-system.a",
    "lib/libatome-size.a",
    "lib/pkgconfig/atome-size-signed.pc",
    "lib/pkgconfig/atome-size-system.pc",
    "lib/pkgconfig/atome-size.pc",
];

fn files_of(target: &Target) -> BTreeSet<String> {
    let size: &[_] = if target.is_host { &[] } else { &SIZE_FILES };
    FILES.iter().chain(size).map(ToString::to_string).collect()
}

/// The usual archives; on this machine there are no others.
fn usual(mode: Mode) -> Flavour {
    Flavour::new(mode, Profile::Usual)
}

/// Makes the packages of this machine and of a Cortex-M3, and builds and runs the examples with them.
///
/// Returns what was checked, in a line with counts.
///
/// # Errors
/// The first thing that is not as it has to be.
pub fn check(toolchain: &Toolchain) -> Result<String> {
    let host = Target::host(toolchain.host());
    let m3 = Target::named(CORTEX_M3, toolchain.host())?;
    let targets = [host.clone(), m3.clone()];
    needs::for_check(toolchain, &targets).install()?;

    let folder = scratch().join("check");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let packed = folder.join("packed");
    make(toolchain, &targets, &packed)?;
    make(toolchain, &targets, &folder.join("again"))?;
    same_files(&packed, &folder.join("again"))?;
    signatures(&packed, &folder)?;
    let packages = unpack(&packed, &targets, &folder)?;

    let examples = Examples { packages, build: folder.join("build"), built: Cell::new(0) };
    fs::create_dir_all(&examples.build)?;
    let mut compared = as_they_are(&examples, &host, &m3)?;
    compared += by_make_and_cmake(&examples, &host, &m3)?;
    compared += for_size(&examples, &host, &m3)?;
    compared += for_signed_models(&examples, &host, &m3)?;
    compared += by_pkg_config(&examples, &host, &m3)?;
    let refused = refusals(&examples, &host, &m3)?;
    Ok(format!(
        "2 packages of {} and {} files made twice, the same, their checksums signed; {} examples built by make, CMake and pkg-config and run, \
         {compared} outputs compared; {refused} wrong requests refused",
        files_of(&host).len(),
        files_of(&m3).len(),
        examples.built.get()
    ))
}

/// Both runs made the same, and the system's own tool agrees with the checksums.
fn same_files(one: &Path, other: &Path) -> Result<()> {
    let sums = read(&one.join(SUMS))?;
    ensure!(sums == read(&other.join(SUMS))?, "{SUMS} of two runs differ");
    for line in sums.lines() {
        let (_, file) = line.split_once("  ").with_context(|| format!("{SUMS}: not a checksum line: {line}"))?;
        ensure!(fs::read(one.join(file))? == fs::read(other.join(file))?, "{file}: two runs made different bytes");
    }
    process::checked(Command::new("sha256sum").current_dir(one).args(["--check", "--strict", SUMS]))?;
    Ok(())
}

/// The checksums can be signed, and what was changed since, or signed by somebody else, is found.
fn signatures(packed: &Path, folder: &Path) -> Result<()> {
    // Compiled already where the gate runs.
    let atome = crate::test::command_line;
    let (secret, public) = signed_sums::keys(atome()?, folder, "maker")?;
    let (_, other) = signed_sums::keys(atome()?, folder, "other")?;
    signed_sums::sign(atome()?, packed, &secret)?;
    signed_sums::verify(atome()?, packed, &public)?;
    ensure!(signed_sums::verify(atome()?, packed, &other).is_err(), "{SUMS}: another key verifies the signature");
    let sums = packed.join(SUMS);
    let before = read(&sums)?;
    fs::write(&sums, before.replacen(|digit: char| digit.is_ascii_digit(), "a", 1))?;
    ensure!(signed_sums::verify(atome()?, packed, &public).is_err(), "{SUMS}: a changed digit was not found");
    fs::write(&sums, before)?;
    signed_sums::verify(atome()?, packed, &public)
}

/// Unpacks with the system's tar, elsewhere than the packages were made: they have to work in any place.
fn unpack(packed: &Path, targets: &[Target], folder: &Path) -> Result<PathBuf> {
    let elsewhere = folder.join("unpacked");
    fs::create_dir_all(&elsewhere)?;
    for target in targets {
        let name = package::name(target);
        let file = packed.join(format!("{name}.tar.gz"));
        process::checked(Command::new("tar").arg("-xzf").arg(file).arg("-C").arg(&elsewhere))?;
        let unpacked = elsewhere.join(&name);
        let files = files_below(&unpacked)?;
        ensure!(files == files_of(target), "{name} holds other files than expected: {files:?}");
        for file in files {
            ensure!(
                fs::read(unpacked.join(&file))? == fs::read(packed.join(&name).join(&file))?,
                "{name}: {file} differs between the folder and the packed file"
            );
        }
        ensure!(read(&unpacked.join("include/atome.h"))? == read(&workspace::header())?, "{name}: not our header");
    }
    Ok(elsewhere)
}

fn files_below(folder: &Path) -> Result<BTreeSet<String>> {
    let found = process::checked(Command::new("find").current_dir(folder).args([".", "-type", "f"]))?;
    Ok(found.lines().map(|line| line.trim_start_matches("./").to_string()).collect())
}

/// What each program says that nobody changed, on this machine and on the Cortex-M3, and to a question of our own. Returns how
/// many outputs were compared.
fn as_they_are(examples: &Examples, host: &Target, m3: &Target) -> Result<usize> {
    const SAID: [&[&str]; 3] = [
        &["\n> make it 21 degrees\n{\"temp\":21}\n", "\n> set night mode at 10 pm\nunsure: "],
        &["|E2: no boiler signal.\n"],
        &["\n> Set the heat to 19!\ntemperature\n", "\n> who painted the mona lisa\nunsure: "],
    ];
    for (program, said) in PROGRAMS.into_iter().zip(SAID) {
        let [on_host, on_m3] = [host, m3].map(|target| examples.make_with(program, target, usual(Mode::Portable), &[]));
        let (on_host, on_m3) = (on_host?, on_m3?);
        for text in said {
            ensure!(on_host.contains(text), "examples/{program}: expected {text:?} in the output\n{on_host}");
        }
        same(&comparable(&on_host)?, &comparable(&on_m3)?)
            .with_context(|| format!("{program}, as it is, on this machine and on the Cortex-M3"))?;
    }
    for (program, answer) in PROGRAMS.into_iter().zip(["\n{\"add\":2}\n", "|{\"add\":2}\n", "\ntemperature\n"]) {
        let asked = &[("PROMPT", "2 degrees warmer")];
        let found = examples.make_with(program, host, usual(Mode::Portable), asked)?;
        ensure!(found.contains(answer), "examples/{program} PROMPT=\"2 degrees warmer\": expected {answer:?}\n{found}");
    }
    classifier_of_numbers(examples, host, m3)?;
    Ok(2 * PROGRAMS.len() + 2)
}

/// A classifier of rows says the same on this machine and on the Cortex-M3, and what it should of a row of our own.
fn classifier_of_numbers(examples: &Examples, host: &Target, m3: &Target) -> Result<()> {
    const SAID: &str = "> 1.750, 810.000, 3.100, 225.000\nspin\n> 2.300, 290.000, 6.200, 211.000\nfault\n";
    let run = |target, row: &[(&str, &str)]| examples.make_with("sensor", target, usual(Mode::Portable), row);
    let (on_host, on_m3) = (run(host, &[])?, run(m3, &[])?);
    ensure!(on_host.ends_with(SAID), "examples/sensor: expected {SAID:?} at the end of\n{on_host}");
    ensure!(on_m3.ends_with(SAID), "examples/sensor on the Cortex-M3: expected {SAID:?} at the end of\n{on_m3}");
    let asked = run(host, &[("ROW", "0.6, 140, 1.5, 225")])?;
    ensure!(asked.ends_with("\nwash\n"), "examples/sensor ROW=\"0.6, 140, 1.5, 225\": expected wash\n{asked}");
    Ok(())
}

/// Returns how many outputs were compared.
fn by_make_and_cmake(examples: &Examples, host: &Target, m3: &Target) -> Result<usize> {
    let mut compared = 0;
    for mode in Mode::ALL {
        let made = |target: &Target| -> Result<Vec<String>> {
            PROGRAMS.iter().map(|program| examples.make(program, target, usual(mode))).collect()
        };
        let (on_host, on_m3) = (made(host)?, made(m3)?);
        ensure!(on_host[0].contains(&format!("{mode} mode")), "{mode} mode was asked for\n{}", on_host[0]);
        // Only the portable mode promises the same bits with another C library.
        if mode == Mode::Portable {
            for (program, (host, m3)) in PROGRAMS.iter().zip(on_host.iter().zip(&on_m3)) {
                same(&comparable(host)?, &comparable(m3)?)
                    .with_context(|| format!("{program} on this machine and on the Cortex-M3"))?;
                compared += 1;
            }
        }
        // One of the ways suffices for the other library: they share the file that defines both.
        let ways = if mode == Mode::Portable { &Way::ALL[..] } else { &Way::ALL[..1] };
        for way in ways {
            for (target, expected) in [(host, &on_host), (m3, &on_m3)] {
                for (program, (expected, actual)) in
                    PROGRAMS.iter().zip(expected.iter().zip(examples.cmake(*way, target, usual(mode))?))
                {
                    same(expected, &actual)
                        .with_context(|| format!("{program} for {} by make and by CMake ({way:?})", target.triple))?;
                    compared += 1;
                }
            }
        }
    }
    Ok(compared)
}

/// The libraries for size say the same. Returns how many outputs were compared.
fn for_size(examples: &Examples, host: &Target, m3: &Target) -> Result<usize> {
    let mut compared = 0;
    for mode in Mode::ALL {
        let size = Flavour::new(mode, Profile::Size);
        let by_cmake = examples.cmake(Way::FindPackage, m3, size)?;
        for (program, by_cmake) in PROGRAMS.iter().zip(by_cmake) {
            let expected = examples.make(program, m3, usual(mode))?;
            for (way, actual) in [("make", examples.make(program, m3, size)?), ("CMake", by_cmake)] {
                same(&expected, &actual).with_context(|| format!("{program}, {mode} mode, for size by {way}"))?;
                compared += 1;
            }
        }
    }
    // A project may name the target on every machine.
    let size = Flavour::new(Mode::Portable, Profile::Size);
    examples.cmake(Way::AddSubdirectory, host, size)?;
    Ok(compared)
}

/// The libraries for signed models say the same of models that are not, and load those that are. Returns how many outputs
/// were compared.
fn for_signed_models(examples: &Examples, host: &Target, m3: &Target) -> Result<usize> {
    let mut compared = 0;
    for (target, profile) in [(host, Profile::Usual), (m3, Profile::Usual), (m3, Profile::Size)] {
        let flavour = Flavour::new(Mode::Portable, profile);
        for (program, actual) in PROGRAMS.iter().zip(examples.cmake(Way::FindPackage, target, flavour.signed())?) {
            same(&examples.make(program, target, flavour)?, &actual)
                .with_context(|| format!("{program} for {}, library for signed models", target.triple))?;
            compared += 1;
        }
    }
    let report = examples.signed_models(host)?;
    ensure!(report.lines().any(|line| line.starts_with("checks ")), "no line `checks ...` in the output\n{report}");
    Ok(compared)
}

/// Returns how many outputs were compared.
fn by_pkg_config(examples: &Examples, host: &Target, m3: &Target) -> Result<usize> {
    for (package, libraries) in [
        ("atome-size", "-latome-size"),
        ("atome-size-system", "-latome-size-system -lm"),
        ("atome-signed", "-latome-signed"),
        ("atome-size-signed", "-latome-size-signed"),
    ] {
        let found = examples.libraries(m3, package)?;
        ensure!(found.trim().ends_with(libraries), "pkg-config --libs {package}: expected {libraries}, found {found}");
    }
    for mode in Mode::ALL {
        let expected = examples.make(PROGRAMS[0], host, usual(mode))?;
        same(&expected, &examples.pkg_config(host, mode)?)
            .with_context(|| format!("{} by make and by pkg-config, {mode} mode", PROGRAMS[0]))?;
    }
    Ok(Mode::ALL.len())
}

/// What CMake must not accept. Returns how many requests were tried.
fn refusals(examples: &Examples, host: &Target, m3: &Target) -> Result<usize> {
    let build = examples.build.join("wrong-machine");
    if let Ok(text) = examples.configure(Way::FindPackage, host, m3, usual(Mode::Portable), &build) {
        bail!("CMake took the package of this machine for a Cortex-M3\n{text}");
    }
    let (major, minor) = VERSION.split_once('.').context("a version has points")?;
    let minor = minor.split('.').next().unwrap_or(minor);
    let other_minor = format!("{major}.{}", minor.parse::<u32>()? + 1);
    ensure!(finds(examples, host, VERSION)?, "find_package(atome {VERSION}) found nothing");
    ensure!(!finds(examples, host, &other_minor)?, "find_package(atome {other_minor}) took {VERSION}");
    ensure!(!finds(examples, host, "99.0")?, "find_package(atome 99.0) took {VERSION}");
    Ok(3)
}

/// Whether a CMake project that asks for `version` gets this package.
fn finds(examples: &Examples, host: &Target, version: &str) -> Result<bool> {
    let source = examples.build.join(format!("find-{version}"));
    fs::create_dir_all(&source)?;
    let text = format!("cmake_minimum_required(VERSION 3.19)\nproject(find NONE)\nfind_package(atome {version})\n");
    let text = text + "file(WRITE ${CMAKE_BINARY_DIR}/found.txt \"${atome_FOUND}\")\n";
    fs::write(source.join("CMakeLists.txt"), text)?;
    let prefix = examples.packages.join(package::name(host));
    let mut cmake = Command::new("cmake");
    cmake.arg("-S").arg(&source).arg("-B").arg(source.join("build"));
    process::checked(cmake.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display())))?;
    Ok(read(&source.join("build/found.txt"))? == "1")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The output without the line that depends on the size of a pointer.
fn comparable(output: &str) -> Result<String> {
    ensure!(output.lines().any(|line| line.starts_with(DIFFERS)), "no line `{DIFFERS}...` in the output\n{output}");
    Ok(output.lines().filter(|line| !line.starts_with(DIFFERS)).flat_map(|line| [line, "\n"]).collect())
}

fn same(expected: &str, actual: &str) -> Result<()> {
    if let Some((line, expected, actual)) = header::first_difference(expected, actual) {
        bail!("the outputs differ at line {line}\n  {expected}\n  {actual}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_with_the_size_of_pointers_is_left_out() {
        let output = "RAM for the state: 1 bytes\nRAM for the model struct: 2 bytes\ntext\n";
        assert_eq!(comparable(output).unwrap(), "RAM for the state: 1 bytes\ntext\n");
        assert!(comparable("text\n").is_err());
    }

    #[test]
    fn a_difference_is_an_error() {
        assert!(same("a\nb\n", "a\nb\n").is_ok());
        assert!(same("a\nb\n", "a\nc\n").unwrap_err().to_string().contains("line 2"));
    }
}
