//! `atome grammar from-pairs`.

use std::path::Path;

use anyhow::{Context, Result};
use atome_grammar::{compile, derive, Example};
use atome_train::pairs::{self, Form};

use super::args::FromPairsArgs;
use crate::files::{report, write_all, Output};
use crate::numbers::{counted, grouped};

pub fn from_pairs(args: &FromPairsArgs) -> Result<()> {
    let named = || args.pairs.display().to_string();
    let pairs = pairs::read(&args.pairs)?;
    let form = Form::of(pairs.all());
    // Copies are from what the model sees.
    let seen = |pair: &pairs::Pair| String::from_utf8_lossy(&form.normalised(&pair.prompt)).into_owned();
    let prompts: Vec<String> = pairs.all().iter().map(seen).collect();
    let examples: Vec<Example<'_>> =
        prompts.iter().zip(pairs.all()).map(|(prompt, pair)| Example { prompt, answer: &pair.answer }).collect();
    let text = derive(&examples);
    let compiled = compile(&text).with_context(|| format!("{}: the grammar of its answers", named()))?;
    let outputs = [Output::new(&args.out, text).of("--out")];
    write_all(&outputs, &[Path::new(&args.pairs)], args.force)?;
    let (count, len) = (counted(pairs.all().len(), "pair"), grouped(compiled.table.len() as u64));
    report(&outputs, &format!("wrote {} (of {count}; compiled it has {len} bytes)\n", outputs[0].shown()))
}
