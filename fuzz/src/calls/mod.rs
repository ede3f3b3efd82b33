//! Sequences of calls of the C interface.

mod containers;
mod exact;

use std::ffi::{c_int, CStr};
use std::ptr::null_mut;
use std::slice;

use atome::api::*;
use atome_engine::{Classifier, Layout, Plan, Shape};

use crate::container::{change, seal, written};
use crate::input::{blob, longest_blob, Input};
use crate::program::{Fault, Program, Struct, MAX_CLASSES};

/// Calls after which a run ends: more of them find nothing that these do not.
const MAX_CALLS: usize = 24;

/// Whatever is called in whatever order with whatever numbers: codes are the documented ones, a refused call changes
/// nothing, and a prediction is that of a state that was never used before.
pub fn calls(data: &[u8]) {
    let mut input = Input::new(data);
    let shape = input.shape();
    let max_seq = 1 + input.below(9);
    let layout = layout(shape, max_seq, &mut input);
    let fault = match input.below(16) {
        1 => Fault::Version,
        2 => Fault::StateSize,
        3 => Fault::ModelSize,
        _ => Fault::None,
    };
    let program = Program::start(layout, input.below(4) > 0, fault);
    select_kernel(data);
    let mut session = Session::new(&program, fault != Fault::None);
    for _ in 0..MAX_CALLS {
        if input.is_empty() {
            break;
        }
        session.call(&mut input);
    }
}

/// One of those that the processor has. By the last byte, which few runs come to: inputs from before keep their meaning.
fn select_kernel(data: &[u8]) {
    const KERNELS: [&CStr; 5] = [c"portable", c"sse2", c"avx2", c"avx512", c"neon"];
    let kernel = KERNELS[usize::from(data.last().copied().unwrap_or(0)) % KERNELS.len()];
    // SAFETY: a text with its end. Another processor's kernel is refused, and the one before stays.
    unsafe { atome_select_kernel(kernel.as_ptr()) };
}

/// Of any plan; the partial one in any memory from its least on.
fn layout(shape: Shape, max_seq: usize, input: &mut Input) -> Layout {
    const SMALL: &str = "small numbers are in range";
    let plan = [Plan::Lean, Plan::Cached, Plan::Partial][input.below(3)];
    let layout = Layout::new(shape, max_seq, plan).expect(SMALL);
    if plan != Plan::Partial {
        return layout;
    }
    let least = Layout::new(shape, max_seq, Plan::Lean).expect(SMALL).bytes() + 16 * shape.d_model();
    Layout::partial(shape, max_seq, least + 16 * input.below(256)).expect(SMALL)
}

/// The program's variables.
struct Session<'p> {
    program: &'p Program,
    /// Header and archive disagree: every function refuses.
    refuses: bool,
    state: Struct,
    model: Struct,
    is_loaded: bool,
    classifier: Struct,
    has_classes: usize,
    sampler: atome_sampler_t,
    /// Blobs must outlive the models that were loaded from them.
    blobs: Vec<Vec<u8>>,
}

impl<'p> Session<'p> {
    fn new(program: &'p Program, refuses: bool) -> Self {
        Self {
            program,
            refuses,
            state: program.state(),
            model: program.model(),
            is_loaded: false,
            classifier: program.classifier(),
            has_classes: 0,
            sampler: atome_sampler_t { temperature: 0.0, top_p: 1.0, top_k: 1, state: 0 },
            blobs: Vec::new(),
        }
    }

    fn call(&mut self, input: &mut Input) {
        match input.below(14) {
            0 => self.load(input),
            1 => self.load_classifier(input),
            2 | 3 => self.predict(input),
            4 => self.generate(input),
            5 => self.step(input),
            6 => self.classify(input),
            7 => self.set_sampler(input),
            8 => self.sample(),
            9 => self.look(input),
            10 => self.start_anew(input),
            11 => self.load_signed(input),
            12 => self.ask(input),
            _ => self.blocks(input),
        }
    }

    fn state(&self) -> *mut atome_state_t {
        self.state.at()
    }

    /// A file, as it is or in a container.
    fn file(&mut self, input: &mut Input, len: usize) -> (*const u8, usize) {
        let file = match input.below(4) {
            0 => self.container(input),
            fills => blob(input.slice(255), fills > 1, len),
        };
        self.keep(input, &file)
    }

    /// A container, mostly for this program, and changed now and then.
    fn container(&self, input: &mut Input) -> Vec<u8> {
        let shape = self.shape_of_container(input);
        let mut file = written(input, shape).map_or_else(Vec::new, |(_, file)| file);
        maybe_changed(input, &mut file);
        file
    }

    fn shape_of_container(&self, input: &mut Input) -> Shape {
        if input.below(8) == 1 {
            input.shape()
        } else {
            *self.program.shape()
        }
    }

    /// Bytes that outlive every model, behind an odd number of others now and then, so that they may lie at any address.
    fn keep(&mut self, input: &mut Input, file: &[u8]) -> (*const u8, usize) {
        let offset = input.below(4);
        let mut bytes = vec![0; offset];
        bytes.extend(file);
        self.blobs.push(bytes);
        (self.blobs[self.blobs.len() - 1][offset..].as_ptr(), file.len())
    }

    fn load(&mut self, input: &mut Input) {
        let before = self.model.bytes();
        let needed = longest_blob(self.program.shape());
        let (data, len) = self.file(input, needed);
        // SAFETY: a struct of the program's, and so many bytes.
        let code = unsafe { atome_load(self.model.at(), data, len) };
        match code {
            ATOME_OK => self.is_loaded = !self.refuses,
            _ => assert_eq!(self.model.bytes(), before, "a refused load changed the model"),
        }
        self.check_load(code);
        self.compare_exact(data, len);
    }

    fn load_classifier(&mut self, input: &mut Input) {
        let before = self.classifier.bytes();
        let needed = Classifier::blob_len(self.program.shape(), MAX_CLASSES);
        let (data, len) = self.file(input, needed);
        // SAFETY: a struct of the program's, and so many bytes.
        let code = unsafe { atome_classifier_load(self.classifier.at(), data, len) };
        match code {
            ATOME_OK => self.count_classes(),
            _ => assert_eq!(self.classifier.bytes(), before, "a refused load changed the classifier"),
        }
        self.check_load(code);
        self.compare_exact(data, len);
    }

    /// Behind a load of a classifier.
    fn count_classes(&mut self) {
        // SAFETY: a struct of the program's.
        self.has_classes = unsafe { (*self.classifier.at::<atome_classifier_t>()).n_classes } as usize;
        assert!((1..=MAX_CLASSES).contains(&self.has_classes));
    }

    fn check_load(&self, code: c_int) {
        if self.refuses {
            assert_eq!(code, ATOME_ERR_CONFIG);
        } else {
            let documented = [
                ATOME_OK,
                ATOME_ERR_INVALID,
                ATOME_ERR_TRUNCATED,
                ATOME_ERR_MALFORMED,
                ATOME_ERR_SHAPE,
                ATOME_ERR_DAMAGED,
            ];
            assert!(documented.contains(&code), "{code}");
        }
    }

    /// The code of a call that had good pointers: an index below `end`, or why there is none.
    fn check(&self, code: c_int, can_run: bool, end: usize) {
        match (self.refuses, can_run) {
            (true, _) => assert_eq!(code, ATOME_ERR_CONFIG),
            (false, false) => assert_eq!(code, ATOME_ERR_INVALID),
            (false, true) => assert!(usize::try_from(code).is_ok_and(|index| index < end), "{code}"),
        }
    }

    fn predict(&mut self, input: &mut Input) {
        let tokens = some_tokens(input);
        let is_null = input.below(32) == 0;
        let state = if is_null { null_mut() } else { self.state() };
        let before = self.state.bytes();
        // SAFETY: structs of the program's, and so many tokens.
        let code = unsafe { atome_predict_next(self.model.at(), state, tokens.as_ptr(), tokens.len() as c_int) };
        let runs = self.is_loaded && !tokens.is_empty() && !is_null;
        self.check(code, runs, self.program.shape().vocab_size());
        if code < 0 {
            assert_eq!(self.state.bytes(), before, "a refused call changed the state");
            return;
        }
        let fresh = self.program.state();
        // SAFETY: as above.
        let again = unsafe { atome_predict_next(self.model.at(), fresh.at(), tokens.as_ptr(), tokens.len() as c_int) };
        assert_eq!((code, self.logits(&self.state)), (again, self.logits(&fresh)), "{tokens:?}");
    }

    fn logits(&self, state: &Struct) -> Vec<u32> {
        // SAFETY: the logits of a state of this program come first in it.
        let logits = unsafe { slice::from_raw_parts(atome_get_logits(state.at()), self.program.shape().vocab_size()) };
        logits.iter().map(|logit| if logit.is_nan() { f32::NAN.to_bits() } else { logit.to_bits() }).collect()
    }

    fn generate(&mut self, input: &mut Input) {
        let prompt = some_tokens(input);
        let (way, most) = (input.below(3), input.below(24));
        let mut output = vec![-7; most];
        let (model, state) = (self.model.at(), self.state());
        let (from, len, to, count) = (prompt.as_ptr(), prompt.len() as c_int, output.as_mut_ptr(), most as c_int);
        // SAFETY: structs of the program's, so many tokens, and room for as many as may be written.
        let written = unsafe {
            match way {
                0 => atome_generate(model, state, from, len, to, count),
                1 => atome_generate_sliding(model, state, from, len, to, count),
                _ => atome_generate_sampled(model, state, &raw mut self.sampler, from, len, to, count),
            }
        };
        let written = usize::try_from(written).expect("a number of tokens");
        let runs = self.is_loaded && !self.refuses && !prompt.is_empty();
        let room = self.program.layout.max_seq().saturating_sub(prompt.len());
        match way {
            _ if !runs => assert_eq!(written, 0),
            0 => assert_eq!(written, most.min(room)),
            1 => assert_eq!(written, most),
            _ => assert!(written == 0 || written == most.min(room)),
        }
        let vocab_size = self.program.shape().vocab_size();
        assert!(output[..written].iter().all(|&token| usize::try_from(token).is_ok_and(|token| token < vocab_size)));
        assert!(output[written..].iter().all(|&token| token == -7), "written beyond what was said");
    }

    fn step(&mut self, input: &mut Input) {
        let token = input.number();
        // SAFETY: structs of the program's.
        let code = unsafe { atome_step(self.model.at(), self.state(), token) };
        if !self.refuses && self.is_loaded && self.program.layout.plan() != Plan::Cached {
            assert_eq!(code, ATOME_ERR_PLAN);
        } else if code != ATOME_ERR_PLAN {
            self.check(code, self.is_loaded, self.program.shape().vocab_size());
        }
    }

    fn classify(&mut self, input: &mut Input) {
        let tokens = some_tokens(input);
        let mut logits = [0.0; MAX_CLASSES];
        let to = if input.below(2) == 0 { null_mut() } else { logits.as_mut_ptr() };
        let (from, len) = (tokens.as_ptr(), tokens.len() as c_int);
        // SAFETY: structs of the program's, so many tokens, and room for the logits of all classes.
        let code = unsafe { atome_classify(self.classifier.at(), self.state(), from, len, to) };
        self.check(code, self.has_classes > 0 && !tokens.is_empty(), self.has_classes);
    }

    fn set_sampler(&mut self, input: &mut Input) {
        let (temperature, top_k, top_p) = (input.float(), input.number(), input.float());
        let seed = u64::from_le_bytes(input.bytes());
        // SAFETY: a sampler of ours.
        let code = unsafe { atome_sampler_init(&raw mut self.sampler, temperature, top_k, top_p, seed) };
        assert!([ATOME_OK, ATOME_ERR_INVALID].contains(&code), "{code}");
        if code != ATOME_OK {
            // Members may be set by hand as well.
            self.sampler = atome_sampler_t { temperature, top_p, top_k, state: seed };
        }
    }

    fn sample(&mut self) {
        // SAFETY: structs of the program's.
        let code = unsafe { atome_sample(self.state(), &raw mut self.sampler) };
        if code != ATOME_ERR_INVALID {
            self.check(code, true, self.program.shape().vocab_size());
        }
    }

    fn look(&mut self, input: &mut Input) {
        let layer = input.number();
        // SAFETY: a state of the program's.
        let entropy = unsafe { atome_router_entropy(self.state(), layer) };
        let is_layer = usize::try_from(layer).is_ok_and(|layer| layer < self.program.shape().n_layers());
        assert!(entropy.is_nan() || entropy >= 0.0 || entropy == -1.0 || entropy.abs() < 1e-3, "{entropy}");
        assert!(is_layer && !self.refuses || entropy == -1.0);
    }

    fn start_anew(&mut self, input: &mut Input) {
        // SAFETY: a state of the program's.
        unsafe {
            match input.below(2) {
                0 => atome_init(self.state()),
                _ => atome_restart(self.state()),
            }
        }
    }

    /// The building blocks, on the parts of a loaded model.
    fn blocks(&mut self, input: &mut Input) {
        if !self.is_loaded {
            return;
        }
        let (d, n) = (self.program.shape().d_model(), input.below(self.program.layout.max_seq() + 1));
        let mut floats = |count: usize| -> Vec<f32> { (0..count).map(|_| input.float()).collect() };
        let (x, mut h) = (floats(n.max(1) * d), floats(d));
        let mut out = vec![0.0; n.max(1) * d.max(self.program.shape().vocab_size())];
        let (from, to, count) = (x.as_ptr().cast(), out.as_mut_ptr().cast(), n as c_int);
        let model: *const atome_model_t = self.model.at();
        // SAFETY: a loaded model, and as many floats as each function is told of.
        unsafe {
            let block = (&raw const (*model).blocks).cast::<atome_block_t>();
            atome_causal_conv(from, count, &raw const (*block).local_conv, to);
            atome_ssm_forward(from, count, &raw const (*block).ssm, h.as_mut_ptr(), to);
            atome_sparse_attn(from, count, &raw const (*block).attn, self.state(), to);
            atome_ternary_matvec(&raw const (*model).unembed, x.as_ptr(), out.as_mut_ptr());
            atome_layer_norm(h.as_mut_ptr(), d as c_int, &raw const (*model).final_norm);
        }
    }
}

/// Changes some bytes, or none; the checksum of a container may be right again afterwards.
fn maybe_changed(input: &mut Input, file: &mut [u8]) {
    let way = input.below(8);
    if way < 2 && !file.is_empty() {
        change(input, file);
        if way == 1 {
            seal(file);
        }
    }
}

fn some_tokens(input: &mut Input) -> Vec<c_int> {
    (0..input.below(14)).map(|_| input.number()).collect()
}
