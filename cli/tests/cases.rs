//! Files as people have them, where the data folder has them: each gives what its README says is right.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::*;
use sha2::{Digest, Sha256};

/// SHA-256 of the model files that are right: PyTorch 1.13 read the checkpoints, widened or rounded their weights to f32 and
/// wrote them as plain state dicts, and `atome export` exported those.
const BASE: &str = "1169be0097db57152e055101a71381c8ed4e91066ba2938ddcc385c5dd792906";
const OTHER: &str = "d1d0f40659507c959a8aa8a5484b4c2e610e2e529fe60649d843ff0b50ec2702";
const BF16: &str = "16f00f688f99da409c4f48fe880f76919d3b3199babb6c6b1330324278286177";
const TIED: &str = "fe2b1a7d7c84378521a2bb657eb59c3393a55d0c134926f6862ebb1f7647ed35";

const CHECKPOINTS: [(&str, &str); 19] = [
    ("00_base.pt", BASE),
    ("02_orig_mod.pt", OTHER),
    ("03b_bare_ddp.pt", OTHER),
    ("10_rng_numpy.pt", BASE),
    ("12_namespace_args.pt", BASE),
    ("13_path.pt", BASE),
    ("14_np_scalar_loss.pt", BASE),
    ("17_bf16.pt", BF16),
    ("17_f64.pt", BASE),
    ("20_tied.pt", TIED),
    ("26_extra_bool_buffer.pt", BASE),
    ("27_ema_averagedmodel.pt", BASE),
    ("29_cfg_none.pt", BASE),
    ("31_defaultdict.pt", BASE),
    ("32_set_list.pt", BASE),
    ("34_datetime.pt", BASE),
    ("52_st_bf16.safetensors", BF16),
    ("53_st_int_extra.safetensors", BASE),
    ("54b_st_module.safetensors", BASE),
];

/// Those that do not tell how many positions attention keeps.
const WITHOUT_TOP_K: [&str; 5] = [
    "03b_bare_ddp.pt",
    "29_cfg_none.pt",
    "52_st_bf16.safetensors",
    "53_st_int_extra.safetensors",
    "54b_st_module.safetensors",
];

/// The folder of the cases.
fn cases(folder: &str) -> Option<PathBuf> {
    data_file(&format!("cases/{folder}"))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The model file of a checkpoint and what was said on the way, with flags for what only the user knows.
fn exported(checkpoint: &Path, flags: &[&str]) -> (Vec<u8>, String) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("model.bin");
    let output = atome().arg("export").arg(checkpoint).arg("--out").arg(&out).args(flags).output().unwrap();
    assert!(output.status.success(), "{}: {}", checkpoint.display(), stderr(&output));
    (fs::read(out).unwrap(), stderr(&output))
}

#[test]
fn every_checkpoint_becomes_the_model_that_it_is() {
    let Some(folder) = cases("checkpoints") else { return };
    assert_eq!(names(&folder), CHECKPOINTS.map(|(name, _)| name));
    for (name, right) in CHECKPOINTS {
        let (found, said) = exported(&folder.join(name), &[]);
        assert_eq!(digest(&found), right, "{name}");
        let asks = said.contains("does not tell top_k and max_seq: 4 and 128 are assumed, --attn-top-k and --max-seq");
        assert_eq!(asks, WITHOUT_TOP_K.contains(&name), "{name}: {said}");
        assert!(asks || said.is_empty(), "{name}: {said}");
        let (told, silence) = exported(&folder.join(name), &["--attn-top-k", "4", "--max-seq", "64"]);
        assert_eq!((told, silence.as_str()), (found, ""), "{name}");
    }
}

#[test]
fn every_checkpoint_is_judged_and_trained_further() {
    let Some(folder) = cases("checkpoints") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let text = write(scratch.path(), "story.txt", "A robot asks why it rains. ".repeat(40).as_bytes());
    let judged = |checkpoint: &Path| {
        let mut call = atome();
        call.arg("eval").arg(checkpoint).arg("--text").arg(&text).args(["--windows", "2", "--window", "16"]);
        json(&mut call)["nats_per_byte"].clone()
    };
    let base = judged(&folder.join("00_base.pt"));
    for (name, right) in CHECKPOINTS {
        let found = judged(&folder.join(name));
        assert_eq!(found == base, right == BASE, "{name}: {found}");
        let mut call = atome();
        call.arg("train").arg("--text").arg(&text).arg("--init-from").arg(folder.join(name)).arg("--out");
        call.arg(scratch.path().join("tuned.safetensors")).args(["--steps", "1", "--force"]);
        assert_eq!(json(&mut call)["parameters"], 9_664, "{name}");
    }
}

#[test]
fn every_text_becomes_utf_8() {
    let Some(folder) = cases("text") else { return };
    let texts = [
        ("html_1252.html", "windows-1252", "It\u{2019}s \u{201c}quoted\u{201d} \u{20ac} 5\n"),
        ("latin1.txt", "windows-1252", "\u{dc}berm\u{e4}\u{df}ig stra\u{df}e caf\u{e9} na\u{ef}ve "),
        ("utf16_ru.txt", "UTF-16LE", "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}, \u{43c}\u{438}\u{440}! "),
    ];
    assert_eq!(names(&folder), texts.map(|(name, ..)| name));
    let scratch = tempfile::tempdir().unwrap();
    for (name, encoding, start) in texts {
        let out = scratch.path().join(name);
        let mut call = atome();
        call.arg("corpus").arg(folder.join(name)).arg("--out").arg(&out).arg("--cache").arg(scratch.path());
        let report = json(&mut call);
        assert_eq!(
            (&report["parts"][0]["encoding"], &report["parts"][0]["repaired"]),
            (&encoding.into(), &false.into())
        );
        let text = fs::read_to_string(&out).unwrap();
        assert!(text.starts_with(start) && !text.contains('\u{fffd}'), "{name}: {text:.60}");
    }
}
