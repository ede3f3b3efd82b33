//! The sweep: variants of the model and the baseline, several seeds each, on the same text.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{bail, ensure, Context, Result};
use serde::Serialize;

use crate::checkpoint::atomic::Existing;
use crate::checkpoint::Checkpoint;
use crate::config::{AtomeConfig, GptConfig, ModelConfig, Pathways, Quantiser};
use crate::corpus::Corpus;
use crate::evaluate::Judgement;
use crate::export::{export, exportable, Format, USUAL_THREADS};
use crate::layout::{Initialisation, Layout};
use crate::plot::{bars, Bar};
use crate::recipe::Recipe;
use crate::saved::SavedModel;
use crate::saved_training::load_training;
use crate::session::{run, Options};
use crate::state::State;
use crate::statistics::mean;
use crate::thermal::{measurable, Thermometer};
use crate::trainer::{pool, Trainer};

/// A model in the comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variant {
    /// Its name on the command line and in the results.
    pub name: &'static str,
    /// What the variant is.
    pub about: &'static str,
    model: ModelConfig,
    init: Initialisation,
}

const ATOME: AtomeConfig = AtomeConfig {
    vocab_size: 256,
    d_model: 64,
    n_layers: 4,
    d_head: 16,
    kernel_size: 5,
    top_k: 4,
    feed_forward: 0,
    pathways: Pathways::ALL,
    quantiser: Quantiser::Ternary,
};

const fn atome(name: &'static str, about: &'static str, pathways: Pathways, quantiser: Quantiser) -> Variant {
    let model = ModelConfig::Atome(AtomeConfig { pathways, quantiser, ..ATOME });
    Variant { name, about, model, init: Initialisation::Scaled }
}

const fn gpt(name: &'static str, about: &'static str, config: GptConfig, init: Initialisation) -> Variant {
    Variant { name, about, model: ModelConfig::Gpt(config), init }
}

/// All variants, those of [`USUAL`] first.
pub const VARIANTS: [Variant; 10] = [
    atome("ternary", "three pathways, ternary", Pathways::ALL, Quantiser::Ternary),
    atome("p3", "three pathways, powers of 3", Pathways::ALL, Quantiser::P3),
    gpt("gpt", "GPT, as many parameters", GptConfig::PARAMETER_FAIR, Initialisation::Pytorch),
    gpt("gpt-scaled", "gpt, initial values scaled", GptConfig::PARAMETER_FAIR, Initialisation::Scaled),
    gpt("small-gpt", "GPT, as much flash", GptConfig::FLASH_FAIR, Initialisation::Pytorch),
    gpt("small-gpt-scaled", "small-gpt, initial values scaled", GptConfig::FLASH_FAIR, Initialisation::Scaled),
    atome("no-local", "ternary, no convolution", Pathways { local: false, ..Pathways::ALL }, Quantiser::Ternary),
    atome("no-state", "ternary, no recurrence", Pathways { state: false, ..Pathways::ALL }, Quantiser::Ternary),
    atome("no-sparse", "ternary, no attention", Pathways { sparse: false, ..Pathways::ALL }, Quantiser::Ternary),
    atome("f32", "three pathways, not quantised", Pathways::ALL, Quantiser::None),
];

/// The variants of the published claim, and the baselines with better initial values beside them.
pub const USUAL: [&str; 6] = ["ternary", "p3", "gpt", "gpt-scaled", "small-gpt", "small-gpt-scaled"];

/// Stands for all variants.
const ALL: &str = "all";

/// The variants of some names, or of `all`.
///
/// # Errors
/// Lists the names that there are, or tells one that occurs twice.
pub fn variants(names: &[String]) -> Result<Vec<Variant>> {
    if let [one] = names {
        if one == ALL {
            return Ok(VARIANTS.to_vec());
        }
    }
    for (index, name) in names.iter().enumerate() {
        ensure!(!names[..index].contains(name), "{name} is named twice, expected each variant once");
    }
    names.iter().map(|name| variant(name)).collect()
}

fn variant(name: &str) -> Result<Variant> {
    match VARIANTS.iter().find(|variant| variant.name == name) {
        Some(variant) => Ok(*variant),
        None => bail!(
            "{name:?} is no variant, expected `{ALL}` alone or some of {}",
            VARIANTS.map(|variant| variant.name).join(", ")
        ),
    }
}

/// What is compared, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The models.
    pub variants: Vec<Variant>,
    /// Seeds 0, 1, ... of each.
    pub seeds: u64,
    /// All but the model, the seed and the initial values.
    pub recipe: Recipe,
    /// Where checkpoints, logs and results go.
    pub folder: PathBuf,
    /// Threads to train on; all cores where none are named.
    pub threads: Option<usize>,
    /// The temperature in degrees Celsius at which the work pauses, and what measures it.
    pub limit: Option<(f64, Thermometer)>,
    /// Whether nothing is shown.
    pub quiet: bool,
}

/// The results of one variant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What the variant is.
    pub about: String,
    /// Number of parameters.
    pub parameters: usize,
    /// Bytes of the model file, or of the parameters in f32 where there is no such file; `None` where a chip could hold
    /// neither.
    pub flash_bytes: Option<usize>,
    /// Held-out bits a byte of each seed.
    pub bits_per_byte: Vec<f64>,
    /// Held-out perplexity, 2 to the power of the bits a byte.
    pub perplexity: Vec<f64>,
}

impl Row {
    /// Mean perplexity.
    pub fn mean(&self) -> f64 {
        mean(&self.perplexity)
    }
}

/// Trains what is not trained yet and judges everything, variant by variant. `show` is told what is done.
///
/// A sweep that was interrupted goes on where it was.
///
/// # Errors
/// A training fails, or `stop` is set; or a checkpoint in the folder belongs to another plan or text.
pub fn compare(plan: &Plan, corpus: &Corpus, stop: &AtomicBool, show: &mut dyn FnMut(&str)) -> Result<Vec<Row>> {
    std::fs::create_dir_all(&plan.folder).with_context(|| plan.folder.display().to_string())?;
    // Once, and not at every training.
    let limit = plan.limit.clone().and_then(|limit| measurable(limit, &mut *show));
    let plan = &Plan { limit, ..plan.clone() };
    let mut rows = Vec::new();
    for variant in &plan.variants {
        let mut row = Row {
            name: variant.name.to_owned(),
            about: variant.about.to_owned(),
            parameters: Layout::new(&variant.model).len(),
            flash_bytes: None,
            bits_per_byte: Vec::new(),
            perplexity: Vec::new(),
        };
        for seed in 0..plan.seeds {
            let (judgement, params) = one(plan, variant, seed, corpus, stop, show)?;
            row.bits_per_byte.push(judgement.bits_per_byte());
            row.perplexity.push(judgement.perplexity());
            row.flash_bytes = flash_bytes(&SavedModel { config: variant.model, params })?;
            show(&format!("{}, seed {seed}: perplexity {:.3}", variant.name, judgement.perplexity()));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// One training, from the start, from where it was interrupted, or done already.
fn one(
    plan: &Plan,
    variant: &Variant,
    seed: u64,
    corpus: &Corpus,
    stop: &AtomicBool,
    show: &mut dyn FnMut(&str),
) -> Result<(Judgement, Vec<f32>)> {
    let recipe = Recipe { model: variant.model, init: variant.init, seed, ..plan.recipe.clone() };
    let out = plan.folder.join(format!("{}-seed{seed}.safetensors", variant.name));
    let resumed = out.exists();
    let state = if resumed { saved(&out, &recipe, corpus)? } else { State::initial(&recipe) };
    let done = state.step >= recipe.steps;
    let mut trainer = Trainer::new(recipe, corpus.clone(), state, pool(plan.threads)?)?;
    if !done {
        show(&format!("{}, seed {seed}: step {} of {}", variant.name, trainer.state().step, plan.recipe.steps));
        let options = Options {
            log: Some(out.with_extension("jsonl")),
            plot: None,
            out,
            save_every: 500,
            judge_every: None,
            log_every: 10,
            limit: plan.limit.clone(),
            quiet: plan.quiet,
            resumed,
            existing: Existing::Replace,
        };
        run(&mut trainer, &options, stop)?;
        ensure!(!stop.load(Ordering::Relaxed), "stopped; the same command goes on");
    }
    let judgement = trainer.judge().context("no part of the text is held out, expected a train_share below 1")?;
    Ok((judgement, trainer.state().params.clone()))
}

fn saved(path: &Path, recipe: &Recipe, corpus: &Corpus) -> Result<State> {
    let checkpoint = Checkpoint::load(path)?;
    let (found, state, digest) = load_training(&checkpoint).with_context(|| path.display().to_string())?;
    ensure!(
        found == *recipe && digest == corpus.digest,
        "{}: was trained by another recipe or on another text; expected a folder of its own for this comparison",
        path.display()
    );
    Ok(state)
}

fn flash_bytes(model: &SavedModel) -> Result<Option<usize>> {
    let config = match &model.config {
        ModelConfig::Gpt(_) => return Ok(Some(4 * model.params.len())),
        ModelConfig::Atome(config) => config,
    };
    let format = match config.quantiser {
        Quantiser::Ternary => Format::Atome01,
        Quantiser::P3 => Format::AtomeP3,
        Quantiser::None => return Ok(Some(4 * model.params.len())),
    };
    match exportable(config.dims()) {
        Err(_) => Ok(None),
        Ok(shape) => Ok(Some(export(&model.to_checkpoint(), shape, format, USUAL_THREADS)?.bytes.len())),
    }
}

/// The rows as a Markdown table; the last column compares with the first row.
pub fn table(rows: &[Row]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let mut text = format!(
        "| model | parameters | flash, bytes | bits a byte | perplexity, each seed | mean | {} is better by |\n\
         |---|---:|---:|---:|---|---:|---:|\n",
        first.name
    );
    for row in rows {
        let flash = row.flash_bytes.map_or("none".to_owned(), |bytes| bytes.to_string());
        let seeds: Vec<String> = row.perplexity.iter().map(|value| format!("{value:.2}")).collect();
        let better = match row.name == first.name {
            true => String::new(),
            false => format!("{:+.1} %", 100.0 * (1.0 - first.mean() / row.mean())),
        };
        text.push_str(&format!(
            "| {} ({}) | {} | {flash} | {:.3} | {} | {:.2} | {better} |\n",
            row.name,
            row.about,
            row.parameters,
            mean(&row.bits_per_byte),
            seeds.join(", "),
            row.mean(),
        ));
    }
    text
}

/// The rows as bars.
pub fn plot(title: &str, rows: &[Row]) -> String {
    let bar = |row: &Row| Bar { name: row.name.clone(), values: row.perplexity.clone() };
    bars(title, "held-out perplexity", &rows.iter().map(bar).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny(folder: &Path) -> Plan {
        let recipe = Recipe { steps: 4, batch: 2, ..Recipe::default() };
        let variants = ["ternary", "no-state", "small-gpt"].map(|name| variant(name).unwrap()).to_vec();
        Plan { variants, seeds: 2, recipe, folder: folder.to_owned(), threads: Some(1), limit: None, quiet: true }
    }

    #[test]
    fn a_sweep_that_was_interrupted_goes_on_where_it_was() {
        let corpus = Corpus::new(b"once upon a time there was a test. ".repeat(100), 256).unwrap();
        let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let go = AtomicBool::new(false);
        let rows = compare(&tiny(whole.path()), &corpus, &go, &mut |_| ()).unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows.iter().map(|row| row.flash_bytes).collect::<Vec<_>>(), [Some(20_575), None, Some(4 * 5_968)]);
        assert!(rows.iter().all(|row| row.perplexity.len() == 2 && row.perplexity[0] != row.perplexity[1]));

        let stop = AtomicBool::new(false);
        let mut trainings = 0;
        let stopped = compare(&tiny(parts.path()), &corpus, &stop, &mut |text| {
            trainings += usize::from(text.contains("step 0 of"));
            stop.store(trainings == 3, Ordering::Relaxed);
        });
        assert!(stopped.unwrap_err().to_string().contains("stopped"));
        let mut started = Vec::new();
        let again = compare(&tiny(parts.path()), &corpus, &go, &mut |text| {
            started.extend(text.contains("step 0 of").then(|| text.to_owned()));
        });
        assert_eq!(again.unwrap(), rows);
        assert_eq!(started.len(), 4, "two were done and four were not: {started:?}");

        let mut other = tiny(parts.path());
        other.recipe.batch = 3;
        let message = compare(&other, &corpus, &go, &mut |_| ()).unwrap_err().to_string();
        assert!(message.contains("ternary-seed0.safetensors: was trained by another recipe"), "{message}");
    }

    #[test]
    fn a_sweep_pauses_while_the_machine_is_hot() {
        let corpus = Corpus::new(b"once upon a time there was a test. ".repeat(100), 256).unwrap();
        let (folder, class) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let zone = class.path().join("thermal/thermal_zone0");
        std::fs::create_dir_all(&zone).unwrap();
        let degrees = |text: &str| std::fs::write(zone.join("temp"), text).unwrap();
        degrees("90000\n");
        let plan = Plan { limit: Some((85.0, Thermometer::under(class.path()))), ..tiny(folder.path()) };
        let log = folder.path().join("ternary-seed0.jsonl");
        let cooled = std::thread::scope(|scope| {
            let sweep = scope.spawn(|| compare(&plan, &corpus, &AtomicBool::new(false), &mut |_| ()));
            while !log.exists() {
                std::thread::yield_now();
            }
            std::thread::sleep(std::time::Duration::from_millis(300));
            assert!(!sweep.is_finished() && !std::fs::read_to_string(&log).unwrap().contains("\"event\":\"step\""));
            degrees("40000\n");
            sweep.join().unwrap().unwrap()
        });
        assert_eq!(cooled, compare(&plan, &corpus, &AtomicBool::new(false), &mut |_| ()).unwrap());
        assert!(std::fs::read_to_string(&log).unwrap().contains("\"event\":\"pause\""));
    }

    #[test]
    fn a_machine_without_a_thermometer_is_told_of_once() {
        let corpus = Corpus::new(b"once upon a time there was a test. ".repeat(100), 256).unwrap();
        let (folder, class) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let plan = Plan { limit: Some((85.0, Thermometer::under(class.path()))), ..tiny(folder.path()) };
        let mut notes = 0;
        compare(&plan, &corpus, &AtomicBool::new(false), &mut |text| notes += usize::from(text.contains("note:")))
            .unwrap();
        assert_eq!(notes, 1);
    }

    #[test]
    fn all_variants_are_those_of_the_published_table() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/sweep/results.md");
        let table = std::fs::read_to_string(path).unwrap();
        let published = table.lines().skip(2).map(|row| row.trim_start_matches("| ").split(" (").next().unwrap());
        let all = variants(&["all".to_owned()]).unwrap();
        assert!(published.eq(all.iter().map(|variant| variant.name)), "{table}");
        assert_eq!(USUAL.as_slice(), &VARIANTS.map(|variant| variant.name)[..USUAL.len()]);
        let refused = |names: &[&str]| {
            variants(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap_err().to_string()
        };
        assert!(refused(&["ternary", "all"]).contains("\"all\" is no variant, expected `all` alone or some of"));
        assert!(refused(&["p3", "ternary", "p3"]).contains("p3 is named twice"));
    }

    #[test]
    fn the_table_says_by_how_much_the_first_is_better() {
        let row = |name: &str, perplexity: &[f64]| Row {
            name: name.to_owned(),
            about: "x".to_owned(),
            parameters: 1,
            flash_bytes: None,
            bits_per_byte: vec![1.0],
            perplexity: perplexity.to_vec(),
        };
        let text = table(&[row("a", &[5.0, 7.0]), row("b", &[8.0]), row("c", &[5.0])]);
        assert!(text.contains("| 5.00, 7.00 | 6.00 |  |"), "{text}");
        assert!(text.contains("| +25.0 % |") && text.contains("| -20.0 % |"), "{text}");
        assert!(variant("gtp").unwrap_err().to_string().contains("small-gpt"));
    }
}
