//! Inputs that nobody has stored, made from those that are: each by a seed and a number, so that it can be had again.

use fastrand::Rng;

/// What parsers look for, and numbers at the ends of their ranges.
const WORDS: [&[u8]; 24] = [
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\0\0\0\x80",
    b"ATOME01",
    b"ATOMEBOX",
    b"PK\x03\x04",
    b"\x80\x02",
    b"<!--",
    b"</script>",
    b"&#x10ffff;",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x1b]0;",
    b"\xe2\x80\xae",
    b"\r\n\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Location: //other/\r\n",
    b"ffffffffffffffff\r\n",
    b"\"d_model\": 65536",
    b"{\"dialogue\": {}}",
    b"1e999",
    b"-0",
];

/// The longest input: longer ones find nothing that these do not, only later.
const LONGEST: usize = 4096;

/// Input `number` of a run with this seed, made from one or two of those that are `stored`.
pub fn fresh(stored: &[Vec<u8>], seed: u64, number: u64) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut pick = || stored.get(rng.usize(..stored.len().max(1))).cloned().unwrap_or_default();
    let (mut bytes, other) = (pick(), pick());
    for _ in 0..1 + rng.usize(..6) {
        change(&mut bytes, &other, &mut rng);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    let at = rng.usize(..=bytes.len());
    let end = (at + rng.usize(..=16)).min(bytes.len());
    match rng.u8(..8) {
        0 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(..8),
        1 if at < bytes.len() => bytes[at] = rng.u8(..),
        2 => drop(bytes.drain(at..end)),
        3 => {
            let block = bytes[at..end].to_vec();
            bytes.splice(at..at, block);
        }
        4 => {
            let from = rng.usize(..=other.len());
            bytes.truncate(at);
            bytes.extend(&other[from..]);
        }
        5 | 6 => {
            let word = WORDS[rng.usize(..WORDS.len())];
            // Over what is there, or before it.
            let behind = if rng.bool() { (at + word.len()).min(bytes.len()) } else { at };
            bytes.splice(at..behind, word.iter().copied());
        }
        _ => bytes.extend((0..rng.usize(..8)).map(|_| rng.u8(..))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_made_again_by_its_seed_and_number() {
        let stored = [b"one of them".to_vec(), b"the other one".to_vec()];
        let inputs = |seed| (0..200).map(|number| fresh(&stored, seed, number)).collect::<Vec<_>>();
        let (one, other) = (inputs(1), inputs(2));
        assert_eq!(one, inputs(1));
        assert!(one.iter().zip(&other).filter(|(one, other)| one == other).count() < 20);
        assert!(one.iter().filter(|input| stored.contains(input)).count() < 20, "they are new");
        assert!(fresh(&[], 1, 1).len() <= LONGEST);
    }
}
