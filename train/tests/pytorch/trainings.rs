//! Files as trainings write them: weights under many names and in several number formats, and all kinds of things beside
//! them.

use atome_engine::Dims;
use atome_train::checkpoint::{dims_of, keys, Checkpoint, Loaded};
use half::{bf16, f16};

use super::pickles::*;
use super::zip::{self, stored, Style};
use crate::common::{random_checkpoint, ODD};

/// What the weights of a file are stored as.
#[derive(Clone, Copy)]
struct Format {
    storage: &'static str,
    bytes: fn(f32) -> Vec<u8>,
    /// What is left of a value.
    kept: fn(f32) -> f32,
}

const F32: Format =
    Format { storage: "FloatStorage", bytes: |value| value.to_le_bytes().to_vec(), kept: |value| value };

/// A file with the state dicts of models, in a pickle that `wrap` makes of them.
fn file(models: &[(&Checkpoint, &str)], format: Format, wrap: impl Fn(&[Vec<u8>]) -> Vec<u8>) -> Vec<u8> {
    let (mut entries, mut state_dicts) = (Vec::new(), Vec::new());
    for (model, front) in models {
        let mut tensors = Vec::new();
        for (name, tensor) in &model.tensors {
            let key = entries.len().to_string();
            let values: Vec<u8> = tensor.data().iter().flat_map(|&value| (format.bytes)(value)).collect();
            let sizes = |sizes: &[usize]| tuple(&sizes.iter().map(|&size| int(size as i32)).collect::<Vec<_>>());
            let strides: Vec<usize> =
                (1..=tensor.shape().len()).map(|axis| tensor.shape()[axis..].iter().product()).collect();
            let storage = storage(format.storage, &key, int(tensor.data().len() as i32));
            tensors.push((format!("{front}{name}"), view(storage, int(0), sizes(tensor.shape()), sizes(&strides))));
            entries.push((format!("m/data/{key}"), values));
        }
        let tensors: Vec<(&str, Vec<u8>)> =
            tensors.iter().map(|(name, pickle)| (name.as_str(), pickle.clone())).collect();
        state_dicts.push(ordered_dict(&tensors));
    }
    let pickle = whole(&wrap(&state_dicts));
    let mut files = vec![stored("m/data.pkl", &pickle)];
    files.extend(entries.iter().map(|(name, values)| stored(name, values)));
    zip::write(&files, Style::default())
}

/// A file with the state dict of [`model`] alone.
fn one(wrap: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    file(&[(&model(), "")], F32, |state_dicts| wrap(state_dicts[0].clone()))
}

fn model() -> Checkpoint {
    random_checkpoint(&ODD, 3)
}

fn read(bytes: &[u8]) -> Checkpoint {
    Checkpoint::from_bytes(bytes).unwrap()
}

fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

/// An object with attributes, as `pickle` writes it.
fn object(module: &str, name: &str, attributes: &[(&str, Vec<u8>)]) -> Vec<u8> {
    [global(module, name).as_slice(), b")\x81", &dict(attributes), b"b"].concat()
}

fn reduced(module: &str, name: &str, args: &[Vec<u8>]) -> Vec<u8> {
    [global(module, name).as_slice(), &tuple(args), b"R"].concat()
}

#[test]
fn prefixes_of_keys_are_seen_through() {
    for front in ["_orig_mod.", "module.", "model.", "module._orig_mod.", "_orig_mod.module.model.", "model.model."] {
        let bytes = file(&[(&model(), front)], F32, |state_dicts| dict(&[("state_dict", state_dicts[0].clone())]));
        assert_eq!(read(&bytes).tensors, model().tensors, "{front}");
        let bare = file(&[(&model(), front)], F32, |state_dicts| state_dicts[0].clone());
        assert_eq!(read(&bare).tensors, model().tensors, "{front}");
    }
}

#[test]
fn weights_are_found_under_every_usual_key() {
    for key in ["model", "state_dict", "model_state_dict", "net", "ema", "weights", "params"] {
        let bytes = one(|state_dict| dict(&[("epoch", int(3)), (key, state_dict)]));
        let checkpoint = read(&bytes);
        assert_eq!((checkpoint.tensors, checkpoint.metadata["epoch"].as_str()), (model().tensors, "3"), "{key}");
        let bytes = one(|state_dict| dict(&[("checkpoint", dict(&[(key, state_dict)])), ("epoch", int(3))]));
        assert_eq!(read(&bytes).tensors, model().tensors, "{key}");
    }
    // An epoch among the tensors, and a list of state dicts.
    let bytes = one(|state_dict| [state_dict, text("epoch"), int(3), b"s".to_vec()].concat());
    assert_eq!(read(&bytes).tensors, model().tensors);
    let bytes = one(|state_dict| tuple(&[state_dict, dict(&[("lr", int(1))])]));
    assert_eq!(read(&bytes).tensors, model().tensors);
}

#[test]
fn a_whole_module_is_read_without_its_class() {
    let vector = |name: &str| (name.to_owned(), tensor("0", 6, 0, &[6], &[1]));
    let (embed, parts) = (vector("weight"), [vector("bias")]);
    let parameters = |parts: &[(String, Vec<u8>)]| {
        let parts: Vec<(&str, Vec<u8>)> = parts.iter().map(|(name, pickle)| (name.as_str(), pickle.clone())).collect();
        ordered_dict(&parts)
    };
    let inner =
        object("torch.nn", "Embedding", &[("training", b"\x88".to_vec()), ("_parameters", parameters(&[embed]))]);
    let norm = object("torch.nn", "LayerNorm", &[("_parameters", parameters(&parts)), ("_modules", b"}".to_vec())]);
    let modules = ordered_dict(&[("embed", inner), ("final_norm", norm)]);
    let root = object("my.models", "Atome", &[("d_model", int(6)), ("vocab_size", int(1)), ("_modules", modules)]);
    let checkpoint = read(&super::file(&whole(&root)));
    assert_eq!(checkpoint.tensors.keys().collect::<Vec<_>>(), ["embed.weight", "final_norm.bias"]);
    assert_eq!(checkpoint.metadata[keys::SHAPE], "{\"d_model\":6,\"vocab_size\":1}");
}

/// What trainings keep beside the weights.
pub fn objects() -> Vec<(&'static str, Vec<u8>)> {
    let none = || b"N".to_vec();
    vec![
        ("loss", reduced("numpy._core.multiarray", "scalar", &[reduced("numpy", "dtype", &[text("f8")]), text("x")])),
        (
            "args",
            object("argparse", "Namespace", &[("lr", int(1)), ("out", reduced("pathlib", "PosixPath", &[text("a")]))]),
        ),
        ("path", reduced("pathlib", "PosixPath", &[text("/"), text("runs")])),
        ("when", reduced("datetime", "datetime", &[reduced("_codecs", "encode", &[text("\u{7}"), text("latin1")])])),
        ("tags", reduced("__builtin__", "set", &[[b"](".to_vec(), text("a"), b"e".to_vec()].concat()])),
        (
            "hist",
            [reduced("collections", "defaultdict", &[global("__builtin__", "list")]), text("a"), none(), b"s".to_vec()]
                .concat(),
        ),
        ("old", reduced("copy_reg", "_reconstructor", &[global("m", "C"), global("__builtin__", "object"), none()])),
        ("rng", [b"\x8a\x11".as_slice(), &[7; 17]].concat()),
        ("bytes", b"C\x03abc".to_vec()),
        ("new_set", b"\x8f(K\x01K\x02\x90".to_vec()),
        ("frozen", b"(K\x01\x91".to_vec()),
        ("popped", [none(), b"200N".to_vec()].concat()),
        ("config", none()),
        (
            "optimizer",
            dict(&[(
                "state",
                [b"}K\x00".to_vec(), dict(&[("step", tensor("0", 1, 0, &[], &[]))]), b"s".to_vec()].concat(),
            )]),
        ),
    ]
}

#[test]
fn other_objects_are_passed_over() {
    let beside = objects();
    let bytes = one(|state_dict| {
        let mut all = beside.clone();
        all.push(("state_dict", state_dict));
        dict(&all)
    });
    let checkpoint = read(&bytes);
    assert_eq!(checkpoint.tensors, model().tensors);
    assert!(checkpoint.metadata.is_empty(), "{:?}", checkpoint.metadata);
    assert_eq!(dims_of(&checkpoint).unwrap().top_k, None);
}

#[test]
fn weights_may_lie_in_mappings_of_every_kind() {
    for mapping in [
        reduced("collections", "defaultdict", &[global("__builtin__", "dict")]),
        [global("pytorch_lightning.utilities", "AttributeDict").as_slice(), b")\x81"].concat(),
    ] {
        let bytes = one(|state_dict| [mapping.clone(), text("model"), state_dict, b"s".to_vec()].concat());
        assert_eq!(read(&bytes).tensors, model().tensors);
    }
}

#[test]
fn newer_protocols_are_read() {
    let bytes = one(|state_dict| {
        let frame = b"\x95\x10\0\0\0\0\0\0\0".to_vec();
        let key = b"\x8c\x0astate_dict\x94".to_vec();
        let named = [text("argparse"), b"\x94".to_vec(), text("Namespace"), b"\x94\x93\x94)}\x92".to_vec()].concat();
        [frame, b"}\x94(".to_vec(), key, state_dict, b"\x8d\x04\0\0\0\0\0\0\0args".to_vec(), named, b"u".to_vec()]
            .concat()
    });
    assert_eq!(read(&bytes).tensors, model().tensors);
}

#[test]
fn parameters_with_attributes_are_tensors() {
    let plain = tensor("0", 6, 0, &[6], &[1]);
    let with_state = reduced(
        "torch._utils",
        "_rebuild_parameter_with_state",
        &[plain.clone(), b"\x88".to_vec(), b"N".to_vec(), b"}".to_vec()],
    );
    let args = tuple(&[
        storage("FloatStorage", "0", int(6)),
        int(0),
        tuple(&[int(6)]),
        tuple(&[int(1)]),
        b"\x89".to_vec(),
        b"N".to_vec(),
        b"}".to_vec(),
    ]);
    let kind = global("my", "Tensor");
    let of_a_kind = reduced(
        "torch._tensor",
        "_rebuild_from_type_v2",
        &[global("torch._utils", "_rebuild_tensor_v2"), kind, args, b"}".to_vec()],
    );
    let old = tuple(&[storage("FloatStorage", "0", int(6)), int(0), tuple(&[int(6)]), tuple(&[int(1)])]);
    let old = [global("torch._utils", "_rebuild_tensor").as_slice(), &old, b"R"].concat();
    for form in [with_state, of_a_kind, old] {
        let checkpoint = read(&super::file(&whole(&dict(&[("a", plain.clone()), ("b", form)]))));
        assert_eq!(checkpoint.tensors["a"], checkpoint.tensors["b"]);
    }
    let itself = global("torch._tensor", "_rebuild_from_type_v2");
    let nested =
        reduced("torch._tensor", "_rebuild_from_type_v2", &[itself, b"N".to_vec(), b")".to_vec(), b"N".to_vec()]);
    assert!(super::refused(&whole(&nested)).contains("inside one of the same"));
}

#[test]
fn every_number_format_of_weights_is_read() {
    let formats = [
        Format {
            storage: "DoubleStorage",
            bytes: |value| f64::from(value).to_le_bytes().to_vec(),
            kept: |value| value,
        },
        Format {
            storage: "HalfStorage",
            bytes: |value| f16::from_f32(value).to_le_bytes().to_vec(),
            kept: |value| f16::from_f32(value).to_f32(),
        },
        Format {
            storage: "BFloat16Storage",
            bytes: |value| bf16::from_f32(value).to_le_bytes().to_vec(),
            kept: |value| bf16::from_f32(value).to_f32(),
        },
    ];
    for format in formats {
        let loaded = read(&file(&[(&model(), "")], format, |state_dicts| state_dicts[0].clone()));
        for (name, tensor) in model().tensors {
            let expected: Vec<f32> = tensor.data().iter().map(|&value| (format.kept)(value)).collect();
            assert_eq!(loaded.tensors[&name].data(), expected, "{} {name}", format.storage);
        }
    }
    // Rounded half to even, also where strides skip values.
    let wide = [1.0 + f64::from(f32::EPSILON) / 2.0, 9.0, 1.0 + 1.5 * f64::from(f32::EPSILON), 9.0];
    let values: Vec<u8> = wide.iter().flat_map(|value| value.to_le_bytes()).collect();
    let skipping = view(storage("DoubleStorage", "0", int(4)), int(0), tuple(&[int(2)]), tuple(&[int(2)]));
    let pickle = whole(&dict(&[("w", skipping)]));
    let bytes = zip::write(&[stored("m/data.pkl", &pickle), stored("m/data/0", &values)], Style::default());
    assert_eq!(read(&bytes).tensors["w"].data(), [1.0, 1.0 + 2.0 * f32::EPSILON]);
}

#[test]
fn tensors_that_are_not_needed_are_not_looked_at() {
    let of = |kind: &str, key: &str| view(storage(kind, key, int(6)), int(0), tuple(&[int(6)]), tuple(&[int(1)]));
    let extras = [
        ("pos_mask", of("BoolStorage", "nowhere")),
        ("n_averaged", of("LongStorage", "nowhere")),
        ("blocks.0.sparse.mask", of("BoolStorage", "nowhere")),
        ("blocks.0.phase", of("ComplexFloatStorage", "nowhere")),
        ("optimizer.exp_avg", of("FloatStorage", "nowhere")),
    ];
    let with = |extras: &[(&str, Vec<u8>)]| {
        one(|state_dict| {
            let extras = extras.iter().flat_map(|(name, pickle)| [text(name), pickle.clone(), b"s".to_vec()].concat());
            [state_dict, extras.collect()].concat()
        })
    };
    assert_eq!(read(&with(&extras)).tensors, model().tensors);
    // A weight is looked at, whatever it is made of.
    let refused = |name: &str, kind: &str| Checkpoint::from_bytes(&with(&[(name, of(kind, "nowhere"))])).unwrap_err();
    let message = refused("blocks.7.norm.weight", "CharStorage").to_string();
    assert_eq!(message, "tensor blocks.7.norm.weight: values are i8, expected f64, f32, f16 or bf16");
    let message = refused("blocks.7.gate.weight", "FloatStorage").to_string();
    assert_eq!(message, "tensor blocks.7.gate.weight: there is no entry m/data/nowhere with its values");
}

#[test]
fn descriptions_of_every_usual_name_are_read() {
    let sizes = || dict(&[("d_model", int(7)), ("n_layers", int(2)), ("top_k", int(2)), ("max_seq", int(48))]);
    let object = || {
        object(
            "__main__",
            "Config",
            &[("d_model", int(7)), ("n_layers", int(2)), ("top_k", int(2)), ("max_seq", int(48))],
        )
    };
    let nano = || {
        dict(&[
            ("n_embd", int(7)),
            ("n_layer", int(2)),
            ("block_size", int(48)),
            ("top_k", int(2)),
            ("bias", b"\x89".to_vec()),
        ])
    };
    let beside: [(&str, Vec<u8>); 9] = [
        ("config", sizes()),
        ("config", object()),
        ("config", dict(&[("lr", int(3)), ("model", sizes())])),
        ("model_args", sizes()),
        ("model_args", nano()),
        ("hyper_parameters", sizes()),
        ("hyper_parameters", dict(&[("config", object())])),
        ("args", object()),
        ("whatever", sizes()),
    ];
    for (key, description) in beside {
        let bytes = one(|state_dict| dict(&[("state_dict", state_dict), (key, description.clone())]));
        let described = dims_of(&read(&bytes)).unwrap();
        let expected = (Some(2), Some(48), Dims { top_k: 2, ..ODD });
        assert_eq!((described.top_k, described.max_seq, described.with_top_k(2)), expected, "{key}");
    }
    // The optimiser's numbers are no model's.
    let other = dict(&[("top_k", int(9)), ("lr", int(1))]);
    let bytes = one(|state_dict| dict(&[("sampling", other.clone()), ("state_dict", state_dict)]));
    assert_eq!(dims_of(&read(&bytes)).unwrap().top_k, None);
    // A name that this project uses otherwise.
    let bytes =
        one(|state_dict| dict(&[("model", text("atome")), ("recipe", text("mine")), ("state_dict", state_dict)]));
    assert!(read(&bytes).metadata.is_empty());
}

#[test]
fn a_tied_embedding_is_the_unembedding_where_the_description_says_so() {
    let mut tied = model();
    tied.tensors.remove("unembed.weight");
    let bytes = |says: &[u8]| {
        file(&[(&tied, "")], F32, |state_dicts| {
            dict(&[("config", dict(&[("tie_weights", says.to_vec())])), ("model", state_dicts[0].clone())])
        })
    };
    let checkpoint = read(&bytes(b"\x88"));
    assert_eq!(checkpoint.tensors["unembed.weight"], model().tensors["embed.weight"]);
    assert!(!read(&bytes(b"\x89")).tensors.contains_key("unembed.weight"));
}

#[test]
fn averages_are_told_and_can_be_asked_for() {
    let average = random_checkpoint(&ODD, 4);
    let bytes = file(&[(&average, "module."), (&model(), "_orig_mod.")], F32, |state_dicts| {
        dict(&[("ema", state_dicts[0].clone()), ("model", state_dicts[1].clone()), ("epoch", int(3))])
    });
    let loaded = Loaded::from_bytes(&bytes, None).unwrap();
    assert_eq!(loaded.checkpoint.tensors, model().tensors);
    assert_eq!((loaded.label.as_str(), loaded.others.as_slice()), ("model", &["ema".to_owned()][..]));
    let loaded = Loaded::from_bytes(&bytes, Some("ema")).unwrap();
    assert_eq!((loaded.checkpoint.tensors, loaded.label.as_str()), (average.tensors.clone(), "ema"));
    let bytes = file(&[(&average, ""), (&model(), "")], F32, |state_dicts| {
        dict(&[("generator", state_dicts[0].clone()), ("critic", state_dicts[1].clone())])
    });
    let message = Loaded::from_bytes(&bytes, None).unwrap_err().to_string();
    assert_eq!(message, "several sets of weights, under generator, critic: --weights NAME takes one");
    assert_eq!(Loaded::from_bytes(&bytes, Some("critic")).unwrap().checkpoint.tensors, model().tensors);
}

#[test]
fn a_state_dict_that_is_named_twice_is_one() {
    let bytes = one(|state_dict| {
        dict(&[("model", [state_dict, b"q\x05".to_vec()].concat()), ("state_dict", b"h\x05".to_vec())])
    });
    let loaded = Loaded::from_bytes(&bytes, None).unwrap();
    assert_eq!((loaded.label.as_str(), loaded.note()), ("model", None));
    assert_eq!(loaded.checkpoint.tensors, model().tensors);
}

#[test]
fn older_files_say_how_they_become_newer_ones() {
    let legacy = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.";
    let message = Checkpoint::from_bytes(legacy).unwrap_err().to_string();
    assert!(message.contains("offset 0: torch.save's format of before PyTorch 1.6, expected a zip file"), "{message}");
    assert!(message.contains("write it again with torch.save"), "{message}");
    let message = Checkpoint::from_bytes(b"\x80\x04\x95\x10\0\0\0\0\0\0\0}").unwrap_err().to_string();
    assert!(message.contains("offset 0: a bare pickle, expected a zip file"), "{message}");
}
