//! Compiles the C reference for each shape, in each way, and binds the table of functions that each of them exports.

// The library reads the rest of it.
#[allow(dead_code)]
#[path = "src/shapes.rs"]
mod shapes;

#[path = "../c_tests/adapter/bindings.rs"]
mod bindings;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use shapes::{C_BUILDS, SHAPES};

const ADAPTER: &str = "../c_tests/adapter";
const REFERENCE: &str = "../c_tests/reference";

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let prefixes: Vec<String> = (0..SHAPES.len() * C_BUILDS.len()).map(|index| format!("bench{index}_")).collect();
    let mut compiler = PathBuf::new();
    for (index, prefix) in prefixes.iter().enumerate() {
        compiler = compile(prefix, index);
    }
    fs::write(out.join("references.rs"), references(&prefixes)).expect("OUT_DIR is writable");
    bindings::write(ADAPTER, &out.join("engine_api.rs"));
    println!("cargo::rustc-env=BENCH_CC={}", version(&compiler));
    println!("cargo::rustc-env=BENCH_RUSTC={}", version(&env::var_os("RUSTC").expect("cargo sets RUSTC").into()));
    for path in [ADAPTER, REFERENCE, "c", "src/shapes.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
}

/// Compiles reference `index`, shape by shape, and answers with what compiler.
fn compile(prefix: &str, index: usize) -> PathBuf {
    let (shape, c) = (SHAPES[index / C_BUILDS.len()], C_BUILDS[index % C_BUILDS.len()]);
    let mut build = cc::Build::new();
    // Contraction changes results.
    build.std("c99").opt_level(c.level).flag("-ffp-contract=off").warnings(false);
    for flag in shape.flags().iter().map(String::as_str).chain(c.flags.iter().copied()) {
        build.flag(flag);
    }
    // What the C99 engine reads, and no more.
    build.define("ATOME_ONLY_ATOME01", None);
    build.define("REFERENCE_PREFIX", prefix).include(REFERENCE).include(ADAPTER).file(c.unit);
    build.compile(&format!("atome_{prefix}reference"));
    build.get_compiler().path().to_path_buf()
}

/// The first line of what a compiler says of itself.
fn version(program: &PathBuf) -> String {
    let output = Command::new(program).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or("unknown").to_string()
}

/// Rust lists of the tables and of the attentions, in the order in which they were compiled.
fn references(prefixes: &[String]) -> String {
    let mut text = String::from("extern \"C\" {\n");
    for prefix in prefixes {
        let _ = writeln!(text, "    static {prefix}api: engine_api;");
        let _ = writeln!(
            text,
            "    fn {prefix}attend(query: *const f32, keys: *mut f32, values: *const f32, newest: i32, out: *mut f32);"
        );
    }
    let _ = writeln!(text, "}}\npub static TABLES: [(&engine_api, Attend); {}] = [", prefixes.len());
    for prefix in prefixes {
        text += "    // SAFETY: a constant of that type, which the build script has compiled and linked.\n";
        let _ = writeln!(text, "    (unsafe {{ &{prefix}api }}, {prefix}attend),");
    }
    text + "];\n"
}
