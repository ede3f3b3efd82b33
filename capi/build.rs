//! Says, as `cfg(runtime_calls)`, whether the archive answers the compiler's calls for float arithmetic: where the engine
//! computes in fixed point.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(runtime_calls)");
    let backend = var("DEP_ATOME_ENGINE_BACKEND").expect("the engine's build script says it");
    if backend == "fixed_point" {
        println!("cargo:rustc-cfg=runtime_calls");
    }
}
