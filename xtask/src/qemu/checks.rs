//! The jobs of every check.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{bail, Result};

use super::cores::{Core, Machine};
use super::image::{self, Built, Image, Order, Unit};
use super::job::{Check, Done, Job};
use super::shapes::{Plan, Shape, BEYOND, DEFAULT, ODD, REAL, SHORT, TINY};
use super::workbench::Workbench;
use super::{link_check, machine};
use crate::archive::Mode;
use crate::{process, workspace};

const TEXT: &str = "qemu/firmware/text.c";
/// For what takes a second or so; the machine may be busy.
const LIMIT: Duration = Duration::from_secs(90);

/// All jobs of one check on one core; none where it has nothing to say there.
pub fn jobs(check: Check, core: &'static Core, workbench: &Workbench) -> Vec<Job> {
    let is_host = core.machine == Machine::Host;
    match check {
        Check::Digest => digest_jobs(core, workbench),
        Check::Differential if !is_host => differential_jobs(core, workbench.settings.cases),
        Check::Alignment if !is_host => alignment_jobs(core),
        Check::Errors if !is_host => errors_jobs(core),
        Check::Link if !is_host => {
            vec![Job::new(core, check, "all", 3, move |bench, folder| link(core, bench, &folder))]
        }
        Check::Math if is_host => vec![Job::new(core, check, "all", 900, move |bench, folder| math(bench, &folder))],
        _ => Vec::new(),
    }
}

/// An image of our own sources.
fn image(mode: Mode, source: &'static str, shape: &Shape, plan: Plan) -> Image {
    let mut flags = shape.flags();
    flags.push(plan.flag());
    Image { mode, units: vec![Unit::new(source), Unit::new(TEXT)], shape: flags, arguments: Vec::new() }
}

fn build(image: &Image, core: &Core, bench: &Workbench, folder: &Path) -> Result<Built> {
    image.build(core, &bench.libraries(core, image.mode)?, folder)
}

/* Digest ----------------------------------------------------------------------------------------------------------- */

enum Source {
    /// Made on the target from this many seeds.
    Seeds(u32),
    /// In flash, written by the host.
    Short,
    /// In flash: the 944K model.
    Real,
}

struct Battery {
    name: &'static str,
    shape: Shape,
    plans: &'static [Plan],
    source: Source,
    needs_room: bool,
    cost: u64,
}

const BATTERIES: [Battery; 5] = [
    Battery { name: "odd", shape: ODD, plans: &Plan::ALL, source: Source::Seeds(4), needs_room: false, cost: 5 },
    Battery { name: "beyond", shape: BEYOND, plans: &Plan::ALL, source: Source::Seeds(12), needs_room: false, cost: 5 },
    Battery {
        name: "default",
        shape: DEFAULT,
        plans: &[Plan::Cached],
        source: Source::Seeds(1),
        needs_room: true,
        cost: 20,
    },
    Battery { name: "flash", shape: SHORT, plans: &[Plan::Lean], source: Source::Short, needs_room: false, cost: 10 },
    Battery { name: "944k", shape: REAL, plans: &[Plan::Cached], source: Source::Real, needs_room: true, cost: 50 },
];

fn digest_jobs(core: &'static Core, bench: &Workbench) -> Vec<Job> {
    let mut jobs = Vec::new();
    for battery in &BATTERIES {
        let is_there = !matches!(battery.source, Source::Real) || bench.real_model.is_some();
        if !is_there || (battery.needs_room && !core.is_roomy) {
            continue;
        }
        for &plan in battery.plans {
            let name = format!("{}-{}", battery.name, plan.name());
            jobs.push(Job::new(core, Check::Digest, name, battery.cost, move |bench, folder| {
                digest(core, bench, battery, plan, &folder)
            }));
        }
    }
    jobs
}

/// What of the digests cannot run, in sentences.
pub fn skipped(cores: &[&'static Core], bench: &Workbench) -> Vec<String> {
    let mut notes = Vec::new();
    if bench.real_model.is_none() {
        notes.push("digest 944k on all cores: there is no ../shared/data/atome_944k.bin here".to_string());
    }
    let large: Vec<_> = BATTERIES.iter().filter(|battery| battery.needs_room).map(|battery| battery.name).collect();
    for core in cores.iter().filter(|core| !core.is_roomy) {
        notes.push(format!("digest {} on {}: the machine's memory is too small", large.join(" and "), core.title));
    }
    notes
}

fn digest(core: &Core, bench: &Workbench, battery: &'static Battery, plan: Plan, folder: &Path) -> Result<Done> {
    let mut image = image(Mode::Portable, "qemu/firmware/digest.c", &battery.shape, plan);
    let file = match &battery.source {
        Source::Seeds(count) => {
            image.arguments.push(format!("seeds={count}"));
            None
        }
        Source::Short => Some(&bench.short_model),
        Source::Real => bench.real_model.as_ref(),
    };
    if let Some(path) = file {
        let flag = format!("-DBLOB_FILE=\"{}\"", path.display());
        image.units[0] = Unit::with("qemu/firmware/digest.c", vec![flag.clone()]);
        image.units.push(Unit::with("qemu/firmware/blob.S", vec![flag]));
    }
    let built = build(&image, core, bench, folder)?;
    let report = machine::run(core, &built.executable, &image.arguments, LIMIT)?;
    let digest = report.text("digest")?.to_string();
    if let Some(record) = &bench.record {
        match record.digest(battery.name) {
            Some(recorded) if recorded == digest => {}
            Some(recorded) => bail!("{}: digest {digest}, but {recorded} is recorded", battery.name),
            None => bail!("{}: no recorded digest (cargo xtask qemu --record)", battery.name),
        }
    }
    Ok(Done { count: 1, digest: Some((battery.name, digest)) })
}

/* Differential ----------------------------------------------------------------------------------------------------- */

/// Four images share the cases: two shapes, one in each plan, in both modes.
fn differential_jobs(core: &'static Core, cases: u64) -> Vec<Job> {
    let cases = cases.div_ceil(4);
    let mut jobs = Vec::new();
    for (shape_name, shape, plan) in [("tiny", TINY, Plan::Cached), ("beyond", BEYOND, Plan::Lean)] {
        for mode in Mode::ALL {
            let name = format!("{shape_name}-{}-{mode}", plan.name());
            // The smallest core is the slowest.
            let cost = if core.is_roomy { 100 } else { 500 };
            jobs.push(Job::new(core, Check::Differential, name, cost, move |bench, folder| {
                let image = differential_image(&shape, plan, mode, cases, bench.settings.seed);
                let built = build(&image, core, bench, &folder)?;
                let limit = LIMIT + Duration::from_millis(40 * cases);
                let report = machine::run(core, &built.executable, &image.arguments, limit)?;
                if report.text("mode")? != mode.to_string() {
                    bail!("the image holds an archive of the wrong mode");
                }
                Ok(Done::count(report.number("cases")?))
            }));
        }
    }
    jobs
}

fn differential_image(shape: &Shape, plan: Plan, mode: Mode, cases: u64, seed: u32) -> Image {
    let mut image = image(mode, "qemu/firmware/differential.c", shape, plan);
    // The plan is a word of our header, which the reference's own does not know.
    image.shape = shape.flags();
    image.units.push(Unit::with("c_tests/adapter/archive_unit.c", vec![plan.flag()]));
    let (reference, is_strict) = match std::env::var("ATOME_REFERENCE") {
        // From the workspace root, like everywhere.
        Ok(folder) => (workspace::root().join(folder), false),
        Err(_) => (workspace::root().join("c_tests/reference"), true),
    };
    let mut flags = vec!["-DREFERENCE_PREFIX=reference_".to_string(), format!("-I{}", reference.display())];
    if mode == Mode::Portable {
        flags.extend(
            [
                "-DREFERENCE_ROUNDS_CORRECTLY",
                "-Datome_test_expf=correctly_rounded_expf",
                "-Datome_test_tanhf=correctly_rounded_tanhf",
            ]
            .map(String::from),
        );
        image.units.push(Unit::new("qemu/firmware/correctly_rounded.c"));
    }
    image.units.push(Unit { source: "c_tests/adapter/reference_unit.c", flags, is_strict });
    image.units.push(Unit::new("qemu/firmware/random_model.c"));
    image.arguments = vec![format!("cases={cases}"), format!("seed={seed}")];
    image
}

/* Alignment and errors --------------------------------------------------------------------------------------------- */

fn alignment_jobs(core: &'static Core) -> Vec<Job> {
    let run = move |bench: &Workbench, folder: PathBuf| {
        let image = image(Mode::Portable, "qemu/firmware/alignment.c", &ODD, Plan::Lean);
        let built = build(&image, core, bench, &folder)?;
        if core.faults_on_misaligned_loads {
            // Else that nothing faults would mean nothing.
            machine::run_into_fault(core, &built.executable, &["fault=1".to_string()], LIMIT)?;
        }
        let report = machine::run(core, &built.executable, &[], LIMIT)?;
        Ok(Done::count(report.number("offsets")?))
    };
    vec![Job::new(core, Check::Alignment, "all", 5, run)]
}

fn errors_jobs(core: &'static Core) -> Vec<Job> {
    let job = |plan: Plan| {
        Job::new(core, Check::Errors, plan.name(), 4, move |bench, folder| {
            let mut image = image(Mode::Portable, "qemu/firmware/errors.c", &TINY, plan);
            image.units.push(Unit::new("qemu/firmware/config_in_ram.c"));
            let built = build(&image, core, bench, &folder)?;
            let report = machine::run(core, &built.executable, &[], LIMIT)?;
            Ok(Done::count(report.number("checks")?))
        })
    };
    Plan::ALL.map(job).into()
}

/* Link ------------------------------------------------------------------------------------------------------------- */

/// Every order of the command line gives a program that runs, with the same results. The same objects are linked with the
/// archives of both modes.
fn link(core: &Core, bench: &Workbench, folder: &Path) -> Result<Done> {
    let alone = link_objects(core, bench, &folder.join("alone"), &[])?;
    let with_other = link_objects(core, bench, &folder.join("with-other"), &["-DWITH_OTHER_ARCHIVE"])?;
    let mut count = 0;
    for mode in Mode::ALL {
        let mut first = None;
        for order in [Order::BeforeLibraries, Order::AfterLibraries, Order::BeforeOtherRust, Order::AfterOtherRust] {
            let has_other = order.has_other_rust();
            let objects = if has_other { &with_other } else { &alone };
            let results = link_one(core, bench, mode, order, objects, &folder.join(format!("{mode}-{order:?}")))?;
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

fn link_objects(core: &Core, bench: &Workbench, folder: &Path, flags: &[&str]) -> Result<Vec<PathBuf>> {
    let mut image = image(Mode::Portable, "qemu/firmware/link.c", &TINY, Plan::Cached);
    image.units[0].flags.extend(flags.iter().map(ToString::to_string));
    image.compile(core, &bench.libraries(core, image.mode)?, folder)
}

/// Digests of the model's results and of the C library's.
fn link_one(
    core: &Core,
    bench: &Workbench,
    mode: Mode,
    order: Order,
    objects: &[PathBuf],
    folder: &Path,
) -> Result<(String, String)> {
    let built = image::link(core, objects, &bench.libraries(core, mode)?, order, folder)?;
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
