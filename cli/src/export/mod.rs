//! `atome export`.

mod args;
mod summary;

use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use atome_engine::container::{PartKind, Tokenizer};
use atome_engine::{Dims, Model, Shape};
use atome_train::bounded::{self, Limit};
use atome_train::checkpoint::{dims_of, keys, Checkpoint, Loaded};
use atome_train::classes::{classifier, Description};
use atome_train::config::Quantiser;
use atome_train::dialogue::OwnedDialogue;
use atome_train::export::{export as to_blob, exportable, CFile, Format};
use atome_train::vocabulary::OwnedVocabulary;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use args::ExportArgs;
use summary::Summary;

use crate::c_files::CSource;
use crate::classes;
use crate::container;
use crate::dialogue::{in_sidecar, with_dialogue};
use crate::feed_forward::sublayers_in;
use crate::files::{report, write_all, Output};
use crate::grammar::{in_parts, OwnedGrammar};
use crate::output::{json_line, note};
use crate::sidecar;
use crate::signing::{detached_signer, read_all};
use crate::sizes::{Key, Sizes, Source};
use crate::usage_error::UsageError;
use crate::values::is_standard_output;

/// The window of a model whose checkpoint names none: what `atome run` assumes, too.
const USUAL_MAX_SEQ: usize = 128;

pub fn export(args: &ExportArgs) -> Result<()> {
    let named = || args.checkpoint.display().to_string();
    container::check_notes(&args.note)?;
    args.c_files.check()?;
    args.identity.check(args.container)?;
    let Read { loaded, digest } = read(args)?;
    let checkpoint = &loaded.checkpoint;
    let sizes = sizes(args, checkpoint).with_context(named)?;
    let shape = exportable(sizes.dims()).with_context(named)?;
    let format = Format::from(args.format);
    let mut exported = to_blob(checkpoint, shape, format, usize::from(args.threads)).with_context(named)?;
    let dialogue = OwnedDialogue::from_checkpoint(checkpoint).with_context(named)?;
    let classes = Description::from_checkpoint(checkpoint).with_context(named)?;
    if classes.is_none() && learns_classes(checkpoint) {
        bail!(
            "{}: its training on classes was broken off: expected one that `atome train --resume` has ended",
            named()
        );
    }
    if let Some(classes) = &classes {
        if format != Format::Atome01 {
            let why = "--format: is a classifier, whose weights lie as in ATOME01: expected it without --format";
            return Err(UsageError(format!("{}: {why}", named())).into());
        }
        let model = Model::new(shape, &exported.bytes).with_context(named)?;
        exported.bytes = classifier(&exported.bytes, &model, classes.names.len()).with_context(named)?;
    }
    let vocabulary = vocabulary(args, checkpoint, shape).with_context(named)?;
    let feed_forward = exported.feed_forward.as_deref();
    check_sublayers(args, feed_forward).with_context(named)?;
    let about = About {
        sizes: &sizes,
        shape,
        format,
        dialogue: dialogue.as_ref(),
        classes: classes.as_ref(),
        vocabulary: vocabulary.as_ref(),
        feed_forward,
    };
    let grammar = grammar(args, checkpoint).with_context(named)?;
    let blob = blob(args, &about, &exported.bytes, digest, grammar.as_ref())?;
    let outputs = outputs(args, &about, &blob, exported.bytes.len())?;
    let inputs: Vec<&Path> = args.grammar.iter().chain([&args.checkpoint]).map(PathBuf::as_path).collect();
    write_all(&outputs, &inputs, args.force)?;
    notes(args, &loaded, &sizes, format).iter().for_each(|text| note(&format!("note: {}: {text}", named())));
    let summary = Summary {
        checkpoint: &args.checkpoint,
        sizes: &sizes,
        magic: about.magic(),
        exported: &exported,
        outputs: &outputs,
        c_files: &args.c_files,
    };
    let told = if args.json { json_line(&summary.json()) } else { summary.text() };
    report(&outputs, &told)
}

/// What was read.
struct Read {
    loaded: Loaded,
    /// SHA-256 of the file, where its bytes were at hand.
    digest: Option<[u8; 32]>,
}

/// The checkpoint. With --key it is read once, so that the bytes that were verified are those that are exported.
fn read(args: &ExportArgs) -> Result<Read> {
    let (path, weights) = (&args.checkpoint, args.weight_set.weights.as_deref());
    if args.key.is_empty() {
        return Ok(Read { loaded: Loaded::load(path, weights)?, digest: None });
    }
    let named = || path.display().to_string();
    let keys = read_all(&args.key)?;
    let bytes = bounded::read(path, Limit::CHECKPOINT).with_context(named)?;
    detached_signer(path, &bytes, &keys)?;
    let loaded = Loaded::from_bytes(&bytes, weights).with_context(named)?;
    Ok(Read { loaded, digest: Some(Sha256::digest(&bytes).into()) })
}

/// What a user should know who does not read the summary.
fn notes(args: &ExportArgs, loaded: &Loaded, sizes: &Sizes, format: Format) -> Vec<String> {
    let mut notes: Vec<String> = loaded.note().into_iter().collect();
    notes.extend(other_quantiser(&loaded.checkpoint, format));
    if !args.container && loaded.checkpoint.metadata.contains_key(keys::GRAMMAR) {
        notes.push("its grammar goes with a container alone: --container writes one".to_owned());
    }
    let assumed = |key: Key| sizes.source(key) == Some(Source::Default);
    if assumed(Key::TopK) {
        let value = |key: Key| sizes.value(key).unwrap_or_default();
        let (top_k, max_seq) = (value(Key::TopK), value(Key::MaxSeq));
        notes.push(match args.max_seq {
            Some(_) => format!("does not tell top_k: {top_k} is assumed, --attn-top-k tells another"),
            None => format!(
                "does not tell top_k and max_seq: {top_k} and {max_seq} are assumed, --attn-top-k and --max-seq tell others"
            ),
        });
    }
    notes
}

/// Weights that learned to be rounded in one way are worse when they are rounded in another.
fn other_quantiser(checkpoint: &Checkpoint, format: Format) -> Option<String> {
    let model = serde_json::from_str::<Value>(checkpoint.metadata.get(keys::MODEL)?).ok()?;
    let trained = model.get("quantiser")?.as_str()?;
    let written = match format {
        Format::Atome01 | Format::Atome02 => Quantiser::Ternary.name(),
        Format::AtomeP3 => Quantiser::P3.name(),
    };
    (trained != written)
        .then(|| format!("trained with the quantiser {trained}, written with {written}: expect a worse model"))
}

/// From flags, then the checkpoint, then what is usual.
fn sizes(args: &ExportArgs, checkpoint: &Checkpoint) -> Result<Sizes> {
    let described = dims_of(checkpoint)?;
    let mut sizes = Sizes::default();
    for (key, flag) in [(Key::TopK, args.attn_top_k), (Key::MaxSeq, args.max_seq)] {
        if let Some(value) = flag {
            sizes.fill(key, usize::from(value), Source::Flag);
        }
    }
    for key in Key::IN_FILE {
        sizes.fill(key, key.of(&described.dims), Source::Checkpoint);
    }
    for (key, value) in [(Key::TopK, described.top_k), (Key::MaxSeq, described.max_seq)] {
        if let Some(value) = value {
            sizes.fill(key, value, Source::Checkpoint);
        }
    }
    sizes.fill(Key::TopK, Dims::DEFAULT.top_k, Source::Default);
    sizes.fill(Key::MaxSeq, USUAL_MAX_SEQ, Source::Default);
    Ok(sizes)
}

/// Whether its recipe says so; what its classes are, it says when it is at its end.
fn learns_classes(checkpoint: &Checkpoint) -> bool {
    let recipe = checkpoint.metadata.get(keys::RECIPE).and_then(|text| serde_json::from_str::<Value>(text).ok());
    recipe.is_some_and(|recipe| recipe.pointer("/pairs/classes") == Some(&Value::Bool(true)))
}

/// What files say of the model.
struct About<'a> {
    sizes: &'a Sizes,
    shape: Shape,
    format: Format,
    dialogue: Option<&'a OwnedDialogue>,
    /// Of a classifier.
    classes: Option<&'a Description>,
    vocabulary: Option<&'a OwnedVocabulary>,
    /// The part of a container with its feed-forward sublayers, where it has some.
    feed_forward: Option<&'a [u8]>,
}

impl About<'_> {
    /// What the model file begins with.
    fn magic(&self) -> &'static str {
        if self.classes.is_some() {
            "ATOMECL01"
        } else {
            self.format.magic()
        }
    }
}

/// What tokens stand for, if a container will say it.
fn vocabulary(args: &ExportArgs, checkpoint: &Checkpoint, shape: Shape) -> Result<Option<OwnedVocabulary>> {
    let Some(vocabulary) = OwnedVocabulary::from_checkpoint(checkpoint)? else { return Ok(None) };
    vocabulary.check_fits(shape.vocab_size())?;
    if !args.container {
        bail!(UsageError(
            "its tokens are those of a vocabulary, which a plain model file has no place for: expected --container"
                .into()
        ));
    }
    Ok(Some(vocabulary))
}

/// Without its sublayers it would be another model, so a plain file is none of it.
fn check_sublayers(args: &ExportArgs, feed_forward: Option<&[u8]>) -> Result<(), UsageError> {
    match feed_forward {
        Some(_) if !args.container => Err(UsageError(
            "its layers end in feed-forward sublayers, which a plain model file has no place for: expected --container"
                .into(),
        )),
        _ => Ok(()),
    }
}

/// What the model may answer, if a container will say it.
fn grammar(args: &ExportArgs, checkpoint: &Checkpoint) -> Result<Option<OwnedGrammar>> {
    let grammar = OwnedGrammar::of_checkpoint(checkpoint, args.grammar.as_deref())?;
    Ok(grammar.filter(|_| args.container))
}

/// The model file, in a container where one is asked for.
fn blob(
    args: &ExportArgs,
    model: &About<'_>,
    plain: &[u8],
    digest: Option<[u8; 32]>,
    grammar: Option<&OwnedGrammar>,
) -> Result<Vec<u8>> {
    if !args.container {
        return Ok(plain.to_vec());
    }
    let weights = container::weight_format(plain).context("an exported file of an unknown format")?;
    let mut about = container::description(model.shape, model.sizes, weights);
    about.n_classes = model.classes.map_or(0, |classes| classes.names.len() as u16);
    about.training_digest = match digest {
        Some(digest) => digest,
        None => container::digest(&args.checkpoint)?,
    };
    args.identity.fill(&mut about);
    let mut parts = Vec::new();
    if let Some(vocabulary) = model.vocabulary {
        about.tokenizer = Tokenizer::Vocabulary;
        parts.push((PartKind::VOCABULARY, vocabulary.part().to_vec()));
    }
    parts.extend(model.feed_forward.map(|part| (PartKind::FEED_FORWARD, part.to_vec())));
    let mut notes = with_dialogue(args.note.clone(), model.dialogue)?;
    notes.extend(model.classes.map(classes::note));
    if let Some(grammar) = grammar {
        grammar.check_model(model.classes.is_some(), model.shape, model.dialogue)?;
    }
    container::wrap(&about, &notes, &in_parts(parts, grammar), plain).with_context(|| args.out.display().to_string())
}

/// Everything to be written.
fn outputs(args: &ExportArgs, model: &About<'_>, blob: &[u8], model_len: usize) -> Result<Vec<Output>> {
    let About { sizes, dialogue, classes, .. } = *model;
    let mut outputs = vec![Output::new(&args.out, blob).of("--out")];
    if args.sidecar {
        let text = classes::in_sidecar(in_sidecar(sidecar::text(sizes, model.magic()), dialogue), classes);
        outputs.push(Output::new(&sidecar::path_beside(&args.out)?, text).of("--sidecar"));
    }
    let n_classes = classes.map(|classes| classes.names.len());
    let file = CFile {
        format: model.magic(),
        n_classes,
        len: blob.len(),
        model_len,
        is_container: args.container,
        feed_forward: model.feed_forward.map_or(0, sublayers_in),
    };
    let path = if is_standard_output(&args.out) { &args.checkpoint } else { &args.out };
    outputs.extend(args.c_files.outputs(&CSource {
        path,
        sizes,
        file,
        blob,
        dialogue: dialogue.map(OwnedDialogue::view),
        classes,
    }));
    Ok(outputs)
}
