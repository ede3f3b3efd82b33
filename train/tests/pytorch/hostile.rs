//! Files made to hurt: they cost no more than their own size, and end in an error or a checkpoint, never in a panic.

use std::time::{Duration, Instant};

use atome_train::checkpoint::Checkpoint;

use super::pickles::*;
use super::trainings::objects;
use super::zip::{self, stored, Style};
use super::{file, file_in_style, good_pickle, refused};

#[test]
fn every_truncation_is_refused() {
    for wide in [false, true] {
        let bytes = file_in_style(&good_pickle(), Style { wide, comment: b"" });
        for len in 0..bytes.len() {
            assert!(Checkpoint::from_bytes(&bytes[..len]).is_err(), "the first {len} bytes of the file");
        }
    }
    let pickle = good_pickle();
    for len in 0..pickle.len() {
        let message = refused(&pickle[..len]);
        assert!(message.starts_with("data.pkl: offset "), "the first {len} bytes of the pickle: {message}");
    }
}

#[test]
fn no_changed_byte_of_a_pickle_makes_it_panic() {
    let pickle = good_pickle();
    for at in 0..pickle.len() {
        for value in 0..=255 {
            let mut damaged = pickle.clone();
            damaged[at] = value;
            if let Ok(checkpoint) = Checkpoint::from_bytes(&file(&damaged)) {
                let values: usize = checkpoint.tensors.values().map(|tensor| tensor.data().len()).sum();
                assert!(values <= 5 * 6, "offset {at}, byte {value}: {values} values from six");
            }
        }
    }
}

#[test]
fn no_changed_byte_of_a_zip_file_makes_it_panic() {
    for wide in [false, true] {
        let bytes = file_in_style(&good_pickle(), Style { wide, comment: b"" });
        for at in 0..bytes.len() {
            for flip in [0x01, 0x02, 0x10, 0x40, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                // Unused fields may say anything.
                let _ = Checkpoint::from_bytes(&damaged);
            }
        }
    }
}

#[test]
fn random_programs_do_not_panic() {
    let mut rng = fastrand::Rng::with_seed(21);
    let mut objects = objects();
    let weights = [("embed.weight", tensor("0", 6, 0, &[2, 3], &[3, 1])), ("blocks.0.norm.weight", int(3))];
    objects.push(("ema", ordered_dict(&weights)));
    objects.push(("model", ordered_dict(&weights[..1])));
    let good = [good_pickle(), whole(&dict(&objects))];
    for round in 0..40_000 {
        let mut program = good[round % 2].clone();
        for _ in 0..rng.usize(1..6) {
            let (from, to) = (rng.usize(..program.len()), rng.usize(..program.len()));
            let len = rng.usize(..20).min(program.len() - from);
            let piece: Vec<u8> = program[from..from + len].to_vec();
            program.splice(to..(to + rng.usize(..20)).min(program.len()), piece);
            if program.is_empty() {
                program.push(b'.');
            }
        }
        let _ = Checkpoint::from_bytes(&file(&program));
    }
}

/// Runs `work`, which must not take long.
fn quickly<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < Duration::from_secs(20), "took {:?}", start.elapsed());
    result
}

#[test]
fn containers_may_hold_themselves() {
    // A dict that is its own value, and its own state dict.
    let own = whole(&[b"}q\0".as_slice(), &text("state_dict"), b"h\0s"].concat());
    let message = quickly(|| refused(&own));
    assert!(message.contains("state_dict: state_dict: a dict, expected a tensor"), "{message}");
    // A list in a tuple in the list.
    let list = whole(&dict(&[("state_dict", b"]q\0h\0\x85q\x01ah\x01\x86".to_vec())]));
    quickly(|| refused(&list));
}

#[test]
fn nesting_may_be_deep() {
    for opcode in [b'\x85', b'(', b']', b'}', b')'] {
        let deep = whole(&[b"}".as_slice(), &vec![opcode; 4_000_000]].concat());
        let message = quickly(|| refused(&deep));
        assert!(message.contains("data.pkl: offset") || message.contains("expected a dict"), "{message}");
    }
}

#[test]
fn sizes_may_be_absurd() {
    for (operands, expected) in [
        (b"X\xff\xff\xff\xffabc".as_slice(), "4294967295 bytes are needed, but the pickle ends"),
        (b"\x8a\xff\x01", "255 bytes are needed"),
        (b"\x8a\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01", "an object of builtins.int, expected a dict"),
        (b"\x8b\xff\xff\xff\xff", "4294967295 bytes are needed"),
        (b"\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc", "18446744073709551615 bytes are needed"),
        (b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f", "9223372036854775807 bytes are needed"),
        (b"\x95\xff\xff", "8 bytes are needed"),
        (b"K\x01K\x02\x93", "a name that is no string"),
        (b"\x94", "nothing on the stack to remember"),
        (b"j\xff\xff\xff\xff", "nothing was remembered as 4294967295"),
        (b"r\xff\xff\xff\xff", "nothing on the stack to remember"),
        (b"t", "no mark on the stack"),
        (b"\x87", "nothing on the stack"),
        (b"(\x85", "nothing on the stack"),
        (b"}(K\x01u", "a key without a value"),
        (b"K\x01K\x02b", "a state for an integer"),
        (b"K\x01K\x02a", "items for an integer"),
        (b"N)R", "a call of None with 0 arguments"),
        (b"NNR", "the arguments of a call are None"),
        (b"NQ", "found None, expected a reference"),
        (b"X\x01\0\0\0\xff", "not UTF-8"),
        (b"ctorch\nFloatStorage", "a name without an end"),
        (b"}}", "with 1 values left over"),
    ] {
        let message = refused(&whole(operands));
        assert!(message.contains(expected), "{operands:?}: {message}");
    }
    let trailing = [whole(b"}").as_slice(), b"cos\nsystem\n"].concat();
    assert!(refused(&trailing).contains("stops 11 bytes before the end"), "{}", refused(&trailing));
}

#[test]
fn a_tree_without_end_is_walked_once() {
    // Each dict holds the one before it twice: 2^40 paths lead to the tensor.
    let mut inner = [tensor("0", 6, 0, &[6], &[1]), b"r\xe8\x03\0\0".to_vec()].concat();
    for level in 0..40_u8 {
        let own = [b"r".as_slice(), &(u32::from(level)).to_le_bytes()].concat();
        let again = match level {
            0 => b"j\xe8\x03\0\0".to_vec(),
            _ => [b"j".as_slice(), &(u32::from(level) - 1).to_le_bytes()].concat(),
        };
        inner = [dict(&[("a", inner), ("b", again)]), own].concat();
    }
    // The tensor lies deeper than any training puts one.
    let message = quickly(|| refused(&whole(&inner)));
    assert!(message.contains("the pickle: a: a dict, expected a tensor"), "{message}");
}

#[test]
fn long_names_cost_no_more_than_their_pickle() {
    // One key, and one tensor that a hundred thousand of it lead to, each by a path of ten keys.
    let key = "k".repeat(190);
    let many = b"h\0h\x01".repeat(100_000);
    let mut inner = [b"}(".as_slice(), &many, b"u"].concat();
    for _ in 0..9 {
        inner = [b"}h\0".as_slice(), &inner, b"s"].concat();
    }
    let pickle =
        [text(&key), b"q\0".to_vec(), tensor("0", 6, 0, &[6], &[1]), b"q\x01".to_vec(), inner, b"\x87".to_vec()];
    let message = quickly(|| refused(&whole(&pickle.concat())));
    assert_eq!(message, "metadata: names of tensors of more than 33554432 bytes");
    // A key of a megabyte leads nowhere.
    let pickle = [text(&"k".repeat(1 << 20)), tensor("0", 6, 0, &[6], &[1])].concat();
    let message = quickly(|| refused(&whole(&[b"}".as_slice(), &pickle, b"s"].concat())));
    assert!(message.ends_with(": a tensor, expected a name of at most 200 bytes"), "{}", message.len());
}

#[test]
fn a_long_pickle_is_refused_before_it_is_run() {
    let long = whole(&vec![b'}'; 5 << 20]);
    assert!(refused(&long).contains("expected at most 4194304"));
}

#[test]
fn one_storage_cannot_be_multiplied() {
    let values = vec![0; 4 * 100_000];
    let names: Vec<String> = (0..20_000).map(|index| index.to_string()).collect();
    let view = tensor("0", 100_000, 0, &[100_000], &[1]);
    let tensors: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (name.as_str(), view.clone())).collect();
    let pickle = whole(&ordered_dict(&tensors[..12_000]));
    let bytes = zip::write(&[stored("m/data.pkl", &pickle), stored("m/data/0", &values)], Style::default());
    let message = quickly(|| Checkpoint::from_bytes(&bytes)).unwrap_err().to_string();
    assert!(message.contains("share storages more than 4 times"), "{message}");
}

#[test]
fn a_storage_is_looked_at_once_however_many_tensors_share_it() {
    let values = vec![0; 16 << 20];
    let names: Vec<String> = (0..12_000).map(|index| index.to_string()).collect();
    let empty = tensor("0", 4 << 20, 0, &[0], &[1]);
    let tensors: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (name.as_str(), empty.clone())).collect();
    let pickle = whole(&ordered_dict(&tensors));
    let bytes = zip::write(&[stored("m/data.pkl", &pickle), stored("m/data/0", &values)], Style::default());
    let checkpoint = quickly(|| Checkpoint::from_bytes(&bytes)).unwrap();
    assert_eq!(checkpoint.tensors.len(), 12_000);
}

#[test]
fn zip_entries_have_bytes_of_their_own() {
    let values = vec![0; 1 << 20];
    let pickle = whole(&ordered_dict(&[("a", tensor("0", 1 << 18, 0, &[1], &[1]))]));
    let mut bytes = zip::write(
        &[stored("m/data.pkl", &pickle), stored("m/data/0", &values), stored("m/data/1", &values)],
        Style::default(),
    );
    // The second storage's description leads to the bytes of the first one.
    let places: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(b"PK\x01\x02")).collect();
    let of = |bytes: &[u8], entry: usize| bytes[places[entry] + 42..places[entry] + 46].to_vec();
    assert!(Checkpoint::from_bytes(&bytes).is_ok());
    let first = of(&bytes, 1);
    bytes[places[2] + 42..places[2] + 46].copy_from_slice(&first);
    // As long as it is no more than the file holds, nothing is multiplied.
    let local = u32::from_le_bytes(of(&bytes, 2).try_into().unwrap()) as usize;
    assert!(bytes[local..].starts_with(b"PK\x03\x04"));
    let directory = places[0];
    let cut = local + 30 + 8 + 7 + values.len();
    let mut small = bytes[..cut].to_vec();
    small.extend(&bytes[directory..]);
    let end = small.len() - 22;
    small[end + 16..end + 20].copy_from_slice(&(cut as u32).to_le_bytes());
    let message = Checkpoint::from_bytes(&small).unwrap_err().to_string();
    assert!(message.contains("m/data/1: the entries share their bytes"), "{message}");
}

#[test]
fn zip_records_may_lead_anywhere() {
    let bytes = file_in_style(&good_pickle(), Style { wide: true, comment: b"" });
    let places = |signature: &[u8]| -> Vec<usize> {
        (0..bytes.len()).filter(|&at| bytes[at..].starts_with(signature)).collect()
    };
    // The place of the zip64 end, the number of entries and their place, and in the first entry its sizes and place.
    let (locator, end64) = (places(b"PK\x06\x07")[0], places(b"PK\x06\x06")[0]);
    let first = places(b"PK\x01\x02")[0];
    let name = "model/data.pkl".len();
    let wide = first + 46 + name + 5 + 4;
    for at in [locator + 8, end64 + 32, end64 + 48, wide, wide + 8, wide + 16] {
        for value in [1, bytes.len() as u64 - 1, bytes.len() as u64, 1 << 40, u64::MAX / 2, u64::MAX - 20, u64::MAX] {
            let mut damaged = bytes.clone();
            damaged[at..at + 8].copy_from_slice(&value.to_le_bytes());
            let message = quickly(|| Checkpoint::from_bytes(&damaged)).unwrap_err().to_string();
            assert!(message.contains("offset ") || message.contains("data.pkl"), "{at}, {value}: {message}");
        }
    }
}
