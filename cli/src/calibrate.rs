//! `atome calibrate`.

use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use atome_engine::WholeModel;
use atome_models::{calibration::texts as default_texts, embedded};
use atome_train::calibration::{calibrate as measure, domain_plot, markdown, token_plot, Calibration, Sequence, Texts};
use atome_train::corpus::Corpus;
use atome_train::evaluate::Numbers;
use clap::Args;
use serde_json::{json, Value};

use crate::eval::Subject;
use crate::files::{check_results, claim_folder, write_all, Output};
use crate::output::{print, print_json};
use crate::shape_args::ShapeArgs;
use crate::usage_error::UsageError;
use crate::values::no_stream;
use crate::weight_set::WeightSetArgs;
use crate::windows::WindowArgs;

const EXAMPLES: &str = "\
Examples:
  atome calibrate --out calibration                         the default model
  atome calibrate model.bin --text story.txt --out calibration
  atome calibrate model.bin --text story.txt --outside LICENSE --outside main.c --out calibration
  atome calibrate model.bin --text story.txt --out calibration --integer
  atome calibrate model.safetensors --text story.txt --out calibration --json | jq '.correlations[0]'";

/// Measures whether the router's entropy tells how sure a model is.
///
/// At every byte: its correlation with the loss of the byte that follows, and how well it tells bytes that the model
/// gets wrong. In every window: how well it tells texts of other domains from the model's own. The entropy of the
/// predicted distribution and the distance of the two best logits, which are no property of the router, stand beside
/// it. FOLDER gets calibration.json, calibration.md, tokens.svg and, with other texts, domains.svg.
///
/// Without MODEL, the default model is measured on the phrasings that were held out from its training, against prompts
/// of other domains and new wordings.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub struct CalibrateArgs {
    /// Model file, or checkpoint that can become one [default: the default model]
    #[arg(requires = "text")]
    pub model: Option<PathBuf>,

    /// Text of the model's domain
    #[arg(long, value_name = "FILE", requires = "model")]
    pub text: Option<PathBuf>,

    /// Text of another domain; may be given several times
    #[arg(long, value_name = "FILE", requires = "model")]
    pub outside: Vec<PathBuf>,

    #[command(flatten)]
    pub weight_set: WeightSetArgs,

    /// Folder for the results
    #[arg(short, long, value_name = "FOLDER", value_parser = no_stream())]
    pub out: PathBuf,

    #[command(flatten)]
    pub windows: WindowArgs,

    /// Measure what a program with the integer arithmetic sees
    #[arg(long)]
    pub integer: bool,

    /// Print JSON instead of the tables
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub shape: ShapeArgs,
}

/// What the folder gets.
const RESULTS: [&str; 4] = ["calibration.json", "calibration.md", "tokens.svg", "domains.svg"];

pub fn calibrate(args: &CalibrateArgs) -> Result<()> {
    let inputs: Vec<&Path> = args.model.iter().chain(&args.text).chain(&args.outside).map(PathBuf::as_path).collect();
    check_results(&args.out, &RESULTS.map(str::to_owned), &inputs)?;
    let (Some(path), Some(text)) = (&args.model, &args.text) else {
        if args.weight_set.weights.is_some() {
            return Err(UsageError("--weights: expected MODEL, a checkpoint whose weights they are".to_owned()).into());
        }
        let (model, _) = embedded::load()?;
        let about = json!({ "model": "the default model", "text": "held-out phrasings and their answers" });
        return run(args, &model.into(), &default_texts()?, "the default model", about);
    };
    let subject =
        Subject::load(path, &args.shape, args.weight_set.weights.as_deref(), false)?.for_engine(path, None)?;
    let named = || path.display().to_string();
    if subject.has_vocabulary() {
        bail!("{}: has a vocabulary of subwords, expected a model of bytes", named());
    }
    let Some(model) = subject.engine_model().with_context(named)? else {
        bail!("{}: has no router that the engine runs, expected a ternary model of three pathways", named());
    };
    let load = |path: &Path| crate::texts::load(path, subject.vocab_size());
    let corpus = load(text)?;
    let mut about = json!({
        "model": file_name(path),
        "text": file_name(text),
        "from": args.windows.from(),
        "window": args.windows.window(),
        "digests": { file_name(text): format!("sha256:{}", corpus.digest) },
    });
    let mut outside = Vec::new();
    for path in &args.outside {
        let corpus = load(path)?;
        about["digests"][file_name(path)] = format!("sha256:{}", corpus.digest).into();
        outside.push((file_name(path), windows(args, path, &corpus, 0)?));
    }
    let texts = Texts { inside: windows(args, text, &corpus, args.windows.from())?, inside_domain: None, outside };
    run(args, &model, &texts, &file_name(path), about)
}

/// Windows side by side.
fn windows(args: &CalibrateArgs, path: &Path, corpus: &Corpus, from: usize) -> Result<Vec<Sequence>> {
    let window = args.windows.window();
    let starts = args.windows.starts(path, corpus, from, window)?;
    let text = corpus.bytes().context("a text in tokens, expected one in bytes")?;
    Ok(starts.into_iter().map(|start| Sequence::window(&text[start..start + window])).collect())
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn run(args: &CalibrateArgs, model: &WholeModel<'_>, texts: &Texts, name: &str, about: Value) -> Result<()> {
    let numbers = if args.integer { Numbers::Integers } else { Numbers::Exact };
    let found = args.windows.on_threads(|| measure(model, numbers, texts))?;
    let mut results = about;
    results["arithmetic"] = if args.integer { "integer" } else { "exact" }.into();
    if let (Value::Object(all), Value::Object(measured)) = (&mut results, serde_json::to_value(&found)?) {
        all.extend(measured);
    }
    save(&args.out, &found, name, &results)?;
    match args.json {
        true => print_json(&results),
        false => print(&markdown(&found)),
    }
}

fn save(folder: &Path, found: &Calibration, name: &str, results: &Value) -> Result<()> {
    let _lock = claim_folder(folder)?;
    let [json, page, tokens, domains] = RESULTS;
    let mut files = vec![
        (json, serde_json::to_string_pretty(results)? + "\n"),
        (page, markdown(found)),
        (tokens, token_plot(&format!("Router entropy and loss: {name}"), found)),
    ];
    if !found.domains.is_empty() {
        files.push((domains, domain_plot(&format!("Router entropy by text: {name}"), found)));
    }
    let outputs: Vec<Output> = files.into_iter().map(|(name, text)| Output::new(&folder.join(name), text)).collect();
    write_all(&outputs, &[], true)
}
