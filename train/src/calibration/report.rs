//! What was measured, as tables and plots.

use std::fmt::Write;

use super::results::Calibration;
use crate::plot::{curves, Curve};
use crate::statistics::{cell, number};

/// Everything as Markdown tables.
pub fn markdown(found: &Calibration) -> String {
    let mut text = format!(
        "{} bytes predicted in {} window{}, each from cold: {:.4} nats a byte, {:.1} % not the most probable one. \
         In brackets 95 % intervals, by drawing windows again.\n{}\n\
         | against the loss of each byte | mean | Pearson | Spearman | AUROC, wrong byte |\n|---|---:|---|---|---:|\n",
        found.bytes,
        found.sequences,
        if found.sequences == 1 { "" } else { "s" },
        found.loss,
        100.0 * found.wrong,
        found.notes.iter().map(|note| format!("\nNote: {note}.\n")).collect::<String>()
    );
    for row in &found.correlations {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.signal,
            cell(number(row.mean)),
            with_interval(row.pearson, row.pearson_interval),
            with_interval(row.spearman, row.spearman_interval),
            cell(row.auroc_wrong)
        );
    }
    for domain in &found.domains {
        let _ = write!(
            text,
            "\n| this text against {} ({} windows) | mean inside | mean outside | AUROC |\n|---|---:|---:|---|\n",
            domain.name, domain.sequences
        );
        for row in &domain.separations {
            let auroc = with_interval(row.auroc, row.auroc_interval);
            let [inside, outside] = [row.inside, row.outside].map(|mean| cell(number(mean)));
            let _ = writeln!(text, "| {} | {inside} | {outside} | {auroc} |", row.signal);
        }
    }
    text
}

fn with_interval(value: Option<f64>, interval: Option<(f64, f64)>) -> String {
    match interval {
        None => cell(value),
        Some((low, high)) => format!("{} ({low:.3} to {high:.3})", cell(value)),
    }
}

/// Mean loss over tenths of the bytes by rising signal: a signal that knows rises from left to right.
pub fn token_plot(title: &str, found: &Calibration) -> String {
    let names = ["router entropy", "output entropy"];
    let lines: Vec<Curve> = names
        .iter()
        .zip(&found.steps)
        .map(|(name, steps)| Curve {
            name: (*name).to_owned(),
            points: steps.iter().enumerate().map(|(index, step)| ((index + 1) as f64, step.loss)).collect(),
            dots: true,
        })
        .collect();
    curves(title, "tenth of the bytes, by rising signal", "mean loss, nats", &lines)
}

/// The share of windows whose mean router entropy is below each value: lines on each other cannot be told apart.
pub fn domain_plot(title: &str, found: &Calibration) -> String {
    let mut lines = Vec::new();
    for domain in &found.domains {
        if lines.is_empty() {
            lines.push(rising("this text", &domain.router[0]));
        }
        lines.push(rising(&domain.name, &domain.router[1]));
    }
    curves(title, "mean router entropy of a window, nats", "share of windows below", &lines)
}

fn rising(name: &str, values: &[f64]) -> Curve {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let share = |index: usize| (index + 1) as f64 / sorted.len() as f64;
    let points = sorted.iter().enumerate().map(|(index, &value)| (value, share(index))).collect();
    Curve { name: name.to_owned(), points, dots: false }
}
