//! Counting instructions: an emulator whose clock moves on with each of them, and a timer of the machine.

use anyhow::{bail, Result};

use crate::qemu::cores::{Core, Machine};
use crate::qemu::machine::Report;

/// The known loop that every run starts with.
const CALIBRATION: u64 = 2_000_000;

/// The core on an emulator that counts instructions: each takes one nanosecond of its clock.
pub fn counting(core: &Core) -> Core {
    let machine = match core.machine {
        Machine::Host => Machine::Host,
        Machine::Emulator { program, arguments } => {
            // A core's arguments live as long as the program; these few words may, too.
            let arguments = [arguments, &["-icount", "shift=0"]].concat().leak();
            Machine::Emulator { program, arguments }
        }
    };
    Core { machine, ..*core }
}

/// Which timer `instructions.h` reads, and how many nanoseconds a tick takes: the clocks that the emulator gives its boards.
pub fn flags(core: &Core) -> Result<Vec<String>> {
    let (timer, instructions) = match core.linker_script {
        // 25 MHz.
        Some("mps2.ld") => ("CMSDK_TIMER=0x40000000", "40"),
        // 20 MHz, the secure alias.
        Some("mps2-an505.ld") => ("CMSDK_TIMER=0x50000000", "50"),
        // 16 MHz.
        Some("microbit.ld") => ("NRF51_TIMER=0x40008000", "125/2"),
        Some("virt.ld") => ("RISC_V_COUNTER", "1"),
        _ => bail!("{}: no timer is known that counts instructions there", core.title),
    };
    Ok(vec![format!("-D{timer}"), format!("-DINSTRUCTIONS_A_TICK={instructions}")])
}

/// The argument that tells the program how long its known loop is.
pub fn argument() -> String {
    format!("calibrate={CALIBRATION}")
}

/// Checks that the known loop took as many instructions as it has.
///
/// # Errors
/// More than 0.1 % off: the timer does not count what the flags say.
pub fn check(core: &Core, report: &Report) -> Result<()> {
    let counted = report.number("calibration")?;
    if !is_calibrated(counted) {
        bail!("{}: a loop of {CALIBRATION} instructions was counted as {counted}", core.title);
    }
    Ok(())
}

fn is_calibrated(counted: u64) -> bool {
    counted.abs_diff(CALIBRATION) <= CALIBRATION / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qemu::cores::CORES;

    #[test]
    fn every_core_has_a_timer() {
        for core in &CORES {
            assert!(flags(core).is_ok(), "{}", core.name);
        }
    }

    #[test]
    fn a_wrong_clock_is_found() {
        assert!(is_calibrated(2_000_040) && is_calibrated(1_999_960));
        // 20 MHz taken for 25.
        assert!(!is_calibrated(1_600_000) && !is_calibrated(2_500_000) && !is_calibrated(0));
    }

    #[test]
    fn the_emulator_is_told_to_count() {
        let Machine::Emulator { arguments, .. } = counting(&CORES[1]).machine else {
            panic!("a core without emulator");
        };
        assert!(arguments.ends_with(&["-icount", "shift=0"]));
    }
}
