//! Headers and arrays for C programs, of every kind of model file: what they say, what they are called, and which programs
//! they refuse.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use atome_engine::Dims;
use common::*;
use fastrand::Rng;

/// A compiler with the folder of our header; `None` where it is not there.
fn compiler(name: &str, folder: &Path) -> Option<Command> {
    if Command::new(name).arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no {name}");
        return None;
    }
    let mut command = Command::new(name);
    command.current_dir(folder).args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-I"]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../include"));
    Some(command)
}

fn sources(folder: &Path, model: &Path, flags: &[&str]) -> String {
    let mut command = atome();
    command.current_dir(folder).arg("convert").arg(model).args(["--header", "shape.h", "--c-array", "weights.c"]);
    success(command.args(flags))
}

/// A program that copies the array to standard output.
const COPY: &str = "#include \"shape.h\"\n#include \"atome.h\"\n#include <stdio.h>\n\
    int main(void) { return fwrite(weights, 1, WEIGHTS_SIZE, stdout) != sizeof weights; }\n";

fn array_of(folder: &Path) -> Option<Vec<u8>> {
    fs::write(folder.join("copy.c"), COPY).unwrap();
    let output = compiler("gcc", folder)?.args(["-std=c99", "copy.c", "weights.c", "-o", "copy"]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let output = Command::new(folder.join("copy")).output().unwrap();
    assert!(output.status.success());
    Some(output.stdout)
}

/// Each kind of file, with the words that its header is to have.
fn files(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let model = small_model(folder);
    let made = |name: &str, format: &str, flags: &[&str]| {
        let path = folder.join(name);
        success(atome().arg("convert").arg(&model).args(["--format", format, "--out"]).arg(&path).args(flags));
        path
    };
    vec![
        (model.clone(), "ATOME_FILE_SIZE_ATOME01"),
        (made("a.b3", "atome02", &[]), "#define ATOME_FORMATS\n"),
        (made("a.p3", "atomep3", &[]), "ATOME_BLOB_SIZE_ATOMEP3"),
        (
            made("a.box", "atome02", &["--container", "--attn-top-k", "4", "--max-seq", "24"]),
            "#define ATOME_CONTAINERS\n",
        ),
        (small_classifier(folder), "ATOME_MAX_CLASSES < 3"),
    ]
}

#[test]
fn every_kind_of_file_becomes_c_sources() {
    let folder = tempfile::tempdir().unwrap();
    for (file, expected) in files(folder.path()) {
        let bytes = fs::read(&file).unwrap();
        sources(folder.path(), &file, &["--force", "--max-seq", "24"]);
        let header = fs::read_to_string(folder.path().join("shape.h")).unwrap();
        assert!(header.contains(expected), "{}: {header}", file.display());
        assert!(header.contains(&format!("#define WEIGHTS_SIZE {}\n", bytes.len())), "{header}");
        assert!(header.contains("#define ATOME_MAX_SEQ 24\n") && header.contains("#define ATOME_D_MODEL 16\n"));
        let Some(array) = array_of(folder.path()) else { return };
        assert!(array == bytes, "{}", file.display());
    }
}

#[test]
fn what_is_written_is_what_the_array_holds() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let report = sources(folder.path(), &model, &["--format", "atome02", "--out", "small.b3", "--sidecar"]);
    assert!(report.contains("array       const uint8_t weights["), "{report}");
    let Some(array) = array_of(folder.path()) else { return };
    assert!(array == fs::read(folder.path().join("small.b3")).unwrap() && array.starts_with(b"ATOME02"));
    // Without --out.
    sources(folder.path(), &model, &["--format", "atome02", "--force"]);
    assert!(array_of(folder.path()).unwrap() == array);
    // A sidecar alone lies beside the model.
    success(atome().arg("convert").arg(&model).arg("--sidecar"));
    assert!(fs::read_to_string(folder.path().join("small.bin.json")).unwrap().contains("\"d_model\": 16"));
}

#[test]
fn bytes_behind_the_end_are_left_out_and_signatures_stay() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let bytes = fs::read(&model).unwrap();
    let padded = write(folder.path(), "padded.bin", &[&bytes[..], &[0xff; 9]].concat());
    let flags = ["--vocab", "256", "--d-model", "16", "--n-layers", "2", "--d-head", "8", "--kernel-size", "3"];
    let report = sources(folder.path(), &padded, &[&flags[..], &["--n-pathways", "3"]].concat());
    assert!(report.contains("left out    9 bytes behind the model's end"), "{report}");
    let Some(array) = array_of(folder.path()) else { return };
    assert!(array == bytes);

    let (key, signed) = (folder.path().join("key"), folder.path().join("signed.box"));
    success(atome().arg("keygen").arg(&key));
    let mut pack = atome();
    pack.arg("pack").arg(&model).arg("--out").arg(folder.path().join("m.box"));
    success(pack.args(["--attn-top-k", "4", "--max-seq", "24"]));
    let mut sign = atome();
    sign.arg("sign")
        .arg(folder.path().join("m.box"))
        .arg("--key")
        .arg(key.with_extension("secret"))
        .arg("--out")
        .arg(&signed);
    success(&mut sign);
    sources(folder.path(), &signed, &["--force"]);
    assert!(array_of(folder.path()).unwrap() == fs::read(signed).unwrap());
}

#[test]
fn no_array_is_called_what_c_or_the_header_has() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    for (file, name) in [
        ("default.c", "default_data"),
        ("for.c", "for_data"),
        ("main.c", "main_data"),
        ("model.c", "model_data"),
        ("atome_load.c", "model_atome_load"),
        ("printf.c", "printf_data"),
        ("class.c", "class_data"),
        ("9-a.c", "model_9_a"),
    ] {
        let mut command = atome();
        command.current_dir(folder.path()).arg("convert").arg(&model).args(["--header", "s.h", "--c-array", file]);
        assert_eq!(json(command.arg("--force"))["array"], name);
        let program =
            format!("#include \"s.h\"\n#include \"atome.h\"\nint x(void);\nint x(void) {{ return {name}[0]; }}\n");
        fs::write(folder.path().join("use.c"), program).unwrap();
        for (compiler_name, language) in [("gcc", "c"), ("g++", "c++")] {
            let Some(mut compiler) = compiler(compiler_name, folder.path()) else { continue };
            let output = compiler.args(["-x", language, "-fsyntax-only", file, "use.c"]).output().unwrap();
            assert!(output.status.success(), "{file}: {}", stderr(&output));
        }
    }
    let named = |name: &str| {
        let mut command = atome();
        command.current_dir(folder.path()).arg("convert").arg(&model).args([
            "--c-array",
            "x.c",
            "--force",
            "--name",
            name,
        ]);
        command
    };
    assert_eq!(json(&mut named("kitchen"))["array"], "kitchen");
    for (name, why) in [
        ("class", "a word of C or C++"),
        ("atome_x", "names that begin with atome_ are those of atome.h"),
        ("9", "expected a letter"),
        ("malloc", "a name of the C library"),
    ] {
        let message = failure(&mut named(name), 2);
        assert!(message.contains("--name") && message.contains(why), "{message}");
    }
    let message = failure(atome().arg("convert").arg(&model).args(["--sidecar", "--name", "x"]), 2);
    assert!(message.contains("--name: names a C array"), "{message}");
    let message = failure(atome().arg("convert").arg(&model), 2);
    assert!(message.contains("nothing to write: expected --out, --header, --c-array or --sidecar"), "{message}");
}

/// The compiler's messages, or `None` for a success.
fn refused(mut command: Command) -> Option<String> {
    let output: Output = command.output().unwrap();
    (!output.status.success()).then(|| stderr(&output))
}

#[test]
fn two_models_of_one_shape_are_used_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let make = |seed, name: &str, dims: Dims, n_classes| {
        let bytes = model_bytes(dims, n_classes, Floats::Trained, &mut Rng::with_seed(seed));
        let model = write(folder.path(), name, &bytes);
        let file = |extension: &str| format!("{name}.{extension}");
        let mut command = atome();
        command.current_dir(folder.path()).arg("convert").arg(model);
        success(command.args(["--header", &file("h"), "--c-array", &file("c")]));
    };
    make(1, "lamp", SMALL, None);
    make(2, "heater", SMALL, None);
    make(3, "doors", SMALL, Some(3));
    make(4, "windows", SMALL, Some(40));
    make(5, "other", Dims { n_layers: 3, ..SMALL }, None);
    let program = |headers: &[&str]| {
        let includes: String = headers.iter().map(|name| format!("#include \"{name}.h\"\n")).collect();
        let names: Vec<String> = headers.iter().map(|name| format!("(int)sizeof {name}")).collect();
        fs::write(
            folder.path().join("all.c"),
            format!("{includes}#include \"atome.h\"\nint main(void) {{ return ({}) == 0; }}\n", names.join(" + ")),
        )
        .unwrap();
        let mut gcc = compiler("gcc", folder.path())?;
        gcc.args(["-std=c99", "all.c"]).args(headers.iter().map(|name| format!("{name}.c"))).args(["-o", "all"]);
        Some(refused(gcc))
    };
    let Some(said) = program(&["lamp", "heater"]) else { return };
    assert_eq!(said, None);
    assert_eq!(program(&["doors", "lamp"]).unwrap(), None);
    assert_eq!(program(&["windows", "doors", "lamp"]).unwrap(), None);
    let said = program(&["lamp", "other"]).unwrap().unwrap();
    assert!(said.contains("ATOME_N_LAYERS was set before this model's shape, to another value than 3"), "{said}");
}

#[test]
fn arrays_refuse_programs_of_another_shape() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    sources(folder.path(), &model, &[]);
    fs::write(
        folder.path().join("main.c"),
        "#include \"atome.h\"\nextern const uint8_t weights[];\nint main(void) { return weights[0] == 0; }\n",
    )
    .unwrap();
    let link = |compiler_name: &str, main: &str, array: &str| {
        let compile = |source: &str, flags: &str| {
            let mut command = compiler(compiler_name, folder.path())?;
            command.args(["-std=c99", "-c", source]).args(flags.split_whitespace());
            refused(command).map_or(Some(()), |said| panic!("{said}"))
        };
        compile("main.c", main)?;
        compile("weights.c", array)?;
        let mut command = compiler(compiler_name, folder.path())?;
        command.args(["main.o", "weights.o", "-o", "program"]).args(array.split_whitespace().filter(|f| *f == "-flto"));
        Some(refused(command))
    };
    const SHAPE: &str = "-DATOME_D_MODEL=16 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=8 -DATOME_KERNEL_SIZE=3";
    let other = SHAPE.replace("LAYERS=2", "LAYERS=3");
    for compiler_name in ["gcc", "clang"] {
        for more in ["", " -flto"] {
            let Some(said) = link(compiler_name, &format!("{SHAPE}{more}"), more) else { return };
            assert_eq!(said, None, "{compiler_name}");
            let said = link(compiler_name, &format!("{other}{more}"), more).unwrap().expect("refused");
            assert!(said.contains("atome_files_disagree_on_ATOME_N_LAYERS"), "{compiler_name}: {said}");
        }
        assert_eq!(link(compiler_name, &other, "-DATOME_NO_LINK_CHECK").unwrap(), None);
        // As for an archive with a prefix: another program's symbols.
        assert_eq!(link(compiler_name, &other, "-DATOME_PREFIX=lamp_").unwrap(), None);
    }
    // Macros that are set for all files are compared by the compiler.
    let mut command = compiler("gcc", folder.path()).unwrap();
    command.args(["-DATOME_D_HEAD=16", "-fsyntax-only", "weights.c"]);
    let said = refused(command).expect("refused");
    assert!(said.contains("ATOME_D_HEAD is set to another value than this model's, 8"), "{said}");
}

#[test]
fn a_size_that_is_not_the_shapes_stops_the_compiler_in_either_order() {
    let folder = tempfile::tempdir().unwrap();
    for (file, _) in files(folder.path()) {
        sources(folder.path(), &file, &["--force", "--max-seq", "24"]);
        let path = folder.path().join("shape.h");
        let header = fs::read_to_string(&path).unwrap();
        let line = header.lines().find(|line| line.starts_with("#define ATOME_FILE_SIZE_")).unwrap();
        let size = line.rsplit(' ').next().unwrap().to_owned();
        let orders = ["#include \"shape.h\"\n#include \"atome.h\"\n", "#include \"atome.h\"\n#include \"shape.h\"\n"];
        let compile = |order: &str| {
            // For the order in which the macros come too late.
            let shape =
                "-DATOME_D_MODEL=16 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=8 -DATOME_KERNEL_SIZE=3 -DATOME_MAX_SEQ=24";
            fs::write(folder.path().join("order.c"), order).unwrap();
            let mut command = compiler("gcc", folder.path())?;
            command.args(shape.split(' ')).args(["-fsyntax-only", "order.c"]);
            Some(refused(command))
        };
        for order in orders {
            let Some(said) = compile(order) else { return };
            assert_eq!(said, None, "{}", file.display());
        }
        let wrong: usize = size.parse::<usize>().unwrap() + 1;
        fs::write(&path, header.replace(&size, &wrong.to_string())).unwrap();
        for order in orders {
            let said = compile(order).unwrap().expect("refused");
            assert!(said.contains("shape"), "{}: {said}", file.display());
        }
    }
}
