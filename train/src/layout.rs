//! The parameters of a model in one row of numbers, and where each tensor lies in it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::config::{AtomeConfig, GptConfig, ModelConfig};
use crate::float::Float;
use crate::rng::{Rng, Stream};

/// What a tensor is to the forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A matrix `[out, in]` that multiplies.
    Linear,
    /// A matrix whose rows are looked up.
    Table,
    /// One row of convolution taps a channel, oldest first.
    Taps,
    /// Used as it is.
    Vector,
}

/// What a model's initial values are like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initialisation {
    /// Normal, divided by the square root of a row's length (training, "The model in training").
    #[default]
    Scaled,
    /// What PyTorch's layers have unasked, for a GPT: embeddings are standard normal, matrices uniform up to 1 divided by
    /// the square root of a row's length.
    Pytorch,
}

/// Initial values of one tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Init {
    /// Normal, with this standard deviation.
    Normal(f64),
    /// One value everywhere.
    Constant(f64),
}

/// One tensor.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Its name, as in PyTorch's checkpoints.
    pub name: String,
    /// Sizes from the outermost to the innermost.
    pub shape: Vec<usize>,
    /// What the tensor is to the forward pass.
    pub role: Role,
    /// Where the tensor lies among the parameters.
    pub range: Range<usize>,
    init: Init,
}

impl Tensor {
    /// The outermost size: outputs, tokens or channels.
    pub fn rows(&self) -> usize {
        self.shape[0]
    }

    /// All other sizes together.
    pub fn cols(&self) -> usize {
        self.shape[1..].iter().product()
    }

    fn draw(&self, like: Initialisation, rng: &mut Rng) -> f64 {
        match (self.init, like) {
            (Init::Constant(value), _) => value,
            (Init::Normal(deviation), Initialisation::Scaled) => rng.normal() * deviation,
            (Init::Normal(bound), Initialisation::Pytorch) if self.role == Role::Linear => {
                (2.0 * rng.unit() - 1.0) * bound
            }
            (Init::Normal(_), Initialisation::Pytorch) => rng.normal(),
        }
    }
}

/// All tensors of a model, in order and without gaps.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The tensors; their numbers are what the layers know them by.
    pub tensors: Vec<Tensor>,
    len: usize,
}

impl Layout {
    /// The layout of a model that [`ModelConfig::check`] accepts.
    pub fn new(config: &ModelConfig) -> Self {
        let mut layout = Self::default();
        match config {
            ModelConfig::Atome(config) => layout.atome(config),
            ModelConfig::Gpt(config) => layout.gpt(config),
        }
        layout
    }

    /// Number of parameters.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The initial parameters of a seed.
    pub fn initial<T: Float>(&self, seed: u64, like: Initialisation) -> Vec<T> {
        let mut rng = Rng::new(seed, Stream::Init, 0);
        let mut values = Vec::with_capacity(self.len);
        for tensor in &self.tensors {
            values.extend(tensor.range.clone().map(|_| T::of(tensor.draw(like, &mut rng))));
        }
        values
    }

    fn add(&mut self, name: impl Into<String>, shape: &[usize], role: Role, init: Init) {
        let start = self.len;
        self.len += shape.iter().product::<usize>();
        self.tensors.push(Tensor { name: name.into(), shape: shape.to_vec(), role, range: start..self.len, init });
    }

    fn linear(&mut self, name: impl Into<String>, out: usize, input: usize) {
        self.add(name, &[out, input], Role::Linear, Init::Normal(1.0 / (input as f64).sqrt()));
    }

    fn table(&mut self, name: impl Into<String>, rows: usize, d: usize, role: Role) {
        self.add(name, &[rows, d], role, Init::Normal(1.0 / (d as f64).sqrt()));
    }

    fn norm(&mut self, name: &str, d: usize) {
        self.add(format!("{name}.weight"), &[d], Role::Vector, Init::Constant(1.0));
        self.add(format!("{name}.bias"), &[d], Role::Vector, Init::Constant(0.0));
    }

    fn atome(&mut self, config: &AtomeConfig) {
        let &AtomeConfig { vocab_size, d_model: d, d_head, kernel_size, pathways, .. } = config;
        self.table("embed.weight", vocab_size, d, Role::Table);
        for layer in 0..config.n_layers {
            let name = |part: &str| format!("blocks.{layer}.{part}");
            self.norm(&name("norm"), d);
            if pathways.local {
                let init = Init::Normal(1.0 / (kernel_size as f64).sqrt());
                self.add(name("local.weight"), &[d, 1, kernel_size], Role::Taps, init);
            }
            if pathways.state {
                let init = Init::Normal(1.0 / (d as f64).sqrt());
                self.add(name("state.a_raw"), &[d], Role::Vector, Init::Constant(1.5));
                self.add(name("state.b"), &[d], Role::Vector, init);
                self.add(name("state.c_out"), &[d], Role::Vector, init);
            }
            if pathways.sparse {
                self.linear(name("sparse.Wq.weight"), d_head, d);
                self.linear(name("sparse.Wk.weight"), d_head, d);
                self.linear(name("sparse.Wv.weight"), d, d);
            }
            self.linear(name("router.proj.weight"), pathways.count(), d);
        }
        self.norm("final_norm", d);
        self.linear("unembed.weight", vocab_size, d);
    }

    fn gpt(&mut self, config: &GptConfig) {
        let &GptConfig { vocab_size, d_model: d, d_ff, max_seq, .. } = config;
        self.table("tok_embed.weight", vocab_size, d, Role::Table);
        self.table("pos_embed.weight", max_seq, d, Role::Vector);
        for layer in 0..config.n_layers {
            let name = |part: &str| format!("blocks.{layer}.{part}");
            self.norm(&name("norm1"), d);
            self.linear(name("attn.qkv.weight"), 3 * d, d);
            self.linear(name("attn.out.weight"), d, d);
            self.norm(&name("norm2"), d);
            self.linear(name("ffn.up.weight"), d_ff, d);
            self.linear(name("ffn.down.weight"), d, d_ff);
        }
        self.norm("norm_final", d);
        self.linear("unembed.weight", vocab_size, d);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_those_of_the_published_models() {
        let count = |config| Layout::new(&config).len();
        assert_eq!(count(ModelConfig::Atome(AtomeConfig::default())), 60_800);
        let large = AtomeConfig { d_model: 256, n_layers: 8, d_head: 64, ..AtomeConfig::default() };
        assert_eq!(count(ModelConfig::Atome(large)), 944_640);
        assert_eq!(count(ModelConfig::Gpt(GptConfig::PARAMETER_FAIR)), 60_808);
        assert_eq!(count(ModelConfig::Gpt(GptConfig::FLASH_FAIR)), 5_968);
        let gpt = GptConfig { vocab_size: 256, d_model: 152, n_layers: 3, n_heads: 4, d_ff: 608, max_seq: 256 };
        assert_eq!(count(ModelConfig::Gpt(gpt)), 950_608);
    }

    #[test]
    fn names_and_shapes_are_those_of_a_checkpoint() {
        let config = AtomeConfig::default();
        let dims = atome_engine::Dims { top_k: config.top_k, ..atome_engine::Dims::DEFAULT };
        let layout = Layout::new(&ModelConfig::Atome(config));
        let ours: Vec<_> = layout.tensors.iter().map(|tensor| (tensor.name.clone(), tensor.shape.clone())).collect();
        assert_eq!(ours, crate::checkpoint::model_tensors(&dims).collect::<Vec<_>>());
    }

    #[test]
    fn a_seed_gives_the_same_parameters_in_both_precisions() {
        let layout = Layout::new(&ModelConfig::Atome(AtomeConfig::default()));
        let scaled = Initialisation::Scaled;
        let (single, double) = (layout.initial::<f32>(3, scaled), layout.initial::<f64>(3, scaled));
        assert!(single.iter().zip(&double).all(|(&a, &b)| a == b as f32));
        assert_ne!(single, layout.initial::<f32>(4, scaled));
    }

    #[test]
    fn initial_values_have_the_spread_they_should() {
        let layout = Layout::new(&ModelConfig::Gpt(GptConfig::PARAMETER_FAIR));
        let spread = |name: &str, like| {
            let params = layout.initial::<f64>(1, like);
            let tensor = layout.tensors.iter().find(|tensor| tensor.name == name).unwrap();
            let values = &params[tensor.range.clone()];
            (values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64).sqrt() * 44f64.sqrt()
        };
        let near = |value: f64, expected: f64| (value / expected - 1.0).abs() < 0.03;
        assert!(near(spread("tok_embed.weight", Initialisation::Scaled), 1.0));
        assert!(near(spread("tok_embed.weight", Initialisation::Pytorch), 44f64.sqrt()));
        assert!(near(spread("blocks.1.attn.qkv.weight", Initialisation::Scaled), 1.0));
        assert!(near(spread("blocks.1.attn.qkv.weight", Initialisation::Pytorch), (1.0f64 / 3.0).sqrt()));
        assert_eq!(spread("norm_final.weight", Initialisation::Pytorch), 44f64.sqrt());
    }
}
