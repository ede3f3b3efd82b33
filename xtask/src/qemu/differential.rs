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

/// Images of each mode: two small shapes, one in each plan, with which the fast kernels have nothing to do; and, where
/// the archive has those, one shape that reaches them.
fn images(subject: Subject) -> Vec<(&'static str, Shape, Plan, Mode)> {
    let fast = if subject.core.is_roomy { FAST } else { FAST_SMALL };
    let each_mode = |name, shape, plan| Mode::ALL.map(|mode| (name, shape, plan, mode));
    match subject.profile {
        Profile::Size => [each_mode("tiny", TINY, Plan::Cached), each_mode("beyond", BEYOND, Plan::Lean)].concat(),
        Profile::Speed => vec![("fast", fast, Plan::Cached, Mode::Portable), ("fast", fast, Plan::Lean, Mode::System)],
    }
}

/// The images share the cases.
pub fn jobs(subject: Subject, cases: u64) -> Vec<Job> {
    let images = images(subject);
    let cases = cases.div_ceil(images.len() as u64);
    let job = |(shape_name, shape, plan, mode): (&str, Shape, Plan, Mode)| {
        let name = format!("{shape_name}-{}-{mode}", plan.name());
        // The smallest core is the slowest.
        let cost = if subject.core.is_roomy { 100 } else { 500 };
        Job::new(subject, Check::Differential, name, cost, move |bench, folder| {
            let image = differential_image(subject, &shape, plan, mode, cases, bench.settings.seed);
            let built = build(&image, subject.core, bench, &folder)?;
            let limit = LIMIT + Duration::from_millis(40 * cases);
            let report = machine::run(subject.core, &built.executable, &image.arguments, limit)?;
            if report.text("mode")? != mode.to_string() {
                bail!("the image holds an archive of the wrong mode");
            }
            Ok(Done::count(report.number("cases")?))
        })
    };
    images.into_iter().map(job).collect()
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
