//! Samplers, and what is compared of them.

use atome_engine::sample::{SampleError, Sampler};

use crate::call::Sampling;
use crate::outcome::Outcome;

/// A sampler with these settings, and the code of making it.
pub fn open_sampler(sampling: &Sampling, out: &mut Outcome) -> Result<Sampler, SampleError> {
    // A negative number has no counterpart in the engine; 0 is refused alike.
    let top_k = usize::try_from(sampling.top_k).unwrap_or(0);
    let sampler = Sampler::new(sampling.temperature, top_k, sampling.top_p, sampling.seed);
    out.code(if sampler.is_ok() { 0 } else { -1 });
    sampler
}

/// What a sampler holds after its draws.
pub fn push_sampler(sampler: Result<Sampler, SampleError>, out: &mut Outcome) {
    if let Ok(sampler) = sampler {
        out.integers("sampler state", vec![sampler.state() as i64]);
    }
    out.fact("sampler's guard is intact", true);
}
