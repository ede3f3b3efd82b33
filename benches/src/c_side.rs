//! An engine behind the adapter's table of C functions: the reference, or the archive.

use std::ffi::c_void;

use anyhow::{ensure, Result};
use atome_engine::kernel::Kernel;

use crate::ffi::engine_api;
use crate::models::ModelFile;
use crate::side::{Name, Side};

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
