//! How good the integer arithmetic's predictions are beside the exact ones: of the 944K model, on a text that it was not trained on.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::record::{Figures, Record, QUALITY};
use xtask::{process, workspace};

/// The first byte of the text that is judged: what is before it was trained on.
const FROM: &str = "235930";
/// Bytes of a window: each is read from cold.
const WINDOW: &str = "128";

/// Perplexity, in units of 10^-5.
const PERPLEXITY: [&str; 2] = ["exact/perplexity", "integer/perplexity"];
/// How many bytes were predicted, and of how many the most probable one is the exact arithmetic's.
const PREDICTED: &str = "integer/predicted";
const SAME: &str = "integer/same";

/// Judges the model in both arithmetics and writes the record: what became of it, in a line.
pub fn record() -> Result<String> {
    let data = workspace::root().join("../shared/data");
    let (model, text) = (data.join("atome_944k.bin"), data.join("tinystories_sample.txt"));
    if let Some(missing) = [&model, &text].into_iter().find(|path| !path.exists()) {
        return Ok(format!("SKIPPED: quality: there is no {} here", missing.display()));
    }
    let [exact, integer] = [false, true].map(|of_integers| judge(&model, &text, of_integers));
    let (exact, integer) = (exact?, integer?);
    let number = |found: &Value, key: &str| found[key].as_f64().with_context(|| format!("no `{key}` in {found}"));
    let perplexity = |found: &Value| Ok::<_, anyhow::Error>((number(found, "perplexity")? * 1e5).round() as u64);
    let figures = Figures::from([
        (PERPLEXITY[0].to_string(), perplexity(&exact)?),
        (PERPLEXITY[1].to_string(), perplexity(&integer)?),
        (PREDICTED.to_string(), number(&integer, "bytes")? as u64),
        (SAME.to_string(), number(&integer, "same_as_exact")? as u64),
    ]);
    let command = format!("atome eval model.bin --text sample.txt --from {FROM} --window {WINDOW} [--integer]");
    let record = Record { conditions: BTreeMap::from([("command".to_string(), command)]), figures };
    QUALITY.write(&record)?;
    Ok(format!("{}\nwritten to {}", line(&record.figures)?, QUALITY.path))
}

fn judge(model: &Path, text: &Path, of_integers: bool) -> Result<Value> {
    let mut cargo = process::cargo();
    cargo.args(["run", "--quiet", "--release", "-p", "atome-cli", "--", "eval"]).arg(model).arg("--text").arg(text);
    cargo.args(["--from", FROM, "--window", WINDOW, "--json"]).args(of_integers.then_some("--integer"));
    let output = process::checked(&mut cargo)?;
    serde_json::from_str(&output).with_context(|| format!("expected JSON of `atome eval`: {output}"))
}

/// The figures in a sentence.
///
/// # Errors
/// Names a figure that is missing.
pub fn line(figures: &Figures) -> Result<String> {
    let get = |name: &str| figures.get(name).copied().with_context(|| format!("no figure {name} in {}", QUALITY.path));
    let [exact, integer] = PERPLEXITY.map(get);
    let (exact, integer) = (exact?, integer?);
    let (predicted, same) = (get(PREDICTED)?, get(SAME)?);
    Ok(format!(
        "Perplexity of the 944K model in integers {:.5} for {:.5} ({:+.3} %); {:.2} % of the {} most probable bytes stay the same",
        integer as f64 / 1e5,
        exact as f64 / 1e5,
        (integer as f64 / exact as f64 - 1.0) * 100.0,
        same as f64 / predicted as f64 * 100.0,
        crate::markdown::grouped(predicted),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_both_arithmetics() {
        let figures = [(PERPLEXITY[0], 346_365), (PERPLEXITY[1], 346_407), (PREDICTED, 25_908), (SAME, 25_659)];
        let mut figures: Figures = figures.map(|(name, figure)| (name.to_string(), figure)).into();
        let line_of = line(&figures).unwrap();
        assert!(line_of.contains("3.46407 for 3.46365 (+0.012 %); 99.04 %"), "{line_of}");
        figures.remove(SAME);
        assert!(line(&figures).unwrap_err().to_string().contains(SAME));
    }
}
