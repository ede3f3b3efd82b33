//! What the machine needs: C toolchains with their libraries, emulators, Rust targets.

use super::cores::{self, Core};
use xtask::setup::Missing;
use xtask::toolchain::Toolchain;

/// What is not there yet.
pub fn missing(toolchain: &Toolchain, cores: &[&Core]) -> Missing {
    let mut missing = Missing::for_archive(toolchain, None);
    for target in cores::targets(cores) {
        missing.target(toolchain, Some(target));
    }
    missing.programs(&["cc", "qemu-system-arm", "qemu-system-riscv32"]);
    missing.c_compiler("arm-none-eabi-gcc");
    missing.c_compiler("riscv64-unknown-elf-gcc");
    missing
}
