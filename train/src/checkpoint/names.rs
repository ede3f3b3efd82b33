//! The tensors of a model, named as in PyTorch (docs/formats.md#checkpoints).

use atome_engine::Dims;

/// In front of the names of an optimiser's mean gradients.
pub const MEAN: &str = "adam.mean.";
/// In front of the names of its mean squared gradients.
pub const SQUARE: &str = "adam.square.";

/// The full name of a tensor of one layer, such as `blocks.3.norm.weight`.
pub fn block_name(layer: usize, part: &str) -> String {
    format!("blocks.{layer}.{part}")
}

/// The tensors of one layer with their shapes, in the order of the layer's sections in a file.
pub(super) fn block_tensors(dims: &Dims) -> [(&'static str, Vec<usize>); 10] {
    let &Dims { d_model: d, d_head: h, kernel_size: k, n_pathways: p, .. } = dims;
    [
        ("norm.weight", vec![d]),
        ("norm.bias", vec![d]),
        ("local.weight", vec![d, 1, k]),
        ("state.a_raw", vec![d]),
        ("state.b", vec![d]),
        ("state.c_out", vec![d]),
        ("sparse.Wq.weight", vec![h, d]),
        ("sparse.Wk.weight", vec![h, d]),
        ("sparse.Wv.weight", vec![d, d]),
        ("router.proj.weight", vec![p, d]),
    ]
}

/// All tensors of a model of three pathways with their shapes, in the order of a file's sections.
pub fn model_tensors(dims: &Dims) -> impl Iterator<Item = (String, Vec<usize>)> + use<> {
    let (vocab_size, d) = (dims.vocab_size, dims.d_model);
    let block = block_tensors(dims);
    let blocks = (0..dims.n_layers)
        .flat_map(move |layer| block.clone().into_iter().map(move |(part, shape)| (block_name(layer, part), shape)));
    std::iter::once(("embed.weight".to_owned(), vec![vocab_size, d])).chain(blocks).chain([
        ("final_norm.weight".to_owned(), vec![d]),
        ("final_norm.bias".to_owned(), vec![d]),
        ("unembed.weight".to_owned(), vec![vocab_size, d]),
    ])
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
    let parts = block_tensors(&Dims::DEFAULT).map(|(part, _)| part);
    !layer.is_empty()
        && layer.bytes().all(|digit| digit.is_ascii_digit())
        && (parts.contains(&part) || GPT_PARTS.contains(&part))
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
        for config in [ModelConfig::Atome(AtomeConfig::default()), ModelConfig::Gpt(GptConfig::FLASH_FAIR)] {
            for tensor in Layout::new(&config).tensors {
                assert!(is_parameter(&tensor.name) && is_part_of_a_model(&tensor.name), "{}", tensor.name);
            }
        }
        for other in
            ["", "embed", "embed.bias", "blocks.x.norm.weight", "blocks..norm.weight", "blocks.0.mask", "n.weight"]
        {
            assert!(!is_parameter(other), "{other}");
        }
    }
}
