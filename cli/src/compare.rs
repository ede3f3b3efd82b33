//! `atome compare`.

use std::path::PathBuf;

use anyhow::Result;
use atome_train::compare::{compare as sweep, plot, table, variants, Plan, Row, Variant, USUAL, VARIANTS};
use atome_train::recipe::{Recipe, EVERYDAY_RATE};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::files::{check_results, claim_folder, write_all, Output};
use crate::output::{note, print, print_json};
use crate::stop::stop_flag;
use crate::temperature::TemperatureArgs;
use crate::usage_error::UsageError;
use crate::values::{no_stream, whole, COUNT, THREADS};

const EXAMPLES: &str = "\
Examples:
  atome compare --text story.txt --out comparison
  atome compare --text story.txt --out ablations --variants ternary,no-local,no-state,no-sparse --steps 1500
  atome compare --text story.txt --out quick --steps 300 --seeds 1
  atome compare --text story.txt --out everything --variants all --max-temperature 85";

/// Trains variants of the model and GPT baselines on the same text, several seeds each, and compares them.
///
/// Unasked, the recipe is that of the published comparison: the first nine tenths of the text's 64-byte chunks train,
/// AdamW at a constant 3e-4, 16 chunks a step; the rest of the text is held out, and every byte of its chunks but the
/// first is predicted. The folder gets a checkpoint and a log of each training, results.json, results.md and
/// perplexity.svg. The same command goes on with a sweep that was interrupted.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES, after_long_help = long_help())]
pub struct CompareArgs {
    /// Text to learn from and to judge on
    #[arg(long, value_name = "FILE")]
    pub text: PathBuf,

    /// Folder for checkpoints, logs and results
    #[arg(short, long, value_name = "FOLDER", value_parser = no_stream())]
    pub out: PathBuf,

    /// What to compare, the first with the others; names are in --help, and `all` stands for all of them
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_values_t = USUAL.map(str::to_owned))]
    pub variants: Vec<String>,

    /// Seeds of each variant
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = whole::<u64>(1..=1000))]
    pub seeds: u64,

    /// Steps of each training
    #[arg(long, value_name = "N", default_value_t = 3000, value_parser = whole::<u64>(COUNT))]
    pub steps: u64,

    /// How all of them are trained
    #[arg(long, value_name = "NAME", default_value = "published")]
    pub recipe: RecipeName,

    /// Threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = whole::<u16>(THREADS))]
    pub threads: Option<u16>,

    #[command(flatten)]
    pub temperature: TemperatureArgs,

    /// Only the table
    #[arg(short, long)]
    pub quiet: bool,

    /// Print JSON instead of the table
    #[arg(long)]
    pub json: bool,
}

/// Recipes of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RecipeName {
    /// That of the published comparison: a constant rate of 3e-4
    Published,
    /// What `atome train` does unasked: up to 3e-3 and down by a cosine
    Everyday,
}

fn long_help() -> String {
    let names: Vec<String> =
        VARIANTS.iter().map(|variant| format!("  {:<17} {}", variant.name, variant.about)).collect();
    format!(
        "Variants:\n{}\n\nThe published baselines start from PyTorch's usual initial values; the scaled ones start \
         like the\nthree-pathway model.\n\n{EXAMPLES}",
        names.join("\n")
    )
}

/// What the folder gets besides the trainings.
const RESULTS: [&str; 3] = ["results.json", "results.md", "perplexity.svg"];

/// All that the folder gets.
fn results(args: &CompareArgs, variants: &[Variant]) -> Vec<String> {
    let mut names = RESULTS.map(str::to_owned).to_vec();
    for (variant, seed) in variants.iter().flat_map(|variant| (0..args.seeds).map(move |seed| (variant, seed))) {
        names.extend(["safetensors", "jsonl"].map(|ending| format!("{}-seed{seed}.{ending}", variant.name)));
    }
    names
}

pub fn compare(args: &CompareArgs) -> Result<()> {
    let variants = variants(&args.variants).map_err(|error| UsageError(format!("--variants: {error}")))?;
    check_results(&args.out, &results(args, &variants), &[&args.text])?;
    let corpus = crate::texts::load(&args.text, 256)?;
    let _lock = claim_folder(&args.out)?;
    let plan = Plan {
        variants,
        seeds: args.seeds,
        recipe: match args.recipe {
            RecipeName::Published => Recipe { steps: args.steps, ..Recipe::default() },
            RecipeName::Everyday => Recipe::everyday(args.steps, EVERYDAY_RATE),
        },
        folder: args.out.clone(),
        threads: args.threads.map(usize::from),
        limit: args.temperature.limit(),
        quiet: args.quiet,
    };
    let stop = stop_flag()?;
    let rows = sweep(&plan, &corpus, &stop, &mut |text| {
        if !args.quiet {
            note(text);
        }
    })?;
    let figures = json!({
        "text": args.text.display().to_string(),
        "corpus_digest": format!("sha256:{}", corpus.digest),
        "recipe": plan.recipe,
        "seeds": args.seeds,
        "rows": rows,
    });
    save(args, &rows, &figures)?;
    if args.json {
        return print_json(&figures);
    }
    print(&table(&rows))
}

fn save(args: &CompareArgs, rows: &[Row], results: &serde_json::Value) -> Result<()> {
    let title = format!("{} steps, {} seeds", args.steps, args.seeds);
    let texts = [serde_json::to_string_pretty(results)? + "\n", table(rows), plot(&title, rows)];
    let outputs: Vec<Output> =
        RESULTS.into_iter().zip(texts).map(|(name, text)| Output::new(&args.out.join(name), text)).collect();
    write_all(&outputs, &[], true)
}
