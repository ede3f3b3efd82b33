//! The forward pass by docs/numerics.md, naively: everything that was ever seen is kept.

use atome_engine::{kernel, Floats, Layer, Matrix, Norm, Weights};

/// One layer of a stream: all inputs, keys and values since its start.
#[derive(Clone, Default)]
pub struct NaiveLayer {
    inputs: Vec<Vec<f32>>,
    pub keys: Vec<Vec<f32>>,
    pub values: Vec<Vec<f32>>,
    state: Vec<f32>,
}

/// The whole stream.
pub struct Naive {
    max_seq: usize,
    layers: Vec<NaiveLayer>,
}

pub fn matvec(matrix: &Matrix, x: &[f32]) -> Vec<f32> {
    (0..matrix.rows()).map(|row| kernel::matvec_row(matrix, row, x)).collect()
}

fn norm(norm: &Norm, x: &[f32]) -> Vec<f32> {
    let mut out = x.to_vec();
    kernel::layer_norm_in_place(norm, &mut out);
    out
}

/// Step 2.2, weight by weight.
fn sums(matrix: &Matrix, x: &[f32]) -> Vec<f32> {
    let weights: Vec<i8> = matrix.weights().collect();
    let sum = |row: &[i8]| {
        row.iter().zip(x).fold(0.0, |sum, (&weight, &x)| match weight {
            0 => sum,
            1 => sum + x,
            -1 => sum - x,
            _ => sum + f32::from(weight) * x,
        })
    };
    weights.chunks(matrix.cols()).map(|row| sum(row) * matrix.scale()).collect()
}

/// Step 2.8.
fn feed_forward<'m>(layer: &impl Layer<'m>, x: &mut [f32]) {
    let mut index = 0;
    while let Some(sublayer) = layer.feed_forward(index) {
        let hidden = sums(&sublayer.up, &norm(&sublayer.norm, x));
        let hidden: Vec<f32> = hidden.into_iter().map(|z| if z > 0.0 { z } else { 0.0 }).collect();
        x.iter_mut().zip(sums(&sublayer.down, &hidden)).for_each(|(x, y)| *x += y);
        index += 1;
    }
}

impl Naive {
    pub fn new<'m>(model: &impl Weights<'m>, max_seq: usize) -> Self {
        let shape = model.shape();
        let layer = NaiveLayer { state: vec![0.0; shape.d_model()], ..NaiveLayer::default() };
        Self { max_seq, layers: vec![layer; shape.n_layers()] }
    }

    /// The final norm behind one more token.
    pub fn normed<'m>(&mut self, model: &impl Weights<'m>, token: usize) -> Vec<f32> {
        let shape = model.shape();
        let mut x = vec![0.0; shape.d_model()];
        kernel::embed(&model.embed(), token, &mut x);
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let block = model.layer(index).expect("a layer");
            let u = norm(&block.norm(), &x);
            let mut shares = matvec(&block.router(), &u);
            kernel::softmax(&mut shares);
            layer.inputs.push(u.clone());
            layer.keys.push(matvec(&block.wk(), &u));
            layer.values.push(matvec(&block.wv(), &u));
            let attended = attend(layer, &matvec(&block.wq(), &u), block.top_k(), self.max_seq);
            let reach = shape.kernel_size().min(self.max_seq);
            let (conv, ssm) = (block.pathways().conv, block.ssm());
            for (c, x) in x.iter_mut().enumerate() {
                let earlier = layer.inputs.iter().rev().take(reach).map(|u| u[c]);
                let local = kernel::conv_taps(&conv, c, earlier);
                let value = |floats: &Floats| floats.iter().nth(c).expect("a channel");
                let gate = kernel::gate(value(&ssm.a_raw));
                let (b, c_out) = (value(&ssm.b), value(&ssm.c_out));
                let recurrent = kernel::ssm_step(gate, b, c_out, u[c], &mut layer.state[c]);
                *x += (shares[0] * local + shares[1] * recurrent) + shares[2] * attended[c];
            }
            feed_forward(&block, &mut x);
        }
        norm(&model.final_norm(), &x)
    }

    /// Logits after one more token.
    pub fn step<'m>(&mut self, model: &impl Weights<'m>, token: usize) -> Vec<f32> {
        let normed = self.normed(model, token);
        matvec(&model.unembed(), &normed)
    }
}

/// Attention over the last `max_seq` positions: all slots start at -1e30, and a score enters behind those that are as great.
pub fn attend(layer: &NaiveLayer, query: &[f32], top_k: usize, max_seq: usize) -> Vec<f32> {
    let scale = 1.0 / (query.len() as f32).sqrt();
    let oldest = layer.keys.len().saturating_sub(max_seq);
    let mut kept: Vec<(f32, Option<usize>)> = vec![(-1e30, None); top_k.min(layer.keys.len() - oldest)];
    for t in oldest..layer.keys.len() {
        let score = query.iter().zip(&layer.keys[t]).fold(0.0, |sum, (q, k)| sum + q * k) * scale;
        // NaN is greater than none.
        if let Some(place) = kept.iter().position(|&(other, _)| score > other) {
            kept.insert(place, (score, Some(t)));
            kept.pop();
        }
    }
    let mut weights: Vec<f32> = kept.iter().map(|&(score, _)| score).collect();
    kernel::softmax(&mut weights);
    let mut out = vec![0.0; layer.values[0].len()];
    for (weight, (_, t)) in weights.iter().zip(&kept) {
        let Some(t) = t else { continue };
        out.iter_mut().zip(&layer.values[*t]).for_each(|(out, value)| *out += weight * value);
    }
    out
}
