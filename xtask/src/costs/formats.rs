//! What a position costs in each format of weights.

use anyhow::Result;

use super::engine::Variant;
use super::extent::{Measured, SHAPES};
use super::markdown::grouped;
use super::names;
use super::running::NEXT;
use crate::qemu::cores::{Core, CORES, KINDS};
use crate::qemu::workbench::{self, Workbench};
use crate::record::Figures;

/// A shape in another format than ATOME01.
struct Other {
    /// As figures are named.
    name: &'static str,
    shape: &'static str,
    format: &'static str,
}

const OTHERS: [Other; 4] = [
    Other { name: "small-atome02", shape: "small", format: "atome02" },
    Other { name: "small-atomep3", shape: "small", format: "atomep3" },
    Other { name: "default-atome02", shape: "default", format: "atome02" },
    Other { name: "default-atomep3", shape: "default", format: "atomep3" },
];

/// One core of each kind.
pub fn cores() -> impl Iterator<Item = &'static Core> {
    CORES.iter().filter(|core| KINDS.contains(&core.name))
}

/// The models in other formats, of the shapes that `is_wanted` names.
pub fn models(bench: &Workbench, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Measured>> {
    let mut models = Vec::new();
    for Other { name, shape, format } in OTHERS.iter().filter(|other| is_wanted(other.shape)) {
        for (_, sizes) in SHAPES.iter().filter(|(known, _)| known == shape) {
            let file = workbench::write_model(&bench.folder, &format!("costs-{name}"), sizes, format)?;
            models.push(Measured { name, shape: *sizes, file, is_small: *shape == "small" });
        }
    }
    Ok(models)
}

/// Head and a row for each core and shape: instructions of one position, and those of ATOME01 that they are as many as.
pub fn rows(figures: &Figures) -> Vec<Vec<String>> {
    let head = ["core", "shape", "ATOME01", "ATOME02", "ATOMEP3", "ATOME02 / 01", "ATOMEP3 / 01"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for core in cores() {
        for shape in ["small", "default"] {
            let get = |name: &str| figures.get(&names::run(core, name, Variant::FAST, NEXT)).copied();
            let other = |format: &str| {
                OTHERS.iter().find(|other| other.shape == shape && other.format == format).and_then(|o| get(o.name))
            };
            if let (Some(usual), Some(base_3), Some(powers)) = (get(shape), other("atome02"), other("atomep3")) {
                let mut row = vec![core.title.to_string(), shape.to_string()];
                row.extend([usual, base_3, powers].map(grouped));
                row.extend([base_3, powers].map(|figure| format!("{:.2}", figure as f64 / usual as f64)));
                rows.push(row);
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_format_is_beside_the_usual_one() {
        let m3 = &CORES[1];
        let figure = |name: &str, value| (names::run(m3, name, Variant::FAST, NEXT), value);
        let mut figures = Figures::from([figure("small", 100), figure("small-atome02", 110)]);
        assert_eq!(rows(&figures).len(), 1);
        figures.extend([figure("small-atomep3", 450)]);
        assert_eq!(rows(&figures)[1], ["Cortex-M3", "small", "100", "110", "450", "1.10", "4.50"]);
        assert!(OTHERS.iter().all(|other| SHAPES.iter().any(|(name, _)| *name == other.shape)));
    }
}
