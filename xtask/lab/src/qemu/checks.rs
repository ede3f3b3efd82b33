//! The jobs of every check.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context, Result};

use super::check::Check;
use super::cores::Machine;
use super::image::{self, Image, Order, Unit, INTEGER};
use super::job::{Done, Job, Subject};
use super::own_image::{build, image, LIMIT};
use super::workbench::{Workbench, SIGNED};
use super::{batteries, differential, link_check, machine};
use xtask::archive::{Flavour, Mode, Profile};
use xtask::shapes::{Plan, FAST, FAST_SMALL, ODD, TINY};
use xtask::signed_models;
use xtask::{process, workspace};

/// What qemu/README.md says.
const SELF_TEST_STACK: u64 = 6144;
const SIGNED_STACK: u64 = 6144;

/// All jobs of one check on one core in one profile; none where it has nothing to say there.
pub fn jobs(check: Check, subject: Subject, workbench: &Workbench) -> Vec<Job> {
    let is_host = subject.core.machine == Machine::Host;
    match check {
        Check::Digest => batteries::jobs(subject, workbench),
        Check::Differential if !is_host => differential::jobs(subject, &workbench.settings),
        Check::Alignment if !is_host => alignment_jobs(subject),
        Check::Errors if !is_host => errors_jobs(subject),
        Check::Link if !is_host => {
            vec![
                Job::new(subject, check, "all", 3, move |bench, folder| link(subject, bench, &folder)),
                Job::new(subject, check, "no-c-library", 5, move |bench, folder| {
                    link_without_c_library(subject, bench, &folder)
                }),
            ]
        }
        Check::SelfTest => self_test_jobs(subject),
        Check::Signed if !is_host => signed_jobs(subject),
        Check::Math if is_host => vec![Job::new(subject, check, "all", 900, move |bench, folder| math(bench, &folder))],
        _ => Vec::new(),
    }
}

/* Alignment and errors --------------------------------------------------------------------------------------------- */

/// The blob at every offset, on a core that traps unaligned accesses.
fn alignment_image(subject: Subject) -> Image {
    let shape = match subject.profile {
        Profile::Size => ODD,
        // Fast kernels read whole rows, and want them to start on bytes.
        Profile::Usual | Profile::Speed if subject.core.is_roomy => FAST,
        Profile::Usual | Profile::Speed => FAST_SMALL,
    };
    let mut image = image(subject, Mode::Portable, "qemu/firmware/alignment.c", &shape, Plan::Lean);
    image.shape.extend(subject.core.aligned.iter().map(ToString::to_string));
    image
}

fn alignment_jobs(subject: Subject) -> Vec<Job> {
    let core = subject.core;
    let run = move |bench: &Workbench, folder: PathBuf| {
        let built = build(&alignment_image(subject), core, bench, &folder)?;
        if !core.aligned.is_empty() {
            // Else that nothing faults would mean nothing.
            for load in ["fault=1", "fault=2"] {
                machine::run_into_fault(core, &built.executable, &[load.to_string()], LIMIT)?;
            }
        }
        let report = machine::run(core, &built.executable, &[], LIMIT)?;
        Ok(Done::count(report.number("offsets")?))
    };
    vec![Job::new(subject, Check::Alignment, "all", 5, run)]
}

fn errors_jobs(subject: Subject) -> Vec<Job> {
    let core = subject.core;
    let job = |plan: Plan| {
        Job::new(subject, Check::Errors, plan.name(), 4, move |bench, folder| {
            let mut image = image(subject, Mode::Portable, "qemu/firmware/errors.c", &TINY, plan);
            image.units.push(Unit::new("qemu/firmware/config_in_ram.c"));
            let built = build(&image, core, bench, &folder)?;
            let report = machine::run(core, &built.executable, &[], LIMIT)?;
            Ok(Done::count(report.number("checks")?))
        })
    };
    Plan::ALL.map(job).into()
}

/* Self-test -------------------------------------------------------------------------------------------------------- */

fn self_test_jobs(subject: Subject) -> Vec<Job> {
    let job = |mode: Mode, of_integers: bool| {
        let name = if of_integers { "integer".to_string() } else { mode.to_string() };
        Job::new(subject, Check::SelfTest, name, 2, move |bench, folder| {
            let mut image = image(subject, mode, "qemu/firmware/self_test.c", &TINY, Plan::Lean);
            image.shape.extend(of_integers.then(|| INTEGER.to_string()));
            let built = build(&image, subject.core, bench, &folder)?;
            let report = machine::run(subject.core, &built.executable, &[], LIMIT)?;
            let stack = report.number("stack")?;
            if stack > SELF_TEST_STACK {
                bail!("the self-test takes {stack} bytes of stack, documented are {SELF_TEST_STACK}");
            }
            Ok(Done::count(report.number("checks")?))
        })
    };
    // The host's archive is built in portable mode alone.
    let modes = if subject.core.machine == Machine::Host { &[Mode::Portable][..] } else { &Mode::ALL };
    let exact = modes.iter().map(|&mode| job(mode, false));
    exact.chain([job(Mode::Portable, true)]).collect()
}

/* Signed models ---------------------------------------------------------------------------------------------------- */

fn signed_jobs(subject: Subject) -> Vec<Job> {
    if subject.profile != SIGNED.profile || !subject.core.stands_for_its_kind() {
        return Vec::new();
    }
    let run = move |bench: &Workbench, folder: PathBuf| {
        let models = bench.signed_models.as_ref().context("no signed models were written")?;
        let mut image = image(subject, SIGNED.mode, "qemu/firmware/signed.c", &signed_models::CHECK_SHAPE, Plan::Lean);
        image.flavour = SIGNED;
        image.units.push(Unit::with("qemu/firmware/blob.S", vec![format!("-DBLOB_FILE=\"{}\"", models.display())]));
        let built = build(&image, subject.core, bench, &folder)?;
        // Of what the library for signatures brings along, nothing may get into the firmware's own.
        link_check::check_origins(&built.map)?;
        let report = machine::run(subject.core, &built.executable, &[], LIMIT)?;
        let stack = report.number("stack")?;
        if stack > SIGNED_STACK {
            bail!("checking a signature takes {stack} bytes of stack, documented are {SIGNED_STACK}");
        }
        Ok(Done::count(report.number("checks")?))
    };
    vec![Job::new(subject, Check::Signed, "all", 60, run)]
}

/* Link ------------------------------------------------------------------------------------------------------------- */

/// Every order of the command line gives a program that runs, with the same results. The same objects are linked with the
/// archives of both modes.
fn link(subject: Subject, bench: &Workbench, folder: &Path) -> Result<Done> {
    let alone = link_objects(subject, bench, &folder.join("alone"), &[])?;
    let with_other = link_objects(subject, bench, &folder.join("with-other"), &["-DWITH_OTHER_ARCHIVE"])?;
    let mut count = 0;
    for mode in Mode::ALL {
        let mut first = None;
        for order in [Order::BeforeLibraries, Order::AfterLibraries, Order::BeforeOtherRust, Order::AfterOtherRust] {
            let has_other = order.has_other_rust();
            let objects = if has_other { &with_other } else { &alone };
            let results = link_one(subject, bench, mode, order, objects, &folder.join(format!("{mode}-{order:?}")))?;
            let (model, library) = first.get_or_insert_with(|| results.clone());
            // The other library brings its own expf, which the program and the archive in system mode then get.
            let same_model = *model == results.0 || (has_other && mode == Mode::System);
            let same_library = *library == results.1 || has_other;
            if !same_model || !same_library {
                bail!("{mode} mode, {order:?}: other results than with the archive before the libraries");
            }
            count += 1;
        }
    }
    Ok(Done::count(count))
}

/// With libgcc and four functions of the program's own: the archive asks for nothing else, and what is linked so runs.
fn link_without_c_library(subject: Subject, bench: &Workbench, folder: &Path) -> Result<Done> {
    const SOURCE: &str = "qemu/firmware/no_c_library.c";
    const NO_CALLS: [&str; 2] = ["-ffreestanding", "-fno-tree-loop-distribute-patterns"];
    let core = subject.core;
    let mut image = alignment_image(subject);
    image.units.push(Unit::with(SOURCE, NO_CALLS.map(String::from).to_vec()));
    let libraries = bench.libraries(core, image.flavour)?;
    let objects = image.compile(core, &libraries, folder)?;
    let built = image::link(core, &objects, &libraries, Order::NoCLibrary, folder)?;
    machine::run(core, &built.executable, &[], LIMIT)?.number("offsets")?;
    Ok(Done::count(1))
}

fn link_objects(subject: Subject, bench: &Workbench, folder: &Path, flags: &[&str]) -> Result<Vec<PathBuf>> {
    let mut image = image(subject, Mode::Portable, "qemu/firmware/link.c", &TINY, Plan::Cached);
    image.units[0].flags.extend(flags.iter().map(ToString::to_string));
    image.compile(subject.core, &bench.libraries(subject.core, image.flavour)?, folder)
}

/// Digests of the model's results and of the C library's.
fn link_one(
    subject: Subject,
    bench: &Workbench,
    mode: Mode,
    order: Order,
    objects: &[PathBuf],
    folder: &Path,
) -> Result<(String, String)> {
    let Subject { core, profile } = subject;
    let built = image::link(core, objects, &bench.libraries(core, Flavour::new(mode, profile))?, order, folder)?;
    link_check::check(core, &built.map, mode, order.has_other_rust())?;
    let report = machine::run(core, &built.executable, &[], LIMIT)?;
    Ok((report.text("model")?.to_string(), report.text("library")?.to_string()))
}

/* exp and tanh of the reference ------------------------------------------------------------------------------------ */

/// The normal run takes some of the 2^32 arguments: the functions change less often than this is run.
const STRIDE: u32 = 1009;

fn math(bench: &Workbench, folder: &Path) -> Result<Done> {
    std::fs::create_dir_all(folder)?;
    let program = folder.join("check_math");
    let qemu = workspace::root().join("qemu");
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-I"]).arg(qemu.join("firmware"));
    cc.arg(qemu.join("host/check_math.c")).arg(qemu.join("firmware/correctly_rounded.c"));
    process::checked(cc.arg("-lm").arg("-o").arg(&program))?;
    let stride = if bench.settings.is_only(Check::Math) { 1 } else { STRIDE };
    let output = process::checked(Command::new(&program).arg(stride.to_string()))?;
    let arguments = output.lines().find_map(|line| line.strip_prefix("arguments ")?.parse().ok());
    match arguments {
        Some(count) => Ok(Done::count(count)),
        None => bail!("{}: no number of arguments in its output\n{output}", program.display()),
    }
}
