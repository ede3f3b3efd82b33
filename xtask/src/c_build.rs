//! Building C and C++ programs the way a firmware project does: sources, a shape in `-D` flags, one engine.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// The language a source is compiled as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// C99.
    C,
    /// C++11.
    Cpp,
}

impl Language {
    /// `cc` or `c++`, or what `CC` and `CXX` say.
    fn compiler(self) -> OsString {
        let (variable, usual) = match self {
            Language::C => ("CC", "cc"),
            Language::Cpp => ("CXX", "c++"),
        };
        env::var_os(variable).unwrap_or_else(|| usual.into())
    }

    /// The flags that make a compiler read any file as this language.
    fn flags(self) -> [&'static str; 3] {
        match self {
            Language::C => ["-std=c99", "-x", "c"],
            Language::Cpp => ["-std=c++11", "-x", "c++"],
        }
    }
}

/// An engine to link with: where its `atome.h` is, and its code.
pub enum Engine {
    /// A finished `libatome.a` with the header beside it.
    Archive(PathBuf),
    /// A folder with a C99 engine, `atome.c` and `atome.h`, compiled anew for each program's shape.
    Source(PathBuf),
}

/// A program to build.
pub struct Program<'a> {
    /// The files, all in one language.
    pub sources: &'a [PathBuf],
    /// Their language.
    pub language: Language,
    /// `-D` flags of the program's own files, and of an engine that is compiled with it.
    pub shape: &'a [String],
    /// More `-D` flags for such an engine, where the program sets its shape in its source.
    pub engine_shape: &'a [String],
    /// More flags for compiling and for linking.
    pub flags: &'a [&'a str],
}

impl Program<'_> {
    /// Compiles and links; `executable` names the result, the object files land beside it.
    ///
    /// Against an archive, which comes with our header, any warning is an error.
    ///
    /// # Errors
    /// The compiler's command line and messages.
    pub fn build(&self, engine: &Engine, executable: &Path) -> Result<()> {
        let folder = executable.parent().context("an executable needs a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let (include, warnings): (&Path, &[&str]) = match engine {
            Engine::Archive(archive) => (archive.parent().unwrap_or(Path::new(".")), &["-Wall", "-Wextra", "-Werror"]),
            Engine::Source(folder) => (folder, &[]),
        };

        let mut objects = Vec::new();
        for (index, source) in self.sources.iter().enumerate() {
            let object = executable.with_extension(format!("{index}.o"));
            let flags = warnings.iter().chain(self.flags).copied().chain(self.shape.iter().map(String::as_str));
            compile(self.language, source, flags, include, &object)?;
            objects.push(object);
        }
        match engine {
            Engine::Archive(archive) => objects.push(archive.clone()),
            Engine::Source(folder) => {
                let object = executable.with_extension("engine.o");
                let shape = self.shape.iter().chain(self.engine_shape).map(String::as_str);
                let flags = self.flags.iter().copied().chain(shape);
                compile(Language::C, &folder.join("atome.c"), flags, include, &object)?;
                objects.push(object);
            }
        }
        let mut linker = Command::new(self.language.compiler());
        process::checked(linker.args(self.flags).args(&objects).arg("-lm").arg("-o").arg(executable))?;
        Ok(())
    }
}

fn compile<'a>(
    language: Language,
    source: &Path,
    flags: impl Iterator<Item = &'a str>,
    include: &Path,
    object: &Path,
) -> Result<()> {
    let mut command = Command::new(language.compiler());
    // gcc fuses a*b+c where the machine can, which gives other bits than the engine's definition.
    command.args(["-O2", "-g", "-ffp-contract=off"]).args(flags).arg("-I").arg(include);
    command.args(language.flags()).arg("-c").arg(source).arg("-o").arg(object);
    process::checked(&mut command)?;
    Ok(())
}
