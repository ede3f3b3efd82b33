//! `atome run`: text, classes, prompts and streams.

mod common;

use std::io::Read;
use std::process::Stdio;

use atome_engine::{Dims, Layout, Model, Plan, Shape, Workspace};
use common::*;
use fastrand::Rng;

#[test]
fn the_published_model_tells_its_story() {
    let Some(model) = data_file("atome_944k.bin") else { return };
    let story = ", there was a little girl named Lily. She loved to play with her mommy and he was very happy. \
                 One day, Lily was ";
    for plan in ["cached", "lean"] {
        let tokens = if plan == "cached" { "112" } else { "12" };
        let text = success(atome().arg("run").arg(&model).args([
            "Once upon a time",
            "--tokens",
            tokens,
            "--temperature",
            "0",
            "--plan",
            plan,
        ]));
        let expected = &story[..tokens.parse().unwrap()];
        assert_eq!(text, format!("{expected}\n"), "{plan}");
    }
}

/// Greedy tokens by the engine alone, each from the last `max_seq` tokens.
fn expected_tokens(bytes: &[u8], prompt: &str, count: usize, max_seq: usize) -> Vec<i32> {
    let shape = Shape::new(SMALL).unwrap();
    let layout = Layout::new(shape, max_seq, Plan::Lean).unwrap();
    let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
    let mut workspace = Workspace::new(&layout, &mut floats, &mut words).unwrap();
    let model = Model::new(shape, bytes).unwrap();
    let mut text: Vec<i32> = prompt.bytes().map(i32::from).collect();
    for _ in 0..count {
        let window = text[text.len().saturating_sub(max_seq)..].iter().copied();
        let token = atome_engine::predict_next(&model, &mut workspace, window).unwrap();
        text.push(token as i32);
    }
    text.split_off(prompt.len())
}

/// Greedy tokens of a stream by the engine alone, one step a token from the first on.
fn streamed_tokens(bytes: &[u8], prompt: &str, count: usize, max_seq: usize) -> Vec<i32> {
    let shape = Shape::new(SMALL).unwrap();
    let layout = Layout::new(shape, max_seq, Plan::Cached).unwrap();
    let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
    let mut workspace = Workspace::new(&layout, &mut floats, &mut words).unwrap();
    let model = Model::new(shape, bytes).unwrap();
    let mut next = 0;
    for token in prompt.bytes() {
        next = atome_engine::step(&model, &mut workspace, token.into()).unwrap();
    }
    let mut tokens = Vec::new();
    for _ in 0..count {
        tokens.push(next as i32);
        next = atome_engine::step(&model, &mut workspace, next as i32).unwrap();
    }
    tokens
}

#[test]
fn a_stream_goes_on_past_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let bytes = std::fs::read(&model).unwrap();
    for prompt in ["Hello", "Hello, this is longer than the window"] {
        let report =
            json(atome().arg("run").arg(&model).args([prompt, "-n", "40", "--max-seq", "12", "--stream", "-t", "0"]));
        assert_eq!(report["tokens"], serde_json::json!(streamed_tokens(&bytes, prompt, 40, 12)), "{prompt}");
        let positions = report["router"]["positions"].as_u64().unwrap();
        assert_eq!(positions, prompt.len() as u64 + 39);
    }
    let text = failure(atome().arg("run").arg(&model).args(["Hello", "--stream", "--plan", "lean"]), 2);
    assert!(text.contains("--stream") && text.contains("--plan cached"), "{text}");
}

#[test]
fn text_continues_past_the_window_in_both_plans() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let expected = expected_tokens(&std::fs::read(&model).unwrap(), "Hello", 40, 12);
    let mut routers = Vec::new();
    for plan in ["lean", "cached"] {
        let report =
            json(atome().arg("run").arg(&model).args(["Hello", "-n", "40", "--max-seq", "12", "--plan", plan]));
        assert_eq!(report["tokens"], serde_json::json!(expected), "{plan}");
        routers.push(report["router"].clone());
    }
    assert_eq!(routers[0], routers[1]);
    assert_eq!(routers[0]["positions"], 5 + 40 - 1);
}

#[test]
fn router_entropy_is_within_its_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let report = json(atome().arg("run").arg(small_model(folder.path())).args(["Hello", "-n", "20"]));
    let layers = report["router"]["layers"].as_array().unwrap();
    assert_eq!(layers.len(), SMALL.n_layers);
    for layer in layers {
        let (mean, max) = (layer["entropy_mean"].as_f64().unwrap(), layer["entropy_max"].as_f64().unwrap());
        assert!(0.0 < mean && mean <= max && max <= 3.0_f64.ln() + 1e-6, "{layer}");
        let shares: f64 = layer["shares"].as_array().unwrap().iter().map(|share| share.as_f64().unwrap()).sum();
        assert!((shares - 1.0).abs() < 1e-5, "{layer}");
    }
}

#[test]
fn the_same_seed_gives_the_same_text() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let text = |seed: &str| {
        success(atome().arg("run").arg(&model).args([
            "Hi",
            "--temperature",
            "1.5",
            "--top-k",
            "200",
            "--top-p",
            "0.99",
            "--seed",
            seed,
        ]))
    };
    assert_eq!(text("1"), text("1"));
    assert_ne!(text("1"), text("2"));
    // One candidate is the most probable one.
    let greedy = success(atome().arg("run").arg(&model).arg("Hi"));
    let only = success(atome().arg("run").arg(&model).args(["Hi", "-t", "2", "--top-k", "1"]));
    assert_eq!(greedy, only);
}

#[test]
fn every_line_of_a_pipe_is_a_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let mut command = atome();
    command.arg("run").arg(&model).args(["-n", "5", "-q"]);
    let output = with_input(&mut command, b"one\n\ntwo\r\n\xff\xfe\nlast");
    assert!(output.status.success());
    assert_eq!(stderr(&output), "");
    let single = |prompt: &str| success(atome().arg("run").arg(&model).args([prompt, "-n", "5", "-q"]));
    let text = stdout(&output);
    assert!(text.starts_with(&(single("one") + &single("two"))), "{text}");
    assert!(text.ends_with(&single("last")), "{text}");
    assert!(!text.contains("> "), "a prompt sign in a pipe: {text}");

    let output = with_input(&mut command, b"");
    assert!(output.status.success() && output.stdout.is_empty());
}

#[test]
fn bars_go_to_standard_error_where_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let output = atome().arg("run").arg(&model).args(["Hi", "-n", "3", "--bars"]).output().unwrap();
    let bars = stderr(&output);
    assert!(bars.contains("router entropy over 4 positions") && bars.contains("local   state  sparse"), "{bars}");
    let rows = bars.lines().filter(|line| line.contains('|')).count();
    assert_eq!(rows, SMALL.n_layers);
    let usual = atome().arg("run").arg(&model).args(["Hi", "-n", "3"]).output().unwrap();
    assert!(stderr(&usual).starts_with("3 tokens in ") && usual.stdout == output.stdout, "{}", stderr(&usual));
    let quiet = atome().arg("run").arg(&model).args(["Hi", "-n", "3", "-q"]).output().unwrap();
    assert_eq!(stderr(&quiet), "");
    assert_eq!(quiet.stdout, output.stdout);
}

#[test]
fn raw_bytes_are_the_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let report = json(atome().arg("run").arg(&model).args(["Hi", "-n", "30"]));
    let raw = atome().arg("run").arg(&model).args(["Hi", "-n", "30", "--raw"]).output().unwrap();
    let tokens: Vec<u64> = report["tokens"].as_array().unwrap().iter().map(|token| token.as_u64().unwrap()).collect();
    assert_eq!(raw.stdout.iter().map(|&byte| u64::from(byte)).collect::<Vec<_>>(), tokens);
}

#[test]
fn a_classifier_names_the_winner() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_classifier(folder.path());
    for plan in ["lean", "cached"] {
        let report = json(atome().arg("run").arg(&model).args(["turn on the light", "--plan", plan]));
        let logits: Vec<f64> =
            report["logits"].as_array().unwrap().iter().map(|logit| logit.as_f64().unwrap()).collect();
        let greatest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let winner = logits.iter().position(|&logit| logit == greatest).unwrap();
        assert_eq!((logits.len(), report["class"].as_u64()), (3, Some(winner as u64)));
        let table = success(atome().arg("run").arg(&model).args(["turn on the light", "--plan", plan]));
        let marked: Vec<usize> =
            (0..3).filter(|&class| table.lines().nth(class + 1).unwrap().ends_with("<- winner")).collect();
        assert_eq!(marked, [winner]);
        let quiet = success(atome().arg("run").arg(&model).args(["turn on the light", "-q"]));
        assert_eq!(quiet, format!("{winner}\n"));
    }
}

#[test]
fn other_vocabularies_are_shown_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |vocab_size| model_bytes(Dims { vocab_size, ..SMALL }, None, Floats::Trained, &mut Rng::with_seed(5));
    let few = write(folder.path(), "few.bin", &bytes(100));
    let message = failure(atome().arg("run").arg(&few).arg("a~"), 1);
    assert!(message.contains("offset 1: byte 126, expected 0 to 99"), "{message}");
    // The loop goes on after a prompt that it refuses.
    let output = with_input(atome().arg("run").arg(&few).args(["-n", "2", "-q"]), b"~\nab\n");
    assert!(output.status.success() && stderr(&output).contains("offset 0"), "{}", stderr(&output));
    assert!(!output.stdout.is_empty());

    let many = write(folder.path(), "many.bin", &bytes(60_000));
    let report = json(atome().arg("run").arg(&many).args(["Hi", "-n", "30"]));
    let wide = report["tokens"].as_array().unwrap().iter().find(|token| token.as_u64() > Some(255)).unwrap();
    assert!(report["text"].as_str().unwrap().contains(&format!("<{wide}>")));
}

#[cfg(unix)]
#[test]
fn a_prompt_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let prompt = std::ffi::OsStr::from_bytes(b"\xff\xc3");
    let text = success(atome().arg("run").arg(small_model(folder.path())).arg(prompt).args(["-n", "2"]));
    assert!(text.ends_with('\n'));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = atome()
        .arg("run")
        .arg(small_model(folder.path()))
        .args(["Hi", "-n", "20000", "--max-seq", "8", "-q"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

/// All sizes by flags.
fn shape_flags(dims: &Dims) -> Vec<String> {
    let flags = ["--vocab", "--d-model", "--n-layers", "--d-head", "--kernel-size", "--n-pathways", "--attn-top-k"];
    let sizes = dims.named().map(|(_, size)| size.to_string());
    flags.iter().map(ToString::to_string).zip(sizes).flat_map(|(flag, size)| [flag, size]).collect()
}

#[test]
fn a_shape_that_the_file_does_not_hold_is_refused_with_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let text = write(folder.path(), "story.txt", "Once upon a time. ".repeat(20).as_bytes());
    let fewer = Dims { n_layers: SMALL.n_layers - 1, ..SMALL };
    let [own, wrong] = [SMALL, fewer].map(|dims| format!("--n-layers {}", dims.n_layers));
    let mut commands = [atome(), atome()];
    commands[0].arg("run").arg(&model).args(["Hello", "--quiet"]).args(shape_flags(&fewer));
    commands[1].arg("eval").arg(&model).arg("--text").arg(&text).args(shape_flags(&fewer));
    for command in &mut commands {
        let message = failure(command, 1);
        for part in [&model.display().to_string(), &format!("do not fit --vocab {}", SMALL.vocab_size), &wrong] {
            assert!(message.contains(part), "{message}");
        }
        let holds = message.split("its bytes look like").nth(1).unwrap_or_else(|| panic!("{message}"));
        assert!(holds.contains(&own), "{message}");
    }
}

#[test]
fn a_sidecar_of_another_model_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let mut sizes: serde_json::Value =
        SMALL.named().into_iter().map(|(name, size)| (name.to_owned(), serde_json::json!(size))).collect();
    sizes["n_layers"] = (SMALL.n_layers - 1).into();
    let sidecar = write(folder.path(), "small.json", sizes.to_string().as_bytes());
    let message = failure(atome().arg("run").arg(&model).arg("Hello"), 1);
    for part in [&sidecar.display().to_string(), &format!("n_layers {}", SMALL.n_layers - 1), &"look like".to_owned()] {
        assert!(message.contains(part.as_str()), "{message}");
    }
}

#[test]
fn bytes_behind_a_model_of_the_right_shape_are_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let mut bytes = std::fs::read(&model).unwrap();
    let plain = success(atome().arg("run").arg(&model).args(["Hello", "-n", "9"]));
    bytes.extend([0xff; 77]);
    let longer = write(folder.path(), "longer.bin", &bytes);
    let output = atome().arg("run").arg(&longer).args(["Hello", "-n", "9"]).args(shape_flags(&SMALL)).output();
    let output = output.unwrap();
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), plain));
    assert!(stderr(&output).contains("77 bytes behind the model's end"), "{}", stderr(&output));
}
