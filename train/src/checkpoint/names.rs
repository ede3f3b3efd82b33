//! The tensors of a model, named as in PyTorch (docs/formats.md#checkpoints).

use atome_engine::format::{entries, Entry, Part, SectionKind, LAYER};
use atome_engine::Dims;

/// In front of the names of an optimiser's mean gradients.
pub const MEAN: &str = "adam.mean.";
/// In front of the names of its mean squared gradients.
pub const SQUARE: &str = "adam.square.";

/// In front of the names of the weights that a training goes on with, where the model is their mean.
pub const LATEST: &str = "latest.";

/// The full name of a tensor of one layer, such as `blocks.3.norm.weight`.
pub fn block_name(layer: usize, part: &str) -> String {
    format!("blocks.{layer}.{part}")
}

/// The tensor that a section is made of, without the name of its layer. Tensors of a classifier's head have none in PyTorch.
const fn tensor_of(part: Part) -> &'static str {
    match part {
        Part::Embed => "embed.weight",
        Part::NormGamma => "norm.weight",
        Part::NormBeta => "norm.bias",
        Part::ConvTaps => "local.weight",
        Part::SsmA => "state.a_raw",
        Part::SsmB => "state.b",
        Part::SsmC => "state.c_out",
        Part::Wq => "sparse.Wq.weight",
        Part::Wk => "sparse.Wk.weight",
        Part::Wv => "sparse.Wv.weight",
        Part::Router => "router.proj.weight",
        Part::FinalGamma => "final_norm.weight",
        Part::FinalBeta => "final_norm.bias",
        Part::Unembed => "unembed.weight",
        Part::Head => "head.weight",
    }
}

/// A tensor that becomes a section of a model file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionTensor {
    /// Which section.
    pub part: Part,
    /// Its name in a checkpoint.
    pub name: String,
    /// Its sizes there, from the outermost to the innermost.
    pub shape: Vec<usize>,
}

impl SectionTensor {
    /// The tensor of an entry in layer `layer` of a model of these sizes.
    pub fn new(layer: Option<usize>, entry: &Entry, dims: &Dims) -> Self {
        let (part, name) = (entry.part, tensor_of(entry.part));
        let shape = match entry.kind(dims) {
            SectionKind::Floats { count } => vec![count],
            // A convolution over one channel at a time has a size for that.
            SectionKind::Matrix { rows, cols } if part == Part::ConvTaps => vec![rows, 1, cols],
            SectionKind::Matrix { rows, cols } => vec![rows, cols],
        };
        Self { part, name: layer.map_or_else(|| name.to_owned(), |layer| block_name(layer, name)), shape }
    }
}

/// The tensors of a feed-forward sublayer, in the order of a file: gamma, beta, and two matrices of d rows of d.
pub(crate) const SUBLAYER: [&str; 4] = ["norm.weight", "norm.bias", "up.weight", "down.weight"];

/// The name of a tensor of sublayer `index` of a layer, such as `blocks.3.feed_forward.0.up.weight`.
pub fn sublayer_name(layer: usize, index: usize, part: &str) -> String {
    block_name(layer, &format!("feed_forward.{index}.{part}"))
}

/// The names and shapes of the tensors of sublayer `index` of a layer, in the order of a file.
pub fn sublayer_tensors(layer: usize, index: usize, d_model: usize) -> [(String, Vec<usize>); 4] {
    SUBLAYER.map(|part| {
        let shape = if part.starts_with("norm.") { vec![d_model] } else { vec![d_model, d_model] };
        (sublayer_name(layer, index, part), shape)
    })
}

/// All tensors of a model of three pathways, in the order of a file's sections.
pub fn section_tensors(dims: &Dims) -> impl Iterator<Item = SectionTensor> + use<> {
    let dims = *dims;
    entries(dims.n_layers).map(move |(layer, entry)| SectionTensor::new(layer, &entry, &dims))
}

/// The names and shapes of [`section_tensors`].
pub fn model_tensors(dims: &Dims) -> impl Iterator<Item = (String, Vec<usize>)> + use<> {
    section_tensors(dims).map(|tensor| (tensor.name, tensor.shape))
}

/// Whether a tensor of this name would be part of a model, as opposed to a training's own state.
pub(super) fn is_model_name(name: &str) -> bool {
    ["embed.", "blocks.", "final_norm.", "unembed."].iter().any(|start| name.starts_with(start))
}

/// How the names of the GPT that models are compared with begin.
const GPT_STARTS: [&str; 5] = ["tok_embed.", "pos_embed.", "blocks.", "norm_final.", "unembed."];

/// The tensors of one layer of that GPT.
const GPT_PARTS: [&str; 8] = [
    "norm1.weight",
    "norm1.bias",
    "attn.qkv.weight",
    "attn.out.weight",
    "norm2.weight",
    "norm2.bias",
    "ffn.up.weight",
    "ffn.down.weight",
];

/// Whether a tensor of this name would be part of a model of either kind.
pub(crate) fn is_part_of_a_model(name: &str) -> bool {
    is_model_name(name) || GPT_STARTS.iter().any(|start| name.starts_with(start))
}

/// Whether a model of either kind, of any size, has a parameter of this very name; others may be masks and counters.
pub(crate) fn is_parameter(name: &str) -> bool {
    let outside = ["embed", "unembed", "final_norm", "norm_final", "tok_embed", "pos_embed"];
    let is_outside = |(name, kind): (&str, &str)| {
        outside.contains(&name) && (kind == "weight" || kind == "bias" && name.contains("norm"))
    };
    if name.split_once('.').is_some_and(is_outside) {
        return true;
    }
    let Some((layer, part)) = name.strip_prefix("blocks.").and_then(|rest| rest.split_once('.')) else { return false };
    let parts = LAYER.map(|entry| tensor_of(entry.part));
    is_number(layer) && (parts.contains(&part) || GPT_PARTS.contains(&part) || is_of_a_sublayer(part))
}

/// Whether that is the name of a feed-forward sublayer's tensor in its layer.
fn is_of_a_sublayer(part: &str) -> bool {
    let rest = part.strip_prefix("feed_forward.").and_then(|rest| rest.split_once('.'));
    rest.is_some_and(|(index, part)| is_number(index) && SUBLAYER.contains(&part))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::elements;
    use crate::config::{AtomeConfig, GptConfig, ModelConfig};
    use crate::layout::Layout;

    #[test]
    fn parameters_are_those_of_the_published_models() {
        let count = |dims: &Dims| model_tensors(dims).map(|(_, shape)| elements(&shape).unwrap()).sum::<usize>();
        assert_eq!(count(&Dims::DEFAULT), 60_800);
        let large = Dims { d_model: 256, n_layers: 8, d_head: 64, ..Dims::DEFAULT };
        assert_eq!(count(&large), 944_640);
    }

    #[test]
    fn every_name_is_a_models_name() {
        let mut names: Vec<String> = model_tensors(&Dims::DEFAULT).map(|(name, _)| name).collect();
        assert!(names.iter().all(|name| is_model_name(name)));
        assert!(!is_model_name("optimizer.embed.weight"));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 4 + 4 * 10);
    }

    #[test]
    fn parameters_of_both_kinds_are_known_by_their_names() {
        let taller = AtomeConfig { feed_forward: 12, ..AtomeConfig::default() };
        for config in [ModelConfig::Atome(taller), ModelConfig::Gpt(GptConfig::FLASH_FAIR)] {
            for tensor in Layout::new(&config).tensors {
                assert!(is_parameter(&tensor.name) && is_part_of_a_model(&tensor.name), "{}", tensor.name);
            }
        }
        for other in [
            "",
            "embed",
            "embed.bias",
            "blocks.x.norm.weight",
            "blocks..norm.weight",
            "blocks.0.mask",
            "blocks.0.feed_forward.up.weight",
            "blocks.0.feed_forward.x.up.weight",
            "blocks.0.feed_forward.0.up.bias",
            "n.weight",
        ] {
            assert!(!is_parameter(other), "{other}");
        }
    }
}
