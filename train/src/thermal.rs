//! The machine's temperature, where the system reports one.

use std::fs;
use std::path::{Path, PathBuf};

/// The sensors of this machine.
#[derive(Clone, Debug)]
pub struct Thermometer {
    /// Files that hold thousandths of a degree Celsius.
    sensors: Vec<PathBuf>,
}

/// What no processor in use can be at: a sensor that reads this is not connected.
const POSSIBLE: std::ops::Range<f64> = 1.0..150.0;

impl Thermometer {
    /// All sensors that Linux shows.
    pub fn system() -> Self {
        Self::under(Path::new("/sys/class"))
    }

    /// The sensors in the subfolders `thermal` and `hwmon` of a folder like `/sys/class`.
    pub fn under(class: &Path) -> Self {
        let mut sensors = Vec::new();
        for entry in entries(&class.join("thermal")) {
            sensors.push(entry.join("temp"));
        }
        for entry in entries(&class.join("hwmon")) {
            sensors.extend(entries(&entry).into_iter().filter(|file| is_input(file)));
        }
        sensors.retain(|sensor| read(sensor).is_some());
        Self { sensors }
    }

    /// The temperature of the hottest sensor in degrees Celsius; `None` where the system reports none.
    pub fn hottest(&self) -> Option<f64> {
        self.sensors.iter().filter_map(|sensor| read(sensor)).reduce(f64::max)
    }
}

/// A limit in degrees Celsius and what measures it; `None` and a note where nothing does.
pub fn measurable(limit: (f64, Thermometer), note: impl FnOnce(&str)) -> Option<(f64, Thermometer)> {
    if limit.1.hottest().is_some() {
        return Some(limit);
    }
    note("note: this system reports no temperature, so the work will not pause for it");
    None
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map(|found| found.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
}

fn is_input(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("temp") && name.ends_with("_input")
}

fn read(sensor: &Path) -> Option<f64> {
    let degrees = fs::read_to_string(sensor).ok()?.trim().parse::<f64>().ok()? / 1000.0;
    POSSIBLE.contains(&degrees).then_some(degrees)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hottest_sensor_counts_and_broken_ones_do_not() {
        let class = tempfile::tempdir().unwrap();
        assert_eq!(Thermometer::under(class.path()).hottest(), None);
        let write = |file: &str, text: &str| {
            let path = class.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("thermal/thermal_zone0/temp", "41500\n");
        write("thermal/thermal_zone1/temp", "-274000\n");
        write("thermal/cooling_device0/type", "Fan\n");
        write("hwmon/hwmon0/temp1_input", "63000\n");
        write("hwmon/hwmon0/temp1_max", "99000\n");
        write("hwmon/hwmon0/temp2_input", "broken\n");
        let thermometer = Thermometer::under(class.path());
        assert_eq!(thermometer.hottest(), Some(63.0));
        write("thermal/thermal_zone0/temp", "90000\n");
        assert_eq!(thermometer.hottest(), Some(90.0));
    }
}
