//! `atome run`.

mod args;
mod session;
mod text_output;

use std::ffi::OsStr;
use std::process::ExitCode;

use anyhow::{Context, Result};
use atome_engine::dialogue::Dialogue;
use atome_engine::grammar::Grammar;
use atome_engine::sample::Sampler;
use atome_engine::vocabulary::Encoder;
use atome_engine::{integer, Arithmetic, Layout, Matrix, Plan, Tiled, WholeModel, Workspace};
use atome_train::classes::Description;
use atome_train::dialogue::OwnedDialogue;
use atome_train::vocabulary::OwnedVocabulary;
use atome_train::work_area::zeros;

pub use args::RunArgs;
use args::{PlanName, MAX_UNASKED_CACHED_BYTES};
use session::{Session, USUAL_TOKENS};

use crate::answers::Answers;
use crate::classes;
use crate::dialogue;
use crate::engine_model::EngineModel;
use crate::grammar::OwnedGrammar;
use crate::model_file::ModelFile;
use crate::numbers::{counted, grouped};
use crate::output::note;
use crate::sampling::NOTHING_DRAWN;
use crate::shape_source::{find_fitting, Found};
use crate::talk::about;
use crate::usage_error::UsageError;

pub fn run(args: &RunArgs) -> Result<ExitCode> {
    let prompt = args.prompt.as_deref().map(OsStr::as_encoded_bytes);
    if prompt == Some(b"") {
        return Err(UsageError("the prompt is empty, expected at least one byte".to_owned()).into());
    }
    let bytes = ModelFile::read_whole(&args.model)?;
    let file = ModelFile::from_trusted(&args.model, bytes, &args.trust, args.wanted)?;
    let found = find_fitting(&file, args.shape.sizes())?;
    let dialogue = if args.raw { None } else { dialogue::of(&file)? };
    let grammar = match args.raw && args.grammar.is_none() {
        true => None,
        false => OwnedGrammar::of(&file, args.grammar.as_deref())?,
    };
    let dialogue = match &grammar {
        Some(_) if dialogue.is_none() => Some(continued(args)?.in_tokens_of(file.vocabulary()?)),
        _ => dialogue,
    };
    let named = || file.path.display().to_string();
    let EngineModel { model, head } = file.engine_model(found.shape)?;
    let mut tiles = room(Tiled::room(&model));
    let vocabulary = file.vocabulary()?;
    let encoder = vocabulary.as_ref().map(OwnedVocabulary::encoder);
    if let (Some(grammar), Some(dialogue)) = (&grammar, &dialogue) {
        if head.is_some() {
            return Err(UsageError("--grammar: this is a classifier, expected a model that answers".to_owned()).into());
        }
        grammar.check(found.shape.vocab_size(), &dialogue.view())?;
    }
    let grammar = grammar.as_ref().map(OwnedGrammar::view).transpose()?;
    let classes = if head.is_some() { classes::of(&file)? } else { None };
    let (dialogue, classes) = (dialogue.as_ref(), classes.as_ref());
    let loaded = Loaded { model: Tiled::new(model, &mut tiles), head, dialogue, classes, encoder, grammar };
    notes(args, &file, &found);
    if args.integer {
        integer::check(&model).with_context(named)?;
        loaded.head.as_ref().map_or(Ok(()), integer::check_head).with_context(named)?;
        let layout = integer_layout(&found, args.plan).with_context(named)?;
        let (mut floats, mut words) = zeros(layout.floats(), layout.words()).context(LESS_MEMORY)?;
        return loaded.run(args, prompt, integer::Workspace::new(&layout, &mut floats, &mut words)?);
    }
    let layout = layout(&found, args.plan).with_context(named)?;
    let (mut floats, mut words) = zeros(layout.floats(), layout.words()).context(LESS_MEMORY)?;
    loaded.run(args, prompt, Workspace::new(&layout, &mut floats, &mut words)?)
}

/// A model, and what makes a classifier or a dialogue of it.
struct Loaded<'m> {
    model: Tiled<'m, WholeModel<'m>>,
    head: Option<Matrix<'m>>,
    dialogue: Option<&'m OwnedDialogue>,
    classes: Option<&'m Description>,
    encoder: Option<Encoder<'m>>,
    grammar: Option<Grammar<'m>>,
}

impl Loaded<'_> {
    fn run<'w>(self, args: &RunArgs, prompt: Option<&[u8]>, memory: impl Arithmetic<'w>) -> Result<ExitCode> {
        let Self { model, head, dialogue, classes, encoder, grammar } = self;
        let sampler = args.sampling.sampler()?;
        match (head, dialogue) {
            (None, Some(dialogue)) => {
                let answers = answers(args, dialogue, model, memory, sampler)?;
                Answers { grammar, ..answers }.run(prompt, &about(dialogue, args.manner.quiet))
            }
            (head, dialogue) => Session { args, model, memory, sampler, dialogue, classes, encoder }.run(head, prompt),
        }
    }
}

/// How a model that continues text is asked for a text of a grammar: it continues the prompt.
fn continued(args: &RunArgs) -> Result<OwnedDialogue> {
    let longest_answer = args.tokens.unwrap_or(USUAL_TOKENS).min(65_535) as usize;
    let about = "This model continues a line by a text of the grammar.";
    OwnedDialogue::of(&Dialogue { longest_answer, ..Dialogue::NONE }, about)
}

/// The session of a model that answers.
fn answers<'a, W, M>(
    args: &RunArgs,
    dialogue: &'a OwnedDialogue,
    model: W,
    memory: M,
    sampler: Sampler,
) -> Result<Answers<'a, W, M>> {
    if args.stream {
        let why = "--stream: this model answers, by its files or a grammar, and an answer fits its window; expected --raw beside it";
        return Err(UsageError(why.to_owned()).into());
    }
    let mut dialogue = dialogue.view();
    if let Some(tokens) = args.tokens {
        dialogue.longest_answer = dialogue.longest_answer.min(tokens as usize);
    }
    Ok(Answers { model, memory, sampler, dialogue, grammar: None, manner: args.manner, unsure: 0 })
}

/// What to do where there is no memory.
const LESS_MEMORY: &str = "a smaller --max-seq or --plan lean takes less";

/// What the user should know before reading the output.
fn notes(args: &RunArgs, file: &ModelFile, found: &Found) {
    if args.manner.quiet {
        return;
    }
    if file.bytes.len() > found.needed {
        note(&format!(
            "note: {}: {} behind the model's end at offset {}",
            file.path.display(),
            counted(file.bytes.len() - found.needed, "byte"),
            grouped(found.needed as u64)
        ));
    }
    if args.sampling.draw_nothing() {
        note(NOTHING_DRAWN);
    }
}

fn layout(found: &Found, plan: Option<PlanName>) -> Result<Layout> {
    if let Some(plan) = plan {
        return Ok(Layout::new(found.shape, found.max_seq, plan.into())?);
    }
    let cached = Layout::new(found.shape, found.max_seq, Plan::Cached)?;
    if cached.bytes() <= MAX_UNASKED_CACHED_BYTES {
        return Ok(cached);
    }
    Ok(Layout::new(found.shape, found.max_seq, Plan::Lean)?)
}

fn integer_layout(found: &Found, plan: Option<PlanName>) -> Result<integer::Layout> {
    let plan = plan.map_or(Plan::Cached, Plan::from);
    Ok(integer::Layout::new(found.shape, found.max_seq, plan)?)
}

/// Room for a copy that only saves time: where there is none, the model is read where it lies.
fn room(len: usize) -> Vec<u8> {
    let mut room = Vec::new();
    if room.try_reserve_exact(len).is_ok() {
        room.resize(len, 0);
    }
    room
}
