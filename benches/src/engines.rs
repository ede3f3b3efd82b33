//! Opens every engine that is compared.

use std::path::Path;

use anyhow::Result;
use atome_engine::kernel::Kernel;
use atome_engine::Plan;

use crate::archive;
use crate::c_side::CSide;
use crate::engine_side::EngineSide;
use crate::ffi::{engine_api, Attend, TABLES};
use crate::models::ModelFile;
use crate::shapes::{BenchShape, C_BUILDS, SHAPES};
use crate::side::{plan_name, Name, Side, INTEGERS};

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

/// C in each build, then the engine and the archive (where there is one) in all plans with each kernel.
///
/// # Errors
/// The model file is not one of that shape, or the archive cannot be linked.
pub fn all(shape: &BenchShape, file: ModelFile, archive: Option<&Path>) -> Result<Vec<Box<dyn Side>>> {
    let mut sides = Vec::new();
    for build in 0..C_BUILDS.len() {
        sides.push(reference(shape, file, build)?);
    }
    for (plan, choice) in [(Plan::Cached, CACHED), (Plan::Partial, PARTIAL), (Plan::Lean, LEAN)] {
        for kernel in kernels() {
            sides.push(engine(shape, file, plan, kernel)?);
        }
        if let Some(archive) = archive {
            sides.extend(of_archive(file, "archive", plan, archive::open(archive, shape, &[choice])?)?);
        }
    }
    if let Some(archive) = archive {
        let api = archive::open(archive, shape, &[CACHED, "-DATOME_ARITHMETIC=ATOME_INTEGER"])?;
        sides.extend(of_archive(file, INTEGERS, Plan::Cached, api)?);
    }
    Ok(sides)
}

const CACHED: &str = "-DATOME_PLAN=ATOME_PLAN_CACHED";
const PARTIAL: &str = "-DATOME_PLAN=ATOME_PLAN_PARTIAL";
const LEAN: &str = "-DATOME_PLAN=ATOME_PLAN_LEAN";

/// A program of the archive, with each kernel.
fn of_archive(
    file: ModelFile,
    engine: &'static str,
    plan: Plan,
    api: &'static engine_api,
) -> Result<Vec<Box<dyn Side>>> {
    let side = |kernel: Kernel| -> Result<Box<dyn Side>> {
        let name = Name { engine, plan: Some(plan_name(plan)), kernel: Some(kernel.name()) };
        Ok(Box::new(CSide::new(name, api, file, Some(kernel))?))
    };
    kernels().map(side).collect()
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;
    use crate::jobs::WINDOW;
    use crate::shapes::{DEFAULT, REAL};

    /// Numbers at the edges of what a float can be, and others.
    const EDGES: [f32; 8] = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-45, -3e38, 16_777_216.0];

    /// The bits that count: of a NaN, that it is one.
    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| if value.is_nan() { u32::MAX } else { value.to_bits() }).collect()
    }

    impl CSide {
        fn logits(&self) -> Vec<u32> {
            // SAFETY: member access; the array has an element for each token of the vocabulary.
            let logits = unsafe {
                std::slice::from_raw_parts((self.api.logits.unwrap())(self.state), self.api.shape.vocab_size as usize)
            };
            bits(logits)
        }

        /// Every matrix that is an `atome_ternary_t`, times a vector.
        fn products(&self, x: &[f32]) -> Vec<u32> {
            let shape = self.api.shape;
            let matrices = (0..2 + 5 * shape.n_layers).filter(|matrix| *matrix < 2 || (matrix - 2) % 5 != 0);
            let mut all = Vec::new();
            for matrix in matrices {
                let mut out = vec![-777.0; shape.vocab_size.max(shape.d_model) as usize];
                // SAFETY: a loaded model, a matrix that it has, a vector as long as its rows, room for all of them.
                unsafe { (self.api.matvec.unwrap())(self.model, matrix, x.as_ptr(), out.as_mut_ptr()) };
                all.extend(bits(&out));
            }
            all
        }
    }

    #[test]
    fn every_build_of_c_gives_the_bits_of_the_first() {
        for (shape, count) in [(DEFAULT, WINDOW), (REAL, 2)] {
            let file = ModelFile::of(&shape).unwrap();
            let tokens: Vec<i32> = (0..count as i32).map(|token| token * 37 % 256).collect();
            let mut rng = Rng::with_seed(9);
            let inputs: Vec<Vec<f32>> = [0, 1, 3]
                .map(|edges| {
                    let value = |rng: &mut Rng| match rng.usize(..8) < edges {
                        true => EDGES[rng.usize(..EDGES.len())],
                        false => rng.f32() - 0.5,
                    };
                    (0..shape.d_model).map(|_| value(&mut rng)).collect()
                })
                .into();
            let mut expected = None;
            for (build, c) in C_BUILDS.iter().enumerate() {
                let (mut side, _) = reference_side(&shape, file, build).unwrap();
                let mut found: Vec<Vec<u32>> = inputs.iter().map(|x| side.products(x)).collect();
                side.predict(&tokens);
                found.push(side.logits());
                let expected = expected.get_or_insert_with(|| found.clone());
                assert!(*expected == found, "{} on the shape {}", c.name, shape.name);
            }
        }
    }
}
