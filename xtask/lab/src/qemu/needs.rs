//! What the machine needs: C toolchains with their libraries, emulators, Rust targets.

use std::path::Path;
use std::process::Command;

use super::cores::{self, Core};
use crate::process;
use crate::setup::Missing;
use crate::toolchain::Toolchain;

/// What is not there yet.
pub fn missing(toolchain: &Toolchain, cores: &[&Core]) -> Missing {
    let mut missing = Missing::for_archive(toolchain, None);
    for target in cores::targets(cores) {
        missing.target(toolchain, Some(target));
    }
    for (program, package) in [
        ("cc", "gcc"),
        ("arm-none-eabi-gcc", "gcc-arm-none-eabi"),
        ("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf"),
        ("qemu-system-arm", "qemu-system-arm"),
        ("qemu-system-riscv32", "qemu-system-misc"),
    ] {
        missing.program(program, package);
    }
    // Libraries without a program of their own: their compiler knows where they are.
    for (compiler, file, package) in [
        ("arm-none-eabi-gcc", "libc.a", "libnewlib-arm-none-eabi"),
        ("riscv64-unknown-elf-gcc", "picolibc.specs", "picolibc-riscv64-unknown-elf"),
    ] {
        if !knows(compiler, file) {
            missing.package(package);
        }
    }
    missing
}

/// Whether the compiler finds a file of its libraries: it answers with the bare name where it does not.
fn knows(compiler: &str, file: &str) -> bool {
    let answer = process::checked(Command::new(compiler).arg(format!("-print-file-name={file}")));
    answer.is_ok_and(|path| Path::new(path.trim()).is_absolute())
}
