//! The document: `benches/RESULTS.md`.

use anyhow::Result;

use super::conditions::Conditions;
use super::counts::{FORMATS, GROWTH, IN_C, KERNELS};
use super::goals;
use super::summary;
use super::timings::{shown, times, Of, Timing, Timings, C, C_TABLE};
use crate::markdown::{self, grouped};
use crate::record::Record;

const HEAD: &str = "\
# How fast it is

Written by `cargo xtask bench`; `results.json` holds the same times, with quartiles and numbers of samples, and
`instructions.json` the counts. The C reference is `c_tests/reference`; `C table` is the same but for `benches/c/table.c`,
which multiplies without branching on weights.

";

const GOALS: &str = "
![Times on a logarithmic scale](results.svg)

## In short

What counts, and the ratios that this project set itself: *at least* and *aim*. On this machine the Rust engine in its
cached plan, with tiles (for `atome_load` the archive); on the emulated cores (instructions, from `qemu/costs.json`) the
archive in its cached plan. *One position*: one more token of a growing text; the C reference keeps nothing between calls,
and is given one token.

";

const TABLE: &str = "
## Against faster C

What forty more lines of C get (`benches/c/table.c`): four weights at a time are looked up in a table by their byte, and four
rows are summed side by side; every bit stays. Like the reference it keeps nothing between calls. Our lead over that:

";

const CALLS: &str = "
Medians, and how many times as fast as `C -O2`. Runs of a millisecond or more are measured in processor time, which is the
wall's on an idle machine. *generation*: 112 tokens after a prompt of 16. *prefill*: a prediction from 128 tokens.
*position N*: one more token after N; for C, a call with one token. The lean plan keeps nothing between calls: each of its
calls computes the whole text, so that its *position N* has no like in C's, and no ratio. *classification N*: of N tokens,
4 classes. *load*: with the fingerprint, which C does not compute. *engine*: the Rust crate, with tiles where the processor
has a use for them; its *load* writes them. *archive*: `libatome.a` called from C. The last rows tell of how few samples a
median may be; `-` was not measured.

";

const KERNEL_CALLS: &str = "
## Kernels

One call on the first layer's weights: medians, and how many times as fast as `C -O2`. *project*: query, key, value and
router of one position (*-8*: of eight). *attend-128*: one query over 128 positions, softmax and sum included. *mix*:
convolution, recurrence and the weighed sum; C: convolution and recurrence, which computes `tanhf` in every call.

";

const GROWTH_TEXT: &str = "
## Instructions of a token as the text grows

The last of so many tokens, all others just computed (cached plan), default shape with room for 512 positions, random
weights. Counted by callgrind, which knows no AVX-512. The cost of a token grows with the text by attention alone; C, with
the table or without, computes all tokens again.

";

const JOBS: [(&str, &str); 8] = [
    ("generation", "generation"),
    ("prefill", "prefill"),
    ("position-1", "position 1"),
    ("position-32", "position 32"),
    ("position-127", "position 127"),
    ("classification-30", "classification 30"),
    ("classification-128", "classification 128"),
    ("load", "load"),
];

const KERNEL_JOBS: [(&str, &str); 5] = [
    ("project", "project"),
    ("project-8", "project-8"),
    ("layer_norm", "layer_norm"),
    ("attend-128", "attend-128"),
    ("mix", "mix"),
];

const SHAPES: [(&str, &str); 2] =
    [("944k", "d=256, 8 layers, 128 positions"), ("default", "d=64, 4 layers, 128 positions")];

/// The whole document.
pub fn document(timings: &Timings, conditions: &Conditions, counts: Option<&Record>) -> Result<String> {
    let mut text = HEAD.to_string() + &conditions.list() + GOALS;
    text += &goals::table(&goals::measured(timings)?);
    // Recorded results may be older than it.
    if timings.of_job("944k", "generation").any(|timing| timing.of == C_TABLE) {
        text += &(TABLE.to_string() + &summary::host_table(timings, C_TABLE, "C table -O2")?);
    }
    for (index, (shape, words)) in SHAPES.iter().enumerate() {
        text += &format!("\n## {shape}: {words}\n");
        text += if index == 0 { CALLS } else { "\n" };
        text += &table(timings, shape, &JOBS);
    }
    text += KERNEL_CALLS;
    for (shape, _) in SHAPES {
        text += &format!("{shape}:\n\n{}\n", table(timings, shape, &KERNEL_JOBS));
    }
    text.pop();
    text += &counts.map_or(String::new(), |counts| growth(counts) + &formats(counts));
    Ok(text)
}

/// A row for each engine, a column for each job.
fn table(timings: &Timings, shape: &str, jobs: &[(&str, &str)]) -> String {
    let mut engines: Vec<Of> = Vec::new();
    // The job that most of them did gives the order.
    let mut by_number = jobs.to_vec();
    by_number.sort_by_key(|(job, _)| std::cmp::Reverse(timings.of_job(shape, job).count()));
    for (job, _) in by_number {
        for timing in timings.of_job(shape, job) {
            if !engines.contains(&timing.of) {
                engines.push(timing.of);
            }
        }
    }
    let mut rows = vec![vec![String::new()]];
    rows[0].extend(jobs.iter().map(|(_, title)| title.to_string()));
    for of in engines {
        let mut row = vec![title(&of)];
        row.extend(jobs.iter().map(|(job, _)| cell(timings, shape, job, of)));
        rows.push(row);
    }
    for (title, is_c) in [("samples, C", true), ("samples, others", false)] {
        let mut row = vec![title.to_string()];
        row.extend(jobs.iter().map(|(job, _)| {
            let counts = timings.of_job(shape, job).filter(|timing| is_reference(timing) == is_c);
            counts.map(|timing| timing.samples).min().map_or("-".to_string(), |least| least.to_string())
        }));
        rows.push(row);
    }
    markdown::table(&rows, 1)
}

fn is_reference(timing: &Timing) -> bool {
    timing.of.kernel.is_none()
}

fn title(of: &Of) -> String {
    [Some(of.engine), of.plan, of.kernel].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn cell(timings: &Timings, shape: &str, job: &str, of: Of) -> String {
    let Some(timing) = timings.get(shape, job, of) else { return "-".to_string() };
    let time = shown(timing.nanoseconds);
    match timings.get(shape, job, C) {
        // C computes no fingerprint, and one position alone.
        Some(c) if of != C && job != "load" && !(of.plan == Some("lean") && job.starts_with("position")) => {
            format!("{time}, {}", times(c.nanoseconds / timing.nanoseconds))
        }
        _ => time,
    }
}

/// The table of [`GROWTH`]; empty where nothing of it was counted.
pub fn growth(record: &Record) -> String {
    let mut rows = vec![vec!["tokens".to_string()]];
    rows[0].extend(IN_C.iter().map(|(_, title)| title).chain(KERNELS).map(ToString::to_string));
    for count in GROWTH {
        let mut row = vec![count.to_string()];
        for engine in IN_C.iter().map(|(engine, _)| engine).chain(KERNELS) {
            let Some(&figure) = record.figures.get(&format!("{engine}/token-{count}")) else { return String::new() };
            row.push(grouped(figure));
        }
        rows.push(row);
    }
    GROWTH_TEXT.to_string() + &markdown::table(&rows, 0)
}

const FORMATS_TEXT: &str = "
## Instructions for one position, by the format of the weights

One more token after 32, 944K shape, cached plan, random weights: instructions, and times those of ATOME01. A check holds
ATOME02 to 1.3 times with AVX2. The counter knows no AVX-512.

";

/// The table of [`FORMATS`]; empty where nothing of it was counted.
fn formats(record: &Record) -> String {
    let mut rows = vec![["kernel", "ATOME01", "ATOME02", "ATOMEP3"].map(String::from).to_vec()];
    for engine in KERNELS {
        let figures = FORMATS.map(|job| record.figures.get(&format!("{engine}/{job}")).copied());
        let [Some(two_bits), Some(base_three), Some(powers)] = figures else { continue };
        let beside = |figure: u64| format!("{}, {:.2}x", grouped(figure), figure as f64 / two_bits as f64);
        rows.push(vec![engine.to_string(), grouped(two_bits), beside(base_three), beside(powers)]);
    }
    if rows.len() == 1 {
        return String::new();
    }
    FORMATS_TEXT.to_string() + &markdown::table(&rows, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::timings::tests::example;
    use crate::record::Figures;

    #[test]
    fn every_engine_has_a_row_and_every_job_a_column() {
        let text = table(&example(), "944k", &JOBS);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2 + 5 + 2);
        assert!(lines[3].starts_with("| C table -O2") && lines[3].contains("250 us, 4.0x"), "{text}");
        assert!(lines[5].starts_with("| engine cached avx2") && lines[5].contains("10.0 us, 100x"), "{text}");
        assert_eq!(lines[0].matches('|').count(), JOBS.len() + 2);
    }

    #[test]
    fn formats_are_shown_beside_atome01() {
        let mut record = Record { conditions: Default::default(), figures: Figures::new() };
        assert_eq!(formats(&record), "");
        for (job, count) in FORMATS.into_iter().zip([1000, 1100, 2500]) {
            record.figures.insert(format!("sse2/{job}"), count);
        }
        let text = formats(&record);
        assert!(text.contains("1 100, 1.10x") && text.contains("2 500, 2.50x"), "{text}");
    }

    #[test]
    fn growth_needs_all_counts() {
        let mut record = Record { conditions: Default::default(), figures: Figures::new() };
        assert_eq!(growth(&record), "");
        for engine in IN_C.iter().map(|(engine, _)| engine).chain(KERNELS) {
            for count in GROWTH {
                record.figures.insert(format!("{engine}/token-{count}"), 1000 * count as u64);
            }
        }
        assert!(growth(&record).contains("512 000"));
    }
}
