//! `atome grammar from-pairs`, and the grammar that a training makes of its pairs.

use std::path::Path;

use anyhow::{Context, Result};
use atome_grammar::{compile, derive, Example};
use atome_train::pairs::{self, Form, Pair};

use super::args::FromPairsArgs;
use crate::files::{report, write_all, Output};
use crate::numbers::{counted, grouped};
use crate::output::note;

/// The most lines that are listed.
const LISTED: usize = 10;

/// The grammar of some pairs.
pub struct OfPairs {
    pub text: String,
    pub table: Vec<u8>,
    /// Lines of the pairs whose answers it does not have.
    left_out: Vec<u64>,
}

impl OfPairs {
    /// Of `pairs`, whose prompts are written as `form` says: copies are from what the model sees.
    pub fn new(pairs: &[&Pair], form: &Form) -> Result<Self> {
        let seen = |pair: &&Pair| String::from_utf8_lossy(&form.normalised(&pair.prompt)).into_owned();
        let prompts: Vec<String> = pairs.iter().map(seen).collect();
        let examples: Vec<Example<'_>> =
            prompts.iter().zip(pairs).map(|(prompt, pair)| Example { prompt, answer: &pair.answer }).collect();
        let derived = derive(&examples);
        let compiled = compile(&derived.text).context("the grammar of its answers")?;
        let mut left_out: Vec<u64> =
            derived.left_out.iter().filter_map(|&index| pairs.get(index)).map(|pair| pair.line).collect();
        left_out.sort_unstable();
        Ok(Self { text: derived.text, table: compiled.table, left_out })
    }

    /// Which answers are none of its own, if any.
    pub fn misfits(&self) -> Option<String> {
        let lines: Vec<String> = self.left_out.iter().take(LISTED).map(u64::to_string).collect();
        let more = if self.left_out.len() > LISTED { ", ..." } else { "" };
        let count = counted(self.left_out.len(), "answer");
        let text = format!(
            "the grammar lacks {count} with a value that is not in the prompt word for word: line {}{more}",
            lines.join(", ")
        );
        (!lines.is_empty()).then_some(text)
    }
}

pub fn from_pairs(args: &FromPairsArgs) -> Result<()> {
    let named = || args.pairs.display().to_string();
    let pairs = pairs::read(&args.pairs)?;
    let form = Form::of(pairs.all());
    let grammar = OfPairs::new(&pairs.all().iter().collect::<Vec<_>>(), &form).with_context(named)?;
    grammar.misfits().iter().for_each(|text| note(&format!("note: {}: {text}", named())));
    let outputs = [Output::new(&args.out, grammar.text).of("--out")];
    write_all(&outputs, &[Path::new(&args.pairs)], args.force)?;
    let (count, len) = (counted(pairs.all().len(), "pair"), grouped(grammar.table.len() as u64));
    report(&outputs, &format!("wrote {} (of {count}; compiled it has {len} bytes)\n", outputs[0].shown()))
}
