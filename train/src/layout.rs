//! The parameters of a model in one row of numbers, and where each tensor lies in it.

use std::ops::Range;

use atome_engine::format::{Entry, Part, BACK, FRONT, LAYER};
use serde::{Deserialize, Serialize};

use crate::checkpoint::{sublayer_tensors, SectionTensor};
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
    /// Normal, divided by the square root of a row's length (docs/training.md#the-model-in-training).
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

/// How much of a matrix's usual start a sublayer's second matrix has: what the sublayer adds grows from little, and does not
/// disturb the pathways. Models end better for it, by 0.02 to 0.07 bits a byte; a hundredth is worse than a tenth.
const FIRST_DOWN: f64 = 0.1;

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
        self.sections(config, None, &FRONT);
        for layer in 0..config.n_layers {
            self.sections(config, Some(layer), &LAYER);
            for index in 0..config.feed_forward {
                self.sublayer(layer, index, config.d_model);
            }
        }
        self.sections(config, None, &BACK);
    }

    fn sections(&mut self, config: &AtomeConfig, layer: Option<usize>, entries: &[Entry]) {
        let dims = config.dims();
        for entry in entries.iter().filter(|entry| config.pathways.have(entry.part)) {
            let SectionTensor { part, name, shape } = SectionTensor::new(layer, entry, &dims);
            let row = shape.last().map_or(1, |&last| last);
            self.add(name, &shape, role(part, &shape), initial(part, row));
        }
    }

    fn sublayer(&mut self, layer: usize, index: usize, d: usize) {
        for (name, shape) in sublayer_tensors(layer, index, d) {
            match shape[..] {
                [rows, cols] => {
                    let like_others = 1.0 / (cols as f64).sqrt();
                    let share = if name.ends_with(".down.weight") { FIRST_DOWN } else { 1.0 };
                    self.add(name, &[rows, cols], Role::Linear, Init::Normal(share * like_others));
                }
                _ => {
                    let value = if name.ends_with(".weight") { 1.0 } else { 0.0 };
                    self.add(name, &shape, Role::Vector, Init::Constant(value));
                }
            }
        }
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

/// What a part of the three-pathway model is to the forward pass.
fn role(part: Part, shape: &[usize]) -> Role {
    match part {
        Part::Embed => Role::Table,
        Part::ConvTaps => Role::Taps,
        _ if shape.len() == 1 => Role::Vector,
        _ => Role::Linear,
    }
}

/// Initial values of a part whose rows have `row` values.
fn initial(part: Part, row: usize) -> Init {
    match part {
        Part::NormGamma | Part::FinalGamma => Init::Constant(1.0),
        Part::NormBeta | Part::FinalBeta => Init::Constant(0.0),
        Part::SsmA => Init::Constant(1.5),
        _ => Init::Normal(1.0 / (row as f64).sqrt()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Pathways;

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
    fn a_pathway_that_is_left_out_takes_its_tensors_with_it() {
        let names = |pathways| {
            let layout =
                Layout::new(&ModelConfig::Atome(AtomeConfig { n_layers: 1, pathways, ..AtomeConfig::default() }));
            layout.tensors.iter().map(|tensor| (tensor.name.clone(), tensor.rows())).collect::<Vec<_>>()
        };
        let all = names(Pathways::ALL);
        for (left_out, pathways) in [
            (".local.", Pathways { local: false, ..Pathways::ALL }),
            (".state.", Pathways { state: false, ..Pathways::ALL }),
            (".sparse.", Pathways { sparse: false, ..Pathways::ALL }),
        ] {
            let mut expected = all.clone();
            expected.retain(|(name, _)| !name.contains(left_out));
            expected.iter_mut().filter(|(name, _)| name.contains(".router.")).for_each(|(_, rows)| *rows = 2);
            assert!(expected.len() < all.len());
            assert_eq!(names(pathways), expected, "{left_out}");
        }
    }

    #[test]
    fn sublayers_lie_behind_their_layer_and_change_no_other_tensor() {
        let tensors = |feed_forward| {
            let config = AtomeConfig { d_model: 6, n_layers: 2, feed_forward, ..AtomeConfig::default() };
            let tensors = Layout::new(&ModelConfig::Atome(config)).tensors;
            tensors.into_iter().map(|tensor| (tensor.name, tensor.shape, tensor.role)).collect::<Vec<_>>()
        };
        let is_new = |name: &str| name.contains(".feed_forward.");
        let (without, mut with) = (tensors(0), tensors(2));
        let at = with.iter().position(|(name, ..)| is_new(name)).unwrap();
        assert_eq!(with[at - 1].0, "blocks.0.router.proj.weight");
        assert_eq!(with[at], ("blocks.0.feed_forward.0.norm.weight".into(), vec![6], Role::Vector));
        assert_eq!(with[at + 6], ("blocks.0.feed_forward.1.up.weight".into(), vec![6, 6], Role::Linear));
        assert_eq!(with[at + 8].0, "blocks.1.norm.weight");
        assert_eq!(with.len(), without.len() + 2 * 2 * 4);
        with.retain(|(name, ..)| !is_new(name));
        assert_eq!(with, without);
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
    fn a_sublayer_begins_with_little_to_add() {
        let config = AtomeConfig { feed_forward: 1, ..AtomeConfig::default() };
        let layout = Layout::new(&ModelConfig::Atome(config));
        let params = layout.initial::<f64>(1, Initialisation::Scaled);
        for (part, expected) in [("up.weight", 1.0), ("down.weight", 0.1), ("norm.weight", 8.0), ("norm.bias", 0.0)] {
            let name = format!("blocks.2.feed_forward.0.{part}");
            let tensor = layout.tensors.iter().find(|tensor| tensor.name == name).unwrap();
            let values = &params[tensor.range.clone()];
            let spread = (values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64).sqrt() * 64f64.sqrt();
            assert!((spread - expected).abs() <= 0.03 * expected, "{name}: {spread}");
        }
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
