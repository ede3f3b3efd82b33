//! Which back end of `src/kernel` computes on this target, as `cfg`s:
//!
//! - `backend = "..."`: the folder of `src/kernel`; also `DEP_ATOME_ENGINE_BACKEND` to the build scripts of dependents.
//! - `vectors`: the back end is made of the kernels in `src/kernel/vector`.
//! - `assembly`, `assembly = "..."`: the back end's inner loops are in assembly, of which there is one for this core.
//! - `small`: code has to be small, and so has the stack.

use std::env::var;

/// What there is for a kind of target.
struct Row {
    kind: Kind,
    backend: &'static str,
    /// Empty for none.
    assembly: &'static str,
    small: bool,
}

/// A new kind of target is a row here, an arm of [`Kind::of_target`], and, with a back end of its own, a folder.
const TABLE: [Row; 8] = [
    Row { kind: Kind::X86, backend: "x86", assembly: "", small: false },
    Row { kind: Kind::Aarch64, backend: "aarch64", assembly: "", small: false },
    Row { kind: Kind::ThumbWithFpuForSpeed, backend: "vfp", assembly: "vfp", small: false },
    Row { kind: Kind::ThumbWithFpu, backend: "vfp", assembly: "vfp", small: true },
    Row { kind: Kind::Thumb2, backend: "fixed_point", assembly: "thumb2", small: true },
    Row { kind: Kind::Thumb1, backend: "fixed_point", assembly: "thumb1", small: true },
    Row { kind: Kind::Riscv32, backend: "fixed_point", assembly: "riscv32", small: true },
    Row { kind: Kind::Other, backend: "portable", assembly: "", small: true },
];

/// The back ends that share `src/kernel/vector`.
const VECTORS: [&str; 2] = ["x86", "aarch64"];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// x86-64.
    X86,
    Aarch64,
    /// Cortex-M4F, M7, M33: programs that pass floats in the FPU's registers.
    ThumbWithFpu,
    /// These with the feature `speed`.
    ThumbWithFpuForSpeed,
    /// ARMv7-M and ARMv8-M Mainline without an FPU, or with programs that do not count on it.
    Thumb2,
    /// ARMv6-M.
    Thumb1,
    /// RV32 without F.
    Riscv32,
    /// All others, and microcontrollers without the feature `kernels`.
    Other,
}

impl Kind {
    fn of_target() -> Self {
        let cfg = |name: &str| var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
        let target = var("TARGET").unwrap_or_default();
        let has_kernels = var("CARGO_FEATURE_KERNELS").is_ok() && cfg("OS") == "none";
        // ARMv8-M Baseline (Cortex-M23) cannot run the assembly for ARMv7-M, and no other cfg tells the two apart.
        let has_kernels = has_kernels && !target.starts_with("thumbv8m.base");
        let speed = var("CARGO_FEATURE_SPEED").is_ok();
        let has_atomics = cfg("HAS_ATOMIC").split(',').any(|bits| bits == "32");
        match (cfg("ARCH").as_str(), cfg("ABI").as_str()) {
            ("x86_64", _) => Self::X86,
            ("aarch64", _) => Self::Aarch64,
            ("arm", "eabihf") if has_kernels && speed => Self::ThumbWithFpuForSpeed,
            ("arm", "eabihf") if has_kernels => Self::ThumbWithFpu,
            ("arm", "eabi") if has_kernels && has_atomics => Self::Thumb2,
            // ARMv6-M has no atomics.
            ("arm", "eabi") if has_kernels => Self::Thumb1,
            ("riscv32", _) if has_kernels && !has_riscv_float(&target) => Self::Riscv32,
            _ => Self::Other,
        }
    }
}

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let quoted = |value: fn(&Row) -> &str| TABLE.each_ref().map(|row| format!("\"{}\"", value(row))).join(", ");
    println!("cargo:rustc-check-cfg=cfg(backend, values({}))", quoted(|row| row.backend));
    println!("cargo:rustc-check-cfg=cfg(assembly, values(none(), {}))", quoted(|row| row.assembly));
    println!("cargo:rustc-check-cfg=cfg(small)");
    println!("cargo:rustc-check-cfg=cfg(vectors)");
    let kind = Kind::of_target();
    let row = TABLE.iter().find(|row| row.kind == kind).expect("every kind has a row");
    println!("cargo:rustc-cfg=backend=\"{}\"", row.backend);
    println!("cargo:backend={}", row.backend);
    if VECTORS.contains(&row.backend) {
        println!("cargo:rustc-cfg=vectors");
    }
    if !row.assembly.is_empty() {
        println!("cargo:rustc-cfg=assembly");
        println!("cargo:rustc-cfg=assembly=\"{}\"", row.assembly);
    }
    if row.small {
        println!("cargo:rustc-cfg=small");
    }
}

/// Whether a RISC-V core has an FPU. A stable compiler keeps the feature to itself: only the target's name tells, which lists
/// the extensions (`riscv32imafc`).
fn has_riscv_float(target: &str) -> bool {
    let extensions = target.strip_prefix("riscv32").and_then(|rest| rest.split('-').next());
    extensions.is_some_and(|letters| letters.contains(['f', 'g']))
}
