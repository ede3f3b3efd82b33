//! Whether there can be a model of some sizes.

use anyhow::{bail, Result};

use atome_engine::format::MOST_SUBLAYERS;

use crate::config::{ModelConfig, MAX_SIZE};
use crate::layout::Layout;

/// The most parameters: more would ask for memory that a machine may not have.
const MAX_PARAMETERS: usize = 1 << 26;

impl ModelConfig {
    /// Whether there can be such a model.
    ///
    /// # Errors
    /// Names the size and what was expected.
    pub fn check(&self) -> Result<()> {
        let sizes: Vec<(&str, usize)> = match self {
            Self::Atome(c) => vec![
                ("d_model", c.d_model),
                ("n_layers", c.n_layers),
                ("d_head", c.d_head),
                ("kernel_size", c.kernel_size),
                ("top_k", c.top_k),
            ],
            Self::Gpt(c) => vec![
                ("d_model", c.d_model),
                ("n_layers", c.n_layers),
                ("n_heads", c.n_heads),
                ("d_ff", c.d_ff),
                ("max_seq", c.max_seq),
            ],
        };
        for (name, size) in sizes {
            if !(1..=MAX_SIZE).contains(&size) {
                bail!("{name} is {size}, expected 1 to {MAX_SIZE}");
            }
        }
        if !(1..=MAX_SIZE).contains(&self.vocab_size()) {
            bail!("vocab_size is {}, expected 1 to {MAX_SIZE}", self.vocab_size());
        }
        match self {
            Self::Atome(config) if config.pathways.count() == 0 => bail!("no pathway is left, expected one at least"),
            Self::Atome(config) if config.feed_forward > MOST_SUBLAYERS => {
                bail!("feed_forward is {}, expected 0 to {MOST_SUBLAYERS}", config.feed_forward)
            }
            Self::Gpt(config) if config.d_model % config.n_heads != 0 => {
                bail!("d_model is {}, expected a multiple of n_heads, {}", config.d_model, config.n_heads)
            }
            _ => {}
        }
        match Layout::new(self).len() {
            count if count > MAX_PARAMETERS => {
                bail!("{count} parameters, expected {MAX_PARAMETERS} at most: smaller sizes, such as d_model")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AtomeConfig, GptConfig, Pathways};

    #[test]
    fn impossible_sizes_are_named() {
        let check = |config: AtomeConfig| ModelConfig::Atome(config).check();
        assert!(check(AtomeConfig::default()).is_ok());
        let wide = check(AtomeConfig { d_model: 70_000, ..AtomeConfig::default() }).unwrap_err().to_string();
        assert!(wide.contains("d_model is 70000, expected 1 to 65535"), "{wide}");
        let large = check(AtomeConfig { d_model: 65_535, n_layers: 99, ..AtomeConfig::default() });
        assert!(large.unwrap_err().to_string().contains("parameters, expected 67108864 at most"));
        let no_pathway = Pathways { local: false, state: false, sparse: false };
        assert!(check(AtomeConfig { pathways: no_pathway, ..AtomeConfig::default() }).is_err());
        assert!(check(AtomeConfig { feed_forward: 16, ..AtomeConfig::default() }).is_ok());
        let many = check(AtomeConfig { feed_forward: 17, ..AtomeConfig::default() }).unwrap_err().to_string();
        assert_eq!(many, "feed_forward is 17, expected 0 to 16");
        let uneven = ModelConfig::Gpt(GptConfig { n_heads: 3, ..GptConfig::PARAMETER_FAIR });
        assert!(uneven.check().unwrap_err().to_string().contains("multiple of n_heads"));
    }
}
