//! The temperature at which long work pauses.

use atome_train::thermal::Thermometer;
use clap::Args;

/// A flag of everything that trains.
#[derive(Debug, Args)]
pub struct TemperatureArgs {
    /// Pause while the machine is this hot, in degrees Celsius
    #[arg(long, value_name = "DEGREES", value_parser = degrees)]
    max_temperature: Option<f64>,
}

impl TemperatureArgs {
    /// The limit, and what measures it.
    pub fn limit(&self) -> Option<(f64, Thermometer)> {
        self.max_temperature.map(|limit| (limit, Thermometer::system()))
    }
}

/// A number: a limit that is none would never be reached.
fn degrees(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|degrees: &f64| degrees.is_finite()).ok_or_else(|| "expected a number".to_owned())
}
