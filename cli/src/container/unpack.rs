//! `atome unpack`.

use anyhow::{bail, Context, Result};
use atome_engine::container::PartKind;
use atome_train::dialogue::OwnedDialogue;

use super::args::UnpackArgs;
use super::read::read;
use crate::classes;
use crate::dialogue::in_sidecar;
use crate::files::{report, write_all, Output};
use crate::label::{open, part_name};
use crate::numbers::grouped;
use crate::sidecar;
use crate::sizes::Sizes;
use crate::usage_error::UsageError;

pub fn unpack(args: &UnpackArgs) -> Result<()> {
    let bytes = read(&args.container)?;
    let (label, plain) = open(&bytes).with_context(|| args.container.display().to_string())?;
    let mut outputs = vec![Output::new(&args.out, plain).of("--out")];
    outputs.extend(feed_forward(args, label.part(PartKind::FEED_FORWARD))?);
    if args.sidecar {
        let mut sizes = Sizes::default();
        label.fill(&mut sizes);
        let magic = label.about.weights.magic(label.about.n_classes).unwrap_or_default();
        let text = sidecar::text(&sizes, &String::from_utf8_lossy(magic));
        let dialogue = OwnedDialogue::from_notes(&label.notes).with_context(|| args.container.display().to_string())?;
        let text = in_sidecar(text, dialogue.as_ref());
        let classes = classes::of_notes(&label.notes).with_context(|| args.container.display().to_string())?;
        let text = classes::in_sidecar(text, classes.as_ref());
        outputs.push(Output::new(&sidecar::path_beside(&args.out)?, text).of("--sidecar"));
    }
    write_all(&outputs, &[&args.container], args.force)?;
    let mut text = String::new();
    for output in &outputs {
        text.push_str(&format!("wrote {} ({} bytes)\n", output.shown(), grouped(output.bytes.len() as u64)));
    }
    if let Some(identity) = label.identity() {
        text.push_str(&format!("left out what the container said of itself: {identity}\n"));
    }
    for (kind, part) in label.parts.iter().filter(|(kind, _)| *kind != PartKind::FEED_FORWARD) {
        let (name, len) = (part_name(*kind), grouped(part.len() as u64));
        text.push_str(&format!("left out the {name} ({len} bytes), which a plain model file has no place for\n"));
    }
    report(&outputs, &text)
}

/// The file for the sublayers in `part`.
///
/// # Errors
/// They would be lost, or there are none.
fn feed_forward(args: &UnpackArgs, part: Option<&[u8]>) -> Result<Option<Output>> {
    let named = args.container.display();
    match (&args.feed_forward, part) {
        (None, None) => Ok(None),
        (Some(path), Some(part)) => Ok(Some(Output::new(path, part).of("--feed-forward"))),
        (None, Some(_)) => bail!(UsageError(format!(
            "{named}: its layers end in feed-forward sublayers, without which its model file is another model: \
             expected --feed-forward and a file for them"
        ))),
        (Some(_), None) => bail!("--feed-forward: {named} has no feed-forward sublayers: leave it out"),
    }
}
