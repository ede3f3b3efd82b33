//! How often `atome inspect` recovers the shape of a file, and that it is never wrong.

mod common;

use std::ops::RangeInclusive;

use atome_engine::Dims;
use common::{atome, data_file, json, model_bytes, stderr, write, Floats};
use fastrand::Rng;

/// Cases of the property test; `ATOME_CLI_CASES` asks for another number.
const CASES: usize = 300;

#[test]
fn the_published_model_is_recovered() {
    let Some(model) = data_file("atome_944k.bin") else { return };
    let report = json(atome().arg("inspect").arg(model));
    let expected = serde_json::json!({
        "vocab_size": 256, "d_model": 256, "n_layers": 8, "d_head": 64, "kernel_size": 5, "n_pathways": 3,
        "top_k": 4, "max_seq": 128,
    });
    assert_eq!(report["shape"], expected);
    assert_eq!(report["bytes"], 276_655);
    assert_eq!(report["sources"]["d_model"], "recovered");
    assert_eq!(report["sources"]["max_seq"], "default");
}

fn random_dims(widths: RangeInclusive<usize>, rng: &mut Rng) -> Dims {
    let rare = |rng: &mut Rng| rng.u8(..8) == 0;
    Dims {
        d_model: rng.usize(widths),
        n_layers: rng.usize(1..=6),
        d_head: rng.usize(1..=64),
        kernel_size: rng.usize(1..=9),
        n_pathways: if rare(rng) { rng.usize(3..=8) } else { 3 },
        vocab_size: if rare(rng) { rng.usize(2..=1000) } else { 256 },
        top_k: 4,
    }
}

/// The flags that give a shape.
fn flags(size: impl Fn(&str) -> String) -> String {
    let names = [
        ("--vocab", "vocab_size"),
        ("--d-model", "d_model"),
        ("--n-layers", "n_layers"),
        ("--d-head", "d_head"),
        ("--kernel-size", "kernel_size"),
        ("--n-pathways", "n_pathways"),
    ];
    names.map(|(flag, name)| format!("{flag} {}", size(name))).join(" ")
}

fn flags_of(dims: &Dims) -> String {
    flags(|name| {
        let size = match name {
            "vocab_size" => dims.vocab_size,
            "d_model" => dims.d_model,
            "n_layers" => dims.n_layers,
            "d_head" => dims.d_head,
            "kernel_size" => dims.kernel_size,
            _ => dims.n_pathways,
        };
        size.to_string()
    })
}

#[derive(Debug, Default)]
struct Tally {
    recovered: usize,
    /// The program asked for flags.
    asked: usize,
    /// It took another shape.
    wrong: Vec<String>,
}

fn try_shapes(widths: RangeInclusive<usize>, cases: usize) -> Tally {
    let folder = tempfile::tempdir().unwrap();
    let mut tally = Tally::default();
    for seed in 0..cases as u64 {
        let mut rng = Rng::with_seed(seed);
        let dims = random_dims(widths.clone(), &mut rng);
        let look = if rng.bool() { Floats::Trained } else { Floats::Fresh };
        let classes = (rng.u8(..4) == 0).then(|| rng.usize(2..=20));
        let model = write(folder.path(), "m.bin", &model_bytes(dims, classes, look, &mut rng));
        let output = atome().arg("inspect").arg(&model).arg("--json").output().unwrap();
        let expected = flags_of(&dims);
        if !output.status.success() {
            assert!(stderr(&output).contains("give"), "seed {seed}: {}", stderr(&output));
            tally.asked += 1;
            continue;
        }
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let answer = flags(|name| report["shape"][name].to_string());
        if answer == expected {
            tally.recovered += 1;
        } else {
            tally.wrong.push(format!("seed {seed}: {expected} taken for {answer}"));
        }
    }
    println!("{cases} files: {} recovered, {} asked for flags", tally.recovered, tally.asked);
    tally
}

fn cases() -> usize {
    std::env::var("ATOME_CLI_CASES").map_or(CASES, |cases| cases.parse().unwrap())
}

#[test]
fn random_shapes_are_recovered() {
    let tally = try_shapes(8..=128, cases());
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert!(tally.recovered * 100 >= cases() * 99, "{tally:?}");
}

/// Below a width of 4, several sizes fill the same bytes: such a file must be asked about, not guessed.
#[test]
fn tiny_widths_are_never_taken_for_others() {
    let tally = try_shapes(1..=7, cases());
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert!(tally.recovered * 2 > cases(), "{tally:?}");
}
