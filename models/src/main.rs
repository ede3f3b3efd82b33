//! `atome-models`: makes, scores and checks the default model. `cargo xtask model` calls it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{bail, ensure, Context, Result};
use atome_engine::dialogue::{Dialogue, Limits};
use atome_engine::{Classifier, Model, Shape};
use atome_models::classifier::{self, Trained, CLASSES};
use atome_models::conversation::{ABOUT, DIALOGUE};
use atome_models::embedded::Description;
use atome_models::score::{limits, score};
use atome_models::training::{config, text, train, CHUNK, MAX_SEQ, SEED, STEPS};
use atome_models::{knowledge::Knowledge, phrasing::phrasings, report};
use atome_train::checkpoint::atomic::write_atomic;
use atome_train::corpus::Corpus;
use atome_train::dialogue::OwnedDialogue;
use atome_train::export::{header, CFile, CModel};
use lexopt::prelude::*;
use serde_json::{json, Map, Value};

/// Its options are told where users call it.
const HELP: &str = "`cargo xtask model --help` describes this program.\n";

/// Steps of the training that only compares thread counts.
const SHORT: u64 = 6;

enum Task {
    Make,
    Score,
    Check,
    Corpus(PathBuf),
}

fn main() -> std::process::ExitCode {
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut parser = lexopt::Parser::from_env();
    let (mut task, mut threads, mut work) = (Task::Make, None, home().join("../target/xtask/model"));
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => {
                say(HELP);
                return Ok(());
            }
            Long("score") => task = Task::Score,
            Long("check") => task = Task::Check,
            Long("corpus") => task = Task::Corpus(parser.value()?.into()),
            Long("threads") => threads = Some(parser.value()?.parse().context("--threads: expected a whole number")?),
            Long("work") => work = parser.value()?.into(),
            other => bail!("{} (cargo xtask model --help)", other.unexpected()),
        }
    }
    ensure!(threads != Some(0), "--threads is 0, expected 1 at least");
    match task {
        Task::Make => make(&work, threads),
        Task::Score => rescore(),
        Task::Check => check(&work),
        Task::Corpus(path) if path.as_os_str() == "-" => io::stdout().write_all(&text()?).context("standard output"),
        Task::Corpus(path) => write(&path, &text()?),
    }
}

/// Where the default model lies.
fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn make(work: &Path, threads: Option<usize>) -> Result<()> {
    let blob = train(STEPS, work, threads, false, &AtomicBool::new(false))?;
    let path = home().join("default.bin");
    let said =
        if fs::read(&path).is_ok_and(|before| before == blob) { "the same bytes as before" } else { "new bytes" };
    write(&path, &blob)?;
    say(&format!("models/default.bin: {} bytes, {said}\n", blob.len()));
    rescore()
}

fn shape() -> Result<Shape> {
    Ok(Shape::new(config().dims())?)
}

/// The files that follow from `default.bin`.
struct Derived {
    sidecar: String,
    header: String,
    classifier: Vec<u8>,
    classifier_sidecar: String,
    scores_json: String,
    scores_markdown: String,
}

fn derive() -> Result<Derived> {
    let path = home().join("default.bin");
    let blob = fs::read(&path).with_context(|| path.display().to_string())?;
    let model = Model::new(shape()?, &blob).context("models/default.bin")?;
    let limits = limits(&model, MAX_SEQ)?;
    let classifier = classifier::train(&blob, &model, MAX_SEQ)?;
    let classes = classifier::score(&Classifier::new(shape()?, &classifier.file, CLASSES.len())?, MAX_SEQ)?;
    let scores = score(&model, MAX_SEQ, &limits)?;
    let dialogue = Dialogue { limits, ..DIALOGUE };
    let file = CFile {
        format: "ATOME01",
        n_classes: None,
        len: blob.len(),
        model_len: Model::blob_len(&shape()?),
        is_container: false,
        feed_forward: 0,
    };
    let model = CModel {
        classes: None,
        title: "default.bin",
        name: "default",
        dims: config().dims(),
        max_seq: MAX_SEQ,
        file,
        has_array: false,
        dialogue: Some(dialogue),
    };
    Ok(Derived {
        sidecar: format!("{:#}\n", sidecar(&blob, limits)?),
        header: header(&model),
        scores_json: format!("{:#}\n", report::to_json(&scores, &classes)),
        scores_markdown: report::to_markdown(&scores, &classes),
        classifier_sidecar: format!("{:#}\n", classifier_sidecar(&classifier, limits)?),
        classifier: classifier.file,
    })
}

fn rescore() -> Result<()> {
    let derived = derive()?;
    write(&home().join("default.json"), derived.sidecar.as_bytes())?;
    write(&home().join("default.h"), derived.header.as_bytes())?;
    write(&home().join("classifier.bin"), &derived.classifier)?;
    write(&home().join("classifier.json"), derived.classifier_sidecar.as_bytes())?;
    write(&home().join("scores.json"), derived.scores_json.as_bytes())?;
    write(&home().join("scores.md"), derived.scores_markdown.as_bytes())?;
    say(&derived.scores_markdown);
    Ok(())
}

/// The shape and the window.
fn sizes(format: &str) -> Map<String, Value> {
    let dims = config().dims();
    let mut sizes = Map::new();
    sizes.insert("format".to_owned(), json!(format));
    for (key, value) in [
        ("vocab_size", dims.vocab_size),
        ("d_model", dims.d_model),
        ("n_layers", dims.n_layers),
        ("d_head", dims.d_head),
        ("kernel_size", dims.kernel_size),
        ("n_pathways", dims.n_pathways),
        ("top_k", dims.top_k),
        ("max_seq", MAX_SEQ),
    ] {
        sizes.insert(key.to_owned(), json!(value));
    }
    sizes
}

fn sidecar(blob: &[u8], limits: Limits) -> Result<Value> {
    let mut content = sizes("ATOME01");
    for (key, value) in [
        ("bytes", json!(blob.len())),
        ("sha256", json!(Corpus::new(blob.to_vec(), 256)?.digest)),
        ("corpus_sha256", json!(Corpus::new(text()?, 256)?.digest)),
        ("seed", json!(SEED)),
        ("steps", json!(STEPS)),
        ("chunk", json!(CHUNK)),
        ("dialogue", OwnedDialogue::of(&Dialogue { limits, ..DIALOGUE }, ABOUT)?.json()),
    ] {
        content.insert(key.to_owned(), value);
    }
    Ok(Value::Object(content))
}

fn classifier_sidecar(trained: &Trained, limits: Limits) -> Result<Value> {
    let mut content = sizes("ATOMECL01");
    for (key, value) in [
        ("bytes", json!(trained.file.len())),
        ("classes", json!(CLASSES)),
        ("least_margin", json!(trained.least_margin)),
        ("dialogue", OwnedDialogue::of(&Dialogue { limits, ..DIALOGUE }, ABOUT)?.json()),
    ] {
        content.insert(key.to_owned(), value);
    }
    Ok(Value::Object(content))
}

/// What can be known without the whole training.
fn check(work: &Path) -> Result<()> {
    let short = |threads: usize| -> Result<Vec<u8>> {
        train(SHORT, &work.join(format!("check-{threads}")), Some(threads), true, &AtomicBool::new(false))
    };
    let (one, three) = (short(1)?, short(3)?);
    ensure!(one == three, "{SHORT} steps on 1 and on 3 threads gave different models, expected the same bytes");
    let derived = derive()?;
    let files = [
        ("default.json", &derived.sidecar),
        ("default.h", &derived.header),
        ("classifier.json", &derived.classifier_sidecar),
        ("scores.json", &derived.scores_json),
        ("scores.md", &derived.scores_markdown),
    ];
    for (name, expected) in files {
        let path = home().join(name);
        let found = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        if let Some(line) = difference(&found, expected) {
            bail!("models/{name}: line {line} differs from what the generator and the model give (cargo xtask model)");
        }
    }
    let path = home().join("classifier.bin");
    if fs::read(&path).with_context(|| path.display().to_string())? != derived.classifier {
        bail!("models/classifier.bin: differs from what is learnt on the model (cargo xtask model --score)");
    }
    let description = Description::parse(&derived.sidecar)?;
    say(&format!(
        "{SHORT} steps on 1 and 3 threads: the same {} bytes; {} phrasings and the scores of {} bytes as committed\n",
        one.len(),
        phrasings(&Knowledge::built_in()?).len(),
        Model::blob_len(&description.shape)
    ));
    Ok(())
}

/// The first line in which two texts differ.
fn difference(found: &str, expected: &str) -> Option<usize> {
    let (mut left, mut right) = (found.split('\n'), expected.split('\n'));
    (1..).find_map(|line| match (left.next(), right.next()) {
        (None, None) => Some(None),
        (a, b) if a != b => Some(Some(line)),
        _ => None,
    })?
}

/// Prints. A reader that has gone does not keep the files from being written.
fn say(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomic(path, bytes).with_context(|| format!("{}: cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(difference("a\n", "a\nc\n"), Some(2));
    }
}
