//! The exact arithmetic beside the integer one on emulated cores, from the record of costs.

use super::timings::times;
use super::unasked::{self, CORES};
use crate::costs::dense;
use crate::markdown::{self, grouped};
use crate::record::Figures;

/// The cached plan's archive in each arithmetic.
const BOTH: [&str; 2] = ["cached portable", "cached integer portable"];

/// The C reference.
const C: &str = "C -O2";

/// A row about time: words, shape, and what is compared: of C, of the archive.
const TIMES: [(&str, &str, [&str; 2]); 6] = [
    ("944K model: one position", "944k", ["first", "next"]),
    ("944K model: each of 20 tokens after 4", "944k", ["token", "token"]),
    ("default shape: one position", "default", ["first", "next"]),
    ("default shape: each of 20 tokens after 4", "default", ["token", "token"]),
    ("a small shape (d=32, 2 layers): one position", "small", ["first", "next"]),
    ("a small shape: each of 20 tokens after 4", "small", ["token", "token"]),
];

/// A row about bytes of RAM: words, shapes of which the most counts, and what.
const BYTES: [(&str, &[&str], &str); 3] = [
    ("stack of a prediction", &["944k", "default", "small"], "stack-predict"),
    ("RAM of the state, default shape", &["default"], "state"),
    ("RAM of the state, 944K model, 24 positions", &["944k"], "state"),
];

/// A row about dense weights: words, shape.
const DENSE: [(&str, &str); 2] = [
    ("944K model's matrices, dense: binary32 / int8", "944k"),
    ("a small shape's matrices, dense: binary32 / int8", "small"),
];

/// What a newcomer asks first: how many times as fast, and in how much flash and RAM.
const FIRST_ASKED: [&str; 5] = [TIMES[0].0, TIMES[3].0, TIMES[4].0, FLASH, BYTES[1].0];

/// The words of the row about flash.
const FLASH: &str = "flash of `atome_load` and `atome_predict_next`, with libraries";

/// Each cell: exact, then integers; instructions, and how many times fewer than those of C.
pub fn table(figures: &Figures) -> String {
    markdown::table(&rows(figures), 1)
}

/// The rows that a newcomer asks for first.
pub fn short_table(figures: &Figures) -> String {
    let mut rows = rows(figures);
    let head = rows.remove(0);
    rows.retain(|row| row.first().is_some_and(|words| FIRST_ASKED.contains(&words.as_str())));
    rows.insert(0, head);
    markdown::table(&rows, 1)
}

fn rows(figures: &Figures) -> Vec<Vec<String>> {
    let mut head = vec!["exact / integers".to_string()];
    head.extend(CORES.map(|(_, title)| title.to_string()));
    let mut rows = vec![head];
    for (words, shape, [of_c, of_ours]) in TIMES {
        rows.push(row(words, |core, archive| {
            let c = *figures.get(&format!("{core}/{shape}/{C}/{of_c}"))?;
            let ours = *figures.get(&format!("{core}/{shape}/{archive}/{of_ours}"))?;
            Some(format!("{} ({})", grouped(ours), times(c as f64 / ours as f64)))
        }));
    }
    for (words, shape) in DENSE {
        rows.push(unasked::row(words, |core| {
            let cells = [dense::F32, dense::INT8].map(|what| {
                figures.get(&dense::name(core, shape, what)).map_or_else(|| "-".to_string(), |&count| grouped(count))
            });
            Some(cells.join(" / "))
        }));
    }
    rows.push(row(FLASH, |core, archive| {
        let archive = archive.strip_prefix("cached ")?;
        let part = |what: &str| figures.get(&format!("{core}/{what}/{archive}/predict-cached")).copied();
        Some(grouped(part("code")? + part("libraries")?))
    }));
    for (words, shapes, what) in BYTES {
        rows.push(row(words, |core, archive| {
            let each = shapes.iter().map(|shape| format!("{core}/{shape}/{archive}/{what}"));
            each.filter_map(|name| figures.get(&name).copied()).max().map(grouped)
        }));
    }
    rows
}

fn row(words: &str, cell: impl Fn(&str, &str) -> Option<String>) -> Vec<String> {
    unasked::row(words, |core| {
        let [exact, integers] = BOTH.map(|archive| cell(core, archive).unwrap_or_else(|| "-".to_string()));
        Some(format!("{exact} / {integers}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_both_arithmetics() {
        let figures = [
            ("m3/944k/C -O2/first", 40_000_000),
            ("m3/944k/cached portable/next", 10_000_000),
            ("m3/944k/cached integer portable/next", 2_000_000),
            ("m3/944k/C -O2/dense-f32", 50_000_000),
            ("m3/944k/C -O2/dense-int8", 6_000_000),
            ("m3/code/portable/predict-cached", 9_000),
            ("m3/libraries/portable/predict-cached", 1_500),
            ("m3/code/integer portable/predict-cached", 8_000),
            ("m3/libraries/integer portable/predict-cached", 0),
            ("m3/default/cached portable/state", 49_564),
            ("m3/default/cached integer portable/state", 17_068),
        ];
        let figures = figures.map(|(name, figure)| (name.to_string(), figure)).into();
        assert_eq!(short_table(&figures).lines().count(), 2 + FIRST_ASKED.len());
        let text = table(&figures);
        let line = |start: &str| text.lines().find(|line| line.contains(start)).unwrap().to_string();
        assert!(line("944K model: one position").contains("10 000 000 (4.0x) / 2 000 000 (20x)"), "{text}");
        assert!(line("944K model's matrices").contains("50 000 000 / 6 000 000"), "{text}");
        assert!(line("flash").contains("10 500 / 8 000"), "{text}");
        assert!(line("state, default").contains("49 564 / 17 068"), "{text}");
        assert!(line("default shape: one").contains("- / -"), "{text}");
    }
}
