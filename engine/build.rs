//! Says which fast ways of computing this target has, as `cfg(fast_ways = "...")` (see `src/kernel/mod.rs`) and to the
//! build scripts of packages that depend on this one, as `DEP_ATOME_ENGINE_FAST_WAYS`.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(fast_ways, values(\"host\", \"fpu\", \"fixed-point\", \"none\"))");
    let cfg = |name: &str| var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let target = var("TARGET").unwrap_or_default();
    let has_kernels = var("CARGO_FEATURE_KERNELS").is_ok() && cfg("OS") == "none";
    // ARMv8-M Baseline (Cortex-M23) cannot run the assembly for ARMv7-M, and no other cfg tells the two apart.
    let has_kernels = has_kernels && !target.starts_with("thumbv8m.base");
    let ways = match (cfg("ARCH").as_str(), cfg("ABI").as_str()) {
        ("x86_64" | "aarch64", _) => "host",
        ("arm", "eabihf") if has_kernels => "fpu",
        ("arm", "eabi") if has_kernels => "fixed-point",
        ("riscv32", _) if has_kernels && !has_riscv_float(&target) => "fixed-point",
        _ => "none",
    };
    println!("cargo:rustc-cfg=fast_ways=\"{ways}\"");
    println!("cargo:fast_ways={ways}");
    // Where code has to be small, what is not the kernels' is as small as it can be.
    println!("cargo:rustc-check-cfg=cfg(small)");
    let is_large = ways == "host" || (ways == "fpu" && var("CARGO_FEATURE_SPEED").is_ok());
    if !is_large {
        println!("cargo:rustc-cfg=small");
    }
    // ARMv6-M has no atomics; its assembly does whole rows (src/kernel/soft_float/assembly.rs).
    println!("cargo:rustc-check-cfg=cfg(assembly_rows)");
    if cfg("ARCH") == "arm" && ways == "fixed-point" && !cfg("HAS_ATOMIC").split(',').any(|bits| bits == "32") {
        println!("cargo:rustc-cfg=assembly_rows");
    }
}

/// Whether a RISC-V core has an FPU. A stable compiler keeps the feature to itself: only the target's name tells, which lists
/// the extensions (`riscv32imafc`).
fn has_riscv_float(target: &str) -> bool {
    let extensions = target.strip_prefix("riscv32").and_then(|rest| rest.split('-').next());
    extensions.is_some_and(|letters| letters.contains(['f', 'g']))
}
