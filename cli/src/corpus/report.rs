//! What `atome corpus` prints.

use std::path::Path;

use atome_train::gather::{Gathered, Part};
use serde_json::{json, Value};

use crate::files::shown;
use crate::numbers::grouped;

pub fn json(gathered: &Gathered, out: &Path) -> Value {
    let part = |part: &Part| {
        json!({
            "name": part.name,
            "bytes_in": part.bytes_in,
            "bytes_out": part.bytes_out,
            "paragraphs": part.paragraphs,
            "repeated_paragraphs": part.repeated,
            "html": part.was_html,
            "encoding": part.encoding,
            "encoding_known_by": part.known.name().0,
            "repaired": part.was_repaired,
        })
    };
    let totals = &gathered.totals;
    json!({
        "file": out.to_string_lossy(),
        "digest": gathered.digest,
        "bytes_in": totals.bytes_in,
        "bytes_out": totals.bytes_out,
        "paragraphs": totals.paragraphs,
        "ascii_share": totals.ascii_share,
        "capped": totals.capped,
        "parts": gathered.parts.iter().map(part).collect::<Vec<Value>>(),
        "skipped": gathered.failures.iter().map(|failure| json!({
            "source": failure.source,
            "reason": failure.reason,
        })).collect::<Vec<Value>>(),
    })
}

pub fn text(gathered: &Gathered, out: &Path) -> String {
    let mut text = row(["bytes in", "bytes out", "paragraphs", "repeated", "source"]);
    for part in &gathered.parts {
        let notes = notes(part);
        let number = |value: usize| grouped(value as u64);
        text.push_str(&row([
            &number(part.bytes_in),
            &number(part.bytes_out),
            &number(part.paragraphs),
            &number(part.repeated),
            &format!("{}{notes}", part.name),
        ]));
    }
    let totals = &gathered.totals;
    text.push_str(&format!(
        "\nbytes       {} in, {} out{}\n",
        grouped(totals.bytes_in as u64),
        grouped(totals.bytes_out as u64),
        if totals.capped { " (cut off by --max-bytes)" } else { "" }
    ));
    text.push_str(&format!("paragraphs  {}\n", grouped(totals.paragraphs as u64)));
    text.push_str(&format!("ASCII       {:.2}%\n", 100.0 * totals.ascii_share));
    if !gathered.failures.is_empty() {
        text.push_str(&format!("skipped     {} of the files and pages\n", grouped(gathered.failures.len() as u64)));
    }
    text.push_str(&format!("SHA-256     {}\nwrote       {}\n", gathered.digest, shown(out)));
    text
}

/// What was special about a part.
fn notes(part: &Part) -> String {
    let mut notes = Vec::new();
    if part.was_html {
        notes.push("HTML".to_owned());
    }
    if part.encoding != "UTF-8" {
        notes.push(format!("{}, {}", part.encoding, part.known.name().1));
    }
    if part.was_repaired {
        notes.push(format!("bytes that are no {} were replaced", part.encoding));
    }
    if notes.is_empty() {
        return String::new();
    }
    format!("  ({})", notes.join("; "))
}

fn row([bytes_in, bytes_out, paragraphs, repeated, name]: [&str; 5]) -> String {
    format!("{bytes_in:>12}  {bytes_out:>12}  {paragraphs:>10}  {repeated:>8}  {name}\n")
}
