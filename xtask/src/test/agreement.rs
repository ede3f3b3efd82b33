//! Files of one program whose shape macros differ: linkers refuse them, and what a linker lets through does nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context as _, Result};

use super::context::Context;
use super::linkers::{self, Linker};
use super::report::Outcome;
use crate::archive::Mode;
use crate::process::{self, Finished};
use crate::{workers, workspace};

/// Compilers, and the language that each is told to read.
const COMPILERS: [(&str, &str); 4] = [("gcc", "c"), ("clang", "c"), ("g++", "c++"), ("clang++", "c++")];

const OPTIMISATIONS: [&str; 5] = ["-O0", "-O2", "-O2 -fPIE -pie", "-O2 -flto", "-O2 -flto=thin"];

/// How two files may differ, and what the linker's message has to name.
const DIFFERENCES: [(&str, &str); 16] = [
    ("-DATOME_D_MODEL=32", "ATOME_D_MODEL"),
    ("-DATOME_D_MODEL=(16*2)", "ATOME_D_MODEL"),
    ("-DATOME_D_MODEL=32u", "ATOME_D_MODEL"),
    ("-DATOME_MAX_SEQ=31", "ATOME_MAX_SEQ"),
    ("-DATOME_N_LAYERS=5", "ATOME_N_LAYERS"),
    ("-DATOME_N_PATHWAYS=4", "ATOME_N_PATHWAYS"),
    ("-DATOME_VOCAB_SIZE=255", "ATOME_VOCAB_SIZE"),
    ("-DATOME_D_HEAD=17", "ATOME_D_HEAD"),
    ("-DATOME_KERNEL_SIZE=4", "ATOME_KERNEL_SIZE"),
    ("-DATOME_TOP_K=3", "ATOME_TOP_K"),
    ("-DATOME_MAX_CLASSES=3", "ATOME_MAX_CLASSES"),
    ("-DATOME_PLAN=ATOME_PLAN_LEAN", "ATOME_PLAN"),
    ("-DATOME_ARITHMETIC=ATOME_INTEGER", "ATOME_ARITHMETIC"),
    ("-DATOME_FORMATS", "ATOME_FORMATS"),
    ("-DATOME_CONTAINERS", "ATOME_CONTAINERS"),
    // The file that leaves the constant to others is asked, too.
    ("-DATOME_CONFIG_EXTERN -DATOME_D_HEAD=17", "ATOME_D_HEAD"),
];

/// One way to build.
struct Way {
    compiler: &'static str,
    language: &'static str,
    linker: Linker,
    optimisation: &'static str,
    target: &'static [&'static str],
    libraries: &'static [&'static str],
    archive: PathBuf,
}

/// Every compiler, linker and way to optimise: files with the same macros link, files with others do not, and the message
/// names the macro.
pub fn linkers_refuse(context: &Context) -> Result<Outcome> {
    let linkers = linkers::all(&context.toolchain);
    let ways = ways(context, &linkers)?;
    let numbered: Vec<_> = ways.iter().enumerate().collect();
    workers::try_all(&numbered, workers::processors(), |(number, way)| {
        way.check(&scratch("links", *number)?).with_context(|| way.described())
    })?;
    let plain = ways.first().context("no way to build")?;
    let differences: Vec<_> = DIFFERENCES.iter().enumerate().collect();
    workers::try_all(&differences, workers::processors(), |(number, (flags, name))| {
        let folder = scratch("differences", *number)?;
        let main = plain.compile(&folder, "header_main.c", "main", &[])?;
        let other = plain.compile(&folder, "header_other.c", "other", &words(flags))?;
        plain.expect_refused(&folder, &main, &other, name).with_context(|| flags.to_string())
    })?;
    Ok(Outcome::Passed(format!(
        "{} ways to build ({}), {} differences",
        ways.len(),
        linkers::names(&linkers),
        DIFFERENCES.len()
    )))
}

fn ways(context: &Context, linkers: &[Linker]) -> Result<Vec<Way>> {
    let (host, thumb) =
        (context.archive(None, Mode::Portable)?, context.archive(Some(super::EMBEDDED), Mode::Portable)?);
    let mut ways = Vec::new();
    for linker in linkers {
        for optimisation in OPTIMISATIONS {
            for (compiler, language) in COMPILERS {
                let (linker, archive) = (linker.clone(), host.path.clone());
                ways.push(Way { compiler, language, linker, optimisation, target: &[], libraries: &[], archive });
            }
            let (linker, archive) = (linker.clone(), thumb.path.clone());
            let target = &["-mcpu=cortex-m3", "-mthumb", "-ffreestanding"];
            // What the program prints with is nobody's business here.
            let libraries = &["-nostdlib", "-Wl,-emain", "-Wl,--unresolved-symbols=ignore-all"];
            let compiler = "arm-none-eabi-gcc";
            ways.push(Way { compiler, language: "c", linker, optimisation, target, libraries, archive });
        }
    }
    ways.retain(Way::is_possible);
    Ok(ways)
}

impl Way {
    fn described(&self) -> String {
        format!("{} {} with {}", self.compiler, self.optimisation, self.linker.name)
    }

    fn is_possible(&self) -> bool {
        let (is_clang, is_thin) = (self.compiler.starts_with("clang"), self.optimisation.contains("thin"));
        let is_arm = self.compiler.starts_with("arm-");
        let is_gcc_bytecode = self.optimisation.contains("-flto") && !is_clang;
        // Thin link-time optimisation is clang's; lld reads no bytecode of gcc; the Arm toolchain comes without gold.
        let lacks_thin = is_thin && !is_clang;
        let lacks_reader = is_gcc_bytecode && self.linker.name == "lld";
        let lacks_for_arm = is_arm && (self.linker.name == "gold" || self.optimisation.contains("-fPIE"));
        !lacks_thin && !lacks_reader && !lacks_for_arm
    }

    fn check(&self, folder: &Path) -> Result<()> {
        let main = self.compile(folder, "header_main.c", "main", &[])?;
        let same = self.compile(folder, "header_other.c", "same", &[])?;
        let different = self.compile(folder, "header_other.c", "different", &["-DATOME_D_MODEL=32"])?;
        let program = folder.join("program");
        self.link(&main, &same, &program)?.successful(&self.linking(&main, &same, &program))?;
        if self.target.is_empty() {
            process::checked(&mut process::in_root(&program))?;
        }
        self.expect_refused(folder, &main, &different, "ATOME_D_MODEL")
    }

    fn compile(&self, folder: &Path, source: &str, name: &str, flags: &[&str]) -> Result<PathBuf> {
        let object = folder.join(name).with_extension("o");
        let include = self.archive.parent().context("the archive lies in no folder")?;
        let mut command = process::in_root(self.compiler);
        command.args(["-Wall", "-Wextra", "-Werror"]).args(words(self.optimisation)).args(self.target).args(flags);
        command.args(["-x", self.language, "-c"]).arg(checks(source));
        command.arg("-I").arg(include).arg("-o").arg(&object);
        // Used when linking only.
        command.arg("-Wno-unused-command-line-argument");
        process::checked(&mut command)?;
        Ok(object)
    }

    fn linking(&self, main: &Path, other: &Path, program: &Path) -> std::process::Command {
        let mut command = process::in_root(self.compiler);
        command.args(words(self.optimisation)).args(self.target).args(self.linker.flags());
        command.args([main, other, &self.archive]).args(self.libraries).arg("-o").arg(program);
        command
    }

    fn link(&self, main: &Path, other: &Path, program: &Path) -> Result<Finished> {
        process::capture(&mut self.linking(main, other, program))
    }

    fn expect_refused(&self, folder: &Path, main: &Path, other: &Path, name: &str) -> Result<()> {
        let Finished { status, text } = self.link(main, other, &folder.join("refused"))?;
        ensure!(!status.success(), "files that differ in {name} were linked");
        let symbol = format!("atome_files_disagree_on_{name}");
        ensure!(text.contains(&symbol), "the linker's message does not name {symbol}:\n{text}");
        Ok(())
    }
}

/// Where the linker is told to look away, only the file whose shape it kept may use the library; nobody writes behind its
/// own memory.
pub fn calls_refuse(context: &Context) -> Result<Outcome> {
    let archive = &context.archive(None, Mode::Portable)?.path;
    let flags = ["-DATOME_NO_LINK_CHECK", "-DATOME_CHECK_CALLS -Wl,-z,muldefs"];
    // Sizes of which the library's own checks could not tell one from the other are among them.
    let shapes = [
        ["-DATOME_D_MODEL=16 -DATOME_N_LAYERS=2", "-DATOME_D_MODEL=96 -DATOME_N_LAYERS=6"],
        ["-DATOME_TOP_K=3", "-DATOME_TOP_K=4"],
        ["-DATOME_MAX_CLASSES=4", "-DATOME_MAX_CLASSES=3"],
        ["-DATOME_ARITHMETIC=ATOME_EXACT", "-DATOME_ARITHMETIC=ATOME_INTEGER"],
    ];
    let mut tried = 0;
    for (compiler, language) in COMPILERS {
        for flags in flags {
            for [one, two] in shapes {
                for (main_shape, other_shape) in [(one, two), (two, one)] {
                    let program = Disagreeing { compiler, language, flags, archive };
                    program.check(main_shape, other_shape)?;
                    tried += 1;
                }
            }
        }
    }
    Ok(Outcome::Passed(format!("{tried} programs, each linked in both orders")))
}

/// A program of two files.
struct Disagreeing<'a> {
    compiler: &'a str,
    language: &'a str,
    flags: &'a str,
    archive: &'a Path,
}

impl Disagreeing<'_> {
    fn check(&self, main_shape: &str, other_shape: &str) -> Result<()> {
        let folder = scratch("calls", 0)?;
        let main = self.compile(&folder, "disagree_main.c", main_shape)?;
        let other = self.compile(&folder, "disagree_other.c", other_shape)?;
        for (objects, expected) in [([&main, &other], "main -1, other -3"), ([&other, &main], "main -3, other -1")] {
            let program = folder.join("disagree");
            let mut linking = process::in_root(self.compiler);
            linking.args(words(self.flags)).args(objects).arg(self.archive).arg("-o").arg(&program);
            process::checked(&mut linking)?;
            let printed = process::checked(&mut process::in_root(&program))?;
            if printed.trim() != format!("{expected}, untouched") {
                bail!(
                    "{} {}, {main_shape} and {other_shape}: expected {expected}, untouched; got {}",
                    self.compiler,
                    self.flags,
                    printed.trim()
                );
            }
        }
        Ok(())
    }

    fn compile(&self, folder: &Path, source: &str, shape: &str) -> Result<PathBuf> {
        let object = folder.join(source).with_extension("o");
        let include = self.archive.parent().context("the archive lies in no folder")?;
        let mut command = process::in_root(self.compiler);
        command.args(["-Wall", "-Wextra", "-Werror", "-Wno-unused-command-line-argument", "-O1"]);
        command.args(words(self.flags)).args(words(shape)).args(["-x", self.language, "-c"]).arg(checks(source));
        command.arg("-I").arg(include).arg("-o").arg(&object);
        process::checked(&mut command)?;
        Ok(object)
    }
}

fn words(flags: &str) -> Vec<&str> {
    flags.split_whitespace().collect()
}

fn checks(file: &str) -> PathBuf {
    workspace::root().join("xtask/checks").join(file)
}

fn scratch(step: &str, number: usize) -> Result<PathBuf> {
    let folder = workspace::scratch().join("test/agreement").join(step).join(number.to_string());
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}
