//! With which tools the figures were measured.

use std::collections::BTreeMap;
use std::env;
use std::process::Command;

use anyhow::Result;

use xtask::process;

/// Tool to the first line of what it says of its version.
pub fn all() -> Result<BTreeMap<String, String>> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_string());
    let mut versions = BTreeMap::new();
    for (name, program) in [
        ("rustc", rustc.as_str()),
        ("arm-none-eabi-gcc", "arm-none-eabi-gcc"),
        ("riscv64-unknown-elf-gcc", "riscv64-unknown-elf-gcc"),
        ("qemu-system-arm", "qemu-system-arm"),
        ("qemu-system-riscv32", "qemu-system-riscv32"),
    ] {
        let output = process::checked(Command::new(program).arg("--version"))?;
        versions.insert(name.to_string(), output.lines().next().unwrap_or_default().to_string());
    }
    Ok(versions)
}
