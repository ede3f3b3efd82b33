//! `atome.h` as C and C++ programs see it: it compiles without a warning everywhere, declares what the archive defines,
//! and never makes a state larger than promised.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context as _, Result};

use super::context::Context;
use super::report::Outcome;
use crate::archive::Mode;
use crate::{process, workers, workspace};

/// Compilers and the standards each is asked for.
pub(super) const COMPILERS: [(&str, &[&str], &str); 4] = [
    ("gcc", &["-std=c99", "-std=c11", "-std=c17"], "c"),
    ("clang", &["-std=c99", "-std=c11", "-std=c17"], "c"),
    ("g++", &["-std=c++11", "-std=c++17"], "c++"),
    ("clang++", &["-std=c++11", "-std=c++17"], "c++"),
];

pub(super) const STRICT: [&str; 5] = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-O1"];

/// The default, the 944K model, the smallest possible one, and sizes that fit no word.
const SHAPES: [&str; 4] = [
    "",
    "-DATOME_D_MODEL=256 -DATOME_N_LAYERS=8 -DATOME_D_HEAD=64 -DATOME_MAX_SEQ=128",
    "-DATOME_D_MODEL=1 -DATOME_N_LAYERS=1 -DATOME_D_HEAD=1 -DATOME_MAX_SEQ=1 -DATOME_VOCAB_SIZE=1 \
     -DATOME_KERNEL_SIZE=1 -DATOME_TOP_K=1 -DATOME_MAX_CLASSES=1",
    "-DATOME_D_MODEL=7 -DATOME_N_LAYERS=3 -DATOME_D_HEAD=5 -DATOME_MAX_SEQ=9 -DATOME_VOCAB_SIZE=65535 \
     -DATOME_N_PATHWAYS=8",
];

/// Of both arithmetics.
pub(super) const PLANS: [&str; 6] = [
    "",
    "-DATOME_PLAN=ATOME_PLAN_LEAN",
    "-DATOME_PLAN=ATOME_PLAN_PARTIAL",
    "-DATOME_PLAN=ATOME_PLAN_CACHED",
    "-DATOME_ARITHMETIC=ATOME_INTEGER",
    "-DATOME_ARITHMETIC=ATOME_INTEGER -DATOME_PLAN=ATOME_PLAN_LEAN",
];

/// Compiles, links and runs a program that includes the header twice in each of two files, with every compiler,
/// standard, shape and plan.
pub fn compiles_everywhere(context: &Context) -> Result<Outcome> {
    let archive = &context.archive(None, Mode::Portable)?.path;
    let mut programs = Vec::new();
    for (compiler, standards, language) in COMPILERS {
        for standard in standards {
            for shape in SHAPES {
                for plan in PLANS {
                    let flags: Vec<_> = [*standard].into_iter().chain(words(shape)).chain(words(plan)).collect();
                    programs.push((programs.len(), compiler, language, flags));
                }
            }
        }
    }
    let compiled = programs.len();
    let results = workers::all(&programs, workers::processors(), |(number, compiler, language, flags)| {
        build_and_run(&scratch(*number)?, compiler, language, flags, archive)
    });
    let failures: Vec<_> = results.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    if let Some(first) = failures.first() {
        bail!("{} of {compiled} programs; the first:\n{first}", failures.len());
    }
    Ok(Outcome::Passed(format!(
        "{compiled} programs: 4 compilers, 5 standards, {} shapes, {} plans",
        SHAPES.len(),
        PLANS.len()
    )))
}

fn build_and_run(folder: &Path, compiler: &str, language: &str, flags: &[&str], archive: &Path) -> Result<()> {
    let include = archive.parent().context("the archive lies in no folder")?;
    let mut objects = Vec::new();
    for source in ["header_main.c", "header_other.c"] {
        let object = folder.join(source).with_extension("o");
        let mut command = process::in_root(compiler);
        command.args(STRICT).args(flags).args(["-x", language, "-c"]).arg(checks(source));
        command.arg("-I").arg(include).arg("-o").arg(&object);
        process::checked(&mut command)?;
        objects.push(object);
    }
    let executable = folder.join("header");
    process::checked(process::in_root(compiler).args(&objects).arg(archive).arg("-o").arg(&executable))?;
    process::checked(&mut process::in_root(&executable)).with_context(|| format!("{compiler} {}", flags.join(" ")))?;
    Ok(())
}

/// The state never takes more than the C99 engine's plus 64 bytes, and the lean plan stays below 45 % of it where that
/// is promised: assertions in C, over a grid of shapes.
pub fn state_sizes(_: &Context) -> Result<Outcome> {
    let (mut shapes, mut failures) = (0, Vec::new());
    for d in [1, 2, 3, 7, 16, 64, 100, 256] {
        for s in [1, 2, 5, 32, 128, 512] {
            for (layers, head, vocabulary, pathways) in
                [(1, 1, 1, 3), (4, 16, 256, 3), (8, 64, 256, 8), (2, 5, 65_535, 3)]
            {
                shapes += 1;
                let shape = [("D_MODEL", d), ("MAX_SEQ", s), ("N_LAYERS", layers), ("D_HEAD", head)];
                let more = [("VOCAB_SIZE", vocabulary), ("N_PATHWAYS", pathways)];
                let flags = shape.iter().chain(&more).map(|(name, value)| format!("-DATOME_{name}={value}"));
                failures.extend(size_fault(flags.collect()));
            }
        }
    }
    for (d, layers, head, s) in [(64, 4, 16, 32), (256, 8, 64, 64)] {
        shapes += 1;
        let shape = [("D_MODEL", d), ("N_LAYERS", layers), ("D_HEAD", head), ("MAX_SEQ", s)];
        let mut flags: Vec<_> = shape.iter().map(|(name, value)| format!("-DATOME_{name}={value}")).collect();
        flags.extend(["-DATOME_PLAN=ATOME_PLAN_LEAN".to_string(), "-DPERCENT=45".to_string()]);
        failures.extend(size_fault(flags));
    }
    if let Some(first) = failures.first() {
        bail!("{} of {shapes} shapes; the first:\n{first}", failures.len());
    }
    beyond_4_gib()?;
    Ok(Outcome::Passed(format!("{shapes} shapes; none beyond 4 GiB")))
}

/// A state of 4 GiB or more does not compile, wherever `unsigned long` would wrap; what lies below does.
fn beyond_4_gib() -> Result<()> {
    const TOO_LARGE: &str = "of this shape and memory plan has 4 GiB or more";
    const CHOOSE: &str = "the cached memory plan of this shape has 4 GiB or more: define ATOME_PLAN";
    const INTEGERS: [&str; 4] =
        ["-DATOME_ARITHMETIC=ATOME_INTEGER", "-DATOME_D_MODEL=1024", "-DATOME_MAX_SEQ=4096", "-DATOME_N_LAYERS=65535"];
    // Flags, and what 64-bit and 32-bit compilers say.
    let shapes: [(&[&str], Option<&str>, Option<&str>); 8] = [
        (&["-DATOME_D_MODEL=4096", "-DATOME_MAX_SEQ=65535"], Some(TOO_LARGE), Some(TOO_LARGE)),
        // Its lean state has 4 GiB and 5 MiB: in 32 bits, 5 MiB.
        (
            &["-DATOME_D_MODEL=8192", "-DATOME_MAX_SEQ=65535", "-DATOME_PLAN=ATOME_PLAN_LEAN"],
            Some(TOO_LARGE),
            Some(TOO_LARGE),
        ),
        (&["-DATOME_D_MODEL=512", "-DATOME_MAX_SEQ=4096", "-DATOME_N_LAYERS=512"], None, Some(CHOOSE)),
        (
            &["-DATOME_D_MODEL=512", "-DATOME_MAX_SEQ=4096", "-DATOME_N_LAYERS=512", "-DATOME_PLAN=ATOME_PLAN_LEAN"],
            None,
            None,
        ),
        (&["-DATOME_D_MODEL=256", "-DATOME_MAX_SEQ=4096", "-DATOME_N_LAYERS=24"], None, None),
        (&INTEGERS, None, Some(CHOOSE)),
        (
            &[INTEGERS[0], INTEGERS[1], INTEGERS[2], INTEGERS[3], "-DATOME_PLAN=ATOME_PLAN_CACHED"],
            Some(TOO_LARGE),
            Some(TOO_LARGE),
        ),
        (&["-DATOME_D_MODEL=AN_ENUMERATOR"], None, None),
    ];
    if !cfg!(target_arch = "x86_64") {
        // Other compilers have no such pair of flags.
        return Ok(());
    }
    let names = scratch(0)?.join("names.h");
    fs::write(&names, "enum { AN_ENUMERATOR = 64 };\n").with_context(|| format!("cannot write {}", names.display()))?;
    for (flags, of_64, of_32) in shapes {
        for (machine, expected) in [("-m64", of_64), ("-m32", of_32)] {
            let mut command = process::in_root("gcc");
            // Freestanding: the 32-bit C library is not there everywhere.
            command.args([machine, "-std=c11", "-ffreestanding", "-fsyntax-only", "-include"]).arg(&names).args(flags);
            command.arg("-I").arg(workspace::root().join("include")).args(["-x", "c"]).arg(workspace::header());
            let said = process::capture(&mut command)?;
            let is_as_expected = match expected {
                Some(error) => !said.status.success() && said.text.contains(error),
                None => said.status.success(),
            };
            ensure!(is_as_expected, "{}: expected {expected:?}\n{}", process::line(&command), said.text);
        }
    }
    Ok(())
}

fn size_fault(flags: Vec<String>) -> Option<String> {
    let mut command = process::in_root("gcc");
    command.args(["-std=c11", "-fsyntax-only"]).args(flags).arg("-I").arg(workspace::root().join("include"));
    process::checked(command.arg(checks("state_size.c"))).err().map(|error| format!("{error:#}"))
}

/// The header declares exactly the functions that the archive defines: by their names, or by those that it gives to them where a
/// program chooses the integer arithmetic.
pub fn same_names(context: &Context) -> Result<Outcome> {
    let header = fs::read_to_string(workspace::header()).context("cannot read include/atome.h")?;
    let mut declared = prototypes(&header);
    declared.extend(constants(&header));
    let renamed = of_integers(&header);
    for (usual, name) in &renamed {
        ensure!(declared.contains(*usual), "#define {usual} {name}: include/atome.h declares no {usual}");
    }
    declared.extend(renamed.into_iter().map(|(_, name)| name.to_string()));
    let all = expect_same(&declared, &context.signed_archive(None)?.exported)?;
    // Those that the header declares where ATOME_SIGNED is defined.
    let usual: BTreeSet<_> = declared.into_iter().filter(|name| !name.contains("_signed")).collect();
    let usual = expect_same(&usual, &context.archive(None, Mode::Portable)?.exported)?;
    Ok(Outcome::Passed(format!("{usual} names, {all} in the archive for signed models")))
}

/// What the header calls functions and constants of the integer arithmetic, and their names.
fn of_integers(header: &str) -> Vec<(&str, &str)> {
    let definitions = header.lines().filter_map(|line| line.strip_prefix("#define ")?.split_once(' '));
    definitions
        .filter(|(_, name)| name.starts_with("atome_integer_"))
        .filter(|(usual, _)| !usual.contains('('))
        .collect()
}

/// The number of names, which have to be the same on both sides.
fn expect_same(declared: &BTreeSet<String>, defined: &[String]) -> Result<usize> {
    let defined: BTreeSet<_> = defined.iter().cloned().collect();
    let names = |set: Vec<&String>| set.into_iter().cloned().collect::<Vec<_>>().join(" ");
    let undefined = names(declared.difference(&defined).collect());
    let undeclared = names(defined.difference(declared).collect());
    ensure!(undefined.is_empty(), "declared in include/atome.h, but not in the archive: {undefined}");
    ensure!(undeclared.is_empty(), "in the archive, but not declared in include/atome.h: {undeclared}");
    Ok(declared.len())
}

/// Where the compiler cannot tell which file has which shape, each function that touches a struct of the shape asks first:
/// the header has a macro for it.
pub fn checked_calls(_: &Context) -> Result<Outcome> {
    // It only returns its pointer.
    const UNCHECKED: [&str; 1] = ["atome_get_logits"];
    let header = fs::read_to_string(workspace::header()).context("cannot read include/atome.h")?;
    let of_shape = ["atome_model_t *", "atome_classifier_t *", "atome_state_t *", "[ATOME_D_MODEL]"];
    let mut checked = 0;
    for statement in statements(&header) {
        let Some(name) = function_name(&statement).filter(|name| !UNCHECKED.contains(&name.as_str())) else { continue };
        if of_shape.iter().any(|kind| statement.contains(kind)) {
            let of_integers = name.replace("atome_", "atome_integer_");
            // One function is not there in integers.
            for name in [&name, &of_integers].into_iter().filter(|name| *name != "atome_integer_sparse_attn") {
                let macro_start = format!("#define {name}(...) ATOME_CALL_(({name})(__VA_ARGS__), ");
                ensure!(header.contains(&macro_start), "capi/cbindgen.toml: expected `{macro_start}...)` at its end");
                checked += 1;
            }
        }
    }
    ensure!(checked > 10, "only {checked} functions take a struct of the shape");
    Ok(Outcome::Passed(format!("{checked} functions")))
}

/// The constants of the library that the header refers to.
fn constants(header: &str) -> impl Iterator<Item = String> + use<'_> {
    let names =
        [("atome_formats", "atome_formats_t"), ("atome_cache", "atome_cache_t"), ("atome_partial", "atome_cache_t")];
    let names = names.into_iter().filter(|(name, of)| header.contains(&format!("extern const {of} {name} ")));
    names.map(|(name, _)| name.to_string())
}

/// Names of the `atome_*` functions that a header declares without defining them.
fn prototypes(header: &str) -> BTreeSet<String> {
    statements(header).iter().filter_map(|statement| function_name(statement)).collect()
}

/// Declarations of a header, those of functions that it defines left out.
fn statements(header: &str) -> Vec<String> {
    let code = without_comments(header);
    let code = without_directives(&code);
    let code = without_bodies(&code);
    code.split([';', '{', '}']).filter(|statement| !statement.contains("static ")).map(str::to_string).collect()
}

/// Without what stands in the braces of functions that the header defines itself: those behind a `static`.
fn without_bodies(code: &str) -> String {
    let (mut kept, mut statement, mut depth) = (String::new(), 0, 0);
    for character in code.chars() {
        match character {
            '{' if depth > 0 || kept[statement..].contains("static ") => depth += 1,
            '}' if depth > 0 => depth -= 1,
            _ if depth > 0 => continue,
            _ => {}
        }
        kept.push(character);
        if depth == 0 && matches!(character, ';' | '{' | '}') {
            statement = kept.len();
        }
    }
    kept
}

/// The identifier before the first parenthesis, where it is one of ours.
fn function_name(declaration: &str) -> Option<String> {
    let (head, _) = declaration.split_once('(')?;
    let name = head.trim_end().rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
    name.starts_with("atome_").then(|| name.to_string())
}

fn without_comments(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        code.push(' ');
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);
    let lines = code.lines().map(|line| line.split_once("//").map_or(line, |(before, _)| before));
    lines.collect::<Vec<_>>().join("\n")
}

/// Without preprocessor lines, which may go on after a backslash.
fn without_directives(code: &str) -> String {
    let (mut kept, mut continued) = (Vec::new(), false);
    for line in code.lines() {
        let directive = continued || line.trim_start().starts_with('#');
        continued = directive && line.trim_end().ends_with('\\');
        if !directive {
            kept.push(line);
        }
    }
    kept.join("\n")
}

pub(super) fn words(flags: &'static str) -> impl Iterator<Item = &'static str> {
    flags.split_whitespace()
}

pub(super) fn checks(file: &str) -> PathBuf {
    workspace::root().join("xtask/checks").join(file)
}

/// A folder of its own for each program: some are made at the same time.
fn scratch(number: usize) -> Result<PathBuf> {
    let folder = workspace::scratch().join("test/header").join(number.to_string());
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prototypes_are_found_and_nothing_else() {
        let header = "
#define ATOME_CALL(x) \\
    atome_macro(x)
/* like atome_comment(1); */
// atome_line(2);
extern const struct atome_config atome_config __attribute__((weak));
static inline int8_t atome_unpack_trit(const uint8_t *packed, int idx) { return atome_inner(packed)[idx]; }
extern \"C\" {
int atome_load(struct atome_model_t *model,
               const uint8_t *data, size_t len);
const float *atome_get_logits(struct atome_state_t *state);
}
";
        let names: Vec<_> = prototypes(header).into_iter().collect();
        assert_eq!(names, ["atome_get_logits", "atome_load"]);
    }
}
