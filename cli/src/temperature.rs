//! The temperature at which long work pauses.

use atome_train::thermal::Thermometer;
use clap::Args;

use crate::values::{real, Real};

/// A flag of everything that trains.
#[derive(Debug, Args)]
pub struct TemperatureArgs {
    /// Pause while the machine is this hot, in degrees Celsius
    #[arg(long, value_name = "DEGREES", value_parser = real::<f64>(Real::Any))]
    max_temperature: Option<f64>,
}

impl TemperatureArgs {
    /// The limit, and what measures it.
    pub fn limit(&self) -> Option<(f64, Thermometer)> {
        self.max_temperature.map(|limit| (limit, Thermometer::system()))
    }
}
