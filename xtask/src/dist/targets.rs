//! What a package is made for: the Rust target, and what its README tells the C programmer.

use anyhow::Result;

use crate::options;

/// What is known of a target apart from its name.
#[derive(Debug)]
pub struct About {
    /// The chips.
    pub cores: &'static str,
    /// The C compiler's usual name.
    pub compiler: &'static str,
    /// Its flags for the core.
    pub flags: &'static str,
    /// What a linked program is called.
    pub program: &'static str,
    /// Bytes of a pointer.
    pub pointer_bytes: usize,
    /// Paragraphs for the README.
    pub notes: &'static [&'static str],
}

/// One target.
#[derive(Debug, Clone)]
pub struct Target {
    /// The Rust name.
    pub triple: String,
    /// This machine, for which cargo gets no `--target`.
    pub is_host: bool,
    /// The rest.
    pub about: &'static About,
}

static HOST: About = About {
    cores: "For computers: to try a program before it is flashed, and for tests.",
    compiler: "cc",
    flags: "",
    program: "program",
    pointer_bytes: size_of::<usize>(),
    notes: &[],
};

const SAME_FLOAT_ABI: &str = "\
The whole program must be compiled for the floating-point calling convention of this package, here -mfloat-abi=hard.";

const SOFT_CALLS: &str = "\
Floating-point values are passed in integer registers: -mfloat-abi=soft, or softfp where the core has an FPU.";

const ARM: About = About {
    cores: "",
    compiler: "arm-none-eabi-gcc",
    flags: "",
    program: "firmware.elf",
    pointer_bytes: 4,
    notes: &[SOFT_CALLS],
};

const RISC_V: About = About {
    cores: "",
    compiler: "riscv64-unknown-elf-gcc",
    notes: &["Floating-point values are passed in integer registers: -mabi=ilp32, also where the core has an FPU."],
    ..ARM
};

const PICO_FLOATS: &str = "\
RP2040: the Pico SDK replaces the compiler's float routines by those of the boot ROM, which treat denormal numbers as zero.
For the same bits as on other chips, tell it not to: pico_set_float_implementation(firmware compiler) and
pico_set_double_implementation(firmware compiler) in CMakeLists.txt.";

/// The microcontrollers, in the order of the table.
static CORES: [(&str, About); 7] = [
    (
        "thumbv6m-none-eabi",
        About {
            cores: "Cortex-M0, M0+ and M1: RP2040, nRF51, STM32F0, STM32G0, SAMD21 ...",
            flags: "-mthumb -mcpu=cortex-m0plus",
            notes: &[PICO_FLOATS],
            ..ARM
        },
    ),
    (
        "thumbv7m-none-eabi",
        About {
            cores: "Cortex-M3: STM32F103, STM32F2, LPC17xx ...",
            flags: "-mthumb -mcpu=cortex-m3",
            notes: &[],
            ..ARM
        },
    ),
    (
        "thumbv7em-none-eabi",
        About {
            cores: "Cortex-M4 and M7, without an FPU or with programs that pass floats in integer registers",
            flags: "-mthumb -mcpu=cortex-m4 -mfloat-abi=soft",
            ..ARM
        },
    ),
    (
        "thumbv7em-none-eabihf",
        About {
            cores: "Cortex-M4F and M7 with an FPU: STM32F411, nRF52840, STM32F7, i.MX RT ...",
            flags: "-mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard",
            notes: &[
                SAME_FLOAT_ABI,
                "Cortex-M7: -mcpu=cortex-m7 -mfpu=fpv5-d16 (fpv5-sp-d16 where the FPU is single).",
            ],
            ..ARM
        },
    ),
    (
        "thumbv8m.main-none-eabihf",
        About {
            cores: "Cortex-M33 with an FPU: nRF5340, STM32L5, STM32U5, RP2350 ...",
            flags: "-mthumb -mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard",
            notes: &[SAME_FLOAT_ABI],
            ..ARM
        },
    ),
    (
        "riscv32imc-unknown-none-elf",
        About {
            cores: "RISC-V with multiplication and compressed instructions: ESP32-C3, ESP32-C2 ...",
            flags: "-march=rv32imc -mabi=ilp32",
            ..RISC_V
        },
    ),
    (
        "riscv32imac-unknown-none-elf",
        About {
            cores: "RISC-V with multiplication, atomic and compressed instructions: ESP32-C6, GD32VF103, CH32V103 ...",
            flags: "-march=rv32imac -mabi=ilp32",
            ..RISC_V
        },
    ),
];

impl Target {
    /// This machine.
    pub fn host(triple: &str) -> Target {
        Target { triple: triple.to_string(), is_host: true, about: &HOST }
    }

    /// This machine and every microcontroller.
    pub fn all(host: &str) -> Vec<Target> {
        let mut targets = vec![Target::host(host)];
        targets.extend(CORES.iter().map(|(triple, about)| Target {
            triple: triple.to_string(),
            is_host: false,
            about,
        }));
        targets
    }

    /// The target of that name; `host` is this machine.
    ///
    /// # Errors
    /// Names all that are known.
    pub fn named(name: &str, host: &str) -> Result<Target> {
        let all = Target::all(host);
        if let Some(target) = all.iter().find(|target| target.triple == name || (target.is_host && name == "host")) {
            return Ok(target.clone());
        }
        let names: Vec<_> = all.iter().map(|target| target.triple.as_str()).collect();
        Err(options::mistake(format!("--target {name}: expected host or one of {}", names.join(", "))))
    }

    /// What cargo's `--target` takes; none for this machine.
    pub fn cargo_target(&self) -> Option<&str> {
        (!self.is_host).then_some(self.triple.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPUTER: &str = "x86_64-unknown-linux-gnu";

    #[test]
    fn a_target_is_found_by_its_name() {
        assert_eq!(Target::named("host", COMPUTER).unwrap().triple, COMPUTER);
        assert!(Target::named(COMPUTER, COMPUTER).unwrap().is_host);
        let m3 = Target::named("thumbv7m-none-eabi", COMPUTER).unwrap();
        assert_eq!(m3.cargo_target(), Some("thumbv7m-none-eabi"));
        assert_eq!(m3.about.pointer_bytes, 4);
    }

    #[test]
    fn an_unknown_target_gets_the_list() {
        let error = Target::named("avr-none", COMPUTER).unwrap_err().to_string();
        assert!(error.starts_with("--target avr-none: expected host or one of x86_64-"), "{error}");
        assert!(error.ends_with("riscv32imac-unknown-none-elf"), "{error}");
    }
}
