//! What README shows of the results: two tables, in which every row says who calls what, and against which baseline.

use anyhow::{Context, Result};

use super::cores::{self, OnCore};
use super::timings::{shown, times, Of, Timing, Timings};
use crate::markdown;
use crate::record::{Figures, COSTS};

/// An engine as a program gets it: words, engine and plan in the results.
type Caller = (&'static str, &'static str, &'static str);

const UNASKED: Caller = ("a relink, as it comes: archive, partial plan", "archive", "partial");
const CACHED: Caller = ("archive, `-DATOME_PLAN=ATOME_PLAN_CACHED`", "archive", "cached");
const INTEGERS: Caller =
    ("archive, cached plan, `-DATOME_ARITHMETIC=ATOME_INTEGER`: other results", "archive integers", "cached");
const RUST: Caller = ("Rust crate, cached plan, `Tiled`", "engine", "cached");

/// Jobs on this machine, and who does them.
const HOST: [(&str, &str, &[Caller]); 3] = [
    ("generation", "112 tokens after a 16-byte prompt", &[UNASKED, CACHED, RUST, INTEGERS]),
    ("prefill", "a prediction from 128 tokens", &[UNASKED, RUST, INTEGERS]),
    ("position-32", "one more token after 32", &[CACHED, RUST, INTEGERS]),
];

/// A chip whose time is computed from the instructions of its core.
struct Chip {
    name: &'static str,
    /// The core's name in the record of costs.
    core: &'static str,
    core_title: &'static str,
    megahertz: u64,
}

const CHIPS: [Chip; 3] = [
    Chip { name: "STM32F207", core: "m3", core_title: "Cortex-M3", megahertz: 120 },
    Chip { name: "nRF52840", core: "m4f", core_title: "Cortex-M4F", megahertz: 64 },
    Chip { name: "ESP32-C3", core: "rv32imc", core_title: "RISC-V", megahertz: 160 },
];

/// How an archive is built: words, and its name in the record of costs. The profile for speed is for cores with an FPU.
const BUILDS: [(&str, &str); 2] =
    [("a relink, as it comes", "cached portable"), ("`--profile speed`", "cached speed portable")];

/// The shape that all chips have room for.
const SHAPE: &str = "default";

/// The fastest kernel of each caller beside an engine in C, 944K model.
///
/// # Errors
/// The results lack a job of that engine.
pub fn host_table(timings: &Timings, c: Of, title: &str) -> Result<String> {
    let head = ["944K model on the host", "who calls what", "kernel", title, "here", "times as fast"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for (job, words, callers) in HOST {
        let c = timings.get("944k", job, c).with_context(|| format!("the results hold no {job} of {}", c.engine))?;
        for &(caller, engine, plan) in callers {
            let Some(ours) = fastest(timings, job, engine, plan) else { continue };
            rows.push(vec![
                words.to_string(),
                caller.to_string(),
                ours.of.kernel.unwrap_or_default().to_string(),
                shown(c.nanoseconds),
                shown(ours.nanoseconds),
                times(c.nanoseconds / ours.nanoseconds),
            ]);
        }
    }
    Ok(markdown::table(&rows, 3))
}

fn fastest<'t>(timings: &'t Timings, job: &str, engine: &'t str, plan: &'t str) -> Option<Timing<'t>> {
    let of = |kernel| Of { engine, plan: Some(plan), kernel: Some(kernel) };
    let all = timings.kernels().into_iter().filter_map(|kernel| timings.get("944k", job, of(kernel)));
    all.min_by(|a, b| a.nanoseconds.total_cmp(&b.nanoseconds))
}

/// Milliseconds a generated token on three chips, from the record of costs.
///
/// # Errors
/// There is no such record.
pub fn chip_table() -> Result<String> {
    Ok(computed(&COSTS.read()?.figures))
}

fn computed(figures: &Figures) -> String {
    let head = ["chip", "core, clock", "archive", "C engine", "here", "times as fast"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for chip in &CHIPS {
        for (words, build) in BUILDS {
            let Some(OnCore { c, here, .. }) = cores::token_with(figures, chip.core, SHAPE, build) else { continue };
            rows.push(vec![
                chip.name.to_string(),
                format!("{}, {} MHz", chip.core_title, chip.megahertz),
                words.to_string(),
                chip.time(c),
                chip.time(here),
                times(c as f64 / here as f64),
            ]);
        }
    }
    markdown::table(&rows, 3)
}

impl Chip {
    /// At one instruction a cycle.
    fn time(&self, instructions: u64) -> String {
        shown(instructions as f64 * 1000.0 / self.megahertz as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::timings::tests::example;
    use crate::bench::timings::{C, C_TABLE};

    #[test]
    fn a_row_says_who_calls_and_names_the_fastest_kernel() {
        let text = host_table(&example(), C, "C engine").unwrap();
        let tiled = text.lines().find(|line| line.contains("112 tokens") && line.contains("Rust crate")).unwrap();
        assert!(tiled.contains("avx2") && tiled.contains("100x"), "{text}");
        let archive = text.lines().find(|line| line.contains("112 tokens") && line.contains("CACHED")).unwrap();
        assert!(archive.contains("portable") && archive.contains("5.0x"), "{text}");
        // Nothing was timed in the partial plan.
        assert!(!text.contains("as it comes"), "{text}");
        let text = host_table(&example(), C_TABLE, "C table").unwrap();
        let tiled = text.lines().find(|line| line.contains("112 tokens") && line.contains("Rust crate")).unwrap();
        assert!(tiled.contains("25x") && text.contains("| C table |"), "{text}");
    }

    #[test]
    fn a_chips_time_is_instructions_by_clock() {
        let figures = [
            ("m3/default/C -O2/token", 24_000_000),
            ("m3/default/cached portable/token", 3_000_000),
            ("m3/default/cached speed portable/token", 1_200_000),
        ];
        let text = computed(&figures.map(|(name, figure)| (name.to_string(), figure)).into());
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[2].contains("200 ms") && lines[2].contains("25.0 ms") && lines[2].contains("8.0x"), "{text}");
        assert!(lines[3].contains("10.0 ms") && lines[3].contains("20x"), "{text}");
    }

    #[test]
    fn all_chips_are_in_the_record() {
        let text = chip_table().unwrap();
        assert!(CHIPS.iter().all(|chip| text.contains(chip.name)), "{text}");
    }
}
