//! What the machine needs for making packages and for checking them.

use std::path::Path;
use std::process::Command;

use super::targets::Target;
use crate::process;
use crate::setup::Missing;
use crate::toolchain::Toolchain;

/// For the packages: Rust only.
pub fn for_packages(toolchain: &Toolchain, targets: &[Target]) -> Missing {
    let mut missing = Missing::for_archive(toolchain, None);
    for target in targets {
        missing.target(toolchain, target.cargo_target());
    }
    missing
}

/// For the check: what a firmware engineer has, and an emulator.
pub fn for_check(toolchain: &Toolchain, targets: &[Target]) -> Missing {
    let mut missing = for_packages(toolchain, targets);
    for (program, package) in [
        ("gcc", "gcc"),
        ("make", "make"),
        ("cmake", "cmake"),
        ("pkg-config", "pkg-config"),
        ("arm-none-eabi-gcc", "gcc-arm-none-eabi"),
        ("qemu-system-arm", "qemu-system-arm"),
    ] {
        missing.program(program, package);
    }
    // The compiler answers with the bare name where it does not find the file.
    let newlib = process::checked(Command::new("arm-none-eabi-gcc").arg("-print-file-name=libc.a"));
    if !newlib.is_ok_and(|path| Path::new(path.trim()).is_absolute()) {
        missing.package("libnewlib-arm-none-eabi");
    }
    missing
}
