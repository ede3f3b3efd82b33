//! What is known of each target, by its Rust name: what it is for, its C compiler and the flags for it, and how its objects and
//! archives are written. A new target is a row of [`KNOWN`].

use anyhow::Result;

use crate::options;

/// One target.
#[derive(Debug)]
pub struct Target {
    /// The Rust name.
    pub triple: &'static str,
    /// The chips or systems.
    pub what: &'static str,
    /// The C compiler's usual name.
    pub compiler: &'static str,
    /// Its flags for the core.
    pub flags: &'static str,
    /// Whether `cargo xtask dist` makes a package for it: the microcontrollers that firmware is written for.
    pub is_packed: bool,
    /// Paragraphs for the README of the package.
    pub notes: &'static [&'static str],
}

const HARD_CALLS: &str = "\
The whole program must be compiled for the floating-point calling convention of this package, here -mfloat-abi=hard.";

const SOFT_CALLS: &str = "\
Floating-point values are passed in integer registers: -mfloat-abi=soft, or softfp where the core has an FPU.";

const RISC_V_SOFT_CALLS: &str =
    "Floating-point values are passed in integer registers: -mabi=ilp32, also where the core has an FPU.";

const RISC_V_HARD_CALLS: &str =
    "Floating-point values are passed in the FPU's registers: the whole program must be compiled with -mabi=ilp32f.";

const PICO_FLOATS: &str = "\
RP2040: the Pico SDK replaces the compiler's float routines by those of the boot ROM, which treat denormal numbers as zero.
For the same bits as on other chips, tell it not to: pico_set_float_implementation(firmware compiler) and
pico_set_double_implementation(firmware compiler) in CMakeLists.txt.";

const ARM: Target =
    Target { triple: "", what: "", compiler: "arm-none-eabi-gcc", flags: "", is_packed: true, notes: &[SOFT_CALLS] };

const RISC_V: Target = Target { compiler: "riscv64-unknown-elf-gcc", notes: &[RISC_V_SOFT_CALLS], ..ARM };

const fn computer(triple: &'static str, what: &'static str, compiler: &'static str, flags: &'static str) -> Target {
    Target { triple, what, compiler, flags, is_packed: false, notes: &[] }
}

/// The targets that archives are made and checked for, in the order of the tables.
pub static KNOWN: [Target; 25] = [
    Target {
        triple: "thumbv6m-none-eabi",
        what: "Cortex-M0, M0+ and M1: RP2040, nRF51, STM32F0, STM32G0, SAMD21 ...",
        flags: "-mthumb -mcpu=cortex-m0plus",
        notes: &[PICO_FLOATS],
        ..ARM
    },
    Target {
        triple: "thumbv7m-none-eabi",
        what: "Cortex-M3: STM32F103, STM32F2, LPC17xx ...",
        flags: "-mthumb -mcpu=cortex-m3",
        notes: &[],
        ..ARM
    },
    Target {
        triple: "thumbv7em-none-eabi",
        what: "Cortex-M4 and M7, without an FPU or with programs that pass floats in integer registers",
        flags: "-mthumb -mcpu=cortex-m4 -mfloat-abi=soft",
        ..ARM
    },
    Target {
        triple: "thumbv7em-none-eabihf",
        what: "Cortex-M4F and M7 with an FPU: STM32F411, nRF52840, STM32F7, i.MX RT ...",
        flags: "-mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard",
        notes: &[HARD_CALLS, "Cortex-M7: -mcpu=cortex-m7 -mfpu=fpv5-d16 (fpv5-sp-d16 where the FPU is single)."],
        ..ARM
    },
    Target {
        triple: "thumbv8m.base-none-eabi",
        what: "Cortex-M23: SAML10, NuMicro M2351 ...",
        flags: "-mthumb -mcpu=cortex-m23",
        is_packed: false,
        ..ARM
    },
    Target {
        triple: "thumbv8m.main-none-eabi",
        what: "Cortex-M33, without an FPU or with programs that pass floats in integer registers",
        flags: "-mthumb -mcpu=cortex-m33 -mfloat-abi=soft",
        ..ARM
    },
    Target {
        triple: "thumbv8m.main-none-eabihf",
        what: "Cortex-M33 with an FPU: nRF5340, STM32L5, STM32U5, RP2350 ...",
        flags: "-mthumb -mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard",
        notes: &[HARD_CALLS],
        ..ARM
    },
    Target {
        triple: "riscv32imc-unknown-none-elf",
        what: "RISC-V with multiplication and compressed instructions: ESP32-C3, ESP32-C2 ...",
        flags: "-march=rv32imc -mabi=ilp32",
        ..RISC_V
    },
    Target {
        triple: "riscv32imac-unknown-none-elf",
        what: "RISC-V with multiplication, atomic and compressed instructions: ESP32-C6, GD32VF103, CH32V103 ...",
        flags: "-march=rv32imac -mabi=ilp32",
        ..RISC_V
    },
    Target {
        triple: "riscv32imafc-unknown-none-elf",
        what: "RISC-V with an FPU for single precision, too: ESP32-P4, CH32V307 ...",
        flags: "-march=rv32imafc -mabi=ilp32f",
        notes: &[RISC_V_HARD_CALLS, "There is no assembly for this core: the libraries compute as those for size do."],
        ..RISC_V
    },
    computer("x86_64-unknown-linux-gnu", "Linux on 64-bit PCs", "gcc", ""),
    computer("x86_64-unknown-linux-musl", "Linux on 64-bit PCs, with musl", "musl-gcc", ""),
    computer("aarch64-unknown-linux-gnu", "Linux on 64-bit Arm", "aarch64-linux-gnu-gcc", ""),
    computer("aarch64-unknown-linux-musl", "Linux on 64-bit Arm, with musl", "aarch64-linux-musl-gcc", ""),
    computer("armv7-unknown-linux-gnueabihf", "Linux on 32-bit Arm with VFP", "arm-linux-gnueabihf-gcc", ""),
    computer(
        "armv7-unknown-linux-musleabihf",
        "Linux on 32-bit Arm with VFP, with musl",
        "arm-linux-musleabihf-gcc",
        "",
    ),
    computer("i686-unknown-linux-gnu", "Linux on 32-bit PCs", "i686-linux-gnu-gcc", "-msse2"),
    computer("i686-unknown-linux-musl", "Linux on 32-bit PCs, with musl", "i686-linux-musl-gcc", "-msse2"),
    computer("x86_64-pc-windows-gnu", "Windows, MinGW-w64", "x86_64-w64-mingw32-gcc", ""),
    computer("i686-pc-windows-gnu", "Windows on 32-bit PCs, MinGW-w64", "i686-w64-mingw32-gcc", "-msse2"),
    computer("x86_64-pc-windows-msvc", "Windows, Visual Studio", "cl", ""),
    computer("i686-pc-windows-msvc", "Windows on 32-bit PCs, Visual Studio", "cl", ""),
    computer("aarch64-pc-windows-msvc", "Windows on Arm, Visual Studio", "cl", ""),
    computer("x86_64-apple-darwin", "macOS on Intel", "clang", "-arch x86_64"),
    computer("aarch64-apple-darwin", "macOS on Apple silicon", "clang", "-arch arm64"),
];

/// The row of a target.
pub fn known(triple: &str) -> Option<&'static Target> {
    KNOWN.iter().find(|target| target.triple == triple)
}

/// How objects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Microcontrollers, Linux, and what is not named below.
    Elf,
    /// Windows.
    Coff,
    /// Apple's systems.
    MachO,
}

impl Format {
    /// That of a target.
    pub fn of(triple: &str) -> Format {
        if triple.contains("-windows-") {
            Format::Coff
        } else if triple.contains("-apple-") {
            Format::MachO
        } else {
            Format::Elf
        }
    }

    /// What `llvm-ar --format=` takes for the archives that the target's own linker reads.
    pub fn of_archives(triple: &str) -> &'static str {
        match Format::of(triple) {
            Format::MachO => "darwin",
            Format::Coff if is_msvc(triple) => "coff",
            Format::Coff | Format::Elf => "gnu",
        }
    }
}

/// Whether there is no operating system below the program.
pub fn is_bare_metal(triple: &str) -> bool {
    triple.contains("-none-")
}

/// Whether it is one of Arm's 32-bit processors.
pub fn is_arm(triple: &str) -> bool {
    triple.starts_with("thumb") || triple.starts_with("arm")
}

/// What the target puts before each name of C.
pub fn before_names(triple: &str) -> &'static str {
    let is_underscored = match Format::of(triple) {
        Format::MachO => true,
        Format::Coff => triple.starts_with("i686") || triple.starts_with("i586"),
        Format::Elf => false,
    };
    if is_underscored {
        "_"
    } else {
        ""
    }
}

/// The file name of a library `name`: what the target's linker looks for.
pub fn file_name(name: &str, triple: &str) -> String {
    if is_msvc(triple) {
        format!("{name}.lib")
    } else {
        format!("lib{name}.a")
    }
}

fn is_msvc(triple: &str) -> bool {
    triple.ends_with("-msvc")
}

/// Refuses a target that no archives are made for; `host` is one that they are always made for.
///
/// # Errors
/// Says why, or names all that are known.
pub fn check(triple: &str, host: &str) -> Result<()> {
    if triple == host || known(triple).is_some() {
        return Ok(());
    }
    if triple.starts_with("wasm") {
        return Err(options::mistake(format!(
            "--target {triple}: there is no archive for WebAssembly, in whose objects nothing can be hidden that the archive \
             keeps to itself: use the Rust crate atome-engine there"
        )));
    }
    let names: Vec<_> = KNOWN.iter().map(|target| target.triple).collect();
    Err(options::mistake(format!(
        "--target {triple}: unknown target: expected one of {} (`cargo xtask lib --list` says which is for what)",
        names.join(", ")
    )))
}

/// A line for each target: its name, the C compiler with its flags, and what it is for.
pub fn list() -> String {
    let width = KNOWN.iter().map(|target| target.triple.len()).max().unwrap_or(0);
    let line = |target: &Target| {
        let compiler = format!("{} {}", target.compiler, target.flags);
        format!("{:width$}  {}\n{:width$}  {}\n", target.triple, target.what, "", compiler.trim_end())
    };
    KNOWN.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    const HOST: &str = "x86_64-unknown-linux-gnu";

    #[test]
    fn an_unknown_target_gets_the_list_in_one_line() {
        let error = check("foo", HOST).unwrap_err();
        assert!(options::is_mistake(&error));
        let text = error.to_string();
        assert!(text.starts_with("--target foo: unknown target: expected one of thumbv6m-none-eabi, "), "{text}");
        assert!(text.ends_with("aarch64-apple-darwin (`cargo xtask lib --list` says which is for what)"), "{text}");
        assert!(!text.contains('\n'), "{text}");
        assert!(check("x86_64-unknown-freebsd", "x86_64-unknown-freebsd").is_ok() && check(HOST, "foo").is_ok());
    }

    #[test]
    fn web_assembly_is_refused_with_the_reason() {
        let text = check("wasm32-unknown-unknown", HOST).unwrap_err().to_string();
        assert!(text.contains("no archive for WebAssembly") && text.contains("atome-engine"), "{text}");
    }

    #[test]
    fn rows_are_whole_and_names_unique() {
        for (index, target) in KNOWN.iter().enumerate() {
            assert!(!target.triple.is_empty() && !target.what.is_empty() && !target.compiler.is_empty(), "{target:?}");
            assert!(KNOWN[..index].iter().all(|other| other.triple != target.triple), "{}", target.triple);
            assert!(list().contains(&format!("{}  ", target.triple)));
        }
    }

    #[test]
    fn files_and_names_are_those_of_the_platform() {
        assert_eq!(file_name("atome", HOST), "libatome.a");
        assert_eq!(file_name("lamp_atome", "x86_64-pc-windows-msvc"), "lamp_atome.lib");
        assert_eq!(file_name("atome", "x86_64-pc-windows-gnu"), "libatome.a");
        let names = ["aarch64-apple-darwin", "i686-pc-windows-gnu", "x86_64-pc-windows-gnu", HOST].map(before_names);
        assert_eq!(names, ["_", "_", "", ""]);
    }

    #[test]
    fn the_documented_table_has_every_target() {
        let text = std::fs::read_to_string(workspace::root().join("docs/relink.md")).unwrap();
        for target in &KNOWN {
            let flags = if target.flags.is_empty() { String::new() } else { format!(" {}", target.flags) };
            let row = format!("| `{}` | `{}{flags}` |", target.triple, target.compiler);
            assert!(text.contains(&row), "docs/relink.md: expected a row with {row}");
        }
    }
}
