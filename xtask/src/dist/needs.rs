//! What the machine needs for making packages and for checking them.

use super::targets::Target;
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
    missing.programs(&["gcc", "make", "cmake", "pkg-config", "qemu-system-arm"]);
    missing.c_compiler("arm-none-eabi-gcc");
    missing
}
