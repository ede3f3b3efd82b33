//! Says, as `cfg(runtime_calls)`, whether the archive answers the compiler's calls for float arithmetic: where the engine
//! computes in fixed point.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(runtime_calls)");
    let ways = var("DEP_ATOME_ENGINE_FAST_WAYS").expect("the engine's build script says it");
    if ways == "fixed-point" {
        println!("cargo:rustc-cfg=runtime_calls");
    }
}
