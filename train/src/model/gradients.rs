//! Gradients against finite differences in f64: each layer alone, then whole models.

use super::attention::{self, Kept, Projected};
use super::causal::{self, Attended};
use super::conv::{self, Conv};
use super::dropout::Dropout;
use super::loss::{cross_entropy, distilled, Mixture};
use super::norm::{self, Norm};
use super::router::{self, Pathway};
use super::ssm::{self, Ssm};
use super::{embedding, gelu, linear, new_pass};
use crate::config::{AtomeConfig, GptConfig, ModelConfig, Pathways, Quantiser};
use crate::corpus::Token;
use crate::layout::{Initialisation, Layout, Role};
use crate::matmul::{Panels, Store};
use crate::quantise::quantise;
use crate::rng::{Rng, Stream};
use crate::weights::Weights;

/// Two sequences of this length.
const LEN: usize = 7;
const ROWS: usize = 2 * LEN;

fn random(count: usize, seed: u64) -> Vec<f64> {
    let mut rng = Rng::new(seed, Stream::Init, 7);
    (0..count).map(|_| rng.normal()).collect()
}

fn weighted(values: &[f64], weights: &[f64]) -> f64 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

/// Compares `gradient` with central differences of `f` around `at`.
fn check(what: &str, at: &[f64], gradient: &[f64], mut f: impl FnMut(&[f64]) -> f64) {
    assert_eq!(at.len(), gradient.len(), "{what}");
    let step = 1e-5;
    let mut moved = at.to_vec();
    for i in 0..at.len() {
        moved[i] = at[i] + step;
        let above = f(&moved);
        moved[i] = at[i] - step;
        let below = f(&moved);
        moved[i] = at[i];
        let expected = (above - below) / (2.0 * step);
        let error = (gradient[i] - expected).abs() / (1.0 + expected.abs());
        assert!(error < 1e-7, "{what}: element {i}: {} but differences give {expected}", gradient[i]);
    }
    assert!(gradient.iter().any(|value| value.abs() > 1e-3), "{what}: all gradients are nearly zero");
}

#[test]
fn embedding_gradient() {
    let (d, tokens) = (3, [4, 1, 4, 0]);
    let (table, goal) = (random(5 * d, 1), random(4 * d, 2));
    let mut gradient = vec![0.0; 5 * d];
    embedding::backward(d, &tokens, &goal, &mut gradient);
    check("table", &table, &gradient, |table| {
        let mut x = vec![0.0; 4 * d];
        embedding::forward(table, d, &tokens, &mut x);
        weighted(&x, &goal)
    });
}

/// A linear layer alone, as the only tensor of a layout.
fn linear_weights(quantiser: Quantiser, rows: usize, cols: usize, values: &[f64]) -> Weights<f64> {
    let config =
        ModelConfig::Atome(AtomeConfig { vocab_size: rows, d_model: cols, quantiser, ..AtomeConfig::default() });
    let mut layout = Layout::new(&config);
    layout.tensors.retain(|tensor| tensor.name == "unembed.weight");
    layout.tensors[0].range = 0..rows * cols;
    Weights::new(&config, &layout, values)
}

#[test]
fn linear_gradients() {
    let (rows, cols) = (19, 6);
    let (x, w, goal) = (random(ROWS * cols, 1), random(rows * cols, 2), random(ROWS * rows, 3));
    let output = |x: &[f64], w: &[f64]| {
        let mut y = vec![0.0; ROWS * rows];
        linear::forward(linear_weights(Quantiser::None, rows, cols, w).linear(0), x, &mut y);
        weighted(&y, &goal)
    };
    let gradients = |weights: &Weights<f64>| {
        let (mut dx, mut dw) = (vec![0.0; ROWS * cols], vec![0.0; rows * cols]);
        let mut panels = Panels::default();
        panels.fill(&x, ROWS, cols);
        linear::backward(weights.linear(0), &panels, &goal, &mut dx, Store::Add, &mut dw);
        (dx, dw)
    };
    let (dx, dw) = gradients(&linear_weights(Quantiser::None, rows, cols, &w));
    check("x", &x, &dx, |x| output(x, &w));
    check("w", &w, &dw, |w| output(&x, w));
    // Straight through: the gradients with respect to the quantised weights, whatever the shadow weights are.
    for quantiser in [Quantiser::Ternary, Quantiser::P3] {
        let mut seen = vec![0.0; w.len()];
        let scale = quantise(quantiser, &w, &mut seen);
        seen.iter_mut().for_each(|code| *code *= scale);
        let (dx, dw) = gradients(&linear_weights(quantiser, rows, cols, &w));
        check("x", &x, &dx, |x| output(x, &seen));
        check("w", &seen, &dw, |w| output(&x, w));
    }
}

#[test]
fn norm_gradients() {
    let d = 11;
    let (x, params, goal) = (random(ROWS * d, 1), random(2 * d, 2), random(ROWS * d, 3));
    let run = |x: &[f64], params: &[f64]| {
        let norm = Norm { gamma: &params[..d], beta: &params[d..] };
        let (mut u, mut normed, mut r) = (vec![0.0; ROWS * d], vec![0.0; ROWS * d], vec![0.0; ROWS]);
        norm::forward(norm, x, &mut u, &mut normed, &mut r);
        (u, normed, r)
    };
    let (_, normed, r) = run(&x, &params);
    let (mut dx, mut d_params) = (vec![0.0; ROWS * d], vec![0.0; 2 * d]);
    norm::backward(&params[..d], &normed, &r, &goal, &mut dx, &mut d_params);
    check("x", &x, &dx, |x| weighted(&run(x, &params).0, &goal));
    check("gamma and beta", &params, &d_params, |params| weighted(&run(&x, params).0, &goal));
}

fn conv_of(taps: &[f64], scale: f64, d: usize) -> Conv<'_, f64> {
    Conv { taps, scale, d, len: LEN }
}

#[test]
fn conv_gradients() {
    for kernel_size in [1, 3, LEN + 2] {
        let d = 5;
        let (u, weights, goal) = (random(ROWS * d, 1), random(d * kernel_size, 2), random(ROWS * d, 3));
        let newest_first = |weights: &[f64]| -> Vec<f64> {
            let at = |lag: usize, c: usize| weights[c * kernel_size + kernel_size - 1 - lag];
            (0..kernel_size).flat_map(|lag| (0..d).map(move |c| at(lag, c))).collect()
        };
        let run = |u: &[f64], weights: &[f64]| {
            let mut y = vec![0.0; ROWS * d];
            conv::forward(conv_of(&newest_first(weights), 1.0, d), u, &mut y);
            weighted(&y, &goal)
        };
        let (mut du, mut d_taps) = (vec![0.0; ROWS * d], vec![0.0; d * kernel_size]);
        let taps = newest_first(&weights);
        conv::backward(conv_of(&taps, 1.0, d), &u, &goal, &mut du, &mut d_taps, &mut Vec::new());
        check("u", &u, &du, |u| run(u, &weights));
        check("taps", &weights, &d_taps, |weights| run(&u, weights));
        let mut scaled = vec![0.0; ROWS * d];
        conv::backward(conv_of(&taps, 2.0, d), &u, &goal, &mut scaled, &mut d_taps, &mut Vec::new());
        assert!(scaled.iter().zip(&du).all(|(a, b)| (a - 2.0 * b).abs() < 1e-12), "the scale is left out");
    }
}

#[test]
fn ssm_gradients() {
    let d = 6;
    let (u, params, goal) = (random(ROWS * d, 1), random(3 * d, 2), random(ROWS * d, 3));
    let run = |u: &[f64], params: &[f64]| {
        let (mut gate, mut states, mut y) = (vec![0.0; d], vec![0.0; ROWS * d], vec![0.0; ROWS * d]);
        ssm::gates(&params[..d], &mut gate);
        let ssm = Ssm { gate: &gate, b: &params[d..2 * d], c: &params[2 * d..], len: LEN };
        ssm::forward(ssm, u, &mut states, &mut y);
        (gate, states, y)
    };
    let (gate, states, _) = run(&u, &params);
    let ssm = Ssm { gate: &gate, b: &params[d..2 * d], c: &params[2 * d..], len: LEN };
    let (mut du, mut d_params) = (vec![0.0; ROWS * d], vec![0.0; 3 * d]);
    ssm::backward(ssm, &u, &states, &goal, &mut du, &mut d_params, &mut Vec::new());
    check("u", &u, &du, |u| weighted(&run(u, &params).2, &goal));
    check("a_raw, b and c_out", &params, &d_params, |params| weighted(&run(&u, params).2, &goal));
}

#[test]
fn attention_gradients() {
    let (d, head) = (5, 3);
    for top_k in [1, 2, LEN, LEN + 5] {
        let sizes = attention::Sizes { d, head, top_k, len: LEN };
        let (q, k, v) = (random(ROWS * head, 1), random(ROWS * head, 2), random(ROWS * d, 3));
        let goal = random(ROWS * d, 4);
        let run = |q: &[f64], k: &[f64], v: &[f64]| {
            let (mut kept, mut y) = (Kept::default(), vec![0.0; ROWS * d]);
            attention::forward(sizes, Projected { q, k, v }, &mut kept, &mut y);
            (kept, weighted(&y, &goal))
        };
        let (mut kept, _) = run(&q, &k, &v);
        let (mut dq, mut dk, mut dv) = (vec![7.0; q.len()], vec![7.0; k.len()], vec![7.0; v.len()]);
        let projected = Projected { q: &q, k: &k, v: &v };
        let gradients = attention::Gradients { dq: &mut dq, dk: &mut dk, dv: &mut dv };
        attention::backward(sizes, projected, &mut kept, &goal, gradients);
        check("v", &v, &dv, |v| run(&q, &k, v).1);
        if top_k > 1 {
            check("q", &q, &dq, |q| run(q, &k, &v).1);
            check("k", &k, &dk, |k| run(&q, k, &v).1);
        }
    }
}

#[test]
fn causal_attention_gradients() {
    let sizes = causal::Sizes { d: 6, heads: 2, len: LEN };
    let (qkv, goal) = (random(ROWS * 18, 1), random(ROWS * 6, 2));
    let run = |qkv: &[f64]| {
        let (mut attended, mut y) = (Attended::default(), vec![0.0; ROWS * 6]);
        causal::forward(sizes, qkv, &mut attended, &mut y);
        (attended, weighted(&y, &goal))
    };
    let mut gradient = vec![7.0; qkv.len()];
    causal::backward(sizes, &qkv, &mut run(&qkv).0, &goal, &mut gradient);
    check("qkv", &qkv, &gradient, |qkv| run(qkv).1);
}

#[test]
fn gelu_gradient_and_values() {
    let (x, goal) = (random(20, 1), random(20, 2));
    let mut gradient = goal.clone();
    gelu::backward(&x, &mut gradient);
    check("x", &x, &gradient, |x| {
        let mut y = vec![0.0; 20];
        gelu::forward(x, &mut y);
        weighted(&y, &goal)
    });
    let mut y = [0.0_f64; 3];
    gelu::forward(&[0.0, 1.0, -1.0], &mut y);
    assert!((y[1] - 0.841_344_746_068_543).abs() < 1e-12 && (y[2] + 0.158_655_253_931_457).abs() < 1e-12, "{y:?}");
}

#[test]
fn router_gradients() {
    let (d, width) = (4, 3);
    let (z, goal) = (random(ROWS * width, 1), random(ROWS * d, 2));
    let paths: Vec<Vec<f64>> = (3..6).map(|seed| random(ROWS * d, seed)).collect();
    for count in 1..=3 {
        let z = &z[..ROWS * count];
        let run = |z: &[f64], paths: &[Vec<f64>]| {
            let (mut p, mut x) = (z.to_vec(), vec![0.5; ROWS * d]);
            router::softmax(&mut p, count);
            let paths: Vec<&[f64]> = paths[..count].iter().map(Vec::as_slice).collect();
            router::mix(d, &p, &paths, &mut x);
            (p, weighted(&x, &goal))
        };
        let (p, _) = run(z, &paths);
        let mut dz = vec![0.0; z.len()];
        for index in 0..count {
            let mut dy = vec![0.0; ROWS * d];
            router::mix_backward(Pathway { d, index, width: count }, &p, &paths[index], &goal, &mut dy, &mut dz);
            check("pathway", &paths[index], &dy, |path| {
                let mut moved = paths.clone();
                moved[index] = path.to_vec();
                run(z, &moved).1
            });
        }
        for (p, dz) in p.chunks_exact(count).zip(dz.chunks_exact_mut(count)) {
            router::softmax_row_backward(p, dz);
        }
        if count > 1 {
            check("scores", z, &dz, |z| run(z, &paths).1);
        }
    }
}

#[test]
fn loss_gradients() {
    let (vocab_size, targets) = (19, [3, 0, 18]);
    let (logits, teacher) = (random(3 * vocab_size, 1), random(3 * vocab_size, 2));
    let mut gradient = logits.clone();
    cross_entropy(&mut gradient, vocab_size, &targets, 1.0);
    check("logits", &logits, &gradient, |z| cross_entropy(&mut z.to_vec(), vocab_size, &targets, 1.0));
    for (share, temperature) in [(0.5, 2.0), (0.0, 1.0), (1.0, 3.0)] {
        let mixture = Mixture { share, temperature };
        let run = |z: &mut [f64]| distilled(z, &teacher, vocab_size, &targets, 1.0, mixture).0;
        let mut gradient = logits.clone();
        run(&mut gradient);
        check("logits", &logits, &gradient, |z| run(&mut z.to_vec()));
    }
    let same =
        distilled(&mut logits.clone(), &logits, vocab_size, &targets, 1.0, Mixture { share: 0.0, temperature: 2.0 });
    assert!(same.0.abs() < 1e-12, "a student that equals its teacher has nothing to learn: {}", same.0);
}

/// Cross-entropy of a whole model, and its gradient.
fn whole(config: &ModelConfig, params: &[f64]) -> (f64, Vec<f64>) {
    whole_with(None, config, params)
}

/// [`whole`], of which a part is left out.
fn whole_with(dropout: Option<Dropout>, config: &ModelConfig, params: &[f64]) -> (f64, Vec<f64>) {
    let layout = Layout::new(config);
    let weights = Weights::new(config, &layout, params);
    let mut pass = new_pass(config);
    let tokens: Vec<Token> = (0..ROWS as u32).map(|i| ((i * i * 5 + i) % 13) as Token).collect();
    let targets: Vec<Token> = (0..ROWS as u32).map(|i| ((i * 7 + 2) % 13) as Token).collect();
    pass.set_dropout(dropout);
    pass.forward(&weights, &tokens, LEN);
    let loss = cross_entropy(pass.logits(), config.vocab_size(), &targets, 1.0);
    let mut gradients = vec![0.0; layout.len()];
    pass.backward(&weights, &tokens, &mut gradients);
    (loss, gradients)
}

fn spread(config: &ModelConfig) -> Vec<f64> {
    // Away from the initial values, where norms and gates are all the same.
    let mut params: Vec<f64> = Layout::new(config).initial(5, Initialisation::Scaled);
    let noise = random(params.len(), 9);
    params.iter_mut().zip(noise).for_each(|(value, noise)| *value += 0.1 * noise);
    params
}

fn small(pathways: Pathways, quantiser: Quantiser) -> ModelConfig {
    ModelConfig::Atome(AtomeConfig {
        vocab_size: 13,
        d_model: 6,
        n_layers: 2,
        d_head: 3,
        kernel_size: 3,
        top_k: 2,
        feed_forward: 0,
        pathways,
        quantiser,
    })
}

/// [`small`] with all pathways and so many sublayers a layer.
fn taller(feed_forward: usize, quantiser: Quantiser) -> ModelConfig {
    match small(Pathways::ALL, quantiser) {
        ModelConfig::Atome(config) => ModelConfig::Atome(AtomeConfig { feed_forward, ..config }),
        other => other,
    }
}

#[test]
fn whole_model_gradients_for_every_set_of_pathways() {
    for bits in 1..8 {
        let pathways = Pathways { local: bits & 1 != 0, state: bits & 2 != 0, sparse: bits & 4 != 0 };
        let config = small(pathways, Quantiser::None);
        let params = spread(&config);
        check(&format!("{pathways:?}"), &params, &whole(&config, &params).1, |params| whole(&config, params).0);
    }
}

#[test]
fn whole_model_gradients_with_feed_forward_sublayers() {
    // Of more, the differences are too coarse: what a step moves grows from sublayer to sublayer.
    for feed_forward in 1..=2 {
        let config = taller(feed_forward, Quantiser::None);
        let params = spread(&config);
        let gradients = whole(&config, &params).1;
        check(&format!("{feed_forward} sublayers"), &params, &gradients, |params| whole(&config, params).0);
        let layout = Layout::new(&config);
        for tensor in layout.tensors.iter().filter(|tensor| tensor.name.contains("feed_forward")) {
            let gradient = &gradients[tensor.range.clone()];
            assert!(gradient.iter().any(|&value| value != 0.0), "{}", tensor.name);
        }
    }
}

#[test]
fn whole_model_gradients_with_dropout() {
    let config = small(Pathways::ALL, Quantiser::None);
    let params = spread(&config);
    // Of more, the differences are too coarse: where most of a position is left out, its norm bends sharply.
    let run = |params: &[f64]| whole_with(Some(Dropout::new(0.1, 1, 2)), &config, params);
    check("dropout", &params, &run(&params).1, |params| run(params).0);
    assert_ne!(run(&params).0, whole(&config, &params).0);
}

#[test]
fn whole_baseline_gradients() {
    let gpt = GptConfig { vocab_size: 13, d_model: 6, n_layers: 2, n_heads: 2, d_ff: 5, max_seq: LEN + 1 };
    let config = ModelConfig::Gpt(gpt);
    let params = spread(&config);
    check("gpt", &params, &whole(&config, &params).1, |params| whole(&config, params).0);
}

#[test]
fn quantisers_are_passed_straight_through() {
    for (quantiser, sublayers) in [(Quantiser::Ternary, 0), (Quantiser::P3, 0), (Quantiser::Ternary, 2)] {
        let config = taller(sublayers, quantiser);
        let params = spread(&config);
        let mut seen = params.clone();
        for tensor in Layout::new(&config).tensors {
            if tensor.role != Role::Vector {
                let scale = quantise(quantiser, &params[tensor.range.clone()], &mut seen[tensor.range.clone()]);
                seen[tensor.range].iter_mut().for_each(|code| *code *= scale);
            }
        }
        let (loss, gradients) = whole(&config, &params);
        let (seen_loss, seen_gradients) = whole(&taller(sublayers, Quantiser::None), &seen);
        assert!((loss - seen_loss).abs() < 1e-10, "{loss} {seen_loss}");
        for (a, b) in gradients.iter().zip(&seen_gradients) {
            assert!((a - b).abs() < 1e-10, "{a} {b}");
        }
        assert_ne!(params, seen);
    }
}
