//! Common microcontrollers: facts of their data sheets.

/// A microcontroller.
#[derive(Debug)]
pub struct Chip {
    pub name: &'static str,
    pub core: &'static str,
    /// On the chip; on the usual board where `external`.
    pub flash_kib: u32,
    /// The largest block of RAM without a gap: one state has to fit in it.
    pub ram_kib: u32,
    /// The flash is a chip of its own.
    pub external: bool,
}

const fn chip(name: &'static str, core: &'static str, flash_kib: u32, ram_kib: u32) -> Chip {
    Chip { name, core, flash_kib, ram_kib, external: false }
}

const fn with_external_flash(chip: Chip) -> Chip {
    Chip { external: true, ..chip }
}

/// The chips, from small to large.
pub const CHIPS: [Chip; 19] = [
    chip("nRF51822 (micro:bit v1)", "Cortex-M0", 256, 16),
    chip("STM32F103C8", "Cortex-M3", 64, 20),
    chip("STM32L072CB", "Cortex-M0+", 128, 20),
    chip("SAMD21G18", "Cortex-M0+", 256, 32),
    chip("nRF52832", "Cortex-M4F", 512, 64),
    chip("STM32L476RG", "Cortex-M4F", 1024, 96),
    chip("STM32F411CE", "Cortex-M4F", 512, 128),
    chip("nRF52833 (micro:bit v2)", "Cortex-M4F", 512, 128),
    chip("STM32G0B1RE", "Cortex-M0+", 512, 144),
    chip("nRF52840", "Cortex-M4F", 1024, 256),
    with_external_flash(chip("RP2040 (Pico)", "Cortex-M0+", 2048, 264)),
    chip("STM32F746NG", "Cortex-M7F", 1024, 320),
    with_external_flash(chip("ESP32-C3 (4 MB module)", "RV32IMC", 4096, 384)),
    chip("nRF5340 (application)", "Cortex-M33F", 1024, 512),
    chip("STM32F767ZI", "Cortex-M7F", 2048, 512),
    chip("STM32H743ZI", "Cortex-M7F", 2048, 512),
    with_external_flash(chip("i.MX RT1062 (Teensy 4.1)", "Cortex-M7F", 7936, 512)),
    with_external_flash(chip("RP2350 (Pico 2)", "Cortex-M33F", 4096, 520)),
    chip("STM32U585AI", "Cortex-M33F", 2048, 768),
];
