//! What a measured program calls.

use super::engine::Engine;
use xtask::shapes::Plan;

/// What the program calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uses {
    /// Nothing: what the board itself takes.
    Nothing,
    /// `atome_init`, `atome_load`, `atome_predict_next`, for ATOME01 alone, as the C engine has it; of the archive in the lean
    /// plan, which remembers as little as the C engine.
    Predict,
    /// As `Predict`, in the partial plan.
    PredictPartial,
    /// As `Predict`, in the cached plan.
    PredictCached,
    /// `atome_init`, `atome_load`, `atome_predict_next` of the archive in the lean plan, for all formats and containers.
    Containers,
    /// As [`Uses::Containers`], with `atome_load_signed` in place of `atome_load`.
    Signed,
    /// Generation, classification and (the archive, in the cached plan) sampling and the other formats as
    /// well.
    All,
}

impl Uses {
    /// As figures are named.
    pub fn name(self) -> &'static str {
        match self {
            Uses::Nothing => "nothing",
            Uses::Predict => "predict",
            Uses::PredictPartial => "predict-partial",
            Uses::PredictCached => "predict-cached",
            Uses::Containers => "containers",
            Uses::Signed => "signed",
            Uses::All => "all",
        }
    }

    /// The parts of an image that differ from one with nothing. The C reference has no plans.
    pub fn of(engine: Engine) -> &'static [Uses] {
        if engine.flavour().signed {
            &[Uses::Containers, Uses::Signed]
        } else if matches!(engine, Engine::Integer(_)) {
            // It has no partial plan.
            &[Uses::Predict, Uses::PredictCached, Uses::All]
        } else if engine.is_archive() {
            &[Uses::Predict, Uses::PredictPartial, Uses::PredictCached, Uses::All]
        } else {
            &[Uses::Predict, Uses::All]
        }
    }

    /// The plan of the program.
    pub fn plan(self) -> Plan {
        match self {
            Uses::Nothing | Uses::Predict | Uses::Containers | Uses::Signed => Plan::Lean,
            Uses::PredictPartial => Plan::Partial,
            Uses::PredictCached | Uses::All => Plan::Cached,
        }
    }

    /// What the program is compiled with.
    pub fn macros(self, engine: Engine) -> &'static [&'static str] {
        match self {
            Uses::Nothing => &[],
            Uses::Predict | Uses::PredictPartial | Uses::PredictCached => &["-DUSE_PREDICT"],
            Uses::Containers => &["-DUSE_PREDICT", "-DATOME_FORMATS", "-DATOME_CONTAINERS"],
            Uses::Signed => &["-DUSE_PREDICT", "-DATOME_FORMATS", "-DATOME_SIGNED"],
            Uses::All if engine.is_archive() => {
                &["-DUSE_PREDICT", "-DUSE_ALL", "-DUSE_SAMPLER", "-DATOME_FORMATS", "-DATOME_CONTAINERS"]
            }
            Uses::All => &["-DUSE_PREDICT", "-DUSE_ALL"],
        }
    }
}
