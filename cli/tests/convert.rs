//! `atome convert`: every format into every other, what is refused, and that all commands read what it writes.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use atome_engine::format::{sections_packed, SectionKind};
use atome_engine::{Model, Packing, Shape, Weights};
use common::*;
use fastrand::Rng;

const FORMATS: [&str; 3] = ["atome01", "atome02", "atomep3"];

fn convert(from: &Path, format: &str, to: &Path) -> Command {
    let mut command = atome();
    command.arg("convert").arg(from).args(["--format", format, "--out"]).arg(to);
    command
}

fn converted(from: &Path, format: &str, to: PathBuf) -> PathBuf {
    success(&mut convert(from, format, &to));
    to
}

#[test]
fn every_format_becomes_every_other_without_loss() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let original = fs::read(&model).unwrap();
    let text = success(atome().args(["run", "-q", "-n", "30"]).arg(&model).arg("Hi"));
    let mut bytes_of = Vec::new();
    for first in FORMATS {
        let there = converted(&model, first, folder.path().join(first));
        assert!(fs::read(&there).unwrap().starts_with(first.to_uppercase().as_bytes()));
        assert_eq!(success(atome().args(["run", "-q", "-n", "30"]).arg(&there).arg("Hi")), text, "{first}");
        for second in FORMATS {
            let again = converted(&there, second, folder.path().join(format!("{first}-{second}")));
            let back = converted(&again, "atome01", folder.path().join(format!("{first}-{second}-back")));
            assert!(fs::read(&back).unwrap() == original, "{first} {second}");
        }
        bytes_of.push(fs::read(&there).unwrap().len());
    }
    assert!(bytes_of[1] < bytes_of[0] && bytes_of[0] < bytes_of[2], "{bytes_of:?}");
}

#[test]
fn all_commands_know_the_formats() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let text = write(folder.path(), "text.txt", "so it was and so it is, said the old fox. ".repeat(9).as_bytes());
    let loss = json(atome().arg("eval").arg(&model).arg("--text").arg(&text))["nats_per_byte"].clone();
    for (format, packing) in FORMATS.into_iter().zip(Packing::ALL) {
        let file = converted(&model, format, folder.path().join(format));
        let report = json(atome().arg("inspect").arg(&file));
        assert_eq!(report["format"], format.to_uppercase());
        assert_eq!(report["shape"]["d_model"], 16);
        assert_eq!(report["sources"]["d_head"], "recovered");
        let expected: Vec<_> = sections_packed(Shape::new(SMALL).unwrap(), packing, None).collect();
        for (listed, expected) in report["sections"].as_array().unwrap().iter().zip(&expected) {
            assert_eq!(listed["offset"], 7 + expected.offset);
            assert_eq!(listed["bytes"], expected.bytes);
        }
        let table = success(atome().arg("inspect").arg(&file));
        assert!(table.contains("no invalid") && table.contains(&format.to_uppercase()), "{table}");
        assert_eq!(json(atome().arg("budget").arg(&file))["flash_bytes"], fs::metadata(&file).unwrap().len());
        let judged = json(atome().arg("eval").arg(&file).arg("--text").arg(&text));
        assert_eq!(judged["nats_per_byte"], loss);
    }
}

/// [`small_model`] as ATOMEP3, with one weight of the last matrix of layer 1 made 9.
fn with_a_nine(folder: &Path) -> (PathBuf, usize) {
    let file = converted(&small_model(folder), "atomep3", folder.join("nine.p3"));
    let mut bytes = fs::read(&file).unwrap();
    let sections: Vec<_> = sections_packed(Shape::new(SMALL).unwrap(), Packing::PowersOfThree, None).collect();
    let router = sections.iter().rfind(|section| section.name == "router").unwrap();
    // Weight 8 of the matrix, the first of its second group.
    let at = 7 + router.offset + 4 + 3;
    bytes[at] = bytes[at] & !7 | 5;
    fs::write(&file, bytes).unwrap();
    (file, 7 + router.offset)
}

#[test]
fn a_weight_that_has_no_place_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (file, offset) = with_a_nine(folder.path());
    for (format, name) in [("atome01", "ATOME01"), ("atome02", "ATOME02")] {
        let to = folder.path().join("out.bin");
        let message = failure(&mut convert(&file, format, &to), 1);
        let expected = format!(
            "nine.p3: offset {offset}: layer 1 router: the weight in row 0, column 8 is +9, expected -1, 0 or +1, which is \
             all that {name} holds"
        );
        assert!(message.contains(&expected), "{message}");
        assert!(!to.exists());
    }
    let same = converted(&file, "atomep3", folder.path().join("same.p3"));
    assert!(fs::read(same).unwrap() == fs::read(&file).unwrap());
    assert!(json(atome().arg("inspect").arg(&file))["sections"].to_string().contains("\"greater_than_one\":1"));
}

#[test]
fn nothing_is_replaced_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let to = write(folder.path(), "there.bin", b"mine");
    let message = failure(&mut convert(&model, "atome02", &to), 1);
    assert!(message.contains("there.bin: is there already; --force replaces it"), "{message}");
    assert_eq!(fs::read(&to).unwrap(), b"mine");
    let original = fs::read(&model).unwrap();
    let message = failure(convert(&model, "atome02", &model).arg("--force"), 2);
    assert!(message.contains("is what this command reads"), "{message}");
    assert!(fs::read(&model).unwrap() == original);
    success(convert(&model, "atome02", &to).arg("--force"));
    assert!(fs::read(&to).unwrap().starts_with(b"ATOME02"));
}

#[test]
fn a_sidecar_and_a_summary_say_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let mut bytes = fs::read(&model).unwrap();
    // A code 10, and bytes behind the end.
    bytes[11] = 0b10;
    bytes.extend([1, 2, 3]);
    let model = write(folder.path(), "odd.bin", &bytes);
    let to = folder.path().join("m.b3");
    let shape = ["--vocab", "256", "--d-model", "16", "--n-layers", "2", "--d-head", "8", "--kernel-size", "3"];
    let mut command = convert(&model, "atome02", &to);
    let summary = json(command.args(shape).args(["--n-pathways", "3", "--max-seq", "48", "--sidecar"]));
    assert_eq!(summary["left_out"], serde_json::json!({"unused_codes": 1, "bytes_behind_the_end": 3}));
    assert_eq!(summary["files"].as_array().unwrap().len(), 2);
    assert_eq!(summary["bytes"], fs::metadata(&to).unwrap().len());
    let report = json(atome().arg("inspect").arg(&to));
    assert_eq!((&report["shape"]["max_seq"], &report["sources"]["max_seq"]), (&48.into(), &"sidecar".into()));
}

#[test]
fn a_class_head_is_left_out_only_when_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let classifier = small_classifier(folder.path());
    let to = folder.path().join("base.bin");
    let message = failure(&mut convert(&classifier, "atome01", &to), 1);
    assert!(message.contains("a class head has a place in ATOMECL01 only"), "{message}");
    for format in FORMATS {
        success(convert(&classifier, format, &to).args(["--without-head", "--force"]));
        let bytes = fs::read(&to).unwrap();
        let base = Model::new(Shape::new(SMALL).unwrap(), &bytes).unwrap();
        let original = fs::read(&classifier).unwrap();
        let original = atome_engine::Classifier::new(Shape::new(SMALL).unwrap(), &original, 3).unwrap().base;
        assert!(base.unembed().weights().eq(original.unembed().weights()), "{format}");
        assert_eq!(base.unembed().scale(), original.unembed().scale());
    }
}

#[test]
fn a_classifier_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let classifier = small_classifier(folder.path());
    let original = fs::read(&classifier).unwrap();
    // A code 10 in the class head, and a byte behind the end.
    let shape = Shape::new(SMALL).unwrap();
    let head = sections_packed(shape, Packing::TwoBits, Some(3)).last().unwrap();
    let mut odd = original.clone();
    odd[13 + head.offset + 4] = odd[13 + head.offset + 4] & !3 | 0b10;
    odd.push(7);
    let odd = write(folder.path(), "odd.bin", &odd);
    let flags = ["--vocab", "256", "--d-model", "16", "--n-layers", "2", "--d-head", "8", "--kernel-size", "3"];
    let mut command = convert(&odd, "atomecl01", &at("even.bin"));
    let summary = json(command.args(flags).args(["--n-pathways", "3", "--sidecar"]));
    assert_eq!(summary["left_out"], serde_json::json!({"unused_codes": 1, "bytes_behind_the_end": 1}));
    assert_eq!((&summary["from"], &summary["format"]), (&"ATOMECL01".into(), &"ATOMECL01".into()));
    let mut expected = original.clone();
    expected[13 + head.offset + 4] &= !3;
    assert!(fs::read(at("even.bin")).unwrap() == expected);
    assert!(fs::read_to_string(at("even.bin.json")).unwrap().contains("ATOMECL01"));
    assert!(fs::read(converted(&classifier, "atomecl01", at("same.bin"))).unwrap() == original);

    success(convert(&classifier, "atomecl01", &at("c.box")).args([
        "--container",
        "--attn-top-k",
        "4",
        "--max-seq",
        "48",
    ]));
    let report = json(atome().arg("inspect").arg(at("c.box")));
    assert_eq!((&report["format"], &report["n_classes"]), (&"ATOMECL01".into(), &3.into()));
    assert!(fs::read(converted(&at("c.box"), "atomecl01", at("back.bin"))).unwrap() == original);
}

#[test]
fn a_class_head_is_not_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("out.bin");
    let message = failure(&mut convert(&small_model(folder.path()), "atomecl01", &to), 1);
    assert!(message.contains("small.bin: has no class head, expected a classifier for ATOMECL01"), "{message}");
    let classifier = small_classifier(folder.path());
    let message = failure(convert(&classifier, "atomecl01", &to).arg("--without-head"), 2);
    assert!(message.contains("--without-head: ATOMECL01 is the format of class heads"), "{message}");
    assert!(!to.exists());
}

#[test]
fn a_byte_that_stands_for_no_weights_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (p3, _) = with_a_nine(folder.path());
    let b3 = converted(&small_model(folder.path()), "atome02", folder.path().join("m.b3"));
    let flags = ["--vocab", "256", "--d-model", "16", "--n-layers", "2", "--d-head", "8", "--kernel-size", "3"];
    for (file, byte, expected) in
        [(b3, 250, "offset 20: byte 250, expected 0 to 242"), (p3, 0xff, "offset 20: byte 255, expected no code 111")]
    {
        let mut bytes = fs::read(&file).unwrap();
        bytes[20] = byte;
        fs::write(&file, bytes).unwrap();
        let message =
            failure(atome().args(["run", "-n", "1"]).arg(&file).arg("Hi").args(flags).args(["--n-pathways", "3"]), 1);
        assert!(message.contains(expected) && message.contains(file.to_str().unwrap()), "{message}");
        let message =
            failure(convert(&file, "atomep3", &folder.path().join("x")).args(flags).args(["--n-pathways", "3"]), 1);
        assert!(message.contains(expected), "{message}");
        let table = success(atome().arg("inspect").arg(&file).args(flags).args(["--n-pathways", "3"]));
        assert!(table.contains("bad: embed: 1 invalid code, the first at offset 20"), "{table}");
    }
}

#[test]
fn shapes_of_all_formats_are_recovered() {
    let folder = tempfile::tempdir().unwrap();
    let cases = std::env::var("ATOME_CLI_CASES").map_or(60, |cases| cases.parse().unwrap());
    let (mut recovered, mut asked) = (0, 0);
    for seed in 0..cases as u64 {
        let mut rng = Rng::with_seed(seed);
        let dims = atome_engine::Dims {
            d_model: rng.usize(8..=96),
            n_layers: rng.usize(1..=5),
            d_head: rng.usize(1..=48),
            kernel_size: rng.usize(1..=9),
            vocab_size: if rng.u8(..8) == 0 { rng.usize(2..=600) } else { 256 },
            ..SMALL
        };
        let model = write(folder.path(), "m.bin", &model_bytes(dims, None, Floats::Trained, &mut rng));
        let flags = [
            ("--vocab", dims.vocab_size),
            ("--d-model", dims.d_model),
            ("--n-layers", dims.n_layers),
            ("--d-head", dims.d_head),
            ("--kernel-size", dims.kernel_size),
            ("--n-pathways", dims.n_pathways),
        ];
        for format in ["atome02", "atomep3"] {
            let to = folder.path().join(format);
            let mut command = convert(&model, format, &to);
            command.arg("--force");
            for (flag, value) in flags {
                command.arg(flag).arg(value.to_string());
            }
            success(&mut command);
            let output = atome().arg("inspect").arg(&to).arg("--json").output().unwrap();
            if !output.status.success() {
                assert!(stderr(&output).contains("give"), "seed {seed}: {}", stderr(&output));
                asked += 1;
                continue;
            }
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            for (key, value) in [
                ("vocab_size", dims.vocab_size),
                ("d_model", dims.d_model),
                ("n_layers", dims.n_layers),
                ("d_head", dims.d_head),
                ("kernel_size", dims.kernel_size),
            ] {
                assert_eq!(report["shape"][key], value, "seed {seed}, {format}: {}", report["shape"]);
            }
            recovered += 1;
        }
    }
    println!("{recovered} recovered, {asked} asked for flags");
    assert!(recovered >= 19 * asked, "{recovered} recovered, {asked} asked for flags");
}

/// Sections without weights are the same bytes in all formats.
#[test]
fn floats_and_scales_are_carried_over_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let shape = Shape::new(SMALL).unwrap();
    let plain = fs::read(&model).unwrap();
    for (format, packing) in FORMATS.into_iter().zip(Packing::ALL) {
        let bytes = fs::read(converted(&model, format, folder.path().join(format))).unwrap();
        for (a, b) in sections_packed(shape, Packing::TwoBits, None).zip(sections_packed(shape, packing, None)) {
            let len = if matches!(a.kind, SectionKind::Floats { .. }) { a.bytes } else { 4 };
            assert_eq!(plain[7 + a.offset..][..len], bytes[7 + b.offset..][..len], "{format} {b}");
        }
    }
}
