//! Sampling against its plain definition: sort, cut, draw.

mod common;

use atome_engine::argmax;
use atome_engine::math::portable;
use atome_engine::sample::{SampleError, Sampler};
use common::Rng;

/// The definition, with a sorted list: top-k with ties, top-p by the share before a token, then a draw in index order.
fn plain(logits: &[f32], temperature: f32, top_k: usize, top_p: f32, random: u64) -> usize {
    let greatest = logits.iter().copied().filter(|logit| !logit.is_nan()).fold(f32::NEG_INFINITY, f32::max);
    let share = |logit: f32| {
        let share = if logit == greatest { 1.0 } else { portable::exp((logit - greatest) / temperature) };
        (f64::from(share) * 4_294_967_296.0) as u128
    };
    let mut ranked: Vec<usize> = (0..logits.len()).filter(|&token| !logits[token].is_nan()).collect();
    ranked.sort_by(|&a, &b| logits[b].partial_cmp(&logits[a]).expect("no NaN").then(a.cmp(&b)));
    if let Some(&last) = ranked.get(top_k - 1) {
        ranked.retain(|&token| logits[token] >= logits[last]);
    }
    let total: u128 = ranked.iter().map(|&token| share(logits[token])).sum();
    let limit = (total * (f64::from(top_p) * 4_294_967_296.0) as u128) >> 32;
    let mut before = 0;
    ranked.retain(|&token| {
        let stays = before <= limit;
        before += share(logits[token]);
        stays
    });
    ranked.sort_unstable();
    let total: u128 = ranked.iter().map(|&token| share(logits[token])).sum();
    let mut left = (u128::from(random) * total) >> 64;
    for token in ranked {
        if left < share(logits[token]) {
            return token;
        }
        left -= share(logits[token]);
    }
    0
}

#[test]
fn draws_are_those_of_the_definition() {
    let mut rng = Rng(1);
    for case in 0..if cfg!(miri) { 5 } else { 20_000 } {
        let len = 1 + rng.below(if case % 10 == 9 { 300 } else { 12 });
        // Few distinct values, so that ties are common; now and then something that no model should give.
        let coarse = rng.below(2) == 0;
        let logits: Vec<f32> = (0..len)
            .map(|_| match rng.below(60) {
                0 => f32::NAN,
                1 => f32::INFINITY,
                2 => f32::NEG_INFINITY,
                3 => -0.0,
                _ if coarse => (4.0 * rng.float()).round(),
                _ => 8.0 * rng.float(),
            })
            .collect();
        let temperature = [0.1, 0.7, 1.0, 1.3, 50.0][rng.below(5)];
        let top_k = 1 + rng.below(len + 3);
        let top_p = [1.0, 0.95, 0.5, 0.1, 1e-12][rng.below(5)];
        let seed = rng.next();
        let random = Rng(seed).next();
        let mut sampler = Sampler::new(temperature, top_k, top_p, seed).expect("in range");
        let expected = plain(&logits, temperature, top_k, top_p, random);
        assert_eq!(
            sampler.sample(&logits),
            expected,
            "case {case}: {logits:?}, T {temperature}, k {top_k}, p {top_p}, seed {seed:#x}"
        );
    }
}

#[test]
fn shares_come_out_as_asked() {
    let logits = [0.0_f64, 1.0, 2.0, -1.0];
    let sum: f64 = logits.iter().map(|&logit| logit.exp()).sum();
    let draws = if cfg!(miri) { 50 } else { 200_000 };
    let mut counts = [0_u32; 4];
    let mut sampler = Sampler::new(1.0, 4, 1.0, 42).expect("in range");
    for _ in 0..draws {
        counts[sampler.sample(&logits.map(|logit| logit as f32))] += 1;
    }
    for (count, logit) in counts.iter().zip(logits) {
        let (share, expected) = (f64::from(*count) / f64::from(draws), logit.exp() / sum);
        let deviation = (expected * (1.0 - expected) / f64::from(draws)).sqrt();
        assert!((share - expected).abs() < 5.0 * deviation, "{share} instead of {expected}");
    }
}

#[test]
fn temperature_zero_is_the_prediction() {
    let mut rng = Rng(3);
    let mut sampler = Sampler::new(0.0, 1, 1.0, 9).expect("in range");
    for _ in 0..if cfg!(miri) { 2 } else { 100 } {
        let logits: Vec<f32> = (0..9).map(|_| (3.0 * rng.float()).round()).collect();
        assert_eq!(sampler.sample(&logits), argmax(logits));
    }
    assert_eq!(sampler.state(), 9);
}

#[test]
fn a_sampler_continues_from_its_state() {
    let logits = [0.5, 0.25, 0.75, 0.0, 0.1];
    let mut one = Sampler::new(2.0, 5, 1.0, 77).expect("in range");
    let first: Vec<usize> = (0..50).map(|_| one.sample(&logits)).collect();
    let mut again = Sampler::new(2.0, 5, 1.0, 77).expect("in range");
    let start: Vec<usize> = (0..20).map(|_| again.sample(&logits)).collect();
    let mut later = Sampler::new(2.0, 5, 1.0, again.state()).expect("in range");
    let rest: Vec<usize> = (0..30).map(|_| later.sample(&logits)).collect();
    assert_eq!(first, [start, rest].concat());
}

#[test]
fn settings_out_of_range_are_named() {
    for temperature in [-0.1, f32::NAN, f32::INFINITY] {
        assert_eq!(Sampler::new(temperature, 1, 1.0, 0), Err(SampleError::Temperature));
    }
    assert_eq!(Sampler::new(1.0, 0, 1.0, 0), Err(SampleError::TopK));
    for top_p in [0.0, -1.0, 1.01, f32::NAN] {
        assert_eq!(Sampler::new(1.0, 1, top_p, 0), Err(SampleError::TopP));
    }
    for (error, name) in
        [(SampleError::Temperature, "temperature"), (SampleError::TopK, "top-k"), (SampleError::TopP, "top-p")]
    {
        assert!(error.to_string().starts_with(name), "{error}");
    }
}

#[test]
fn nothing_to_draw_from_is_token_zero() {
    let mut sampler = Sampler::new(1.0, 3, 0.5, 0).expect("in range");
    assert_eq!(sampler.sample(&[]), 0);
    assert_eq!(sampler.sample(&[f32::NAN; 5]), 0);
    assert_eq!(sampler.sample(&[f32::NAN, f32::NEG_INFINITY]), 1);
}
