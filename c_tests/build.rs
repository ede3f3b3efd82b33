//! Compiles the C reference once a shape and binds the table of functions that each of them exports.

// The harness reads the rest of it.
#[allow(dead_code)]
#[path = "src/shapes.rs"]
mod shapes;

#[path = "adapter/bindings.rs"]
mod bindings;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use shapes::SHAPES;

const ADAPTER: &str = "adapter";
const OUR_REFERENCE: &str = "reference";

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let (reference, is_ours) = reference_folder();
    for (index, shape) in SHAPES.iter().enumerate() {
        compile_reference(index, &shape.flags(), &reference);
    }
    fs::write(out.join("references.rs"), references(&reference, is_ours)).expect("OUT_DIR is writable");
    bindings::write(ADAPTER, &out.join("engine_api.rs"));
    println!("cargo::rerun-if-changed={ADAPTER}");
    println!("cargo::rerun-if-changed=src/shapes.rs");
    println!("cargo::rerun-if-changed={}", reference.display());
    println!("cargo::rerun-if-env-changed=ATOME_REFERENCE");
}

/// Ours, or the user's own `atome.c` and `atome.h`. A relative folder counts from the workspace root, where cargo is run.
fn reference_folder() -> (PathBuf, bool) {
    let Some(folder) = env::var_os("ATOME_REFERENCE") else {
        return (PathBuf::from(OUR_REFERENCE), true);
    };
    let folder = Path::new("..").join(folder);
    for name in ["atome.c", "atome.h"] {
        let file = folder.join(name);
        assert!(
            file.is_file(),
            "ATOME_REFERENCE: {} is not there, expected atome.c and atome.h in that folder",
            file.display()
        );
    }
    (folder, false)
}

fn compile_reference(index: usize, shape_flags: &[String], reference: &Path) {
    let mut build = cc::Build::new();
    // Contraction changes results, and so would a debug build's -O0 on machines with wider registers.
    build.std("c99").opt_level(2).flag("-ffp-contract=off").warnings(false);
    if env::var_os("CARGO_FEATURE_SYSTEM_LIBM").is_none() {
        build.define("REFERENCE_ROUNDS_CORRECTLY", None);
    }
    for flag in shape_flags {
        build.flag(flag);
    }
    build
        .define("REFERENCE_PREFIX", format!("ref{index}_").as_str())
        .include(reference)
        .include(ADAPTER)
        .file(format!("{ADAPTER}/reference_unit.c"));
    let objects = build.compile_intermediates();
    for object in &objects {
        hide_all_but(&format!("ref{index}_api"), object);
    }
    cc::Build::new().objects(&objects).compile(&format!("atome_reference_{index}"));
}

/// A user's engine may have functions of its own, which every shape's copy would define once more.
fn hide_all_but(symbol: &str, object: &Path) {
    let objcopy = env::var_os("OBJCOPY").unwrap_or_else(|| "objcopy".into());
    let status = Command::new(&objcopy).arg(format!("--keep-global-symbol={symbol}")).arg(object).status();
    let status = status.unwrap_or_else(|error| panic!("cannot start {}: {error} (binutils)", objcopy.display()));
    assert!(status.success(), "{} {}: {status}", objcopy.display(), object.display());
}

/// A Rust list of the tables, in the order of the shapes.
fn references(folder: &Path, is_ours: bool) -> String {
    let mut text = String::from("extern \"C\" {\n");
    for index in 0..SHAPES.len() {
        let _ = writeln!(text, "    static ref{index}_api: engine_api;");
    }
    text += "}\n/// The reference of each shape.\n";
    let _ = writeln!(text, "static TABLES: [&engine_api; {}] = [", SHAPES.len());
    for index in 0..SHAPES.len() {
        text += "    // SAFETY: a constant of that type, which the build script has compiled and linked.\n";
        let _ = writeln!(text, "    unsafe {{ &ref{index}_api }},");
    }
    text += "];\n";
    let _ = writeln!(text, "pub const FOLDER: &str = {:?};", folder.display().to_string());
    let _ = writeln!(text, "pub const IS_OURS: bool = {is_ours};");
    text
}
