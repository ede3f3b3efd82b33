//! Running a model: prediction, generation, classification.

use core::ffi::c_int;

use atome_engine::sample::Sampler;
use atome_engine::{argmax, Arithmetic, Matrix, RunError};

use crate::arithmetic::{Chosen, Exact};
use crate::codes::{ATOME_ERR_CONFIG, ATOME_ERR_INVALID};
use crate::model::LoadedModel;
use crate::sampler::open_sampler;
use crate::types::{atome_classifier_t, atome_model_t, atome_sampler_t, atome_state_t};

/// Reads tokens one by one, without claiming that nobody else holds a pointer to them: prompt and output may overlap. Two
/// words, which fit registers.
#[derive(Clone)]
pub(crate) struct Tokens {
    at: *const c_int,
    left: usize,
}

/// # Safety
/// `at` leads to `left` readable tokens until the iterator is dropped.
pub(crate) unsafe fn tokens(at: *const c_int, left: usize) -> Tokens {
    Tokens { at, left }
}

impl Iterator for Tokens {
    type Item = i32;

    #[inline]
    fn next(&mut self) -> Option<i32> {
        self.left = self.left.checked_sub(1)?;
        // SAFETY: one was left, which `tokens` was promised to be readable, so that the pointer stays in the array or ends
        // right behind it.
        unsafe {
            let token = self.at.read();
            self.at = self.at.add(1);
            Some(token)
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Tokens {}

/// What a run needs: the model, the state and how many tokens count. `None` where one of them is NULL, missing or never
/// loaded.
///
/// # Safety
/// As the callers' own: pointers are NULL or lead to what their types say.
#[inline(always)]
unsafe fn open<'r, C: Chosen>(
    layout: &'r C::Layout,
    model: *const atome_model_t,
    state: *mut atome_state_t,
    tokens: *const c_int,
    n_tokens: c_int,
) -> Option<(LoadedModel<'r>, C::Memory<'r>, usize)> {
    let count = usize::try_from(n_tokens).ok().filter(|&count| count > 0)?;
    if state.is_null() || tokens.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    unsafe { Some((LoadedModel::open(model, C::shape(layout))?, C::memory(state, layout), count)) }
}

fn index_or_code(result: Result<usize, RunError>) -> c_int {
    result.map_or(ATOME_ERR_INVALID, |index| index as c_int)
}

/// Predicts the token that follows tokens[0] to tokens[n_tokens - 1]; its logits are in state->logits. More than
/// ATOME_MAX_SEQ tokens: only the first ATOME_MAX_SEQ count. A token outside 0 to ATOME_VOCAB_SIZE - 1 counts as token 0.
///
/// The result depends on nothing but model and tokens. In the cached plan, tokens that continue those of the last call
/// with the same model cost one position each, and in the partial plan as long as all have room; the results are the same
/// bits.
///
/// Returns the token; ATOME_ERR_INVALID (-1) when a pointer is NULL, n_tokens is below 1 or the model was never loaded;
/// ATOME_ERR_CONFIG (-3) when header and library do not fit together. The state is untouched then.
///
/// # Safety
/// `model` is NULL, zeroed or loaded, and its blob is still there; `state` is NULL or initialised; `tokens` is NULL or
/// leads to `n_tokens` tokens.
#[no_mangle]
pub unsafe extern "C" fn atome_predict_next(
    model: *const atome_model_t,
    state: *mut atome_state_t,
    tokens: *const c_int,
    n_tokens: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { predict_next::<Exact>(model, state, tokens, n_tokens) }
}

/// # Safety
/// As `atome_predict_next`.
#[inline(always)]
pub(crate) unsafe fn predict_next<C: Chosen>(
    model: *const atome_model_t,
    state: *mut atome_state_t,
    tokens: *const c_int,
    n_tokens: c_int,
) -> c_int {
    let Some(layout) = C::layout() else {
        return ATOME_ERR_CONFIG;
    };
    // SAFETY: as the caller promises.
    unsafe {
        match &mut open::<C>(layout, model, state, tokens, n_tokens) {
            Some((model, memory, count)) => {
                index_or_code(atome_engine::predict_next(model, memory, self::tokens(tokens, *count)))
            }
            None => ATOME_ERR_INVALID,
        }
    }
}

/// Continues prompt by the most probable token, again and again, and writes the tokens to output: at most max_tokens, and
/// no more than bring prompt and output together to ATOME_MAX_SEQ. A prompt longer than ATOME_MAX_SEQ is cut to its first
/// ATOME_MAX_SEQ tokens, which leaves no room. prompt and output may overlap.
///
/// Returns how many tokens were written; 0 also when a pointer is NULL, prompt_len or max_tokens is below 1, the model was
/// never loaded, or header and library do not fit together.
///
/// # Safety
/// As `atome_predict_next`; `output` is NULL or has room for `max_tokens` tokens.
#[no_mangle]
pub unsafe extern "C" fn atome_generate(
    model: *const atome_model_t,
    state: *mut atome_state_t,
    prompt: *const c_int,
    prompt_len: c_int,
    output: *mut c_int,
    max_tokens: c_int,
) -> c_int {
    let call = Call { model, state, prompt, prompt_len, output, max_tokens };
    // SAFETY: as the caller promises.
    unsafe { generate::<Exact>(call) }
}

/// # Safety
/// As `atome_generate`.
#[inline(always)]
pub(crate) unsafe fn generate<C: Chosen>(call: Call) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { call.within_window::<C>(|logits| argmax(logits.iter().copied())) }
}

/// atome_generate, but each token is drawn by sampler, whose state moves on. Same seed, model and prompt: same tokens on
/// every target.
///
/// Returns as atome_generate; 0 also when sampler is NULL or one of its settings is out of range.
///
/// # Safety
/// As `atome_generate`; `sampler` is NULL or leads to an `atome_sampler_t`.
#[no_mangle]
pub unsafe extern "C" fn atome_generate_sampled(
    model: *const atome_model_t,
    state: *mut atome_state_t,
    sampler: *mut atome_sampler_t,
    prompt: *const c_int,
    prompt_len: c_int,
    output: *mut c_int,
    max_tokens: c_int,
) -> c_int {
    let call = Call { model, state, prompt, prompt_len, output, max_tokens };
    // SAFETY: as the caller promises.
    unsafe { generate_sampled::<Exact>(call, sampler) }
}

/// # Safety
/// As `atome_generate_sampled`.
#[inline(always)]
pub(crate) unsafe fn generate_sampled<C: Chosen>(call: Call, sampler: *mut atome_sampler_t) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        let Some(mut drawing): Option<Sampler> = open_sampler(sampler) else {
            return 0;
        };
        let count = call.within_window::<C>(|logits| drawing.sample(logits));
        (*sampler).state = drawing.state();
        count
    }
}

/// atome_generate, but text may grow beyond ATOME_MAX_SEQ tokens: it continues on its last ATOME_MAX_SEQ tokens, for each
/// token as if atome_predict_next were called with them, at the cost of all their positions. atome_step costs one position
/// a token. Of a prompt longer than ATOME_MAX_SEQ the last ATOME_MAX_SEQ tokens count.
///
/// Returns max_tokens, which is how many tokens were written; 0 as atome_generate.
///
/// # Safety
/// As `atome_generate`.
#[no_mangle]
pub unsafe extern "C" fn atome_generate_sliding(
    model: *const atome_model_t,
    state: *mut atome_state_t,
    prompt: *const c_int,
    prompt_len: c_int,
    output: *mut c_int,
    max_tokens: c_int,
) -> c_int {
    let call = Call { model, state, prompt, prompt_len, output, max_tokens };
    // SAFETY: as the caller promises.
    unsafe { generate_sliding::<Exact>(call) }
}

/// # Safety
/// As `atome_generate_sliding`.
#[inline(always)]
pub(crate) unsafe fn generate_sliding<C: Chosen>(call: Call) -> c_int {
    let prompt = call.prompt;
    // SAFETY: as the caller promises.
    unsafe {
        call.run::<C>(|run| {
            let prompt = tokens(prompt, run.prompt_len);
            atome_engine::generate_sliding(&run.model, &mut run.memory, prompt, run.max_tokens, |logits| {
                Some(run.output.write(argmax(logits.iter().copied())))
            })
        })
    }
}

/// What a program asked a generation for.
pub(crate) struct Call {
    pub(crate) model: *const atome_model_t,
    pub(crate) state: *mut atome_state_t,
    pub(crate) prompt: *const c_int,
    pub(crate) prompt_len: c_int,
    pub(crate) output: *mut c_int,
    pub(crate) max_tokens: c_int,
}

impl Call {
    /// Generates within the window, each token as `choose` says.
    ///
    /// # Safety
    /// As `atome_generate`.
    unsafe fn within_window<C: Chosen>(&self, mut choose: impl FnMut(&[f32]) -> usize) -> c_int {
        // SAFETY: as the caller promises.
        unsafe {
            self.run::<C>(|run| {
                let prompt = tokens(self.prompt, run.prompt_len.min(run.memory.layout().max_seq()));
                atome_engine::generate(&run.model, &mut run.memory, prompt, run.max_tokens, |logits| {
                    Some(run.output.write(choose(logits)))
                })
            })
        }
    }

    /// Opens a generation and has `generate` do it; 0 where it cannot be opened or fails.
    ///
    /// # Safety
    /// As `atome_generate`.
    unsafe fn run<C: Chosen>(&self, generate: impl FnOnce(&mut Generation<C>) -> Result<usize, RunError>) -> c_int {
        let Some(layout) = C::layout() else { return 0 };
        // SAFETY: as the caller promises.
        let run = unsafe { self.open(layout) };
        run.and_then(|mut run| generate(&mut run).ok()).unwrap_or(0) as c_int
    }

    /// The model, the memory, and how many tokens the prompt and the output have at most. `None` where a pointer is NULL, a number
    /// is out of range, or the model was never loaded.
    ///
    /// # Safety
    /// As `atome_generate`.
    #[inline(always)]
    pub(crate) unsafe fn open_parts<'r, C: Chosen>(
        &self,
        layout: &'r C::Layout,
    ) -> Option<(LoadedModel<'r>, C::Memory<'r>, usize, usize)> {
        let max_tokens = usize::try_from(self.max_tokens).ok()?;
        if self.output.is_null() {
            return None;
        }
        // SAFETY: as the caller promises.
        let (model, memory, prompt_len) =
            unsafe { open::<C>(layout, self.model, self.state, self.prompt, self.prompt_len)? };
        Some((model, memory, prompt_len, max_tokens))
    }

    /// [`Call::open_parts`], with a place for the tokens.
    ///
    /// # Safety
    /// As `atome_generate`.
    unsafe fn open<'r, C: Chosen>(&self, layout: &'r C::Layout) -> Option<Generation<'r, C>> {
        // SAFETY: as the caller promises.
        let (model, memory, prompt_len, max_tokens) = unsafe { self.open_parts::<C>(layout)? };
        Some(Generation { model, memory, prompt_len, output: Output(self.output), max_tokens })
    }
}

/// What a generation works on.
struct Generation<'r, C: Chosen> {
    model: LoadedModel<'r>,
    memory: C::Memory<'r>,
    prompt_len: usize,
    output: Output,
    max_tokens: usize,
}

/// Where the next token goes.
struct Output(*mut c_int);

impl Output {
    /// Writes a token and moves on; returns it.
    ///
    /// # Safety
    /// There is room for one more.
    unsafe fn write(&mut self, token: usize) -> usize {
        // SAFETY: as the caller promises.
        unsafe {
            self.0.write(token as c_int);
            self.0 = self.0.add(1);
        }
        token
    }
}

/// Classifies a token sequence: the first class with the greatest logit. class_logits, unless NULL, receives n_classes
/// floats. state->logits stays as it was; state->router_w is that of this sequence. Tokens count as in atome_predict_next.
///
/// Returns the class, from 0; ATOME_ERR_INVALID (-1) when clf, state or tokens is NULL, n_tokens is below 1 or clf was never
/// loaded; ATOME_ERR_CONFIG (-3) when header and library do not fit together. Nothing is written then.
///
/// # Safety
/// As `atome_predict_next`; `class_logits` is NULL or has room for `n_classes` floats.
#[no_mangle]
pub unsafe extern "C" fn atome_classify(
    clf: *const atome_classifier_t,
    state: *mut atome_state_t,
    tokens: *const c_int,
    n_tokens: c_int,
    class_logits: *mut f32,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { classify::<Exact>(clf, state, tokens, n_tokens, class_logits) }
}

/// # Safety
/// As `atome_classify`.
#[inline(always)]
pub(crate) unsafe fn classify<C: Chosen>(
    clf: *const atome_classifier_t,
    state: *mut atome_state_t,
    tokens: *const c_int,
    n_tokens: c_int,
    class_logits: *mut f32,
) -> c_int {
    let Some(layout) = C::layout() else {
        return ATOME_ERR_CONFIG;
    };
    if clf.is_null() {
        return ATOME_ERR_INVALID;
    }
    // SAFETY: as the caller promises.
    unsafe {
        let base = &raw const (*clf).base;
        let (Some((model, memory, count)), Some(head)) =
            (&mut open::<C>(layout, base, state, tokens, n_tokens), head_of(clf))
        else {
            return ATOME_ERR_INVALID;
        };
        let each = |class: usize, logit: f32| {
            if !class_logits.is_null() {
                class_logits.add(class).write(logit);
            }
        };
        index_or_code(atome_engine::classify(model, &head, memory, self::tokens(tokens, *count), each))
    }
}

/// The first `n_classes` rows of the head: firmware may lower the number that loading found. `None` where it is below 1 or
/// above that number.
///
/// # Safety
/// `clf` leads to an `atome_classifier_t` that is zeroed or loaded.
unsafe fn head_of<'m>(clf: *const atome_classifier_t) -> Option<Matrix<'m>> {
    // SAFETY: as the caller promises.
    let (head, n_classes) = unsafe { ((*clf).head.view(0)?, (*clf).n_classes) };
    let rows = usize::try_from(n_classes).ok().filter(|rows| (1..=head.rows()).contains(rows))?;
    Matrix::new(head.packed(), head.scale(), rows, head.cols())
}
