//! Counting instructions on this machine, and holding the counts. Unlike times, they are the same on a busy machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{bail, ensure, Context, Result};

use crate::record::growth::{self, LIMIT};
use crate::record::{Figures, Record, INSTRUCTIONS};
use xtask::toolchain::Toolchain;
use xtask::{process, workers, workspace};

/// The jobs that are held. A second word is the format of the weights, and names the shape, too.
const HELD: [&str; 7] = ["load", "prefill", "position-32", "generation", FORMATS[0], FORMATS[1], FORMATS[2]];

/// One position in each format, of a model of the 944K model's shape.
pub const FORMATS: [&str; 3] = ["position-32 atome01", "position-32 atome02", "position-32 atomep3"];

/// What a position as ATOME02 may cost with a kernel, in instructions of one as ATOME01. SSE2 has no table look-up, and so no
/// quick way from the one to the other.
const MAX_BASE_THREE_COST: (&str, f64) = ("avx2", 1.3);

/// The last token of so many: how the cost of a token grows.
pub const GROWTH: [usize; 4] = [1, 32, 128, 512];

/// Kernels that callgrind can run: it knows no AVX-512.
pub const KERNELS: &[&str] =
    if cfg!(target_arch = "x86_64") { &["portable", "sse2", "avx2"] } else { &["portable", "neon"] };

/// C at -O2, by the names that `counted` takes, and what tables call it: the reference, and with a product that looks weights
/// up in a table.
pub const IN_C: [(&str, &str); 2] = [("c", "C -O2"), ("c-table", "C table -O2")];

/// What became of a check.
pub enum Verdict {
    /// In a line.
    Passed(String),
    /// Why nothing could be compared.
    Skipped(String),
}

/// Figures everything and writes the record.
pub fn record(toolchain: &Toolchain) -> Result<Record> {
    let growth = GROWTH.map(|count| format!("token-{count}"));
    let mut wanted = held();
    for engine in IN_C.iter().map(|(engine, _)| engine).chain(KERNELS) {
        wanted.extend(growth.iter().map(|job| (job.clone(), *engine)));
    }
    let record = Record { conditions: conditions(toolchain)?, figures: count(&wanted)? };
    INSTRUCTIONS.write(&record)?;
    Ok(record)
}

/// Figures what is held and compares it with the record.
///
/// # Errors
/// The counts that grew, and how to accept that.
pub fn check(toolchain: &Toolchain) -> Result<Verdict> {
    let start = Instant::now();
    let (recorded, now) = (INSTRUCTIONS.read()?, conditions(toolchain)?);
    for name in ["rustc", "target"] {
        if recorded.conditions.get(name) != now.get(name) {
            let [here, there] = [&now, &recorded.conditions].map(|of| of.get(name).map_or("unknown", String::as_str));
            return Ok(Verdict::Skipped(format!(
                "COUNTS DEPEND ON THE COMPILER: THIS IS {here}, RECORDED WITH {there} ({})",
                INSTRUCTIONS.command
            )));
        }
    }
    let counts = count(&held())?;
    base_three_is_cheap(&counts)?;
    let faults = growth::faults(&counts, &recorded);
    ensure!(
        faults.is_empty(),
        "instructions grew by more than {LIMIT} % over {}:\n  {}\nTo accept this: {}",
        INSTRUCTIONS.path,
        faults.join("\n  "),
        INSTRUCTIONS.command
    );
    let same = growth::unchanged(&counts, &recorded);
    let absent = match recorded.figures.keys().filter(|name| is_held(name) && !counts.contains_key(*name)).count() {
        0 => String::new(),
        absent => format!(", {absent} SKIPPED: this processor has no such kernel"),
    };
    let (all, seconds) = (counts.len(), start.elapsed().as_secs_f64());
    Ok(Verdict::Passed(format!(
        "{all} instruction counts at most {LIMIT} % above {}, {same} unchanged{absent}, in {seconds:.0} s",
        INSTRUCTIONS.path
    )))
}

/// # Errors
/// ATOME02 costs more than [`MAX_BASE_THREE_COST`].
fn base_three_is_cheap(counts: &Figures) -> Result<()> {
    let (engine, most) = MAX_BASE_THREE_COST;
    let [two_bits, base_three] = [FORMATS[0], FORMATS[1]].map(|job| counts.get(&name(engine, job)));
    // This processor may have no such kernel.
    let (Some(&two_bits), Some(&base_three)) = (two_bits, base_three) else { return Ok(()) };
    let ratio = base_three as f64 / two_bits as f64;
    ensure!(
        ratio <= most,
        "{engine}: a position as ATOME02 takes {ratio:.3} times the instructions of ATOME01, at most {most}"
    );
    Ok(())
}

fn conditions(toolchain: &Toolchain) -> Result<BTreeMap<String, String>> {
    let version = |program: &str| process::checked(Command::new(program).arg("--version"));
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    Ok([("rustc", version(&rustc)?), ("target", toolchain.host().to_string()), ("valgrind", version("valgrind")?)]
        .map(|(name, value)| (name.to_string(), value.trim().to_string()))
        .into())
}

fn held() -> Vec<(String, &'static str)> {
    KERNELS.iter().flat_map(|engine| HELD.map(|job| (job.to_string(), *engine))).collect()
}

fn is_held(name: &str) -> bool {
    name.split_once('/').is_some_and(|(engine, job)| IN_C.iter().all(|(c, _)| *c != engine) && HELD.contains(&job))
}

fn name(engine: &str, job: &str) -> String {
    format!("{engine}/{job}")
}

/// Figures all, on all processors. What this processor has no kernel for is left out.
fn count(wanted: &[(String, &str)]) -> Result<Figures> {
    let program = super::program("counted")?;
    let folder = workspace::scratch().join("bench/callgrind");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let counts = workers::try_all(wanted, workers::processors(), |(job, engine)| {
        Ok(count_one(&program, &folder, job, engine)?.map(|count| (name(engine, job), count)))
    })?;
    Ok(counts.into_iter().flatten().collect())
}

/// Instructions inside the watched function; none where this processor has no such kernel.
fn count_one(program: &Path, folder: &Path, job: &str, engine: &str) -> Result<Option<u64>> {
    let file = folder.join(format!("{engine}-{}", job.replace(' ', "-")));
    let mut valgrind = process::in_root("valgrind");
    valgrind.args(["--quiet", "--tool=callgrind", "--toggle-collect=atome_bench_counted"]);
    valgrind.arg(format!("--callgrind-out-file={}", file.display())).arg(program);
    let (job, format) = job.split_once(' ').map_or((job, None), |(job, format)| (job, Some(format)));
    valgrind.args([job, engine]).args(format);
    if process::checked(&mut valgrind)?.contains("not here") {
        return Ok(None);
    }
    let profile = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    total(&profile).with_context(|| file.display().to_string()).map(Some)
}

/// The sum of a callgrind profile.
///
/// # Errors
/// There is none, or it is 0: then the watched function was never entered.
fn total(profile: &str) -> Result<u64> {
    let total = profile.lines().find_map(|line| line.strip_prefix("summary: ").or(line.strip_prefix("totals: ")));
    match total.context("no total")?.trim().parse()? {
        0 => bail!("nothing was counted"),
        count => Ok(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_a_sum() {
        assert_eq!(total("events: Ir\nfn=(1) a\n0 5\ntotals: 123456\n").unwrap(), 123_456);
        assert!(total("totals: 0\n").is_err() && total("events: Ir\n").is_err());
    }

    #[test]
    fn base_three_has_a_limit() {
        let figures =
            |base_three| Figures::from([(name("avx2", FORMATS[0]), 100), (name("avx2", FORMATS[1]), base_three)]);
        assert!(base_three_is_cheap(&figures(130)).is_ok());
        assert!(base_three_is_cheap(&figures(131)).is_err());
    }

    #[test]
    fn growth_and_c_are_not_held() {
        assert!(is_held("sse2/load") && !is_held("sse2/token-32"));
        assert!(!is_held("c/load") && !is_held("c-table/load"));
        assert!(held().iter().all(|(job, engine)| is_held(&name(engine, job))));
    }
}
