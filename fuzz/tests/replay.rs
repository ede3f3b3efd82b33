//! Runs the committed corpora again, and what lies near them.

use std::fs;
use std::path::Path;

use atome_fuzz::TARGETS;
use random::Rng;

#[allow(dead_code, reason = "the engine's tests use the rest")]
#[path = "../../engine/tests/common/random.rs"]
mod random;

/// Changes of each input that are tried besides the input itself.
const CHANGES: u64 = 20;

/// The input with some bits flipped, bytes exchanged, or its end cut off.
fn changed(input: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = input.to_vec();
    if bytes.is_empty() {
        return bytes;
    }
    for _ in 0..1 + rng.below(3) {
        let at = rng.below(bytes.len());
        match rng.below(4) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = rng.below(256) as u8,
            2 => bytes.swap(at, rng.below(input.len()).min(input.len() - 1)),
            _ => bytes.truncate(at.max(1)),
        }
        if bytes.len() < input.len() {
            break;
        }
    }
    bytes
}

#[test]
fn committed_inputs_and_their_neighbours_break_nothing() {
    for target in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{}: no inputs", folder.display());
        let mut runs = 0;
        for (seed, file) in files.iter().enumerate() {
            let input = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            (target.run)(&input);
            let mut rng = Rng(seed as u64);
            (0..CHANGES).for_each(|_| (target.run)(&changed(&input, &mut rng)));
            runs += 1 + CHANGES;
        }
        println!("{}: {} committed inputs, {runs} runs", target.name, files.len());
    }
}
