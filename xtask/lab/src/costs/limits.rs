//! Budgets: no figure of the archive may grow unnoticed.

use anyhow::{bail, Result};

use super::engine::Variant;
use super::{conditions, names, running};
use crate::qemu::cores::Core;
use crate::record::growth::{self, LIMIT};
use crate::record::{Figures, Record, COSTS};

/// What was promised, whatever is recorded: bytes of code and of stack that are enough, unasked, and in the profile for size;
/// and of the instructions of the C reference at -O2, [`OF_C`], a twentieth of what a token takes and half of what a position
/// does.
const PROMISED: [(&str, u64); 9] = [
    ("m3/code/portable/predict-cached", 9728),
    ("m3/small/cached portable/stack-predict", 1024),
    ("m3/default/cached portable/stack-predict", 1024),
    ("m0/small/cached portable/stack-predict", 1024),
    ("m3/default/cached portable/token", OF_C[0].1 / 20),
    ("m0/small/cached portable/next", OF_C[1].1 / 2),
    ("m3/code/size system/predict", 4736),
    ("m3/small/lean size system/stack-predict", 520),
    ("m3/default/lean size system/stack-predict", 520),
];

/// What the reference takes where a promise is a part of it. A compiler's next version may change it: the promise stays.
const OF_C: [(&str, u64); 2] = [("m3/default/C -O2/token", 24_242_088), ("m0/small/C -O2/first", 1_321_750)];

/// What was promised of the 944K model, which is not everywhere: held to where it was measured.
const PROMISED_OF_REAL: [(&str, u64); 3] = [
    ("m3/944k/partial portable/stack-predict", 1024),
    ("m4f/944k/partial portable/stack-predict", 1024),
    ("rv32imac/944k/partial portable/stack-predict", 1024),
];

/// Whether something was promised of what is measured in this run.
pub fn is_promised(core: &Core, shape: &str, variant: Variant) -> bool {
    let run = names::run(core, shape, variant, "");
    PROMISED.iter().chain(&PROMISED_OF_REAL).any(|(name, _)| name.starts_with(&run))
}

/// Those of `figures` that have a limit.
pub fn limited(figures: Figures) -> Figures {
    figures.into_iter().filter(|(name, _)| is_limited(name)).collect()
}

/// Checks figures against the recorded ones.
///
/// # Errors
/// All that grew too far or were never recorded, and how to accept them; or what was promised and does not hold.
pub fn check(figures: &Figures, recorded: &Record) -> Result<()> {
    let of_real = PROMISED_OF_REAL.iter().filter(|(name, _)| figures.contains_key(*name));
    let broken: Vec<_> = PROMISED.iter().chain(of_real).filter_map(|&promise| broken(figures, promise)).collect();
    if !broken.is_empty() {
        bail!("promised is less:\n  {}", broken.join("\n  "));
    }
    let faults = growth::faults(figures, recorded);
    if faults.is_empty() {
        return Ok(());
    }
    let mut other_tools = String::new();
    // The error is about the costs, whether or not a tool can still be asked for its version.
    for (tool, version) in conditions::all().unwrap_or_default() {
        let before = recorded.conditions.get(&tool);
        if before.is_some_and(|before| *before != version) {
            other_tools += &format!("\n  {tool}: {version}, recorded with {}", before.map_or("", String::as_str));
        }
    }
    bail!(
        "costs grew by more than {LIMIT} % over {}:\n  {}{other_tools}\nTo accept this: {}",
        COSTS.path,
        faults.join("\n  "),
        COSTS.command
    )
}

/// What a figure is beside what was promised of it. One that nobody measured proves nothing.
fn broken(figures: &Figures, (name, most): (&str, u64)) -> Option<String> {
    match figures.get(name) {
        Some(&found) if found <= most => None,
        Some(found) => Some(format!("{name}: {found}, at most {most}")),
        None => Some(format!("{name}: not measured, at most {most}")),
    }
}

/// What depends on the C reference or on the C toolchain's libraries alone is only reported.
fn is_limited(name: &str) -> bool {
    let parts: Vec<_> = name.split('/').collect();
    let is_archive = parts.iter().any(|part| part.ends_with("portable") || part.ends_with("system"));
    let is_measured_here = match parts[..] {
        [_, what, _, _] if ["code", "ram"].contains(&what) => true,
        [_, "libraries", _, _] => false,
        [_, _, _, what] => running::is_measured(what),
        _ => false,
    };
    is_archive && is_measured_here
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qemu::cores::CORES;
    use xtask::archive::{Mode, Profile};
    use xtask::shapes::Plan;

    const CODE: &str = "m3/code/portable/predict";
    const STACK: &str = "m3/small/lean portable/stack-predict";
    const RAM: &str = "m3/ram/system/all";

    /// Figures that keep every promise, just so.
    fn kept() -> Figures {
        PROMISED.iter().map(|(name, most)| (name.to_string(), *most)).collect()
    }

    #[test]
    fn the_error_says_how_to_accept_it() {
        let mut recorded = Record { conditions: Default::default(), figures: kept() };
        recorded.figures.insert(CODE.to_string(), 1000);
        let mut figures = kept();
        figures.insert(CODE.to_string(), 2000);
        let error = check(&figures, &recorded).unwrap_err().to_string();
        assert!(error.contains(CODE) && error.contains("To accept this: cargo xtask costs"), "{error}");
    }

    #[test]
    fn a_promise_holds_whatever_is_recorded() {
        let (name, most) = PROMISED[0];
        let of = |bytes| {
            let mut figures = kept();
            figures.insert(name.to_string(), bytes);
            figures
        };
        let recorded = Record { conditions: Default::default(), figures: of(most + 1) };
        assert!(check(&of(most), &recorded).is_ok());
        let error = check(&of(most + 1), &recorded).unwrap_err().to_string();
        assert!(error.contains("m3/code/portable/predict-cached: 9729, at most 9728"), "{error}");
        let mut figures = kept();
        figures.remove(PROMISED[8].0);
        let error = check(&figures, &recorded).unwrap_err().to_string();
        assert!(error.contains("m3/default/lean size system/stack-predict: not measured"), "{error}");
    }

    #[test]
    fn a_promise_about_a_run_is_known_by_the_run() {
        let m3 = CORES.iter().find(|core| core.name == "m3").unwrap();
        let lean = |mode| Variant::archive(mode, Profile::Size, Plan::Lean);
        assert!(is_promised(m3, "default", lean(Mode::System)));
        assert!(!is_promised(m3, "default", lean(Mode::Portable)) && !is_promised(m3, "944k", lean(Mode::System)));
        assert!(!is_promised(&CORES[0], "default", lean(Mode::System)));
        assert!(is_promised(m3, "944k", Variant::archive(Mode::Portable, Profile::Usual, Plan::Partial)));
    }

    #[test]
    fn every_promise_is_recorded() {
        let recorded = COSTS.read().unwrap();
        for (name, most) in PROMISED.into_iter().chain(PROMISED_OF_REAL) {
            let found = recorded.figures.get(name);
            assert!(found.is_some_and(|found| *found <= most), "{name}: {found:?}, at most {most}");
        }
    }

    #[test]
    fn parts_of_the_reference_are_parts_of_what_is_recorded() {
        let recorded = COSTS.read().unwrap();
        for (name, instructions) in OF_C {
            assert_eq!(recorded.figures.get(name), Some(&instructions), "{name}");
        }
    }

    #[test]
    fn a_promise_of_the_real_model_holds_where_it_was_measured() {
        let recorded = Record { conditions: Default::default(), figures: kept() };
        let (name, most) = PROMISED_OF_REAL[0];
        for (measured, holds) in [(None, true), (Some(most + 1), false)] {
            let mut figures = kept();
            figures.extend(measured.map(|bytes| (name.to_string(), bytes)));
            let error = check(&figures, &recorded).err().map(|error| error.to_string());
            assert_eq!(error.is_some_and(|error| error.contains(&format!("{name}: 1025, at most 1024"))), !holds);
        }
    }

    #[test]
    fn what_others_cost_has_no_limit() {
        for name in ["m3/code/C -Os/predict", "m3/libraries/system/predict", "m3/small/C -O2/first", "file/small"] {
            assert!(!is_limited(name), "{name}");
        }
        for name in [
            CODE,
            STACK,
            RAM,
            "m0/small/cached system/token",
            "m0/small/lean portable/state",
            "m0/code/size system/all",
            "m4f/small/cached speed portable/after-8",
        ] {
            assert!(is_limited(name), "{name}");
        }
    }
}
