//! An engine behind the adapter's table of C functions: the reference, or the archive.

use std::ffi::c_void;

use anyhow::{ensure, Result};
use atome_engine::kernel::Kernel;

use crate::ffi::engine_api;
use crate::models::ModelFile;
use crate::sides::{Name, Side};

/// Structs of one engine, the model loaded.
pub struct CSide {
    name: Name,
    pub(crate) api: &'static engine_api,
    kernel: Option<Kernel>,
    file: ModelFile,
    pub(crate) model: *mut c_void,
    classifier: *mut c_void,
    pub(crate) state: *mut c_void,
}

/// Zeroed memory for a struct of a program that ends soon, aligned for any of them.
fn memory(bytes: usize) -> *mut c_void {
    vec![0_u64; bytes.div_ceil(8)].leak().as_mut_ptr().cast()
}

impl CSide {
    pub fn new(name: Name, api: &'static engine_api, file: ModelFile, kernel: Option<Kernel>) -> Result<Self> {
        let [model, classifier, state] = [api.model_size, api.classifier_size, api.state_size].map(memory);
        // SAFETY: memory of the table's sizes; the files are as long as said.
        let codes = unsafe {
            (api.init.unwrap())(state);
            let load = (api.load.unwrap())(model, file.model.as_ptr(), file.model.len());
            [load, (api.classifier_load.unwrap())(classifier, file.classifier.as_ptr(), file.classifier.len())]
        };
        ensure!(codes == [0, 0], "{name}: loading the model and the classifier returned {codes:?}");
        Ok(Self { name, api, kernel, file, model, classifier, state })
    }
}

impl Side for CSide {
    fn name(&self) -> &Name {
        &self.name
    }

    fn select(&mut self) {
        let Some(kernel) = self.kernel else { return };
        // SAFETY: the archive's table, which has extras; a C string.
        let code = unsafe {
            let extras = self.api.extras.as_ref();
            extras.map(|extras| (extras.select_kernel.unwrap())(kernel.c_name().as_ptr()))
        };
        assert_eq!(code, Some(0), "{} is not there", kernel.name());
    }

    fn predict(&mut self, tokens: &[i32]) -> i32 {
        // SAFETY: structs of this table, a loaded model; tokens as many as said.
        unsafe { (self.api.predict_next.unwrap())(self.model, self.state, tokens.as_ptr(), tokens.len() as i32) }
    }

    fn generate(&mut self, prompt: &[i32], output: &mut [i32]) -> usize {
        let (len, most) = (prompt.len() as i32, output.len() as i32);
        // SAFETY: as `predict`; the output has room for as many tokens as said.
        let written = unsafe {
            (self.api.generate.unwrap())(self.model, self.state, prompt.as_ptr(), len, output.as_mut_ptr(), most)
        };
        written as usize
    }

    fn classify(&mut self, tokens: &[i32]) -> i32 {
        let (tokens, len) = (tokens.as_ptr(), tokens.len() as i32);
        // SAFETY: as `predict`; no logits are asked for.
        unsafe { (self.api.classify.unwrap())(self.classifier, self.state, tokens, len, std::ptr::null_mut()) }
    }

    fn load(&mut self) {
        let file = std::hint::black_box(self.file.model);
        // SAFETY: a struct of this table; the file is as long as said.
        unsafe { (self.api.load.unwrap())(self.model, file.as_ptr(), file.len()) };
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;
    use crate::jobs::WINDOW;
    use crate::shapes::{C_BUILDS, DEFAULT, REAL};
    use crate::sides::reference_side;

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
