//! `atome export`: the files it writes, and what it refuses.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use atome_engine::{Model, Shape};
use atome_train::checkpoint::{model_tensors, set_dims, Checkpoint, Tensor};
use common::*;
use fastrand::Rng;

/// A checkpoint of [`SMALL`] in `folder`.
fn checkpoint(folder: &Path, max_seq: Option<usize>) -> PathBuf {
    let mut rng = Rng::with_seed(4);
    let mut checkpoint = Checkpoint::default();
    for (name, shape) in model_tensors(&SMALL) {
        let data = (0..shape.iter().product()).map(|_| rng.f32() - 0.5).collect();
        checkpoint.tensors.insert(name, Tensor::new(shape, data).unwrap());
    }
    set_dims(&mut checkpoint, &SMALL, max_seq);
    let path = folder.join("checkpoint.safetensors");
    checkpoint.save(&path).unwrap();
    path
}

fn export(folder: &Path, checkpoint: &Path) -> Command {
    let mut command = atome();
    command.current_dir(folder).arg("export").arg(checkpoint);
    command
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_model_runs_with_the_shape_of_its_sidecar() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint(folder.path(), Some(48));
    let text =
        success(export(folder.path(), &checkpoint).args(["--out", "model.bin", "--sidecar", "--attn-top-k", "3"]));
    assert!(text.contains("top_k=3  (given by flags)") && text.contains("max_seq=48  (from the checkpoint)"), "{text}");
    assert!(text.contains("blocks.1.router.proj.weight") && text.contains("3 x 16"), "{text}");
    let bytes = fs::read(folder.path().join("model.bin")).unwrap();
    assert_eq!(bytes.len(), Model::blob_len(&Shape::new(SMALL).unwrap()));
    assert!(text.contains("wrote       model.bin (3,175 bytes, ATOME01)"), "{text}");

    let report = json(atome().arg("inspect").arg(folder.path().join("model.bin")));
    let shape = serde_json::json!({
        "vocab_size": 256, "d_model": 16, "n_layers": 2, "d_head": 8, "kernel_size": 3, "n_pathways": 3,
        "top_k": 3, "max_seq": 48,
    });
    assert_eq!(report["shape"], shape);
    assert!(report["sources"].as_object().unwrap().values().all(|source| source == "sidecar"), "{report}");
    success(atome().arg("run").arg(folder.path().join("model.bin")).args(["Hi", "-n", "3"]));
}

#[test]
fn the_summary_and_inspect_count_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint(folder.path(), None);
    let summary = json(export(folder.path(), &checkpoint).args(["--out", "model.bin"]));
    assert_eq!((&summary["shape"]["max_seq"], &summary["sources"]["max_seq"]), (&128.into(), &"default".into()));
    assert_eq!(summary["files"], serde_json::json!(["model.bin"]));
    let report = json(atome().arg("inspect").arg(folder.path().join("model.bin")));
    let sections = report["sections"].as_array().unwrap();
    let matrices: Vec<_> = sections.iter().filter(|section| section["kind"] == "matrix").collect();
    let found = summary["matrices"].as_array().unwrap();
    assert_eq!(found.len(), matrices.len());
    for (found, matrix) in found.iter().zip(matrices) {
        for (key, other) in [("rows", "rows"), ("cols", "cols"), ("scale", "scale"), ("zeros", "zero")] {
            assert_eq!(found[key], matrix[other], "{found} {matrix}");
        }
    }
}

#[test]
fn every_format_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint(folder.path(), None);
    for format in ["atome01", "atome02", "atomep3"] {
        let summary = json(export(folder.path(), &checkpoint).args(["--format", format, "--out", format]));
        let bytes = fs::read(folder.path().join(format)).unwrap();
        assert!(bytes.starts_with(format.to_uppercase().as_bytes()));
        assert_eq!(summary["bytes"], bytes.len());
    }
}

#[test]
fn a_model_that_was_trained_for_another_format_is_pointed_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = checkpoint(folder.path(), None);
    let mut trained = Checkpoint::load(&path).unwrap();
    trained.metadata.insert("model".to_owned(), "{\"quantiser\":\"p3\"}".to_owned());
    trained.save(&path).unwrap();
    let said = |format: &str| {
        let output = export(folder.path(), &path).args(["--out", format, "--format", format]).output().unwrap();
        assert!(output.status.success());
        stderr(&output)
    };
    assert!(said("atome02").contains("trained with the quantiser p3, written with ternary"));
    assert_eq!(said("atomep3"), "");
}

#[test]
fn nothing_is_replaced_without_force() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint(folder.path(), None);
    write(folder.path(), "shape.h", b"mine");
    let flags = ["--out", "model.bin", "--header", "shape.h"];
    let message = failure(export(folder.path(), &checkpoint).args(flags), 1);
    assert!(message.contains("shape.h: is there already; --force replaces it"), "{message}");
    assert_eq!(names(folder.path()), ["checkpoint.safetensors", "shape.h"], "a partial result was left");
    assert_eq!(fs::read(folder.path().join("shape.h")).unwrap(), b"mine");
    success(export(folder.path(), &checkpoint).args(flags).arg("--force"));
    assert!(fs::read_to_string(folder.path().join("shape.h")).unwrap().contains("#define ATOME_D_MODEL 16"));
    assert_eq!(names(folder.path()), ["checkpoint.safetensors", "model.bin", "shape.h"]);
}

#[test]
fn the_checkpoint_and_other_results_are_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint(folder.path(), None);
    let before = fs::read(&checkpoint).unwrap();
    for (flags, expected) in [
        (["--out", "./checkpoint.safetensors", "--force", "--json"], "--out ./checkpoint.safetensors: is what this"),
        (["--out", "model.bin", "--header", "./model.bin"], "--header ./model.bin: named for two files"),
        (
            ["--out", "model.bin", "--c-array", "checkpoint.safetensors"],
            "--c-array checkpoint.safetensors: is what this",
        ),
    ] {
        let message = failure(export(folder.path(), &checkpoint).args(flags), 2);
        assert!(message.contains(expected), "{message}");
    }
    assert!(fs::read(&checkpoint).unwrap() == before);
    assert_eq!(names(folder.path()), ["checkpoint.safetensors"]);
}

#[test]
fn bad_checkpoints_and_places_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let good = checkpoint(folder.path(), None);
    let model = small_model(folder.path());
    let message = failure(export(folder.path(), &model).args(["--out", "x"]), 1);
    assert!(message.contains("small.bin: offset 0: found \"ATOME01"), "{message}");
    assert!(message.contains("expected a checkpoint"), "{message}");

    let mut ablated = Checkpoint::load(&good).unwrap();
    set_dims(&mut ablated, &atome_engine::Dims { n_pathways: 2, ..SMALL }, None);
    let path = folder.path().join("ablated.safetensors");
    ablated.save(&path).unwrap();
    let message = failure(export(folder.path(), &path).args(["--out", "x"]), 1);
    assert!(message.contains("ablated.safetensors: metadata: n_pathways is 2: a model with a pathway"), "{message}");

    let mut broken = Checkpoint::load(&good).unwrap();
    broken.tensors.get_mut("unembed.weight").unwrap().data_mut()[5] = f32::NAN;
    let path = folder.path().join("broken.safetensors");
    broken.save(&path).unwrap();
    let message = failure(export(folder.path(), &path).args(["--out", "x"]), 1);
    assert!(message.contains("broken.safetensors: tensor unembed.weight: value 5 is NaN"), "{message}");

    let message = failure(export(folder.path(), &good).args(["--out", "none/model.bin"]), 1);
    assert!(message.contains("none/model.bin: write: there is no folder none"), "{message}");
    let message = failure(export(folder.path(), &folder.path().join("none.pt")).args(["--out", "x"]), 1);
    assert!(message.contains("none.pt: open"), "{message}");
    for flags in [&["--max-seq", "0"][..], &["--attn-top-k", "65536"], &["--threads", "0"], &["--format", "gguf"], &[]]
    {
        let out: &[&str] = if flags.is_empty() { &[] } else { &["--out", "x"] };
        failure(export(folder.path(), &good).args(out).args(flags), 2);
    }
    assert!(!folder.path().join("x").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint(folder.path(), None);
    write(folder.path(), "model.bin", b"older");
    // Files end after 2 blocks of 512 bytes, with an error instead of a signal.
    let script = "trap '' XFSZ; ulimit -f 2; exec \"$0\" \"$@\"";
    let output = Command::new("sh")
        .current_dir(folder.path())
        .args(["-c", script, env!("CARGO_BIN_EXE_atome"), "export"])
        .arg(&checkpoint)
        .args(["--out", "model.bin", "--force"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("model.bin: write: File too large"), "{}", stderr(&output));
    assert_eq!(fs::read(folder.path().join("model.bin")).unwrap(), b"older");
    assert_eq!(names(folder.path()), ["checkpoint.safetensors", "model.bin"]);
}

const PROGRAM: &str = r#"
#include <stdio.h>
#include "model_shape.h"
#include "atome.h"

int main(void)
{
    static atome_model_t model;
    if (((size_t)model_data & 3) != 0) {
        return 1;
    }
    printf("%d %d %d %d %d %d %d %d ", ATOME_VOCAB_SIZE, ATOME_D_MODEL, ATOME_N_LAYERS, ATOME_D_HEAD, ATOME_KERNEL_SIZE,
           ATOME_N_PATHWAYS, ATOME_TOP_K, ATOME_MAX_SEQ);
    printf("%u %u %d\n", (unsigned)sizeof model_data, (unsigned)model_data[6], (int)(sizeof model > 0));
    return 0;
}
"#;

#[test]
fn c_sources_compile_without_warnings_and_hold_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint(folder.path(), Some(24));
    let flags = ["--out", "model.bin", "--header", "model_shape.h", "--c-array", "model_data.c"];
    success(export(folder.path(), &checkpoint).args(flags));
    let bytes = fs::read(folder.path().join("model.bin")).unwrap();
    let source = fs::read_to_string(folder.path().join("model_data.c")).unwrap();
    let body = source.split("] = {").nth(1).unwrap();
    let listed: Vec<u8> =
        body.split([',', '\n', ' ']).filter_map(|word| u8::from_str_radix(word.strip_prefix("0x")?, 16).ok()).collect();
    assert!(listed == bytes);

    fs::write(folder.path().join("main.c"), PROGRAM).unwrap();
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include");
    let compile = |compiler: &str, flags: &[&str]| {
        let mut command = Command::new(compiler);
        command.current_dir(folder.path()).args(flags).args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-I"]);
        match command.arg(&include).args(["main.c", "model_data.c", "-o", "program"]).output() {
            Ok(output) => assert!(output.status.success(), "{compiler} {flags:?}: {}", stderr(&output)),
            Err(error) => return eprintln!("SKIPPED: {compiler} {flags:?}: {error}"),
        }
        let said = success(&mut Command::new(folder.path().join("program")));
        assert_eq!(said, format!("256 16 2 8 3 3 4 24 {} 49 1\n", bytes.len()), "{compiler} {flags:?}");
    };
    for compiler in ["gcc", "clang"] {
        compile(compiler, &["-std=c99"]);
        compile(compiler, &["-std=c11"]);
    }
    for compiler in ["g++", "clang++"] {
        compile(compiler, &["-xc++", "-std=c++11"]);
        compile(compiler, &["-xc++", "-std=c++17"]);
    }
}

#[test]
fn a_shape_that_was_set_otherwise_stops_the_compiler() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint(folder.path(), None);
    success(export(folder.path(), &checkpoint).args(["--out", "model.bin", "--header", "model_shape.h"]));
    fs::write(folder.path().join("main.c"), "#include \"model_shape.h\"\nint main(void) { return 0; }\n").unwrap();
    let compile = |define: &str| {
        Command::new("gcc").current_dir(folder.path()).args([define, "-c", "main.c", "-o", "main.o"]).output()
    };
    let Ok(output) = compile("-DATOME_D_MODEL=64") else { return eprintln!("SKIPPED: there is no gcc") };
    assert!(!output.status.success());
    assert!(stderr(&output).contains("ATOME_D_MODEL was set before this model's shape"), "{}", stderr(&output));
    assert!(compile("-DATOME_D_MODEL=16").unwrap().status.success());
}

#[test]
fn the_944k_checkpoint_becomes_the_published_file() {
    let (Some(checkpoint), Some(published)) = (data_file("atome_1m_v1.pt"), data_file("atome_944k.bin")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    success(export(folder.path(), &checkpoint).args(["-o", "model.bin"]));
    assert!(fs::read(folder.path().join("model.bin")).unwrap() == fs::read(published).unwrap());
}

#[test]
fn help_has_examples() {
    let text = success(atome().args(["export", "--help"]));
    assert!(text.contains("Examples:") && text.contains("atome export checkpoint.pt --out model.bin"), "{text}");
}

#[test]
fn a_container_tells_its_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint(folder.path(), Some(48));
    let words = ["--out", "model.box", "--container", "--note", "name=export", "--attn-top-k", "3"];
    success(export(folder.path(), &checkpoint).args(words));
    success(export(folder.path(), &checkpoint).args(["--out", "model.bin"]));
    let bytes = fs::read(folder.path().join("model.box")).unwrap();
    let container = atome_engine::container::Container::open(&bytes).unwrap();
    assert_eq!(container.payload(), fs::read(folder.path().join("model.bin")).unwrap());
    assert_eq!((container.about().window, container.about().shape.top_k()), (48, 3));
    let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(fs::read(&checkpoint).unwrap()).into();
    assert_eq!(container.about().training_digest, digest);
    assert_eq!(container.notes().collect::<Result<Vec<_>, _>>().unwrap(), [("name", "export")]);
}

#[test]
fn a_container_tells_what_it_is_for() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint(folder.path(), Some(48));
    let words = ["--product", "7", "--model-version", "3"];
    success(export(folder.path(), &checkpoint).args(["--out", "model.box", "--container"]).args(words));
    let bytes = fs::read(folder.path().join("model.box")).unwrap();
    let about = *atome_engine::container::Container::open(&bytes).unwrap().about();
    assert_eq!((about.product, about.model_version), (7, 3));
    let message = failure(export(folder.path(), &checkpoint).args(["--out", "model.bin"]).args(words), 2);
    assert!(message.contains("--product: ") && message.contains("expected --container"), "{message}");
}

#[test]
fn with_a_key_nothing_is_exported_that_it_has_not_signed() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint(folder.path(), Some(48));
    let call = |words: &[&str]| {
        let mut command = atome();
        command.current_dir(folder.path()).args(words);
        command
    };
    for name in ["maker", "other"] {
        success(&mut call(&["keygen", name]));
    }
    let export = |out: &str, key: &str| {
        let mut command = export(folder.path(), &checkpoint);
        command.args(["--out", out, "--container", "--key", key]);
        command
    };
    let message = failure(&mut export("a.box", "maker.pub"), 1);
    assert!(message.contains("checkpoint.safetensors.sig"), "{message}");
    success(&mut call(&["sign", "checkpoint.safetensors", "--detached", "--key", "maker.secret"]));
    success(&mut export("a.box", "maker.pub"));
    let bytes = fs::read(folder.path().join("a.box")).unwrap();
    let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(fs::read(&checkpoint).unwrap()).into();
    assert_eq!(atome_engine::container::Container::open(&bytes).unwrap().about().training_digest, digest);
    let message = failure(&mut export("b.box", "other.pub"), 1);
    assert!(message.contains("checkpoint.safetensors: its signature in"), "{message}");
    let mut changed = fs::read(&checkpoint).unwrap();
    *changed.last_mut().unwrap() ^= 1;
    fs::write(&checkpoint, changed).unwrap();
    let message = failure(&mut export("b.box", "maker.pub"), 1);
    assert!(message.contains("changed after signing"), "{message}");
    assert!(!folder.path().join("b.box").exists());
}
