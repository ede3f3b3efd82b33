//! The few figures that the archives are built for: how far below the C reference it stays, and that each further
//! token costs one position.

use super::engine::Variant;
use super::names;
use super::running::{AFTER, FIRST, NEXT, TOKEN};
use super::shapes::SHAPES;
use crate::markdown::grouped;
use crate::qemu::cores::CORES;
use crate::record::Figures;

/// A ratio to the C reference at -O2 that the usual archive has to reach.
struct Goal {
    title: &'static str,
    /// The archive, in one of the arithmetics.
    here: Variant,
    core: &'static str,
    shape: &'static str,
    /// What is measured of the archive, and of the reference.
    ours: &'static str,
    theirs: &'static str,
    /// Times fewer instructions: at least, and hoped for.
    least: f64,
    aim: f64,
}

const POSITION: Goal = Goal {
    title: "Cortex-M3, one position of the 944K model",
    here: Variant::FAST,
    core: "m3",
    shape: "944k",
    ours: NEXT,
    // The reference remembers nothing: one position is a call with one token.
    theirs: FIRST,
    least: 3.0,
    aim: 4.0,
};

const INTEGERS: Goal = Goal { here: Variant::INTEGER, least: 20.0, aim: 28.0, ..POSITION };

const GOALS: [Goal; 12] = [
    POSITION,
    Goal {
        title: "Cortex-M3, 944K model, each of 20 tokens after 4",
        ours: TOKEN,
        theirs: TOKEN,
        least: 35.0,
        aim: 45.0,
        ..POSITION
    },
    Goal { title: "Cortex-M3, one position of the default shape", shape: "default", least: 2.2, aim: 2.8, ..POSITION },
    Goal {
        title: "Cortex-M3, default shape, each of 20 tokens after 4",
        shape: "default",
        ours: TOKEN,
        theirs: TOKEN,
        least: 20.0,
        aim: 28.0,
        ..POSITION
    },
    Goal {
        title: "RISC-V, default shape, each of 20 tokens after 4",
        core: "rv32imac",
        shape: "default",
        ours: TOKEN,
        theirs: TOKEN,
        least: 2.0,
        aim: 20.0,
        ..POSITION
    },
    Goal {
        title: "Cortex-M0, one position of the shape *small*",
        core: "m0",
        shape: "small",
        least: 2.0,
        aim: 3.0,
        ..POSITION
    },
    Goal { title: "Cortex-M4F, one position of the 944K model", core: "m4f", least: 4.0, aim: 6.0, ..POSITION },
    Goal { title: "integers: Cortex-M3, one position of the 944K model", ..INTEGERS },
    Goal {
        title: "integers: Cortex-M3, 944K model, each of 20 tokens after 4",
        ours: TOKEN,
        theirs: TOKEN,
        least: 210.0,
        aim: 290.0,
        ..INTEGERS
    },
    Goal {
        title: "integers: Cortex-M0, one position of the shape *small*",
        core: "m0",
        shape: "small",
        least: 8.0,
        aim: 11.0,
        ..INTEGERS
    },
    Goal {
        title: "integers: Cortex-M4F, one position of the 944K model",
        core: "m4f",
        least: 16.0,
        aim: 24.0,
        ..INTEGERS
    },
    Goal {
        title: "integers: RISC-V imac, one position of the 944K model",
        core: "rv32imac",
        least: 18.0,
        aim: 26.0,
        ..INTEGERS
    },
];

fn of(figures: &Figures, core: &str, shape: &str, variant: Variant, what: &str) -> Option<u64> {
    let core = CORES.iter().find(|known| known.name == core)?;
    figures.get(&names::run(core, shape, variant, what)).copied()
}

fn shown(figure: Option<u64>) -> String {
    figure.map_or("-".to_string(), grouped)
}

/// Head and a row for each goal.
pub fn rows(figures: &Figures) -> Vec<Vec<String>> {
    let head = ["instructions", "archive", "C -O2", "ratio", "at least", "aim"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for Goal { title, here, core, shape, ours, theirs, least, aim } in GOALS {
        let ours = of(figures, core, shape, here, ours);
        let theirs = of(figures, core, shape, Variant::C[1], theirs);
        let ratio = match (ours, theirs) {
            (Some(ours), Some(theirs)) if ours > 0 => format!("1/{:.1}", theirs as f64 / ours as f64),
            _ => "-".to_string(),
        };
        rows.push(vec![title.into(), shown(ours), shown(theirs), ratio, format!("1/{least}"), format!("1/{aim}")]);
    }
    rows
}

/// Head and a row for each core and shape: what one more token takes after so many.
pub fn growth(figures: &Figures) -> Vec<Vec<String>> {
    let mut rows = vec![vec!["core".to_string(), "shape".to_string()]];
    rows[0].extend(AFTER.iter().map(|(prefix, _)| format!("after {prefix}")));
    for core in &CORES {
        let variants = [(Variant::FAST, ""), (Variant::INTEGER, ", integers")];
        for ((shape, _), (variant, suffix)) in SHAPES.into_iter().flat_map(|shape| variants.map(|one| (shape, one))) {
            let found = AFTER.map(|(_, what)| of(figures, core.name, shape, variant, what));
            if found.iter().any(Option::is_some) {
                let mut row = vec![core.title.to_string(), format!("{shape}{suffix}")];
                row.extend(found.map(shown));
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
    fn every_goal_is_about_something_that_is_measured() {
        for goal in GOALS {
            assert!(CORES.iter().any(|core| core.name == goal.core), "{}", goal.title);
            assert!(SHAPES.iter().any(|(name, _)| *name == goal.shape), "{}", goal.title);
            assert!(goal.least < goal.aim, "{}", goal.title);
        }
    }

    #[test]
    fn a_ratio_needs_both_figures() {
        let m0 = &CORES[0];
        let mut figures = Figures::from([(names::run(m0, "small", Variant::FAST, NEXT), 500)]);
        assert_eq!(rows(&figures)[6][1..4], ["500", "-", "-"]);
        figures.insert(names::run(m0, "small", Variant::C[1], FIRST), 1600);
        assert_eq!(rows(&figures)[6][1..], ["500", "1 600", "1/3.2", "1/2", "1/3"]);
        assert_eq!(rows(&figures)[1][3], "-");
    }

    #[test]
    fn growth_shows_what_was_measured() {
        let figures = Figures::from([(names::run(&CORES[0], "small", Variant::FAST, AFTER[1].1), 7)]);
        let rows = growth(&figures);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1], ["Cortex-M0", "small", "-", "7", "-", "-"]);
    }
}
