//! The C programs of `c_tests/programs`, each built twice from the same sources: with the C reference and with the
//! archive.
//!
//! A file is a program, and so is a sub-folder with all the sources in it. Both builds have to print the same bytes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context as _, Result};

use super::context::Context;
use super::directives::Directives;
use super::report::Outcome;
use crate::archive::Mode;
use crate::c_build::{self, Engine, Language};
use crate::process::{self, Finished};
use crate::reference::Reference;
use crate::{workers, workspace};

/// The text that `PROMPT` stands for.
const PROMPT: &str = "Once upon a time";

/// What `N` stands for, bytes after the prompt: 16 + 112 = 128 is all the room that the 944K model's programs have.
const BYTES: usize = 112;

/// What a compiler adds to C code to notice a wrong access, a leak or undefined behaviour where it happens.
pub(super) const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// `N` under valgrind, which runs everything some fifty times slower.
const BYTES_UNDER_VALGRIND: usize = 4;

/// Builds every program against both engines and compares what they print.
pub fn compare(context: &Context) -> Result<Outcome> {
    compare_with(context, &Reference::chosen(), "reference", BYTES)
}

/// Compares with an engine that has the published C99 engine's manners, as ATOME_REFERENCE gives it to everybody.
pub fn compare_with_stand_in(context: &Context) -> Result<Outcome> {
    compare_with(context, &Reference::stand_in(), "stand-in", BYTES_UNDER_VALGRIND)
}

fn compare_with(context: &Context, reference: &Reference, label: &str, bytes: usize) -> Result<Outcome> {
    let source = Engine::Source(reference.folder.clone());
    let archive = system_archive(context)?;
    run_all(Some(reference), |program| {
        let expected = program.output(&source, label, &[], &[], bytes)?;
        expect_same(&expected, &program.output(&archive, "archive", &[], &[], bytes)?)
    })
}

/// Runs every program with the archive under valgrind: no invalid access, no undefined value used, no leak.
pub fn valgrind(context: &Context) -> Result<Outcome> {
    const VALGRIND: [&str; 5] =
        ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=all"];
    let archive = system_archive(context)?;
    let checked = [&VALGRIND[..], &["--errors-for-leak-kinds=all"]].concat();
    run_all(None, |program| program.output(&archive, "valgrind", &[], &checked, BYTES_UNDER_VALGRIND).map(|_| ()))
}

/// Runs every program with both engines under the address and undefined-behaviour sanitizers: the archive is compiled
/// without them, but sees memory in which every access beyond a program's arrays is noticed in the C code around it, and
/// our reference is checked in every line. A user's, which may cast pointers into the blob, would be reported for that.
pub fn sanitizers(context: &Context) -> Result<Outcome> {
    let mut engines = vec![("sanitized archive", system_archive(context)?)];
    let reference = Reference::chosen();
    if reference.is_ours {
        engines.push(("sanitized reference", Engine::Source(reference.folder)));
    } else {
        say!("   SKIPPED: {}: sanitizers are for engines of ours", reference.folder.display());
    }
    run_all(None, |program| {
        for (label, engine) in &engines {
            program.output(engine, label, &SANITIZERS, &[], BYTES_UNDER_VALGRIND)?;
        }
        Ok(())
    })
}

/// Builds every program in the integer arithmetic, unchanged, in both of its memory plans, and runs it under the sanitizers: it
/// does what it does, and prints the same in both.
pub fn integers(context: &Context) -> Result<Outcome> {
    let archive = system_archive(context)?;
    run_all(None, |program| {
        if program.directives.exact_only {
            return Ok(());
        }
        let in_plan = |plan: &str| {
            let flags = [&SANITIZERS[..], &["-DATOME_ARITHMETIC=ATOME_INTEGER", plan]].concat();
            let label = format!("integers {}", plan.rsplit('_').next().unwrap_or_default());
            program.output(&archive, &label, &flags, &[], BYTES)
        };
        expect_same(&in_plan("-DATOME_PLAN=ATOME_PLAN_LEAN")?, &in_plan("-DATOME_PLAN=ATOME_PLAN_CACHED")?)
    })
}

/// The C library's functions on both sides, so that only the engines differ.
fn system_archive(context: &Context) -> Result<Engine> {
    Ok(Engine::Archive(context.archive(None, Mode::System)?.path.clone()))
}

/// Why a program cannot be built with this reference.
fn objection(program: &Program, reference: &Reference) -> Option<&'static str> {
    if program.directives.ours_only && !reference.is_ours {
        return Some("it asks for more than the C99 engine promises");
    }
    let is_cpp = program.language == Language::Cpp;
    (is_cpp && !reference.is_for_cpp()).then_some("the reference's header has no `extern \"C\"`")
}

/// Does `one` to every program, but those that the reference, where one takes part, is not for; some side by side. All
/// are tried before the failures are reported.
fn run_all(reference: Option<&Reference>, one: impl Fn(&Program) -> Result<()> + Sync) -> Result<Outcome> {
    let (mut programs, mut skipped) = (Vec::new(), 0);
    for program in find(&workspace::root().join("c_tests/programs"))? {
        if program.needs_model() && workspace::real_model().is_none() {
            say!("   SKIPPED: {}: there is no ../shared/data/atome_944k.bin here", program.name);
            skipped += 1;
            continue;
        }
        if let Some(why) = reference.and_then(|reference| objection(&program, reference)) {
            say!("   SKIPPED: {}: {why}", program.name);
            skipped += 1;
            continue;
        }
        programs.push(program);
    }
    // The real model takes longest, so nothing else should wait for it at the end.
    programs.sort_by_key(|program| !program.needs_model());
    let named = |program: &Program| one(program).map_err(|error| format!("{}: {error:#}", program.name));
    let failures: Vec<_> =
        workers::all(&programs, workers::processors(), named).into_iter().filter_map(Result::err).collect();
    let ran = programs.len();
    ensure!(failures.is_empty(), "{} of {ran} programs\n{}", failures.len(), failures.join("\n"));
    ensure!(ran > 0, "no program found in c_tests/programs");
    let skipped = if skipped > 0 { format!(", {skipped} SKIPPED") } else { String::new() };
    Ok(Outcome::Passed(format!("{ran} programs{skipped}")))
}

struct Program {
    name: String,
    sources: Vec<PathBuf>,
    language: Language,
    directives: Directives,
}

/// All programs below `folder`, by name, one for each language they are to be compiled as.
fn find(folder: &Path) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for path in listed(folder)? {
        let mut sources = if path.is_dir() { listed(&path)? } else { vec![path.clone()] };
        sources.retain(|file| is_source(file));
        if sources.is_empty() {
            continue;
        }
        // The file that says something about the program speaks for all of them.
        let all = sources.iter().map(|source| Directives::read(source)).collect::<Result<Vec<_>>>()?;
        let spoken = all.iter().position(|directives| !directives.shape.is_empty()).unwrap_or(0);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for &language in &all[spoken].languages {
            let name = if language == Language::Cpp { format!("{stem}-cpp") } else { stem.clone() };
            programs.push(Program { name, sources: sources.clone(), language, directives: all[spoken].clone() });
        }
    }
    Ok(programs)
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn is_source(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|extension| extension == "c" || extension == "cpp")
}

impl Program {
    fn needs_model(&self) -> bool {
        self.directives.arguments.iter().any(|word| word == "MODEL-FILE")
    }

    /// Builds with `engine` and more flags, runs under `wrapper` and returns what was printed.
    fn output(&self, engine: &Engine, label: &str, flags: &[&str], wrapper: &[&str], bytes: usize) -> Result<String> {
        let executable = workspace::scratch().join("test/programs").join(label).join(&self.name);
        let program = c_build::Program {
            sources: &self.sources,
            language: self.language,
            shape: &self.directives.shape,
            engine_shape: &self.directives.engine_shape,
            flags,
        };
        program.build(engine, &executable)?;

        let mut words: Vec<_> = wrapper.iter().map(Into::into).collect();
        words.push(executable.into_os_string());
        let mut command = process::in_root(&words[0]);
        command.args(&words[1..]).args(self.arguments(bytes));
        let Finished { status, text } = process::capture(&mut command)?;
        if !status.success() {
            bail!("with the {label} engine: {status}\n{text}");
        }
        ensure!(!text.trim().is_empty(), "with the {label} engine: nothing was printed, so nothing can be compared");
        Ok(text)
    }

    fn arguments(&self, bytes: usize) -> Vec<String> {
        let model = workspace::real_model().unwrap_or_default();
        let value = |word: &String| match word.as_str() {
            "MODEL-FILE" => model.to_string(),
            "PROMPT" => PROMPT.to_string(),
            "N" => bytes.to_string(),
            _ => word.clone(),
        };
        self.directives.arguments.iter().map(value).collect()
    }
}

fn expect_same(expected: &str, actual: &str) -> Result<()> {
    if let Some((line, reference, archive)) = crate::header::first_difference(expected, actual) {
        bail!("the outputs differ at line {line}\n  reference: {reference}\n  archive:   {archive}");
    }
    Ok(())
}
