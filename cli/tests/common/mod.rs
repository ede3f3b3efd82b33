//! Generated model files, and the program under test.
#![allow(dead_code, reason = "every test file uses a part")]

pub mod training;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use atome_engine::format::{sections, SectionKind, CLASSIFIER_MAGIC, MAGIC};
use atome_engine::{Dims, Shape};
use fastrand::Rng;

/// How the floats of a generated model look.
#[derive(Clone, Copy, Debug)]
pub enum Floats {
    /// As after training: every value is its own.
    Trained,
    /// As before: gamma 1, beta 0, a_raw 1.5.
    Fresh,
}

/// A small model that runs in no time.
pub const SMALL: Dims =
    Dims { d_model: 16, n_layers: 2, d_head: 8, kernel_size: 3, n_pathways: 3, vocab_size: 256, top_k: 4 };

/// An ATOME01 file, or with `n_classes` an ATOMECL01 file, of random weights.
pub fn model_bytes(dims: Dims, n_classes: Option<usize>, look: Floats, rng: &mut Rng) -> Vec<u8> {
    let mut bytes = match n_classes {
        None => MAGIC.to_vec(),
        Some(count) => [CLASSIFIER_MAGIC.as_slice(), &(count as i32).to_le_bytes()].concat(),
    };
    for section in sections(Shape::new(dims).unwrap(), n_classes) {
        match section.kind {
            SectionKind::Matrix { rows, cols } => matrix(rows * cols, rng, &mut bytes),
            SectionKind::Floats { count } => {
                for _ in 0..count {
                    bytes.extend(float(section.name, look, rng).to_le_bytes());
                }
            }
        }
    }
    bytes
}

/// A scale, then weights with the zeros that ternarising leaves; the last byte is filled up with zeros.
fn matrix(count: usize, rng: &mut Rng, bytes: &mut Vec<u8>) {
    bytes.extend((0.02 + 0.6 * rng.f32()).to_le_bytes());
    let zeros = 0.28 + 0.25 * rng.f32();
    for start in (0..count).step_by(4) {
        let mut byte = 0;
        for place in 0..(count - start).min(4) {
            let code = if rng.f32() < zeros {
                0
            } else if rng.bool() {
                1
            } else {
                3
            };
            byte |= code << (2 * place);
        }
        bytes.push(byte);
    }
}

fn float(section: &str, look: Floats, rng: &mut Rng) -> f32 {
    let spread = rng.f32() + rng.f32() - 1.0;
    match (section.rsplit(' ').next(), look) {
        (Some("gamma"), Floats::Trained) => 0.6 + 0.4 * spread,
        (Some("gamma"), Floats::Fresh) => 1.0,
        (Some("beta"), Floats::Trained) => 0.3 * spread,
        (Some("beta"), Floats::Fresh) => 0.0,
        (Some("a_raw"), Floats::Trained) => 1.0 + 0.5 * spread,
        (Some("a_raw"), Floats::Fresh) => 1.5,
        _ => 0.5 * spread,
    }
}

/// A file of [`SMALL`] in `folder`.
pub fn small_model(folder: &Path) -> PathBuf {
    write(folder, "small.bin", &model_bytes(SMALL, None, Floats::Trained, &mut Rng::with_seed(1)))
}

/// A classifier over [`SMALL`] in `folder`.
pub fn small_classifier(folder: &Path) -> PathBuf {
    write(folder, "classifier.bin", &model_bytes(SMALL, Some(3), Floats::Trained, &mut Rng::with_seed(2)))
}

/// A command of the program, in this folder.
pub fn in_folder(folder: &Path, command: &str) -> Command {
    let mut program = atome();
    program.current_dir(folder).arg(command);
    program
}

/// `small.bin` and a container of it, `small.box`.
pub fn packed(folder: &Path) -> PathBuf {
    small_model(folder);
    let sizes = ["--attn-top-k", "4", "--max-seq", "48", "--note", "name=small", "--note", "for=tests, and no more"];
    let text = success(in_folder(folder, "pack").args(["small.bin", "--out", "small.box"]).args(sizes));
    assert!(text.starts_with("wrote small.box (3,"), "{text}");
    folder.join("small.box")
}

pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// The program, with nothing to read.
pub fn atome() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atome"));
    command.stdin(Stdio::null());
    command
}

/// Runs the program with `input` on its standard input.
pub fn with_input(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Standard output of a run that must succeed.
pub fn success(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", stderr(&output));
    stdout(&output)
}

/// The message of a run that must fail with this exit code.
pub fn failure(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{command:?}: {message}");
    assert!(message.contains("error: "), "{message}");
    assert_eq!(stdout(&output), "", "{command:?}");
    message
}

/// JSON that a run prints.
pub fn json(command: &mut Command) -> serde_json::Value {
    serde_json::from_str(&success(command.arg("--json"))).unwrap()
}

/// A file of the data folder beside the workspace, which not everyone has.
pub fn data_file(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there", path.display());
    None
}
