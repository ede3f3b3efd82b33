//! Models whose layers end in feed-forward sublayers: training, judging, export, and every command that reads them.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use atome_engine::container::{Contents, Description, PartKind, WeightFormat};
use atome_engine::Shape;
use common::training::{text, tiny, train};
use common::{atome, failure, json, small_model, stderr, success, write, SMALL};
use serde_json::Value;

fn call(folder: &Path, arguments: &[&str]) -> Command {
    let mut call = atome();
    call.current_dir(folder).args(arguments);
    call
}

/// m.safetensors and m.box in `folder`, of a tiny model with two sublayers a layer, and story.txt; what its training said.
fn trained(folder: &Path) -> Value {
    text(folder);
    let said = json(tiny(folder, "m.safetensors", 40).args(["--lr", "0.01", "--feed-forward", "2", "-q"]));
    success(&mut call(folder, &["export", "m.safetensors", "--out", "m.box", "--container", "--max-seq", "64"]));
    said
}

/// Bits a byte of a model, exact to the last digit.
fn bits(folder: &Path, model: &str, arguments: &[&str]) -> Value {
    let eval = ["eval", model, "--text", "story.txt", "--windows", "9", "--window", "32"];
    json(&mut call(folder, &[&eval[..], arguments].concat()))["bits_per_byte"].clone()
}

#[test]
fn a_text_becomes_a_container_that_computes_as_its_training_did() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let said = trained(folder);
    // One layer of 8: gamma, beta and two matrices for each of two sublayers.
    assert_eq!(said["parameters"], 4096 + 16 + 24 + 24 + 32 + 32 + 64 + 24 + 16 + 2 * (16 + 128));
    assert!(said["bits_per_byte"].as_f64().unwrap() < 7.0, "{said}");
    let held_out = json(&mut call(folder, &["eval", "m.safetensors", "--text", "story.txt", "--held-out"]));
    assert_eq!(held_out["with"], "engine");
    let by_training = bits(folder, "m.safetensors", &["--with", "train"]).as_f64().unwrap();
    let by_engine = bits(folder, "m.box", &[]).as_f64().unwrap();
    assert!((by_training - by_engine).abs() < 1e-6, "{by_training} {by_engine}");
    assert_eq!(bits(folder, "m.safetensors", &[]), bits(folder, "m.box", &[]));
    let said = json(&mut call(folder, &["run", "m.box", "the robot", "-n", "5"]));
    assert_eq!(said["tokens"].as_array().unwrap().len(), 5, "{said}");
    success(&mut call(folder, &["calibrate", "m.box", "--text", "story.txt", "--window", "32", "--out", "found"]));
}

#[test]
fn integers_compute_them_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    trained(folder);
    let by_integers = ["eval", "m.box", "--text", "story.txt", "--windows", "9", "--window", "32", "--integer"];
    let judged = json(&mut call(folder, &by_integers));
    let exact = bits(folder, "m.box", &[]).as_f64().unwrap();
    assert!((judged["bits_per_byte"].as_f64().unwrap() - exact).abs() < 0.01 * exact, "{judged} {exact}");
    assert!(judged["same_as_exact"].as_u64().unwrap() * 10 > judged["tokens"].as_u64().unwrap() * 9, "{judged}");
    success(&mut call(folder, &["inspect", "m.box", "--integer"]));
    let said = json(&mut call(folder, &["run", "m.box", "the robot", "-n", "5", "--integer"]));
    assert_eq!(said["tokens"].as_array().unwrap().len(), 5, "{said}");
}

#[test]
fn files_say_what_is_in_them_and_a_plain_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    trained(folder);
    let refused = failure(&mut call(folder, &["export", "m.safetensors", "--out", "m.bin"]), 2);
    assert!(refused.contains("feed-forward sublayers") && refused.contains("expected --container"), "{refused}");
    assert!(!folder.join("m.bin").exists());
    let again = train(folder, "m.safetensors").args(["--steps", "41", "--resume"]).output().unwrap();
    let note = String::from_utf8(again.stderr).unwrap();
    assert!(note.contains("--container` makes one"), "{note}");
    let export = ["export", "m.safetensors", "--out", "n.box", "--container", "--header", "m.h", "--c-array", "m.c"];
    let told = success(&mut call(folder, &export));
    assert!(told.contains("feed_forward=2  (") && told.contains("blocks.0.feed_forward.1.down.weight"), "{told}");
    for name in ["m.h", "m.c"] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        assert!(
            text.contains("2 feed-forward sublayers a layer") && text.contains("ATOME_FEED_FORWARD != 2"),
            "{text}"
        );
    }

    let part = 4 + 2 * (2 * 4 * 8 + 2 * (4 + 16));
    let seen = json(&mut call(folder, &["inspect", "m.box"]));
    assert_eq!((&seen["feed_forward"]["sublayers"], &seen["feed_forward"]["bytes"]), (&2.into(), &part.into()));
    assert_eq!(seen["feed_forward"]["sections"].as_array().unwrap().len(), 8);
    assert_eq!(seen["feed_forward"]["sections"][7]["name"], "Wdown");
    assert_eq!(seen["feed_forward"]["sections"][7]["sublayer"], 1);
    let table = success(&mut call(folder, &["inspect", "m.box"]));
    for what in ["with a feed-forward part of ", "2 sublayers a layer", "  0.1 Wdown"] {
        assert!(table.contains(what), "{what}: {table}");
    }
    let len = fs::metadata(folder.join("m.box")).unwrap().len();
    let needs = json(&mut call(folder, &["budget", "m.box"]));
    assert_eq!((&needs["flash_bytes"], &needs["feed_forward"]), (&len.into(), &2.into()));
    let sizes = ["--d-model", "8", "--n-layers", "1", "--d-head", "4", "--kernel-size", "3", "--feed-forward", "2"];
    let planned = json(&mut call(folder, &[&["budget"][..], &sizes].concat()));
    // The real one has notes of nothing; what is planned is padded at most.
    let planned = planned["flash_bytes"].as_u64().unwrap();
    assert!((len..len + 32).contains(&planned), "{planned} {len}");
}

#[test]
fn what_changes_the_file_keeps_the_sublayers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    trained(folder);
    let expected = bits(folder, "m.box", &[]);
    for format in ["atome02", "atomep3"] {
        success(&mut call(folder, &["convert", "m.box", "--format", format, "--container", "--out", format]));
        assert_eq!(bits(folder, format, &[]), expected, "{format}");
        let back = format!("{format}.back");
        success(&mut call(folder, &["convert", format, "--format", "atome01", "--container", "--out", &back]));
        assert_eq!(fs::read(folder.join(back)).unwrap(), fs::read(folder.join("m.box")).unwrap());
    }
    let refused = failure(&mut call(folder, &["convert", "m.box", "--format", "atome02", "--out", "m.bin"]), 1);
    assert!(refused.contains("m.box: has a feed-forward part") && refused.contains("--container"), "{refused}");
    success(&mut call(folder, &["convert", "m.box", "--header", "m.h"]));
    assert!(fs::read_to_string(folder.join("m.h")).unwrap().contains("#define ATOME_FEED_FORWARD 2\n"));
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include");
    write(folder, "main.c", b"#include \"m.h\"\n#include \"atome.h\"\n");
    // A program in C learns it when it is compiled, not from a load.
    match Command::new("cc").current_dir(folder).arg("-I").arg(include).args(["-fsyntax-only", "main.c"]).output() {
        Ok(output) => assert!(stderr(&output).contains("which this library does not compute"), "{}", stderr(&output)),
        Err(error) => println!("SKIPPED: what a compiler says: cc: {error}"),
    }

    let refused = failure(&mut call(folder, &["unpack", "m.box", "--out", "m.bin"]), 2);
    assert!(refused.contains("m.box: its layers end in feed-forward sublayers"), "{refused}");
    assert!(!folder.join("m.bin").exists());
    success(&mut call(folder, &["unpack", "m.box", "--out", "m.bin", "--feed-forward", "m.ff", "--sidecar"]));
    success(&mut call(folder, &["pack", "m.bin", "--out", "again.box", "--feed-forward", "m.ff"]));
    assert_eq!(bits(folder, "again.box", &[]), expected);
    let refused = failure(&mut call(folder, &["unpack", "m.box", "--out", "m.bin", "--feed-forward", "m.ff"]), 1);
    assert!(refused.contains("is there already"), "{refused}");
    write(folder, "cut.ff", &fs::read(folder.join("m.ff")).unwrap()[1..]);
    let refused = failure(&mut call(folder, &["pack", "m.bin", "--out", "cut.box", "--feed-forward", "cut.ff"]), 1);
    assert!(refused.contains("--feed-forward: cut.ff: feed-forward: "), "{refused}");
    success(&mut call(folder, &["pack", "m.bin", "--out", "none.box"]));
    let refused = failure(&mut call(folder, &["unpack", "none.box", "--out", "o.bin", "--feed-forward", "o.ff"]), 1);
    assert!(refused.contains("none.box has no feed-forward sublayers"), "{refused}");
    assert_ne!(bits(folder, "none.box", &[]), expected);

    success(&mut call(folder, &["keygen", "maker"]));
    success(&mut call(folder, &["sign", "m.box", "--key", "maker.secret", "--out", "signed.box"]));
    assert!(success(&mut call(folder, &["verify", "signed.box", "--key", "maker.pub"])).contains("signed by"));
    assert_eq!(bits(folder, "signed.box", &[]), expected);
}

#[test]
fn a_training_goes_on_with_as_many_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    text(folder);
    let begun = |steps, arguments: &[&str]| {
        let mut call = tiny(folder, "m.safetensors", steps);
        call.args(["-q"]).args(arguments);
        call
    };
    let resumed = |arguments: &[&str]| {
        let mut call = train(folder, "m.safetensors");
        call.args(["-q", "--resume", "--steps", "6"]).args(arguments);
        call
    };
    success(&mut begun(6, &["--feed-forward", "2", "--threads", "1"]));
    let whole = fs::read(folder.join("m.safetensors")).unwrap();
    success(&mut begun(3, &["--feed-forward", "2", "--threads", "2", "--force"]));
    success(&mut resumed(&[]));
    assert!(fs::read(folder.join("m.safetensors")).unwrap() == whole, "another model");
    for (other, said) in [("1", "feed_forward 1 instead of 2"), ("0", "feed_forward null instead of 2")] {
        let refused = failure(&mut resumed(&["--feed-forward", other]), 2);
        assert!(refused.contains(said), "{refused}");
    }
    let refused = failure(&mut begun(1, &["--feed-forward", "17", "--force"]), 2);
    assert!(refused.contains("--feed-forward") && refused.contains("16"), "{refused}");
    let refused = failure(
        &mut call(folder, &["train", "--text", "story.txt", "--out", "g", "--model", "gpt", "--feed-forward", "1"]),
        2,
    );
    assert!(refused.contains("--feed-forward is for a model of three pathways"), "{refused}");
    let tuned =
        ["train", "--text", "story.txt", "--out", "t.safetensors", "--init-from", "m.safetensors", "--steps", "1"];
    success(&mut call(folder, &tuned));
    // More of them can be added, and none left out.
    let grown = ["--feed-forward", "3", "--seed", "5", "--force"];
    let said = call(folder, &[&tuned[..], &grown].concat()).output().unwrap();
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("1 feed-forward sublayer at the end of each layer"), "{said}");
    success(&mut call(folder, &["export", "t.safetensors", "--out", "t.box", "--container"]));
    assert_eq!(json(&mut call(folder, &["inspect", "t.box"]))["feed_forward"]["sublayers"], 3);
    let refused = failure(&mut call(folder, &[&tuned[..], &["--feed-forward", "1", "--force"]].concat()), 2);
    assert!(refused.contains("feed_forward=2, expected") && refused.contains("leave those flags out"), "{refused}");
    assert!(fs::read(folder.join("t.safetensors")).unwrap().windows(15).any(|bytes| bytes == b"\"feed_forward\\\""));
}

#[test]
fn pairs_and_classes_learn_in_them_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut pairs = String::from("prompt,answer\n");
    for index in 0..20 {
        pairs += &format!("light {index},{}\n", if index % 2 == 0 { "on" } else { "off" });
    }
    write(folder, "pairs.csv", pairs.as_bytes());
    write(folder, "classes.csv", pairs.replace("prompt,answer", "text,class").as_bytes());
    let size = ["--d-model", "16", "--n-layers", "1", "--steps", "30", "--feed-forward", "1"];
    for (kind, keys) in [
        ("pairs", ["right", "least_probability", "mean_probability_of_the_right_answer"]),
        ("classes", ["right", "least_margin", "confusion"]),
    ] {
        let (file, flag) = (format!("{kind}.csv"), format!("--{kind}"));
        let (checkpoint, container) = (format!("{kind}.safetensors"), format!("{kind}.box"));
        let taught =
            json(&mut call(folder, &[&["train", "-q", "--out", &checkpoint, &flag, &file][..], &size].concat()));
        let held_out = json(&mut call(folder, &["eval", &checkpoint, &flag, &file, "--held-out"]));
        for key in keys {
            assert_eq!(held_out[key], taught[kind][key], "{kind} {key}");
        }
        success(&mut call(folder, &["export", &checkpoint, "--out", &container, "--container"]));
        let [of_file, of_checkpoint] =
            [&container, &checkpoint].map(|model| json(&mut call(folder, &["eval", model, &flag, &file])));
        for key in keys {
            assert_eq!(of_file[key], of_checkpoint[key], "{kind} {key}");
        }
        let said = call(folder, &["run", &container, "light 3", "--json"]).output().unwrap();
        let said: Value = serde_json::from_slice(&said.stdout).unwrap();
        assert!(said["class"].is_u64() || said["answer"].is_string(), "{said}");
    }
}

#[test]
fn a_part_that_does_not_fit_its_model_is_refused_by_every_reader() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    small_model(folder);
    let payload = fs::read(folder.join("small.bin")).unwrap();
    let about = Description::new(Shape::new(SMALL).unwrap(), 32, WeightFormat::TwoBits);
    for (part, expected) in [
        (&[17, 0, 0, 0, 1][..], "feed-forward: offset 0: 17, expected 1 to 16 sublayers a layer"),
        (&[1, 0, 0, 0, 1], "feed-forward: 5 bytes, expected 532 of this shape and count"),
    ] {
        let contents =
            Contents { about: &about, notes: &[], parts: &[(PartKind::FEED_FORWARD, part)], payload: &payload };
        let mut bytes = vec![0; contents.file_len().unwrap()];
        contents.write(&mut bytes).unwrap();
        write(folder, "bad.box", &bytes);
        write(folder, "story.txt", &[b'a'; 300]);
        for arguments in [
            &["run", "bad.box", "Hi"][..],
            &["inspect", "bad.box"],
            &["budget", "bad.box"],
            &["convert", "bad.box", "--format", "atome02", "--container", "--out", "x.box"],
            &["convert", "bad.box", "--c-array", "x.c"],
            &["eval", "bad.box", "--text", "story.txt", "--window", "32"],
            &["calibrate", "bad.box", "--text", "story.txt", "--window", "32", "--out", "found"],
        ] {
            let refused = failure(&mut call(folder, arguments), 1);
            assert!(refused.contains("bad.box: ") && refused.contains(expected), "{arguments:?}: {refused}");
        }
    }
}
