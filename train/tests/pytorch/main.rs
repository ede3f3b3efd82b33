//! The reader of PyTorch's files, on hand-made ones: what it understands, and that nothing else gets through.

#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod pickles;
mod trainings;
mod zip;

use atome_train::checkpoint::{keys, Checkpoint, ContentError};
use pickles::*;
use zip::{stored, Style};

/// 0.0, 1.0, ..., 5.0.
fn six() -> Vec<u8> {
    (0..6_u8).flat_map(|value| f32::from(value).to_le_bytes()).collect()
}

/// A file with this pickle and the storage "0" of six values.
fn file(pickle: &[u8]) -> Vec<u8> {
    file_in_style(pickle, Style::default())
}

fn file_in_style(pickle: &[u8], style: Style) -> Vec<u8> {
    let values = six();
    let entries = [
        stored("model/data.pkl", pickle),
        stored("model/byteorder", b"little"),
        stored("model/data/0", &values),
        stored("model/version", b"3\n"),
    ];
    zip::write(&entries, style)
}

/// A pickle with a matrix, its transpose and its last two values, and a description.
fn good_pickle() -> Vec<u8> {
    let config = dict(&[("d_model", b"M\0\x01".to_vec()), ("top_k", b"K\x04".to_vec()), ("name", text("x"))]);
    let tensors = ordered_dict(&[
        ("a", tensor("0", 6, 0, &[2, 3], &[3, 1])),
        ("b", tensor("0", 6, 0, &[3, 2], &[1, 3])),
        ("c", tensor("0", 6, 4, &[2, 1], &[1, 77])),
        ("d", tensor("0", 6, 3, &[], &[])),
        ("e", tensor("0", 6, 0, &[0, 7], &[7, 1])),
    ]);
    let loss = [b"G".as_slice(), &1.25_f64.to_be_bytes()].concat();
    let beside = [("config", config), ("state_dict", tensors), ("step", long(-3)), ("loss", loss)];
    whole(&[dict(&beside), b"q\x07".to_vec(), b"r\x01\x01\0\0".to_vec()].concat())
}

fn check_good(checkpoint: &Checkpoint) {
    let tensor = |name: &str| (checkpoint.tensors[name].shape().to_vec(), checkpoint.tensors[name].data().to_vec());
    assert_eq!(tensor("a"), (vec![2, 3], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
    assert_eq!(tensor("b"), (vec![3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
    assert_eq!(tensor("c"), (vec![2, 1], vec![4.0, 5.0]));
    assert_eq!(tensor("d"), (vec![], vec![3.0]));
    assert_eq!(tensor("e"), (vec![0, 7], vec![]));
    assert_eq!(checkpoint.tensors.len(), 5);
    assert_eq!(checkpoint.metadata[keys::SHAPE], "{\"d_model\":256,\"top_k\":4}");
    assert_eq!((checkpoint.metadata["step"].as_str(), checkpoint.metadata["loss"].as_str()), ("-3", "1.25"));
}

#[test]
fn views_of_one_storage_are_read() {
    check_good(&Checkpoint::from_bytes(&file(&good_pickle())).unwrap());
}

#[test]
fn zip64_and_comments_are_read() {
    for wide in [false, true] {
        for comment in [b"".as_slice(), b"a comment PK\x05\x06 with a false end of 22 bytes"] {
            let bytes = file_in_style(&good_pickle(), Style { wide, comment });
            check_good(&Checkpoint::from_bytes(&bytes).unwrap());
        }
    }
}

#[test]
fn a_state_dict_alone_is_read() {
    let matrix = tensor("0", 6, 0, &[2, 3], &[3, 1]);
    let parameter = tuple(&[matrix.clone(), b"\x88".to_vec(), b"N".to_vec()]);
    let parameter = [b"ctorch._utils\n_rebuild_parameter\n".as_slice(), &parameter, b"R"].concat();
    let pickle = whole(&ordered_dict(&[("a", matrix), ("b", parameter)]));
    let checkpoint = Checkpoint::from_bytes(&file(&pickle)).unwrap();
    assert_eq!(checkpoint.tensors["a"], checkpoint.tensors["b"]);
    assert!(checkpoint.metadata.is_empty());
}

/// The message of a file with this pickle.
fn refused(pickle: &[u8]) -> String {
    Checkpoint::from_bytes(&file(pickle)).unwrap_err().to_string()
}

/// The message of a state dict with this tensor.
fn refused_tensor(tensor: Vec<u8>) -> String {
    refused(&whole(&ordered_dict(&[("w", tensor)])))
}

/// Names that would do something if they were called.
const HARMFUL: [(&str, &str); 7] = [
    ("os", "system"),
    ("posix", "system"),
    ("builtins", "eval"),
    ("torch", "load"),
    ("torch._utils", "_rebuild_device_tensor_from_numpy"),
    ("torch", "storage._load_from_bytes"),
    ("subprocess", "check_output"),
];

#[test]
fn names_that_could_run_code_stay_names() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let command = format!("touch {}", trace.display());
    for (module, name) in HARMFUL {
        let global = format!("c{module}\n{name}\n").into_bytes();
        let by_stack = [text(module), text(name), b"\x93".to_vec()].concat();
        let arguments = [text(&command), b"\x85".to_vec()].concat();
        for callable in [global, by_stack] {
            for opcode in [b"R".as_slice(), b"\x81", b"}\x92"] {
                let call = [callable.as_slice(), &arguments, opcode].concat();
                let message = refused(&whole(&call));
                assert_eq!(message, format!("metadata: the pickle: an object of {module}.{name}, expected a dict"));
                // Beside tensors it is passed over, with whatever state it is given.
                let with_state = [call.as_slice(), &dict(&[("x", int(1))]), b"b"].concat();
                let beside = whole(&dict(&[("a", tensor("0", 6, 0, &[6], &[1])), ("b", with_state)]));
                let checkpoint = Checkpoint::from_bytes(&file(&beside)).unwrap();
                assert_eq!(checkpoint.tensors.keys().collect::<Vec<_>>(), ["a"]);
                assert!(checkpoint.metadata.is_empty());
            }
        }
    }
    assert!(!trace.exists(), "something was executed");
}

#[test]
fn instructions_that_no_checkpoint_needs_are_refused_by_name() {
    for (opcode, name) in [
        (b'i', "INST"),
        (b'o', "OBJ"),
        (0x82, "EXT1"),
        (b'P', "PERSID"),
        (b'S', "STRING"),
        (b'I', "INT"),
        (0x97, "NEXT_BUFFER"),
        (0xff, "none of any pickle"),
    ] {
        let message = refused(&whole(&[opcode]));
        let expected = format!("data.pkl: offset 2: instruction {opcode:#04x} ({name}), which no checkpoint needs");
        assert_eq!(message, expected);
    }
    for protocol in [1, 6] {
        let message = refused(&[0x80, protocol, b'}', b'.']);
        assert!(message.contains(&format!("offset 0: pickle protocol {protocol}, expected 2 to 5")), "{message}");
    }
}

#[test]
fn every_other_instruction_is_refused_or_understood() {
    for opcode in 0..=255 {
        for operands in [b"".as_slice(), b"\n\n\n\n\n\n\n\n\n\n", &[0; 10]] {
            let message = match Checkpoint::from_bytes(&file(&whole(&[&[opcode], operands].concat()))) {
                Ok(checkpoint) => {
                    assert_eq!((opcode, checkpoint), (b'}', Checkpoint::default()));
                    continue;
                }
                Err(refused) => refused.to_string(),
            };
            assert!(message.contains("offset ") || message.contains("expected a dict"), "{opcode:#04x}: {message}");
        }
    }
}

#[test]
fn tensors_outside_their_storage_are_refused() {
    let outside = "lead outside a storage of 6 values";
    for (tensor, expected) in [
        (tensor("0", 6, 1, &[2, 3], &[3, 1]), outside),
        (tensor("0", 6, 6, &[], &[]), outside),
        (tensor("0", 6, 0, &[2, 3], &[4, 1]), outside),
        (tensor("0", 6, i32::MAX, &[1], &[1]), outside),
        (tensor("0", 6, 0, &[2, 1], &[i32::MAX, 1]), outside),
        (tensor("0", 6, 0, &[7], &[0]), "shape [7] of a storage of 6 values"),
        (tensor("0", 6, 0, &[i32::MAX, i32::MAX, i32::MAX], &[0, 0, 0]), "of a storage of 6 values"),
        (tensor("0", 6, -1, &[2], &[1]), "offset of a tensor is no size"),
        (tensor("0", 6, 0, &[-2], &[1]), "shape of a tensor is no tuple of sizes"),
        (tensor("0", 6, 5, &[2], &[-1]), "strides of a tensor are no tuple of sizes"),
        (tensor("0", 6, 0, &[2, 3], &[1]), "2 dimensions with 1 strides"),
        (tensor("0", 6, 0, &[1; 9], &[1; 9]), "at most 8"),
        (tensor("0", 5, 0, &[5], &[1]), "the entry model/data/0 has 24 bytes, expected 5 f32 values"),
        (tensor("0", i32::MAX, 0, &[5], &[1]), "has 24 bytes"),
        (tensor("0", -6, 0, &[5], &[1]), "expected a reference"),
        (tensor("1", 6, 0, &[5], &[1]), "there is no entry model/data/1"),
        (tensor("../version", 6, 0, &[5], &[1]), "there is no entry model/data/../version"),
    ] {
        let message = refused_tensor(tensor);
        assert!(message.contains(expected), "{message}");
    }
    // A place beyond 64 bits of memory, and one that a multiplication would bring back into range.
    let storage = || storage("FloatStorage", "0", int(6));
    for stride in [i64::MAX, i64::MAX / 2, 1 << 62, 1 << 61] {
        let shape = tuple(&[int(2), int(3)]);
        let message = refused_tensor(view(storage(), int(0), shape, tuple(&[long(stride), long(stride)])));
        assert!(message.contains(outside) || message.contains("no tuple of sizes"), "{message}");
    }
}

#[test]
fn other_types_and_things_are_named() {
    let of = |kind: &str| view(storage(kind, "0", int(6)), int(0), tuple(&[int(6)]), tuple(&[int(1)]));
    let floats = "expected f64, f32, f16 or bf16";
    assert_eq!(refused_tensor(of("LongStorage")), format!("tensor w: values are i64, {floats}"));
    assert_eq!(refused_tensor(of("ComplexFloatStorage")), format!("tensor w: values are of another type, {floats}"));
    let half = refused_tensor(of("HalfStorage"));
    assert_eq!(half, "tensor w: the entry model/data/0 has 24 bytes, expected 6 f16 values");
    assert_eq!(refused_tensor(int(3)), "metadata: the pickle: w: an integer, expected a tensor");
    let inside = whole(&dict(&[("epoch", int(3)), ("net", dict(&[("w", b"cnumpy\nndarray\n".to_vec())]))]));
    assert_eq!(refused(&inside), "metadata: net: w: an object of numpy.ndarray, expected a tensor");
    assert_eq!(refused(&whole(&int(3))), "metadata: the pickle: an integer, expected a dict");
    let twice = tensor("0", 6, 0, &[6], &[1]);
    let message = refused(&whole(&ordered_dict(&[("w", twice.clone()), ("w", twice)])));
    assert_eq!(message, "tensor w: it is there twice");
}

#[test]
fn zip_files_of_other_kinds_are_named() {
    let pickle = good_pickle();
    let values = six();
    let message = |entries: &[zip::Entry<'_>]| {
        let refused = Checkpoint::from_bytes(&zip::write(entries, Style::default())).unwrap_err();
        assert!(matches!(refused, ContentError::Archive(_)), "{refused}");
        refused.to_string()
    };
    let good = [stored("m/data.pkl", &pickle), stored("m/data/0", &values)];
    assert!(Checkpoint::from_bytes(&zip::write(&good, Style::default())).is_ok());
    let mut compressed = good.clone();
    compressed[1].method = 8;
    assert!(message(&compressed).contains("m/data/0: compressed or encrypted (method 8), expected a stored entry"));
    let mut encrypted = good.clone();
    encrypted[0].flags = 1;
    assert!(message(&encrypted).contains("m/data.pkl: compressed or encrypted"));
    // Nobody asks for the code of a scripted model.
    let mut code = stored("m/code/model.py", b"squeezed");
    code.method = 8;
    let scripted = [good[0].clone(), good[1].clone(), code];
    assert!(Checkpoint::from_bytes(&zip::write(&scripted, Style::default())).is_ok());
    assert!(message(&[]).contains("without exactly one data.pkl"));
    assert!(message(&[good[0].clone(), stored("n/data.pkl", &pickle)]).contains("without exactly one data.pkl"));
    assert!(message(&[good[0].clone(), good[0].clone()]).contains("a second entry named \"m/data.pkl\""));
    let big = [good[0].clone(), stored("m/byteorder", b"big")];
    assert!(message(&big).contains("m/byteorder: \"big\", expected little"));
}

#[test]
fn damaged_values_are_found_by_their_checksum() {
    let mut bytes = file(&good_pickle());
    let at = bytes.windows(24).position(|window| window == six()).unwrap();
    bytes[at + 9] ^= 1;
    let message = Checkpoint::from_bytes(&bytes).unwrap_err().to_string();
    assert!(message.contains(&format!("offset {at}: model/data/0: checksum")), "{message}");
}
