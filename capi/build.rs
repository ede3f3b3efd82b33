//! Says, as `cfg(runtime_calls)`, whether the archive answers the compiler's calls for float arithmetic: where the engine
//! computes in fixed point (its build.rs).

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(runtime_calls)");
    let cfg = |name: &str| var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let speed = var("CARGO_FEATURE_SPEED").is_ok() && cfg("OS") == "none";
    let is_baseline = var("TARGET").is_ok_and(|target| target.starts_with("thumbv8m.base"));
    let has_float = cfg("FEATURE").split(',').any(|feature| feature == "f");
    let fits = match cfg("ARCH").as_str() {
        "arm" => cfg("ABI") == "eabi" && !is_baseline,
        "riscv32" => !has_float,
        _ => false,
    };
    if speed && fits {
        println!("cargo:rustc-cfg=runtime_calls");
    }
}
