//! The differential check: the C reference and the archive in one image.

use std::time::Duration;

use anyhow::bail;

use super::check::Check;
use super::image::{Image, Unit, INTEGER};
use super::job::{Done, Job, Outcome, Subject};
use super::machine;
use super::own_image::{build, image, LIMIT};
use super::Settings;
use xtask::archive::{Mode, Profile};
use xtask::shapes::{Plan, Shape, BEYOND, FAST, FAST_SMALL, FAST_TINY, TINY};
use xtask::workspace;

/// What one image compares, and its share of the cases in per cent.
struct Part {
    name: &'static str,
    shape: Shape,
    plan: Plan,
    mode: Mode,
    /// The archive computes in integers, beside the naive reference of that arithmetic.
    of_integers: bool,
    share: u64,
}

/// Two small shapes, one in each plan, in both modes, with which fast kernels have nothing to do; and, where the archive
/// has those, two that reach them. The larger one costs ten times as much a case, on both sides. In integers a shape of each kind.
fn parts(subject: Subject) -> Vec<Part> {
    let part = |name, shape, plan, mode, share| Part { name, shape, plan, mode, of_integers: false, share };
    let integers =
        |name, shape, plan, share| Part { of_integers: true, ..part(name, shape, plan, Mode::Portable, share) };
    let (portable, system) = (Mode::Portable, Mode::System);
    match subject.profile {
        Profile::Size => vec![
            part("tiny", TINY, Plan::Cached, portable, 25),
            part("tiny", TINY, Plan::Cached, system, 25),
            part("beyond", BEYOND, Plan::Lean, portable, 15),
            part("beyond", BEYOND, Plan::Lean, system, 25),
            integers("beyond", BEYOND, Plan::Lean, 10),
        ],
        Profile::Usual | Profile::Speed if subject.core.is_roomy => vec![
            part("fast", FAST, Plan::Cached, portable, 10),
            part("fast-small", FAST_SMALL, Plan::Cached, portable, 30),
            part("fast-small", FAST_SMALL, Plan::Lean, system, 40),
            integers("fast", FAST, Plan::Cached, 5),
            integers("fast-small", FAST_SMALL, Plan::Lean, 15),
        ],
        Profile::Usual | Profile::Speed => vec![
            part("fast-small", FAST_SMALL, Plan::Cached, portable, 40),
            part("fast-small", FAST_SMALL, Plan::Lean, system, 40),
            integers("fast-tiny", FAST_TINY, Plan::Cached, 20),
        ],
    }
}

/// A shape much like this one with which every float of a blob is as aligned as the first: each matrix is a multiple of 16
/// weights. An engine that casts pointers into the blob needs that on cores that fault on misaligned loads.
/// Where RAM is scarce, sequences of wide rows are shorter: there is a scout beside the engines.
fn aligned(shape: &Shape, is_roomy: bool) -> Shape {
    let d_model = match shape.d_model {
        40.. => shape.d_model.next_multiple_of(16),
        small => small.next_multiple_of(8),
    };
    let even = |number: u32| if d_model % 16 == 0 { number } else { number.next_multiple_of(2) };
    Shape {
        d_model,
        n_pathways: even(shape.n_pathways),
        vocab_size: even(shape.vocab_size),
        d_head: even(shape.d_head),
        kernel_size: even(shape.kernel_size),
        max_seq: if is_roomy { shape.max_seq } else { shape.max_seq.min(48 / d_model + 1) },
        ..*shape
    }
}

/// The images share the cases.
pub fn jobs(subject: Subject, settings: &Settings) -> Vec<Job> {
    let is_careful = is_careful(settings);
    let job = |Part { name, shape, plan, mode, of_integers, share }: Part| {
        let shape = if is_careful { aligned(&shape, subject.core.is_roomy) } else { shape };
        let kind = if of_integers { "integer".to_string() } else { mode.to_string() };
        let cases = (settings.cases_of_profile(subject.core) * share).div_ceil(100);
        // The smallest core is the slowest.
        let cost = if subject.core.is_roomy { 100 } else { 500 };
        Job::new(subject, Check::Differential, format!("{name}-{}-{kind}", plan.name()), cost, move |bench, folder| {
            let mut image = match of_integers {
                true => integer_image(subject, &shape, plan, &bench.settings),
                false => differential_image(subject, &shape, plan, mode, &bench.settings),
            };
            image.arguments.push(format!("cases={cases}"));
            let built = build(&image, subject.core, bench, &folder)?;
            let limit = LIMIT + Duration::from_millis(60 * cases);
            let report = machine::run(subject.core, &built.executable, &image.arguments, limit)?;
            if report.text("mode")? != mode.to_string() {
                bail!("the image holds an archive of the wrong mode");
            }
            if report.number("refused")? > cases * 3 / 4 {
                bail!("three quarters of the cases had a model that was refused: little worth a name was compared");
            }
            Ok(Done { left_out: report.number("left_out")?, ..Done::count(report.number("cases")?) })
        })
    };
    // Of a user's own engine there is no reference in integers.
    let all = parts(subject).into_iter().filter(|part| !part.of_integers || settings.reference.is_ours);
    all.map(job).collect()
}

/// Whether the reference is to be spared what the published C99 engine cannot do.
fn is_careful(settings: &Settings) -> bool {
    !settings.reference.is_ours && !settings.wild
}

/// A reference with the `exp` and `tanh` of `correctly_rounded.c`.
const ROUNDS_CORRECTLY: [&str; 3] = [
    "-DREFERENCE_ROUNDS_CORRECTLY",
    "-Datome_test_expf=correctly_rounded_expf",
    "-Datome_test_tanhf=correctly_rounded_tanhf",
];

/// All but how many cases are run.
fn differential_image(subject: Subject, shape: &Shape, plan: Plan, mode: Mode, settings: &Settings) -> Image {
    let mut image = image(subject, mode, "qemu/firmware/differential.c", shape, plan);
    // The plan is a word of our header, which the reference's own does not know.
    image.shape = shape.flags();
    image.units.push(Unit::with("c_tests/adapter/archive_unit.c", vec![plan.flag()]));
    let reference = &settings.reference;
    let mut flags = Vec::new();
    if mode == Mode::Portable {
        flags = ROUNDS_CORRECTLY.map(String::from).into();
        image.units.push(Unit::new("qemu/firmware/correctly_rounded.c"));
    }
    if is_careful(settings) {
        image.units[0].flags.push("-DWITH_SCOUT".to_string());
        let ours = workspace::root().join("c_tests/reference");
        let words = ["-DREFERENCE_PREFIX=scout_".to_string(), format!("-I{}", ours.display())];
        image.units.push(Unit::with("c_tests/adapter/scout_unit.c", [&flags[..], &words].concat()));
    }
    flags.extend(["-DREFERENCE_PREFIX=reference_".to_string(), format!("-I{}", reference.folder.display())]);
    image.units.push(Unit { source: "c_tests/adapter/reference_unit.c", flags, is_strict: reference.is_ours });
    image.units.push(Unit::new("qemu/firmware/random_model.c"));
    image.arguments = vec![format!("seed={}", settings.seed)];
    image
}

/// The archive in integers beside the naive reference of that arithmetic, which our own C reference loads models for.
fn integer_image(subject: Subject, shape: &Shape, plan: Plan, settings: &Settings) -> Image {
    let mut image = image(subject, Mode::Portable, "qemu/firmware/differential.c", shape, plan);
    image.shape = shape.flags();
    image.units[0].flags.push("-DWITH_INTEGERS".to_string());
    image.units.push(Unit::with("c_tests/adapter/archive_unit.c", vec![plan.flag(), INTEGER.to_string()]));
    let folder = format!("-I{}", settings.reference.folder.display());
    let flags = |own: &[&str]| own.iter().copied().chain([&*folder]).map(String::from).collect::<Vec<_>>();
    let loader = [&["-DREFERENCE_PREFIX=reference_"][..], &ROUNDS_CORRECTLY].concat();
    image.units.push(Unit::with("c_tests/adapter/reference_unit.c", flags(&loader)));
    // A header is shared with the floating-point reference, which uses more of it.
    let of_integers = [
        "-Wno-unused-function",
        "-DREFERENCE_PREFIX=integer_",
        "-DLOADER=reference_api",
        "-Dcalloc=integer_calloc",
        "-Dfree=integer_free",
    ];
    image.units.push(Unit::with("c_tests/adapter/integer_unit.c", flags(&of_integers)));
    let ours = ["qemu/firmware/integer_engine.c", "qemu/firmware/random_model.c", "qemu/firmware/correctly_rounded.c"];
    image.units.extend(ours.map(Unit::new));
    image.arguments = vec![format!("seed={}", settings.seed)];
    image
}

/// What a reference of the user's own was spared; nothing to say of ours.
pub fn left_out(settings: &Settings, outcomes: &[Outcome]) -> Option<String> {
    let ran = outcomes.iter().filter(|outcome| outcome.check == Check::Differential);
    let calls: u64 = ran.clone().flat_map(|outcome| &outcome.result).map(|done| done.left_out).sum();
    (is_careful(settings) && ran.count() > 0).then(|| {
        format!(
            "Not asked of your reference, {} (--wild asks it all the same):\n  \
             calls with attention scores NaN or not above -1e30: the published C99 engine reads outside its arrays; {calls} \
             left out\n  \
             models as ATOME02 and ATOMEP3: it knows ATOME01 and ATOMECL01 only; all are one of these\n  \
             floats at misaligned addresses: it faults on some cores; all are aligned, and shapes such that they can be\n",
            settings.reference.folder.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qemu::cores::CORES;

    #[test]
    fn aligned_shapes_have_no_float_at_an_odd_place() {
        for core in &CORES {
            for profile in Profile::ALL {
                for Part { name, shape, .. } in parts(Subject { core, profile }) {
                    let Shape { d_model: d, n_pathways, vocab_size, d_head, kernel_size, .. } =
                        aligned(&shape, core.is_roomy);
                    assert!(d >= shape.d_model && d < shape.d_model + 16, "{name}");
                    for rows in [d, n_pathways, vocab_size, d_head, kernel_size] {
                        assert_eq!(rows * d % 16, 0, "{name}: {rows} rows of {d}");
                    }
                }
            }
        }
    }
}
