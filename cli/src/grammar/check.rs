//! `atome grammar check`.

use std::path::Path;

use anyhow::{bail, Context, Result};
use atome_grammar::{fits, Facts};
use atome_train::bounded::{self, Limit};
use atome_train::pairs::{self, Form};
use serde_json::json;

use super::args::CheckArgs;
use super::source::compiled;
use crate::numbers::{grouped, percent};
use crate::output::{note, print, print_json};

/// The most misfits that are listed.
const LISTED: usize = 10;

pub fn check(args: &CheckArgs) -> Result<()> {
    let path = &args.grammar;
    let bytes = bounded::read(path, Limit::SIDECAR).with_context(|| path.display().to_string())?;
    let compiled = compiled(path, bytes)?;
    let facts = &compiled.facts;
    let judged = args.pairs.as_deref().map(|pairs| judge(&compiled.table, pairs)).transpose()?;
    if args.json {
        print_json(&json!({
            "rules": facts.rules,
            "unused": facts.unused.iter().map(|rule| &rule.name).collect::<Vec<_>>(),
            "states": facts.states,
            "bytes": compiled.table.len(),
            "shortest": facts.shortest,
            "copies": facts.copies,
            "longest": facts.longest,
            "examples": facts.examples,
            "pairs": judged.as_ref().map(|judged| judged.pairs),
            "misfits": judged.as_ref().map(|judged| &judged.misfits),
        }))?;
    } else {
        warnings(path, facts).iter().for_each(|text| note(text));
        print(&text(facts, compiled.table.len()))?;
        judged.iter().try_for_each(|judged| print(&judged.text()))?;
    }
    match judged.filter(|judged| !judged.misfits.is_empty()) {
        Some(judged) => {
            let (misfits, all) = (grouped(judged.misfits.len() as u64), grouped(judged.pairs as u64));
            bail!("{}: {misfits} of {all} answers are none of the grammar's, expected all", path.display())
        }
        None => Ok(()),
    }
}

fn text(facts: &Facts, len: usize) -> String {
    let copies = |count: usize| match count {
        0 => String::new(),
        1 => ", and a copy".to_owned(),
        count => format!(", and {count} copies"),
    };
    let longest = match facts.longest {
        Some(longest) => format!("{} bytes", grouped(longest as u64)),
        None => "as long as the model's answers may be".to_owned(),
    };
    let mut text = format!(
        "rules      {}\nstates     {}\nbytes      {} of at most {}\nshortest   {} bytes{}\nlongest    {longest}\n",
        facts.rules,
        grouped(facts.states as u64),
        grouped(len as u64),
        grouped(atome_grammar::MAX_TABLE as u64),
        grouped(facts.shortest as u64),
        copies(facts.copies),
    );
    for (index, example) in facts.examples.iter().enumerate() {
        let name = if index == 0 { "examples" } else { "" };
        text.push_str(&format!("{name:<11}{}\n", example.replace('\n', "\\n")));
    }
    text
}

/// Rules that no answer needs.
pub fn warnings(path: &Path, facts: &Facts) -> Vec<String> {
    let warning = |rule: &atome_grammar::Unused| {
        format!("note: {}: {}: no answer needs the rule {}", path.display(), rule.place, rule.name)
    };
    facts.unused.iter().map(warning).collect()
}

/// Answers that were looked for in a grammar.
struct Judged {
    pairs: usize,
    /// What is wrong with those that are none of its answers.
    misfits: Vec<String>,
}

impl Judged {
    fn text(&self) -> String {
        let fitting = (self.pairs - self.misfits.len()) as u64;
        let (count, share) = (grouped(fitting), percent(fitting, self.pairs as u64));
        let mut text = format!("pairs      {count} of {} answers, {share}\n", grouped(self.pairs as u64));
        self.misfits.iter().take(LISTED).for_each(|misfit| text.push_str(&format!("           {misfit}\n")));
        let rest = self.misfits.len().saturating_sub(LISTED);
        if rest > 0 {
            text.push_str(&format!("           {rest} more (--json lists all)\n"));
        }
        text
    }
}

fn judge(table: &[u8], path: &Path) -> Result<Judged> {
    let pairs = pairs::read(path)?;
    let form = Form::of(pairs.all());
    let misfit = |pair: &pairs::Pair| {
        let why = fits(table, &form.normalised(&pair.prompt), pair.answer.as_bytes()).err()?;
        Some(format!("{}: {why}", pair.answer.replace('\n', "\\n")))
    };
    Ok(Judged { pairs: pairs.all().len(), misfits: pairs.all().iter().filter_map(misfit).collect() })
}
