//! What is measured: everything for the table, or the part that a test run has time for.

use std::fs;

use anyhow::{Context, Result};

use super::engine::{Engine, Variant};
use super::jobs::Job;
use super::names;
use super::shapes::{Measured, SHAPES};
use super::{code, dense, formats, limits, running, signed};
use crate::qemu::cores::{self, Core, CORES};
use crate::qemu::workbench::{self, Workbench, SIGNED};
use xtask::archive::Profile;
use xtask::shapes::{Plan, Shape};
use xtask::workspace;

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// For the table.
    All,
    /// The archive's code on all cores, and all else of the small shape, of the profiles for size and for speed on one core of
    /// each kind; and all that was promised, whatever the shape.
    Check,
}

impl Extent {
    /// The jobs, long ones first.
    pub fn jobs(self, bench: &Workbench) -> Result<Vec<Job>> {
        let mut shapes = self.shapes(bench)?;
        shapes.reverse();
        let mut jobs = Vec::new();
        for shape in shapes {
            if self == Extent::All {
                let (name, file) = (names::file(shape.name), shape.file.clone());
                jobs.push(Job::new(format!("file {name}"), move |_, _| {
                    let length = fs::metadata(&file).with_context(|| format!("cannot read {}", file.display()))?.len();
                    Ok([(name.clone(), length)].into())
                }));
            }
            for core in CORES.iter().filter(|core| core.is_roomy || shape.is_small) {
                jobs.extend(
                    self.variants(core, shape.name).into_iter().map(|variant| run_job(core, shape.clone(), variant)),
                );
            }
        }
        for model in formats::models(bench, |shape| self == Extent::All || shape == "small")? {
            let cores = cores::one_of_each_kind().filter(|core| core.is_roomy || model.is_small);
            jobs.extend(cores.map(|core| format_job(core, model.clone())));
        }
        for core in &CORES {
            let engines = Engine::ALL.into_iter().filter(|engine| engine.is_for(core));
            let engines = engines.filter(|&engine| self == Extent::All || is_checked(engine));
            jobs.extend(engines.map(|engine| code_job(core, engine)));
        }
        for core in cores::one_of_each_kind() {
            jobs.push(code_job(core, Engine::Archive(SIGNED)));
            // No change of ours can change these.
            let all = SHAPES.iter().filter(|_| self == Extent::All);
            jobs.extend(all.map(|(name, shape)| dense_job(core, name, *shape)));
            let shapes = SHAPES.iter().filter(|(name, _)| *name == "small" || (self == Extent::All && core.is_roomy));
            jobs.extend(shapes.map(|(name, shape)| signed_job(core, name, *shape)));
        }
        Ok(jobs)
    }

    fn variants(self, core: &Core, shape: &str) -> Vec<Variant> {
        let is_checked = |variant: &Variant| {
            let is_other = !variant.engine.has_profile(Profile::Usual);
            let is_usual = is_checked(variant.engine) && (!is_other || core.stands_for_its_kind());
            (shape == "small" && is_usual) || limits::is_promised(core, shape, *variant)
        };
        // Of the other shapes, all sequences have room in the partial plan: it is the cached one there.
        let is_of_use =
            |variant: &Variant| variant.engine.is_for(core) && (variant.plan != Some(Plan::Partial) || shape == "944k");
        let variants = Variant::all().into_iter().filter(is_of_use);
        variants.filter(|variant| self == Extent::All || is_checked(variant)).collect()
    }

    fn shapes(self, bench: &Workbench) -> Result<Vec<Measured>> {
        let mut shapes = Vec::new();
        for (name, shape) in SHAPES {
            let is_small = name == "small";
            let file = match &bench.real_model {
                _ if self == Extent::Check && !is_any_promised(name) => continue,
                _ if name != "944k" => {
                    workbench::write_model(&bench.folder, &format!("costs-{name}"), &shape, "atome01")?
                }
                Some(path) => workspace::absolute(path),
                None => continue,
            };
            shapes.push(Measured { name, shape, file, is_small });
        }
        Ok(shapes)
    }
}

/// Whether anything of this shape is a part of the check.
fn is_any_promised(shape: &str) -> bool {
    let all = Variant::all();
    CORES.iter().any(|core| all.iter().any(|&variant| limits::is_promised(core, shape, variant)))
}

fn is_checked(engine: Engine) -> bool {
    engine.is_archive()
}

fn run_job(core: &'static Core, shape: Measured, variant: Variant) -> Job {
    Job::new(format!("{} {} {variant}", core.name, shape.name), move |bench, folder| {
        running::measure(core, &shape, variant, bench, folder)
    })
}

/// Of a model in another format, what the format has to do with.
fn format_job(core: &'static Core, model: Measured) -> Job {
    let variant = Variant::FAST;
    let is_told = [running::NEXT, running::STACK_PREDICT].map(|what| names::run(core, model.name, variant, what));
    Job::new(format!("{} {} {variant}", core.name, model.name), move |bench, folder| {
        let mut figures = running::measure(core, &model, variant, bench, folder)?;
        figures.retain(|name, _| is_told.contains(name));
        Ok(figures)
    })
}

fn dense_job(core: &'static Core, name: &'static str, shape: Shape) -> Job {
    Job::new(format!("{} {name} dense", core.name), move |bench, folder| {
        dense::measure(core, name, &shape, bench, folder)
    })
}

fn signed_job(core: &'static Core, name: &'static str, shape: Shape) -> Job {
    Job::new(format!("{} {name} signed", core.name), move |bench, folder| {
        signed::measure(core, name, &shape, bench, folder)
    })
}

fn code_job(core: &'static Core, engine: Engine) -> Job {
    Job::new(format!("{} code {engine}", core.name), move |bench, folder| code::measure(core, engine, bench, folder))
}
