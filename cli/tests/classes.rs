//! Examples with classes: training, scores, export, and what the classifier's files say.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{atome, failure, json, success, with_input, write};

/// Two columns; the class is told by the first one alone.
fn rows() -> String {
    let mut text = String::from("heat,kind,noise\n");
    for index in 0..60 {
        let (heat, kind) = if index % 2 == 0 { (20.0, "cold") } else { (80.5, "hot, wet") };
        let noise = (index * 37 % 23) as f64 / 4.0;
        text += &format!("{},\"{kind}\",{noise}\n", heat + f64::from(index % 7));
    }
    text.replace("kind", "class")
}

fn train(folder: &Path, arguments: &[&str]) -> Command {
    let mut call = atome();
    call.current_dir(folder).args(["train", "--out", "m.safetensors", "--d-model", "32", "--n-layers", "2", "-q"]);
    call.args(arguments);
    call
}

#[test]
fn rows_of_numbers_become_a_classifier() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(path, "rows.csv", rows().as_bytes());
    let trained = &json(&mut train(path, &["--classes", "rows.csv", "--steps", "500"]))["classes"];
    assert_eq!((&trained["examples"], &trained["held_out"]), (&6.into(), &true.into()));
    assert_eq!(trained["classes"], serde_json::json!(["cold", "hot, wet"]));
    assert!(fs::read_to_string(path.join("m.coverage.svg")).unwrap().starts_with("<svg"));

    let again = |model: &str, arguments: &[&str]| {
        json(atome().current_dir(path).args(["eval", model, "--classes", "rows.csv"]).args(arguments))
    };
    let held_out = again("m.safetensors", &["--held-out", "--threads", "1"]);
    for key in ["right", "wrong_and_sure", "least_margin", "confusion", "coverage"] {
        assert_eq!(held_out[key], trained[key], "{key}");
    }
    let all = again("m.safetensors", &[]);
    assert!(all["right"].as_u64().unwrap() >= 55, "{all}");

    let export = ["export", "m.safetensors", "--out", "m.bin", "--sidecar", "--header", "m.h"];
    assert!(success(atome().current_dir(path).args(export)).contains("ATOMECL01"));
    success(atome().current_dir(path).args(["export", "m.safetensors", "--out", "m.box", "--container"]));
    let header = fs::read_to_string(path.join("m.h")).unwrap();
    assert!(header.contains("#define M_CLASS_NAMES \\\n    {\"cold\", \"hot, wet\"}"), "{header}");
    for model in ["m.bin", "m.box"] {
        let judged = again(model, &[]);
        for key in ["right", "right_and_sure", "wrong_and_sure", "confusion", "least_margin"] {
            assert_eq!(judged[key], all[key], "{model} {key}");
        }
        let named = json(atome().current_dir(path).args(["run", model, "82; 1.5"]));
        assert_eq!((&named["name"], &named["class"]), (&"hot, wet".into(), &1.into()), "{named}");
        assert!(named["sure"].is_boolean());
        for (line, expected) in [("82", "1 numbers, expected 2: heat, noise"), ("a,b", "\"a\" is no number")] {
            assert!(failure(atome().current_dir(path).args(["run", model, line]), 1).contains(expected));
        }
    }
    let several = with_input(atome().current_dir(path).args(["run", "m.bin", "-q"]), b"20,0\nx\n81.5,3.5\n");
    assert_eq!(String::from_utf8_lossy(&several.stdout), "0\n1\n");
    // It knows its classes in whatever file it is put.
    for arguments in [
        &["convert", "m.box", "--out", "n.bin", "--sidecar"][..],
        &["unpack", "m.box", "--out", "o.bin", "--sidecar"],
        &["pack", "m.bin", "--out", "p.box"],
        &["convert", "m.bin", "--container", "--out", "q.box"],
    ] {
        success(atome().current_dir(path).args(arguments));
        assert_eq!(
            again(arguments.iter().find(|name| ["n.bin", "o.bin", "p.box", "q.box"].contains(name)).unwrap(), &[])
                ["confusion"],
            all["confusion"],
            "{arguments:?}"
        );
    }
}

#[test]
fn texts_have_classes_and_a_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut text = String::new();
    for index in 0..40 {
        let (said, class) = if index % 2 == 0 { ("Lamp ON", "lamp") } else { ("play a song", "music") };
        text += &format!("{{\"text\": \"{said} {index}\", \"class\": \"{class}\"}}\n");
    }
    write(path, "texts.jsonl", text.as_bytes());
    json(&mut train(path, &["--classes", "texts.jsonl", "--steps", "100"]));
    success(atome().current_dir(path).args(["export", "m.safetensors", "--out", "m.bin", "--sidecar"]));
    let named = json(atome().current_dir(path).args(["run", "m.bin", "  lamp on 3 !"]));
    assert_eq!(named["name"], "lamp");
    let judged = json(atome().current_dir(path).args(["eval", "m.bin", "--classes", "texts.jsonl", "--integer"]));
    assert_eq!(judged["right"], 40);
}

#[test]
fn neither_threads_nor_a_break_change_the_classifier() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "rows.csv", rows().as_bytes());
    let bytes = |arguments: &[&str]| {
        let mut fixed = vec!["--classes", "rows.csv"];
        fixed.extend(arguments);
        success(&mut train(folder.path(), &fixed));
        fs::read(folder.path().join("m.safetensors")).unwrap()
    };
    let whole = bytes(&["--steps", "12", "--threads", "1", "--force"]);
    assert_eq!(bytes(&["--steps", "12", "--threads", "2", "--force"]), whole);
    let refused = failure(&mut train(folder.path(), &["--classes", "rows.csv", "--steps", "12"]), 2);
    assert!(refused.contains("is there already"), "{refused}");
}

/// What a broken-off training has learnt has no names yet.
#[cfg(unix)]
#[test]
fn a_broken_off_training_is_no_classifier() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(path, "rows.csv", rows().as_bytes());
    let mut call = train(path, &["--classes", "rows.csv", "--steps", "100000000", "--save-every", "5"]);
    let mut child = call.spawn().unwrap();
    while !path.join("m.safetensors").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let refused = failure(atome().current_dir(path).args(["export", "m.safetensors", "--out", "m.bin"]), 1);
    assert!(refused.contains("its training on classes was broken off"), "{refused}");
}

#[test]
fn what_cannot_be_learnt_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(path, "rows.csv", rows().as_bytes());
    write(path, "one.csv", b"x,class\n1,a\n2,a\n");
    write(path, "bad.csv", b"x,class\n1,a\n?,b\n");
    write(path, "other.csv", b"heat,noise,class\n1,2,warm\n");
    write(path, "few.csv", b"heat,class\n1,cold\n");
    for (arguments, code, expected) in [
        (&["--classes", "one.csv"][..], 1, "one.csv: all examples have the class \"a\", expected two"),
        (&["--classes", "bad.csv"], 1, "bad.csv: line 3: x is \"?\", expected a number"),
        (&["--classes", "rows.csv", "--slips", "0.1"], 2, "--normalise, --slips and --drops are for texts"),
        (&["--classes", "rows.csv", "--drops", "0.1"], 2, "--normalise, --slips and --drops are for texts"),
        (&["--classes", "rows.csv", "--swaps", "0.1"], 2, "--swaps is for pairs: classes are no copies"),
        (&["--classes", "rows.csv", "--quantiser", "p3"], 2, "--classes: a classifier is a ternary model"),
        (&["--classes", "rows.csv", "--about", "x"], 2, "--about is for pairs"),
    ] {
        let message = failure(&mut train(path, arguments), code);
        assert!(message.contains(expected), "{message}");
        assert!(!path.join("m.safetensors").exists());
    }
    success(&mut train(path, &["--classes", "rows.csv", "--steps", "1"]));
    // A model without its head is no classifier any more.
    success(atome().current_dir(path).args(["export", "m.safetensors", "--out", "m.box", "--container"]));
    let headless = ["convert", "m.box", "--without-head", "--container", "--out", "n.box"];
    success(atome().current_dir(path).args(headless));
    assert!(!String::from_utf8_lossy(&fs::read(path.join("n.box")).unwrap()).contains("classes.description"));
    let coded = ["export", "m.safetensors", "--out", "m.bin", "--format", "atome02"];
    assert!(failure(atome().current_dir(path).args(coded), 2).contains("--format: is a classifier"));
    for (file, expected) in [
        ("other.csv", "other.csv: the class \"warm\" is none of the classifier's, which are cold, hot, wet"),
        ("few.csv", "few.csv: has the columns heat, expected heat, noise"),
    ] {
        let message = failure(atome().current_dir(path).args(["eval", "m.safetensors", "--classes", file]), 1);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn the_example_knows_its_table() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/sensor");
    let (model, table) = (example.join("machine.bin"), example.join("machine.csv"));
    let judged = json(atome().arg("eval").arg(&model).arg("--classes").arg(&table));
    assert_eq!(judged["examples"], 480);
    assert!(judged["right"].as_u64().unwrap() >= 470, "{judged}");
    // Its header is the one that its files still give.
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("machine.h");
    success(atome().arg("convert").arg(&model).args(["--name", "sensor", "--header"]).arg(&made));
    assert_eq!(fs::read_to_string(made).unwrap(), fs::read_to_string(example.join("machine.h")).unwrap());
}

/// What the header's function makes of numbers is what this program does, hostile ones included.
#[test]
fn c_code_makes_the_same_levels() {
    use atome_train::classes::{Column, Description};
    use atome_train::export::classes_in_c;

    if Command::new("cc").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no cc");
        return;
    }
    let column = |low: f32, step: f32| Column { name: "x".to_owned(), low, step };
    let columns = vec![column(-0.85, 24.609_686), column(0.1, 0.0), column(-3.4e38, 2.0e-37), column(1e-40, 3e38)];
    let classes = Description { names: vec!["a".to_owned(), "b".to_owned()], columns, least_margin: 0.0 };
    let mut rng = fastrand::Rng::with_seed(5);
    let value = |rng: &mut fastrand::Rng| match rng.u8(0..4) {
        0 => f32::from_bits(rng.u32(..)),
        1 => (rng.f32() - 0.5) * 8.0,
        2 => (f32::from(rng.u8(0..94)) + 0.5) / 24.609_686 - 0.85,
        _ => rng.f32() * 1e-39,
    };
    let rows: Vec<[f32; 4]> = (0..2000).map(|_| [(); 4].map(|()| value(&mut rng))).collect();
    let bits: Vec<String> = rows.iter().flatten().map(|value| format!("{:#x}u", value.to_bits())).collect();
    let program = format!(
        "#include <stdio.h>\n#include <string.h>\n{}\nstatic const unsigned bits[] = {{{}}};\n\
         int main(void)\n{{\n    size_t i;\n    for (i = 0; i < sizeof bits / sizeof bits[0]; i += 4) {{\n\
         float values[4];\n char text[5];\n memcpy(values, bits + i, 16);\n x_row(values, text);\n puts(text);\n    }}\n\
         return 0;\n}}\n",
        classes_in_c("x", &classes),
        bits.join(", ")
    );
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "levels.c", program.as_bytes());
    for flags in [&["-std=c99", "-O0"][..], &["-std=gnu99", "-O3", "-march=native"]] {
        let mut cc = Command::new("cc");
        cc.current_dir(folder.path()).args(flags).args(["-Wall", "-Wextra", "-Werror", "levels.c", "-o", "levels"]);
        success(&mut cc);
        let said = success(&mut Command::new(folder.path().join("levels")));
        for (row, line) in rows.iter().zip(said.lines()) {
            assert_eq!(classes.row(row).unwrap(), line, "{row:?} {flags:?}");
        }
        assert_eq!(said.lines().count(), rows.len());
    }
}
