//! `atome.h` under the compilers' sternest eyes: no warning that they have, and no struct that is laid out otherwise than the
//! library's.

use anyhow::{ensure, Result};

use super::context::Context;
use super::header::{checks, words, COMPILERS, PLANS, STRICT};
use super::report::Outcome;
use crate::{process, workers, workspace};

/// What strict firmware shops ask of gcc and clang, in C and C++.
const STRICTER: [&str; 13] = [
    "-Wconversion",
    "-Wsign-conversion",
    "-Wcast-align=strict",
    "-Wcast-qual",
    "-Wundef",
    "-Wshadow",
    "-Wredundant-decls",
    "-Wmissing-declarations",
    "-Wwrite-strings",
    "-Wdouble-promotion",
    "-Wfloat-conversion",
    "-Wformat=2",
    "-Wvla",
];

/// In C.
const STRICTER_C: [&str; 4] =
    ["-Wmissing-prototypes", "-Wstrict-prototypes", "-Wold-style-definition", "-Wnested-externs"];

/// In C++.
const STRICTER_CPP: [&str; 2] = ["-Wold-style-cast", "-Wzero-as-null-pointer-constant"];

/// Everything that clang has, but for what no header that C and C++ share, with structs whose layout is given, can do without:
/// padding, C++98, and casts as in C of the programs themselves.
const EVERYTHING: [&str; 8] = [
    "-Weverything",
    "-Wno-padded",
    "-Wno-c++98-compat",
    "-Wno-c++98-compat-pedantic",
    "-Wno-unsafe-buffer-usage",
    "-Wno-declaration-after-statement",
    "-Wno-switch-default",
    "-Wno-unknown-warning-option",
];

/// What a program may define besides its shape.
const CHOICES: [&str; 7] = [
    "",
    "-DATOME_FORMATS",
    "-DATOME_CONTAINERS",
    "-DATOME_SIGNED",
    "-DATOME_SHARED",
    "-DATOME_CONFIG_EXTERN",
    // The macros that take the functions' names are expanded once, which is meant.
    "-DATOME_CHECK_CALLS -Wno-disabled-macro-expansion",
];

/// Compiles a file that includes the header with every warning that there is, for every choice and plan.
pub fn no_warning(_: &Context) -> Result<Outcome> {
    let mut commands = Vec::new();
    for (compiler, standards, language) in COMPILERS {
        for standard in standards {
            for (choice, plan) in CHOICES.iter().flat_map(|choice| PLANS.map(|plan| (*choice, plan))) {
                let mut command = vec![compiler, *standard, "-x", language, "-fsyntax-only"];
                command.extend(STRICT);
                command.extend(
                    STRICTER
                        .into_iter()
                        .filter(|flag| !compiler.starts_with("clang") || *flag != "-Wcast-align=strict"),
                );
                command.extend(if language == "c" { &STRICTER_C[..] } else { &STRICTER_CPP });
                if compiler.starts_with("clang") {
                    command.extend(EVERYTHING);
                }
                command.extend(words(choice).chain(words(plan)));
                commands.push(command);
            }
        }
    }
    let include = workspace::root().join("include");
    workers::try_all(&commands, workers::processors(), |words| {
        let mut command = process::in_root(words[0]);
        command.args(&words[1..]).arg("-I").arg(&include).arg(checks("header_other.c"));
        process::checked(&mut command)
    })?;
    Ok(Outcome::Passed(format!("{} ways to compile", commands.len())))
}

/// Structs that are laid out otherwise than the library's do not compile.
pub fn packed_structs(_: &Context) -> Result<Outcome> {
    let include = workspace::root().join("include");
    let compiles = |compiler: &str, flags: &[&str]| -> Result<bool> {
        let mut command = process::in_root(compiler);
        command
            .args(["-fsyntax-only", "-ffreestanding"])
            .args(flags)
            .arg("-I")
            .arg(&include)
            .arg(checks("header_other.c"));
        let finished = process::capture(&mut command)?;
        ensure!(
            finished.status.success() || finished.text.contains("atome_structs_are_not_packed"),
            "{}",
            finished.text
        );
        Ok(finished.status.success())
    };
    let thumb = ["-mcpu=cortex-m3", "-mthumb"];
    for (compiler, target) in [("gcc", &[][..]), ("clang", &[]), ("arm-none-eabi-gcc", &thumb)] {
        for (packing, is_natural) in [(1, false), (2, false), (4, false), (8, true), (16, true)] {
            let packing = format!("-fpack-struct={packing}");
            let flags = [target, &[&packing]].concat();
            ensure!(compiles(compiler, &flags)? == is_natural, "{compiler} {packing}: compiles is {}", !is_natural);
        }
    }
    Ok(Outcome::Passed("-fpack-struct=1, 2 and 4 are refused, 8 and 16 change nothing".to_string()))
}
