//! Archives for other computers than this one: built, their symbols compared with this machine's, linked by the linkers of
//! their systems, and where this machine can run the program, its output compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context as _, Result};

use super::context::Context;
use super::report::Outcome;
use crate::archive::{self, Archive, Mode, Request};
use crate::process;
use crate::setup::Missing;
use crate::targets::{self, Format, KNOWN};
use crate::toolchain::Toolchain;
use crate::workspace;

/// One of each format of objects, and of each C library on Linux.
const USUAL: [&str; 4] =
    ["x86_64-unknown-linux-musl", "i686-unknown-linux-gnu", "x86_64-pc-windows-gnu", "aarch64-apple-darwin"];

/// Its standard library is not to be had everywhere.
const RARE: &str = "armv7-unknown-linux-musleabihf";

/// It prints bits of logits and scores.
const PROGRAM: &str = "c_tests/programs/odd_offsets.c";
const SHAPE: [&str; 6] = [
    "-DATOME_D_MODEL=10",
    "-DATOME_N_LAYERS=2",
    "-DATOME_D_HEAD=3",
    "-DATOME_VOCAB_SIZE=23",
    "-DATOME_MAX_SEQ=8",
    "-DATOME_KERNEL_SIZE=3",
];

/// A few that stand for all.
pub fn usual(context: &Context) -> Result<Outcome> {
    check(context, &USUAL)
}

/// All others that this project makes archives for.
pub fn others(context: &Context) -> Result<Outcome> {
    let rows = KNOWN.iter().map(|target| target.triple);
    let mut triples: Vec<_> =
        rows.filter(|triple| !targets::is_bare_metal(triple) && !USUAL.contains(triple)).collect();
    if !context.toolchain.has_target(RARE) {
        let added = process::capture(process::rustup().args(["target", "add", RARE]));
        if !added.is_ok_and(|added| added.status.success()) {
            say!("   SKIPPED: {RARE}: rustup has no standard library for it here");
            triples.retain(|triple| *triple != RARE);
        }
    }
    check(context, &triples)
}

fn check(context: &Context, triples: &[&'static str]) -> Result<Outcome> {
    let toolchain = &context.toolchain;
    let mut missing = Missing::for_archive(toolchain, None);
    for triple in triples {
        missing.target(toolchain, Some(triple));
        needs(&mut missing, triple);
    }
    missing.install()?;
    let own = context.archive(None, Mode::Portable)?;
    let expected = printed(&own)?;
    let (mut linked, mut run) = (0, 0);
    for triple in triples {
        let archive = context.archive(Some(triple), Mode::Portable)?;
        ensure!(archive.exported == own.exported, "{triple}: defines {:?}, not {:?}", archive.exported, own.exported);
        archive::build(toolchain, &with_prefix(triple)).with_context(|| format!("{triple}: with a prefix"))?;
        let program = link(toolchain, triple, &archive.path).with_context(|| format!("{triple}: linking"))?;
        linked += 1;
        let Some(mut command) = runs(triple, &program) else { continue };
        let found = process::checked(&mut command).with_context(|| format!("{triple}: running"))?;
        if let Some((line, expected, found)) = crate::header::first_difference(&expected, &found) {
            anyhow::bail!("{triple}: line {line}\n  this machine: {expected}\n  {triple}: {found}");
        }
        run += 1;
    }
    let built = triples.len();
    Ok(Outcome::Passed(format!(
        "{built} archives with this machine's symbols, {linked} linked, {run} run with its bits"
    )))
}

/// For programs with models of several shapes: nothing may be left in it that another archive has, too.
fn with_prefix(triple: &str) -> Request {
    let out = workspace::scratch().join("test").join(triple).join("with-prefix");
    Request { out, prefix: Some("lamp_".to_string()), ..Request::new(Some(triple.to_string()), Mode::Portable) }
}

/// What the program prints with this machine's archive.
fn printed(archive: &Archive) -> Result<String> {
    let program = folder("host")?.join("program");
    let mut cc = compile("cc", &archive.path, &[])?;
    process::checked(cc.arg(workspace::root().join(PROGRAM)).arg(&archive.path).arg("-o").arg(&program))?;
    process::checked(&mut process::in_root(program))
}

/* What is needed --------------------------------------------------------------------------------------------------- */

/// The GNU compiler for the target: where the C library is musl, that for GNU's.
fn gnu(triple: &str) -> Option<String> {
    let compiler = targets::known(triple)?.compiler;
    let for_gnu = compiler.strip_prefix("musl-").unwrap_or(compiler).replace("-musl", "-gnu");
    for_gnu.ends_with("gcc").then_some(for_gnu)
}

fn needs(missing: &mut Missing, triple: &str) {
    let Some(compiler) = gnu(triple) else {
        return missing.programs(&["clang"]);
    };
    missing.c_compiler(&compiler);
    if let Some(emulator) = emulator(triple) {
        missing.programs(&[emulator]);
    }
}

/* Linking ---------------------------------------------------------------------------------------------------------- */

/// A compiler's command line up to the source.
fn compile(compiler: &str, archive: &Path, flags: &[&str]) -> Result<Command> {
    let include = archive.parent().context("the archive lies in no folder")?;
    let mut command = process::in_root(compiler);
    command.args(["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror"]).args(SHAPE).args(flags);
    command.arg("-I").arg(include);
    Ok(command)
}

fn link(toolchain: &Toolchain, triple: &str, archive: &Path) -> Result<PathBuf> {
    match gnu(triple) {
        Some(compiler) => link_by_gnu(toolchain, triple, &compiler, archive),
        None => link_by_lld(toolchain, triple, archive),
    }
}

fn link_by_gnu(toolchain: &Toolchain, triple: &str, compiler: &str, archive: &Path) -> Result<PathBuf> {
    let program = folder(triple)?.join("program");
    let mut command = compile(compiler, archive, &["-static"])?;
    if !triple.contains("-musl") {
        process::checked(command.arg(workspace::root().join(PROGRAM)).arg(archive).arg("-o").arg(&program))?;
        return Ok(program);
    }
    // Rust brings musl itself along, which spares a C compiler for each: the C library's headers agree in what this calls.
    let musl = toolchain.target_libraries(triple).join("self-contained");
    command.args(["-no-pie", "-fno-pie", "-nostdlib", "-U_FORTIFY_SOURCE"]);
    command.args(["crt1.o", "crti.o"].map(|file| musl.join(file)));
    command.arg(workspace::root().join(PROGRAM)).arg(archive).arg(musl.join("libc.a")).arg("-lgcc");
    process::checked(command.arg(musl.join("libc.a")).arg(musl.join("crtn.o")).arg("-o").arg(&program))?;
    Ok(program)
}

/// For the systems whose C libraries are not to be had: a program without one, linked by LLVM's form of their linkers.
fn link_by_lld(toolchain: &Toolchain, triple: &str, archive: &Path) -> Result<PathBuf> {
    const SOURCES: [&str; 2] = ["xtask/checks/without_system.c", "qemu/firmware/no_c_library.c"];
    let is_apple = Format::of(triple) == Format::MachO;
    let folder = folder(triple)?;
    // clang takes `darwin` for any of Apple's systems.
    let for_clang = format!("--target={}", triple.replace("-darwin", "-macos11"));
    let mut objects = Vec::new();
    for (index, source) in SOURCES.iter().enumerate() {
        let object = folder.join(format!("{index}.o"));
        let flags = [for_clang.as_str(), "-ffreestanding", "-fno-builtin", "-fno-stack-protector", "-c"];
        let mut clang = compile("clang", archive, &flags)?;
        process::checked(clang.arg(workspace::root().join(source)).arg("-o").arg(&object))?;
        objects.push(object);
    }
    let program = folder.join("program");
    let mut lld = Command::new(toolchain.llvm_tool("gcc-ld").join(if is_apple { "ld64.lld" } else { "lld-link" }));
    if is_apple {
        let architecture = if triple.starts_with("aarch64") { "arm64" } else { "x86_64" };
        // A library, because every program there needs the system's start-up code.
        lld.args(["-dylib", "-arch", architecture, "-platform_version", "macos", "11.0", "11.0"]);
        lld.arg("-o").arg(&program);
    } else {
        lld.args(["/nodefaultlib", "/entry:start", "/subsystem:console"]).arg(format!("/out:{}", program.display()));
    }
    process::checked(lld.args(&objects).arg(archive))?;
    Ok(program)
}

fn folder(name: &str) -> Result<PathBuf> {
    let folder = workspace::scratch().join("test/computers").join(name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/* Running ---------------------------------------------------------------------------------------------------------- */

/// What runs the program of a target on a machine of another kind; none where nothing does.
fn emulator(triple: &str) -> Option<&'static str> {
    if Format::of(triple) != Format::Elf {
        return None;
    }
    match triple.split('-').next()? {
        "x86_64" => Some("qemu-x86_64"),
        "i686" => Some("qemu-i386"),
        "aarch64" => Some("qemu-aarch64"),
        "armv7" => Some("qemu-arm"),
        _ => None,
    }
}

fn runs(triple: &str, program: &Path) -> Option<Command> {
    let emulator = emulator(triple)?;
    let is_native = cfg!(target_os = "linux") && triple.starts_with(std::env::consts::ARCH);
    let mut command = process::in_root(if is_native { program.as_os_str() } else { emulator.as_ref() });
    if !is_native {
        command.arg(program);
    }
    Some(command)
}
