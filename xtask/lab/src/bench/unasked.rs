//! What a relink by the README gets, unasked, on emulated cores: beside the C reference, from the record of costs.

use super::timings::times;
use crate::markdown::{self, grouped};
use crate::record::Figures;

/// A column: the core's name in the record, and in words.
pub(super) const CORES: [(&str, &str); 4] =
    [("m0", "Cortex-M0"), ("m3", "Cortex-M3"), ("m4f", "Cortex-M4F"), ("rv32imac", "RISC-V imac")];

/// The archive that `cargo xtask lib` builds unasked, in the plan that the header takes unasked.
const DEFAULT: &str = "cached portable";
const PARTIAL: &str = "partial portable";

/// The C reference.
const C: &str = "C -O2";

/// A row about time: words, shape, archive and plan, and what is compared: of C, of the archive.
const TIMES: [(&str, &str, &str, [&str; 2]); 7] = [
    ("default shape: one position (the ninth; of C the first)", "default", DEFAULT, ["first", "next"]),
    ("default shape: each of 20 tokens after 4", "default", DEFAULT, ["token", "token"]),
    ("944K model, `ATOME_MAX_SEQ` 24: one position", "944k", PARTIAL, ["first", "next"]),
    (
        "944K model, `ATOME_MAX_SEQ` 24, whose RAM has room for 10 positions: each of 20 tokens after 4",
        "944k",
        PARTIAL,
        ["token", "token"],
    ),
    (
        "944K model, `ATOME_MAX_SEQ` 128, whose RAM has room for 75 positions: each of 20 tokens after 4",
        "944k",
        DEFAULT,
        ["token", "token"],
    ),
    (
        "a small shape (d=32, 2 layers, 10 positions; Cortex-M0 has room for no other): one position",
        "small",
        DEFAULT,
        ["first", "next"],
    ),
    ("a small shape: each of 20 tokens after 4", "small", DEFAULT, ["token", "token"]),
];

/// A row about flash: words, mode, and what the program uses.
const FLASH: [(&str, &str, &str); 3] = [
    ("flash of `atome_load` and `atome_predict_next`, with libraries", "portable", "predict-cached"),
    ("the same in the partial plan, as of the 944K model", "portable", "predict-partial"),
    ("the same in system mode", "system", "predict-cached"),
];

/// A row about bytes of RAM: words, shapes of which the most counts, archive and plan, and what.
const BYTES: [(&str, &[&str], &str, &str); 3] = [
    ("stack of a prediction", &["default", "small"], DEFAULT, "stack-predict"),
    ("stack of a prediction, 944K model, `ATOME_MAX_SEQ` 24 (partial plan)", &["944k"], PARTIAL, "stack-predict"),
    ("RAM of the state, default shape", &["default"], DEFAULT, "state"),
];

/// Times as fast, then bytes for bytes.
pub fn table(figures: &Figures) -> String {
    let mut head = vec!["unasked, beside the C engine at `-O2`".to_string()];
    head.extend(CORES.map(|(_, title)| title.to_string()));
    let mut rows = vec![head];
    for (words, shape, archive, [of_c, of_ours]) in TIMES {
        let ratio = |core: &str| {
            let c = *figures.get(&format!("{core}/{shape}/{C}/{of_c}"))?;
            let ours = *figures.get(&format!("{core}/{shape}/{archive}/{of_ours}"))?;
            Some(times(c as f64 / ours as f64))
        };
        rows.push(row(words, ratio));
    }
    for (words, mode, uses) in FLASH {
        rows.push(row(words, |core| {
            let flash = |engine: &str, uses: &str| {
                let part = |what: &str| figures.get(&format!("{core}/{what}/{engine}/{uses}")).copied();
                Some(part("code")? + part("libraries")?)
            };
            Some(bytes(flash(mode, uses)?, flash(C, "predict")?))
        }));
    }
    for (words, shapes, archive, what) in BYTES {
        rows.push(row(words, |core| {
            let of = |variant: &str| {
                let each = shapes.iter().map(|shape| format!("{core}/{shape}/{variant}/{what}"));
                each.filter_map(|name| figures.get(&name).copied()).max()
            };
            Some(bytes(of(archive)?, of(C)?))
        }));
    }
    markdown::table(&rows, 1)
}

pub(super) fn row(words: &str, cell: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let cells = CORES.map(|(core, _)| cell(core).unwrap_or_else(|| "-".to_string()));
    [vec![words.to_string()], cells.to_vec()].concat()
}

/// Ours, and those of C.
fn bytes(here: u64, c: u64) -> String {
    format!("{} for {}", grouped(here), grouped(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_a_ratio_or_bytes_and_a_dash_where_nothing_was_measured() {
        let figures = [
            ("m3/default/C -O2/first", 2_800_000),
            ("m3/default/cached portable/next", 1_000_000),
            ("m3/default/cached portable/token", 1_000_000),
            ("m3/default/cached portable/stack-predict", 960),
            ("m3/small/cached portable/stack-predict", 968),
            ("m3/default/C -O2/stack-predict", 512),
            ("m3/code/portable/predict-cached", 9_000),
            ("m3/libraries/portable/predict-cached", 1_500),
            ("m3/code/C -O2/predict", 2_000),
            ("m3/libraries/C -O2/predict", 5_800),
        ];
        let text = table(&figures.map(|(name, figure)| (name.to_string(), figure)).into());
        let line = |start: &str| text.lines().find(|line| line.contains(start)).unwrap().to_string();
        assert!(line("default shape: one position").contains("2.8x"), "{text}");
        assert!(!line("default shape: each").contains('x'), "{text}");
        assert!(line("flash").contains("10 500 for 7 800"), "{text}");
        assert!(line("stack").contains("968 for 512"), "{text}");
    }
}
