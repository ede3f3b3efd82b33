//! What `measure`, the program of the benches, has timed.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{json, Value};

use xtask::process;

/// The reference that ratios are to.
pub const C: Of = Of { engine: "C -O2", plan: None, kernel: None };

/// The C reference but for a product that looks weights up in a table: what a C programmer gets without another plan.
pub const C_TABLE: Of = Of { engine: "C table -O2", ..C };

/// What was timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Of<'n> {
    /// A build of C, "engine" or "archive".
    pub engine: &'n str,
    /// The memory plan, of the engine and of the archive.
    pub plan: Option<&'n str>,
    /// The kernel that was forced, of the engine and of the archive.
    pub kernel: Option<&'n str>,
}

/// One result.
#[derive(Clone, Copy, Debug)]
pub struct Timing<'t> {
    /// What was timed.
    pub of: Of<'t>,
    /// The median.
    pub nanoseconds: f64,
    /// The number of samples that it is the median of.
    pub samples: u64,
}

/// All results of a run.
pub struct Timings {
    value: Value,
}

impl Timings {
    /// Runs the program, whose progress goes to stderr.
    pub fn measure(archive: &Path, is_quick: bool) -> Result<Timings> {
        let mut command = process::in_root(super::program("measure")?);
        command.arg("--archive").arg(archive);
        if is_quick {
            command.arg("--quick");
        }
        let text = process::capture_stdout(&mut command)?.successful(&command)?;
        Timings::parse(&text)
    }

    /// Reads what the program prints.
    pub fn parse(text: &str) -> Result<Timings> {
        let value: Value = serde_json::from_str(text).context("the results of `measure`")?;
        value["timings"].as_array().context("the results of `measure` hold no `timings`")?;
        Ok(Timings { value })
    }

    /// A text in the results, by its path.
    pub fn condition(&self, path: &[&str]) -> Result<String> {
        let found = path.iter().try_fold(&self.value, |value, name| value.get(name)).and_then(Value::as_str);
        Ok(found.with_context(|| format!("the results of `measure` hold no `{}`", path.join(".")))?.to_string())
    }

    /// Everything that was timed doing `job`.
    pub fn of_job(&self, shape: &str, job: &str) -> std::vec::IntoIter<Timing<'_>> {
        let rows = self.value["timings"].as_array().into_iter().flatten();
        let found = rows.filter(|row| row["shape"] == shape && row["job"] == job).filter_map(|row| {
            Some(Timing {
                of: Of { engine: row["engine"].as_str()?, plan: row["plan"].as_str(), kernel: row["kernel"].as_str() },
                nanoseconds: row["median_ns"].as_f64()?,
                samples: row["samples"].as_u64()?,
            })
        });
        found.collect::<Vec<_>>().into_iter()
    }

    /// One result.
    pub fn get(&self, shape: &str, job: &str, of: Of) -> Option<Timing<'_>> {
        self.of_job(shape, job).find(|timing| timing.of == of)
    }

    /// The kernels that were timed, the definition first.
    pub fn kernels(&self) -> Vec<&str> {
        let mut kernels = Vec::new();
        for kernel in self.of_job("default", "load").filter_map(|timing| timing.of.kernel) {
            if !kernels.contains(&kernel) {
                kernels.push(kernel);
            }
        }
        kernels
    }

    /// The file `results.json`, with these conditions besides: names and what they were.
    pub fn text(&self, conditions: &[(&str, &str)]) -> Result<String> {
        let mut value = self.value.clone();
        for &(name, what) in conditions {
            value[name] = json!(what);
        }
        Ok(serde_json::to_string_pretty(&value)? + "\n")
    }
}

/// A time in the unit that suits it, three digits.
pub fn shown(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "us"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    match value {
        v if v < 9.995 => format!("{v:.2} {unit}"),
        v if v < 99.95 => format!("{v:.1} {unit}"),
        v => format!("{v:.0} {unit}"),
    }
}

/// How many times: `9 346x`, `4.3x`.
pub fn times(ratio: f64) -> String {
    match ratio {
        r if r < 0.1 => format!("{r:.2}x"),
        r if r < 9.95 => format!("{r:.1}x"),
        r => format!("{}x", crate::markdown::grouped(r.round() as u64)),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A made-up run: C at 1 ms, kernels 10 and 100 times as fast.
    pub fn example() -> Timings {
        let row = |shape: &str, job: &str, engine: &str, plan: Option<&str>, kernel: Option<&str>, ns: f64| {
            json!({ "shape": shape, "job": job, "engine": engine, "plan": plan, "kernel": kernel, "median_ns": ns,
                    "samples": 3 })
        };
        let mut rows = Vec::new();
        for shape in ["default", "944k"] {
            for job in [
                "generation",
                "prefill",
                "position-1",
                "position-32",
                "position-127",
                "classification-30",
                "classification-128",
                "load",
            ] {
                rows.push(row(shape, job, "C -O2", None, None, 1e6));
                rows.push(row(shape, job, "C table -O2", None, None, 2.5e5));
                rows.push(row(shape, job, "engine", Some("cached"), Some("portable"), 1e5));
                rows.push(row(shape, job, "engine", Some("cached"), Some("avx2"), 1e4));
                rows.push(row(shape, job, "archive", Some("cached"), Some("portable"), 2e5));
            }
        }
        let models = json!({ "944k": "trained" });
        let value = json!({ "cc": "cc 12", "rustc": "rustc 1", "models": models, "timings": rows });
        Timings::parse(&value.to_string()).unwrap()
    }

    #[test]
    fn results_are_found_by_name() {
        let timings = example();
        let avx2 = Of { engine: "engine", plan: Some("cached"), kernel: Some("avx2") };
        assert_eq!(timings.get("944k", "prefill", avx2).unwrap().nanoseconds, 1e4);
        assert!(timings.get("944k", "prefill", Of { plan: Some("lean"), ..avx2 }).is_none());
        assert_eq!(timings.kernels(), ["portable", "avx2"]);
        assert_eq!(timings.condition(&["models", "944k"]).unwrap(), "trained");
        assert!(timings.condition(&["models", "other"]).is_err());
    }

    #[test]
    fn what_are_no_results_is_refused() {
        assert!(Timings::parse("{}").is_err() && Timings::parse("").is_err());
    }

    #[test]
    fn times_have_three_digits_and_a_unit() {
        let texts = [12.34, 4_321.0, 99_990.0, 56_700_000.0, 3.4e10].map(shown);
        assert_eq!(texts, ["12.3 ns", "4.32 us", "100 us", "56.7 ms", "34.0 s"]);
    }

    #[test]
    fn ratios_are_short() {
        assert_eq!([9345.7, 9.98, 4.26, 0.025].map(times), ["9 346x", "10x", "4.3x", "0.03x"]);
    }
}
