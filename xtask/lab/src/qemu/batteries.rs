//! The digest check: batteries of calls whose every result bit is recorded.

use std::path::Path;

use anyhow::{bail, Result};

use super::check::Check;
use super::cores::Core;
use super::image::{Unit, INTEGER};
use super::job::{Done, Job, Subject};
use super::machine;
use super::own_image::{build, image, LIMIT};
use super::workbench::Workbench;
use xtask::archive::Mode;
use xtask::shapes::{Plan, Shape, BEYOND, DEEP, DEFAULT, ODD, REAL, SHORT};

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
    /// In the integer arithmetic.
    of_integers: bool,
}

const SMALL: Battery = Battery {
    name: "odd",
    shape: ODD,
    plans: &Plan::ALL,
    source: Source::Seeds(4),
    needs_room: false,
    cost: 5,
    of_integers: false,
};

const INTEGER_PLANS: &[Plan] = &[Plan::Lean, Plan::Cached];

const BATTERIES: [Battery; 10] = [
    SMALL,
    Battery { name: "odd-integer", plans: INTEGER_PLANS, of_integers: true, ..SMALL },
    Battery {
        name: "beyond-integer",
        shape: BEYOND,
        plans: INTEGER_PLANS,
        source: Source::Seeds(12),
        of_integers: true,
        ..SMALL
    },
    Battery {
        name: "default-integer",
        shape: DEFAULT,
        plans: INTEGER_PLANS,
        source: Source::Seeds(1),
        needs_room: true,
        of_integers: true,
        ..SMALL
    },
    Battery {
        name: "944k-integer",
        shape: REAL,
        plans: &[Plan::Cached],
        source: Source::Real,
        needs_room: true,
        cost: 50,
        of_integers: true,
    },
    Battery { name: "deep", shape: DEEP, source: Source::Seeds(1), needs_room: true, ..SMALL },
    Battery { name: "beyond", shape: BEYOND, source: Source::Seeds(12), ..SMALL },
    Battery {
        name: "default",
        shape: DEFAULT,
        plans: &[Plan::Cached],
        source: Source::Seeds(1),
        needs_room: true,
        cost: 20,
        ..SMALL
    },
    Battery { name: "flash", shape: SHORT, plans: &[Plan::Lean], source: Source::Short, cost: 10, ..SMALL },
    Battery {
        name: "944k",
        shape: REAL,
        plans: &[Plan::Cached],
        source: Source::Real,
        needs_room: true,
        cost: 50,
        of_integers: false,
    },
];

impl Battery {
    /// Parts with a digest of their own, beside the one of all else: a word of the report, and what is recorded.
    fn parts(&self, plan: Plan) -> Vec<(&'static str, String)> {
        let mut parts = vec![("digest", self.name.to_string())];
        // To compute the whole window anew for a token would take the 944K model longer than all else together.
        if !matches!(self.source, Source::Real) {
            parts.push(("sliding", format!("{}-sliding", self.name)));
        }
        if matches!(self.source, Source::Seeds(_)) {
            parts.push(("formats", format!("{}-formats", self.name)));
        }
        if plan == Plan::Cached {
            parts.push(("stream", format!("{}-stream", self.name)));
        }
        parts
    }
}

/// A job for each battery that fits the core, in each of its plans.
pub fn jobs(subject: Subject, bench: &Workbench) -> Vec<Job> {
    let mut jobs = Vec::new();
    for battery in &BATTERIES {
        let is_there = !matches!(battery.source, Source::Real) || bench.real_model.is_some();
        if !is_there || (battery.needs_room && !subject.core.is_roomy) {
            continue;
        }
        for &plan in battery.plans {
            let name = format!("{}-{}", battery.name, plan.name());
            jobs.push(Job::new(subject, Check::Digest, name, battery.cost, move |bench, folder| {
                digest(subject, bench, battery, plan, &folder)
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

fn digest(subject: Subject, bench: &Workbench, battery: &Battery, plan: Plan, folder: &Path) -> Result<Done> {
    let mut image = image(subject, Mode::Portable, "qemu/firmware/digest.c", &battery.shape, plan);
    if battery.of_integers {
        image.shape.push(INTEGER.to_string());
    }
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
    let parts = battery.parts(plan);
    image.arguments.extend(parts.iter().map(|(part, _)| format!("{part}=1")));
    let built = build(&image, subject.core, bench, folder)?;
    let report = machine::run(subject.core, &built.executable, &image.arguments, LIMIT)?;
    let mut digests = Vec::new();
    for (part, name) in parts {
        let digest = report.text(part)?.to_string();
        if let Some(record) = &bench.record {
            match record.digest(&name) {
                Some(recorded) if recorded == digest => {}
                Some(recorded) => bail!("{name}: digest {digest}, but {recorded} is recorded"),
                None => bail!("{name}: no recorded digest (cargo xtask qemu --record)"),
            }
        }
        digests.push((name, digest));
    }
    let count = digests.len() as u64;
    Ok(Done { digests, ..Done::count(count) })
}
