//! The default model inside the program.

use anyhow::{Context, Result};
use atome_engine::{Dims, Model, Shape};
use atome_train::dialogue::OwnedDialogue;
use serde_json::Value;

/// The default model: ATOME01.
pub const MODEL: &[u8] = include_bytes!("../default.bin");

/// Its shape, and how it is asked: JSON.
pub const SIDECAR: &str = include_str!("../default.json");

/// What the sidecar says.
#[derive(Clone, Debug)]
pub struct Description {
    /// The shape.
    pub shape: Shape,
    /// The longest sequence.
    pub max_seq: usize,
    /// How it is asked.
    pub dialogue: OwnedDialogue,
}

impl Description {
    /// Reads a sidecar.
    ///
    /// # Errors
    /// Names the key that is missing or wrong.
    pub fn parse(sidecar: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(sidecar)?;
        let size = |key: &str| -> Result<usize> {
            let size = value.get(key).and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
            size.with_context(|| format!("{key}: expected a whole number"))
        };
        let dims = Dims {
            d_model: size("d_model")?,
            n_layers: size("n_layers")?,
            d_head: size("d_head")?,
            kernel_size: size("kernel_size")?,
            n_pathways: size("n_pathways")?,
            vocab_size: size("vocab_size")?,
            top_k: size("top_k")?,
        };
        let dialogue = value.get("dialogue").context("dialogue: expected an object")?;
        let dialogue = OwnedDialogue::from_json(dialogue).context("dialogue")?;
        Ok(Self { shape: Shape::new(dims)?, max_seq: size("max_seq")?, dialogue })
    }
}

/// The default model with its description.
///
/// # Errors
/// The files that this crate was built with do not belong together.
pub fn load() -> Result<(Model<'static>, Description)> {
    let description = Description::parse(SIDECAR).context("models/default.json")?;
    let model = Model::new(description.shape, MODEL).context("models/default.bin")?;
    Ok((model, description))
}

#[cfg(test)]
mod tests {
    use super::*;
    use atome_engine::sample::Sampler;
    use atome_engine::{Layout, Plan};
    use atome_train::asking::ask;

    #[test]
    fn model_and_sidecar_belong_together() {
        let (_, description) = load().unwrap();
        assert_eq!(MODEL.len(), Model::blob_len(&description.shape));
        assert!(MODEL.len() <= 64 * 1024 && description.max_seq == crate::training::MAX_SEQ);
    }

    #[test]
    fn wrong_sidecars_are_named_by_key() {
        for (sidecar, key) in [("{}", "d_model"), (&SIDECAR.replace("\"dialogue", "\"talk"), "dialogue")] {
            let message = format!("{:#}", Description::parse(sidecar).unwrap_err());
            assert!(message.contains(key), "{message}");
        }
    }

    #[test]
    fn both_memory_plans_give_one_reply_and_see_each_position_once() {
        let (model, description) = load().unwrap();
        let mut replies = Vec::new();
        for plan in [Plan::Cached, Plan::Lean] {
            let layout = Layout::new(description.shape, description.max_seq, plan).unwrap();
            let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
            let mut workspace = atome_engine::Workspace::new(&layout, &mut floats, &mut words).unwrap();
            let mut sampler = Sampler::new(0.0, 1, 1.0, 0).unwrap();
            let (mut readings, mut shown) = (0, Vec::new());
            let reply = ask(
                &model,
                &mut workspace,
                &description.dialogue.view(),
                &mut sampler,
                b"Make it  21 degrees!",
                |_| readings += 1,
                |token| {
                    shown.push(u8::try_from(token)?);
                    Ok(())
                },
            )
            .unwrap();
            assert_eq!(shown, b"{\"temp\":21}");
            assert_eq!(readings, 6 * (b"Q: make it 21 degrees\nA: ".len() + shown.len()));
            replies.push(reply);
        }
        assert_eq!(replies[0], replies[1]);
        assert_eq!(replies[0].doubt, None);
    }
}
