//! What a position costs in each format of weights.

use anyhow::{Context, Result};

use super::engine::Variant;
use super::names;
use super::running::NEXT;
use super::shapes::{Measured, SHAPES};
use crate::markdown::grouped;
use crate::qemu::cores::one_of_each_kind;
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

/// Head and a row for each core and shape that it has room for: instructions of one position, and those of ATOME01 that
/// they are as many as.
///
/// # Errors
/// Names a figure that is missing beside that of ATOME01.
pub fn rows(figures: &Figures) -> Result<Vec<Vec<String>>> {
    let head = ["core", "shape", "ATOME01", "ATOME02", "ATOMEP3", "ATOME02 / 01", "ATOMEP3 / 01"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for core in one_of_each_kind() {
        for shape in ["small", "default"] {
            let name = |model: &str| names::run(core, model, Variant::FAST, NEXT);
            let Some(&usual) = figures.get(&name(shape)) else { continue };
            let mut others = Vec::new();
            for other in OTHERS.iter().filter(|other| other.shape == shape) {
                let name = name(other.name);
                others.push(*figures.get(&name).with_context(|| format!("no figure {name}"))?);
            }
            let mut row = vec![core.title.to_string(), shape.to_string(), grouped(usual)];
            row.extend(others.iter().map(|&figure| grouped(figure)));
            row.extend(others.iter().map(|&figure| format!("{:.2}", figure as f64 / usual as f64)));
            rows.push(row);
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qemu::cores::CORES;

    #[test]
    fn every_other_format_is_beside_the_usual_one() {
        let m3 = &CORES[1];
        let figure = |name: &str, value| (names::run(m3, name, Variant::FAST, NEXT), value);
        let mut figures = Figures::from([figure("small", 100), figure("small-atome02", 110)]);
        assert!(rows(&figures).unwrap_err().to_string().contains("small-atomep3"));
        figures.extend([figure("small-atomep3", 450)]);
        assert_eq!(rows(&figures).unwrap()[1], ["Cortex-M3", "small", "100", "110", "450", "1.10", "4.50"]);
        assert!(OTHERS.iter().all(|other| SHAPES.iter().any(|(name, _)| *name == other.shape)));
    }
}
