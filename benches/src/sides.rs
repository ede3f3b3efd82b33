//! Every engine that is compared, behind one trait.

use std::fmt;
use std::path::Path;

use anyhow::Result;
use atome_engine::kernel::Kernel;
use atome_engine::Plan;

use crate::archive;
use crate::c_side::CSide;
use crate::engine_side::EngineSide;
use crate::ffi::{Attend, TABLES};
use crate::models::ModelFile;
use crate::shapes::{BenchShape, C_BUILDS, SHAPES};

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// One of [`C_BUILDS`], "engine" (the Rust crate) or "archive" (libatome.a, called from C).
    pub engine: &'static str,
    /// "cached" or "lean"; none for C, nor for a kernel alone.
    pub plan: Option<&'static str>,
    /// The kernel; none for C.
    pub kernel: Option<&'static str>,
}

impl Name {
    /// One of [`C_BUILDS`].
    pub fn c(engine: &'static str) -> Self {
        Self { engine, plan: None, kernel: None }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.engine)?;
        for part in [self.plan, self.kernel].into_iter().flatten() {
            write!(f, " {part}")?;
        }
        Ok(())
    }
}

/// An engine with a model and a state.
pub trait Side {
    /// Its name.
    fn name(&self) -> &Name;
    /// Makes its kernel the one in use. Costly on virtual machines: not for the measured part.
    fn select(&mut self);
    /// The next token.
    fn predict(&mut self, tokens: &[i32]) -> i32;
    /// Fills `output`.
    fn generate(&mut self, prompt: &[i32], output: &mut [i32]) -> usize;
    /// The class.
    fn classify(&mut self, tokens: &[i32]) -> i32;
    /// Loads the model once more, fingerprint included where there is one.
    fn load(&mut self);

    /// Whether a call computes no position that the last call has computed.
    fn is_cached(&self) -> bool {
        self.name().plan == Some("cached")
    }

    /// Whether it is C: the reference, or what differs from it by one function.
    fn is_reference(&self) -> bool {
        self.name().kernel.is_none()
    }
}

/// The kernels that this processor can.
pub fn kernels() -> impl Iterator<Item = Kernel> {
    Kernel::ALL.into_iter().filter(|kernel| kernel.is_available())
}

/// The engine with one kernel and plan.
///
/// # Errors
/// The model file is not one of that shape.
pub fn engine(shape: &BenchShape, file: ModelFile, plan: Plan, kernel: Kernel) -> Result<Box<dyn Side>> {
    Ok(Box::new(EngineSide::new(shape, file, plan, kernel)?))
}

/// C, compiled as `C_BUILDS[build]` says.
///
/// # Errors
/// The model file is not one of that shape.
pub fn reference(shape: &BenchShape, file: ModelFile, build: usize) -> Result<Box<dyn Side>> {
    Ok(Box::new(reference_side(shape, file, build)?.0))
}

pub(crate) fn reference_side(shape: &BenchShape, file: ModelFile, build: usize) -> Result<(CSide, Attend)> {
    let at = SHAPES.iter().position(|known| known == shape).map_or(0, |index| index * C_BUILDS.len());
    let (api, attend) = TABLES[at + build];
    Ok((CSide::new(Name::c(C_BUILDS[build].name), api, file, None)?, attend))
}

/// C in each build, then the engine and the archive (where there is one) in both plans with each kernel.
///
/// # Errors
/// The model file is not one of that shape, or the archive cannot be linked.
pub fn all(shape: &BenchShape, file: ModelFile, archive: Option<&Path>) -> Result<Vec<Box<dyn Side>>> {
    let mut sides = Vec::new();
    for build in 0..C_BUILDS.len() {
        sides.push(reference(shape, file, build)?);
    }
    for (plan, flag) in [(Plan::Cached, "ATOME_PLAN_CACHED"), (Plan::Lean, "ATOME_PLAN_LEAN")] {
        for kernel in kernels() {
            sides.push(engine(shape, file, plan, kernel)?);
        }
        let Some(archive) = archive else { continue };
        let api = archive::open(archive, shape, flag)?;
        for kernel in kernels() {
            let name = Name { engine: "archive", plan: Some(plan_name(plan)), kernel: Some(kernel.name()) };
            sides.push(Box::new(CSide::new(name, api, file, Some(kernel))?));
        }
    }
    Ok(sides)
}

pub(crate) fn plan_name(plan: Plan) -> &'static str {
    match plan {
        Plan::Cached => "cached",
        Plan::Lean => "lean",
    }
}
