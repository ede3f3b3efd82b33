//! The table that sums everything up: what this project set out to reach, and what it has reached.

use anyhow::Result;

use super::cores::{self, OnCore};
use super::timings::{shown, times, Of, Timing, Timings, C};
use crate::markdown::{self, grouped};
use crate::record::COSTS;

/// One line of it.
#[derive(Debug)]
pub struct Row {
    what: String,
    c: String,
    here: String,
    /// Who calls what: caller, plan, kernel; on emulated cores caller, plan, profile and mode.
    with: String,
    ratio: String,
    least: String,
    aim: String,
}

/// A kernel, the ratio to C that was to be reached at least, and the aim. No kernel: the fastest.
type Goal = (&'static str, f64, f64);

/// On this machine: job, words, and the goals.
const HOST: [(&str, &str, &[Goal]); 3] = [
    ("generation", "host, 112 tokens after a 16-byte prompt", &[("", 8_000.0, 15_000.0)]),
    (
        "position-32",
        "host, one position after 32",
        &[("avx512", 120.0, 250.0), ("avx2", 80.0, 150.0), ("sse2", 30.0, 60.0)],
    ),
    ("prefill", "host, 128-token prefill", &[("", 250.0, 600.0)]),
];

/// On this machine in integers: job, words, kernel, and the goals.
const INTEGERS: [(&str, &str, Goal); 4] = [
    ("position-32", "host, integers, one position after 32", ("avx512", 350.0, 500.0)),
    ("position-32", "host, integers, one position after 32", ("avx2", 250.0, 350.0)),
    ("position-32", "host, integers, one position after 32", ("sse2", 100.0, 150.0)),
    ("prefill", "host, integers, 128-token prefill", ("avx512", 600.0, 1_000.0)),
];

/// On emulated cores: core, shape, words, the ratio to reach and the aim.
const CORES: [(&str, &str, &str, f64, f64); 3] = [
    ("m3", "944k", "Cortex-M3, one position", 2.8, 4.0),
    ("m0", "small", "Cortex-M0, one position of the small shape", 2.0, 3.0),
    ("m4f", "944k", "Cortex-M4F, one position", 4.0, 6.0),
];

/// All rows that there are figures for.
pub fn measured(timings: &Timings) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (job, what, goals) in HOST {
        for &(kernel, least, aim) in goals {
            let ours = if kernel.is_empty() { fastest(timings, job) } else { engine(timings, job, kernel) };
            let (Some(c), Some(ours)) = (timings.get("944k", job, C), ours) else { continue };
            rows.push(Row {
                what: what.to_string(),
                c: shown(c.nanoseconds),
                here: shown(ours.nanoseconds),
                with: format!("Rust crate, cached plan, `Tiled`, {}", ours.of.kernel.unwrap_or_default()),
                ratio: times(c.nanoseconds / ours.nanoseconds),
                least: times(least),
                aim: times(aim),
            });
        }
    }
    for (job, what, (kernel, least, aim)) in INTEGERS {
        let of = Of { engine: "archive integers", plan: Some("cached"), kernel: Some(kernel) };
        let (Some(c), Some(ours)) = (timings.get("944k", job, C), timings.get("944k", job, of)) else { continue };
        rows.push(Row {
            what: what.to_string(),
            c: shown(c.nanoseconds),
            here: shown(ours.nanoseconds),
            with: format!("C archive, cached plan, {kernel}"),
            ratio: times(c.nanoseconds / ours.nanoseconds),
            least: times(least),
            aim: times(aim),
        });
    }
    rows.extend(load(timings));
    let figures = COSTS.read()?.figures;
    for (core, shape, what, least, aim) in CORES {
        let Some(OnCore { c, here, with }) = cores::one_position(&figures, core, shape) else { continue };
        rows.push(Row {
            what: what.to_string(),
            c: instructions(c),
            here: instructions(here),
            with: of_core(&with),
            ratio: times(c as f64 / here as f64),
            least: times(least),
            aim: times(aim),
        });
    }
    if let Some(OnCore { c, here, with }) = cores::generated_token(&figures, "m3", "944k") {
        rows.push(Row {
            what: "Cortex-M3, each of 20 tokens after 4".to_string(),
            c: instructions(c),
            here: instructions(here),
            with: of_core(&with),
            ratio: times(c as f64 / here as f64),
            least: times(25.0),
            aim: times(40.0),
        });
    }
    Ok(rows)
}

/// The only row whose goal is a time: C computes no fingerprint and only sets pointers.
fn load(timings: &Timings) -> Option<Row> {
    let kernel = timings.kernels().into_iter().next();
    let archive = Of { engine: "archive", plan: Some("cached"), kernel };
    let (c, ours) = (timings.get("944k", "load", C)?, timings.get("944k", "load", archive)?);
    Some(Row {
        what: "host, `atome_load`, fingerprint included (C has none)".to_string(),
        c: shown(c.nanoseconds),
        here: shown(ours.nanoseconds),
        with: "C archive, cached plan, any kernel".to_string(),
        ratio: "-".to_string(),
        least: "100 us".to_string(),
        aim: "20 us".to_string(),
    })
}

/// A build of the archive by its name in the record of costs, such as "speed portable".
fn of_core(build: &str) -> String {
    let (profile, mode) = match build.split_once(' ') {
        Some((profile, mode)) => (format!("profile for {profile}"), mode),
        None => ("as it comes".to_string(), build),
    };
    format!("C archive, cached plan, {profile}, {mode} mode")
}

fn instructions(count: u64) -> String {
    format!("{} instr.", grouped(count))
}

fn engine<'t>(timings: &'t Timings, job: &str, kernel: &str) -> Option<Timing<'t>> {
    timings.get("944k", job, Of { engine: "engine", plan: Some("cached"), kernel: Some(kernel) })
}

fn fastest<'t>(timings: &'t Timings, job: &str) -> Option<Timing<'t>> {
    let all = timings.kernels().into_iter().filter_map(|kernel| engine(timings, job, kernel));
    all.min_by(|a, b| a.nanoseconds.total_cmp(&b.nanoseconds))
}

/// The table.
pub fn table(rows: &[Row]) -> String {
    let head = ["944K model", "C, gcc -O2", "here", "who calls what", "times as fast", "at least", "aim"];
    let body = rows.iter().map(|row| {
        let Row { what, c, here, with, ratio, least, aim } = row;
        [what, c, here, with, ratio, least, aim].map(String::clone).to_vec()
    });
    markdown::table(&[head.map(String::from).to_vec()].into_iter().chain(body).collect::<Vec<_>>(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::timings::tests::example;

    #[test]
    fn ratios_are_to_c_and_the_fastest_kernel_is_named() {
        let rows = measured(&example()).unwrap();
        let generation = &rows[0];
        assert_eq!(
            (generation.with.as_str(), generation.ratio.as_str()),
            ("Rust crate, cached plan, `Tiled`, avx2", "100x")
        );
        // The example has neither AVX-512 nor SSE2.
        let positions: Vec<_> = rows.iter().filter(|row| row.what.contains("after 32")).map(|row| &row.with).collect();
        assert_eq!(positions, ["Rust crate, cached plan, `Tiled`, avx2"]);
        assert!(table(&rows).contains("8 000x"));
    }

    #[test]
    fn a_build_is_told_by_its_profile_and_mode() {
        assert_eq!(of_core("speed portable"), "C archive, cached plan, profile for speed, portable mode");
        assert_eq!(of_core("system"), "C archive, cached plan, as it comes, system mode");
    }

    #[test]
    fn the_emulated_cores_are_there() {
        let rows = measured(&example()).unwrap();
        assert!(CORES.iter().all(|(_, _, what, ..)| rows.iter().any(|row| row.what == *what)), "{rows:?}");
    }
}
