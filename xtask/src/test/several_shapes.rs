//! Models of different shapes in one process: in shared libraries, and in one program with archives of different prefixes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{ensure, Context as _, Result};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget};

use super::context::Context;
use super::linkers::{self, Linker};
use super::report::Outcome;
use crate::archive::{self, Archive, Mode, Request};
use crate::{process, workspace};

/// A part of a process with a model of its own.
struct Part {
    name: &'static str,
    shape: &'static [&'static str],
}

const PARTS: [Part; 2] = [
    Part { name: "lamp", shape: &["-DATOME_D_MODEL=13", "-DATOME_N_LAYERS=2", "-DATOME_VOCAB_SIZE=41"] },
    Part {
        name: "heater",
        shape: &["-DATOME_D_MODEL=40", "-DATOME_N_LAYERS=5", "-DATOME_MAX_SEQ=9", "-DATOME_PLAN=ATOME_PLAN_LEAN"],
    },
];

const COMPILERS: [(&str, &str); 4] = [("gcc", "c"), ("clang", "c"), ("g++", "c++"), ("clang++", "c++")];

/// The archive's code refers to none of the names that it defines for others: in a shared library that exports them, another
/// library's could take their place.
pub fn calls_stay_inside(context: &Context) -> Result<Outcome> {
    let archives = [context.archive(None, Mode::Portable)?, context.signed_archive(None)?];
    let mut relocations = 0;
    for archive in &archives {
        let bytes = fs::read(&archive.path).with_context(|| archive.path.display().to_string())?;
        let members = ArchiveFile::parse(&*bytes)?;
        for member in members.members() {
            let object = object::File::parse(member?.data(&*bytes)?)?;
            for (_, relocation) in object.sections().flat_map(|section| section.relocations().collect::<Vec<_>>()) {
                let RelocationTarget::Symbol(index) = relocation.target() else { continue };
                let symbol = object.symbol_by_index(index)?;
                let is_ours = symbol.is_definition() && symbol.is_global();
                ensure!(!is_ours, "{}: refers to its own {}", archive.path.display(), symbol.name()?);
                relocations += 1;
            }
        }
    }
    ensure!(relocations > 0, "no relocation found");
    Ok(Outcome::Passed(format!("{relocations} references")))
}

/// Two shared libraries, each with the archive in it, opened in both orders and linked in both orders: each part prints what
/// it prints alone.
pub fn in_shared_libraries(context: &Context) -> Result<Outcome> {
    let archive = context.archive(None, Mode::Portable)?;
    let linkers = linkers::all(&context.toolchain);
    let mut processes = 0;
    for linker in &linkers {
        for compiler in COMPILERS {
            let build = Build { compiler, linker, folder: scratch("libraries")? };
            let alone = build.alone(&archive)?;
            let libraries = build.libraries(&archive)?;
            let open = build.opener()?;
            for order in [[0, 1], [1, 0]] {
                let expected: String = order.iter().map(|&part| alone[part].as_str()).collect();
                let mut opening = process::in_root(&open);
                for part in order {
                    opening.arg(&libraries[part]).arg(PARTS[part].name);
                }
                expect(&build, "opened", &expected, &mut opening)?;
                let linked = build.program(order, &order.map(|part| libraries[part].clone()), "linked")?;
                expect(&build, "linked", &expected, &mut process::in_root(&linked))?;
                processes += 2;
            }
        }
    }
    Ok(Outcome::Passed(format!("{processes} processes with two libraries ({})", linkers::names(&linkers))))
}

/// Two archives of different prefixes in one program: each part prints what it prints alone. Without prefixes, such a
/// program does not link.
pub fn with_prefixes(context: &Context) -> Result<Outcome> {
    let archive = context.archive(None, Mode::Portable)?;
    let prefixed = PARTS.iter().map(|part| prefixed(context, None, part)).collect::<Result<Vec<_>>>()?;
    let linkers = linkers::all(&context.toolchain);
    let mut programs = 0;
    for linker in &linkers {
        for compiler in COMPILERS {
            for optimisation in ["-O0", "-O2 -flto"] {
                if optimisation.contains("-flto") && linker.name == "lld" && compiler.0.starts_with('g') {
                    continue;
                }
                let build = Build { compiler, linker, folder: scratch("prefixes")? };
                let alone = build.alone(&archive)?;
                let flags: Vec<_> = optimisation.split(' ').collect();
                let mut files = Vec::new();
                for (part, archive) in PARTS.iter().zip(&prefixed) {
                    files.push(build.part(part, archive, &flags)?);
                    files.push(archive.path.clone());
                }
                files.push(build.object("several_main.c", "main", &flags, &[])?);
                let program = build.linked(&files, &flags, "prefixes")?;
                expect(&build, optimisation, &alone.concat(), &mut process::in_root(&program))?;
                programs += 1;
            }
        }
    }
    refused_together(context, &archive)?;
    for_thumb(context)?;
    Ok(Outcome::Passed(format!("{programs} programs with two archives ({})", linkers::names(&linkers))))
}

/// With one archive for all its parts the linker refuses the program.
fn refused_together(context: &Context, archive: &Archive) -> Result<()> {
    let linkers = linkers::all(&context.toolchain);
    let linker = linkers.first().context("no linker")?;
    let build = Build { compiler: COMPILERS[0], linker, folder: scratch("refused")? };
    let mut files = PARTS.iter().map(|part| build.part(part, archive, &[])).collect::<Result<Vec<_>>>()?;
    files.extend([build.object("several_main.c", "main", &[], &[])?, archive.path.clone()]);
    let error = build.linked(&files, &[], "refused").err().context("two shapes were linked with one archive")?;
    ensure!(format!("{error:#}").contains("atome_files_disagree_on_ATOME_D_MODEL"), "{error:#}");
    Ok(())
}

/// On bare metal it links.
fn for_thumb(context: &Context) -> Result<()> {
    let folder = scratch("thumb")?;
    let mut linking = process::in_root("arm-none-eabi-gcc");
    linking.args(["-mcpu=cortex-m3", "-mthumb", "-nostdlib", "-Wl,-emain", "-Wl,--unresolved-symbols=ignore-all"]);
    for part in &PARTS {
        let archive = prefixed(context, Some(super::EMBEDDED), part)?;
        let object = folder.join(part.name).with_extension("o");
        let mut command = process::in_root("arm-none-eabi-gcc");
        command.args(["-mcpu=cortex-m3", "-mthumb", "-Os", "-Wall", "-Wextra", "-Werror"]);
        part_of(&mut command, part, &archive)?;
        process::checked(command.arg("-o").arg(&object))?;
        linking.arg(object).arg(&archive.path);
    }
    let main = folder.join("main.o");
    let mut command = process::in_root("arm-none-eabi-gcc");
    command.args(["-mcpu=cortex-m3", "-mthumb", "-c", "-DFIRST=lamp", "-DSECOND=heater"]).arg(checks("several_main.c"));
    process::checked(command.arg("-o").arg(&main))?;
    process::checked(linking.arg(main).arg("-o").arg(folder.join("several")))?;
    Ok(())
}

fn prefixed(context: &Context, target: Option<&str>, part: &Part) -> Result<Archive> {
    let out = workspace::scratch().join("test").join(target.unwrap_or("host")).join(part.name);
    let prefix = Some(format!("{}_", part.name));
    let request = Request { out, prefix, ..Request::new(target.map(String::from), Mode::Portable) };
    archive::build(&context.toolchain, &request)
}

/// One way to build.
struct Build<'a> {
    /// And its language.
    compiler: (&'static str, &'static str),
    linker: &'a Linker,
    folder: PathBuf,
}

impl Build<'_> {
    fn compile(&self, flags: &[&str]) -> Command {
        let mut command = process::in_root(self.compiler.0);
        command.args(["-Wall", "-Wextra", "-Werror", "-x", self.compiler.1]).args(flags);
        command
    }

    fn object(&self, source: &str, name: &str, flags: &[&str], defines: &[&str]) -> Result<PathBuf> {
        let object = self.folder.join(name).with_extension("o");
        let mut command = process::in_root(self.compiler.0);
        // C++ gives functions other names.
        command
            .args(["-x", "c", "-c", "-DFIRST=lamp", "-DSECOND=heater"])
            .args(flags)
            .args(defines)
            .arg(checks(source));
        process::checked(command.arg("-o").arg(&object))?;
        Ok(object)
    }

    /// A part with its shape and the header beside the archive.
    fn part(&self, part: &Part, archive: &Archive, flags: &[&str]) -> Result<PathBuf> {
        let object = self.folder.join(part.name).with_extension("o");
        let mut command = self.compile(flags);
        part_of(&mut command, part, archive)?;
        process::checked(command.arg("-o").arg(&object))?;
        Ok(object)
    }

    fn linked(&self, files: &[PathBuf], flags: &[&str], name: &str) -> Result<PathBuf> {
        let program = self.folder.join(name);
        let mut command = process::in_root(self.compiler.0);
        command.args(flags).args(self.linker.flags()).args(files).arg("-o").arg(&program);
        process::checked(&mut command)?;
        Ok(program)
    }

    /// What each part prints in a program of its own.
    fn alone(&self, archive: &Archive) -> Result<Vec<String>> {
        PARTS
            .iter()
            .map(|part| {
                let first = format!("-UFIRST -USECOND -DFIRST={}", part.name);
                let first: Vec<_> = first.split(' ').collect();
                let main = self.object("several_main.c", "main", &[], &first)?;
                let files = [self.part(part, archive, &[])?, main, archive.path.clone()];
                process::checked(&mut process::in_root(self.linked(&files, &[], "alone")?))
            })
            .collect()
    }

    fn libraries(&self, archive: &Archive) -> Result<Vec<PathBuf>> {
        PARTS
            .iter()
            .map(|part| {
                let object = self.part(part, archive, &["-fPIC"])?;
                let library = format!("lib{}.so", part.name);
                // What they do not find would be taken from each other.
                self.linked(&[object, archive.path.clone()], &["-shared", "-Wl,--no-undefined"], &library)
            })
            .collect()
    }

    fn opener(&self) -> Result<PathBuf> {
        let open = self.folder.join("several_libraries");
        let mut command = process::in_root("gcc");
        command.args(["-std=c99", "-Wall", "-Wextra", "-Werror"]).arg(checks("several_libraries.c"));
        process::checked(command.arg("-o").arg(&open).arg("-ldl"))?;
        Ok(open)
    }

    /// A program that calls the parts in this order.
    fn program(&self, order: [usize; 2], libraries: &[PathBuf], name: &str) -> Result<PathBuf> {
        let [first, second] = order.map(|part| PARTS[part].name);
        let defines = format!("-UFIRST -USECOND -DFIRST={first} -DSECOND={second}");
        let defines: Vec<_> = defines.split(' ').collect();
        let mut files = vec![self.object("several_main.c", "main", &[], &defines)?];
        files.extend(libraries.iter().cloned());
        let path = format!("-Wl,-rpath,{}", self.folder.display());
        self.linked(&files, &[&path], name)
    }
}

fn part_of(command: &mut Command, part: &Part, archive: &Archive) -> Result<()> {
    let include = archive.path.parent().context("the archive lies in no folder")?;
    command.arg("-c").arg(format!("-DPART={}", part.name)).args(part.shape).arg(checks("one_of_several.c"));
    command.arg("-I").arg(include).arg("-I").arg(workspace::root().join("c_tests/programs"));
    Ok(())
}

fn expect(build: &Build, way: &str, expected: &str, command: &mut Command) -> Result<()> {
    let printed = process::checked(command)?;
    if let Some((line, expected, found)) = crate::header::first_difference(expected, &printed) {
        let (compiler, linker) = (build.compiler.0, build.linker.name);
        anyhow::bail!("{compiler} with {linker}, {way}: line {line}\n  alone:    {expected}\n  together: {found}");
    }
    Ok(())
}

fn checks(file: &str) -> PathBuf {
    workspace::root().join("xtask/checks").join(file)
}

fn scratch(step: &str) -> Result<PathBuf> {
    let folder = workspace::scratch().join("test/several").join(step);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}
