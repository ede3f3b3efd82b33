//! The differential check: the C reference and the archive in one image.

use std::time::Duration;

use anyhow::bail;

use super::checks::{build, image, LIMIT};
use super::image::{Image, Unit};
use super::job::{Check, Done, Job, Subject};
use super::machine;
use super::shapes::{Plan, Shape, BEYOND, FAST, FAST_SMALL, TINY};
use crate::archive::{Mode, Profile};
use crate::workspace;

/// What one image compares, and its share of the cases in per cent.
struct Part {
    name: &'static str,
    shape: Shape,
    plan: Plan,
    mode: Mode,
    share: u64,
}

/// Two small shapes, one in each plan, in both modes, with which fast kernels have nothing to do; and, where the archive
/// has those, two that reach them. The larger one costs ten times as much a case, on both sides.
fn parts(subject: Subject) -> Vec<Part> {
    let part = |name, shape, plan, mode, share| Part { name, shape, plan, mode, share };
    let (portable, system) = (Mode::Portable, Mode::System);
    match subject.profile {
        Profile::Size => vec![
            part("tiny", TINY, Plan::Cached, portable, 25),
            part("tiny", TINY, Plan::Cached, system, 25),
            part("beyond", BEYOND, Plan::Lean, portable, 25),
            part("beyond", BEYOND, Plan::Lean, system, 25),
        ],
        Profile::Speed if subject.core.is_roomy => vec![
            part("fast", FAST, Plan::Cached, portable, 10),
            part("fast-small", FAST_SMALL, Plan::Cached, portable, 40),
            part("fast-small", FAST_SMALL, Plan::Lean, system, 50),
        ],
        Profile::Speed => vec![
            part("fast-small", FAST_SMALL, Plan::Cached, portable, 50),
            part("fast-small", FAST_SMALL, Plan::Lean, system, 50),
        ],
    }
}

/// The images share the cases.
pub fn jobs(subject: Subject, cases: u64) -> Vec<Job> {
    let job = |Part { name, shape, plan, mode, share }: Part| {
        let cases = (cases * share).div_ceil(100);
        // The smallest core is the slowest.
        let cost = if subject.core.is_roomy { 100 } else { 500 };
        Job::new(subject, Check::Differential, format!("{name}-{}-{mode}", plan.name()), cost, move |bench, folder| {
            let image = differential_image(subject, &shape, plan, mode, cases, bench.settings.seed);
            let built = build(&image, subject.core, bench, &folder)?;
            let limit = LIMIT + Duration::from_millis(60 * cases);
            let report = machine::run(subject.core, &built.executable, &image.arguments, limit)?;
            if report.text("mode")? != mode.to_string() {
                bail!("the image holds an archive of the wrong mode");
            }
            Ok(Done::count(report.number("cases")?))
        })
    };
    parts(subject).into_iter().map(job).collect()
}

fn differential_image(subject: Subject, shape: &Shape, plan: Plan, mode: Mode, cases: u64, seed: u32) -> Image {
    let mut image = image(subject, mode, "qemu/firmware/differential.c", shape, plan);
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
