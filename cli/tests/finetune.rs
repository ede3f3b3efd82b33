//! `atome train --init-from`: trainings that begin with the weights of others.

mod common;

use std::fs;
use std::path::Path;

use common::training::{text, tiny, train};
use common::*;

/// What a training wrote about where its weights are from, in the log and in the checkpoint.
fn origins(folder: &Path, out: &str) -> (serde_json::Value, serde_json::Value) {
    let log = fs::read_to_string(folder.join(out).with_extension("jsonl")).unwrap();
    let start: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    let checkpoint = atome_train::checkpoint::Checkpoint::load(&folder.join(out)).unwrap();
    let recipe: serde_json::Value = serde_json::from_str(&checkpoint.metadata["recipe"]).unwrap();
    (start["init_from"].clone(), recipe["init_from"].clone())
}

#[test]
fn a_training_goes_on_with_the_weights_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let story = text(folder.path());
    success(tiny(folder.path(), "base.safetensors", 60).args(["-q", "--lr", "0.01"]));
    let other = write(folder.path(), "other.txt", "the small robot asks a question again.\n".repeat(100).as_bytes());
    let tune = |out: &str, flags: &[&str]| {
        let mut call = train(folder.path(), out);
        call.arg("--init-from").arg(folder.path().join("base.safetensors")).args(["--batch", "2"]);
        if !flags.contains(&"--steps") {
            call.args(["--steps", "8"]);
        }
        call.args(flags);
        call
    };
    let said = tune("tuned.safetensors", &[]).output().unwrap();
    assert!(said.status.success(), "{}", stderr(&said));
    let digest = {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(fs::read(folder.path().join("base.safetensors")).unwrap());
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert!(
        stderr(&said).contains(&format!("begins with the weights of base.safetensors (sha256 {digest})")),
        "{}",
        stderr(&said)
    );
    let origin = serde_json::json!({ "file": "base.safetensors", "sha256": digest });
    assert_eq!(origins(folder.path(), "tuned.safetensors"), (origin.clone(), origin.clone()));

    // It begins where the other ended: after a step that changes next to nothing, it is as good.
    let judged = |flags: &[&str]| {
        json(&mut tune("still.safetensors", &[flags, &["--force"]].concat()))["perplexity"].as_f64().unwrap()
    };
    let eval = |file: &str| {
        let mut call = atome();
        call.arg("eval").arg(folder.path().join(file)).arg("--text").arg(&story);
        json(call.args(["--with", "train", "--held-out"]))["perplexity"].as_f64().unwrap()
    };
    let base = eval("base.safetensors");
    let still = judged(&["--steps", "1", "--lr", "1e-12", "--lowest-lr", "0", "--weight-decay", "0"]);
    assert!((still - base).abs() < 1e-6 * base, "{still} {base}");

    // The bits do not depend on the number of threads, nor on an interruption, however --init-from reads then.
    success(&mut tune("again.safetensors", &["-q", "--threads", "1"]));
    let tuned = fs::read(folder.path().join("tuned.safetensors")).unwrap();
    assert!(fs::read(folder.path().join("again.safetensors")).unwrap() == tuned);
    let published = ["-q", "--published", "--force"];
    success(&mut tune("long.safetensors", &published));
    success(&mut tune("short.safetensors", &[&published[..], &["--steps", "5"]].concat()));
    fs::rename(folder.path().join("base.safetensors"), folder.path().join("moved.safetensors")).unwrap();
    success(&mut tune("short.safetensors", &["-q", "--resume"]));
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert!(read("short.safetensors") == read("long.safetensors"));
    fs::rename(folder.path().join("moved.safetensors"), folder.path().join("base.safetensors")).unwrap();

    // What fits is taken over, what does not is refused with both shapes.
    let message = failure(&mut tune("new.safetensors", &["--d-model", "16"]), 2);
    let expected =
        "base.safetensors has the shape vocab_size=256 d_model=8 n_layers=1 d_head=4 kernel_size=3, expected \
                    vocab_size=256 d_model=16 n_layers=1 d_head=4 kernel_size=3";
    assert!(message.contains(expected), "{message}");
    failure(&mut tune("new.safetensors", &["--model", "gpt"]), 2);
    failure(&mut tune("new.safetensors", &["--init", "pytorch"]), 2);
    assert!(!folder.path().join("new.safetensors").exists());
    success(&mut tune("p3.safetensors", &["-q", "--quantiser", "p3", "--d-model", "8", "--attn-top-k", "2"]));
    let message = failure(&mut tune("base.safetensors", &["--force"]), 2);
    assert!(message.contains("base.safetensors: is what this command reads"), "{message}");
    let mut call = train(folder.path(), "new.safetensors");
    let message = failure(call.arg("--init-from").arg(&other), 1);
    assert!(message.contains("--init-from: ") && message.contains("other.txt: offset 0: found"), "{message}");
}

#[test]
fn a_training_goes_on_with_weights_that_pytorch_wrote() {
    let (Some(checkpoint), Some(sample)) = (data_file("atome_1m_v1.pt"), data_file("tinystories_sample.txt")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let text = write(folder.path(), "story.txt", &fs::read(sample).unwrap()[..2_000]);
    let mut call = atome();
    call.arg("train").arg("--text").arg(text).arg("--init-from").arg(&checkpoint).arg("--out");
    call.arg(folder.path().join("tuned.safetensors")).args(["--steps", "1", "--batch", "1", "--lr", "1e-6"]);
    let trained = json(&mut call);
    assert_eq!(trained["parameters"], 944_640);
    let perplexity = trained["perplexity"].as_f64().unwrap();
    assert!(perplexity < 8.0, "{perplexity}: a model that starts anew has about 256");
}
