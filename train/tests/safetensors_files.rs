//! Our checkpoints on disk, and other people's.

mod common;

use std::collections::HashMap;

use atome_train::checkpoint::{dims_of, keys, set_dims, Checkpoint, ContentError, Loaded, ModelView, Tensor};
use atome_train::saved::SavedModel;
use common::{random_checkpoint, ODD};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::SafeTensors;

fn described() -> Checkpoint {
    let mut checkpoint = random_checkpoint(&ODD, 3);
    checkpoint.metadata.insert(keys::RECIPE.to_owned(), "{\"steps\":3000,\"note\":\"\u{e4}\\\"\\n\"}".to_owned());
    checkpoint.metadata.insert(keys::CORPUS.to_owned(), "sha256:00ff".to_owned());
    checkpoint
}

#[test]
fn what_is_saved_is_loaded_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut checkpoint = described();
    let odd = [f32::NAN, -0.0, f32::INFINITY, f32::MIN_POSITIVE / 8.0];
    checkpoint.tensors.insert("state".to_owned(), Tensor::new(vec![2, 2], odd.to_vec()).unwrap());
    checkpoint.tensors.insert("scalar".to_owned(), Tensor::new(vec![], vec![4.5]).unwrap());
    checkpoint.tensors.insert("empty".to_owned(), Tensor::new(vec![3, 0], vec![]).unwrap());
    checkpoint.save(&path).unwrap();
    let loaded = Checkpoint::load(&path).unwrap();
    assert_eq!(loaded.metadata, checkpoint.metadata);
    assert!(loaded.tensors.keys().eq(checkpoint.tensors.keys()));
    for (name, tensor) in &checkpoint.tensors {
        let bits = |tensor: &Tensor| tensor.data().iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
        assert_eq!(loaded.tensors[name].shape(), tensor.shape(), "{name}");
        assert_eq!(bits(&loaded.tensors[name]), bits(tensor), "{name}");
    }
}

#[test]
fn equal_checkpoints_give_equal_bytes() {
    let bytes = described().to_safetensors().unwrap();
    for _ in 0..8 {
        assert!(described().to_safetensors().unwrap() == bytes);
    }
}

#[test]
fn the_librarys_reader_agrees() {
    let checkpoint = described();
    let bytes = checkpoint.to_safetensors().unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.len(), checkpoint.tensors.len());
    for (name, tensor) in &checkpoint.tensors {
        let view = file.tensor(name).unwrap();
        assert_eq!((view.dtype(), view.shape()), (Dtype::F32, tensor.shape()));
        let data: Vec<u8> = tensor.data().iter().flat_map(|value| value.to_le_bytes()).collect();
        assert!(view.data() == data);
    }
    let (header, _) = SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!((8 + header) % 8, 0, "values do not start on a border of 8");
}

#[test]
fn the_librarys_files_are_read() {
    let data: Vec<u8> = [1.0_f32, 2.0, 3.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let view = || TensorView::new(Dtype::F32, vec![3, 1], &data).unwrap();
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let bytes = safetensors::serialize([("b", view()), ("a", view())], Some(metadata)).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    assert_eq!(checkpoint.metadata["format"], "pt");
    assert_eq!(checkpoint.tensors["a"], Tensor::new(vec![3, 1], vec![1.0, 2.0, 3.0]).unwrap());

    let half = TensorView::new(Dtype::F16, vec![6], &data).unwrap();
    let bytes = safetensors::serialize([("a", half)], None).unwrap();
    let widened = Checkpoint::from_bytes(&bytes).unwrap();
    assert_eq!(widened.tensors["a"].data(), [0.0, 1.875, 0.0, 2.0, 0.0, 2.125]);
    let integers = TensorView::new(Dtype::I32, vec![3], &data).unwrap();
    let bytes = safetensors::serialize([("a", integers)], None).unwrap();
    let refused = Checkpoint::from_bytes(&bytes).unwrap_err().to_string();
    assert_eq!(refused, "tensor a: values are I32, expected f64, f32, f16 or bf16");
}

/// The library's file of `checkpoint`, each tensor under the name that `rename` gives it, if any.
fn others_file(checkpoint: &Checkpoint, rename: impl Fn(&str) -> Option<String>, metadata: &[(&str, &str)]) -> Vec<u8> {
    let bytes = |tensor: &Tensor| -> Vec<u8> { tensor.data().iter().flat_map(|value| value.to_le_bytes()).collect() };
    let data: Vec<(String, Vec<usize>, Vec<u8>)> = checkpoint
        .tensors
        .iter()
        .filter_map(|(name, tensor)| Some((rename(name)?, tensor.shape().to_vec(), bytes(tensor))))
        .collect();
    let counter = 7_i64.to_le_bytes();
    let counter = ("n_averaged".to_owned(), TensorView::new(Dtype::I64, vec![], &counter).unwrap());
    let views = data
        .iter()
        .map(|(name, shape, bytes)| (name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()))
        .chain([counter]);
    let metadata = metadata.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
    safetensors::serialize(views, Some(metadata)).unwrap()
}

#[test]
fn other_peoples_names_and_counters_are_seen_through() {
    let model = random_checkpoint(&ODD, 3);
    for front in ["", "module.", "model._orig_mod.", "_orig_mod.module.model."] {
        let bytes = others_file(&model, |name| Some(format!("{front}{name}")), &[("model", "atome")]);
        let loaded = Checkpoint::from_bytes(&bytes).unwrap();
        assert_eq!(loaded.tensors, model.tensors, "{front}");
        assert_eq!(dims_of(&loaded).unwrap().with_top_k(2), ODD);
        assert_eq!(SavedModel::from_checkpoint(&loaded).unwrap().params.len(), 518);
    }
}

#[test]
fn tied_tables_that_are_stored_once_are_read_twice() {
    let mut model = random_checkpoint(&ODD, 3);
    let embed = model.tensors["embed.weight"].clone();
    model.tensors.insert("unembed.weight".to_owned(), embed);
    for (kept, other) in [("embed.weight", "unembed.weight"), ("unembed.weight", "embed.weight")] {
        let front = |name: &str| format!("model.{name}");
        let rename = |name: &str| (name != other).then(|| front(name));
        let bytes = others_file(&model, rename, &[(&front(other), &front(kept))]);
        assert_eq!(Checkpoint::from_bytes(&bytes).unwrap().tensors, model.tensors, "{kept}");
        // Without a word about it, it may be lost.
        let lost = Checkpoint::from_bytes(&others_file(&model, rename, &[])).unwrap();
        assert!(!lost.tensors.contains_key(other));
    }
}

#[test]
fn averages_beside_the_weights_are_told_and_can_be_asked_for() {
    let (mut both, average) = (random_checkpoint(&ODD, 3), random_checkpoint(&ODD, 4));
    let weights = both.clone();
    for (name, tensor) in &average.tensors {
        both.tensors.insert(format!("ema.{name}"), tensor.clone());
    }
    let rename = |name: &str| Some(if name.starts_with("ema.") { name.to_owned() } else { format!("net.{name}") });
    let bytes = others_file(&both, rename, &[]);
    let loaded = Loaded::from_bytes(&bytes, None).unwrap();
    assert_eq!((&loaded.checkpoint.tensors, loaded.label.as_str()), (&weights.tensors, "net"));
    let note = "took the weights under net; there are others under ema: --weights ema takes those";
    assert_eq!(loaded.note().unwrap(), note);
    let loaded = Loaded::from_bytes(&bytes, Some("ema")).unwrap();
    assert_eq!(loaded.checkpoint.tensors, average.tensors);
    let message = Loaded::from_bytes(&bytes, Some("teacher")).unwrap_err().to_string();
    assert_eq!(message, "--weights teacher: the file has weights under ema, net");
}

#[test]
fn what_has_no_known_name_is_listed() {
    let model = random_checkpoint(&ODD, 3);
    let bytes = others_file(&model, |name| name.strip_prefix("blocks.").map(|rest| format!("layers.{rest}")), &[]);
    let message = dims_of(&Checkpoint::from_bytes(&bytes).unwrap()).unwrap_err().to_string();
    assert!(message.contains("there is no tensor embed.weight"), "{message}");
    assert!(message.contains("Found 20 tensors: layers.0.local.weight, layers.0.norm.bias, "), "{message}");
    let mut one = Checkpoint::default();
    one.tensors.insert("layers\n".to_owned(), model.tensors["embed.weight"].clone());
    let message = dims_of(&one).unwrap_err().to_string();
    assert!(message.ends_with("Found 1 tensor: layers\\n"), "{message}");
}

#[test]
fn sizes_come_from_the_description_else_from_the_tensors() {
    let mut checkpoint = described();
    let named = dims_of(&checkpoint).unwrap();
    assert_eq!((named.with_top_k(2), named.top_k, named.max_seq), (ODD, Some(2), Some(32)));
    checkpoint.metadata.remove(keys::SHAPE);
    let seen = dims_of(&checkpoint).unwrap();
    assert_eq!((seen.with_top_k(2), seen.top_k, seen.max_seq), (ODD, None, None));

    for (text, expected) in [
        ("[]", "shape: expected a JSON object"),
        ("{", "shape: expected a JSON object"),
        ("{\"d_model\": -7}", "d_model is -7, expected an integer from 1 to 65535"),
        ("{\"top_k\": 65536}", "top_k is 65536"),
        ("{\"max_seq\": \"x\"}", "max_seq is \"x\""),
    ] {
        checkpoint.metadata.insert(keys::SHAPE.to_owned(), text.to_owned());
        let refused = dims_of(&checkpoint).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn a_description_that_the_tensors_do_not_fit_is_refused() {
    let mut checkpoint = described();
    let mut dims = ODD;
    dims.n_layers = 65_535;
    set_dims(&mut checkpoint, &dims, None);
    let shape = atome_engine::Shape::new(dims_of(&checkpoint).unwrap().with_top_k(2)).unwrap();
    let refused = ModelView::new(&checkpoint, shape).unwrap_err().to_string();
    assert_eq!(refused, "tensor blocks.2.norm.weight: missing, expected the shape [7]");
}

#[test]
fn damaged_files_are_refused_and_never_panic() {
    let bytes = described().to_safetensors().unwrap();
    for len in 0..bytes.len() {
        assert!(Checkpoint::from_bytes(&bytes[..len]).is_err(), "{len} bytes");
    }
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for at in 0..header {
        for flip in [0x01, 0x80, 0xff, 0x20] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            // Damage of a name or a description cannot be seen.
            let _ = Checkpoint::from_bytes(&damaged);
        }
    }
    for hostile in [
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551615,4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,18446744073709551615]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F99\",\"shape\":[4],\"data_offsets\":[0,16]}}",
        "{\"a\":[[[[[[[[",
        "{}",
    ] {
        let file = [&(hostile.len() as u64).to_le_bytes(), hostile.as_bytes(), &[0; 16]].concat();
        let refused = Checkpoint::from_bytes(&file).unwrap_err();
        assert!(matches!(refused, ContentError::Safetensors(_)), "{hostile}: {refused}");
    }
    let deep = "{\"a\":".repeat(100_000);
    let file = [&(deep.len() as u64).to_le_bytes(), deep.as_bytes()].concat();
    assert!(Checkpoint::from_bytes(&file).is_err());
}

#[test]
fn files_of_other_kinds_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let load = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Checkpoint::load(&path).unwrap_err().to_string()
    };
    assert!(load("empty", b"").ends_with(
        "empty: offset 0: the file is empty, expected a checkpoint: \
        safetensors, or a zip file of torch.save"
    ));
    assert!(load("blob", b"ATOME01abc").contains("blob: offset 0: found \"ATOME01ab\", expected a checkpoint"));
    let missing = Checkpoint::load(&folder.path().join("none")).unwrap_err().to_string();
    assert!(missing.contains("none: open: "), "{missing}");
    assert!(Checkpoint::load(folder.path()).is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn an_endless_file_is_refused_at_its_start() {
    let refused = Checkpoint::load(std::path::Path::new("/dev/zero")).unwrap_err().to_string();
    assert!(refused.starts_with("/dev/zero: offset 0: found"), "{refused}");
}

#[test]
fn a_save_that_fails_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    described().save(&path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let refused = described().save(&folder.path().join("none/model.safetensors")).unwrap_err().to_string();
    assert!(refused.contains("none/model.safetensors: save: "), "{refused}");
    let mut named_like_metadata = described();
    named_like_metadata.tensors.insert("__metadata__".to_owned(), Tensor::new(vec![], vec![0.0]).unwrap());
    assert!(named_like_metadata.save(&path).is_err());
    assert!(std::fs::read(&path).unwrap() == before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mut checkpoint = described();
    checkpoint.tensors.insert("state".to_owned(), Tensor::new(vec![2], vec![0.5, 1.5]).unwrap());
    let bytes = checkpoint.to_safetensors().unwrap();
    let (header, _) = SafeTensors::read_metadata(&bytes).unwrap();
    let key = bytes.windows(keys::CONTENTS.len()).position(|found| found == keys::CONTENTS.as_bytes()).unwrap();
    for place in 0..8 * bytes.len() {
        // Without the word for the digest, a file says nothing about its contents.
        if (key..key + keys::CONTENTS.len()).contains(&(place / 8)) || place % 7 != place / 8 % 7 {
            continue;
        }
        let mut flipped = bytes.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        let refused = Checkpoint::from_bytes(&flipped);
        // Blanks of the header carry nothing.
        assert!(refused.is_err() || refused.unwrap() == checkpoint && place / 8 < 8 + header, "bit {place}");
        if place / 8 >= 8 + header {
            let message = Checkpoint::from_bytes(&flipped).unwrap_err().to_string();
            assert!(message.contains("the file was damaged or changed after it was saved"), "{message}");
        }
    }
}

#[test]
fn files_from_before_the_digest_and_those_that_others_wrote_again_are_read() {
    let checkpoint = described();
    let bytes = checkpoint.to_safetensors().unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let mut metadata = header.metadata().clone().unwrap();
    // The library writes the header in another order, and the values, too.
    let again = safetensors::serialize(file.tensors(), Some(metadata.clone())).unwrap();
    assert_eq!(Checkpoint::from_bytes(&again).unwrap(), checkpoint);
    assert!(metadata.remove(keys::CONTENTS).is_some());
    let older = safetensors::serialize(file.tensors(), Some(metadata)).unwrap();
    assert_eq!(Checkpoint::from_bytes(&older).unwrap(), checkpoint);
}

#[test]
fn names_that_stand_twice_are_refused() {
    let value = |name: &str, start: usize| {
        format!(r#""{name}":{{"dtype":"F32","shape":[1],"data_offsets":[{start},{}]}}"#, start + 4)
    };
    for header in [
        format!("{{{},{}}}", value("a", 0), value("a", 0)),
        format!(r#"{{"__metadata__":{{"step":"1","step":"2"}},{}}}"#, value("a", 0)),
        format!(r#"{{"__metadata__":{{"m":"1"}},"__metadata__":{{}},{}}}"#, value("a", 0)),
    ] {
        let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 4]].concat();
        let message = Checkpoint::from_bytes(&bytes).unwrap_err().to_string();
        // The library sees one of them itself.
        let is_told = message.contains("stands twice") || message.contains("duplicate field");
        assert!(message.starts_with("safetensors: ") && is_told, "{message}");
    }
}
