//! The differential harness: random models, tokens and sequences of calls through the C reference, the Rust engine and the
//! finished archive, compared bit by bit.

mod archive;
mod archive_side;
#[cfg(test)]
mod blob_sizes;
mod c_engine;
mod call;
mod call_writer;
mod case;
mod checks;
mod compiled_references;
mod correctly_rounded;
mod crash;
mod edited_model;
mod engine_api;
mod engine_side;
#[cfg(test)]
mod integer;
mod integer_tables;
mod left_out;
mod memory;
mod outcome;
mod packed;
mod progress;
mod random_model;
mod random_values;
mod real_model;
mod reference;
mod runner;
mod script;
mod shapes;
mod tally;
#[cfg(test)]
mod tests;
mod trial;
mod untouched;
mod wild_calls;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use anyhow::{bail, Result};
use atome_engine::kernel::Kernel;
use atome_engine::math::MODE;
use lexopt::prelude::*;

use archive::{Archive, Arithmetic};
use case::{shape_named, Case};
use shapes::SHAPES;
use tally::Tally;
use wild_calls::Classes;

const HELP: &str = "\
Compare the C reference, the Rust engine and libatome.a on random models and sequences of calls, bit by bit.

Usage: cargo run --release -p atome-c-tests [--features system-libm] -- [OPTIONS]

Options:
  --archive FILE   the libatome.a under test, in the same mode as this build; without it, only the engine is tested
  --integer        compare the archive in the integer arithmetic with the naive reference of docs/integer.md, written in C
  --cases N        how many cases (default 20000, about a minute)
  --seed S         where the cases come from (default: another one each time; the summary names it)
  --shape NAME     only this shape
  --kernel NAME    compute with portable, sse2, avx2, avx512 or neon instead of the best that the processor has; all: with
                   each that it has in turn, as many cases each
  --jobs N         threads (default: all cores)
  --replay CASE    run one case, as a failure prints it: shape=NAME:seed=0x...:calls=...
  --real FILE      atome_944k.bin: its 112 greedy tokens, all logits of every step, in all plans (minutes)
  --wild[=CLASSES] make calls on your own reference that lead the published C99 engine out of its arrays or that it
                   does not know: null, formats, unembed, empty-slot, top-k, between commas (default: all of them)

ATOME_REFERENCE=<folder with atome.c and atome.h>, when this is built, puts your own C99 engine in the reference's place.
A table at the end says how often it was not asked, and why. The exit status is 1 where anything differs.
";

struct Options {
    archive: Option<PathBuf>,
    arithmetic: Arithmetic,
    cases: u64,
    seed: u64,
    shape: Option<usize>,
    kernels: Vec<Kernel>,
    jobs: usize,
    replay: Option<Case>,
    real: Option<PathBuf>,
    wild: Classes,
}

fn main() -> ExitCode {
    // Who stops reading, as `head` does, ends this program as it ends others; Rust's runtime would have it panic.
    #[cfg(unix)]
    // SAFETY: no handler is installed: SIG_DFL is the state in which a process starts. There is one thread so far.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL)
    };
    match options().and_then(|options| options.map_or(Ok(true), |options| run(&options))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `None` where only help was asked for.
fn options() -> Result<Option<Options>> {
    let mut options = Options {
        archive: None,
        arithmetic: Arithmetic::Exact,
        cases: 20_000,
        seed: fastrand::u64(..1 << 32),
        shape: None,
        kernels: vec![Kernel::current()],
        jobs: thread::available_parallelism().map_or(1, usize::from),
        replay: None,
        real: None,
        wild: Classes::default(),
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => {
                print!("{HELP}");
                return Ok(None);
            }
            Long("archive") => options.archive = Some(parser.value()?.into()),
            Long("integer") => options.arithmetic = Arithmetic::Integer,
            Long("cases") => options.cases = parser.value()?.parse()?,
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("shape") => options.shape = Some(shape_named(&parser.value()?.string()?)?),
            Long("kernel") => options.kernels = kernels(&parser.value()?.string()?)?,
            Long("jobs") => options.jobs = parser.value()?.parse()?,
            Long("replay") => options.replay = Some(parser.value()?.string()?.parse()?),
            Long("real") => options.real = Some(parser.value()?.into()),
            Long("wild") => {
                options.wild = match parser.optional_value() {
                    Some(list) => Classes::parse(&list.string()?)?,
                    None => Classes::ALL,
                };
            }
            other => bail!("{} (--help shows the options)", other.unexpected()),
        }
    }
    if options.arithmetic == Arithmetic::Integer && (options.archive.is_none() || options.real.is_some()) {
        bail!("--integer compares an archive: expected --archive, and not --real");
    }
    Ok(Some(options))
}

/// The kernels that `name` stands for.
fn kernels(name: &str) -> Result<Vec<Kernel>> {
    let available = || Kernel::ALL.into_iter().filter(|kernel| kernel.is_available());
    let chosen: Vec<Kernel> = available().filter(|kernel| name == "all" || kernel.name() == name).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = available().map(Kernel::name).collect();
        bail!("--kernel {name}: expected all or one that this processor has: {}", names.join(", "));
    }
    Ok(chosen)
}

/// Whether nothing differs.
fn run(options: &Options) -> Result<bool> {
    crash::watch();
    if !compiled_references::IS_OURS {
        println!("reference: {}", compiled_references::FOLDER);
    }
    // The images' code has to stay as long as any thread may call it.
    let archive: Option<&'static Archive> = match &options.archive {
        Some(path) => Some(Box::leak(Box::new(Archive::open(path, options.arithmetic)?))),
        None => None,
    };
    checks::tables(archive)?;
    let mut same = true;
    for &kernel in &options.kernels {
        if !kernel.select() {
            bail!("the engine cannot use the kernel {}", kernel.name());
        }
        if let Some(archive) = archive {
            archive.select(kernel)?;
        }
        same &= run_cases(options, archive)?;
    }
    Ok(same)
}

/// [`run`] with the kernel that is selected.
fn run_cases(options: &Options, archive: Option<&'static Archive>) -> Result<bool> {
    if let Some(path) = &options.real {
        let started = Instant::now();
        let tally = real_model::run(path, archive, options.wild)?;
        println!("{}", summary("real model", &tally, options, started.elapsed().as_secs_f64()));
        close(&tally, options);
        return Ok(true);
    }
    if let Some(case) = &options.replay {
        let failure = runner::run_case(case, archive, options.wild, &mut Tally::default());
        match &failure {
            Some(failure) => println!("{failure}"),
            None => println!("no difference"),
        }
        return Ok(failure.is_none());
    }
    let report = runner::run(&runner::Plan {
        cases: options.cases,
        seed: options.seed,
        jobs: options.jobs,
        shape: options.shape,
        archive,
        asked: options.wild,
    });
    if let Some((case, failure)) = &report.failure {
        println!("{failure}");
        println!("{}", replay_line(case, options));
    } else {
        checks::changed_weights_are_seen(archive)?;
    }
    println!("{}", summary("cases", &report.tally, options, report.seconds));
    close(&report.tally, options);
    Ok(report.failure.is_none())
}

/// Our own reference is asked for everything.
fn close(tally: &Tally, options: &Options) {
    if !compiled_references::IS_OURS && options.wild != Classes::ALL {
        print!("{}", left_out::table(tally, options.wild));
    }
}

fn replay_line(case: &Case, options: &Options) -> String {
    let features = if MODE == "system" { " --features system-libm" } else { "" };
    let mut archive = options.archive.as_ref().map_or(String::new(), |path| format!(" --archive {}", path.display()));
    if options.arithmetic == Arithmetic::Integer {
        archive += " --integer";
    }
    let (kernel, wild) = (Kernel::current().name(), options.wild.option());
    format!(
        "replay: cargo run --release -p atome-c-tests{features} --{archive} --kernel {kernel}{wild} --replay '{case}'"
    )
}

fn summary(what: &str, tally: &Tally, options: &Options, seconds: f64) -> String {
    let shapes = match options.shape {
        Some(_) => 1,
        None => SHAPES.iter().filter(|shape| shape.weight > 0).count(),
    };
    let start =
        if options.real.is_some() { what.to_string() } else { format!("{} {what}, {shapes} shapes", tally.cases) };
    let against = match (options.arithmetic, options.archive.is_some()) {
        (Arithmetic::Exact, true) => "engine and archive",
        (Arithmetic::Exact, false) => "engine",
        (Arithmetic::Integer, _) => "archive in integers",
    };
    let seed = if options.real.is_some() { String::new() } else { format!(", seed {}", options.seed) };
    format!(
        "{start}, 2 plans, {against}, {} calls, {} values compared ({} NaN), {} differing bits, mode {MODE}, \
         kernel {}{seed}, {seconds:.0} s",
        tally.calls,
        tally.values,
        tally.nans,
        tally.differing_bits,
        Kernel::current().name()
    )
}
