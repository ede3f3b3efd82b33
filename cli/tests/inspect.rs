//! `atome inspect`: shapes from flags, sidecars and bytes, and what it reports.

mod common;

use atome_engine::format::sections;
use atome_engine::{Dims, Shape};
use common::*;

#[test]
fn all_sections_are_listed_with_their_places() {
    let folder = tempfile::tempdir().unwrap();
    for (model, classes, header) in
        [(small_model(folder.path()), None, 7), (small_classifier(folder.path()), Some(3), 13)]
    {
        let report = json(atome().arg("inspect").arg(&model));
        let listed = report["sections"].as_array().unwrap();
        let expected: Vec<_> = sections(Shape::new(SMALL).unwrap(), classes).collect();
        assert_eq!(listed.len(), expected.len());
        for (listed, expected) in listed.iter().zip(&expected) {
            assert_eq!(listed["name"], expected.name);
            assert_eq!(listed["offset"], header + expected.offset);
            assert_eq!(listed["bytes"], expected.bytes);
        }
        assert_eq!(report["n_classes"], serde_json::json!(classes));
        assert_eq!(report["integer"], serde_json::json!({ "taken": true, "why_not": null }));
        let table = success(atome().arg("inspect").arg(&model));
        assert!(table.contains("no invalid code (10), no non-finite value"), "{table}");
        let widths: Vec<usize> = table
            .lines()
            .filter(|line| line.contains(" x ") || line.contains("norm") || line.contains("ssm"))
            .map(str::len)
            .collect();
        assert_eq!(widths.len(), expected.len());
        assert!(widths.iter().all(|&width| width == widths[0]), "columns are not aligned:\n{table}");
    }
}

#[test]
fn damage_is_named_with_its_offset() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let mut bytes = std::fs::read(&model).unwrap();
    let gamma = 7 + 4 + 256 * 16 / 4;
    bytes[20] = 0b10_00_10_00;
    bytes[gamma + 8..gamma + 12].copy_from_slice(&f32::NAN.to_le_bytes());
    let damaged = write(folder.path(), "damaged.bin", &bytes);
    let message = failure(atome().arg("inspect").arg(&damaged), 1);
    assert!(message.contains("damaged.bin") && message.contains("no shape fits"), "{message}");
    let table = success(atome().arg("inspect").arg(&damaged).args(SMALL_FLAGS));
    assert!(table.contains("bad: embed: 2 invalid codes, the first at offset 20"), "{table}");
    let expected = format!("bad: layer 0 norm gamma: 1 non-finite value, the first at offset {}", gamma + 8);
    assert!(table.contains(&expected), "{table}");
}

#[test]
fn integers_refuse_what_has_no_meaning_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let good = small_model(folder.path());
    assert!(success(atome().arg("inspect").arg(&good).arg("--integer")).contains("the integer arithmetic takes it"));
    let mut bytes = std::fs::read(&good).unwrap();
    let gamma = 7 + 4 + 256 * 16 / 4;
    bytes[gamma..gamma + 4].copy_from_slice(&f32::INFINITY.to_le_bytes());
    let bad = write(folder.path(), "infinite.bin", &bytes);
    let table = success(atome().arg("inspect").arg(&bad).args(SMALL_FLAGS));
    let why = "gamma of layer 0 holds an infinity or NaN";
    assert!(table.contains(&format!("does not take it: {why}")), "{table}");
    let message = failure(atome().arg("inspect").arg(&bad).args(SMALL_FLAGS).arg("--integer"), 1);
    assert!(message.contains("infinite.bin: ") && message.contains(why), "{message}");
    let too_long = atome().arg("inspect").arg(&good).args(["--integer", "--max-seq", "5000"]).output().unwrap();
    assert!(stderr(&too_long).contains("max_seq is 5000, expected 1 to 4096"), "{}", stderr(&too_long));
}

const SMALL_FLAGS: [&str; 12] = [
    "--vocab",
    "256",
    "--d-model",
    "16",
    "--n-layers",
    "2",
    "--d-head",
    "8",
    "--kernel-size",
    "3",
    "--n-pathways",
    "3",
];

#[test]
fn flags_come_before_the_sidecar_and_the_sidecar_before_the_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    write(folder.path(), "small.json", br#"{"d_model": 16, "top_k": 2, "max_seq": 64, "d_head": 8, "note": "x"}"#);
    let report = json(atome().arg("inspect").arg(&model).args(["--max-seq", "32", "--n-layers", "2"]));
    let sources = serde_json::json!({
        "vocab_size": "recovered", "d_model": "sidecar", "n_layers": "flag", "d_head": "sidecar",
        "kernel_size": "recovered", "n_pathways": "recovered", "top_k": "sidecar", "max_seq": "flag",
    });
    assert_eq!(report["sources"], sources);
    assert_eq!((&report["shape"]["top_k"], &report["shape"]["max_seq"]), (&2.into(), &32.into()));
    // The longer name is the closer one.
    write(folder.path(), "small.bin.json", br#"{"top_k": 3}"#);
    assert_eq!(json(atome().arg("inspect").arg(&model))["shape"]["top_k"], 3);
}

#[test]
fn a_wrong_shape_is_refused_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let mut flags = SMALL_FLAGS;
    flags[5] = "3";
    let message = failure(atome().arg("inspect").arg(&model).args(flags), 1);
    assert!(message.contains("small.bin: ends at offset"), "{message}");
    assert!(message.contains("its bytes look like --vocab 256 --d-model 16 --n-layers 2 --d-head 8"), "{message}");
    // A smaller shape leaves bytes over: allowed by the format, and said.
    flags[5] = "1";
    let table = success(atome().arg("inspect").arg(&model).args(flags));
    assert!(table.contains("behind the end of this shape"), "{table}");
}

#[test]
fn a_bad_sidecar_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    for (text, expected) in [
        ("{\"d_model\": -1}", "d_model is -1, expected an integer from 1 to 65535"),
        ("{\"d_model\"", "line 1"),
        ("[]", "expected a JSON object"),
    ] {
        write(folder.path(), "small.json", text.as_bytes());
        let message = failure(atome().arg("inspect").arg(&model), 1);
        assert!(message.contains("small.json") && message.contains(expected), "{message}");
    }
    // With every size given, there is no reason to look at it.
    success(atome().arg("inspect").arg(&model).args(SMALL_FLAGS).args(["--attn-top-k", "4", "--max-seq", "32"]));
}

#[test]
fn a_shape_of_many_layers_is_not_listed() {
    let folder = tempfile::tempdir().unwrap();
    let dims = Dims { d_model: 1, n_layers: 1025, d_head: 1, kernel_size: 1, n_pathways: 3, vocab_size: 1, top_k: 1 };
    let model = |n_layers| {
        let bytes = model_bytes(Dims { n_layers, ..dims }, None, Floats::Trained, &mut fastrand::Rng::with_seed(1));
        let path = write(folder.path(), "deep.bin", &bytes);
        let mut call = atome();
        call.arg("inspect").arg(path).args(["--d-model", "1", "--d-head", "1", "--kernel-size", "1"]);
        call.args(["--n-pathways", "3", "--vocab", "1", "--n-layers", &n_layers.to_string()]);
        call
    };
    let message = failure(&mut model(1025), 1);
    assert!(message.contains("has 1,025 layers, expected 1,024 at most"), "{message}");
    assert!(json(&mut model(1024))["sections"].as_array().unwrap().len() > 10_000);
}
