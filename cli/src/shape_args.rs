//! The flags that give a model's shape.

use clap::Args;

use crate::sizes::{Key, Sizes, Source};
use crate::values::{whole, SIZE};

const SHAPE_HELP: &str = "\
A model file does not carry its shape. What no flag gives is taken from a sidecar file (MODEL.json,
or MODEL with its extension replaced by .json; keys vocab_size, d_model, n_layers, d_head,
kernel_size, n_pathways, top_k, max_seq), and the rest is recovered from the bytes. --attn-top-k and
--max-seq leave no trace in a file: without a flag or a sidecar they are 4 and 128.";

/// A long help: how a shape is found, then `examples`.
pub fn long_help(examples: &str) -> String {
    format!("{SHAPE_HELP}\n\n{examples}")
}

/// What no file has to say of a shape.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Shape")]
pub struct ShapeArgs {
    /// Number of tokens; 256 where tokens are bytes
    #[arg(long, value_name = "N", visible_alias = "vocab-size", value_parser = whole::<u16>(SIZE))]
    pub vocab: Option<u16>,

    /// Width of the residual stream
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub d_model: Option<u16>,

    /// Number of layers
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub n_layers: Option<u16>,

    /// Width of an attention query and key
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub d_head: Option<u16>,

    /// Taps of the convolution
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub kernel_size: Option<u16>,

    /// Rows of the router, 3 to 8
    #[arg(long, value_name = "N", value_parser = whole::<u16>(3..=8))]
    pub n_pathways: Option<u16>,

    /// Positions that attention keeps (not in the file)
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub attn_top_k: Option<u16>,

    /// The window: the longest sequence, prompt and output together (not in the file)
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub max_seq: Option<u16>,
}

impl ShapeArgs {
    /// The sizes that were given.
    pub fn sizes(&self) -> Sizes {
        let mut sizes = Sizes::default();
        let given = [
            (Key::VocabSize, self.vocab),
            (Key::DModel, self.d_model),
            (Key::NLayers, self.n_layers),
            (Key::DHead, self.d_head),
            (Key::KernelSize, self.kernel_size),
            (Key::NPathways, self.n_pathways),
            (Key::TopK, self.attn_top_k),
            (Key::MaxSeq, self.max_seq),
        ];
        for (key, value) in given {
            if let Some(value) = value {
                sizes.fill(key, usize::from(value), Source::Flag);
            }
        }
        sizes
    }
}
