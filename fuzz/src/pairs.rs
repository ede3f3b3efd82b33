//! Files of pairs.

use atome_train::corpus::Corpus;
use atome_train::pairs::{counts, is_ascii, longest, parse, records, split, Changes, Form, Making};

/// A file is refused with a reason, or its pairs become records: each is whole, as long as the longest, and in the tokens that
/// its pairs were said to need; no prompt is on both sides of the split.
pub fn pairs(data: &[u8]) {
    for extension in [None, Some("csv"), Some("tsv"), Some("jsonl")] {
        let Ok(pairs) = parse(data, extension) else { continue };
        let form = Form::of(pairs.all());
        let halves = split(pairs.all(), &form, 0.3, 1);
        assert_eq!(halves.train.len() + halves.held_out.len(), pairs.all().len());
        let held: Vec<_> = halves.held_out.iter().map(|pair| form.normalised(&pair.prompt)).collect();
        assert!(halves.train.iter().all(|pair| !held.contains(&form.normalised(&pair.prompt))));
        let chunk = longest(pairs.all(), &form);
        let changes = Changes { slips: 0.5, swaps: 0.5, drops: 0.5 };
        let [_, all] = counts(&halves, chunk, changes);
        // Long records take time, and have no other code.
        if all * chunk > 1 << 20 {
            continue;
        }
        let text =
            records(&halves, &form, Making { chunk, changes, seed: 1, vocab_size: 256 }).expect("the longest has room");
        assert_eq!(text.len(), all * chunk);
        assert!(text.chunks(chunk).all(|record| record.starts_with(b"Q: ") && record.ends_with(b"\n")));
        let tokens = if is_ascii(pairs.all(), &form) { 128 } else { 256 };
        assert!(Corpus::new(text, tokens).is_ok(), "a byte that is no token");
    }
}
