//! Debian's packages of the programs that are called, and their installation.

use std::process::Command;

use anyhow::{bail, Context, Result};

use crate::process;

/// Where the package is not called like the program.
const PROGRAMS: [(&str, &str); 6] = [
    ("cc", "gcc"),
    ("qemu-aarch64", "qemu-user"),
    ("qemu-arm", "qemu-user"),
    ("qemu-i386", "qemu-user"),
    ("qemu-system-riscv32", "qemu-system-misc"),
    ("qemu-x86_64", "qemu-user"),
];

/// C compilers: their package, that of their C library, and the flag that chooses the library.
const C_COMPILERS: [(&str, &str, &str, Option<&str>); 8] = [
    ("gcc", "gcc", "libc6-dev", None),
    ("i686-linux-gnu-gcc", "gcc-i686-linux-gnu", "libc6-dev-i386-cross", None),
    ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", None),
    ("arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross", None),
    ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64", "mingw-w64-x86-64-dev", None),
    ("i686-w64-mingw32-gcc", "gcc-mingw-w64-i686", "mingw-w64-i686-dev", None),
    ("arm-none-eabi-gcc", "gcc-arm-none-eabi", "libnewlib-arm-none-eabi", None),
    (
        "riscv64-unknown-elf-gcc",
        "gcc-riscv64-unknown-elf",
        "picolibc-riscv64-unknown-elf",
        Some("--specs=picolibc.specs"),
    ),
];

/// The package of a program that is not on the PATH.
pub fn of_missing(program: &'static str) -> Option<&'static str> {
    let package = PROGRAMS.iter().find(|(name, _)| *name == program).map_or(program, |(_, package)| package);
    process::find(program).is_none().then_some(package)
}

/// The packages of a C compiler and of its library, as far as they are missing.
pub fn of_missing_compiler(compiler: &str) -> Vec<&'static str> {
    let row = C_COMPILERS.iter().find(|(name, ..)| *name == compiler);
    let Some(&(_, package, library, flag)) = row else { return Vec::new() };
    let includes = ["-E", "-x", "c", "-include", "stdlib.h", "-o", "/dev/null", "/dev/null"];
    let has_library = || process::checked(Command::new(compiler).args(flag).args(includes)).is_ok();
    match process::find(compiler) {
        None => vec![package, library],
        Some(_) if has_library() => Vec::new(),
        Some(_) => vec![library],
    }
}

/// Installs packages.
///
/// # Errors
/// Names the command to run by hand.
pub fn install(packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get install {}", packages.join(" "));
    if process::find("apt-get").is_none() {
        bail!("missing programs: install the equivalent of these Debian packages: {}", packages.join(" "));
    }
    let Some(prefix) = root_prefix() else {
        bail!("missing packages, and neither root nor password-free sudo to install them: run `sudo {by_hand}`");
    };
    note!("set-up: {by_hand}");
    let run = |arguments: &[&str]| {
        let words = [prefix, &["env", "DEBIAN_FRONTEND=noninteractive"], arguments].concat();
        process::checked(Command::new(words[0]).args(&words[1..])).with_context(|| format!("run by hand: {by_hand}"))
    };
    // An installation that was cut off keeps apt-get from every later one until this has run.
    run(&["dpkg", "--configure", "-a"])?;
    let apt = ["apt-get", "--quiet", "--yes"];
    run(&[&apt[..], &["update"]].concat())?;
    run(&[&apt[..], &["install", "--no-install-recommends"], packages].concat())?;
    Ok(())
}

/// What to put before a command that needs root; none where this user cannot become root without being asked.
fn root_prefix() -> Option<&'static [&'static str]> {
    let root = process::checked(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if root {
        return Some(&[]);
    }
    let sudo = process::checked(Command::new("sudo").args(["-n", "true"])).is_ok();
    sudo.then_some(&["sudo", "-n"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::{is_bare_metal, KNOWN};

    #[test]
    fn every_microcontrollers_compiler_has_its_packages() {
        for target in KNOWN.iter().filter(|target| is_bare_metal(target.triple)) {
            assert!(C_COMPILERS.iter().any(|(name, ..)| *name == target.compiler), "{}", target.compiler);
        }
    }
}
