//! `atome train`, `atome eval` and `atome compare`.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::training::{text, tiny, train};
use common::*;

#[test]
fn from_a_text_to_a_model_that_talks() {
    let folder = tempfile::tempdir().unwrap();
    text(folder.path());
    let trained = json(tiny(folder.path(), "model.safetensors", 60).args(["--lr", "0.01", "--eval-every", "20"]));
    assert_eq!((trained["step"].as_u64(), trained["finished"].as_bool()), (Some(60), Some(true)));
    let log = fs::read_to_string(folder.path().join("model.jsonl")).unwrap();
    assert_eq!(log.lines().filter(|line| line.contains(r#""event":"judgement""#)).count(), 3, "{log}");
    assert!(fs::read_to_string(folder.path().join("model.svg")).unwrap().contains("<polyline"));

    // The engine on the exported model, the engine on the checkpoint and the forward pass of training agree.
    let model = folder.path().join("model.bin");
    success(
        atome().arg("export").arg(folder.path().join("model.safetensors")).arg("--out").arg(&model).arg("--sidecar"),
    );
    let eval = |file: &str, more: &[&str]| {
        let mut call = atome();
        call.arg("eval").arg(folder.path().join(file)).arg("--text").arg(folder.path().join("story.txt"));
        json(call.args(more))
    };
    let held_out = eval("model.safetensors", &["--held-out"]);
    assert_eq!(held_out["with"], "engine");
    let close = |value: &serde_json::Value, other: &serde_json::Value| {
        let (value, other) = (value["perplexity"].as_f64().unwrap(), other["perplexity"].as_f64().unwrap());
        (value - other).abs() < 1e-4 * other
    };
    assert!(close(&held_out, &trained), "{held_out} {trained}");
    let cut = ["--window", "32", "--from", "100", "--windows", "7"];
    let by_file = eval("model.bin", &cut);
    assert_eq!((by_file["windows"].as_u64(), by_file["bytes"].as_u64()), (Some(7), Some(7 * 31)));
    assert!(close(&by_file, &eval("model.safetensors", &[&cut[..], &["--with", "train"]].concat())));
    assert_eq!(success(atome().arg("run").arg(&model).args(["the ", "-n", "5", "-q"])).len(), 6);
}

#[test]
fn a_training_ends_with_what_to_do_next_whatever_its_file_is_called() {
    let folder = tempfile::tempdir().unwrap();
    text(folder.path());
    let ends_with = |out: &str, flags: &[&str]| {
        let output = tiny(folder.path(), out, 2).args(flags).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output).lines().last().unwrap().to_owned()
    };
    let named = |name: &str| folder.path().join(name).display().to_string();
    let (checkpoint, model) = (named("a.bin"), named("a-model.bin"));
    let call = format!("atome export {checkpoint} --out {model}");
    let said = ends_with("a.bin", &[]);
    assert_eq!(said, format!("a checkpoint is no model file yet: `{call}` makes one"));
    // Whoever runs it first is told, too, and what is told can be typed.
    for command in ["run", "inspect", "budget"] {
        let message = failure(atome().args([command, &checkpoint]), 1);
        let expected =
            format!("a.bin: offset 0: a checkpoint (safetensors): expected a model file, which `{call}` makes of it");
        assert!(message.contains(&expected), "{message}");
    }
    success(atome().args(call.split(' ').skip(1)));
    success(atome().args(["run", &model, "the ", "-n", "2", "-q"]));
    assert!(ends_with("p3.safetensors", &["--quantiser", "p3"]).contains("p3.bin --format atomep3`"));
    for (out, flags) in [("f32.safetensors", ["--quantiser", "none"]), ("two.safetensors", ["--without", "state"])] {
        let said = ends_with(out, &flags);
        assert!(said.starts_with("saved ") && !said.contains("export"), "{said}");
    }
}

#[test]
fn texts_that_are_not_utf_8_are_pointed_out() {
    let folder = tempfile::tempdir().unwrap();
    let story = fs::read_to_string(text(folder.path())).unwrap();
    success(tiny(folder.path(), "model.safetensors", 2).arg("-q"));
    let marked: Vec<u8> = format!("\u{feff}{story}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = [story.as_bytes(), b"caf\xe9", story.as_bytes()].concat();
    for (bytes, expected) in [
        (marked, "begins with the byte-order mark of UTF-16LE".to_owned()),
        (latin, format!("is not UTF-8 (offset {})", story.len() + 3)),
    ] {
        let path = write(folder.path(), "story.txt", &bytes);
        let note = format!(
            "note: {}: {expected}: its bytes are taken as they are; `atome corpus` makes UTF-8 of it\n",
            path.display()
        );
        let trained = tiny(folder.path(), "other.safetensors", 2).args(["-q", "--force"]).output().unwrap();
        assert_eq!((trained.status.code(), stderr(&trained)), (Some(0), note.clone()));
        let mut call = atome();
        call.arg("eval").arg(folder.path().join("model.safetensors")).arg("--text").arg(&path).args(["--windows", "1"]);
        assert_eq!(stderr(&call.output().unwrap()), note);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn texts_and_models_may_come_through_pipes() {
    let folder = tempfile::tempdir().unwrap();
    let text = text(folder.path());
    success(tiny(folder.path(), "model.safetensors", 2).arg("-q"));
    let (model, checkpoint) = (small_model(folder.path()), folder.path().join("model.safetensors"));
    let judged = |subject: &Path, text: &Path, input: &Path| {
        let mut call = atome();
        call.arg("eval").arg(subject).arg("--text").arg(text).args(["--windows", "2", "--window", "16"]);
        let output = with_input(call.arg("--json"), &fs::read(input).unwrap());
        assert!(output.status.success(), "{}", stderr(&output));
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        found["nats_per_byte"].clone()
    };
    let pipe = Path::new("/dev/stdin");
    for subject in [&model, &checkpoint] {
        let expected = judged(subject, &text, &text);
        assert_eq!(judged(subject, pipe, &text), expected);
        assert_eq!(judged(pipe, &text, subject), expected);
    }
}

#[test]
fn a_gpt_is_judged_by_the_forward_pass_of_training() {
    let folder = tempfile::tempdir().unwrap();
    text(folder.path());
    let gpt = ["--model", "gpt", "--d-model", "8", "--n-layers", "1", "--n-heads", "2", "--d-ff", "8", "--steps", "5"];
    let trained = json(train(folder.path(), "gpt.safetensors").args(gpt).args(["--init", "pytorch"]));
    let eval = |more: &[&str]| {
        let mut call = atome();
        call.arg("eval").arg(folder.path().join("gpt.safetensors")).arg("--text").arg(folder.path().join("story.txt"));
        call.args(more);
        call
    };
    let judged = json(&mut eval(&["--held-out"]));
    assert_eq!((&judged["with"], &judged["perplexity"]), (&"train".into(), &trained["perplexity"]));
    let refused = failure(&mut eval(&["--with", "engine"]), 1);
    assert!(refused.contains("the engine reads ternary models"), "{refused}");
    let refused = failure(&mut eval(&["--window", "128"]), 1);
    assert!(refused.contains("expected 65 at most"), "{refused}");
}

/// Waits until the training has saved something of its own.
fn wait_for_steps(log: &Path) {
    let start = Instant::now();
    while !fs::read_to_string(log).is_ok_and(|text| text.contains(r#""step":300,"#)) {
        assert!(start.elapsed() < Duration::from_secs(60), "the training does not start");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Goes on to 50 steps behind where the checkpoint is, and compares with a training that was never interrupted.
#[cfg(unix)]
fn goes_on_bit_for_bit(folder: &Path, out: &str) {
    let description = {
        let bytes = fs::read(folder.join(out)).unwrap();
        String::from_utf8_lossy(&bytes[..bytes.len().min(20_000)]).into_owned()
    };
    let step: u64 = description.split(r#""step":""#).nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    assert!(step >= 100, "{step}");
    let steps = (step + 50).to_string();
    success(train(folder, out).args(["--resume", "-q", "--threads", "1", "--steps", &steps]));
    success(tiny(folder, "whole.safetensors", step + 50).args(["-q", "--force"]));
    assert!(fs::read(folder.join(out)).unwrap() == fs::read(folder.join("whole.safetensors")).unwrap());
}

#[cfg(unix)]
fn interrupted(signal: &str) -> (tempfile::TempDir, std::process::Output) {
    let folder = tempfile::tempdir().unwrap();
    text(folder.path());
    let mut call = tiny(folder.path(), "model.safetensors", 100_000_000);
    call.args(["--save-every", "100"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = call.spawn().unwrap();
    wait_for_steps(&folder.path().join("model.jsonl"));
    assert!(Command::new("kill").arg(signal).arg(child.id().to_string()).status().unwrap().success());
    (folder, child.wait_with_output().unwrap())
}

#[cfg(unix)]
#[test]
fn control_c_saves_and_a_resumed_training_goes_on_bit_for_bit() {
    let (folder, output) = interrupted("-INT");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--resume goes on"), "{}", stderr(&output));
    goes_on_bit_for_bit(folder.path(), "model.safetensors");
}

#[cfg(unix)]
#[test]
fn a_killed_training_goes_on_bit_for_bit() {
    let (folder, output) = interrupted("-KILL");
    assert_eq!(output.status.code(), None);
    goes_on_bit_for_bit(folder.path(), "model.safetensors");
}

/// A limit on the size of files stands in for a full disk: both fail in the middle of a write.
#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing_that_was_saved() {
    let folder = tempfile::tempdir().unwrap();
    text(folder.path());
    success(tiny(folder.path(), "model.safetensors", 10).arg("-q"));
    let saved = fs::read(folder.path().join("model.safetensors")).unwrap();
    let files = || fs::read_dir(folder.path()).unwrap().count();
    let before = files();
    let more = train(folder.path(), "model.safetensors");
    let mut call = Command::new("sh");
    call.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"]).arg(more.get_program()).args(more.get_args());
    let message = failure(call.args(["--resume", "--steps", "20", "-q"]), 1);
    assert!(message.contains("model.safetensors") && message.contains("cannot be saved"), "{message}");
    assert!(fs::read(folder.path().join("model.safetensors")).unwrap() == saved);
    assert_eq!(files(), before, "a part of a file was left behind");
}

#[test]
fn what_cannot_be_trained_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let story = text(folder.path());
    write(folder.path(), "short.txt", b"too short");
    success(tiny(folder.path(), "there.safetensors", 2).arg("-q"));
    write(folder.path(), "model.bin", b"ATOME01");
    write(folder.path(), "kept.jsonl", b"not ours");
    std::fs::create_dir(folder.path().join("a-folder")).unwrap();
    let usage: [(&[&str], &str); 20] = [
        (&["--log", "story.txt"], "--log story.txt: is what this command reads"),
        (&["--plot", "new.safetensors"], "new.safetensors: named for two files"),
        (&["--log", "new.svg"], "new.svg: named for two files"),
        (&["--log", "kept.jsonl"], "kept.jsonl: is there already: --force replaces it"),
        (&["--accumulate", "4294967295"], "--batch times --accumulate is 16 x 4294967295"),
        (&["--max-temperature", "nan"], "--max-temperature"),
        (&["--without", "local", "--without", "state", "--without", "sparse"], "no pathway is left"),
        (&["--d-ff", "8"], "--d-ff is for a gpt"),
        (&["--model", "gpt", "--d-head", "8"], "--d-head is for a model of three pathways"),
        (&["--model", "gpt", "--n-heads", "3"], "--d-model is 44, expected a multiple of --n-heads, 3"),
        (&["--model", "gpt", "--chunk", "128"], "--chunk is 128, expected 65 at most"),
        (&["--init", "pytorch"], "--init is pytorch"),
        (&["--lr", "-1"], "'-1' for '--lr <RATE>': expected a number above 0"),
        (&["--lowest-lr", "1"], "--lowest-lr is 1.0, expected 0 to the highest"),
        (&["--steps", "0"], "'--steps <N>'"),
        (&["--weights", "ema"], "--init-from"),
        (&["--chunk", "1"], "'1' for '--chunk <N>': expected a whole number from 2 to 65535"),
        (&["--d-model", "0"], "--d-model"),
        (&["--vocab", "1000"], "'1000' for '--vocab <N>': expected a whole number from 1 to 256"),
        (&["--text-share", "0.5"], "--teacher"),
    ];
    for (flags, expected) in usage {
        let message = failure(train(folder.path(), "new.safetensors").args(flags), 2);
        assert!(message.contains(expected), "{flags:?}: {message}");
    }
    let there = failure(&mut train(folder.path(), "there.safetensors"), 2);
    assert!(there.contains("is there already") && there.contains("--resume"), "{there}");
    for flag in ["--force", "--resume"] {
        let message = failure(train(folder.path(), "a-folder").arg(flag), 2);
        assert!(message.contains("a-folder: is a folder: expected the name of a file"), "{message}");
        assert!(!folder.path().join("a-folder.jsonl").exists());
    }
    let other = failure(train(folder.path(), "there.safetensors").args(["--resume", "--lr", "0.5"]), 2);
    assert!(other.contains("lr 0.5 instead of 0.0003"), "{other}");
    let failed: [(&[&str], &str); 5] = [
        (&["--vocab", "100"], "story.txt: offset 0: byte 116, expected 0 to 99"),
        (&["--train-share", "1e-9"], "story.txt: a share of 1e-9 of "),
        (&["--teacher", "nowhere"], "nowhere: "),
        (&["--resume"], "new.safetensors"),
        (&["--log", "no/such/folder/log"], "no/such/folder/log"),
    ];
    for (flags, expected) in failed {
        let message = failure(train(folder.path(), "new.safetensors").args(flags).args(["--steps", "1"]), 1);
        assert!(message.contains(expected), "{flags:?}: {message}");
    }
    assert!(!folder.path().join("new.safetensors").exists());
    assert_eq!(fs::read(folder.path().join("kept.jsonl")).unwrap(), b"not ours");
    fs::write(&story, "another text. ".repeat(100)).unwrap();
    let changed = failure(train(folder.path(), "there.safetensors").arg("--resume"), 1);
    assert!(changed.contains("was trained on another text"), "{changed}");
    fs::write(&story, "short").unwrap();
    let short = failure(&mut train(folder.path(), "new.safetensors"), 1);
    assert!(short.contains("story.txt") && short.contains("128 bytes at least"), "{short}");
}

#[test]
fn a_student_takes_its_teachers_logits_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    text(folder.path());
    success(tiny(folder.path(), "teacher.safetensors", 20).arg("-q"));
    let teacher = folder.path().join("teacher.safetensors");
    let taught = |more: &[&str]| {
        let mut call = tiny(folder.path(), "student.safetensors", 10);
        call.arg("--teacher").arg(&teacher).args(more);
        call
    };
    let first = taught(&[]).output().unwrap();
    assert!(stderr(&first).contains("student.logits: writing the teacher's logits"), "{}", stderr(&first));
    let bytes = fs::read(folder.path().join("student.safetensors")).unwrap();
    let second = taught(&["--force"]).output().unwrap();
    assert!(!stderr(&second).contains("writing the teacher's logits"), "{}", stderr(&second));
    assert!(fs::read(folder.path().join("student.safetensors")).unwrap() == bytes);
    write(folder.path(), "kept.logits", b"not ours");
    // Before the text is read, which may take a while.
    let [story, away] = ["story.txt", "away.txt"].map(|name| folder.path().join(name));
    fs::rename(&story, &away).unwrap();
    let unread = failure(&mut taught(&["--force", "--teacher-logits", "kept.logits"]), 1);
    assert!(unread.contains("kept.logits: is there and holds no teacher's logits"), "{unread}");
    fs::rename(&away, &story).unwrap();
    assert_eq!(fs::read(folder.path().join("kept.logits")).unwrap(), b"not ours");
    let alone = failure(train(folder.path(), "student.safetensors").args(["--resume", "--steps", "12"]), 2);
    assert!(alone.contains("expected --teacher"), "{alone}");
}

#[test]
fn what_cannot_be_judged_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    text(folder.path());
    let model = small_model(folder.path());
    let eval = |more: &[&str]| {
        let mut call = atome();
        call.arg("eval").arg(&model).arg("--text").arg(folder.path().join("story.txt")).args(more);
        call
    };
    let far = failure(&mut eval(&["--from", "1000000"]), 1);
    assert!(far.contains("story.txt: 0 bytes from offset 1000000 on, expected a window of 128"), "{far}");
    assert!(failure(&mut eval(&["--held-out"]), 2).contains("--held-out is for checkpoints"));
    assert!(failure(&mut eval(&["--with", "train"]), 2).contains("--with train is for checkpoints"));
    assert!(failure(atome().args(["eval", "nowhere", "--text", "nothing"]), 1).contains("nowhere"));
    assert!(failure(&mut eval(&["--window", "1"]), 2).contains("--window"));
}

#[test]
fn a_comparison_leaves_a_table_numbers_and_a_plot() {
    let folder = tempfile::tempdir().unwrap();
    text(folder.path());
    let compare = |variants: &str| {
        let mut call = atome();
        call.arg("compare").arg("--text").arg(folder.path().join("story.txt"));
        call.arg("--out").arg(folder.path().join("sweep")).args([
            "--variants",
            variants,
            "--seeds",
            "2",
            "--steps",
            "3",
        ]);
        call
    };
    let table = success(&mut compare("ternary,small-gpt"));
    assert!(table.contains("| ternary (") && table.contains("| 20575 |") && table.contains("| 23872 |"), "{table}");
    assert_eq!(fs::read_to_string(folder.path().join("sweep/results.md")).unwrap(), table);
    assert!(fs::read_to_string(folder.path().join("sweep/perplexity.svg")).unwrap().matches("<circle").count() == 4);
    let results = json(&mut compare("ternary,small-gpt"));
    assert_eq!(results["rows"][1]["perplexity"].as_array().unwrap().len(), 2);
    let unknown = failure(&mut compare("ternary,gtp"), 2);
    assert!(unknown.contains("\"gtp\" is no variant, expected `all` alone or some of ternary, p3"), "{unknown}");
}

#[test]
fn the_published_model_has_its_published_perplexity() {
    let (Some(model), Some(text)) = (data_file("atome_944k.bin"), data_file("tinystories_sample.txt")) else { return };
    let mut call = atome();
    call.arg("eval").arg(model).arg("--text").arg(text).args(["--from", "235930", "--window", "128", "--windows", "4"]);
    // All 204 windows, which give 3.46365, take too long for a test; these four are 2 % of them.
    let judged = json(&mut call);
    assert_eq!(judged["bytes"], 4 * 127);
    let (model, text) = (data_file("atome_1m_v1.pt").unwrap(), data_file("tinystories_sample.txt").unwrap());
    let mut call = atome();
    call.arg("eval").arg(model).arg("--text").arg(text).args(["--from", "235930", "--with", "train"]);
    let all = json(&mut call);
    assert_eq!(all["windows"], 204);
    let perplexity = all["perplexity"].as_f64().unwrap();
    assert!((perplexity - 3.46365).abs() < 5e-5, "{perplexity}");
    let first = judged["perplexity"].as_f64().unwrap();
    assert!((2.0..5.0).contains(&first), "{first}");
}
