//! The store of tokens, and what a run takes over from the one before.

use super::symbolic::{any_u16, any_u32, any_usize};
use crate::schedule::Prefix;
use crate::schedule::Start;

const TAG: [&str; 3] = ["identity, low", "identity, high", "computed"];
const TOKENS: [&str; 4] = ["token 0", "token 1", "token 2", "token 3"];

/// For a store of four tokens with any content and three new ones of any value: those in the store are below
/// vocab_size, and what counts as computed has not changed.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::unwind(6))]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_tokens_are_in_the_vocabulary() {
    let (mut tag, mut tokens) = (TAG.map(any_u32), TOKENS.map(any_u32));
    let (before, vocab_size) = (tokens, usize::from(any_u16("vocab_size")));
    let mut prefix = Prefix { tag: &mut tag, tokens: &mut tokens };
    let n = prefix.set(["new 0", "new 1", "new 2"].map(|name| any_u32(name) as i32), vocab_size);
    assert!(n == 3);
    let computed = prefix.reusable(n);
    assert!(computed <= n);
    for (index, old) in before.iter().enumerate().take(3) {
        let token = prefix.token(index);
        assert!((token < vocab_size) | (token == 0));
        assert!((index >= computed) | (token == *old as usize));
    }
    assert!(prefix.token(3) == before[3] as usize);
}

/// For a store with any content, any model and any number of tokens: a run starts at one of them or behind the last.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_run_starts_within_its_tokens() {
    let (mut tag, n) = (TAG.map(any_u32), any_usize("n"));
    let identity = u64::from(any_u32("low")) | u64::from(any_u32("high")) << 32;
    let prefix = Prefix { tag: &mut tag, tokens: &mut [] };
    let start = Start::after(&prefix, identity, n);
    assert!(start.before <= n);
    assert!(start.has_gates | (start.before == 0));
}

/// For any place of `usize`: a token goes into the store there, or nowhere.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::unwind(6))]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_token_goes_to_its_place_alone() {
    let (mut tag, mut tokens) = (TAG.map(any_u32), TOKENS.map(any_u32));
    let (before, at, token) = (tokens, any_usize("at"), any_u16("token"));
    let mut prefix = Prefix { tag: &mut tag, tokens: &mut tokens };
    prefix.push(at, usize::from(token));
    for (index, &old) in before.iter().enumerate() {
        assert!(prefix.token(index) == if index == at { usize::from(token) } else { old as usize });
    }
}
