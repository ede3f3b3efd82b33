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

use shapes::{INTEGER_SHAPES, SHAPES};

const ADAPTER: &str = "adapter";
const OUR_REFERENCE: &str = "reference";
const HEADER: &str = "../include";

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let (reference, is_ours) = reference_folder();
    for (index, shape) in SHAPES.iter().enumerate() {
        compile("reference", &format!("ref{index}_"), &["api"], &shape.flags(), &reference);
        if !is_ours {
            let scout = format!("scout{index}_");
            compile("scout", &scout, &["api", "heard"], &shape.flags(), Path::new(OUR_REFERENCE));
        }
    }
    compile_integers(is_ours);
    // For a test of the header.
    cc::Build::new().std("c99").include(HEADER).file(format!("{ADAPTER}/blob_sizes.c")).compile("atome_blob_sizes");
    println!("cargo::rerun-if-changed={HEADER}/atome.h");
    fs::write(out.join("references.rs"), references(&reference, is_ours)).expect("OUT_DIR is writable");
    fs::write(out.join("integers.rs"), integers(is_ours)).expect("OUT_DIR is writable");
    bindings::write(ADAPTER, &out.join("engine_api.rs"));
    println!("cargo::rerun-if-changed={ADAPTER}");
    println!("cargo::rerun-if-changed=src/shapes.rs");
    println!("cargo::rerun-if-changed={OUR_REFERENCE}");
    println!("cargo::rerun-if-changed={}", reference.display());
    println!("cargo::rerun-if-env-changed=ATOME_REFERENCE");
}

/// The folder of the reference of this crate, or of the user's own `atome.c` and `atome.h`, and whether it is the first. A relative folder counts from the workspace root, where cargo is run.
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

/// The integer reference of every shape. Of the shapes that it has for itself our floating-point one, too, which loads models.
fn compile_integers(is_ours: bool) {
    for (index, shape) in SHAPES.iter().chain(&INTEGER_SHAPES).enumerate() {
        let mut flags = shape.flags();
        flags.push(format!("-DLOADER={}", loader(index, is_ours)));
        compile("integer", &format!("int{index}_"), &["integers"], &flags, Path::new(OUR_REFERENCE));
        if index >= SHAPES.len() {
            compile("reference", &format!("ref{index}_"), &["api"], &shape.flags(), Path::new(OUR_REFERENCE));
        }
    }
}

/// The adapter's `<unit>_unit.c` with the engine in `folder`, of which `exported` names alone can be seen, under a prefix.
fn compile(unit: &str, prefix: &str, exported: &[&str], shape_flags: &[String], folder: &Path) {
    let mut build = cc::Build::new();
    // Contraction changes results, and so would a debug build's -O0 on machines with wider registers.
    build.std("c99").opt_level(2).flag("-ffp-contract=off").warnings(false);
    if env::var_os("CARGO_FEATURE_SYSTEM_LIBM").is_none() {
        build.define("REFERENCE_ROUNDS_CORRECTLY", None);
    }
    for flag in shape_flags {
        build.flag(flag);
    }
    if unit == "integer" && env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64" || arch == "aarch64") {
        // The compiler refuses every operation on floats.
        build.flag("-mgeneral-regs-only");
    }
    build.define("REFERENCE_PREFIX", prefix).include(folder).include(ADAPTER).file(format!("{ADAPTER}/{unit}_unit.c"));
    let objects = build.compile_intermediates();
    for object in &objects {
        hide_all_but(exported.iter().map(|name| format!("{prefix}{name}")), object);
    }
    cc::Build::new().objects(&objects).compile(&format!("atome_{prefix}{unit}"));
}

/// A user's engine may have functions of its own, which every shape's copy would define once more.
fn hide_all_but(symbols: impl Iterator<Item = String>, object: &Path) {
    let objcopy = env::var_os("OBJCOPY").unwrap_or_else(|| "objcopy".into());
    let mut command = Command::new(&objcopy);
    command.args(symbols.map(|symbol| format!("--keep-global-symbol={symbol}"))).arg(object);
    let status =
        command.status().unwrap_or_else(|error| panic!("cannot start {}: {error} (binutils)", objcopy.display()));
    assert!(status.success(), "{} {}: {status}", objcopy.display(), object.display());
}

/// Rust lists of the tables, in the order of the shapes; of scouts, where the reference is not ours.
fn references(folder: &Path, is_ours: bool) -> String {
    let scouts = if is_ours { 0 } else { SHAPES.len() };
    let mut text = String::from("extern \"C\" {\n");
    for index in 0..SHAPES.len() {
        let _ = writeln!(text, "    static ref{index}_api: engine_api;");
    }
    for index in 0..scouts {
        let _ = writeln!(text, "    static scout{index}_api: engine_api;\n    fn scout{index}_heard() -> u32;");
    }
    text += "}\n/// The reference of each shape.\n";
    let _ = writeln!(text, "pub static TABLES: [&engine_api; {}] = [", SHAPES.len());
    for index in 0..SHAPES.len() {
        text += "    // SAFETY: a constant of that type, which the build script has compiled and linked.\n";
        let _ = writeln!(text, "    unsafe {{ &ref{index}_api }},");
    }
    text += "];\n/// The scout of each shape; none are needed beside a reference of ours.\n";
    let _ = writeln!(text, "pub static SCOUTS: [(&engine_api, unsafe extern \"C\" fn() -> u32); {scouts}] = [");
    for index in 0..scouts {
        text += "    // SAFETY: as above.\n";
        let _ = writeln!(text, "    (unsafe {{ &scout{index}_api }}, scout{index}_heard),");
    }
    text += "];\n";
    let _ = writeln!(
        text,
        "/// Where the engine's `atome.c` lies.\npub const FOLDER: &str = {:?};",
        folder.display().to_string()
    );
    let _ = writeln!(text, "/// Whether it is the reference of this crate, not an engine of the user's.\npub const IS_OURS: bool = {is_ours};");
    text
}

/// The table of our floating-point reference of a shape, by its name in C.
fn loader(index: usize, is_ours: bool) -> String {
    let prefix = if is_ours || index >= SHAPES.len() { "ref" } else { "scout" };
    format!("{prefix}{index}_api")
}

/// A Rust list of the integer references and of what loads their models, in the order of both lists of shapes.
fn integers(is_ours: bool) -> String {
    let all = SHAPES.len() + INTEGER_SHAPES.len();
    let loader = |index| loader(index, is_ours);
    let mut text = String::from("extern \"C\" {\n");
    for index in 0..all {
        let _ = writeln!(
            text,
            "    static int{index}_integers: engine_integers;\n    static {}: engine_api;",
            loader(index)
        );
    }
    text += "}\n/// The integer reference of each shape, and the reference that loads its models.\n";
    let _ = writeln!(text, "pub static INTEGERS: [(&engine_integers, &engine_api); {all}] = [");
    for index in 0..all {
        text += "    // SAFETY: constants of these types, which the build script has compiled and linked.\n";
        let _ = writeln!(text, "    (unsafe {{ &int{index}_integers }}, unsafe {{ &{} }}),", loader(index));
    }
    text += "];\n";
    text
}
