//! Which models fit on which microcontrollers.

use anyhow::{Context, Result};

use super::engine::{Engine, Variant};
use super::names;
use super::running::{MODEL, STACK_LOAD, STACK_PREDICT, STATE};
use super::uses::Uses;
use crate::qemu::cores::{Core, CORES};
use crate::record::Figures;
use data_sheets::{Chip, CHIPS};
use xtask::archive::{Mode, Profile};
use xtask::shapes::Plan;

/// The command line tool's: one list of facts for both.
#[path = "../../../../cli/src/chips.rs"]
mod data_sheets;

/// A chip by its name there, and the core here whose code it runs.
const CHOSEN: [(&str, &str); 6] = [
    ("STM32F103C8", "m3"),
    ("RP2040 (Pico)", "m0"),
    ("STM32F411CE", "m4f"),
    ("nRF52840", "m4f"),
    ("STM32F746NG", "m7"),
    ("ESP32-C3 (4 MB module)", "rv32imc"),
];

const PORTABLE: Engine = Engine::archive(Mode::Portable, Profile::Usual);

/// The matrix: head and a row for each chip.
pub fn matrix(figures: &Figures) -> Result<Vec<Vec<String>>> {
    let mut combinations = Vec::new();
    for shape in ["default", "944k"].into_iter().filter(|shape| figures.contains_key(&names::file(shape))) {
        // The default shape has room for any sequence in the partial plan.
        let plans = Plan::ALL.into_iter().filter(|&plan| plan != Plan::Partial || shape == "944k");
        combinations.extend(plans.map(|plan| (shape, plan)));
    }
    let mut head = vec!["chip".to_string(), "core".to_string(), "flash".to_string(), "RAM".to_string()];
    head.extend(combinations.iter().map(|(shape, plan)| format!("{shape}, {}", plan.name())));
    let mut rows = vec![head];
    for (name, core) in CHOSEN {
        let chip = CHIPS.iter().find(|chip| chip.name == name).with_context(|| format!("no chip {name}"))?;
        let core = CORES.iter().find(|known| known.name == core).with_context(|| format!("no core {core}"))?;
        let flash = if chip.external { " outside" } else { "" };
        let mut row = vec![
            chip.name.to_string(),
            chip.core.to_string(),
            format!("{}{flash}", chip.flash_kib),
            chip.ram_kib.to_string(),
        ];
        for &(shape, plan) in &combinations {
            row.push(verdict(chip, Need::of(figures, core, shape, plan)?));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Bytes.
struct Need {
    flash: u64,
    ram: u64,
}

impl Need {
    fn of(figures: &Figures, core: &Core, shape: &str, plan: Plan) -> Result<Need> {
        let get = |name: String| figures.get(&name).copied().with_context(|| format!("no figure {name}"));
        let uses = match plan {
            Plan::Lean => Uses::Predict,
            Plan::Partial => Uses::PredictPartial,
            Plan::Cached => Uses::PredictCached,
        };
        let code = |what: &str| get(names::code(core, what, PORTABLE, uses));
        let variant = Variant::archive(Mode::Portable, Profile::Usual, plan);
        // Sizes are the same on all cores, and the smallest one cannot run every shape.
        let size = |what: &str| {
            let found = CORES.iter().find_map(|core| figures.get(&names::run(core, shape, variant, what)));
            found.copied().with_context(|| format!("no core has run the shape {shape}"))
        };
        let stack = stack(figures, core, plan).with_context(|| format!("no stack figure of {}", core.title))?;
        Ok(Need {
            flash: code("code")? + code("libraries")? + get(names::file(shape))?,
            ram: code("ram")? + size(STATE)? + size(MODEL)? + stack,
        })
    }
}

/// The most that any run on this core took in a plan, or in any one where the core is too small for a shape that has that plan.
fn stack(figures: &Figures, core: &Core, plan: Plan) -> Option<u64> {
    let of = |plan| {
        let variant = Variant::archive(Mode::Portable, Profile::Usual, plan);
        let names = super::shapes::SHAPES
            .iter()
            .flat_map(|(shape, _)| [STACK_LOAD, STACK_PREDICT].map(|what| names::run(core, shape, variant, what)));
        names.filter_map(|name| figures.get(&name).copied()).max()
    };
    of(plan).or_else(|| Plan::ALL.into_iter().filter_map(of).max())
}

/// What is left of flash and RAM, or how much is missing.
fn verdict(chip: &Chip, need: Need) -> String {
    let left = |kib: u32, need: u64| (i64::from(kib) * 1024 - need.cast_signed()) as f64 / 1024.0;
    let (flash, ram) = (left(chip.flash_kib, need.flash), left(chip.ram_kib, need.ram));
    if flash >= 0.0 && ram >= 0.0 {
        return format!("yes: {flash:.1}, {ram:.1}");
    }
    let mut missing = Vec::new();
    for (name, left) in [("flash", flash), ("RAM", ram)] {
        if left < 0.0 {
            missing.push(format!("{name} {:.1} short", -left));
        }
    }
    format!("no: {}", missing.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_and_what_does_not() {
        let chip = &CHIPS[1];
        assert_eq!((chip.flash_kib, chip.ram_kib), (64, 20));
        assert_eq!(verdict(chip, Need { flash: 63 << 10, ram: 20 << 10 }), "yes: 1.0, 0.0");
        assert_eq!(verdict(chip, Need { flash: 1, ram: 21 << 10 }), "no: RAM 1.0 short");
        assert_eq!(verdict(chip, Need { flash: 65 << 10, ram: 22 << 10 }), "no: flash 1.0 short, RAM 2.0 short");
    }

    #[test]
    fn every_chosen_chip_is_known() {
        for (name, core) in CHOSEN {
            assert!(CHIPS.iter().any(|chip| chip.name == name), "{name}");
            assert!(CORES.iter().any(|known| known.name == core), "{core}");
        }
    }
}
