//! Trainings as a whole: the same bits on any number of threads and across interruptions.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use atome_train::checkpoint::atomic::Existing;
use atome_train::checkpoint::Checkpoint;
use atome_train::config::{AtomeConfig, GptConfig, ModelConfig, Pathways, Quantiser};
use atome_train::corpus::{Corpus, Split};
use atome_train::log::{self, Line};
use atome_train::model::loss::Mixture;
use atome_train::recipe::{Distillation, Recipe};
use atome_train::saved::SavedModel;
use atome_train::saved_training::{load_training, save_training};
use atome_train::schedule::Schedule;
use atome_train::session::{run, Options, Outcome};
use atome_train::state::State;
use atome_train::teacher::{Teacher, TeacherLogits};
use atome_train::thermal::Thermometer;
use atome_train::trainer::{pool, Trainer};

fn corpus() -> Corpus {
    let words = ["the ", "robot ", "asks ", "a ", "small ", "question ", "again. ", "why "];
    let text: String = (0..2000_usize).map(|i| words[(i * i / 7 + i) % words.len()]).collect();
    Corpus::new(text.into_bytes(), 256).unwrap()
}

fn small_atome() -> ModelConfig {
    ModelConfig::Atome(AtomeConfig { d_model: 20, n_layers: 2, d_head: 6, kernel_size: 3, ..AtomeConfig::default() })
}

fn recipe(model: ModelConfig) -> Recipe {
    Recipe { model, steps: 12, chunk: 32, batch: 7, seed: 5, ..Recipe::default() }
}

fn trainer(recipe: &Recipe, threads: usize) -> Trainer {
    Trainer::new(recipe.clone(), corpus(), State::initial(recipe), pool(Some(threads)).unwrap()).unwrap()
}

fn trained(recipe: &Recipe, threads: usize) -> State {
    let mut trainer = trainer(recipe, threads);
    advance(&mut trainer, recipe.steps);
    trainer.state().clone()
}

fn advance(trainer: &mut Trainer, steps: u64) {
    for _ in 0..steps {
        trainer.step().unwrap();
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let gpt = GptConfig { d_model: 12, n_heads: 2, d_ff: 20, n_layers: 1, ..GptConfig::PARAMETER_FAIR };
    let schedule = Schedule { warmup: 3, lowest: Some(1e-5) };
    for recipe in [
        recipe(small_atome()),
        recipe(ModelConfig::Atome(AtomeConfig {
            feed_forward: 2,
            d_model: 12,
            d_head: 6,
            n_layers: 2,
            ..AtomeConfig::default()
        })),
        Recipe { accumulate: 3, clip: Some(0.5), schedule, ..recipe(small_atome()) },
        Recipe { shards: 3, ..recipe(ModelConfig::Gpt(gpt)) },
    ] {
        let one = trained(&recipe, 1);
        assert_eq!(one, trained(&recipe, 2));
        assert_eq!(one, trained(&recipe, 3));
        assert_ne!(one.params, trained(&Recipe { seed: 6, ..recipe.clone() }, 1).params);
    }
}

#[test]
fn every_kind_of_model_learns() {
    let config = AtomeConfig { d_model: 20, n_layers: 2, d_head: 6, kernel_size: 3, ..AtomeConfig::default() };
    let gpt = GptConfig { d_model: 20, n_heads: 2, d_ff: 20, n_layers: 1, ..GptConfig::PARAMETER_FAIR };
    let models = [
        ModelConfig::Atome(config),
        ModelConfig::Atome(AtomeConfig { quantiser: Quantiser::P3, ..config }),
        ModelConfig::Atome(AtomeConfig { quantiser: Quantiser::None, ..config }),
        ModelConfig::Atome(AtomeConfig { pathways: Pathways { local: false, ..Pathways::ALL }, ..config }),
        ModelConfig::Atome(AtomeConfig { feed_forward: 2, ..config }),
        ModelConfig::Gpt(gpt),
    ];
    for model in models {
        let mut recipe = Recipe { steps: 120, ..recipe(model) };
        recipe.optimiser.lr = 1e-2;
        let mut trainer = trainer(&recipe, 2);
        let before = trainer.judge().unwrap().bits_per_byte();
        advance(&mut trainer, recipe.steps);
        let after = trainer.judge().unwrap().bits_per_byte();
        assert!(before > 7.0 && after < 3.0, "{model:?}: {before} to {after} bits a byte");
    }
}

#[test]
fn accumulated_batches_are_one_large_batch() {
    let large = recipe(small_atome());
    let parts = Recipe { batch: 4, accumulate: 2, ..large.clone() };
    let whole = Recipe { batch: 8, ..large };
    let (mut parts, mut whole) = (trainer(&parts, 1), trainer(&whole, 1));
    let (a, b) = (parts.step().unwrap(), whole.step().unwrap());
    assert!((a.loss - b.loss).abs() < 1e-5 && (a.norm - b.norm).abs() < 1e-4 * b.norm, "{a:?} {b:?}");
}

#[test]
fn a_gradient_longer_than_the_limit_is_shortened() {
    let free = recipe(small_atome());
    let norm = trainer(&free, 1).step().unwrap().norm;
    let moved = |clip| {
        let mut trainer = trainer(&Recipe { clip, ..free.clone() }, 1);
        assert_eq!(trainer.step().unwrap().norm, norm);
        trainer.state().mean.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt()
    };
    assert!((moved(None) - 0.1 * norm).abs() < 1e-5 * norm);
    assert!((moved(Some(norm * 0.25)) - 0.025 * norm).abs() < 1e-5 * norm);
    assert_eq!(moved(Some(norm * 2.0)), moved(None));
}

fn options(folder: &Path, resumed: bool) -> Options {
    Options {
        out: folder.join("model.safetensors"),
        log: Some(folder.join("model.jsonl")),
        plot: Some(folder.join("model.svg")),
        save_every: 5,
        judge_every: Some(4),
        log_every: 3,
        limit: None,
        quiet: true,
        resumed,
        existing: Existing::Replace,
    }
}

fn session(folder: &Path, recipe: &Recipe, stop: bool) -> Outcome {
    run(&mut trainer(recipe, 2), &options(folder, false), &AtomicBool::new(stop)).unwrap()
}

fn resume(folder: &Path) -> Outcome {
    let saved = Checkpoint::load(&folder.join("model.safetensors")).unwrap();
    let (recipe, state, digest) = load_training(&saved).unwrap();
    let corpus = corpus();
    assert_eq!(digest, corpus.digest);
    let mut trainer = Trainer::new(recipe, corpus, state, pool(Some(1)).unwrap()).unwrap();
    run(&mut trainer, &options(folder, true), &AtomicBool::new(false)).unwrap()
}

fn file(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap()
}

#[test]
fn a_training_that_was_killed_goes_on_bit_for_bit() {
    let recipe = recipe(small_atome());
    let (whole, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let outcome = session(whole.path(), &recipe, false);
    assert_eq!((outcome.step, outcome.interrupted), (12, false));

    // As a kill in step 8 leaves it: the checkpoint is that of step 5, the log is longer and ends in the middle of a line.
    session(killed.path(), &recipe, true);
    let mut trainer = trainer(&recipe, 3);
    advance(&mut trainer, 5);
    let saved = save_training(&recipe, trainer.state(), &corpus().digest);
    saved.save(&killed.path().join("model.safetensors")).unwrap();
    let lost = r#"{"event":"judgement","step":8,"bits_per_byte":1.0,"perplexity":2.0}"#;
    let mut text = file(killed.path(), "model.jsonl");
    text.extend(format!("{lost}\n{}", &lost[..20]).bytes());
    std::fs::write(killed.path().join("model.jsonl"), text).unwrap();

    assert_eq!(resume(killed.path()).judgement, outcome.judgement);
    let name = "model.safetensors";
    assert_eq!(file(whole.path(), name), file(killed.path(), name));
    let steps: Vec<u64> = log::read(&killed.path().join("model.jsonl"))
        .unwrap()
        .iter()
        .filter(|line| matches!(line, Line::Judgement { .. }))
        .map(Line::step)
        .collect();
    // The judgement at step 0 is that of the interrupted start.
    assert_eq!(steps, [0, 8, 12]);
    assert!(String::from_utf8(file(killed.path(), "model.svg")).unwrap().contains("<polyline"));
}

#[test]
fn an_interrupted_training_is_saved_and_goes_on() {
    let recipe = recipe(small_atome());
    let folder = tempfile::tempdir().unwrap();
    let outcome = session(folder.path(), &recipe, true);
    assert!(outcome.interrupted && outcome.step == 0);
    assert_eq!(resume(folder.path()).step, 12);
    let saved = Checkpoint::load(&folder.path().join("model.safetensors")).unwrap();
    assert_eq!(load_training(&saved).unwrap().1, trained(&recipe, 1));
}

#[test]
fn the_work_pauses_while_the_machine_is_too_hot() {
    let folder = tempfile::tempdir().unwrap();
    let zone = folder.path().join("thermal/thermal_zone0");
    std::fs::create_dir_all(&zone).unwrap();
    let heat = |thousandths: &str| std::fs::write(zone.join("temp"), thousandths).unwrap();
    heat("91000");
    let mut options = options(folder.path(), false);
    options.limit = Some((85.0, Thermometer::under(folder.path())));
    let mut trainer = trainer(&recipe(small_atome()), 1);
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run(&mut trainer, &options, &AtomicBool::new(false)).unwrap());
        std::thread::sleep(Duration::from_millis(300));
        // Cooler than the limit, but not by enough.
        heat("82000");
        std::thread::sleep(Duration::from_millis(500));
        assert!(!running.is_finished());
        heat("60000");
        assert_eq!(running.join().unwrap().step, 12);
    });
    let pauses: Vec<Line> = log::read(&folder.path().join("model.jsonl"))
        .unwrap()
        .into_iter()
        .filter(|line| matches!(line, Line::Pause { .. }))
        .collect();
    let [Line::Pause { step: 0, degrees, seconds }] = pauses[..] else { panic!("{pauses:?}") };
    assert!(degrees == 91.0 && (0.7..5.0).contains(&seconds), "{pauses:?}");
}

#[test]
fn a_place_that_cannot_be_written_is_known_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path(), false);
    options.out = folder.path().join("no/such/folder/model.safetensors");
    let mut trainer = trainer(&recipe(small_atome()), 1);
    let error = format!("{:#}", run(&mut trainer, &options, &AtomicBool::new(false)).unwrap_err());
    assert!(error.contains("no/such/folder") && trainer.state().step == 0, "{error}");
}

#[test]
fn a_training_that_diverges_keeps_its_last_good_state() {
    let mut recipe = recipe(small_atome());
    recipe.optimiser.lr = 1e30;
    let folder = tempfile::tempdir().unwrap();
    let error = run(&mut trainer(&recipe, 1), &options(folder.path(), false), &AtomicBool::new(false)).unwrap_err();
    assert!(error.to_string().contains("expected numbers"), "{error}");
}

#[test]
fn a_student_learns_from_a_teachers_cached_logits() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus();
    let taught = recipe(small_atome());
    let split = Split::new(corpus.len(), taught.chunk, taught.train_share).unwrap();
    let saved = SavedModel { config: taught.model, params: trained(&taught, 1).params };
    let teacher = Teacher::new(&saved);
    let path = folder.path().join("teacher.logits");
    let mut notes = Vec::new();
    let mut open = || {
        let existing = TeacherLogits::look_up(&path).unwrap();
        TeacherLogits::open((&path, existing), &teacher, &corpus, &split, &mut |note| notes.push(note)).unwrap()
    };
    let logits = open();
    open();
    assert_eq!(notes.len(), 1, "the second time they should lie there: {notes:?}");
    let mut values = Vec::new();
    logits.read(&[3, 0], &mut values).unwrap();
    assert_eq!(values.len(), 2 * 31 * 256);

    let mixture = Mixture { share: 0.0, temperature: 2.0 };
    let distillation = Some(Distillation { mixture, teacher: teacher.digest.clone() });
    let mut student = Recipe { distillation, seed: 9, steps: 30, ..taught.clone() };
    student.optimiser.lr = 5e-3;
    let run = |threads| {
        let mut trainer = trainer(&student, threads);
        trainer.learn_from(open_again(&path, &teacher, &corpus, &split));
        let losses: Vec<f64> = (0..student.steps).map(|_| trainer.step().unwrap().loss).collect();
        (losses, trainer.state().clone())
    };
    let (losses, state) = run(1);
    assert_eq!(state, run(2).1);
    assert!(losses[29] < 0.8 * losses[0], "{losses:?}");
    assert!(trainer(&student, 1).step().is_err(), "a distillation without a teacher");
    std::fs::write(&path, "something else").unwrap();
    let refused = TeacherLogits::look_up(&path).unwrap_err();
    assert!(format!("{refused:#}").contains("teacher.logits: is there and holds no teacher's logits"), "{refused:#}");
}

#[test]
fn logits_that_came_after_the_start_are_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (corpus, taught) = (corpus(), recipe(small_atome()));
    let split = Split::new(corpus.len(), taught.chunk, taught.train_share).unwrap();
    let teacher = |seed| {
        let params = trained(&Recipe { seed, steps: 1, ..taught.clone() }, 1).params;
        Teacher::new(&SavedModel { config: taught.model, params })
    };
    let path = folder.path().join("teacher.logits");
    let open = |existing, teacher: &Teacher| {
        TeacherLogits::open((&path, existing), teacher, &corpus, &split, &mut |_| ()).map(drop)
    };
    // Two runs look, and find nothing.
    let [one, other] = [TeacherLogits::look_up(&path).unwrap(); 2];
    open(one, &teacher(1)).unwrap();
    let written = std::fs::read(&path).unwrap();
    let refused = format!("{:#}", open(other, &teacher(2)).unwrap_err());
    assert!(refused.contains("teacher.logits: is there already"), "{refused}");
    assert!(std::fs::read(&path).unwrap() == written);
    // What is there when a run looks may be replaced by it.
    open(TeacherLogits::look_up(&path).unwrap(), &teacher(2)).unwrap();
    assert!(std::fs::read(&path).unwrap() != written);
}

fn open_again(path: &Path, teacher: &Teacher, corpus: &Corpus, split: &Split) -> TeacherLogits {
    let place = (path, TeacherLogits::look_up(path).unwrap());
    TeacherLogits::open(place, teacher, corpus, split, &mut |note| panic!("written again: {note}")).unwrap()
}
